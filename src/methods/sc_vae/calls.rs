//! What the classifier says of cells: which perturbation, which cells have escaped theirs, and which controls look
//! perturbed.
//!
//! With the logits `h` of a cell's salient mean, control class 0 and own class `k`:
//!
//! ```text
//! predicted               argmax h                                        (the paper's rule: escaped if it is control)
//! escape score            h_0 - h_k                 of a perturbed cell   ln p(control) - ln p(own perturbation)
//! control score           h_0 - max of the others   of a control
//! p-value                 (1 + held-out controls whose score is not above the cell's) / (1 + held-out controls)
//! escaping                a perturbed cell whose p-value is above the rate
//! false-negative control  a control that is not predicted as one and whose p-value is at most the rate
//! ```
//!
//! The score of a held-out control is computed as if it had the cell's label, so that the threshold of every perturbation
//! is calibrated by itself: of cells that are like controls the share `1 - rate` is called escaping, whatever the
//! classifier's confidence. Cells of a perturbation without effect are called so, too: they look like controls. Held-out
//! controls are those of the validation part of the fit, which no weight was learned from. Of training cells, whose labels
//! the classifier has seen, fewer are called: it believes what it was told of them.

use ndarray::{Array2, Axis};
use polars::prelude::{Column, DataFrame};

use super::Model;
use crate::display::{Bundle, Show};
use crate::figures::{Confusion, Figure, figure_or_reason};
use crate::methods::Method;
use crate::nn::counts::Cells;
use crate::screen::Screen;
use crate::tensor::Tensor;
use crate::{Error, Result};

/// What a cell is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A control that looks like one.
    Control,
    /// A control that looks perturbed.
    FalseNegativeControl,
    /// A perturbed cell that does not look like a control.
    Perturbed,
    /// A perturbed cell that looks like a control.
    Escaping,
}

impl Call {
    /// `control`, `false-negative control`, `perturbed` or `escaping`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::FalseNegativeControl => "false-negative control",
            Self::Perturbed => "perturbed",
            Self::Escaping => "escaping",
        }
    }
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellCall {
    /// Its class, by its label.
    pub class: usize,
    /// The class with the largest probability.
    pub predicted: usize,
    /// How many classes have a larger probability than its own.
    pub rank: usize,
    /// The probability of the control.
    pub control_probability: f64,
    /// Escape score of a perturbed cell, control score of a control, in nats.
    pub score: f64,
    /// Its p-value among held-out controls.
    pub p_value: f64,
    /// What it is called.
    pub call: Call,
}

/// The calls of the cells of a screen.
#[derive(Clone, Debug, PartialEq)]
pub struct CellCalls {
    /// Names of the classes; the first is the control.
    pub classes: Vec<String>,
    /// The rate that calls are calibrated to.
    pub rate: f64,
    /// Held-out controls they are calibrated on.
    pub held_out: usize,
    /// One for each cell, in the order of the screen.
    pub cells: Vec<CellCall>,
}

impl Model {
    /// The probability of each class, control first, at the salient mean of each cell, `n x classes`.
    ///
    /// # Errors
    /// As [`Method::embed`], and when the model was trained without a classifier.
    pub fn probabilities(&self, screen: &Screen) -> Result<Array2<f32>> {
        let mut values = self.class_logits(screen)?;
        for mut row in values.rows_mut() {
            let top = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            row.mapv_inplace(|v| (v - top).exp());
            let sum = row.sum();
            row.mapv_inplace(|v| v / sum);
        }
        Ok(values)
    }

    fn class_logits(&self, screen: &Screen) -> Result<Array2<f32>> {
        if self.plan().settings.classification == 0.0 {
            return Err(Error::new("this model was trained without a classifier")
                .fix("train with a `classification` weight above 0"));
        }
        let background = self.plan().settings.background;
        let of = |_: &Cells, code: Tensor<2>| Ok(self.network().logits(code, background));
        self.all_blocks(screen, self.vocabulary().classes.len(), of)
    }

