//! The style encoder by hand.

use super::trunk::{HandTrunk, TrunkPass};
use crate::methods::grape::StyleEncoder;
use crate::nn::hand::{Affine, add};
use crate::nn::planes::{Places, Planes, Sink};

/// The numbers of a style encoder.
pub(super) struct HandStyleEncoder {
    trunk: HandTrunk,
    affine: Affine,
    places: [usize; 2],
}

/// What forward leaves for backward.
pub(super) struct StylePass {
    trunk: TrunkPass,
    /// `images x style`.
    pub(super) styles: Vec<f32>,
}

impl HandStyleEncoder {
    pub(super) fn of(prefix: &str, encoder: &StyleEncoder, places: &mut Places) -> Self {
        let trunk = HandTrunk::of(prefix, &encoder.trunk(), places);
        let affine = Affine::of(&encoder.head_fc);
        let lengths = [("weight", affine.inputs() * affine.outputs()), ("bias", affine.outputs())];
        let places = lengths.map(|(what, length)| places.plain(format!("{prefix}head_fc.{what}"), length));
        Self { trunk, affine, places }
    }

    pub(super) fn forward(&self, images: Planes) -> StylePass {
        let trunk = self.trunk.forward(images);
        let styles = self.affine.forward(&trunk.pooled);
        StylePass { trunk, styles }
    }

    /// The gradient of images, where it is wanted, from that of their styles.
    pub(super) fn backward(
        &self,
        pass: &StylePass,
        d_styles: &[f32],
        sink: &mut Sink<'_>,
        wanted: bool,
    ) -> Option<Planes> {
        if let Sink::Learn(slopes) = sink {
            for (place, found) in self.places.into_iter().zip(self.affine.gradients(&pass.trunk.pooled, d_styles)) {
                add(slopes.at(place), &found);
            }
        }
        self.trunk.backward(&pass.trunk, &self.affine.onward(d_styles), sink, wanted)
    }
}
