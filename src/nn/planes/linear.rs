//! A linear layer with places for its gradients.

use super::{Places, Slopes};
use crate::nn::Linear;
use crate::nn::hand::{Affine, add};

/// The numbers of a linear layer.
pub(crate) struct LinearLayer {
    affine: Affine,
    places: [usize; 2],
}

impl LinearLayer {
    /// `name` is its path in the network.
    pub(crate) fn of(name: &str, linear: &Linear, places: &mut Places) -> Self {
        let affine = Affine::of(linear);
        let lengths = [("weight", affine.inputs() * affine.outputs()), ("bias", affine.outputs())];
        let places = lengths.map(|(what, length)| places.plain(format!("{name}.{what}"), length));
        Self { affine, places }
    }

    /// `rows x inputs` to `rows x outputs`.
    pub(crate) fn forward(&self, x: &[f32]) -> Vec<f32> {
        self.affine.forward(x)
    }

    /// The gradient of what it read from that of what it gave; those of weight and bias are added where they are wanted.
    pub(crate) fn backward(&self, x: &[f32], slope: &[f32], slopes: Option<&mut Slopes>) -> Vec<f32> {
        if let Some(slopes) = slopes {
            for (place, found) in self.places.into_iter().zip(self.affine.gradients(x, slope)) {
                add(slopes.at(place), &found);
            }
        }
        self.affine.onward(slope)
    }
}
