//! [`ResidualBlock`] by hand.
//!
//! ```text
//! first = leaky [norm] x,  second = leaky [norm] [halve] conv1 first,  small = [halve] x
//! y = (conv2 second + [shortcut] small) / sqrt 2
//! ```

use std::f32::consts::FRAC_1_SQRT_2;

use super::{ChannelNorm, Convolution, Normed, Places, Planes, Sink};
use crate::nn::ResidualBlock;

/// The numbers of a residual block.
pub(crate) struct Residual {
    norms: Option<[ChannelNorm; 2]>,
    conv1: Convolution,
    conv2: Convolution,
    shortcut: Option<Convolution>,
    halves: bool,
}

/// What forward leaves for backward.
pub(crate) struct ResidualPass {
    first: Planes,
    second: Planes,
    normed: Option<[Normed; 2]>,
    small: Option<Planes>,
}

impl Residual {
    /// `name` is its path in the network.
    pub(crate) fn of(name: &str, block: &ResidualBlock, places: &mut Places) -> Self {
        let norms = block.norm1.as_ref().zip(block.norm2.as_ref());
        Self {
            norms: norms.map(|(first, second)| {
                [("norm1", first), ("norm2", second)]
                    .map(|(n, norm)| ChannelNorm::of(&format!("{name}.{n}"), norm, places))
            }),
            conv1: Convolution::of(&format!("{name}.conv1"), &block.conv1, places),
            conv2: Convolution::of(&format!("{name}.conv2"), &block.conv2, places),
            shortcut: block.shortcut.as_ref().map(|conv| Convolution::of(&format!("{name}.shortcut"), conv, places)),
            halves: block.halves(),
        }
    }

    fn pooled(&self, x: Planes) -> Planes {
        if self.halves { x.halved() } else { x }
    }

    fn unpooled(&self, dx: Planes, size: [usize; 2]) -> Planes {
        if self.halves { dx.unhalved(size) } else { dx }
    }

    /// What it makes of images.
    pub(crate) fn forward(&self, x: Planes) -> (Planes, ResidualPass) {
        let small = self.pooled(x.clone());
        let (first, norm1) = match &self.norms {
            Some([norm, _]) => some(norm.forward(x)),
            None => (x.leaky(), None),
        };
        let second = self.pooled(self.conv1.forward(&first));
        let (second, norm2) = match &self.norms {
            Some([_, norm]) => some(norm.forward(second)),
            None => (second.leaky(), None),
        };
        let y = self.conv2.forward(&second);
        let (shortcut, small) = match &self.shortcut {
            Some(conv) => (conv.forward(&small), Some(small)),
            None => (small, None),
        };
        let normed = norm1.zip(norm2).map(|(first, second)| [first, second]);
        (y.with(&shortcut, halfway), ResidualPass { first, second, normed, small })
    }

    /// The gradient of images from that of what it made of them.
    pub(crate) fn backward(&self, pass: &ResidualPass, dy: Planes, sink: &mut Sink<'_>) -> Planes {
        let ResidualPass { first, second, normed, small } = pass;
        let dy = dy.map(|d| d * FRAC_1_SQRT_2);
        let before = |d: Planes, which: usize, after: &Planes, sink: &mut Sink<'_>| match (&self.norms, normed) {
            (Some(norms), Some(normed)) => norms[which].backward(d, after, &normed[which], sink.slopes()),
            _ => d.by_slope(after),
        };
        let d = given(self.conv2.backward(second, &dy, sink, true));
        let d = before(d, 1, second, sink);
        let d = given(self.conv1.backward(first, &self.unpooled(d, first.size), sink, true));
        let dx = before(d, 0, first, sink);
        let shortcut = match (&self.shortcut, small) {
            (Some(conv), Some(small)) => given(conv.backward(small, &dy, sink, true)),
            _ => dy,
        };
        dx.with(&self.unpooled(shortcut, first.size), |a, b| a + b)
    }

    /// The change of what it gives for a change of images, of a block without norms; `seen` is shown every convolution, what it
    /// read and how that changes.
    pub(crate) fn tangent(
        &self,
        pass: &ResidualPass,
        change: Planes,
        seen: &mut dyn FnMut(&Convolution, &Planes, &Planes),
    ) -> Planes {
        let small = self.pooled(change.clone());
        let first = change.by_slope(&pass.first);
        seen(&self.conv1, &pass.first, &first);
        let second = self.pooled(self.conv1.tangent(&first)).by_slope(&pass.second);
        seen(&self.conv2, &pass.second, &second);
        let shortcut = match (&self.shortcut, &pass.small) {
            (Some(conv), Some(read)) => {
                seen(conv, read, &small);
                conv.tangent(&small)
            }
            _ => small,
        };
        self.conv2.tangent(&second).with(&shortcut, halfway)
    }
}

/// Images through blocks, one after the other.
pub(crate) fn through(blocks: &[Residual], mut x: Planes) -> (Planes, Vec<ResidualPass>) {
    let mut passes = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (y, pass) = block.forward(x);
        passes.push(pass);
        x = y;
    }
    (x, passes)
}

/// The gradient of images from that of what came [`through`] blocks.
pub(crate) fn backward_through(
    blocks: &[Residual],
    passes: &[ResidualPass],
    dy: Planes,
    sink: &mut Sink<'_>,
) -> Planes {
    blocks.iter().zip(passes).rev().fold(dy, |d, (block, pass)| block.backward(pass, d, sink))
}

fn some((planes, normed): (Planes, Normed)) -> (Planes, Option<Normed>) {
    (planes, Some(normed))
}

/// The gradient that was asked for.
pub(super) fn given(gradient: Option<Planes>) -> Planes {
    gradient.unwrap_or_else(|| Planes::zeros(0, 0, [0; 2]))
}

/// Branch and shortcut together.
pub(super) fn halfway(branch: f32, shortcut: f32) -> f32 {
    (branch + shortcut) * FRAC_1_SQRT_2
}
