//! How results draw themselves: each metric's result as the figure its paper shows.

mod against_controls;
mod along_genome;
mod arms;
mod background_norm;
mod by_label;
mod cells;
mod classification;
mod clustering;
mod filter;
mod neighbourhoods;
mod planted_images;
mod probes;
mod profile_metrics;
mod proximity;
mod recall;
mod recall_sampling;
mod reduction;
mod replicate_pairs;
mod replicates;
mod retrieval;
mod screen;
mod sets;
mod similarity;
mod style_transfer;
mod two_sample;

pub use against_controls::{against_controls_scatter, against_controls_table, trade_off_figure, trade_off_table};
pub use along_genome::{chromosome_heatmap, genome_heatmap, genome_heatmaps};
pub use arms::chromosome_cosine_bars;
pub use background_norm::{background_norm_scatter, mitotic_factor_roc};
pub use cells::cell_grid;
pub(crate) use cells::coloured_channels;
pub use classification::{confusion_figure, precision_recall_curves, roc_curves};
pub use clustering::{cluster_curves, cluster_table};
pub use filter::arm_cosine_bars;
pub use planted_images::{dose_curves, planted_bars, planted_table, plate_bars};
pub use probes::{covariate_bars, delta_recall_bars, gene_function_figure, importance_bars};
pub use profile_metrics::{component_curves, profile_metrics_table, replicate_table};
pub use proximity::proximity_bars;
pub use recall::{Published, recall_curves, recall_table};
pub use recall_sampling::{recall_bootstrap_curves, recall_permutation_curves};
pub use retrieval::{knn_by_label, precision_by_label};
pub use sets::{cluster_ks_bars, rank_recall_bars, set_coherence_figure};
pub use similarity::{similarity_heatmap, similarity_zoom};
pub use style_transfer::{complex_scatter, complex_scores_table, dose_transfer_curves, map_curves};
pub use two_sample::{consistency_figure, energy_heatmap, energy_scatter, magnitude_volcano};

use crate::Result;
use crate::display::{Bundle, Show};

/// The figure or table, or in words why there is none: a result must show itself whatever it holds.
pub(crate) fn figure_or_reason(figure: Result<impl Show>) -> Bundle {
    match figure {
        Ok(figure) => figure.bundle(),
        Err(error) => Bundle::text(error.to_string()),
    }
}
