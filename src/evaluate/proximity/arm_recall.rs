//! Recall of known relations split by whether the two genes share a chromosome arm.
//!
//! Relations on one arm are recalled more often than others where proximity bias stands in for biology. Recall is that
//! of [`efaar_recall`](crate::evaluate::efaar_recall): by rank among the cosines of all pairs of profiles.

use serde::{Deserialize, Serialize};

use crate::evaluate::recall::check_not_empty;
use crate::evaluate::{CosinePairs, Relations, rank_recall};
use crate::genome::Genome;
use crate::screen::Profiles;
use crate::{Error, Result};

/// Recall within and across arms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmRecall {
    /// Relations whose genes share an arm.
    pub n_within: usize,
    /// Relations whose genes lie on different arms.
    pub n_across: usize,
    /// Recall of those on one arm; `None` when there are none.
    pub within: Option<f64>,
    /// Recall of those across arms; `None` when there are none.
    pub across: Option<f64>,
}

/// Recall at `thresholds` (the paper uses `(0.05, 0.95)`) within and across arms; relations of genes without a position
/// are left out. Where all pairs are equally similar nothing is recalled.
///
/// # Errors
/// When no relation connects two of the profiles, none of those that do has both genes on the genome, or a threshold is not
/// from 0 to 1.
pub fn arm_recall(
    profiles: &Profiles,
    relations: &Relations,
    genome: &Genome,
    thresholds: (f64, f64),
) -> Result<ArmRecall> {
    let graph = relations.among(profiles.keys());
    check_not_empty(&graph, relations, profiles)?;
    let placement = genome.place(profiles.keys());
    let pairs = CosinePairs::new(profiles.values());
    let (mut within, mut across) = (Vec::new(), Vec::new());
    for &(i, j) in graph.edges() {
        match (placement.arm_of(i), placement.arm_of(j)) {
            (Some(a), Some(b)) if a == b => within.push(pairs.get(i, j)),
            (Some(_), Some(_)) => across.push(pairs.get(i, j)),
            _ => {}
        }
    }
    if within.is_empty() && across.is_empty() {
        return Err(Error::new(format!("none of the {} relations has both genes on the genome", graph.edges().len()))
            .at("arm_recall")
            .fix("use a gene table with the symbols of the profiles"));
    }
    let (n_within, n_across) = (within.len(), across.len());
    let query: Vec<f64> = within.into_iter().chain(across).collect();
    let ranks = rank_recall(pairs.values(), &query, &[thresholds])?;
    let recalled = |k: usize| ranks.rank_right[k] <= thresholds.0 || ranks.rank_left[k] >= thresholds.1;
    let share = |range: std::ops::Range<usize>| {
        let n = range.len();
        (n > 0).then(|| range.filter(|&k| recalled(k)).count() as f64 / n as f64)
    };
    Ok(ArmRecall { n_within, n_across, within: share(0..n_within), across: share(n_within..query.len()) })
}
