//! A technical covariate: a label of cells that says how they were handled, not what was done to them.

use super::Classes;
use crate::evaluate::dense::require_labels;
use crate::{Error, Result};

/// A label of rows, some of which may be left out, and within which rows it is read.
///
/// ```
/// use perturbook::evaluate::classification::Covariate;
///
/// let batch = Covariate::new("batch", &["1", "1", "2", "2"])?;
/// let site = Covariate::partial("position in the field", &[Some("centre"), None, Some("edge"), None])?
///     .within(&["1", "1", "2", "2"])?;
/// assert_eq!((batch.rows().len(), site.rows().len()), (1, 2)); // all rows together; batch by batch
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covariate {
    name: String,
    labels: Vec<Option<String>>,
    within: Option<Classes>,
}

impl Covariate {
    /// A label of every row, read over all rows together.
    ///
    /// # Errors
    /// When there is no row.
    pub fn new<L: AsRef<str>>(name: &str, labels: &[L]) -> Result<Self> {
        let labels: Vec<Option<&str>> = labels.iter().map(|label| Some(label.as_ref())).collect();
        Self::partial(name, &labels)
    }

    /// A label of some rows; the others are left out.
    ///
    /// # Errors
    /// When no row has a label.
    pub fn partial<L: AsRef<str>>(name: &str, labels: &[Option<L>]) -> Result<Self> {
        if labels.iter().all(Option::is_none) {
            return Err(Error::new(format!("no row has a label for {name:?}"))
                .at("technical covariate")
                .fix("give at least one label"));
        }
        let labels = labels.iter().map(|label| label.as_ref().map(|label| label.as_ref().to_owned())).collect();
        Ok(Self { name: name.to_owned(), labels, within: None })
    }

    /// Reads the label within each of these batches on its own; scores are medians over batches.
    ///
    /// # Errors
    /// When there is not one batch for each row.
    pub fn within<L: AsRef<str>>(mut self, batches: &[L]) -> Result<Self> {
        require_labels(self.labels.len(), batches.len(), "batches of a technical covariate")?;
        self.within = Some(Classes::new(batches)?);
        Ok(self)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows, with and without a label.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// For each batch (all rows are one where none are named) the rows that have a label, and their classes; batches
    /// without a labelled row have none.
    pub fn rows(&self) -> Vec<(Vec<usize>, Classes)> {
        let batches = self.within.as_ref().map_or(1, |within| within.names().len());
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); batches];
        for (row, _) in self.labels.iter().enumerate().filter(|(_, label)| label.is_some()) {
            rows[self.within.as_ref().map_or(0, |within| within.codes()[row])].push(row);
        }
        let labelled = |rows: Vec<usize>| {
            let labels: Vec<&str> = rows.iter().filter_map(|&row| self.labels[row].as_deref()).collect();
            Some((rows, Classes::new(&labels).ok()?))
        };
        rows.into_iter().filter_map(labelled).collect()
    }
}
