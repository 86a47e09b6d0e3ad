//! Metrics: what a map of perturbations knows, and how much of it is artefact.
//!
//! | question | functions |
//! |---|---|
//! | does it recall known relations? | [`recall`], [`efaar_recall`], [`set_coherence`], [`cluster_ks`], [`hypergeometric_upper_tail`] |
//! | how sure is that? | [`recall_bootstrap`], [`recall_permutation`] |
//! | do genes of one chromosome arm look alike? | [`arm_cosines`], [`proximity_bias`], [`proximity_score`], [`gene_proximity`], [`arm_recall`] |
//! | do known groups fall together? | [`clustering`]: purity, NMI, ARI, silhouettes, k-means over starts and numbers of clusters |
//! | which labels can be read from it? | [`classification`]: logistic regression, ROC, confusion, random forest; technical covariates and gene functions |
//! | which numbers can be read from it? | [`linear_probe`], [`phase_probe`] of the cell cycle |
//! | how does it look along the genome? | [`quantile_heatmap_matrix`] |
//! | do rows of one label find each other? | [`knn_accuracy`], [`mean_average_precision`], [`hits_at_k`] |
//! | do they look more alike than others? | [`percent_strong`], [`pair_similarities`] |
//! | the same in the definitions of cytominer-eval | [`replicate_reproducibility`], [`pair_enrichment`], [`hit_positions`] |
//! | all of that of profiles in batches and over them | [`MeasuredProfiles`] |
//! | do vectors of genes know complexes? | [`complex_scores`] |
//! | is a translated cell taken for what it was to become, and is it the same cell? | [`transferred_cells`], [`feature_transfer`], [`content_kept`], [`dose_transfer`] |
//! | do replicates on a plate of drugs look alike? | [`ReplicatePlate`] |
//! | do batches mix? | [`graph_connectivity`], [`batch_mixing`] |
//! | which features does a perturbation change? | [`differential_features`], [`explained_controls`] |
//! | how does it look as a whole? | [`similarity_map`] |
//! | do two samples differ, and by how much? | [`energy_distance`], [`energy_matrix`], [`perturbation_magnitude`], [`replicate_consistency`], [`mann_whitney`], [`welch_t`], [`ks_test`], [`brunner_munzel`] |
//! | does a perturbation show among the variation of controls? | [`background_norms`], [`mitotic_factors`] |
//! | which of many p-values remain? | [`adjusted`] |
//!
//! Each takes [`Profiles`](crate::screen::Profiles) and the truth ([`Relations`], [`GeneSets`] or a
//! [`Genome`](crate::genome::Genome)) and returns a plain struct. All arithmetic is in `f64`.
//!
//! Each says what it answers where there is little to measure (no rows, one class, zero vectors, ties, NaN) or too much:
//! more than 100 million draws, runs, trees or permutations are refused.

mod arm_cosines;
mod background_norm;
mod brunner_munzel;
pub mod classification;
pub mod clustering;
mod columns;
mod complex_scores;
mod content_kept;
mod cosine;
mod counts;
mod dense;
mod differential;
mod dose_relations;
mod dose_response;
mod dose_transfer;
mod drug_plate;
mod efaar;
mod feature_transfer;
mod fisher;
mod gene_sets;
mod hypergeometric;
mod kolmogorov_smirnov;
mod linear_probe;
mod map_agreement;
pub mod normal;
mod planted_images;
mod plate_replicates;
mod profile_metrics;
mod proximity;
pub mod published;
mod quantile;
mod ranks;
mod recall;
mod recall_sampling;
mod relations;
pub mod retrieval;
mod set_coherence;
mod similarity;
mod transferred_cells;
mod two_sample;

