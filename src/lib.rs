//! Learn and teach what genetic perturbation screens say.
//!
//! Load, evaluate, show. Data flows one way, and each step is a plain value that displays itself in a notebook:
//!
//! ```text
//! data -> method -> embedding -> profile -> metric -> figure
//! ```
//!
//! On a small simulated screen, where complexes and a bias of chromosome arms were planted:
//!
//! ```
//! use perturbook::prelude::*;
//!
//! let screen = simulate::gene_embedding(&simulate::GeneEmbeddingConfig::quick())?; // load
//! let genes = screen.profiles.without(&[simulate::CONTROL]);
//! let complexes = Relations::from_sets(&screen.truth.gene_sets());
//! let salient = recall(&genes.block("salient")?, &complexes, Convention::TwoSided)?; // evaluate
//! let background = recall(&genes.block("background")?, &complexes, Convention::TwoSided)?;
//! assert!(salient.at(95.0)?.recall > background.at(95.0)?.recall);
//!
//! let bias = proximity_bias(&genes, &screen.truth.genome())?;
//! let centred = centre_arms(&genes, &screen.truth.genome())?;
//! assert!(bias.genome_wide.prob > 0.51);
//! assert!(proximity_bias(&centred, &screen.truth.genome())?.genome_wide.prob < 0.51);
//! let figure = recall_curves(&[("salient", &salient), ("background", &background)], &[])?; // show
//! assert!(figure.svg().starts_with("<svg"));
//! # Ok::<(), perturbook::Error>(())
//! ```
//!
//! Errors say what was wrong, where, and what to do. One seed gives one result.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(not(feature = "screens"), allow(dead_code, unused_imports))]

mod eigen;
mod error;
#[cfg(feature = "screens")]
mod finite;

#[cfg(feature = "screens")]
pub mod cell;
#[cfg(feature = "screens")]
pub mod datasets;
#[cfg(feature = "screens")]
pub mod display;
#[cfg(feature = "screens")]
pub mod evaluate;
#[cfg(feature = "screens")]
pub mod figures;
#[cfg(feature = "screens")]
pub mod genome;
#[cfg(feature = "screens")]
pub mod images;
#[cfg(feature = "screens")]
mod input;
pub mod io;
#[cfg(feature = "screens")]
pub mod live;
pub mod methods;
pub mod nn;
#[cfg(feature = "screens")]
pub mod prelude;
#[cfg(feature = "screens")]
pub mod preprocess;
#[cfg(feature = "screens")]
pub mod reduce;
#[cfg(feature = "screens")]
pub mod screen;
#[cfg(feature = "screens")]
pub mod simulate;
#[cfg(feature = "screens")]
pub mod stop;
pub mod tensor;
pub mod train;
mod words;

pub use error::{Error, Result};
#[cfg(feature = "screens")]
pub use input::{input, password};
#[cfg(feature = "screens")]
pub use live::progress;
