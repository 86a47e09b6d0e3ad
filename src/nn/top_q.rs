//! A soft choice of at most q cells of each well: every cell has q scores ("slots"), and each slot spreads one unit over
//! the cells of its well, the more on its best cell the higher the temperature factor T.
//!
//! ```text
//! A[w, i, j]   = softmax over the cells i of T Z[w, i, j]
//! chosen[w, i] = sum over slots j of A[w, i, j]              sums to q over the cells of a well
//! keep[w, i]   = 1 - min(chosen[w, i], 1)                    no gradient where a cell is chosen wholly
//! ```
//!
//! Source: proximity-bias filter, section 3.2 and Algorithm 1. Two slots on one cell waste one of them.

use burn::tensor::activation::softmax;

use crate::tensor::Tensor;

/// A soft choice among the cells of wells.
#[derive(Clone, Debug)]
pub struct SoftChoice {
    /// How each slot is spread, `wells x cells x slots`.
    pub spread: Tensor<3>,
    /// How much of each cell is chosen, `wells x cells`; above 1 where slots meet.
    pub chosen: Tensor<2>,
    /// The weight that is left to each cell, `wells x cells`, from 0 to 1.
    pub keep: Tensor<2>,
}

impl SoftChoice {
    /// From scores `wells x cells x slots` and the temperature factor.
    ///
    /// ```
    /// use perturbook::nn::SoftChoice;
    /// use perturbook::tensor::{Tensor, cpu};
    ///
    /// // One well of three cells and one slot, which the last cell wins by far.
    /// let scores = Tensor::<3>::from_floats([[[0.0], [0.0], [1.0]]], &cpu());
    /// let choice = SoftChoice::new(scores, 50.0);
    /// assert_eq!(choice.keep.into_data().to_vec::<f32>().unwrap(), [1.0, 1.0, 0.0]);
    /// ```
    pub fn new(scores: Tensor<3>, temperature: f64) -> Self {
        let spread = softmax(scores * temperature, 1);
        let chosen: Tensor<2> = spread.clone().sum_dim(2).squeeze_dim(2);
        let wholly = chosen.clone().greater_equal_elem(1.0);
        let keep = chosen.clone().mask_fill(wholly, 1.0).neg() + 1.0;
        Self { spread, chosen, keep }
    }

    /// How much slots meet: the sum over wells, cells and pairs of slots of `A[i, j] A[i, k]`.
    pub fn overlap(&self) -> Tensor<1> {
        let squares = self.spread.clone().powi_scalar(2).sum();
        (self.chosen.clone().powi_scalar(2).sum() - squares) * 0.5
    }
}
