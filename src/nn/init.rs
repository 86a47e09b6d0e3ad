//! How the numbers of a layer start: the rules of the methods' reference code, drawn from a seeded stream.
//!
//! ```text
//! Uniform           weight and bias uniform in +-1/sqrt(fan in)      the default of the common frameworks
//! KaimingIn         weight normal, std sqrt(2 / fan in), bias 0
//! KaimingOut        weight normal, std sqrt(2 / fan out), bias 0
//! TruncatedNormal   weight normal, std given, cut at +-2; bias 0
//! ```
//!
//! The fans of a linear layer are its inputs and outputs; those of a convolution are multiplied by the pixels of its
//! kernel. A transposed convolution keeps its weight as `in x out x k x k` and the frameworks take the second side for
//! its inputs, which is followed here.

use burn::tensor::TensorData;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::tensor::{Device, Tensor};

/// The standard deviation that vision transformers and what stands on them start with.
pub(crate) const STARTING_STD: f64 = 0.02;

/// A rule for the first numbers of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Init {
    /// Uniform in `+-1/sqrt(fan in)`, the bias too.
    #[default]
    Uniform,
    /// Normal with standard deviation `sqrt(2 / fan in)`, bias 0.
    KaimingIn,
    /// Normal with standard deviation `sqrt(2 / fan out)`, bias 0.
    KaimingOut,
    /// Normal with this standard deviation, drawn again beyond `+-2`, bias 0.
    TruncatedNormal(f64),
}

impl Init {
    /// A weight of this shape.
    ///
    /// ```
    /// use perturbook::nn::Init;
    /// use perturbook::tensor::cpu;
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let weight = Init::Uniform.weight([50, 100], 100, 50, &mut rng, &cpu());
    /// assert!(weight.abs().max().into_scalar() <= 0.1); // 1 / sqrt(100)
    /// ```
    pub fn weight<const D: usize>(
        self,
        shape: [usize; D],
        fan_in: usize,
        fan_out: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Tensor<D> {
        match self {
            Self::Uniform => uniform(shape, 1.0 / (fan_in as f32).sqrt(), rng, device),
            Self::KaimingIn => normal(shape, (2.0 / fan_in as f32).sqrt(), rng, device),
            Self::KaimingOut => normal(shape, (2.0 / fan_out as f32).sqrt(), rng, device),
            Self::TruncatedNormal(std) => {
                let std = std as f32;
                let draw = |rng: &mut ChaCha8Rng| {
                    loop {
                        let value: f32 = StandardNormal.sample(rng);
                        if (value * std).abs() <= 2.0 {
                            return value * std;
                        }
                    }
                };
                filled(shape, device, || draw(rng))
            }
        }
    }

    /// The bias that goes with it.
    pub fn bias(self, outputs: usize, fan_in: usize, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<1> {
        match self {
            Self::Uniform => uniform([outputs], 1.0 / (fan_in as f32).sqrt(), rng, device),
            _ => Tensor::zeros([outputs], device),
        }
    }
}

/// Numbers uniform in `-bound..bound`.
pub fn uniform<const D: usize>(shape: [usize; D], bound: f32, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<D> {
    filled(shape, device, || rng.random_range(-bound..bound))
}

/// Normal numbers with mean 0.
pub fn normal<const D: usize>(shape: [usize; D], std: f32, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<D> {
    filled(shape, device, || {
        let value: f32 = StandardNormal.sample(rng);
        value * std
    })
}

fn filled<const D: usize>(shape: [usize; D], device: &Device, mut draw: impl FnMut() -> f32) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| draw()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
