//! The gradients of a network by the names of its parameters: added up, cut to a size, and followed by an optimiser.
//!
//! ```text
//! Clip::Value        every number to [-limit, limit]
//! Clip::TensorNorm   each parameter's gradient g to g limit / (|g| + 1e-6) where that is shorter
//! Clip::GlobalNorm   all gradients by one factor, limit / (|all| + 1e-6) where that is below 1
//! ```

use std::collections::BTreeMap;

use burn::module::Module;
use serde::{Deserialize, Serialize};

use crate::nn::{State, array, flat_tensors};
use crate::tensor::{Backend, Device, Gradients, Tensor};
use crate::{Error, Result};

/// What keeps a norm of 0 from being divided by.
const EPSILON: f64 = 1e-6;

/// How gradients are cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clip {
    /// Every number by itself.
    Value(f64),
    /// Each parameter's gradient by its own length.
    TensorNorm(f64),
    /// All gradients by their common length.
    GlobalNorm(f64),
}

/// Gradients by the names of parameters, each flat; parameters that the loss does not depend on have none.
///
/// ```
/// use ndarray::arr1;
/// use perturbook::nn::State;
/// use perturbook::tensor::cpu;
/// use perturbook::train::{Clip, NamedGradients};
///
/// let mut state = State::default();
/// state.insert("weight", arr1(&[3.0, -4.0]).into_dyn());
/// let gradients = NamedGradients::from_state(&state, &cpu());
/// assert_eq!(gradients.norm(), 5.0);
/// let cut = |clip| gradients.clone().clipped(clip).get("weight").unwrap().to_data().to_vec::<f32>().unwrap();
/// assert_eq!(cut(Clip::Value(0.5)), [0.5, -0.5]);
/// assert!((cut(Clip::GlobalNorm(1.0))[1] + 0.8).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Default)]
pub struct NamedGradients {
    found: BTreeMap<String, Tensor<1>>,
}

impl NamedGradients {
    /// Of the parameters of a network, from what `backward()` gave.
    pub fn of(module: &impl Module<Backend>, gradients: &Gradients) -> Self {
        let found = flat_tensors(module, Some(gradients)).into_iter().map(|(name, flat)| (name, flat.values));
        Self { found: found.collect() }
    }

    /// The same, if each parameter of the network has one.
    ///
    /// ```
    /// use perturbook::nn::LayerNorm;
    /// use perturbook::tensor::cpu;
    /// use perturbook::train::NamedGradients;
    ///
    /// let error = NamedGradients::default().of_all(&LayerNorm::new(1, 1e-5, &cpu())).unwrap_err();
    /// assert!(error.to_string().contains("bias, weight"));
    /// ```
    ///
    /// # Errors
    /// With the names of those that have none.
    pub fn of_all(self, module: &impl Module<Backend>) -> Result<Self> {
        let mut lacking: Vec<String> = flat_tensors(module, None).into_keys().collect();
        lacking.retain(|name| !self.found.contains_key(name));
        if lacking.is_empty() {
            return Ok(self);
        }
        Err(Error::new(format!("{} parameters got no gradient", lacking.len()))
            .at(lacking.join(", "))
            .fix("a part of the network was cut off from the loss; this is a mistake in the method, please report it"))
    }

    /// From numbers by name.
    pub fn from_state(state: &State, device: &Device) -> Self {
        let flat = |values: Vec<f32>| Tensor::<1>::from_floats(values.as_slice(), device).detach();
        let found = state.iter().map(|(name, array)| (name.to_owned(), flat(array.iter().copied().collect())));
        Self { found: found.collect() }
    }

    /// The numbers by name, flat; [`NamedGradients::from_state`] takes them up.
    pub fn to_state(&self) -> State {
        let mut state = State::default();
        self.found.iter().for_each(|(name, gradient)| state.insert(name, array(gradient.clone())));
        state
    }

    /// One parameter's gradient, flat.
    pub fn get(&self, name: &str) -> Option<&Tensor<1>> {
        self.found.get(name)
    }

    /// The sum of both, for instance of two halves of a batch.
    pub fn plus(mut self, other: Self) -> Self {
        for (name, gradient) in other.found {
            let sum = match self.found.remove(&name) {
                Some(one) => one + gradient,
                None => gradient,
            };
            self.found.insert(name, sum);
        }
        self
    }

    /// Those whose names are chosen, and the others.
    ///
    /// ```
    /// use ndarray::arr1;
    /// use perturbook::nn::State;
    /// use perturbook::tensor::cpu;
    /// use perturbook::train::NamedGradients;
    ///
    /// let mut state = State::default();
    /// ["weight", "bias"].map(|name| state.insert(name, arr1(&[1.0]).into_dyn()));
    /// let (weights, rest) = NamedGradients::from_state(&state, &cpu()).split(|name| name == "weight");
    /// assert!(weights.get("weight").is_some() && weights.get("bias").is_none() && rest.get("bias").is_some());
    /// ```
    pub fn split(self, chosen: impl Fn(&str) -> bool) -> (Self, Self) {
        let (chosen, others) = self.found.into_iter().partition(|(name, _)| chosen(name));
        (Self { found: chosen }, Self { found: others })
    }

    /// All of them times a number.
    pub fn times(self, factor: f64) -> Self {
        self.changed(|gradient| gradient * factor)
    }

    /// Without those of parameters whose names start with `prefix`: an optimiser leaves these as they are.
    pub fn without(mut self, prefix: &str) -> Self {
        self.found.retain(|name, _| !name.starts_with(prefix));
        self
    }

    /// Cut to a size.
    pub fn clipped(self, clip: Clip) -> Self {
        let shortened = |gradient: Tensor<1>, norm: Tensor<1>, limit: f64| {
            gradient * (norm + EPSILON).recip().mul_scalar(limit).clamp_max(1.0)
        };
        match clip {
            Clip::Value(limit) => self.changed(|gradient| gradient.clamp(-limit, limit)),
            Clip::TensorNorm(limit) => self.changed(|gradient| {
                let norm = square_sum(&gradient).sqrt();
                shortened(gradient, norm, limit)
            }),
            Clip::GlobalNorm(limit) => match self.square_sum() {
                Some(sum) => self.changed(|gradient| shortened(gradient, sum.clone().sqrt(), limit)),
                None => self,
            },
        }
    }

    /// The common length of all of them.
    pub fn norm(&self) -> f64 {
        self.square_sum().map_or(0.0, |sum| f64::from(sum.sqrt().into_scalar()))
    }

    /// All of them on another device.
    pub fn on(self, device: &Device) -> Self {
        self.changed(|gradient| gradient.to_device(device))
    }

    fn square_sum(&self) -> Option<Tensor<1>> {
        self.found.values().map(square_sum).reduce(|a, b| a + b)
    }

    fn changed(self, change: impl Fn(Tensor<1>) -> Tensor<1>) -> Self {
        Self { found: self.found.into_iter().map(|(name, gradient)| (name, change(gradient))).collect() }
    }
}

fn square_sum(gradient: &Tensor<1>) -> Tensor<1> {
    gradient.clone().powi_scalar(2).sum()
}
