//! How logistic regression is fitted, and how the fit went.
//!
//! The tolerance is that of the gradient of the objective as it stands, not of a mean over rows. Where columns differ in scale
//! by a thousand and more, the search can end short of it (`converged` is then false): standardise such columns.

use serde::{Deserialize, Serialize};

/// How much a row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Each row 1.
    Equal,
    /// `n / (K n_c)`: all classes alike, however many rows they have.
    #[default]
    Balanced,
}

/// How a model is fitted. The default is that of Multi-ContrastiveVAE, to convergence.
///
/// ```
/// use perturbook::evaluate::classification::{ClassWeight, LogisticConfig};
///
/// let config = LogisticConfig::default();
/// assert_eq!((config.c, config.class_weight, config.standardise), (1.0, ClassWeight::Balanced, false));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticConfig {
    /// `C`: the larger, the weaker the penalty.
    pub c: f64,
    /// How much a row counts.
    pub class_weight: ClassWeight,
    /// Brings each column to mean 0 and standard deviation 1 over the training rows first.
    pub standardise: bool,
    /// Most steps of L-BFGS.
    pub max_steps: usize,
    /// Most steps of Newton's after those; 0 leaves the result of L-BFGS.
    pub newton_steps: usize,
    /// Largest component of the gradient at convergence.
    pub tolerance: f64,
}

impl Default for LogisticConfig {
    fn default() -> Self {
        Self {
            c: 1.0,
            class_weight: ClassWeight::Balanced,
            standardise: false,
            max_steps: 1000,
            newton_steps: 50,
            tolerance: 1e-8,
        }
    }
}

/// How the fit went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogisticFit {
    /// Value of the objective.
    pub objective: f64,
    /// Largest component of its gradient.
    pub gradient: f64,
    /// Steps of L-BFGS.
    pub lbfgs_steps: usize,
    /// Steps of Newton's after those.
    pub newton_steps: usize,
    /// Whether the gradient is within the tolerance.
    pub converged: bool,
}
