//! How results draw themselves: each metric's result as the figure its paper shows.

mod along_genome;
mod proximity;
mod recall;
mod screen;

pub use along_genome::{genome_heatmap, genome_heatmaps};
pub use proximity::proximity_bars;
pub use recall::{Published, recall_curves, recall_table};
