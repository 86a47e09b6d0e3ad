//! The discriminator by hand, and the gradient of the R1 penalty.
//!
//! With `v = dD/dx`, the gradient of `|v|^2 / 2` is that of `J v`, the change of `D` for a change `v` of the image, `v` held
//! constant. `D` consists of convolutions, rectifiers and means, so `J v` is `D` itself without biases and with the slopes of the
//! rectifiers held: what flows backward through it is what flowed backward to find `v`. Of a convolution that read `x`, whose
//! change for `v` is `x'`, and whose result has the gradient `y` in `D`, the gradients of the weight are
//!
//! ```text
//! of c D + gamma |v|^2 / 2        y U(c x + gamma x')^T
//! ```
//!
//! so that the penalty costs a pass backward and one forward, and no second derivative.

use std::ops::Range;

use super::trunk::{HandTrunk, TrunkPass};
use crate::methods::grape::Discriminator;
use crate::nn::hand::{add, dot};
use crate::nn::numbers;
use crate::nn::planes::{Places, Planes, Sink, Slopes};

/// The numbers of a discriminator.
pub(super) struct HandDiscriminator {
    trunk: HandTrunk,
    /// `classes x width`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    weight_place: usize,
    bias_place: usize,
    places: usize,
}

/// What forward leaves for backward.
pub(super) struct DiscriminatorPass {
    trunk: TrunkPass,
    classes: Vec<usize>,
    /// The logit of each image for its class.
    pub(super) logits: Vec<f32>,
}

impl HandDiscriminator {
    pub(super) fn of(discriminator: &Discriminator, places: &mut Places) -> Self {
        let trunk = HandTrunk::of("", &discriminator.trunk(), places);
        let head = &discriminator.head_out;
        let weight = numbers(head.weight.val());
        let bias = head.bias.as_ref().map_or_else(Vec::new, |bias| numbers(bias.val()));
        let weight_place = places.plain("head_out.weight".to_owned(), weight.len());
        let bias_place = places.plain("head_out.bias".to_owned(), bias.len());
        Self { trunk, weight, bias, weight_place, bias_place, places: places.len() }
    }

    fn width(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// Where a class's numbers lie in the last weight.
    fn of_class(&self, class: usize) -> Range<usize> {
        class * self.width()..(class + 1) * self.width()
    }

    /// Images and the class that each is asked about.
    pub(super) fn forward(&self, images: Planes, classes: &[usize]) -> DiscriminatorPass {
        let trunk = self.trunk.forward(images);
        let pooled = trunk.pooled.chunks_exact(self.width());
        let logit =
            |(pooled, &class): (&[f32], &usize)| dot(pooled, &self.weight[self.of_class(class)]) + self.bias[class];
        let logits = pooled.zip(classes).map(logit).collect();
        DiscriminatorPass { trunk, classes: classes.to_vec(), logits }
    }

    /// The gradient of images, where it is wanted, from that of their logits.
    pub(super) fn backward(
        &self,
        pass: &DiscriminatorPass,
        d_logits: &[f32],
        sink: &mut Sink<'_>,
        wanted: bool,
    ) -> Option<Planes> {
        if let Some(slopes) = sink.slopes() {
            self.learn_head(&pass.classes, &pass.trunk.pooled, d_logits, slopes);
            self.learn_head_bias(&pass.classes, d_logits, slopes);
        }
        self.trunk.backward(&pass.trunk, &self.d_pooled(&pass.classes, d_logits), sink, wanted)
    }

    /// Adds the gradients of `sum d_logits D + factor |dD/dx|^2 / 2`; returns `|dD/dx|^2 / 2` of each image.
    pub(super) fn learn_with_r1(
        &self,
        pass: &DiscriminatorPass,
        d_logits: &[f32],
        factor: f32,
        slopes: &mut Slopes,
    ) -> Vec<f32> {
        let DiscriminatorPass { trunk, classes, .. } = pass;
        let mut kept: Vec<Option<Planes>> = Vec::new();
        kept.resize_with(self.places, || None);
        let ones = vec![1.0; classes.len()];
        let v = self.trunk.backward(trunk, &self.d_pooled(classes, &ones), &mut Sink::Keep(&mut kept), true);
        let Some(v) = v else { return Vec::new() };
        let r1 = v.sums(|v| v * v / 2.0);
        let changed = self.trunk.tangent(trunk, v, &mut |convolution, read, change| {
            if let Some(dy) = &kept[convolution.place()] {
                let both = read.clone().scaled(d_logits).with(change, |x, change| x + factor * change);
                convolution.learn_weight(&both, dy, slopes);
                convolution.learn_bias(&dy.clone().scaled(d_logits), slopes);
            }
        });
        self.learn_head(classes, &trunk.pooled, d_logits, slopes);
        self.learn_head(classes, &changed, &vec![factor; classes.len()], slopes);
        self.learn_head_bias(classes, d_logits, slopes);
        r1
    }

    /// The gradient of what the trunk gave from that of logits.
    fn d_pooled(&self, classes: &[usize], d_logits: &[f32]) -> Vec<f32> {
        let mut found = Vec::with_capacity(classes.len() * self.width());
        for (&class, d) in classes.iter().zip(d_logits) {
            found.extend(self.weight[self.of_class(class)].iter().map(|weight| weight * d));
        }
        found
    }

    fn learn_head(&self, classes: &[usize], pooled: &[f32], factors: &[f32], slopes: &mut Slopes) {
        let slope = slopes.at(self.weight_place);
        for ((&class, pooled), factor) in classes.iter().zip(pooled.chunks_exact(self.width())).zip(factors) {
            let scaled: Vec<f32> = pooled.iter().map(|p| p * factor).collect();
            add(&mut slope[self.of_class(class)], &scaled);
        }
    }

    fn learn_head_bias(&self, classes: &[usize], d_logits: &[f32], slopes: &mut Slopes) {
        let slope = slopes.at(self.bias_place);
        classes.iter().zip(d_logits).for_each(|(&class, d)| slope[class] += d);
    }
}
