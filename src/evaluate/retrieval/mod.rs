//! Retrieval and mixing: do rows with one label find each other, and do batches mix?
//!
//! | question | function |
//! |---|---|
//! | which label do the nearest rows have? | [`knn_accuracy`] |
//! | how early do the rows of a label come in the ranking of all? | [`mean_average_precision`] |
//! | is one of them among the first k? | [`hits_at_k`] |
//! | do replicates look more alike than random groups? | [`percent_strong`] |
//! | and than all pairs of different labels? | [`pair_similarities`] |
//! | which share of the replicate pairs is above other pairs? | [`replicate_reproducibility`] (cytominer-eval) |
//! | are replicate pairs enriched at the top? | [`pair_enrichment`] (cytominer-eval) |
//! | where in the lists do the rows of a label stand? | [`hit_positions`] (cytominer-eval) |
//! | do the rows of a batch, or of a label, hang together? | [`graph_connectivity`] |
//! | which batches are around a row? | [`batch_mixing`] |
//!
//! Rows are anything that gives [`Points`](crate::reduce::Points): profiles, embeddings, matrices. [`RowLabels`] says
//! what each is, from a column of an embedding, from the gene sets of a map, or from any list. Where several of these
//! are asked of the same rows, the functions that end in `_of` take the neighbours, which are then looked for once.
//!
//! Profiles of genes in wells, retrieved across wells:
//!
//! ```
//! use ndarray::array;
//! use perturbook::evaluate::{LeftOut, PrecisionConfig, RowLabels, mean_average_precision};
//! use perturbook::screen::Embedding;
//! use polars::prelude::df;
//!
//! let table = df!(
//!     "gene" => ["PSMB1", "PSMB1", "PSMB1", "RPL5", "RPL5", "nt", "nt"],
//!     "well" => ["A1", "A2", "A2", "A1", "A2", "A1", "A2"],
//! ).unwrap();
//! let values = array![[9.0, 0.1], [9.0, 0.2], [9.0, 0.3], [1.0, 8.0], [1.0, 9.0], [1.0, 1.0], [-1.0, 1.0]];
//! let wells = Embedding::new(values, table)?;
//! let genes = RowLabels::of_column(&wells, "gene")?.with_controls(&["nt"])?;
//! let across = Some((RowLabels::of_column(&wells, "well")?, LeftOut::SameLabel));
//! let found = mean_average_precision(&wells, &genes, &PrecisionConfig { across, ..PrecisionConfig::default() })?;
//! assert_eq!((found.n_queries, found.mean_over_queries), (5, 1.0));
//! # Ok::<(), perturbook::Error>(())
//! ```

mod average_precision;
mod connectivity;
mod hits;
mod keys;
mod knn;
mod labels;
mod labels_joint;
mod likeness;
mod mixing;
mod pair_cuts;
mod pair_enrichment;
mod pairs;
mod permuted;
mod positions;
mod precision;
mod queries;
mod ranks;
mod reproducibility;
mod scan;
mod strong;
mod subset;
mod votes;

pub use average_precision::{average_precision, random_average_precision};
pub use connectivity::{GraphConnectivity, GroupConnectivity, graph_connectivity, graph_connectivity_of};
pub use hits::{HitsAtK, HitsPoint, hits_at_k, hits_at_k_of};
pub use knn::{KnnAccuracy, KnnConfig, LabelAccuracy, knn_accuracy, knn_accuracy_of};
pub use labels::RowLabels;
pub use labels_joint::Missing;
pub use likeness::Similarity;
pub use mixing::{BatchMixing, batch_mixing, batch_mixing_of};
pub use pair_enrichment::{EnrichmentConfig, EnrichmentPoint, PairCounting, PairEnrichment, pair_enrichment};
pub use pairs::{BINS, Enrichment, PairSimilarities, pair_similarities};
pub use positions::{HitPositions, hit_positions};
pub use precision::{
    LabelPrecision, LeftOut, MeanAveragePrecision, PermutationNull, PrecisionConfig, mean_average_precision,
};
pub use reproducibility::{PairedGroup, ReplicateReproducibility, ReproducibilityConfig, replicate_reproducibility};
pub(in crate::evaluate) use strong::percentile;
pub use strong::{MOST, PercentStrong, ReplicateGroup, percent_strong};
pub use votes::Votes;
