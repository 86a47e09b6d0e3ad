//! Mixed precision: forward and backward passes in numbers of half the size, weights and optimiser in `f32`.
//!
//! ```text
//! weights (f32) -> cast -> network (bf16) -> loss (f32) -> gradients of the cast weights -> cast -> gradients (f32)
//! ```
//!
//! The cast is an operation like others: gradients pass through it to the `f32` weights, so that an optimiser sees no
//! difference. Only `bf16` is offered: it has the exponents of `f32`, while gradients in `f16` fall below its smallest
//! number unless losses are scaled.
//!
//! Two numbers of an operation must be of one type. A network that makes constants of its own in `f32` inside its forward
//! pass cannot take part, and neither can one with running averages: they would be those of the cast copy. On the CPU every
//! operation converts and the result is slower, there it serves to compare numbers; what it gains is on GPUs with units
//! for `bf16` (compute capability 8.0 and above), where it was not measured.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use crate::tensor::{Backend, Tensor};

/// The type of numbers in forward and backward passes.
///
/// ```
/// use perturbook::nn::{Init, Linear};
/// use perturbook::tensor::{Device, Tensor, cpu};
/// use perturbook::train::{NamedGradients, Precision};
/// use rand::SeedableRng;
///
/// let device = Device::autodiff(cpu());
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let net = Linear::new(2, 1, Init::Uniform, &mut rng, &device);
/// let x = Tensor::<2>::from_floats([[1.0, 1.001]], &device);
/// let half = Precision::Bf16;
/// let y = Precision::full(half.network(&net).forward(half.tensor(x)));
/// let gradients = NamedGradients::of(&net, &y.sum().backward()); // of the weights in `f32`
/// let weight = gradients.get("weight").unwrap().to_data().to_vec::<f32>().unwrap();
/// assert_eq!(weight, [1.0, 1.0]); // 1.001 has no number of its own in `bf16`
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits, 24 of them for digits.
    #[default]
    F32,
    /// 16 bits, 8 of them for digits: two to three decimal places.
    Bf16,
}

impl Precision {
    /// The network with weights of this type, for one forward pass; gradients are those of the network given.
    #[must_use]
    pub fn network<M: Module<Backend>>(self, network: &M) -> M {
        match self {
            Self::F32 => network.clone(),
            Self::Bf16 => network.clone().map(&mut Caster),
        }
    }

    /// What goes into such a network.
    #[must_use]
    pub fn tensor<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::F32 => Self::full(x),
            Self::Bf16 => x.cast(FloatDType::BF16),
        }
    }

    /// What came out of such a network, in `f32` for the loss; no operation where it is `f32` already.
    #[must_use]
    pub fn full<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        x.cast(FloatDType::F32)
    }
}

struct Caster;

impl ModuleMapper<Backend> for Caster {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, weight, mapper) = param.consume();
        Param::from_mapped_value(id, weight.cast(FloatDType::BF16), mapper)
    }
}
