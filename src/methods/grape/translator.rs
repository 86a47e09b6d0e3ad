//! The networks that learn together against the discriminator: gene table, mapping network, generator, style encoder.
//!
//! ```text
//! s = F(M[z])        style of gene z
//! x' = G(x, s)       image x as if z had been perturbed
//! ```

use burn::module::{Module, Param};
use burn::tensor::Int;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{GeneAttention, Generator, Mapping, NetworkConfig, StyleEncoder};
use crate::Result;
use crate::nn::normal;
use crate::tensor::{Backend, Device, Tensor};

/// Gene table, mapping network, generator and style encoder.
#[derive(Module, Debug)]
pub struct Translator<B: Burn = Backend> {
    /// M: one row for each class, `classes x code`; the representation of genes.
    pub table: Param<burn::Tensor<B, 2>>,
    /// Self-attention on the table, the paper's variant.
    pub attention: Option<GeneAttention<B>>,
    /// F.
    pub mapping: Mapping<B>,
    /// G.
    pub generator: Generator<B>,
    /// E.
    pub style_encoder: StyleEncoder<B>,
}

impl Translator {
    /// With first numbers drawn: the table standard normal, all layers Kaiming normal.
    ///
    /// ```
    /// use perturbook::methods::grape::{NetworkConfig, Translator};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let config = NetworkConfig { base: 4, widest: 8, blocks: 3, ..NetworkConfig::default() };
    /// let translator = Translator::new(&config, &mut rng, &cpu())?;
    /// let style = translator.style(burn::Tensor::from_ints([106, 0], &cpu()));
    /// let images = translator.generator.forward(Tensor::ones([2, 4, 32, 32], &cpu()), style);
    /// assert_eq!(images.dims(), [2, 4, 32, 32]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`NetworkConfig::check_sizes`].
    pub fn new(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        config.check_sizes()?;
        Ok(Self {
            table: Param::from_tensor(normal([config.classes, config.code], 1.0, rng, device)),
            attention: config.attention.then(|| GeneAttention::new(config.code, rng, device)),
            mapping: Mapping::new(config, rng, device),
            generator: Generator::new(config, rng, device)?,
            style_encoder: StyleEncoder::new(config, rng, device)?,
        })
    }

    /// The table as the mapping network sees it: after self-attention, if there is one.
    pub fn codes(&self) -> Tensor<2> {
        match &self.attention {
            Some(attention) => attention.forward(self.table.val()),
            None => self.table.val(),
        }
    }

    /// The styles of these classes, `n x style`.
    pub fn style(&self, classes: burn::Tensor<Backend, 1, Int>) -> Tensor<2> {
        self.mapping.forward(self.codes().select(0, classes))
    }
}
