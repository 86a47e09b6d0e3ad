//! The projection head of DINO, over sets of cells.
//!
//! ```text
//! set        mean of the class tokens of n cells                                   units x width
//! hidden     gelu(fc2(gelu(fc1(set))))                                             units x hidden
//! direction  fc3(hidden) / |fc3(hidden)|                                           units x bottleneck
//! logits     direction . w / |w| for every row w of the last layer                 units x outputs
//! ```
//!
//! The last layer is weight-normalised without bias and its gain stays 1, so that logits are cosines.

use burn::module::Param;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Init, Linear, STARTING_STD, gelu, l2_normalise};
use crate::tensor::{Backend, Device, Tensor, product};
use crate::{Error, Result};

/// What lengths are at least, as the frameworks have it.
const EPSILON: f64 = 1e-12;

/// The sizes of a [`DinoHead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DinoHeadConfig {
    /// Of the two hidden layers.
    pub hidden: usize,
    /// Of the direction.
    pub bottleneck: usize,
    /// Of the logits.
    pub outputs: usize,
}

impl Default for DinoHeadConfig {
    /// Those of Set-DINO (methods 4.5): 2,048 hidden, 256 in the bottleneck, 2,048 outputs.
    fn default() -> Self {
        Self { hidden: 2048, bottleneck: 256, outputs: 2048 }
    }
}

/// The projection head.
#[derive(burn::module::Module, Debug)]
pub struct DinoHead<B: Burn = Backend> {
    /// The first layer.
    pub fc1: Linear<B>,
    /// The second layer.
    pub fc2: Linear<B>,
    /// To the bottleneck.
    pub fc3: Linear<B>,
    /// The last layer.
    pub last: Directions<B>,
}

impl DinoHead {
    /// A head for class tokens of `width` numbers.
    ///
    /// ```
    /// use perturbook::nn::dino_head::{DinoHead, DinoHeadConfig};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let config = DinoHeadConfig { hidden: 16, bottleneck: 8, outputs: 20 };
    /// let head = DinoHead::new(24, &config, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &cpu());
    /// let logits = head.forward(Tensor::ones([3, 24], &cpu()));
    /// assert_eq!(logits.dims(), [3, 20]);
    /// assert!(logits.abs().max().into_scalar() <= 1.0 + 1e-5); // cosines
    /// ```
    pub fn new(width: usize, config: &DinoHeadConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let DinoHeadConfig { hidden, bottleneck, outputs } = *config;
        let mut linear = |from, to| Linear::new(from, to, Init::TruncatedNormal(STARTING_STD), rng, device);
        Self {
            fc1: linear(width, hidden),
            fc2: linear(hidden, hidden),
            fc3: linear(hidden, bottleneck),
            last: Directions::new(bottleneck, outputs, rng, device),
        }
    }

    /// Sets (`units x width`) to logits (`units x outputs`).
    pub fn forward(&self, sets: Tensor<2>) -> Tensor<2> {
        self.last.forward(l2_normalise(self.bottleneck(sets), EPSILON))
    }

    /// Sets before they are normalised, `units x bottleneck`.
    pub fn bottleneck(&self, sets: Tensor<2>) -> Tensor<2> {
        self.fc3.forward(gelu(self.fc2.forward(gelu(self.fc1.forward(sets)))))
    }
}

/// A linear layer without bias whose rows have length 1.
///
/// Published checkpoints also hold the gain of every row, which is 1 and never learned: it has no place here.
#[derive(burn::module::Module, Debug)]
pub struct Directions<B: Burn = Backend> {
    /// Rows of any length, `outputs x inputs`; only their directions count.
    pub weight_v: Param<burn::Tensor<B, 2>>,
}

impl Directions {
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self { weight_v: Param::from_tensor(Init::Uniform.weight([outputs, inputs], inputs, outputs, rng, device)) }
    }

    /// The rows with length 1, `outputs x inputs`.
    pub fn weight(&self) -> Tensor<2> {
        l2_normalise(self.weight_v.val(), EPSILON)
    }

    /// `n x inputs` to `n x outputs`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        product(x, self.weight().transpose())
    }
}

/// The mean over runs of `cells` rows: cells (`units cells x width`, those of a unit one after another) to sets
/// (`units x width`).
///
/// ```
/// use perturbook::nn::dino_head::set_mean;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let cells = Tensor::<2>::from_floats([[1.0], [3.0], [10.0], [20.0]], &cpu());
/// assert_eq!(set_mean(cells, 2)?.into_data().to_vec::<f32>().unwrap(), [2.0, 15.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the rows are no whole number of sets.
pub fn set_mean(cells_of_units: Tensor<2>, cells: usize) -> Result<Tensor<2>> {
    let [rows, width] = cells_of_units.dims();
    if cells == 0 || !rows.is_multiple_of(cells) {
        return Err(Error::new(format!("{rows} cells are no whole number of sets of {cells}"))
            .fix("pass as many cells for each unit, those of a unit one after another"));
    }
    if cells == 1 {
        return Ok(cells_of_units);
    }
    Ok(cells_of_units.reshape([rows / cells, cells, width]).mean_dim(1).squeeze_dim(1))
}
