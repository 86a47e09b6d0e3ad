//! One row per group: mean or median, flat or nested.
//!
//! [`Embedding::profiles`](crate::screen::Embedding::profiles) takes the nested mean cells -> guide -> gene of a table's
//! columns; these functions do the same for bare matrices, any labels, and medians too.

use std::hash::Hash;

use ndarray::{Array2, ArrayView2};

use super::column_medians;
use super::scaling::{mean, select};
use crate::{Error, Result};

/// What stands for the rows of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregate {
    /// Their mean.
    #[default]
    Mean,
    /// Their median, column by column.
    Median,
}

/// The groups in order of first appearance, and one row for each, `groups x d`.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Aggregate, aggregate};
///
/// let x = array![[1.0f32], [5.0], [2.0], [9.0]];
/// let (groups, rows) = aggregate(x.view(), &["A", "B", "A", "A"], Aggregate::Median)?;
/// assert_eq!((groups, rows), (vec!["A", "B"], array![[2.0], [5.0]]));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one label for each row. No row gives no group.
pub fn aggregate<V: Copy + Into<f64>, L: Clone + Eq + Hash>(
    x: ArrayView2<'_, V>,
    labels: &[L],
    by: Aggregate,
) -> Result<(Vec<L>, Array2<f64>)> {
    require_labels(x.nrows(), labels.len())?;
    let (groups, members) = grouped(labels);
    let mut rows = Array2::zeros((groups.len(), x.ncols()));
    for (mut row, members) in rows.rows_mut().into_iter().zip(&members) {
        let values = select(x, members);
        row.assign(&match by {
            Aggregate::Mean => mean(values.view()),
            Aggregate::Median => column_medians(values.view()),
        });
    }
    Ok((groups, rows))
}

/// The same in two steps: first the rows of equal `outer` and `inner` label, then those of equal `outer` label, so that
/// every `inner` group (a batch, a guide) of an `outer` one (a perturbation, a gene) has the same weight.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::{Aggregate, aggregate_nested};
///
/// let x = array![[1.0], [3.0], [8.0]];
/// let (_, rows) = aggregate_nested(x.view(), &["A", "A", "A"], &["plate 1", "plate 1", "plate 2"], Aggregate::Mean)?;
/// assert_eq!(rows, array![[5.0]]); // of 2 and 8
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one label of each kind for each row.
pub fn aggregate_nested<V: Copy + Into<f64>, O: Clone + Eq + Hash, I: Clone + Eq + Hash>(
    x: ArrayView2<'_, V>,
    outer: &[O],
    inner: &[I],
    by: Aggregate,
) -> Result<(Vec<O>, Array2<f64>)> {
    require_labels(x.nrows(), outer.len())?;
    require_labels(x.nrows(), inner.len())?;
    let pairs: Vec<(O, I)> = outer.iter().cloned().zip(inner.iter().cloned()).collect();
    let (pairs, rows) = aggregate(x, &pairs, by)?;
    let of_pair: Vec<O> = pairs.into_iter().map(|(outer, _)| outer).collect();
    aggregate(rows.view(), &of_pair, by)
}

fn require_labels(rows: usize, labels: usize) -> Result<()> {
    if rows == labels {
        return Ok(());
    }
    Err(Error::new(format!("{labels} labels for {rows} rows"))
        .at("aggregate")
        .fix("give one label for each row, in the order of the rows"))
}

/// The distinct labels in order of first appearance, and the rows of each.
fn grouped<L: Clone + Eq + Hash>(labels: &[L]) -> (Vec<L>, Vec<Vec<usize>>) {
    let mut number = std::collections::HashMap::new();
    let (mut groups, mut members) = (Vec::new(), Vec::<Vec<usize>>::new());
    for (row, label) in labels.iter().enumerate() {
        let group = *number.entry(label).or_insert_with(|| {
            groups.push(label.clone());
            members.push(Vec::new());
            groups.len() - 1
        });
        members[group].push(row);
    }
    (groups, members)
}
