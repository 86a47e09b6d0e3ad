//! A table of learned vectors, one row for each of a list of things: perturbations, batches, genes.

use burn::module::{Module, Param};
use burn::tensor::Int;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::normal;
use crate::tensor::{Backend, Device, Tensor};

/// A table of learned vectors.
#[derive(Module, Debug)]
pub struct Table<B: Burn = Backend> {
    /// `rows x width`.
    pub weight: Param<burn::Tensor<B, 2>>,
}

impl Table {
    /// Rows drawn from a standard normal distribution.
    ///
    /// ```
    /// use perturbook::nn::Table;
    /// use perturbook::tensor::cpu;
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let table = Table::new(5, 3, &mut rng, &cpu());
    /// let rows = table.rows(burn::Tensor::from_ints([4, 0], &cpu()));
    /// assert_eq!(rows.dims(), [2, 3]);
    /// ```
    pub fn new(rows: usize, width: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self { weight: Param::from_tensor(normal([rows, width], 1.0, rng, device)) }
    }

    /// The rows of these indices, `n x width`.
    pub fn rows(&self, indices: burn::Tensor<Backend, 1, Int>) -> Tensor<2> {
        self.weight.val().select(0, indices)
    }
}
