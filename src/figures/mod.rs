//! Figures: small builders of the kinds a screen needs, drawn interactively and statically from one description.
//!
//! | builder | figure |
//! |---|---|
//! | [`Heatmap`] | a matrix of colours; two in one square; chromosomes and arms; an order by similarity |
//! | [`Scatter`] | points in groups, by a number or by density; names on groups and on points |
//! | [`Curves`] | lines, bands, two y axes; precision-recall and ROC |
//! | [`Bars`] | bars with intervals and marks |
//! | [`Distribution`] | violins, boxes, histograms, ridges, pairs before and after |
//! | [`Volcano`] | effects and their p-values |
//! | [`Confusion`] | which class was taken for which |
//! | [`ImageGrid`] | cells, channels in colours, a scale bar |
//! | [`Ideogram`] | values along the genome |
//! | [`Table`] | text and numbers in rows and columns |
//!
//! A builder checks its data and gives a [`Figure`]: axes with labels, units and ranges, and layers of seven primitives.
//! Three renderers read that description and nothing else: plotly JSON, SVG, and words. `a | b` and `a / b` put figures
//! together, [`Figure::save`] writes them to files.
//!
//! ```
//! use perturbook::display::Show;
//! use perturbook::figures::{Axis, Curves};
//!
//! let figure = Curves::new("Recall of complexes", "recall", Axis::new("precision").limits(0.0, 1.0))
//!     .line("salient", &[0.1, 0.2, 0.3], &[0.9, 0.7, 0.4])
//!     .line("background", &[0.1, 0.2, 0.3], &[0.3, 0.2, 0.2])
//!     .level("random", 0.02)
//!     .figure()?;
//! assert_eq!(figure.bundle().mimes(), ["text/plain", "image/svg+xml", "application/vnd.plotly.v1+json"]);
//! # Ok::<(), perturbook::Error>(())
//! ```

mod axis;
mod bars;
mod confusion;
mod curves;
mod density;
mod distribution;
mod figure;
mod heatmap;
mod ideogram;
mod images;
mod layer;
mod measure;
mod order;
mod page;
mod palette;
mod plotly;
mod raster;
mod results;
mod save;
mod scatter;
mod spread;
mod summary;
mod svg;
mod table;
mod thin;
mod volcano;

pub use axis::{Axis, Scale, Tick};
pub use bars::Bars;
pub use confusion::Confusion;
pub use curves::Curves;
pub use distribution::Distribution;
pub use figure::Figure;
pub use heatmap::{Group, Heatmap};
pub use ideogram::Ideogram;
pub use images::{Channel, ImageGrid};
pub use palette::{CATEGORIES, Palette, Rgb, Theme, category, set_theme};
pub use results::{
    Published, against_controls_scatter, against_controls_table, arm_cosine_bars, background_norm_scatter, cell_grid,
    chromosome_cosine_bars, chromosome_heatmap, cluster_curves, cluster_ks_bars, cluster_table, complex_scatter,
    complex_scores_table, component_curves, confusion_figure, consistency_figure, covariate_bars, delta_recall_bars,
    dose_curves, dose_transfer_curves, energy_heatmap, energy_scatter, gene_function_figure, genome_heatmap,
    genome_heatmaps, importance_bars, knn_by_label, magnitude_volcano, map_curves, mitotic_factor_roc, planted_bars,
    planted_table, plate_bars, precision_by_label, precision_recall_curves, profile_metrics_table, proximity_bars,
    rank_recall_bars, recall_bootstrap_curves, recall_curves, recall_permutation_curves, recall_table, replicate_table,
    roc_curves, set_coherence_figure, similarity_heatmap, similarity_zoom, trade_off_figure, trade_off_table,
};
pub(crate) use results::{coloured_channels, figure_or_reason};
pub(crate) use scatter::BEHIND;
pub use scatter::Scatter;
pub use table::Table;
pub use volcano::Volcano;

use crate::{Error, Result};

/// Refuses columns of different lengths.
fn same_length(what: &str, a: (&str, usize), b: (&str, usize)) -> Result<()> {
    if a.1 == b.1 {
        return Ok(());
    }
    Err(Error::new(format!("{} {} but {} {}", a.1, a.0, b.1, b.0))
        .at(what.to_owned())
        .fix(format!("give as many {} as {}", b.0, a.0)))
}
