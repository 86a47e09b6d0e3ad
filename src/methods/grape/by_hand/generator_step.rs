//! The loss of generator, mapping network, gene table and style encoder with its gradients.

use std::ops::Range;

use burn::tensor::TensorData;

use super::discriminator::HandDiscriminator;
use super::generator::HandGenerator;
use super::style_encoder::HandStyleEncoder;
use super::{Numbers, each, sigmoid, softplus};
use crate::methods::grape::{Batch, Discriminator, GeneratorLoss, LossConfig, Translator};
use crate::nn::hand::add;
use crate::nn::numbers;
use crate::nn::planes::{Places, Planes, Sink, Slopes, by_groups};
use crate::tensor::{Tensor, plain};
use crate::train::NamedGradients;

/// What a group of images gives: the terms of each, and the gradient of their styles.
struct Group {
    adversarial: Vec<f32>,
    cycle: Vec<f32>,
    style: Vec<f32>,
    d_styles: Vec<f32>,
}

/// As [`generator_loss`](crate::methods::grape::generator_loss), with the gradients of the mean over images.
pub(in crate::methods::grape) fn generator_step(
    translator: &Translator,
    discriminator: &Discriminator,
    batch: &Batch,
    config: &LossConfig,
) -> (GeneratorLoss, NamedGradients) {
    let device = batch.images.device();
    let numbers_of = Numbers::of(batch);
    let on_tape = translator.style(batch.targets.clone());
    let styles = numbers(on_tape.clone());
    let wide = styles.len() / numbers_of.count().max(1);
    let mut places = Places::default();
    let generator = HandGenerator::of("generator.", &translator.generator, &mut places);
    let encoder = HandStyleEncoder::of("style_encoder.", &translator.style_encoder, &mut places);
    let critic = HandDiscriminator::of(discriminator, &mut Places::default());
    let share = (numbers_of.count() as f32).recip();
    let of_pixel = config.cycle as f32 * share / (numbers_of.channels * numbers_of.pixels()) as f32;
    let of_style = config.style as f32 * share / wide as f32;

    let of_group = |images: Range<usize>, slopes: &mut Slopes| {
        let x = numbers_of.planes(&images);
        let styles = &styles[images.start * wide..images.end * wide];
        let (made, pass) = generator.forward(x.clone(), styles);
        let judged = critic.forward(made.clone(), &numbers_of.targets[images.clone()]);
        let d: Vec<f32> = judged.logits.iter().map(|&logit| -sigmoid(-logit) * share).collect();
        let mut d_made = Planes::zeros(x.channels, x.images, x.size);
        let mut d_styles = vec![0.0; styles.len()];
        let mut onto_made = |d: Option<Planes>| d.into_iter().for_each(|d| add(&mut d_made.values, &d.values));
        onto_made(critic.backward(&judged, &d, &mut Sink::Pass, true));

        let mut cycle = vec![0.0; images.len()];
        if config.cycle != 0.0 {
            let own = encoder.forward(x.clone());
            let (back, pass) = generator.forward(made.clone(), &own.styles);
            let apart = back.with(&x, |back, x| back - x);
            cycle = apart.sums(f32::abs);
            cycle.iter_mut().for_each(|sum| *sum /= (x.channels * x.pixels()) as f32);
            let d = apart.map(|apart| of_pixel * sign(apart));
            let (d_made, d_own) = generator.backward(&pass, &d, &mut Sink::Learn(slopes), true);
            onto_made(d_made);
            encoder.backward(&own, &d_own, &mut Sink::Learn(slopes), false);
        }
        let mut style = vec![0.0; images.len()];
        if config.style != 0.0 {
            let found = encoder.forward(made);
            let apart: Vec<f32> = found.styles.iter().zip(styles).map(|(found, asked)| found - asked).collect();
            for (sum, apart) in style.iter_mut().zip(apart.chunks_exact(wide)) {
                *sum = apart.iter().map(|apart| apart.abs()).sum::<f32>() / wide as f32;
            }
            let d: Vec<f32> = apart.iter().map(|&apart| of_style * sign(apart)).collect();
            onto_made(encoder.backward(&found, &d, &mut Sink::Learn(slopes), !config.detach));
            if !config.detach {
                d_styles.iter_mut().zip(&d).for_each(|(sum, d)| *sum -= d);
            }
        }
        add(&mut d_styles, &generator.backward(&pass, &d_made, &mut Sink::Learn(slopes), false).1);
        let adversarial = judged.logits.iter().map(|&logit| softplus(-logit)).collect();
        Group { adversarial, cycle, style, d_styles }
    };
    let (groups, slopes) = by_groups(numbers_of.count(), numbers_of.pixels(), &places, of_group);
    let all =
        |of: fn(&Group) -> &Vec<f32>| groups.iter().flat_map(|group| of(group).iter().copied()).collect::<Vec<f32>>();
    let slope = TensorData::new(all(|group| &group.d_styles), on_tape.dims());
    let gradients = (on_tape * Tensor::from_data(slope, &device)).sum().backward();
    let of_classes = NamedGradients::of(translator, &gradients);
    // A network that the loss does not depend on has no gradient, and so does not decay.
    let unused = config.cycle == 0.0 && config.style == 0.0;
    let of_images = places.named(slopes).renamed(|name| {
        let left_out = unused && name.starts_with("style_encoder.");
        (!left_out).then(|| name.to_owned())
    });
    let of_images = NamedGradients::from_state(&of_images, &plain(&device));
    let loss = GeneratorLoss {
        adversarial: each(all(|group| &group.adversarial), &device),
        cycle: each(all(|group| &group.cycle), &device),
        style: each(all(|group| &group.style), &device),
    };
    (loss, of_classes.plus(of_images))
}

/// 1, -1 or 0.
fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
