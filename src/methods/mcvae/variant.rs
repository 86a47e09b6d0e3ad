//! The five autoencoders of the paper, which differ in their spaces and priors only.

use serde::{Deserialize, Serialize};

use super::Priors;

/// One of the autoencoders that the paper compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// Background and salient space, prior means learned in both.
    #[default]
    Mcvae,
    /// Background and salient space, standard normal priors.
    Cvae,
    /// Prior means learned in the salient space only.
    PriorS,
    /// Prior means learned in the background space only.
    PriorZ,
    /// One space for everything.
    Vae,
}

impl Variant {
    /// All of them, as the columns of Figure 2 stand.
    pub const ALL: [Self; 5] = [Self::Vae, Self::Cvae, Self::Mcvae, Self::PriorS, Self::PriorZ];

    /// Its name in the paper.
    ///
    /// ```
    /// use perturbook::methods::mcvae::Variant;
    ///
    /// assert_eq!(Variant::default().name(), "mcVAE");
    /// assert_eq!(Variant::ALL.map(Variant::learns_priors), [false, false, true, true, true]);
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Mcvae => "mcVAE",
            Self::Cvae => "cVAE",
            Self::PriorS => "prior-s",
            Self::PriorZ => "prior-z",
            Self::Vae => "VAE",
        }
    }

    /// The spaces whose prior means are learned.
    pub fn priors(self) -> Priors {
        Priors {
            background: matches!(self, Self::Mcvae | Self::PriorZ),
            salient: matches!(self, Self::Mcvae | Self::PriorS),
        }
    }

    /// Whether it needs to know which perturbation a cell has had.
    pub fn learns_priors(self) -> bool {
        let Priors { background, salient } = self.priors();
        background || salient
    }

    /// Whether it has a background and a salient space, and learns from pairs of a control and a perturbed cell.
    pub fn is_contrastive(self) -> bool {
        self != Self::Vae
    }
}
