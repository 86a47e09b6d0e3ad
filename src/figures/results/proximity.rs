//! Proximity bias per chromosome arm: how often a pair within the arm looks more alike than a pair across.

use std::collections::BTreeSet;

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::ProximityBias;
use crate::figures::{Axis, Bars, Figure};
use crate::genome::Arm;
use crate::{Error, Result};

/// Bonferroni-corrected p below which an arm is marked.
const ALPHA: f64 = 0.05;

/// Bars per chromosome arm, one series for each result (for instance before and after a correction).
///
/// # Errors
/// When there is no result, or none of them tested an arm.
pub fn proximity_bars(results: &[(&str, &ProximityBias)]) -> Result<Figure> {
    let arms: BTreeSet<Arm> = results.iter().flat_map(|(_, bias)| bias.arms.iter().map(|arm| arm.arm)).collect();
    if arms.is_empty() {
        return Err(Error::new("no chromosome arm was tested")
            .fix("a test needs more than 20 pairs within an arm: use a map of more genes"));
    }
    let names: Vec<String> = arms.iter().map(|arm| arm.to_string().trim_start_matches("chr").to_owned()).collect();
    let mut figure =
        Bars::new("Proximity bias by chromosome arm", "chromosome arm", Axis::new("P(same arm > other arms)"))
            .categories(&names)
            .base(0.5);
    let mut caption = String::from("Brunner-Munzel test of the cosines within each arm against those across arms");
    for (name, bias) in results {
        let tested = |arm: &Arm| bias.arms.iter().find(|result| result.arm == *arm);
        let prob: Vec<f64> = arms.iter().map(|arm| tested(arm).map_or(f64::NAN, |result| result.test.prob)).collect();
        let marks: Vec<&str> = arms
            .iter()
            .map(|arm| tested(arm).is_some_and(|result| result.p_bonferroni < ALPHA))
            .map(|significant| if significant { "*" } else { "" })
            .collect();
        figure = figure.series(name, &prob).marks(&marks, "* p < 0.05, one-sided, Bonferroni over the arms");
        caption += &format!("; {name}, all arms pooled: {:.3}", bias.genome_wide.prob);
    }
    Ok(figure.reference("no bias", 0.5).figure()?.caption(&format!("{caption}.")))
}

impl Show for ProximityBias {
    fn bundle(&self) -> Bundle {
        figure_or_reason(proximity_bars(&[("map", self)]))
    }
}
