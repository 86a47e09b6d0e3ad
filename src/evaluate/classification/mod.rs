//! Classification of cells and perturbations: what can be read from an embedding by a linear model.
//!
//! | question | functions |
//! |---|---|
//! | how good are given predictions? | [`ConfusionMatrix`], [`log_loss`], [`top_k_accuracy`] |
//! | how good are given scores? | [`roc_curve`], [`roc_auc`], [`precision_recall`], [`one_vs_rest`] |
//! | what does a linear model predict? | [`LogisticRegression`], [`Standardiser`] |
//! | which rows to train on? | [`Protocol`]: stratified splits and folds, groups kept together |
//! | how well is a label readable? | [`classify`] |
//! | which perturbations are told from controls? | [`against_controls`] (SC-VAE) |
//! | how much of it is technical? | [`technical_covariates`] (Multi-ContrastiveVAE, Figure 3B) |
//! | what do genes do? | [`gene_function`], [`GeneFunction::delta_recall`] (Multi-ContrastiveVAE, Figure 4) |
//! | which features tell classes apart? | [`RandomForest`], [`permutation_importance`] (GRAPE, Figure 2) |
//! | what did the paper show? | [`published`] |
//!
//! Everything is computed in `f64`; one seed gives one result on any number of threads.

mod against_controls;
mod classes;
mod classify;
mod confusion_matrix;
mod covariate;
mod fields;
mod folds;
mod forest;
mod gene_function;
mod importance;
mod lbfgs;
mod logistic;
mod logistic_config;
mod newton;
mod objective;
mod one_vs_rest;
mod precision_recall;
mod probabilities;
pub mod published;
mod roc;
mod standardise;
mod technical;
mod tree;

pub use against_controls::{AgainstControls, PerturbationSignal, against_controls};
pub use classes::Classes;
pub use classify::{Classified, ClassifyConfig, FoldScore, classify};
pub use confusion_matrix::{ConfusionMatrix, Escape};
pub use covariate::Covariate;
pub use fields::{FieldPosition, SiteGrid};
pub use folds::{Fold, Protocol};
pub use forest::{ForestConfig, RandomForest};
pub use gene_function::{DeltaRecall, GeneFunction, gene_function};
pub use importance::{FeatureImportance, Importance, permutation_importance};
pub use logistic::LogisticRegression;
pub use logistic_config::{ClassWeight, LogisticConfig, LogisticFit};
pub use one_vs_rest::{OneVsRest, one_vs_rest};
pub use precision_recall::{PrecisionRecall, precision_recall};
pub use probabilities::{log_loss, predicted, top_k_accuracy};
pub use roc::{RocCurve, roc_auc, roc_curve};
pub use standardise::Standardiser;
pub use technical::{CovariateScores, Scores, TechnicalCovariates, spaces, technical_covariates};
