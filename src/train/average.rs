//! Exponential moving average of a network's weights: teachers of self-distillation, and steadier copies of GRAPE.
//!
//! ```text
//! average <- keep average + (1 - keep) weights
//! ```

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};

use crate::nn::{Fields, flat_tensors, replaced};
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
    let weights = flat_tensors(network, None).into_iter().map(|(name, flat)| (name, flat.values.detach())).collect();
    let mut mover = Mover { weights, keep, missing: None, fields: Fields::default() };
    let moved = average.map(&mut mover);
    match mover.missing {
        None => Ok(moved),
        Some(name) => Err(Error::new(format!("the network has no {name} of the average's shape"))
            .fix("start the average as a copy of the network")),
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
