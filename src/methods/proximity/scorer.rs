//! The cell scorer of the proximity-bias filter: how likely each cell carries the bias, q times.
//!
//! ```text
//! cells x d -> linear, LayerNorm, GELU -> linear, LayerNorm, GELU -> linear -> sigmoid: cells x q
//! ```
//!
//! Every cell is scored by itself, so that wells of any size can be scored afterwards.

use burn::module::Module;
use burn::tensor::activation::sigmoid;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use crate::nn::{Init, LayerNorm, Linear, gelu};
use crate::tensor::{Backend, Device, Tensor};

/// The epsilon of the layer normalisations.
const EPSILON: f64 = 1e-5;

/// The network.
#[derive(Module, Debug)]
pub struct Scorer<B: Burn = Backend> {
    pub(super) fc1: Linear<B>,
    pub(super) ln1: LayerNorm<B>,
    pub(super) fc2: Linear<B>,
    pub(super) ln2: LayerNorm<B>,
    pub(super) fc3: Linear<B>,
}

impl Scorer {
    /// A scorer for embeddings of `dims` dimensions with two hidden layers (256 and 64 in the paper's setting) and q
    /// `slots`.
    ///
    /// ```
    /// use perturbook::methods::proximity::Scorer;
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let scorer = Scorer::new(12, [10, 6], 3, &mut rng, &cpu());
    /// let scores = scorer.forward(Tensor::zeros([4, 30, 12], &cpu())); // four wells of thirty cells
    /// assert_eq!(scores.dims(), [4, 30, 3]);
    /// ```
    pub fn new(dims: usize, hidden: [usize; 2], slots: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [first, second] = hidden;
        let mut linear = |inputs, outputs| Linear::new(inputs, outputs, Init::Uniform, rng, device);
        Self {
            fc1: linear(dims, first),
            ln1: LayerNorm::new(first, EPSILON, device),
            fc2: linear(first, second),
            ln2: LayerNorm::new(second, EPSILON, device),
            fc3: linear(second, slots),
        }
    }

    /// The layers of `wells x cells x d`: both hidden ones, and the scores before the sigmoid.
    pub fn layers(&self, cells: Tensor<3>) -> [Tensor<3>; 3] {
        let first = gelu(self.ln1.forward(self.fc1.forward(cells)));
        let second = gelu(self.ln2.forward(self.fc2.forward(first.clone())));
        let logits = self.fc3.forward(second.clone());
        [first, second, logits]
    }

    /// `wells x cells x d` to scores within 0 and 1, `wells x cells x q`; high means biased.
    pub fn forward(&self, cells: Tensor<3>) -> Tensor<3> {
        let [.., logits] = self.layers(cells);
        sigmoid(logits)
    }
}
