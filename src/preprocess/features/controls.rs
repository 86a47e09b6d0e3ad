//! Which rows are controls, and which batch each row belongs to.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use ndarray::ArrayView2;

use super::require_finite;
use crate::{Error, Result};

/// The control rows of a matrix, in one batch or in several.
///
/// ```
/// use perturbook::preprocess::features::Controls;
///
/// let controls = Controls::of(&["nt", "A", "nt", "A"], "nt")?.within(&["plate 1", "plate 1", "plate 2", "plate 2"])?;
/// assert_eq!((controls.len(), controls.batches()), (4, 2));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    is_control: Vec<bool>,
    batch_of: Vec<usize>,
    batches: Vec<String>,
}

impl Controls {
    /// The rows whose label is `control`.
    ///
    /// # Errors
    /// When no row has this label; some of the labels there are stand in the message.
    pub fn of<L: AsRef<str>>(labels: &[L], control: &str) -> Result<Self> {
        let marked: Vec<bool> = labels.iter().map(|label| label.as_ref() == control).collect();
        if !marked.contains(&true) {
            let mut known: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
            known.sort_unstable();
            known.dedup();
            known.truncate(8);
            return Err(Error::new(format!("no row is the control {control:?}"))
                .at(format!("labels of {} rows", labels.len()))
                .fix(format!("some of the labels there are: {}", known.join(", "))));
        }
        Self::marked(&marked)
    }

    /// The rows marked `true`.
    ///
    /// # Errors
    /// When no row is marked.
    pub fn marked(is_control: &[bool]) -> Result<Self> {
        if !is_control.contains(&true) {
            return Err(Error::new(format!("none of the {} rows is a control", is_control.len()))
                .at("controls")
                .fix("mark the non-targeting cells, or name their label with Controls::of"));
        }
        let batch_of = vec![0; is_control.len()];
        Ok(Self { is_control: is_control.to_vec(), batch_of, batches: vec!["all rows".to_owned()] })
    }

    /// The same controls, each row to be compared with those of its own batch: a plate, a well, a replicate.
    ///
    /// # Errors
    /// When the number of labels differs, or a batch holds no control (all of them are named).
    pub fn within<L: Display + Eq + Hash>(self, batches: &[L]) -> Result<Self> {
        if batches.len() != self.is_control.len() {
            return Err(Error::new(format!("{} batch labels for {} rows", batches.len(), self.is_control.len()))
                .at("controls")
                .fix("give the batch of every row, in the order of the rows"));
        }
        let mut number: HashMap<&L, usize> = HashMap::new();
        let mut names = Vec::new();
        let mut batch_of = Vec::with_capacity(batches.len());
        for label in batches {
            batch_of.push(*number.entry(label).or_insert_with(|| {
                names.push(label.to_string());
                names.len() - 1
            }));
        }
        let mut held = vec![0usize; names.len()];
        self.is_control.iter().zip(&batch_of).filter(|(control, _)| **control).for_each(|(_, &b)| held[b] += 1);
        let lacking: Vec<&str> = names.iter().zip(&held).filter(|&(_, &n)| n == 0).map(|(n, _)| n.as_str()).collect();
        if !lacking.is_empty() {
            let some = lacking.iter().take(8).copied().collect::<Vec<_>>().join(", ");
            return Err(Error::new(format!("{} without a control: {some}", count_batches(lacking.len())))
                .at("controls")
                .fix("drop these batches, or scale on the controls of all batches together"));
        }
        Ok(Self { is_control: self.is_control, batch_of, batches: names })
    }

    /// The same controls, all rows as one batch.
    #[must_use]
    pub fn pooled(&self) -> Self {
        let batch_of = vec![0; self.len()];
        Self { is_control: self.is_control.clone(), batch_of, batches: vec!["all rows".to_owned()] }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.is_control.len()
    }

    /// Always false: there is at least one control.
    pub fn is_empty(&self) -> bool {
        self.is_control.is_empty()
    }

    /// Number of batches.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// The name of a batch, as its label displays.
    pub fn batch_name(&self, batch: usize) -> Option<&str> {
        self.batches.get(batch).map(String::as_str)
    }

    /// The number of each row's batch, in order of first appearance.
    pub fn batch_of(&self) -> &[usize] {
        &self.batch_of
    }

    /// The control rows of all batches.
    pub fn rows(&self) -> Vec<usize> {
        (0..self.len()).filter(|&row| self.is_control[row]).collect()
    }

    /// The control rows of each batch.
    pub fn rows_by_batch(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.batches()];
        self.rows().into_iter().for_each(|row| rows[self.batch_of[row]].push(row));
        rows
    }

    /// The matrix has a row for each of these, and only finite values.
    pub(super) fn require_matrix<V: Copy + Into<f64>>(&self, x: ArrayView2<'_, V>, what: &str) -> Result<()> {
        self.require_rows(x.nrows(), what)?;
        require_finite(x, what)
    }

    pub(super) fn require_rows(&self, rows: usize, what: &str) -> Result<()> {
        if rows == self.len() {
            return Ok(());
        }
        Err(Error::new(format!("a matrix of {rows} rows, but {} rows are marked as control or not", self.len()))
            .at(what)
            .fix("make the controls of the labels of this matrix"))
    }
}

fn count_batches(n: usize) -> String {
    if n == 1 { "a batch".to_owned() } else { format!("{n} batches") }
}
