//! SC-VAE without one of its parts, for comparison: each is a switch in the settings.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ControlSalient, HsicWeight, Model, Settings};
use crate::Result;
use crate::methods::{Method, Plan};
use crate::screen::Screen;
use crate::tensor::Device;
use crate::train::Observer;

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ablation {
    /// Nothing.
    None,
    /// The independence of `z` and `s`.
    Hsic,
    /// The classifier.
    Classifier,
    /// The draw of the prior for controls, which are decoded with 0.
    ControlPrior,
    /// All three: a contrastive autoencoder that knows controls from perturbed cells only.
    All,
}

impl Ablation {
    /// All of them, the whole method first.
    pub const ALL: [Self; 5] = [Self::None, Self::Hsic, Self::Classifier, Self::ControlPrior, Self::All];

    /// The settings without this part.
    ///
    /// ```
    /// use perturbook::methods::sc_vae::{Ablation, HsicWeight, Settings};
    ///
    /// assert_eq!(Ablation::Hsic.of(&Settings::default()).hsic, HsicWeight::Off);
    /// assert_eq!(Ablation::All.of(&Settings::default()).classification, 0.0);
    /// assert_eq!(Ablation::None.of(&Settings::default()), Settings::default());
    /// ```
    pub fn of(self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        if matches!(self, Self::Hsic | Self::All) {
            settings.hsic = HsicWeight::Off;
        }
        if matches!(self, Self::Classifier | Self::All) {
            settings.classification = 0.0;
        }
        if matches!(self, Self::ControlPrior | Self::All) {
            settings.control_salient = ControlSalient::Zero;
        }
        settings
    }

    /// A name for files and legends.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "whole",
            Self::Hsic => "no_hsic",
            Self::Classifier => "no_classifier",
            Self::ControlPrior => "zero_control_salient",
            Self::All => "none_of_them",
        }
    }
}

impl fmt::Display for Ablation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "SC-VAE",
            Self::Hsic => "without HSIC",
            Self::Classifier => "without classifier",
            Self::ControlPrior => "controls decoded with 0",
            Self::All => "without any of them",
        })
    }
}

/// Trains a model for each ablation by the same plan, one after the other; those in a folder each have a folder of their own
/// in it, named by [`Ablation::name`]. A request to stop ends the list with the model in hand.
///
/// # Errors
/// As [`Method::fit`].
pub fn ablations(
    screen: &Screen,
    plan: &Plan<Settings>,
    which: &[Ablation],
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Vec<(Ablation, Model)>> {
    let mut models = Vec::with_capacity(which.len());
    for &ablation in which {
        let mut run = plan.run.clone();
        run.folder = run.folder.map(|folder| folder.join(ablation.name()));
        let plan = Plan { settings: ablation.of(&plan.settings), run };
        models.push((ablation, Model::fit(screen, &plan, device, observer)?));
        if observer.stopped() {
            break;
        }
    }
    Ok(models)
}
