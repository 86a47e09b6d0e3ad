//! What every method that learns has in common: a plan, a fit to a screen, an embedding of its cells, and a file.
//!
//! ```text
//! Screen + Plan -> fit -> model -> embed -> Embedding
//! ```

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::screen::{Embedding, Screen};
use crate::tensor::Device;
use crate::train::{FitConfig, History, Observer};

/// All that decides a run: the method's settings, and how long, how often and where it learns.
///
/// As TOML or JSON it has two tables, `settings` and `run`; what is left out has its default, and names that do not exist
/// are refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan<S> {
    /// Settings of the method.
    pub settings: S,
    /// Settings of the loop.
    pub run: FitConfig,
}

/// A method that has learned from a screen.
pub trait Method: Sized {
    /// Its settings, with the paper's values as defaults where the paper gives them.
    type Settings: Clone + std::fmt::Debug + Default + PartialEq + Serialize + DeserializeOwned;

    /// Its name, as in `perturbook fit NAME`.
    const NAME: &'static str;

    /// The scale of the paper.
    fn paper() -> Plan<Self::Settings>;

    /// Seconds to a few minutes on two cores, on a simulated screen.
    fn quick() -> Plan<Self::Settings>;

    /// Learns from a screen; `device` need not record gradients. A run in the plan's folder goes on when the plan says so.
    ///
    /// # Errors
    /// When the screen lacks what the method needs, settings cannot be, or training fails (see [`crate::train::fit`]).
    fn fit(screen: &Screen, plan: &Plan<Self::Settings>, device: &Device, observer: &mut dyn Observer) -> Result<Self>;

    /// One vector for each cell, with the screen's table; blocks are named.
    ///
    /// # Errors
    /// When the screen does not have what the model was trained on: genes, channels, sizes.
    fn embed(&self, screen: &Screen) -> Result<Embedding>;

    /// What it was made by.
    fn plan(&self) -> &Plan<Self::Settings>;

    /// How its training went.
    fn history(&self) -> &History;

    /// Writes the model: weights in PyTorch's layout and names, and what else [`Method::load`] needs.
    ///
    /// # Errors
    /// When the file cannot be written; the path never holds half of it.
    fn save(&self, path: &Path) -> Result<()>;

    /// Reads what [`Method::save`] wrote.
    ///
    /// # Errors
    /// When the file is missing, damaged, or of another method.
    fn load(path: &Path, device: &Device) -> Result<Self>;
}
