//! The network of any variant, behind one set of functions.

use burn::module::Module;
use burn::tensor::{Int, TensorData};
use ndarray::{Array2, Array4, ArrayD, ArrayView2};
use rand_chacha::ChaCha8Rng;

use super::by_hand::ByHand;
use super::{ContrastiveVae, McVaeSettings, Vae};
use crate::nn::State;
use crate::tensor::{Backend, Device, Gradients, Tensor, cat};
use crate::train::{Adam, NamedGradients};
use crate::{Error, Result};

/// Whole numbers, one for each cell.
pub(super) type Indices = burn::Tensor<Backend, 1, Int>;

/// A network of two spaces or of one.
#[derive(Clone, Debug)]
pub(super) enum Net {
    Contrastive(Box<ContrastiveVae>),
    Plain(Box<Vae>),
}

impl Net {
    /// With first numbers as the reference code has them.
    pub(super) fn new(settings: &McVaeSettings, sizes: [usize; 3], rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [channels, batches, labels] = sizes;
        let config = settings.network(channels, batches, labels);
        if settings.variant.is_contrastive() {
            Self::Contrastive(Box::new(ContrastiveVae::new(&config, rng, device)))
        } else {
            Self::Plain(Box::new(Vae::new(&config.net, settings.dims(), rng, device)))
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::Contrastive(net) => State::of(&**net),
            Self::Plain(net) => State::of(&**net),
        }
    }

    /// The same network with these numbers.
    pub(super) fn with(&self, state: &State) -> Result<Self> {
        Ok(match self {
            Self::Contrastive(net) => Self::Contrastive(Box::new(state.load_into((**net).clone())?)),
            Self::Plain(net) => Self::Plain(Box::new(state.load_into((**net).clone())?)),
        })
    }

    /// The same network, nothing of which is recorded.
    pub(super) fn unrecorded(&self) -> Self {
        match self {
            Self::Contrastive(net) => Self::Contrastive(Box::new((**net).clone().no_grad())),
            Self::Plain(net) => Self::Plain(Box::new((**net).clone().no_grad())),
        }
    }

    /// The gradients of all parameters.
    pub(super) fn gradients(&self, gradients: &Gradients) -> Result<NamedGradients> {
        match self {
            Self::Contrastive(net) => NamedGradients::of(&**net, gradients).of_all(&**net),
            Self::Plain(net) => NamedGradients::of(&**net, gradients).of_all(&**net),
        }
    }

    /// Those of a loss, the sum of both, whose pass went through the convolutions by hand.
    pub(super) fn gradients_by_hand(
        &self,
        by: ByHand,
        likelihood: Tensor<1>,
        rest: Tensor<1>,
    ) -> Result<NamedGradients> {
        match self {
            Self::Contrastive(net) => by.gradients(&**net, likelihood, rest).of_all(&**net),
            Self::Plain(net) => by.gradients(&**net, likelihood, rest).of_all(&**net),
        }
    }

    /// The network after a step of the optimiser.
    pub(super) fn moved(&self, adam: &mut Adam, gradients: &NamedGradients) -> Self {
        match self {
            Self::Contrastive(net) => Self::Contrastive(Box::new(adam.step((**net).clone(), gradients))),
            Self::Plain(net) => Self::Plain(Box::new(adam.step((**net).clone(), gradients))),
        }
    }

    /// The embedding of images, salient dimensions first.
    pub(super) fn codes(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Contrastive(net) => {
                let (s, z) = net.embed(images);
                cat(vec![s.mean, z.mean], 1)
            }
            Self::Plain(net) => net.embed(images).mean,
        }
    }

    /// Images of codes, `n x dims` with salient dimensions first.
    pub(super) fn decode(&self, codes: Tensor<2>, batch: Indices) -> Tensor<4> {
        match self {
            Self::Contrastive(net) => {
                let half = codes.dims()[1] / 2;
                let (s, z) = (codes.clone().narrow(1, 0, half), codes.narrow(1, half, half));
                net.decode(z, s, batch).1
            }
            Self::Plain(net) => net.decode(codes),
        }
    }

    /// The logarithm of the standard deviation of pixels.
    pub(super) fn log_scale(&self) -> Tensor<1> {
        match self {
            Self::Contrastive(net) => net.log_scale(),
            Self::Plain(net) => net.log_scale(),
        }
    }
}

/// Images on a device.
pub(super) fn images_on(images: Array4<f32>, device: &Device) -> Tensor<4> {
    let (n, c, h, w) = images.dim();
    let values = images.as_slice().map_or_else(|| images.iter().copied().collect(), <[f32]>::to_vec);
    Tensor::from_data(TensorData::new(values, [n, c, h, w]), device)
}

/// Rows of numbers on a device.
pub(super) fn rows_on(rows: ArrayView2<'_, f32>, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(rows.iter().copied().collect::<Vec<f32>>(), [rows.nrows(), rows.ncols()]), device)
}

/// Whole numbers on a device.
pub(super) fn indices_on(values: &[i32], device: &Device) -> Indices {
    Indices::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// A tensor's numbers.
pub(super) fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<ArrayD<f32>> {
    let shape = tensor.dims();
    let failed = |what: String| Error::new(format!("the network's numbers cannot be read: {what}"));
    let values = tensor.into_data().convert::<f32>().into_vec::<f32>().map_err(|e| failed(format!("{e:?}")))?;
    ArrayD::from_shape_vec(shape.as_slice(), values).map_err(|e| failed(e.to_string()))
}

/// A matrix's numbers.
pub(super) fn matrix(tensor: Tensor<2>) -> Result<Array2<f32>> {
    let failed = |e: ndarray::ShapeError| Error::new(format!("the network's numbers have no two sides: {e}"));
    numbers(tensor)?.into_dimensionality().map_err(failed)
}

/// The numbers of images.
pub(super) fn images_of(tensor: Tensor<4>) -> Result<Array4<f32>> {
    let failed = |e: ndarray::ShapeError| Error::new(format!("the network's numbers are no images: {e}"));
    numbers(tensor)?.into_dimensionality().map_err(failed)
}
