//! One block of a vision transformer: attention between tokens, then a small network on each token.
//!
//! ```text
//! x <- x + s1 proj(attention(norm1(x)))
//! x <- x + s2 fc2(gelu(fc1(norm2(x))))
//! ```
//!
//! `s1` and `s2` are 1, or stochastic depth's numbers for each item while the network learns.

use burn::module::Param;
use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::VitConfig;
use crate::nn::{Init, LayerNorm, Linear, STARTING_STD, gelu};
use crate::tensor::{Backend, Device, Tensor, product};

/// A block; tokens are `n x tokens x width`.
#[derive(burn::module::Module, Debug)]
pub struct Block<B: Burn = Backend> {
    /// Before attention.
    pub norm1: LayerNorm<B>,
    /// Queries, keys and values of all heads, `3 width x width`: the outputs are `3 x heads x width / heads`.
    pub qkv: Linear<B>,
    /// After attention.
    pub proj: Linear<B>,
    /// Before the network of each token.
    pub norm2: LayerNorm<B>,
    /// Its first layer.
    pub fc1: Linear<B>,
    /// Its second layer.
    pub fc2: Linear<B>,
    heads: usize,
}

impl Block {
    pub(super) fn new(config: &VitConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let (width, hidden) = (config.width, config.width * config.mlp_ratio);
        let mut linear =
            |inputs, outputs| Linear::new(inputs, outputs, Init::TruncatedNormal(STARTING_STD), rng, device);
        Self {
            qkv: linear(width, 3 * width),
            proj: linear(width, width),
            fc1: linear(width, hidden),
            fc2: linear(hidden, width),
            norm1: LayerNorm::new(width, config.epsilon, device),
            norm2: LayerNorm::new(width, config.epsilon, device),
            heads: config.heads,
        }
    }

    /// The tokens after this block.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.mixed(self.norm1.forward(x));
        x.clone() + self.of_token(self.norm2.forward(x))
    }

    /// The same with what each item's two additions are multiplied by, `n x 1 x 1` each; none where nothing is dropped.
    pub fn forward_training(&self, x: Tensor<3>, scales: Option<[Tensor<3>; 2]>) -> Tensor<3> {
        let Some([first, second]) = scales else { return self.forward(x) };
        let x = x.clone() + self.mixed(self.norm1.forward(x)) * first;
        x.clone() + self.of_token(self.norm2.forward(x)) * second
    }

    /// How much each token attends to each, by head: `n x heads x tokens x tokens`, rows sum to 1.
    pub fn attention(&self, x: Tensor<3>) -> Tensor<4> {
        let [queries, keys] = self.projected(self.norm1.forward(x));
        attention(queries, keys)
    }

    /// Attention of normalised tokens.
    fn mixed(&self, x: Tensor<3>) -> Tensor<3> {
        let shape = x.dims();
        let [queries, keys, values] = self.projected(x);
        let mixed = product(attention(queries, keys), values);
        self.proj.forward(mixed.swap_dims(1, 2).reshape(shape))
    }

    /// Queries, keys and values, each `n x heads x tokens x width / heads`. The weight is cut and not the product: it is
    /// the smaller of the two, and its gradient is put together again.
    fn projected<const PARTS: usize>(&self, x: Tensor<3>) -> [Tensor<4>; PARTS] {
        let [n, tokens, width] = x.dims();
        let (weight, bias) = (self.qkv.weight.val(), self.qkv.bias.as_ref().map(Param::val));
        let x = x.reshape([n * tokens, width]);
        std::array::from_fn(|part| {
            let y = product(x.clone(), weight.clone().narrow(0, part * width, width).transpose());
            let y = match &bias {
                Some(bias) => y + bias.clone().narrow(0, part * width, width).unsqueeze(),
                None => y,
            };
            y.reshape([n, tokens, self.heads, width / self.heads]).swap_dims(1, 2)
        })
    }

    fn of_token(&self, x: Tensor<3>) -> Tensor<3> {
        self.fc2.forward(gelu(self.fc1.forward(x)))
    }
}

/// `softmax(Q K^T / sqrt(width of a head))`.
fn attention(queries: Tensor<4>, keys: Tensor<4>) -> Tensor<4> {
    let scale = (queries.dims()[3] as f64).powf(-0.5);
    softmax(product(queries * scale, keys.transpose()), 3)
}
