//! Mean average precision by label: do the rows of a label retrieve each other?
//!
//! For each row all other rows are ranked by their distance; those with its label are relevant. Controls rank as
//! distractors and are not queried; neither is a row without a relevant one. The mean over queries is what Set-DINO
//! (Table 1, nodes are profiles of genes in wells) and GRAPE (Table 1, nodes are genes, labels complexes) report.
//!
//! Across batches only rows of other batches are relevant, see [`LeftOut`]: a label is then not rewarded for its batch.
//!
//! Queries are taken in blocks, one matrix product each; ranks are counted inside the block and no `n x n` matrix is
//! ever held. Time: `2 n^2 d` operations. Memory: the points once more in `f64` and at most 256 MB of blocks. Ranks
//! are those of keys summed in one fixed order, so that neither the number of threads nor the size of the blocks
//! changes a bit of the result.
//!
//! With permutations the labels are moved among the rows (within batches, across batches) and the mean of each label is
//! compared with those under the permuted labels, `p = (1 + #{null >= observed}) / (1 + permutations)`: the same
//! rankings, other labels, so that queries of one label depend on each other as they do in the data. Across labels the
//! p-values are ready for Benjamini-Hochberg.

use serde::{Deserialize, Serialize};

use super::labels::RowLabels;
use super::queries::in_blocks;
use crate::Result;
use crate::evaluate::counts::require_count;
use crate::reduce::{Metric, Points};

/// Most entries of one thread's block of keys, and of all threads' together.
const BLOCK: usize = 1 << 24;
const BLOCKS: usize = 1 << 25;

/// Which rows of the query's own batch are left out of its ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Those with the query's label; rows of other labels stay as distractors, and with them the pull of the batch.
    #[default]
    SameLabel,
    /// All of them: only rows of other batches are ranked.
    SameBatch,
}

/// Settings of [`mean_average_precision`].
#[derive(Clone, Debug)]
pub struct PrecisionConfig {
    /// The distance that ranks; cosine by default, as in the papers.
    pub metric: Metric,
    /// Retrieve across these batches.
    pub across: Option<(RowLabels, LeftOut)>,
    /// Permutations of the labels for p-values; 0, the default, for none. They need `8 n` bytes each.
    pub permutations: usize,
    /// Fixes the permutations.
    pub seed: u64,
}

impl Default for PrecisionConfig {
    fn default() -> Self {
        Self { metric: Metric::Cosine, across: None, permutations: 0, seed: 0 }
    }
}

/// What permuted labels give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermutationNull {
    /// Mean over the permutations.
    pub mean: f64,
    /// Their 95th percentile, by linear interpolation.
    pub percentile_95: f64,
    /// `(1 + #{null >= observed}) / (1 + permutations)`.
    pub p: f64,
}

/// Mean average precision of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelPrecision {
    /// The label.
    pub label: String,
    /// Its queries: rows with a relevant row.
    pub n_queries: usize,
    /// Mean of their average precisions.
    pub map: f64,
    /// Expected under a random order, see [`random_average_precision`](super::random_average_precision).
    pub random: f64,
    /// Under permuted labels, where they were asked for.
    pub null: Option<PermutationNull>,
}

/// Mean average precision over all labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanAveragePrecision {
    /// Mean over queries; the number in the papers.
    pub mean_over_queries: f64,
    /// Mean over labels of the means over their queries.
    pub mean_over_labels: f64,
    /// Mean over queries expected under random orders.
    pub random: f64,
    /// The mean over queries under permuted labels, where they were asked for.
    pub null: Option<PermutationNull>,
    /// Labels with a query, in the order of the labels.
    pub labels: Vec<LabelPrecision>,
    /// Average precision of each row; NaN where it was not queried.
    pub average_precision: Vec<f64>,
    /// Rows that were queried.
    pub n_queries: usize,
    /// The distance.
    pub metric: Metric,
    /// What was left out across batches; `None` when batches were ignored.
    pub across: Option<LeftOut>,
    /// Permutations behind the p-values.
    pub permutations: usize,
}

impl MeanAveragePrecision {
    /// P-values of the labels, in their order; empty without permutations.
    pub fn p_values(&self) -> Vec<f64> {
        self.labels.iter().filter_map(|label| Some(label.null?.p)).collect()
    }
}

/// Ranks all rows for every query; see the module's text for what counts.
///
/// Degenerate input: rows at equal distances share the last rank among them, so that where all rows are equal, or zero
/// vectors under the cosine distance, each query has its share of relevant rows among those ranked.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{PrecisionConfig, RowLabels, mean_average_precision};
///
/// let profiles = array![[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [1.0, 0.3]];
/// let labels = RowLabels::new(&["A", "A", "B", "B", "nt"]).with_controls(&["nt"])?;
/// let found = mean_average_precision(&profiles, &labels, &PrecisionConfig::default())?;
/// assert_eq!(found.mean_over_queries, 1.0); // the partner always comes first
/// assert_eq!(found.n_queries, 4);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels or batches as rows, no row has a relevant one, a value is not finite, or the work
/// was stopped.
pub fn mean_average_precision(
    points: &dyn Points,
    labels: &RowLabels,
    config: &PrecisionConfig,
) -> Result<MeanAveragePrecision> {
    let (n, _) = points.shape();
    labels.require_rows(n, "mean_average_precision")?;
    require_count(config.permutations, "permutations", "mean_average_precision")?;
    if let Some((batches, _)) = &config.across {
        batches.require_rows(n, "mean_average_precision, batches")?;
    }
    // As large as memory allows, and small enough that every thread has several.
    let threads = rayon::current_num_threads().max(1);
    let block = (BLOCK.min(BLOCKS / threads) / n.max(1)).min(n.div_ceil(4 * threads)).clamp(8, 256);
    in_blocks(points, labels, config, block)
}
