//! Retrieval and mixing: do rows with one label find each other, and do batches mix?
//!
//! | question | function |
//! |---|---|
//! | which label do the nearest rows have? | [`knn_accuracy`] |
//! | how early do the rows of a label come in the ranking of all? | [`mean_average_precision`] |
//! | is one of them among the first k? | [`hits_at_k`] |
//! | do replicates look more alike than random groups? | [`percent_strong`] |
//! | and than all pairs of different labels? | [`pair_similarities`] |
//! | do the rows of a batch, or of a label, hang together? | [`graph_connectivity`] |
//! | which batches are around a row? | [`batch_mixing`] |
//!
//! Rows are anything that gives [`Points`](crate::reduce::Points): profiles, embeddings, matrices. [`RowLabels`] says what
//! each is.

mod average_precision;
mod connectivity;
mod hits;
mod keys;
mod knn;
mod labels;
mod mixing;
mod pairs;
mod permuted;
mod precision;
mod ranks;
mod strong;
mod subset;
mod votes;

pub use average_precision::{average_precision, random_average_precision};
pub use connectivity::{GraphConnectivity, GroupConnectivity, graph_connectivity, graph_connectivity_of};
pub use hits::{HitsAtK, HitsPoint, hits_at_k, hits_at_k_of};
pub use knn::{KnnAccuracy, KnnConfig, LabelAccuracy, knn_accuracy, knn_accuracy_of};
pub use labels::RowLabels;
pub use mixing::{BatchMixing, batch_mixing, batch_mixing_of};
pub use pairs::{BINS, Enrichment, PairSimilarities, pair_similarities};
pub use precision::{
    LabelPrecision, LeftOut, MeanAveragePrecision, PermutationNull, PrecisionConfig, mean_average_precision,
};
pub use strong::{MOST, PercentStrong, ReplicateGroup, percent_strong};
pub use votes::Votes;
