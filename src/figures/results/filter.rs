//! The proximity-bias filter: arms before and after, and the sense check (Figures 3 and 6 of Lazar et al. 2024).

use std::collections::BTreeSet;

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::ArmCosines;
use crate::figures::{Axis, Bars, Curves, Figure};
use crate::genome::Arm;
use crate::methods::proximity::SenseCheck;
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

impl Show for SenseCheck {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}
