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
//! parameter. Those of one count are put together into one long vector: on a GPU every operation costs its start, and a
//! network has a hundred parameters.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::NamedGradients;
use crate::nn::{Fields, State, replaced};
use crate::tensor::{Backend, Device, Tensor, cat};
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
    together: Vec<Together>,
}

/// Some parameters one after the other, with the means of their gradients and of their squares.
#[derive(Clone, Debug)]
struct Together {
    /// Names and lengths.
    parameters: Vec<(String, usize)>,
    steps: u32,
    mean: Tensor<1>,
    square: Tensor<1>,
}

impl Adam {
    /// Of no step yet.
    pub fn new(config: AdamConfig) -> Self {
        Self { config, together: Vec::new() }
    }

    /// The network after a step along these gradients.
    pub fn step<M: Module<Backend>>(&mut self, module: M, gradients: &NamedGradients) -> M {
        let mut reader = Reader { fields: Fields::default(), gradients, found: Vec::new() };
        module.visit(&mut reader);
        let steps: BTreeMap<&str, u32> = self
            .together
            .iter()
            .flat_map(|one| one.parameters.iter().map(|(name, _)| (&name[..], one.steps)))
            .collect();
        let mut alike: BTreeMap<(u32, bool), Vec<Moving>> = BTreeMap::new();
        for moving in reader.found {
            let shrinks = moving.matrix && self.config.decays == Decay::Decoupled;
            alike.entry((steps.get(&moving.name[..]).copied().unwrap_or(0), shrinks)).or_default().push(moving);
        }
        let mut moved = BTreeMap::new();
        for ((steps, shrinks), moving) in alike {
            let parameters: Vec<_> = moving.iter().map(|one| (one.name.clone(), one.weight.dims()[0])).collect();
            let (weights, gradients) = moving.into_iter().map(|one| (one.weight, one.gradient)).unzip();
            let old = if steps == 0 { None } else { Some(self.taken(&parameters)) };
            let (weights, together) = self.moved(parameters, joined(weights), joined(gradients), old, shrinks);
            moved.extend(together.parts(&weights));
            self.together.push(together);
        }
        module.map(&mut Writer { fields: Fields::default(), moved })
    }

    /// The moments of these parameters, which have some: they leave those that are kept.
    fn taken(&mut self, parameters: &[(String, usize)]) -> Together {
        if let Some(place) = self.together.iter().position(|one| one.parameters == parameters) {
            return self.together.swap_remove(place);
        }
        let (mut parts, mut steps) = (BTreeMap::new(), 0);
        for one in std::mem::take(&mut self.together) {
            let squares = one.parts(&one.square);
            for ((name, mean), (_, square)) in one.parts(&one.mean).zip(squares) {
                let single = vec![(name.clone(), mean.dims()[0])];
                parts.insert(name, Together { parameters: single, steps: one.steps, mean, square });
            }
        }
        let (mut means, mut squares) = (Vec::new(), Vec::new());
        for (name, _) in parameters {
            if let Some(part) = parts.remove(name) {
                steps = part.steps;
                means.push(part.mean);
                squares.push(part.square);
            }
        }
        self.together.extend(parts.into_values());
        Together { parameters: parameters.to_vec(), steps, mean: joined(means), square: joined(squares) }
    }

    /// What a resumed run needs: `NAME.mean` and `NAME.square` of every parameter, and `NAME.steps`.
    pub fn state(&self) -> State {
        let mut state = State::default();
        for one in &self.together {
            for (what, values) in [("mean", &one.mean), ("square", &one.square)] {
                for (name, part) in one.parts(values) {
                    state.insert(format!("{name}.{what}"), crate::nn::array(part));
                }
            }
            // A count is exact up to 2^24 in `f32`: its two halves are kept.
            let halves = [one.steps >> 16, one.steps & 0xffff].map(|half| half as f32);
            for (name, _) in &one.parameters {
                state.insert(format!("{name}.steps"), Array1::from(halves.to_vec()).into_dyn());
            }
        }
        state
    }

    /// Takes up what [`Adam::state`] gave.
    ///
    /// # Errors
    /// When an array is missing or has another shape than its fellow.
    pub fn load(&mut self, state: &State, device: &Device) -> Result<()> {
        let mut together = Vec::new();
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
            let parameters = vec![(name.to_owned(), mean.len())];
            together.push(Together { parameters, steps, mean: tensor(mean), square: tensor(square) });
        }
        self.together = together;
        Ok(())
    }
}

/// The tensors one after the other.
fn joined(mut parts: Vec<Tensor<1>>) -> Tensor<1> {
    if parts.len() == 1 { parts.swap_remove(0) } else { cat(parts, 0) }
}

impl Together {
    /// The part of each parameter in a vector of all of them.
    fn parts(&self, values: &Tensor<1>) -> impl Iterator<Item = (String, Tensor<1>)> {
        let mut start = 0;
        self.parameters.iter().map(move |(name, length)| {
            let part = values.clone().narrow(0, start, *length);
            start += length;
            (name.clone(), part)
        })
    }
}

/// A parameter that has a gradient, both flat and off the tape.
struct Moving {
    name: String,
    weight: Tensor<1>,
    gradient: Tensor<1>,
    /// It has more than one dimension.
    matrix: bool,
}

struct Reader<'a> {
    fields: Fields,
    gradients: &'a NamedGradients,
    found: Vec<Moving>,
}

impl ModuleVisitor<Backend> for Reader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.fields.name();
        if let Some(gradient) = self.gradients.get(&name).cloned() {
            let weight = param.val().inner();
            let length = weight.dims().iter().product::<usize>();
            self.found.push(Moving { name, weight: weight.reshape([length]), gradient, matrix: D > 1 });
        }
    }
}

struct Writer {
    fields: Fields,
    moved: BTreeMap<String, Tensor<1>>,
}

impl ModuleMapper<Backend> for Writer {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, old, mapper) = param.consume();
        let Some(new) = self.moved.remove(&self.fields.name()) else {
            return Param::from_mapped_value(id, old, mapper);
        };
        let new = Tensor::from_inner(new.reshape(old.dims()));
        Param::from_mapped_value(id, replaced(&old, new), mapper)
    }
}

impl Adam {
    /// Parameters after a step, and their new moments.
    fn moved(
        &self,
        parameters: Vec<(String, usize)>,
        weights: Tensor<1>,
        gradients: Tensor<1>,
        old: Option<Together>,
        shrinks: bool,
    ) -> (Tensor<1>, Together) {
        let AdamConfig { rate, betas: [b1, b2], epsilon, decay, decays } = self.config;
        let gradients = match decays {
            Decay::Coupled if decay != 0.0 => gradients + weights.clone() * decay,
            _ => gradients,
        };
        let squares = gradients.clone().powi_scalar(2) * (1.0 - b2);
        let gradients = gradients * (1.0 - b1);
        let (steps, mean, square) = match old {
            None => (1, gradients, squares),
            Some(old) => (old.steps + 1, old.mean * b1 + gradients, old.square * b2 + squares),
        };
        let corrected = |beta: f64| 1.0 - beta.powi(steps as i32);
        let root = (square.clone() / corrected(b2)).sqrt() + epsilon;
        let step = mean.clone() / root * (rate / corrected(b1));
        let weights = if shrinks { weights * (1.0 - rate * decay) } else { weights };
        (weights - step, Together { parameters, steps, mean, square })
    }
}
