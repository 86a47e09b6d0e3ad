//! Gradients cut to a size.
//!
//! ```text
//! Value        every number to [-limit, limit]
//! TensorNorm   each parameter's gradient g to g limit / (|g| + 1e-6) where that is shorter
//! GlobalNorm   all gradients by one factor, limit / (|all| + 1e-6) where that is below 1
//! ```

use burn::module::{Module, ModuleVisitor, Param};
use serde::{Deserialize, Serialize};

use crate::nn::Fields;
use crate::tensor::{Backend, Gradients, Tensor};

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

impl Clip {
    /// One parameter's gradient, cut; `factor` is what a global norm multiplies it by.
    ///
    /// ```
    /// use perturbook::tensor::{Tensor, cpu};
    /// use perturbook::train::Clip;
    ///
    /// let gradient = Tensor::<1>::from_floats([3.0, -4.0], &cpu());
    /// let cut = |clip: Clip| clip.one(gradient.clone(), 1.0).into_data().to_vec::<f32>().unwrap();
    /// assert_eq!(cut(Clip::Value(0.5)), [0.5, -0.5]);
    /// assert!((cut(Clip::TensorNorm(1.0))[1] + 0.8).abs() < 1e-6);
    /// ```
    pub fn one<const D: usize>(self, gradient: Tensor<D>, factor: f64) -> Tensor<D> {
        match self {
            Self::Value(limit) => gradient.clamp(-limit, limit),
            Self::TensorNorm(limit) => {
                let factor = limit / (square_sum(gradient.clone()).sqrt() + EPSILON);
                if factor < 1.0 { gradient * factor } else { gradient }
            }
            Self::GlobalNorm(_) => gradient * factor,
        }
    }

    /// What all gradients of a network are multiplied by, so that their common length is at most `limit`.
    pub fn global_factor(
        module: &impl Module<Backend>,
        gradients: &Gradients,
        frozen: &[&str],
        limit: f64,
    ) -> f64 {
        let mut sum = SquareSum { gradients, frozen, sum: 0.0, fields: Fields::default() };
        module.visit(&mut sum);
        (limit / (sum.sum.sqrt() + EPSILON)).min(1.0)
    }
}

fn square_sum<const D: usize>(gradient: Tensor<D>) -> f64 {
    f64::from(gradient.powi_scalar(2).sum().into_scalar())
}

struct SquareSum<'a> {
    gradients: &'a Gradients,
    frozen: &'a [&'a str],
    sum: f64,
    fields: Fields,
}

impl ModuleVisitor<Backend> for SquareSum<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.fields.name();
        if self.frozen.iter().all(|prefix| !name.starts_with(prefix)) {
            self.sum += param.val().grad(self.gradients).map_or(0.0, square_sum);
        }
    }
}
