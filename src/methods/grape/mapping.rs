//! The mapping network F, from a gene's row of the table to its style.
//!
//! ```text
//! n x code -> linear hidden, ReLU -> linear hidden, ReLU -> linear style        one head for all genes, no noise
//! ```

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{INIT, NetworkConfig};
use crate::nn::Linear;
use crate::tensor::{Backend, Device, Tensor};

/// The mapping network.
#[derive(Module, Debug)]
pub struct Mapping<B: Burn = Backend> {
    fc1: Linear<B>,
    fc2: Linear<B>,
    fc3: Linear<B>,
}

impl Mapping {
    /// With first numbers drawn.
    ///
    /// ```
    /// use burn::module::Module;
    /// use perturbook::methods::grape::{Mapping, NetworkConfig};
    /// use perturbook::tensor::cpu;
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// assert_eq!(Mapping::new(&NetworkConfig::default(), &mut rng, &cpu()).num_params(), 552_000);
    /// ```
    pub fn new(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let NetworkConfig { code, hidden, style, .. } = *config;
        Self {
            fc1: Linear::new(code, hidden, INIT, rng, device),
            fc2: Linear::new(hidden, hidden, INIT, rng, device),
            fc3: Linear::new(hidden, style, INIT, rng, device),
        }
    }

    /// What follows each of the three layers; the last is the style.
    pub fn activations(&self, code: Tensor<2>) -> [Tensor<2>; 3] {
        let first = relu(self.fc1.forward(code));
        let second = relu(self.fc2.forward(first.clone()));
        let style = self.fc3.forward(second.clone());
        [first, second, style]
    }

    /// `n x code` to `n x style`.
    pub fn forward(&self, code: Tensor<2>) -> Tensor<2> {
        let [.., style] = self.activations(code);
        style
    }
}
