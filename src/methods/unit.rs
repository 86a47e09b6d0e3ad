//! What counts as one perturbation.

use serde::{Deserialize, Serialize};

use crate::screen::Label;

/// What counts as one perturbation.
///
/// ```
/// use perturbook::methods::Unit;
/// use perturbook::screen::Label;
///
/// assert_eq!(Unit::default().label(), Label::Gene);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The gene; all non-targeting controls are one more.
    #[default]
    Gene,
    /// The guide; every non-targeting guide is one more.
    Guide,
}

impl Unit {
    /// The label of a screen that it is.
    pub fn label(self) -> Label {
        match self {
            Self::Gene => Label::Gene,
            Self::Guide => Label::Guide,
        }
    }
}
