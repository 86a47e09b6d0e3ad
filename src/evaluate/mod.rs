//! Metrics: what a map of perturbations knows, and how much of it is artefact.
//!
//! | question | functions |
//! |---|---|
//! | does it recall known relations? | [`recall`], [`efaar_recall`], [`set_coherence`], [`cluster_ks`], [`hypergeometric_upper_tail`] |
//! | do genes of one chromosome arm look alike? | [`arm_cosines`], [`proximity_bias`], [`proximity_score`], [`gene_proximity`], [`arm_recall`] |
//! | do known groups fall together? | [`clustering`]: purity, NMI, ARI, silhouettes, k-means over starts and numbers of clusters |
//! | which labels can be read from it? | [`classification`]: logistic regression, ROC, confusion, random forest; technical covariates and gene functions |
//! | how does it look along the genome? | [`quantile_heatmap_matrix`] |
//! | do rows of one label find each other? | [`knn_accuracy`], [`mean_average_precision`], [`hits_at_k`] |
//! | do they look more alike than others? | [`percent_strong`], [`pair_similarities`] |
//! | do batches mix? | [`graph_connectivity`], [`batch_mixing`] |
//! | which features does a perturbation change? | [`differential_features`], [`explained_controls`], [`welch_test`] |
//!
//! Each takes [`Profiles`](crate::screen::Profiles) and the truth ([`Relations`], [`GeneSets`] or a
//! [`Genome`](crate::genome::Genome)) and returns a plain struct. All arithmetic is in `f64`.

mod arm_cosines;
mod brunner_munzel;
pub mod classification;
pub mod clustering;
mod cosine;
mod dense;
mod differential;
mod efaar;
mod fisher;
mod gene_sets;
mod hypergeometric;
mod kolmogorov_smirnov;
mod map_agreement;
pub mod normal;
mod proximity;
pub mod published;
mod quantile;
mod ranks;
mod recall;
mod relations;
pub mod retrieval;
mod set_coherence;

pub use arm_cosines::{ArmCosine, ArmCosines, ChromosomeCosines, arm_cosines, mean_same_arm_cosine};
pub use brunner_munzel::{BrunnerMunzel, brunner_munzel};
pub use cosine::{CosinePairs, mean_between, mean_cosine, mean_off_diagonal, mean_with_diagonal, unit_rows};
pub use differential::{
    Correction, Decorrelation, DifferentialConfig, DifferentialFeatures, ExplainedControls, FeatureTest, RankedFeature,
    WelchTest, decorrelated, differential_features, explained_controls, explained_curves, welch_test,
};
pub use efaar::{RankRecall, ThresholdRecall, efaar_recall, rank_recall};
pub use fisher::{FisherCombination, fisher_combination};
pub use gene_sets::{GeneSet, GeneSets, SetFormat};
pub use hypergeometric::hypergeometric_upper_tail;
pub use kolmogorov_smirnov::{KsLaw, KsTest, ks_test, ks_test_with};
pub use map_agreement::map_agreement;
pub use proximity::{
    ArmProximity, ArmRecall, ArmSpearman, GeneProximity, ProximityBias, ProximityScore, ScoreConfig, ScoreDraws,
    arm_recall, gene_proximity, proximity_bias, proximity_bias_above, proximity_score, proximity_score_of_draws,
};
pub use quantile::{QuantileHeatmap, TiedRank, quantile_heatmap_matrix, quantile_normalise};
pub use ranks::{mid_ranks, spearman};
pub use recall::{Convention, RecallCurve, RecallPoint, default_percentiles, recall, recall_at};
pub use relations::{Graph, PairColumns, Relations};
pub use retrieval::{
    BatchMixing, Enrichment, GraphConnectivity, GroupConnectivity, HitsAtK, KnnAccuracy, KnnConfig, LabelAccuracy,
    LabelPrecision, LeftOut, MeanAveragePrecision, PairSimilarities, PercentStrong, PrecisionConfig, RowLabels, Votes,
    batch_mixing, graph_connectivity, hits_at_k, knn_accuracy, mean_average_precision, pair_similarities,
    percent_strong,
};
pub use set_coherence::{ClusterKs, SetCoherence, cluster_ks, set_coherence, set_coherence_of_draws};
