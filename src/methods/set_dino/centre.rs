//! The centre of the teacher's logits, which keeps one output from winning always.
//!
//! ```text
//! centre <- momentum centre + (1 - momentum) mean of the teacher's logits
//! ```

use crate::tensor::Tensor;

/// The centre (`1 x outputs`) after a batch of the teacher's logits (`rows x outputs`); the loss of that batch still uses
/// the old one.
///
/// ```
/// use perturbook::methods::set_dino::moved_centre;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let logits = Tensor::<2>::from_floats([[1.0, 0.0], [3.0, 0.0]], &cpu());
/// let centre = moved_centre(&Tensor::zeros([1, 2], &cpu()), logits, 0.5);
/// assert_eq!(centre.into_data().to_vec::<f32>().unwrap(), [1.0, 0.0]);
/// ```
pub fn moved_centre(centre: &Tensor<2>, teacher: Tensor<2>, momentum: f64) -> Tensor<2> {
    centre.clone().detach() * momentum + teacher.detach().mean_dim(0) * (1.0 - momentum)
}
