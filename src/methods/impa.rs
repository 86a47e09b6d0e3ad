//! IMPA, the baseline that GRAPE starts from: style transfer with frozen vectors of perturbations.
//!
//! | | GRAPE | here |
//! |---|---|---|
//! | vectors of perturbations | a table that is learned | read from a file, such as Gene2vec, and frozen |
//! | style term | teaches the style encoder alone | teaches all networks |
//! | images | z-scored by controls | `2 x - 1`, flipped at random with probability 0.3 |
//! | a perturbation's vector afterwards | its row of the table | the mean style of 500 of its cells |
//!
//! Networks, adversarial and cycle terms, R1 and optimiser are the same. IMPA's noise beside a perturbation's vector, and
//! the diversity term that noise serves, are left out: a perturbation has one style. So it is the baseline with GRAPE's
//! losses, not the published IMPA.

use std::path::PathBuf;

use super::grape::{LossConfig, Normalisation, Position, Settings};
use super::{Method, Plan};

/// The settings, with vectors from this file (see [`Settings::vectors`]); the model is [`grape::Model`](super::grape::Model).
///
/// ```
/// use perturbook::methods::impa;
///
/// let settings = impa::settings("gene2vec.parquet");
/// assert!(!settings.loss.detach && settings.vectors.is_some());
/// ```
pub fn settings(vectors: impl Into<PathBuf>) -> Settings {
    with_vectors(Settings::default(), vectors)
}

/// The scale of GRAPE's paper.
pub fn paper(vectors: impl Into<PathBuf>) -> Plan<Settings> {
    let Plan { settings, run } = super::grape::Model::paper();
    Plan { settings: with_vectors(settings, vectors), run }
}

/// Minutes on two cores, on a simulated screen.
pub fn quick(vectors: impl Into<PathBuf>) -> Plan<Settings> {
    let Plan { settings, run } = super::grape::Model::quick();
    Plan { settings: with_vectors(settings, vectors), run }
}

fn with_vectors(settings: Settings, vectors: impl Into<PathBuf>) -> Settings {
    Settings {
        vectors: Some(vectors.into()),
        loss: LossConfig { detach: false, ..settings.loss },
        normalisation: Normalisation::Symmetric,
        flips: 0.3,
        position: Position::StyleEncoder,
        ..settings
    }
}
