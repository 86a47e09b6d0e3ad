//! The proximity-bias filter: arms before and after, the sense check (Figures 3 and 6 of Lazar et al. 2024), and its power.

use std::collections::BTreeSet;

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::ArmCosines;
use crate::figures::{Axis, Bars, Curves, Figure, Table};
use crate::genome::Arm;
use crate::methods::proximity::{Power, SenseCheck, Sensitivity, Setting};
use crate::{Error, Result};

/// The mean cosine within each chromosome arm, a bar for each map; arms of fewer than `min_genes` genes are left out.
/// Of every map but the first, the caption says in how many arms it is lower than in the first.
///
/// # Errors
/// When no arm is large enough.
pub fn arm_cosine_bars(maps: &[(&str, &ArmCosines)], min_genes: usize) -> Result<Figure> {
    let large = |map: &ArmCosines| map.arms.iter().filter(|arm| arm.n_genes >= min_genes).map(|a| a.arm).collect();
    let arms: BTreeSet<Arm> = maps.first().map(|(_, map)| large(map)).unwrap_or_default();
    if arms.is_empty() {
        return Err(Error::new(format!("no arm has {min_genes} genes")).fix("use a map of more genes"));
    }
    let within = |map: &ArmCosines, arm: &Arm| map.arms.iter().find(|of| of.arm == *arm).and_then(|of| of.within);
    let names: Vec<String> = arms.iter().map(|arm| arm.to_string().trim_start_matches("chr").to_owned()).collect();
    let mut bars =
        Bars::new("Mean cosine within chromosome arms (as Figure 3)", "chromosome arm", Axis::new("mean cosine"))
            .categories(&names);
    let mut caption = Vec::new();
    for (name, map) in maps {
        let values: Vec<f64> = arms.iter().map(|arm| within(map, arm).unwrap_or(f64::NAN)).collect();
        bars = bars.series(name, &values);
        if let Some((first, before)) = maps.first().filter(|(first, _)| first != name) {
            let lower = arms.iter().filter(|arm| within(map, arm) < within(before, arm)).count();
            caption.push(format!("{name}: lower than {first} in {lower} of {} arms", arms.len()));
        }
    }
    Ok(bars.figure()?.caption(&format!("{}.", caption.join("; "))))
}

impl SenseCheck {
    /// The curves of both priors.
    ///
    /// # Errors
    /// When a value is not finite.
    pub fn figure(&self) -> Result<Figure> {
        let steps: Vec<f64> = (0..self.centred.len()).map(|step| step as f64).collect();
        let title = "What the rows of means have in common (as Figure 6)";
        let of = |curve: &[f64]| format!("{:.3} to {:.3}", curve[0], curve[curve.len() - 1]);
        let figure = Curves::new(title, "step", "mean product of different rows, over d")
            .line("prior of centred rows", &steps, &self.centred)
            .line("prior of independent rows", &steps, &self.identity)
            .figure()?;
        Ok(figure.caption(&format!("Centred: {}; independent: {}.", of(&self.centred), of(&self.identity))))
    }
}

impl Power {
    /// The curve of means, with a point for each seed.
    ///
    /// # Errors
    /// When a value is not finite.
    pub fn figure(&self) -> Result<Figure> {
        let points =
            self.levels.iter().zip(&self.auroc).flat_map(|(&level, of)| of.iter().map(move |&auc| (level, auc)));
        let (levels, each): (Vec<f64>, Vec<f64>) = points.unzip();
        let seeds = self.auroc.first().map_or(0, Vec::len);
        let figure = Curves::new("Where the filter finds biased cells", self.what.as_str(), "AUROC of biased cells")
            .line("weak filter", &self.levels, &self.means())
            .points("weak filter", &levels, &each)
            .level("a coin", 0.5)
            .figure()?;
        let what = if seeds == 1 { "One seed".to_owned() } else { format!("Points: {seeds} seeds; line: their mean") };
        Ok(figure.caption(&format!("{what}.")))
    }
}

impl Show for Power {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}

impl Sensitivity {
    /// A row for each filter.
    ///
    /// # Errors
    /// When the table cannot be drawn.
    pub fn table(&self) -> Result<Table> {
        let column = |of: fn(&Setting) -> f64| -> Vec<f64> { self.settings.iter().map(of).collect() };
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name.as_str()).collect();
        let mut table = Table::new("How much hangs on the settings")
            .text("filter", &names)
            .number("mean cosine within arms", &column(|of| of.within), 4)
            .number("removed alike", &column(|of| of.agreement), 3);
        if self.settings.iter().all(|setting| setting.auroc.is_some()) {
            table = table.number("AUROC of biased cells", &column(|of| of.auroc.unwrap_or(f64::NAN)), 3);
        }
        let first = names.first().copied().unwrap_or_default();
        let caption = format!("Removed alike: cells that both it and {first} removed, of those that one of them did.");
        table.caption(&caption).figure()
    }
}

impl Show for Sensitivity {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.table())
    }
}

impl Show for SenseCheck {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}
