//! The loss of Set-DINO: what the student says of a view against what the teacher says of another.
//!
//! ```text
//! p_t = softmax((teacher - centre) / teacher temperature)       no gradient
//! l_s = log softmax(student / student temperature)
//! terms[q, v] = mean over units of  - sum over outputs p_t[q] l_s[v]        2 x views
//! total = mean of the terms with v != q: 18 of 20 with eight local views
//! ```
//!
//! Views are the global view of set 0, that of set 1, the local views of set 0 and those of set 1. The teacher's view of
//! a set is also compared with that set's own local views, which show the same cells of the same well: 8 of the 18 terms
//! do not cross wells. [`Pairs::CrossOnly`] leaves these out.

use burn::tensor::TensorData;
use burn::tensor::activation::{log_softmax, softmax};
use serde::{Deserialize, Serialize};

use crate::tensor::Tensor;
use crate::{Error, Result};

/// Which views are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// All but a view with itself, as published code has it.
    #[default]
    All,
    /// Views of one set with those of the other.
    CrossOnly,
}

/// Settings of [`set_loss`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetLossConfig {
    /// What the student's logits are divided by.
    pub student_temperature: f64,
    /// What the teacher's centred logits are divided by.
    pub teacher_temperature: f64,
    /// Which views are compared.
    pub pairs: Pairs,
}

impl Default for SetLossConfig {
    /// Those of the published runs (methods 4.6): 0.1, 0.01 and all pairs.
    fn default() -> Self {
        Self { student_temperature: 0.1, teacher_temperature: 0.01, pairs: Pairs::All }
    }
}

/// The loss of one batch.
#[derive(Clone, Debug)]
pub struct SetLoss {
    /// Cross-entropy of the student's view (column) from the teacher's (row), mean over units: `2 x views`. The two of a
    /// view with itself are not in the loss.
    pub terms: Tensor<2>,
    /// The mean over the pairs that are compared.
    pub total: Tensor<1>,
}

impl SetLoss {
    /// The mean of the terms between the two global views.
    pub fn global(&self) -> Tensor<1> {
        mean_where(&self.terms, |q, v| v < 2 && v != q)
    }

    /// The mean of the terms with local views, 0 where there are none.
    pub fn local(&self) -> Tensor<1> {
        mean_where(&self.terms, |_, v| v >= 2)
    }

    /// The same without the way back to the network.
    pub fn detached(self) -> Self {
        Self { terms: self.terms.detach(), total: self.total.detach() }
    }
}

/// The loss of a batch: student's logits `(views units) x outputs`, teacher's `(2 units) x outputs`, centre `1 x
/// outputs`.
///
/// ```
/// use perturbook::methods::set_dino::{SetLossConfig, set_loss};
/// use perturbook::tensor::{Tensor, cpu};
///
/// let zeros = |rows| Tensor::<2>::zeros([rows, 2048], &cpu());
/// let loss = set_loss(zeros(10 * 3), zeros(2 * 3), &zeros(1), &SetLossConfig::default())?;
/// assert_eq!(loss.terms.dims(), [2, 10]);
/// assert!((loss.total.into_scalar() - 2048f32.ln()).abs() < 1e-5); // it knows nothing
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When rows are no whole number of views with as many local ones of each set, or outputs differ.
pub fn set_loss(student: Tensor<2>, teacher: Tensor<2>, centre: &Tensor<2>, config: &SetLossConfig) -> Result<SetLoss> {
    let ([rows, outputs], [teacher_rows, teacher_outputs]) = (student.dims(), teacher.dims());
    let units = teacher_rows / 2;
    let whole = units > 0 && teacher_rows == 2 * units && rows % (2 * units) == 0 && rows >= 2 * units;
    if !whole || outputs != teacher_outputs || centre.dims() != [1, outputs] {
        return Err(Error::new(format!(
            "logits of {rows} x {outputs} (student), {teacher_rows} x {teacher_outputs} (teacher) and a centre of {:?} do \
             not belong together",
            centre.dims()
        ))
        .fix("pass 2 rows of the teacher and an even number of at least 2 of the student for each unit"));
    }
    let views = rows / units;
    let said = teacher_probabilities(teacher, centre, config.teacher_temperature).reshape([2, 1, units, outputs]);
    let heard = log_softmax(student / config.student_temperature, 1).reshape([1, views, units, outputs]);
    let terms = -(said * heard).sum_dim(3).mean_dim(2).reshape([2, views]);
    let set = |view: usize| if view < 2 { view } else { 2 * (view - 2) / (views - 2) };
    let total = match config.pairs {
        Pairs::All => mean_where(&terms, |q, v| v != q),
        Pairs::CrossOnly => mean_where(&terms, |q, v| set(v) != q),
    };
    Ok(SetLoss { terms, total })
}

/// What the teacher says: `softmax((logits - centre) / temperature)` of every row, without gradient.
pub fn teacher_probabilities(logits: Tensor<2>, centre: &Tensor<2>, temperature: f64) -> Tensor<2> {
    softmax((logits.detach() - centre.clone()) / temperature, 1)
}

/// The mean of the terms of some pairs of views, 0 where there are none.
fn mean_where(terms: &Tensor<2>, pairs: impl Fn(usize, usize) -> bool) -> Tensor<1> {
    let [teacher, student] = terms.dims();
    let chosen: Vec<bool> =
        (0..teacher).flat_map(|q| (0..student).map(move |v| (q, v))).map(|(q, v)| pairs(q, v)).collect();
    let share = 1.0 / chosen.iter().filter(|&&c| c).count().max(1) as f32;
    let weights: Vec<f32> = chosen.iter().map(|&c| if c { share } else { 0.0 }).collect();
    let weights = Tensor::from_data(TensorData::new(weights, [teacher, student]), &terms.device());
    (terms.clone() * weights).sum()
}
