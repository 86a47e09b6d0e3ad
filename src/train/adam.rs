//! Adam, with weight decay added to the gradient or applied to the weights (AdamW).
//!
//! ```text
//! g <- g + decay w                      coupled: Adam with L2
//! m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
//! w <- w - lr decay w                   decoupled: AdamW
//! w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//! ```
//!
//! Parameters that the loss does not depend on are left as they are, without decay; `t` counts the steps of each
//! parameter.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::NamedGradients;
use crate::nn::{Fields, State, replaced};
use crate::tensor::{Backend, Device, Tensor};
use crate::{Error, Result};

/// Where the decay of weights acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// It is added to the gradient (L2).
    #[default]
    Coupled,
    /// It shrinks the weights beside the step (AdamW), but not biases and other parameters of one dimension.
    Decoupled,
}

/// The settings of [`Adam`]; learning rate and decay may change from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdamConfig {
    /// Learning rate.
    pub rate: f64,
    /// How slowly the means of gradients and of their squares move.
    pub betas: [f64; 2],
    /// What is added to the root in the denominator.
    pub epsilon: f64,
    /// Weight decay.
    pub decay: f64,
    /// Where it acts.
    pub decays: Decay,
}

impl Default for AdamConfig {
    /// Rate 0.001, betas 0.9 and 0.999, epsilon 1e-8, no decay.
    fn default() -> Self {
        Self { rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.0, decays: Decay::Coupled }
    }
}

/// Adam for the parameters of a network, each known by its name.
///
/// ```
/// use perturbook::nn::{Init, Linear, State};
/// use perturbook::tensor::{Device, Tensor, cpu};
/// use perturbook::train::{Adam, AdamConfig, NamedGradients};
/// use rand::SeedableRng;
///
/// let device = Device::autodiff(cpu());
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let mut layer = Linear::new(1, 1, Init::KaimingIn, &mut rng, &device);
/// let mut adam = Adam::new(AdamConfig::default());
/// let gradients = layer.forward(Tensor::<2>::ones([1, 1], &device)).sum().backward();
/// let gradients = NamedGradients::of(&layer, &gradients);
/// layer = adam.step(layer, &gradients);
/// let bias = State::of(&layer).get("bias").unwrap()[[0]];
/// assert!((bias + 0.001).abs() < 1e-8); // the first step has the length of the learning rate
/// ```
#[derive(Clone, Debug)]
pub struct Adam {
    /// Settings, which schedules may change between steps.
    pub config: AdamConfig,
    moments: BTreeMap<String, Moments>,
}

/// The means of one parameter's gradients and of their squares, flat.
#[derive(Clone, Debug)]
struct Moments {
    steps: u32,
    mean: Tensor<1>,
    square: Tensor<1>,
}

impl Adam {
    /// Of no step yet.
    pub fn new(config: AdamConfig) -> Self {
        Self { config, moments: BTreeMap::new() }
    }

    /// The network after a step along these gradients.
    pub fn step<M: Module<Backend>>(&mut self, module: M, gradients: &NamedGradients) -> M {
        module.map(&mut Step { adam: self, gradients, fields: Fields::default() })
    }

    /// What a resumed run needs: `NAME.mean` and `NAME.square` of every parameter, and `NAME.steps`.
    pub fn state(&self) -> State {
        let mut state = State::default();
        for (name, moments) in &self.moments {
            state.insert(format!("{name}.mean"), crate::nn::array(moments.mean.clone()));
            state.insert(format!("{name}.square"), crate::nn::array(moments.square.clone()));
            // A count is exact up to 2^24 in `f32`: its two halves are kept.
            let halves = [moments.steps >> 16, moments.steps & 0xffff].map(|half| half as f32);
            state.insert(format!("{name}.steps"), Array1::from(halves.to_vec()).into_dyn());
        }
        state
    }

    /// Takes up what [`Adam::state`] gave.
    ///
    /// # Errors
    /// When an array is missing or has another shape than its fellow.
    pub fn load(&mut self, state: &State, device: &Device) -> Result<()> {
        let mut moments = BTreeMap::new();
        for name in state.names().into_iter().filter_map(|name| name.strip_suffix(".steps")) {
            let get = |what: &str| {
                state.get(&format!("{name}.{what}")).ok_or_else(|| {
                    Error::new(format!("the state of the optimiser lacks {name}.{what}"))
                        .fix("resume from another checkpoint")
                })
            };
            let (mean, square, steps) = (get("mean")?, get("square")?, get("steps")?);
            if mean.len() != square.len() || steps.len() != 2 {
                return Err(Error::new(format!("the state of the optimiser is damaged at {name}"))
                    .fix("resume from another checkpoint"));
            }
            let tensor = |array: &ndarray::ArrayD<f32>| {
                let values: Vec<f32> = array.iter().copied().collect();
                Tensor::<1>::from_floats(values.as_slice(), device).detach()
            };
            let halves: Vec<u32> = steps.iter().map(|&half| half as u32).collect();
            let steps = halves[0] << 16 | halves[1];
            moments.insert(name.to_owned(), Moments { steps, mean: tensor(mean), square: tensor(square) });
        }
        self.moments = moments;
        Ok(())
    }
}

struct Step<'a> {
    adam: &'a mut Adam,
    gradients: &'a NamedGradients,
    fields: Fields,
}

impl ModuleMapper<Backend> for Step<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.fields.name();
        let (id, old, mapper) = param.consume();
        let Some(gradient) = self.gradients.get(&name).cloned() else {
            return Param::from_mapped_value(id, old, mapper);
        };
        let new = self.adam.moved(name, old.clone().inner(), gradient);
        Param::from_mapped_value(id, replaced(&old, Tensor::from_inner(new)), mapper)
    }
}

impl Adam {
    /// One parameter after a step, both off the gradient's tape.
    fn moved<const D: usize>(&mut self, name: String, weight: Tensor<D>, gradient: Tensor<1>) -> Tensor<D> {
        let AdamConfig { rate, betas: [b1, b2], epsilon, decay, decays } = self.config;
        let shape = weight.dims();
        let weight: Tensor<1> = weight.reshape([shape.iter().product::<usize>()]);
        let gradient = match decays {
            Decay::Coupled if decay != 0.0 => gradient + weight.clone() * decay,
            _ => gradient,
        };
        let square = gradient.clone().powi_scalar(2);
        let moments = match self.moments.remove(&name) {
            None => Moments { steps: 1, mean: gradient * (1.0 - b1), square: square * (1.0 - b2) },
            Some(old) => Moments {
                steps: old.steps + 1,
                mean: old.mean * b1 + gradient * (1.0 - b1),
                square: old.square * b2 + square * (1.0 - b2),
            },
        };
        let corrected = |beta: f64| 1.0 - beta.powi(moments.steps as i32);
        let root = (moments.square.clone() / corrected(b2)).sqrt() + epsilon;
        let step = moments.mean.clone() / root * (rate / corrected(b1));
        let weight = match decays {
            Decay::Decoupled if D > 1 => weight * (1.0 - rate * decay),
            _ => weight,
        };
        self.moments.insert(name, moments);
        (weight - step).reshape(shape)
    }
}
