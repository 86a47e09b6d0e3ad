//! Do two samples come from one distribution? Cells of two perturbations, a perturbation and its controls, replicates.
//!
//! | question | function |
//! |---|---|
//! | how far apart are two clouds of cells? | [`energy_distance`], for all pairs of groups [`energy_matrix`] |
//! | which perturbations differ from the controls at all? | [`perturbation_magnitude`] |
//! | do the replicates of a perturbation agree? | [`replicate_consistency`] |
//! | does a number tend to be larger in one sample? | [`mann_whitney`], [`welch_t`]; the Brunner-Munzel test is beside |
//! | how rare is a statistic among those of negative controls? | [`empirical_p`] |
//! | which of many p-values remain? | [`adjusted`] |
//!
//! Distributions as a whole are compared by [`ks_test`](crate::evaluate::ks_test). All arithmetic is in `f64`.

mod adjust;
mod cells;
mod empirical;
mod energy;
mod energy_matrix;
mod magnitude;
mod mann_whitney;
mod rank_sums;
mod replicates;
mod welch;

pub use adjust::{Adjustment, adjusted};
pub use empirical::{EmpiricalP, empirical_p};
pub use energy::{EnergyDistance, Within, energy_distance, energy_distance_by_sums, mean_distance};
pub use energy_matrix::{EnergyConfig, EnergyMatrix, energy_matrix, largest_groups};
pub use magnitude::{Magnitude, MagnitudeConfig, MagnitudeStatistic, MagnitudeTests, perturbation_magnitude};
pub use mann_whitney::{MannWhitney, MannWhitneyLaw, mann_whitney, mann_whitney_with};
pub use replicates::{ConsistencyNull, ReplicateConsistency, ReplicateTests, replicate_consistency};
pub use welch::{WelchT, welch_t};
