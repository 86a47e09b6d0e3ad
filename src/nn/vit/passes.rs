//! Images through a transformer that learns: on a CPU forward and backward by hand, elsewhere on the tape.
//!
//! ```text
//! images -> patches, positions, blocks, last norm -> class tokens -> what a method makes of them, loss
//!           by hand on a CPU                         the tape starts here
//! ```
//!
//! Backward what follows the class tokens comes first, then the transformer.

use burn::tensor::TensorData;

use super::Vit;
use super::by_hand::{ByHand, Grid, Passed, Slopes};
use crate::Result;
use crate::nn::{State, array, numbers};
use crate::tensor::{Gradients, Tensor, can_go_by_hand, cat};

/// Class tokens of a transformer, and the way back from them.
pub struct Passes<'a> {
    vit: &'a Vit,
    how: How,
}

enum How {
    ByHand(ByHand, Vec<Pass>),
    OnTape(Tensor<2>),
}

/// Images of one size.
struct Pass {
    passed: Passed,
    sides: [usize; 2],
    class: Tensor<2>,
}

impl<'a> Passes<'a> {
    /// Images, those of each size by themselves, through a transformer on a device that records gradients; with stochastic
    /// depth where they come with draws ([`Vit::draws`]).
    ///
    /// ```
    /// use perturbook::nn::State;
    /// use perturbook::nn::vit::{Passes, Vit, VitConfig};
    /// use perturbook::tensor::{Device, Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let config = VitConfig { width: 24, blocks: 2, heads: 2, ..VitConfig::default() };
    /// let device = Device::autodiff(cpu());
    /// let vit = Vit::new(&config, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &device)?;
    /// let images = [32, 16].map(|side| (Tensor::ones([3, 4, side, side], &device), None));
    /// let passes = Passes::new(&vit, images)?;
    /// let class = passes.class();
    /// assert_eq!(class.dims(), [6, 24]);
    /// let (_, of_vit) = passes.gradients(class.powi_scalar(2).mean());
    /// assert_eq!(of_vit.names(), State::of(&vit).names());
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Vit::forward_training`].
    pub fn new<const N: usize>(vit: &'a Vit, images: [(Tensor<4>, Option<Tensor<3>>); N]) -> Result<Self> {
        if !images.iter().all(|(images, _)| can_go_by_hand(images)) {
            let class = images.into_iter().map(|(images, draws)| match draws {
                Some(draws) => vit.forward_training(images, draws),
                None => vit.forward(images),
            });
            return Ok(Self { vit, how: How::OnTape(cat(class.collect::<Result<_>>()?, 0)) });
        }
        let hand = ByHand::of(vit);
        let pass = |(images, draws): (Tensor<4>, Option<Tensor<3>>)| {
            let (n, device) = (images.dims()[0], images.device());
            let sides = vit.patch_embed.grid(&images)?;
            let scales = draws.map_or_else(|| Ok(vec![None; vit.blocks.len()]), |draws| vit.scales(n, draws))?;
            let passed = hand.forward(&numbers(images), Grid::of(vit, sides), scales);
            let class = Tensor::from_data(TensorData::new(passed.class(), [n, vit.config.width]), &device);
            Ok(Pass { passed, sides, class: class.require_grad() })
        };
        let passes = images.into_iter().map(pass).collect::<Result<_>>()?;
        Ok(Self { vit, how: How::ByHand(hand, passes) })
    }

    /// All class tokens, those of the first images first.
    pub fn class(&self) -> Tensor<2> {
        match &self.how {
            How::OnTape(class) => class.clone(),
            How::ByHand(_, passes) => cat(passes.iter().map(|pass| pass.class.clone()).collect(), 0),
        }
    }

    /// The gradients of a loss that hangs on [`Passes::class`]: those on the tape, and those by hand, which are the
    /// transformer's by the names of its parameters, flat. Where all is on the tape there are none of the latter.
    pub fn gradients(self, loss: Tensor<1>) -> (Gradients, State) {
        let grads = loss.backward();
        let (hand, passes) = match self.how {
            How::OnTape(_) => return (grads, State::default()),
            How::ByHand(hand, passes) => (hand, passes),
        };
        let (mut slopes, mut places) = (Slopes::default(), Tensor::zeros([1], &loss.device()));
        for Pass { passed, sides, class } in passes {
            let Some(slope) = class.grad(&grads) else { continue };
            let (of_pass, table) = hand.backward(passed, &numbers(slope));
            slopes.add(of_pass);
            let positions = self.vit.positions(sides);
            let table = Tensor::from_data(TensorData::new(table, positions.dims()), &loss.device());
            places = places + (positions * table).sum();
        }
        let mut state = hand.named(slopes);
        if let Some(places) = self.vit.pos_embed.val().grad(&places.backward()) {
            state.insert("pos_embed", array(places.flatten::<1>(0, 2)));
        }
        (grads, state)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::nn::normal;
    use crate::nn::vit::VitConfig;
    use crate::tensor::{Device, cpu};

    #[test]
    fn values_and_gradients_are_those_of_the_tape() {
        let device = Device::autodiff(cpu());
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let config = VitConfig {
            channels: 2,
            patch: 4,
            width: 24,
            blocks: 3,
            heads: 3,
            grid: 4,
            drop_path: 0.4,
            ..VitConfig::default()
        };
        let vit = Vit::new(&config, &mut rng, &device).unwrap();
        // Wider than they start, so that attention and gradients are of some size.
        let mut wide = State::default();
        State::of(&vit).iter().for_each(|(name, values)| wide.insert(name, values.mapv(|v| v * 4.0)));
        let vit = wide.load_into(vit).unwrap();
        let images = [(70, [16, 16]), (3, [8, 12])]
            .map(|(n, [height, width])| normal([n, 2, height, width], 1.0, &mut rng, &device));
        let drawn = images.clone().map(|images| {
            let draws = vit.draws(images.dims()[0], &mut rng);
            (images, Some(draws))
        });

        let on_tape = drawn.clone().map(|(images, draws)| vit.forward_training(images, draws.unwrap()).unwrap());
        let on_tape = cat(on_tape.to_vec(), 0);
        let expected = State::gradients_of(&vit, &on_tape.clone().sin().sum().backward());
        let passes = Passes::new(&vit, drawn).unwrap();
        let class = passes.class();
        assert!((class.clone() - on_tape).abs().max().into_scalar() < 1e-4);
        let (_, found) = passes.gradients(class.sin().sum());
        assert_eq!(found.names(), expected.names());
        for (name, expected) in expected.iter() {
            let apart = found.get(name).unwrap().iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let largest = expected.iter().copied().map(f32::abs).fold(0.0, f32::max);
            assert!(apart < 1e-4 * largest && largest > 0.0, "{name}: {apart} of {largest}");
        }

        let off_tape = State::of(&vit).load_into(Vit::new(&config, &mut rng, &cpu()).unwrap()).unwrap();
        let [images, _] = images;
        let by_hand = off_tape.features(images.clone().inner(), 2).unwrap();
        let expected = vit.features(images.clone(), 2).unwrap().inner();
        assert!((by_hand - expected).abs().max().into_scalar() < 1e-4);
        let unrecorded = vit.forward_unrecorded(images.clone()).unwrap();
        assert!((unrecorded - vit.forward(images).unwrap()).abs().max().into_scalar() < 1e-4);
    }

    #[test]
    fn draws_of_other_images_are_refused() {
        let (device, mut rng) = (Device::autodiff(cpu()), ChaCha8Rng::seed_from_u64(0));
        let config = VitConfig { width: 12, blocks: 1, heads: 2, ..VitConfig::default() };
        let vit = Vit::new(&config, &mut rng, &device).unwrap();
        let (images, draws) = (Tensor::zeros([3, 4, 16, 16], &device), vit.draws(2, &mut rng));
        let error = Passes::new(&vit, [(images, Some(draws))]).err().unwrap();
        assert!(error.to_string().contains("[1, 2, 3]"), "{error}");
    }
}
