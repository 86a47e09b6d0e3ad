//! How the cells of a set become one vector.
//!
//! ```text
//! mean       z = mean over i of x_i                                          the paper's
//! attention  a = softmax over i of (w . tanh(V x_i + b) + c),  z = sum a_i x_i
//! deep sets  z = rho(mean over i of phi(x_i)),  phi and rho two linear layers with GELU between
//! ```
//!
//! All three take the cells of a set in any order, and any number of them. `x_i` is the class token of a cell, `cells x
//! width`; `z` has the same width. Sources: Set-DINO, equations 1 and 2; Ilse, Tomczak and Welling 2018 for attention;
//! Zaheer et al. 2017 for deep sets, with the mean in place of the sum, so that the size of a set does not count.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::nn::dino_head::set_mean;
use crate::nn::{Init, Linear, STARTING_STD, gelu};
use crate::tensor::{Backend, Device, Tensor};
use crate::{Error, Result};

/// How all layers start.
const INIT: Init = Init::TruncatedNormal(STARTING_STD);

/// How the cells of a set become one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean, as in the paper; nothing is learned.
    #[default]
    Mean,
    /// A mean whose weights are learned from the cells.
    Attention,
    /// A network on each cell, the mean, and a network on that.
    DeepSets,
}

/// What is learned of an aggregation other than the mean: two pairs of layers.
#[derive(Module, Debug)]
pub struct SetPool<B: Burn = Backend> {
    /// Of attention V and w.
    pub attention: Option<Pair<B>>,
    /// Of deep sets phi.
    pub phi: Option<Pair<B>>,
    /// Of deep sets rho.
    pub rho: Option<Pair<B>>,
}

/// Two linear layers.
#[derive(Module, Debug)]
pub struct Pair<B: Burn = Backend> {
    /// The first.
    pub fc1: Linear<B>,
    /// The second.
    pub fc2: Linear<B>,
}

impl Pair {
    fn new([from, hidden, to]: [usize; 3], rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self { fc1: Linear::new(from, hidden, INIT, rng, device), fc2: Linear::new(hidden, to, INIT, rng, device) }
    }
}

impl SetPool {
    /// For tokens of `width` numbers; none for the mean.
    ///
    /// ```
    /// use perturbook::methods::set_dino::{Aggregation, SetPool};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let pool = SetPool::new(Aggregation::Attention, 2, &mut rng, &cpu()).unwrap();
    /// let cells = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0], [5.0, 5.0]], &cpu());
    /// let weights = pool.weights(cells.clone(), 2)?.unwrap().into_data().to_vec::<f32>().unwrap();
    /// assert!((weights[0] + weights[1] - 1.0).abs() < 1e-6 && weights[2] == weights[3]);
    /// let sets = pool.forward(cells, 2)?.into_data().to_vec::<f32>().unwrap();
    /// assert!((sets[2] - 5.0).abs() < 1e-5 && (sets[0] + sets[1] - 1.0).abs() < 1e-6);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn new(aggregation: Aggregation, width: usize, rng: &mut ChaCha8Rng, device: &Device) -> Option<Self> {
        match aggregation {
            Aggregation::Mean => None,
            Aggregation::Attention => {
                let attention = Some(Pair::new([width, width, 1], rng, device));
                Some(Self { attention, phi: None, rho: None })
            }
            Aggregation::DeepSets => {
                let (phi, rho) = (Pair::new([width; 3], rng, device), Pair::new([width; 3], rng, device));
                Some(Self { attention: None, phi: Some(phi), rho: Some(rho) })
            }
        }
    }

    /// How much each cell counts in its set, `sets x cells`, rows sum to 1; none where all count alike.
    ///
    /// # Errors
    /// When the rows are no whole number of sets.
    pub fn weights(&self, tokens: Tensor<2>, cells: usize) -> Result<Option<Tensor<2>>> {
        let Some(Pair { fc1, fc2 }) = &self.attention else { return Ok(None) };
        let sets = sets(&tokens, cells)?;
        Ok(Some(softmax(fc2.forward(fc1.forward(tokens).tanh()).reshape([sets, cells]), 1)))
    }

    /// Cells (`sets cells x width`, those of a set one after another) to sets (`sets x width`).
    ///
    /// # Errors
    /// When the rows are no whole number of sets.
    pub fn forward(&self, tokens: Tensor<2>, cells: usize) -> Result<Tensor<2>> {
        if let Some(weights) = self.weights(tokens.clone(), cells)? {
            let ([sets, _], [_, width]) = (weights.dims(), tokens.dims());
            let tokens = tokens.reshape([sets, cells, width]);
            return Ok((tokens * weights.reshape([sets, cells, 1])).sum_dim(1).reshape([sets, width]));
        }
        let through = |pair: &Option<Pair>, x: Tensor<2>| match pair {
            Some(Pair { fc1, fc2 }) => fc2.forward(gelu(fc1.forward(x))),
            None => x,
        };
        Ok(through(&self.rho, set_mean(through(&self.phi, tokens), cells)?))
    }
}

/// How many sets of `cells` rows there are.
fn sets(tokens: &Tensor<2>, cells: usize) -> Result<usize> {
    let rows = tokens.dims()[0];
    if cells == 0 || !rows.is_multiple_of(cells) {
        return Err(Error::new(format!("{rows} cells are no whole number of sets of {cells}"))
            .fix("pass as many cells for each unit, those of a unit one after another"));
    }
    Ok(rows / cells)
}
