//! The style encoder by hand.

use super::trunk::{HandTrunk, TrunkPass};
use crate::methods::grape::StyleEncoder;
use crate::nn::planes::{LinearLayer, Places, Planes, Sink};

/// The numbers of a style encoder.
pub(super) struct HandStyleEncoder {
    trunk: HandTrunk,
    head: LinearLayer,
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
        Self { trunk, head: LinearLayer::of(&format!("{prefix}head_fc"), &encoder.head_fc, places) }
    }

    pub(super) fn forward(&self, images: Planes) -> StylePass {
        let trunk = self.trunk.forward(images);
        let styles = self.head.forward(&trunk.pooled);
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
        let d_pooled = self.head.backward(&pass.trunk.pooled, d_styles, sink.slopes());
        self.trunk.backward(&pass.trunk, &d_pooled, sink, wanted)
    }
}
