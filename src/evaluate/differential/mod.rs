//! Which features a perturbation changes, and how much of the variation of controls these features make up
//! (Multi-ContrastiveVAE, Figure 4D and 4E).
//!
//! ```text
//! in every batch   Welch's t-test of each feature, cells of the group against controls; p corrected for all features
//!                  robust z = (median of the group - median of controls) / MAD of controls
//!                  the `top` significant features of largest |z|
//! over batches     how often each feature was among them, most often first
//! controls         R^2 of the regression of their first principal component on the first k of these features, k = 1, 2, ...
//! ```
//!
//! A perturbation whose features explain the variation that controls show anyway moves cells along background directions;
//! one whose features do not adds something new.

mod correlated;
mod explained;
mod features;

pub use correlated::{Decorrelation, decorrelated};
pub use explained::{ExplainedControls, explained_controls, explained_curves};
pub use features::{DifferentialConfig, DifferentialFeatures, FeatureTest, RankedFeature, differential_features};
