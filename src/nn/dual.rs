//! Forward-mode differentiation: an image batch together with a change of it, carried through a network's layers.
//!
//! ```text
//! (x, dx) -> (f(x), J dx),    J = df/dx at x
//! convolution     J dx = W * dx                                   the bias drops out
//! leaky rectifier J dx = slope(x) dx
//! halving         J dx = halved(dx)
//! instance norm   J dx = weight (c - y mean(y c)) / std           c = dx - mean(dx), y = (x - mean) / std
//! ```
//!
//! `J dx` is made of ordinary operations on the weights, so that one backward pass gives its gradient for them: with
//! `dx = df/dx` held constant, that of the squared length of an image gradient, which otherwise needs derivatives of
//! derivatives.

use burn::module::Param;

use super::instance_norm::EPSILON;
use super::leaky::leaky_slope;
use super::rows::{centred, image_rows, of_images};
use super::{Conv, InstanceNorm, halved};
use crate::tensor::Tensor;

/// Values and their change, both `n x channels x rows x columns`.
///
/// ```
/// use perturbook::nn::{Conv, Dual, Init};
/// use perturbook::tensor::{Tensor, cpu};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let conv = Conv::new([1, 1], 1, Init::Uniform, &mut rng, &cpu());
/// let one = || Tensor::<4>::ones([1, 1, 1, 1], &cpu());
/// let weight = conv.weight.val().into_scalar();
/// let y = Dual { value: one(), change: one() }.conv(&conv).leaky_relu();
/// let slope = if y.value.into_scalar() > 0.0 { 1.0 } else { 0.2 };
/// assert_eq!(y.change.into_scalar(), weight * slope); // the bias has no part in it
/// ```
#[derive(Clone, Debug)]
pub struct Dual {
    /// The values.
    pub value: Tensor<4>,
    /// Their change.
    pub change: Tensor<4>,
}

impl Dual {
    /// Through a convolution.
    pub fn conv(self, conv: &Conv) -> Self {
        Self { value: conv.forward(self.value), change: conv.tangent(self.change) }
    }

    /// Through [`leaky_relu`](super::leaky_relu).
    pub fn leaky_relu(self) -> Self {
        let slope = leaky_slope(&self.value);
        Self { value: self.value * slope.clone(), change: self.change * slope }
    }

    /// Through [`halved`].
    pub fn halved(self) -> Self {
        Self { value: halved(self.value), change: halved(self.change) }
    }

    /// Through an instance normalisation.
    pub fn instance_norm(self, norm: &InstanceNorm) -> Self {
        let shape = self.value.dims();
        let of = |param: &Param<Tensor<1>>| of_images(param.val(), shape[0]);
        let (centred, inverse) = centred(image_rows(self.value), EPSILON);
        let scale = inverse.clone() * of(&norm.weight);
        let unit = centred.clone() * inverse;
        let change = image_rows(self.change);
        let change = change.clone() - change.mean_dim(1);
        let along = (unit.clone() * change.clone()).mean_dim(1);
        let change = (change - unit * along) * scale.clone();
        let value = centred * scale + of(&norm.bias);
        Self { value: value.reshape(shape), change: change.reshape(shape) }
    }

    /// Both sums, divided by `scale`.
    pub(super) fn sum(self, other: Self, scale: f64) -> Self {
        Self { value: (self.value + other.value) / scale, change: (self.change + other.change) / scale }
    }
}
