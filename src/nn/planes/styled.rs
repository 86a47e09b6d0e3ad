//! [`AdaInBlock`] by hand.
//!
//! ```text
//! (gamma, beta) = W style + b,  norm z = (1 + gamma) u + beta
//! first = [double] leaky norm1 x,  second = leaky norm2 conv1 first
//! y = (conv2 second + [double] [shortcut] x) / sqrt 2
//! ```

use std::f32::consts::FRAC_1_SQRT_2;

use super::residual::{given, halfway};
use super::{Convolution, LinearLayer, Normed, Places, Planes, Sink, Slopes};
use crate::nn::hand::add;
use crate::nn::{AdaIn, AdaInBlock};

/// The numbers of adaptive instance normalisation.
struct Adaptive(LinearLayer);

/// What its forward leaves for backward.
struct AdaptivePass {
    after: Planes,
    normed: Normed,
    gains: Vec<f32>,
}

impl Adaptive {
    fn of(name: &str, layer: &AdaIn, places: &mut Places) -> Self {
        Self(LinearLayer::of(&format!("{name}.fc"), &layer.fc, places))
    }

    /// Styles are `images x style`.
    fn forward(&self, x: Planes, styles: &[f32]) -> AdaptivePass {
        let both = self.0.forward(styles);
        let [channels, images] = [x.channels, x.images];
        // Of image and channel, to channel and image.
        let part = |from: usize, plus: f32| -> Vec<f32> {
            let at = |plane: usize| both[plane % images * 2 * channels + from + plane / images] + plus;
            (0..channels * images).map(at).collect()
        };
        let (gains, offsets) = (part(0, 1.0), part(channels, 0.0));
        let (after, normed) = x.normed(&gains, &offsets);
        AdaptivePass { after, normed, gains }
    }

    /// The gradient of images; that of styles is added to `d_styles`.
    fn backward(
        &self,
        pass: &AdaptivePass,
        d: Planes,
        styles: &[f32],
        slopes: Option<&mut Slopes>,
        d_styles: &mut [f32],
    ) -> Planes {
        let [channels, images] = [d.channels, d.images];
        let (d, found) = d.unnormed(&pass.after, &pass.normed, &pass.gains);
        let mut both = vec![0.0; 2 * channels * images];
        for (half, found) in found.iter().enumerate() {
            for (plane, &slope) in found.iter().enumerate() {
                both[plane % images * 2 * channels + half * channels + plane / images] = slope;
            }
        }
        add(d_styles, &self.0.backward(styles, &both, slopes));
        d
    }
}

/// The numbers of a block under a style.
pub(crate) struct Styled {
    adain1: Adaptive,
    conv1: Convolution,
    adain2: Adaptive,
    conv2: Convolution,
    shortcut: Option<Convolution>,
    doubles: bool,
}

/// What forward leaves for backward.
pub(crate) struct StyledPass {
    norm1: AdaptivePass,
    first: Option<Planes>,
    norm2: AdaptivePass,
    read: Option<Planes>,
}

impl Styled {
    /// `name` is its path in the network.
    pub(crate) fn of(name: &str, block: &AdaInBlock, places: &mut Places) -> Self {
        Self {
            adain1: Adaptive::of(&format!("{name}.adain1"), &block.adain1, places),
            conv1: Convolution::of(&format!("{name}.conv1"), &block.conv1, places),
            adain2: Adaptive::of(&format!("{name}.adain2"), &block.adain2, places),
            conv2: Convolution::of(&format!("{name}.conv2"), &block.conv2, places),
            shortcut: block.shortcut.as_ref().map(|conv| Convolution::of(&format!("{name}.shortcut"), conv, places)),
            doubles: block.doubles(),
        }
    }

    /// What it makes of images under styles, `images x style`.
    pub(crate) fn forward(&self, x: Planes, styles: &[f32]) -> (Planes, StyledPass) {
        let grown = |x: &Planes| self.doubles.then(|| x.doubled());
        let (shortcut, read) = match &self.shortcut {
            Some(conv) => (conv.forward(&x), Some(x.clone())),
            None => (x.clone(), None),
        };
        let norm1 = self.adain1.forward(x, styles);
        let first = grown(&norm1.after);
        let second = self.conv1.forward(first.as_ref().unwrap_or(&norm1.after));
        let norm2 = self.adain2.forward(second, styles);
        let y = self.conv2.forward(&norm2.after).with(grown(&shortcut).as_ref().unwrap_or(&shortcut), halfway);
        (y, StyledPass { norm1, first, norm2, read })
    }

    /// The gradient of images from that of what it made of them; that of styles is added to `d_styles`.
    pub(crate) fn backward(
        &self,
        pass: &StyledPass,
        styles: &[f32],
        dy: Planes,
        sink: &mut Sink<'_>,
        d_styles: &mut [f32],
    ) -> Planes {
        let StyledPass { norm1, first, norm2, read } = pass;
        let shrunk = |d: Planes| if self.doubles { d.undoubled() } else { d };
        let dy = dy.map(|d| d * FRAC_1_SQRT_2);
        let d = given(self.conv2.backward(&norm2.after, &dy, sink, true));
        let d = self.adain2.backward(norm2, d, styles, sink.slopes(), d_styles);
        let d = shrunk(given(self.conv1.backward(first.as_ref().unwrap_or(&norm1.after), &d, sink, true)));
        let dx = self.adain1.backward(norm1, d, styles, sink.slopes(), d_styles);
        let shortcut = match (&self.shortcut, read) {
            (Some(conv), Some(read)) => given(conv.backward(read, &shrunk(dy), sink, true)),
            _ => shrunk(dy),
        };
        dx.with(&shortcut, |a, b| a + b)
    }
}