pub use arm_cosines::{ArmCosine, ArmCosines, ChromosomeCosines, arm_cosines, mean_same_arm_cosine};
pub use background_norm::{
    BackgroundNorms, FUNK_MITOTIC_LIMIT, FactorRanking, MitoticFactors, background_norms, mitotic_factors,
    mitotic_index,
};
pub use brunner_munzel::{BrunnerMunzel, brunner_munzel};
pub use complex_scores::{ComplexScores, complex_scores};
pub use content_kept::{ContentKept, content_kept};
pub use cosine::{CosinePairs, mean_between, mean_cosine, mean_off_diagonal, mean_with_diagonal, unit_rows};
pub use differential::{
    Decorrelation, DifferentialConfig, DifferentialFeatures, ExplainedControls, FeatureTest, RankedFeature,
    decorrelated, differential_features, explained_controls, explained_curves,
};
pub use dose_relations::dose_relations;
pub use dose_response::{DoseResponse, DoseWell, DrugResponse, dose_response};
pub use dose_transfer::{DoseTransfer, DosedCell, TransferredDrug, dose_transfer};
pub use drug_plate::{DrugPlate, PlateReading, SpaceOnPlate};
pub use efaar::{RankRecall, ThresholdRecall, efaar_recall, rank_recall};
pub use feature_transfer::{FeatureTransfer, TransferredFeature, feature_transfer};
pub use fisher::{FisherCombination, fisher_combination};
pub use gene_sets::{GeneSet, GeneSets, SetFormat};
pub use hypergeometric::{hypergeometric_upper_tail, ln_hypergeometric_upper_tail};
pub use kolmogorov_smirnov::{KsLaw, KsTest, ks_test, ks_test_with};
pub use linear_probe::{LinearProbe, linear_probe, phase_probe};
pub use map_agreement::map_agreement;
pub use planted_images::{PlantedReading, PlantedSpace, planted_images};
pub use plate_replicates::{ReplicatePlate, ReplicateReading};
pub use profile_metrics::{MeasuredProfiles, ProfileMetrics, RelationRecall};
pub use proximity::{
    ArmProximity, ArmRecall, ArmSpearman, GeneProximity, ProximityBias, ProximityScore, ScoreConfig, ScoreDraws,
    arm_recall, gene_proximity, proximity_bias, proximity_bias_above, proximity_score, proximity_score_of_draws,
};
pub use quantile::{QuantileHeatmap, TiedRank, quantile_heatmap_matrix, quantile_normalise};
pub use ranks::{mid_ranks, spearman};
pub use recall::{Convention, RecallCurve, RecallPoint, default_percentiles, recall, recall_at};
pub use recall_sampling::{
    BootstrapConfig, PermutedRecall, RecallBootstrap, RecallInterval, RecallPermutation, Resample, recall_bootstrap,
    recall_permutation,
};
pub use relations::{Graph, PairColumns, Relations};
pub use retrieval::{
    BatchMixing, Enrichment, EnrichmentConfig, EnrichmentPoint, GraphConnectivity, GroupConnectivity, HitPositions,
    HitsAtK, KnnAccuracy, KnnConfig, LabelAccuracy, LabelPrecision, LeftOut, MeanAveragePrecision, Missing,
    PairCounting, PairEnrichment, PairSimilarities, PairedGroup, PercentStrong, PrecisionConfig,
    ReplicateReproducibility, ReproducibilityConfig, RowLabels, Similarity, Votes, batch_mixing, graph_connectivity,
    hit_positions, hits_at_k, knn_accuracy, mean_average_precision, pair_enrichment, pair_similarities, percent_strong,
    replicate_reproducibility,
};
pub use set_coherence::{ClusterKs, SetCoherence, cluster_ks, set_coherence, set_coherence_of_draws};
pub use similarity::{SimilarityMap, similarity_map};
pub use transferred_cells::{TransferReading, TransferTarget, transferred_cells};
pub use two_sample::{
    Adjustment, ConsistencyNull, EmpiricalP, EnergyConfig, EnergyDistance, EnergyMatrix, Magnitude, MagnitudeConfig,
    MagnitudeStatistic, MagnitudeTests, MannWhitney, MannWhitneyLaw, ReplicateConsistency, ReplicateTests, WelchT,
    Within, adjusted, empirical_p, energy_distance, energy_distance_by_sums, energy_matrix, largest_groups,
    mann_whitney, mann_whitney_with, mean_distance, perturbation_magnitude, replicate_consistency, welch_t,
};
