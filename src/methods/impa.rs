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

use std::path::{Path, PathBuf};

use ndarray::Array2;
use polars::prelude::{Column, DataFrame};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::grape::{LossConfig, Normalisation, Position, Settings};
use super::{Method, Plan};
use crate::screen::{Embedding, Profiles};
use crate::{Error, Result};

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

/// The plan of a GRAPE with frozen vectors instead of its table, and what follows from that: the style term teaches all networks,
/// and a perturbation's vector is the mean style of its cells. Sizes, images and number of steps stay, for a fair comparison.
pub fn beside(grape: &Plan<Settings>, vectors: impl Into<PathBuf>) -> Plan<Settings> {
    Plan { settings: frozen(grape.settings.clone(), vectors), run: grape.run.clone() }
}

/// Writes a standard normal vector of `width` numbers for each name into a parquet file, for a baseline that knows nothing; returns
/// them.
///
/// ```
/// use perturbook::methods::impa::random_vectors;
///
/// let path = std::env::temp_dir().join("perturbook-doc-random-vectors.parquet");
/// let vectors = random_vectors(&path, &["A", "B"], 3, 0)?;
/// assert_eq!((vectors.len(), vectors.dims()), (2, 3));
/// std::fs::remove_file(path).ok();
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no name, or the file cannot be written.
pub fn random_vectors<S: AsRef<str>>(path: impl AsRef<Path>, names: &[S], width: usize, seed: u64) -> Result<Profiles> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values = Array2::<f32>::from_shape_simple_fn((names.len(), width), || StandardNormal.sample(&mut rng));
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let column = Column::new("gene".into(), &names);
    let table = DataFrame::new(names.len(), vec![column])
        .map_err(|e| Error::new(format!("cannot make a table of names: {e}")).caused_by(e))?;
    let vectors = Profiles::new(names, values.mapv(f64::from))?;
    Embedding::new(values, table)?.write_parquet(path)?;
    Ok(vectors)
}

fn with_vectors(settings: Settings, vectors: impl Into<PathBuf>) -> Settings {
    Settings { normalisation: Normalisation::Symmetric, flips: 0.3, ..frozen(settings, vectors) }
}

/// With frozen vectors, and what follows from them.
fn frozen(settings: Settings, vectors: impl Into<PathBuf>) -> Settings {
    Settings {
        vectors: Some(vectors.into()),
        loss: LossConfig { detach: false, ..settings.loss },
        position: Position::StyleEncoder,
        ..settings
    }
}
