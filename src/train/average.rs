//! Exponential moving average of a network's weights: teachers of self-distillation, and steadier copies of GRAPE.
//!
//! ```text
//! average <- keep average + (1 - keep) weights
//! ```

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};

use super::Step;
use crate::nn::{Fields, State, flat_tensors, replaced};
use crate::tensor::{Backend, Tensor};
use crate::{Error, Result};

/// `average` moved towards `network`: `keep` of it stays.
///
/// Running averages of normalisation layers move with the weights.
///
/// ```
/// use perturbook::nn::{LayerNorm, State};
/// use perturbook::tensor::cpu;
/// use perturbook::train::average;
///
/// let (old, mut state) = (LayerNorm::new(1, 1e-5, &cpu()), State::of(&LayerNorm::new(1, 1e-5, &cpu())));
/// state.insert("weight", ndarray::arr1(&[3.0]).into_dyn());
/// let network = state.load_into(old.clone())?;
/// let moved = average(old, &network, 0.75)?;
/// assert_eq!(moved.weight.val().into_scalar(), 1.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the two are not networks of one shape.
pub fn average<M: Module<Backend>>(average: M, network: &M, keep: f64) -> Result<M> {
    let weights = flat_tensors(network, None).into_iter().map(|(name, flat)| (name, flat.values)).collect();
    let mut mover = Mover { weights, keep, missing: None, fields: Fields::default() };
    let moved = average.map(&mut mover);
    match mover.missing {
        None => Ok(moved),
        Some(name) => Err(Error::new(format!("the network has no {name} of the average's shape"))
            .fix("start the average as a copy of the network")),
    }
}

/// A network that follows another one as the average of its weights.
///
/// In a learner it is two lines, a field and a call after the optimiser's step; [`Average::state`] belongs to the learner's.
///
/// ```
/// use perturbook::nn::LayerNorm;
/// use perturbook::tensor::cpu;
/// use perturbook::train::{Average, Step};
///
/// let network = LayerNorm::new(1, 1e-5, &cpu());
/// let mut average = Average::of(&network, 0.5, 2)?;
/// let mut moved = network.clone();
/// moved.weight = moved.weight.map(|one| one * 3.0);
/// let at = |done| Step { seed: 0, epoch: 0, done, per_epoch: 10, total: 10 };
/// average.follow(&moved, &at(0))?; // the first of two steps: nothing yet
/// assert_eq!(average.network().weight.val().into_scalar(), 1.0);
/// average.follow(&moved, &at(1))?;
/// assert_eq!(average.network().weight.val().into_scalar(), 2.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Average<M> {
    /// The share of the average that stays at each move; a schedule may change it between steps.
    pub keep: f64,
    every: u64,
    network: M,
}

impl<M: Module<Backend>> Average<M> {
    /// Starts at the weights of a network and follows it after each `every` steps, where `keep` of the average stays.
    ///
    /// # Errors
    /// When `keep` is not between 0 and 1, or `every` is 0.
    pub fn of(network: &M, keep: f64, every: u64) -> Result<Self> {
        if !(0.0..=1.0).contains(&keep) || every == 0 {
            return Err(Error::new(format!("an average that keeps {keep} each {every} steps cannot be had"))
                .fix("keep a share from 0 to 1, after each step or after each so many"));
        }
        Ok(Self { keep, every, network: network.clone().no_grad() })
    }

    /// Moves towards the network's weights as they are after step `at`, if it is one of those after which it moves. Steps
    /// count from the start of the run: a resumed run moves after the same ones.
    ///
    /// # Errors
    /// When the network has another shape.
    pub fn follow(&mut self, network: &M, at: &Step) -> Result<()> {
        if (at.done + 1).is_multiple_of(self.every) {
            self.network = average(self.network.clone(), network, self.keep)?;
        }
        Ok(())
    }

    /// The average, which records no gradients.
    pub fn network(&self) -> &M {
        &self.network
    }

    /// Its numbers.
    pub fn state(&self) -> State {
        State::of(&self.network)
    }

    /// Takes up what [`Average::state`] gave.
    ///
    /// # Errors
    /// When it is of another network.
    pub fn load(&mut self, state: &State) -> Result<()> {
        self.network = state.load_into(self.network.clone())?;
        Ok(())
    }
}

struct Mover {
    /// Flat, by name.
    weights: BTreeMap<String, Tensor<1>>,
    keep: f64,
    missing: Option<String>,
    fields: Fields,
}

impl ModuleMapper<Backend> for Mover {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.fields.name();
        let (id, old, mapper) = param.consume();
        let shape = old.dims();
        let value = match self.weights.remove(&name) {
            Some(new) if new.dims() == [shape.iter().product::<usize>()] => {
                let moved = old.clone().detach() * self.keep + new.reshape(shape) * (1.0 - self.keep);
                replaced(&old, moved)
            }
            _ => {
                self.missing = Some(name);
                old
            }
        };
        Param::from_mapped_value(id, value, mapper)
    }
}