    /// Calls the cells of a screen, of which `1 - rate` of those that are like controls shall be called so; usual is 0.05.
    ///
    /// # Errors
    /// As [`Model::probabilities`]; when a cell is of a perturbation that the model has not seen, or of none; when the rate
    /// is not between 0 and 1, or held-out controls are too few for it (fewer than `1 / rate - 1`).
    pub fn calls(&self, screen: &Screen, rate: f64) -> Result<CellCalls> {
        if !(0.0 < rate && rate < 1.0) {
            return Err(
                Error::new(format!("calls at a rate of {rate}")).fix("give a rate between 0 and 1, such as 0.05")
            );
        }
        let vocabulary = self.vocabulary();
        let classes = vocabulary.classes_of(screen)?;
        if let Some(row) = classes.iter().position(Option::is_none) {
            return Err(Error::new("a cell is of no class that the model has learned")
                .at(format!("row {row}"))
                .fix("take the cells of perturbations that it was trained on, and the controls"));
        }
        let classes: Vec<usize> = classes.into_iter().flatten().collect();
        let logits = self.class_logits(screen)?;
        let none = Array2::zeros((0, 0));
        let held_out = self.calibration().unwrap_or(none.view());
        let needed = (1.0 / rate - 1.0 - 1e-9).ceil();
        if (held_out.nrows() as f64) < needed {
            return Err(Error::new(format!("{} held-out controls are too few for a rate of {rate}", held_out.nrows()))
                .at("validation part of the split")
                .fix(format!("take a rate of at least 1 in {}, or train with more controls", held_out.nrows() + 1)));
        }
        let mut null: Vec<Option<Vec<f64>>> = vec![None; vocabulary.classes.len()];
        for &class in &classes {
            null[class].get_or_insert_with(|| {
                let mut scores: Vec<f64> = held_out.rows().into_iter().map(|row| score(&row.to_vec(), class)).collect();
                scores.sort_by(f64::total_cmp);
                scores
            });
        }
        let cells = classes.iter().zip(logits.rows()).map(|(&class, row)| {
            let null = null[class].as_deref().unwrap_or_default();
            call(&row.to_vec(), class, null, rate)
        });
        let cells = cells.collect();
        Ok(CellCalls { classes: vocabulary.classes.clone(), rate, held_out: held_out.nrows(), cells })
    }
}

/// `h_0 - h_k`, or of controls `h_0 - max` of the others.
fn score(logits: &[f32], class: usize) -> f64 {
    let control = f64::from(logits[0]);
    match class {
        0 => control - f64::from(logits[1..].iter().copied().fold(f32::NEG_INFINITY, f32::max)),
        own => control - f64::from(logits[own]),
    }
}

fn call(logits: &[f32], class: usize, null: &[f64], rate: f64) -> CellCall {
    let own = logits[class];
    // Of equal logits the first class counts as the larger.
    let predicted = (0..logits.len()).rev().max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or_default();
    let rank = logits.iter().filter(|&&other| other > own).count();
    let top = f64::from(logits[predicted]);
    let sum: f64 = logits.iter().map(|&v| (f64::from(v) - top).exp()).sum();
    let score = score(logits, class);
    let p_value = (1 + null.partition_point(|&control| control <= score)) as f64 / (1 + null.len()) as f64;
    let call = match (class == 0, p_value <= rate) {
        (true, true) if predicted != 0 => Call::FalseNegativeControl,
        (true, _) => Call::Control,
        (false, true) => Call::Perturbed,
        (false, false) => Call::Escaping,
    };
    let control_probability = (f64::from(logits[0]) - top).exp() / sum;
    CellCall { class, predicted, rank, control_probability, score, p_value, call }
}

impl CellCalls {
    /// Cells of each class (rows) that are predicted as each class (columns), `classes x classes`.
    pub fn confusion(&self) -> Array2<f64> {
        let mut counts = Array2::zeros((self.classes.len(), self.classes.len()));
        self.cells.iter().for_each(|cell| counts[[cell.class, cell.predicted]] += 1.0);
        counts
    }

    /// The share of cells whose class is among the `k` most probable ones; NaN without cells.
    pub fn top(&self, k: usize) -> f64 {
        self.cells.iter().filter(|cell| cell.rank < k).count() as f64 / self.cells.len() as f64
    }

