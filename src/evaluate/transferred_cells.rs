//! Are translated cells taken for cells of what they were translated to?
//!
//! ```text
//! classifier     random forest on features of real cells
//! of a target    share of translated cells that it takes for the target, beside the share of the same cells untranslated
//! ```
//!
//! The cells that are translated should not be among those that the classifier learns from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::classification::{Classes, ForestConfig, RandomForest};
use crate::reduce::Points;
use crate::{Error, Result};

const PLACE: &str = "transferred cells";

/// Cells that were translated to one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferTarget {
    /// The target.
    pub target: String,
    /// How many cells.
    pub cells: usize,
    /// Share of them that are taken for the target.
    pub translated: f64,
    /// The same before translation.
    pub untranslated: f64,
}

/// All targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferReading {
    /// Share of the real cells that are taken for what they are, out of bag.
    pub accuracy: f64,
    /// In the order of their names.
    pub targets: Vec<TransferTarget>,
}

/// Reads it from features (one row for each cell): of real cells with a label each, of cells before translation, and of the same
/// cells translated to a target each.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::transferred_cells;
///
/// let cells = |n: usize, at: f64| Array2::from_shape_fn((n, 2), |(i, j)| at + (i * 7 % 5 + j) as f64 / 10.0);
/// let real = ndarray::concatenate![ndarray::Axis(0), cells(20, 0.0), cells(20, 5.0)];
/// let labels: Vec<&str> = (0..40).map(|i| if i < 20 { "control" } else { "hit" }).collect();
/// let found = transferred_cells((&real, &labels), &cells(5, 0.0), &cells(5, 4.8), &["hit"; 5], 0)?;
/// assert_eq!((found.targets[0].translated, found.targets[0].untranslated), (1.0, 0.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When numbers of rows and labels differ, a target is no label of a real cell, or as [`RandomForest::fit`].
pub fn transferred_cells<L: AsRef<str>, T: AsRef<str>>(
    (real, labels): (&dyn Points, &[L]),
    before: &dyn Points,
    after: &dyn Points,
    targets: &[T],
    seed: u64,
) -> Result<TransferReading> {
    let (rows, translated) = (before.shape().0, after.shape().0);
    if rows != targets.len() || translated != targets.len() || rows == 0 {
        let what = format!("{rows} cells, {translated} translated ones and {} targets", targets.len());
        return Err(Error::new(what).at(PLACE).fix("give each cell, what became of it and its target"));
    }
    let classes = Classes::new(labels)?;
    let forest = RandomForest::fit(real, &classes, &ForestConfig { seed, ..ForestConfig::default() })?;
    let [before, after] = [forest.predict(before)?, forest.predict(after)?];
    let mut found: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for ((target, before), after) in targets.iter().zip(before).zip(after) {
        let target = target.as_ref();
        let class = classes.names().iter().position(|name| name == target).ok_or_else(|| {
            Error::new(format!("no real cell is {target:?}")).at(PLACE).fix("translate to labels of the real cells")
        })?;
        let [cells, translated, untranslated] = found.entry(target).or_default();
        *cells += 1;
        *translated += usize::from(after == class);
        *untranslated += usize::from(before == class);
    }
    let share = |part: usize, of: usize| part as f64 / of as f64;
    let of_target = |(target, [cells, translated, untranslated]): (&str, [usize; 3])| TransferTarget {
        target: target.to_owned(),
        cells,
        translated: share(translated, cells),
        untranslated: share(untranslated, cells),
    };
    let targets = found.into_iter().map(of_target).collect();
    Ok(TransferReading { accuracy: forest.out_of_bag_accuracy(), targets })
}

impl TransferReading {
    /// The mean share over targets, translated and not.
    pub fn mean(&self) -> [f64; 2] {
        let mean =
            |of: fn(&TransferTarget) -> f64| self.targets.iter().map(of).sum::<f64>() / self.targets.len() as f64;
        [mean(|target| target.translated), mean(|target| target.untranslated)]
    }
}
