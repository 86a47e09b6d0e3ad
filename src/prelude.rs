//! What a notebook cell needs, in scope from the first cell on.

pub use crate::display::{ModelSummary, ShadeColumns, Show, clear_output, display, display_id, fields, update};
pub use crate::evaluate::{
    Convention, GeneSets, Relations, RowLabels, arm_cosines, batch_mixing, efaar_recall, graph_connectivity,
    knn_accuracy, mean_average_precision, proximity_bias, proximity_score, quantile_heatmap_matrix, recall, recall_at,
};
pub use crate::figures::{
    Axis, Bars, Channel, Confusion, Curves, Distribution, Figure, Group, Heatmap, Ideogram, ImageGrid, Palette, Rgb,
    Scatter, Table, Theme, Volcano, arm_cosine_bars, cell_grid, chromosome_heatmap, genome_heatmap, genome_heatmaps,
    knn_by_label, precision_by_label, proximity_bars, recall_curves, recall_table, set_theme,
};
pub use crate::genome::{Arm, Genome};
pub use crate::live::{Live, Trace, progress};
pub use crate::methods::proximity::{centre_arms, centre_arms_by_expression};
pub use crate::methods::{Method, Plan};
pub use crate::reduce::{Metric, UmapConfig, map_quality, neighbours, umap};
pub use crate::screen::{By, ColumnChoice, Counts, Embedding, Label, Profiles, Screen};
pub use crate::tensor::{Backend, Device, DeviceChoice, Gradients, Tensor, choose_device, cpu};
pub use crate::{datasets, evaluate, input, methods, preprocess, simulate, train};
