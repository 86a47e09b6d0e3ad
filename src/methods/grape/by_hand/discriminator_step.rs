//! The loss of the discriminator with its gradients.

use std::ops::Range;

use super::discriminator::HandDiscriminator;
use super::generator::HandGenerator;
use super::{Numbers, each, sigmoid, softplus};
use crate::methods::grape::{Batch, Discriminator, DiscriminatorLoss, LossConfig, Translator};
use crate::nn::numbers;
use crate::nn::planes::{Places, Sink, Slopes, by_groups};
use crate::tensor::plain;
use crate::train::NamedGradients;

/// As [`discriminator_loss`](crate::methods::grape::discriminator_loss), with the gradients of the mean over images.
pub(in crate::methods::grape) fn discriminator_step(
    discriminator: &Discriminator,
    translator: &Translator,
    batch: &Batch,
    config: &LossConfig,
) -> (DiscriminatorLoss, NamedGradients) {
    let device = batch.images.device();
    let numbers_of = Numbers::of(batch);
    let styles = numbers(translator.style(batch.targets.clone()));
    let wide = styles.len() / numbers_of.count().max(1);
    let mut places = Places::default();
    let critic = HandDiscriminator::of(discriminator, &mut places);
    let painter = HandGenerator::of("", &translator.generator, &mut Places::default());
    let share = (numbers_of.count() as f32).recip();

    let of_group = |images: Range<usize>, slopes: &mut Slopes| {
        let real = numbers_of.planes(&images);
        let (fake, _) = painter.forward(real.clone(), &styles[images.start * wide..images.end * wide]);
        let fake = critic.forward(fake, &numbers_of.targets[images.clone()]);
        let d: Vec<f32> = fake.logits.iter().map(|&logit| sigmoid(logit) * share).collect();
        critic.backward(&fake, &d, &mut Sink::Learn(slopes), false);

        let real = critic.forward(real, &numbers_of.labels[images]);
        let d: Vec<f32> = real.logits.iter().map(|&logit| -sigmoid(-logit) * share).collect();
        let r1 = if config.r1 == 0.0 {
            critic.backward(&real, &d, &mut Sink::Learn(slopes), false);
            vec![0.0; d.len()]
        } else {
            critic.learn_with_r1(&real, &d, config.r1 as f32 * share, slopes)
        };
        [real.logits, fake.logits, r1]
    };
    let (groups, slopes) = by_groups(numbers_of.count(), numbers_of.pixels(), &places, of_group);
    let all = |which: usize| groups.iter().flat_map(|group| group[which].iter().copied()).collect::<Vec<f32>>();
    let [real_logit, fake_logit, r1] = [all(0), all(1), all(2)];
    let loss = DiscriminatorLoss {
        real: each(real_logit.iter().map(|&logit| softplus(-logit)).collect(), &device),
        fake: each(fake_logit.iter().map(|&logit| softplus(logit)).collect(), &device),
        real_logit: each(real_logit, &device),
        fake_logit: each(fake_logit, &device),
        r1: each(r1, &device),
    };
    (loss, NamedGradients::from_state(&places.named(slopes), &plain(&device)))
}
