//! Accuracy of a k-nearest-neighbour classifier, leave one out.
//!
//! Each row is given the label that most of its `k` nearest other rows have. By the label of the perturbation a high
//! accuracy means that profiles are reproducible, by that of the batch that there is a batch effect (Set-DINO, Table 1:
//! `k = 5`, cosine distance, equal votes, a tie goes to the label of the nearest tied neighbour).
//!
//! Under the cosine distance a zero vector is at distance 1 from everything and has no nearest rows; such a row, and
//! any other whose `k` nearest are all at distance exactly 1, is not tested. It can be a neighbour of others.

use serde::{Deserialize, Serialize};

use super::labels::RowLabels;
use super::subset::Subset;
use super::votes::Votes;
use crate::reduce::{Metric, Neighbours, Points, neighbours};
use crate::{Error, Result};

/// Settings of [`knn_accuracy`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnnConfig {
    /// Neighbours that vote.
    pub k: usize,
    /// The distance.
    pub metric: Metric,
    /// Their weights.
    pub votes: Votes,
    /// Leave controls out, as queries and as neighbours; otherwise they are a label like others.
    pub drop_controls: bool,
}

impl Default for KnnConfig {
    fn default() -> Self {
        Self { k: 5, metric: Metric::Cosine, votes: Votes::Equal, drop_controls: false }
    }
}

/// Accuracy for one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelAccuracy {
    /// The label.
    pub label: String,
    /// Rows of it that were tested.
    pub n: usize,
    /// Those that were given this label.
    pub n_correct: usize,
    /// `n_correct / n`; the recall of the label.
    pub accuracy: f64,
}

/// Outcome of a k-nearest-neighbour classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnnAccuracy {
    /// Share of the tested rows that were given their own label.
    pub accuracy: f64,
    /// Mean of the labels' accuracies, each label counting once.
    pub balanced_accuracy: f64,
    /// What one neighbour drawn at random gives: `sum n_c (n_c - 1) / (n (n - 1))`.
    pub random: f64,
    /// Rows that were tested.
    pub n_tested: usize,
    /// One entry for each label that was tested, in the order of the labels.
    pub labels: Vec<LabelAccuracy>,
    /// For each row the position of the label it was given; `None` where it was not tested.
    pub predicted: Vec<Option<u32>>,
    /// The settings.
    pub config: KnnConfig,
}

/// Whether a row has no nearest rows because it is orthogonal to all that were found.
pub(super) fn has_no_direction(near: &Neighbours, row: usize) -> bool {
    near.metric == Metric::Cosine && near.distances.row(row).iter().all(|&distance| distance == 1.0)
}

/// Predicts the label of every row from its nearest rows. With one label for all rows both accuracies and `random` are 1.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{KnnConfig, RowLabels, knn_accuracy};
///
/// let profiles = array![[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [1.0, 0.3]];
/// let labels = RowLabels::new(&["A", "A", "B", "B", "B"]);
/// let knn = knn_accuracy(&profiles, &labels, &KnnConfig { k: 1, ..KnnConfig::default() })?;
/// assert_eq!(knn.accuracy, 0.8); // the last row lies among the A
/// assert_eq!(knn.labels[1].n_correct, 2);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, not more than `k` rows, a value or the rate of the votes is not finite, no row
/// can be tested, or the work was stopped.
pub fn knn_accuracy(points: &dyn Points, labels: &RowLabels, config: &KnnConfig) -> Result<KnnAccuracy> {
    labels.require_rows(points.shape().0, "knn_accuracy")?;
    if !config.drop_controls {
        return knn_accuracy_of(&neighbours(points, config.k, config.metric)?, labels, config.votes);
    }
    let rows = labels.perturbed_rows();
    let near = neighbours(&Subset { points, rows: &rows }, config.k, config.metric)?;
    tally(&near, labels, &rows, *config)
}

/// The same from neighbours that are known already: all rows vote and are tested.
///
/// # Errors
/// When there are not as many labels as rows, no neighbour, a neighbour that is none of the rows, the rate of the votes is
/// not finite, or no row can be tested.
pub fn knn_accuracy_of(near: &Neighbours, labels: &RowLabels, votes: Votes) -> Result<KnnAccuracy> {
    labels.require_rows(near.len(), "knn_accuracy_of")?;
    near.check()?;
    let rows: Vec<usize> = (0..near.len()).collect();
    tally(near, labels, &rows, KnnConfig { k: near.k(), metric: near.metric, votes, drop_controls: false })
}

/// Votes and counts; row `i` of `near` is the row `rows[i]` of the labels.
fn tally(near: &Neighbours, labels: &RowLabels, rows: &[usize], config: KnnConfig) -> Result<KnnAccuracy> {
    config.votes.check()?;
    let names = labels.names();
    let (mut tested, mut correct) = (vec![0usize; names.len()], vec![0usize; names.len()]);
    let mut there = vec![0usize; names.len()];
    let mut predicted = vec![None; labels.len()];
    let mut votes = Vec::with_capacity(near.k());
    for (i, &row) in rows.iter().enumerate() {
        let own = labels.codes()[row];
        there[own as usize] += 1;
        if has_no_direction(near, i) {
            continue;
        }
        votes.clear();
        votes.extend(near.rows.row(i).iter().map(|&j| labels.codes()[rows[j as usize]]));
        predicted[row] = config.votes.winner(&votes, &near.distances.row(i).to_vec());
        tested[own as usize] += 1;
        correct[own as usize] += usize::from(predicted[row] == Some(own));
    }
    let n_tested: usize = tested.iter().sum();
    if n_tested == 0 {
        return Err(Error::new("no row has a nearest row: all are zero vectors")
            .at("knn_accuracy")
            .fix("check the values of the profiles"));
    }
    let labels: Vec<LabelAccuracy> = (0..names.len())
        .filter(|&code| tested[code] > 0)
        .map(|code| LabelAccuracy {
            label: names[code].clone(),
            n: tested[code],
            n_correct: correct[code],
            accuracy: correct[code] as f64 / tested[code] as f64,
        })
        .collect();
    let n = rows.len() as f64;
    Ok(KnnAccuracy {
        accuracy: correct.iter().sum::<usize>() as f64 / n_tested as f64,
        balanced_accuracy: labels.iter().map(|label| label.accuracy).sum::<f64>() / labels.len() as f64,
        random: there.iter().map(|&m| m as f64 * (m as f64 - 1.0)).sum::<f64>() / (n * (n - 1.0)),
        n_tested,
        labels,
        predicted,
        config,
    })
}
