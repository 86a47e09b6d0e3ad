//! Tests of proximity bias: are genes on one chromosome arm more alike than genes on different arms?

mod arm_recall;
mod arm_tests;
mod genes;
mod score;

pub use arm_recall::{ArmRecall, arm_recall};
pub use arm_tests::{ArmProximity, ProximityBias, proximity_bias, proximity_bias_above};
pub use genes::{ArmSpearman, GeneProximity, gene_proximity};
pub use score::{ProximityScore, ScoreConfig, ScoreDraws, proximity_score, proximity_score_of_draws};