    /// One row for each cell: `label`, `predicted`, `control_probability`, `score`, `p_value`, `call`.
    ///
    /// # Errors
    /// When the table cannot be built.
    pub fn table(&self) -> Result<DataFrame> {
        let text = |of: &dyn Fn(&CellCall) -> String| self.cells.iter().map(of).collect::<Vec<String>>();
        let number = |of: &dyn Fn(&CellCall) -> f64| self.cells.iter().map(of).collect::<Vec<f64>>();
        frame(
            self.cells.len(),
            vec![
                Column::new("label".into(), text(&|cell| self.classes[cell.class].clone())),
                Column::new("predicted".into(), text(&|cell| self.classes[cell.predicted].clone())),
                Column::new("control_probability".into(), number(&|cell| cell.control_probability)),
                Column::new("score".into(), number(&|cell| cell.score)),
                Column::new("p_value".into(), number(&|cell| cell.p_value)),
                Column::new("call".into(), text(&|cell| cell.call.name().to_owned())),
            ],
        )
    }

    /// One row for each class that occurs: `label`, `cells`, `correct` (predicted as it is), `predicted_control`,
    /// `called` (escaping, or false-negative control for the control), each a share of its cells. For perturbations
    /// `predicted_control` is the paper's rate of escaped cells.
    ///
    /// # Errors
    /// When the table cannot be built.
    pub fn rates(&self) -> Result<DataFrame> {
        let confusion = self.confusion();
        let cells = confusion.sum_axis(Axis(1));
        let mut called = vec![0.0; self.classes.len()];
        for cell in &self.cells {
            called[cell.class] += f64::from(matches!(cell.call, Call::Escaping | Call::FalseNegativeControl));
        }
        let there: Vec<usize> = (0..self.classes.len()).filter(|&class| cells[class] > 0.0).collect();
        let share =
            |of: &dyn Fn(usize) -> f64| there.iter().map(|&class| of(class) / cells[class]).collect::<Vec<f64>>();
        frame(
            there.len(),
            vec![
                Column::new("label".into(), there.iter().map(|&class| self.classes[class].clone()).collect::<Vec<_>>()),
                Column::new("cells".into(), there.iter().map(|&class| cells[class] as u32).collect::<Vec<_>>()),
                Column::new("correct".into(), share(&|class| confusion[[class, class]])),
                Column::new("predicted_control".into(), share(&|class| confusion[[class, 0]])),
                Column::new("called".into(), share(&|class| called[class])),
            ],
        )
    }

    /// The confusion matrix, coloured by the logarithm of counts, as Figure 6 of the paper.
    ///
    /// # Errors
    /// When there is no cell.
    pub fn figure(&self) -> Result<Figure> {
        let title = format!("Perturbations by the salient code, top 1 {:.3}, top 5 {:.3}", self.top(1), self.top(5));
        let counts = self.confusion();
        let figure = Confusion::new(&title, counts.view(), &self.classes).log().figure()?;
        let of = |call: Call| self.cells.iter().filter(|cell| cell.call == call).count();
        Ok(figure.caption(&format!(
            "{} escaping cells and {} false-negative controls at a rate of {}, calibrated on {} held-out controls; cf. \
             Figure 6 of the SC-VAE paper.",
            of(Call::Escaping),
            of(Call::FalseNegativeControl),
            self.rate,
            self.held_out
        )))
    }
}

impl Show for CellCalls {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}

fn frame(rows: usize, columns: Vec<Column>) -> Result<DataFrame> {
    DataFrame::new(rows, columns).map_err(|e| Error::new(format!("cannot build the table of calls: {e}")).caused_by(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_p_values_are_those_by_hand() {
        let null = [-1.0, 0.0, 1.0, 2.0];
        let cell = call(&[1.0, 0.5, 3.0], 2, &null, 0.3);
        assert_eq!((cell.predicted, cell.rank, cell.score), (2, 0, -2.0));
        assert_eq!((cell.p_value, cell.call), (0.2, Call::Perturbed));
        let cell = call(&[1.0, 0.5, 3.0], 1, &null, 0.3);
        assert_eq!((cell.rank, cell.p_value, cell.call), (2, 0.6, Call::Escaping));
        let control = call(&[1.0, 0.5, 3.0], 0, &null, 0.3);
        assert_eq!((control.score, control.call), (-2.0, Call::FalseNegativeControl));
        assert_eq!(call(&[2.0, 2.0, 2.0], 1, &null, 0.3).predicted, 0);
        assert!((call(&[0.0; 4], 1, &null, 0.3).control_probability - 0.25).abs() < 1e-12);
    }
}
