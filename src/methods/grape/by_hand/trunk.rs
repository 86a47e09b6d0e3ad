//! What discriminator and style encoder have in common, by hand.

use crate::methods::grape::trunk::{DOWN, Trunk};
use crate::nn::planes::{Convolution, Places, Planes, Residual, ResidualPass, Sink, backward_through, through};

/// The numbers of a trunk.
pub(super) struct HandTrunk {
    stem: Convolution,
    downs: Vec<Residual>,
    head: Convolution,
}

/// What forward leaves for backward.
pub(super) struct TrunkPass {
    images: Planes,
    downs: Vec<ResidualPass>,
    before: Planes,
    after: Planes,
    /// What the trunk gives, `images x width`.
    pub(super) pooled: Vec<f32>,
}

impl HandTrunk {
    /// `prefix` is the path of the network, with a dot where it is not empty.
    pub(super) fn of(prefix: &str, trunk: &Trunk<'_>, places: &mut Places) -> Self {
        let stem = Convolution::of(&format!("{prefix}stem"), trunk.stem, places);
        let downs = DOWN.into_iter().zip(trunk.downs);
        let downs =
            downs.filter_map(|(name, block)| Some(Residual::of(&format!("{prefix}{name}"), block.as_ref()?, places)));
        let downs = downs.collect();
        Self { stem, downs, head: Convolution::of(&format!("{prefix}head_conv"), trunk.head_conv, places) }
    }

    pub(super) fn forward(&self, images: Planes) -> TrunkPass {
        let (x, downs) = through(&self.downs, self.stem.forward(&images));
        let before = x.leaky();
        let after = self.head.forward(&before).leaky();
        let pooled = after.means();
        TrunkPass { images, downs, before, after, pooled }
    }

    /// The gradient of images, where it is wanted, from that of what the trunk gave.
    pub(super) fn backward(
        &self,
        pass: &TrunkPass,
        d_pooled: &[f32],
        sink: &mut Sink<'_>,
        wanted: bool,
    ) -> Option<Planes> {
        let TrunkPass { images, downs, before, after, .. } = pass;
        let d = Planes::of_means(d_pooled, after.channels, after.images, after.size).by_slope(after);
        let d = self.head.backward(before, &d, sink, true)?.by_slope(before);
        let d = backward_through(&self.downs, downs, d, sink);
        self.stem.backward(images, &d, sink, wanted)
    }

    /// The change of what the trunk gives for a change of images; `seen` is shown every convolution, what it read and how that
    /// changes.
    pub(super) fn tangent(
        &self,
        pass: &TrunkPass,
        change: Planes,
        seen: &mut dyn FnMut(&Convolution, &Planes, &Planes),
    ) -> Vec<f32> {
        seen(&self.stem, &pass.images, &change);
        let mut x = self.stem.tangent(&change);
        for (block, pass) in self.downs.iter().zip(&pass.downs) {
            x = block.tangent(pass, x, seen);
        }
        let x = x.by_slope(&pass.before);
        seen(&self.head, &pass.before, &x);
        self.head.tangent(&x).by_slope(&pass.after).means()
    }
}
