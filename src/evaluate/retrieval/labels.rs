//! What each row is: its perturbation, its guide, its batch, its complex.
//!
//! A [`RowLabels`] numbers the distinct labels of `n` rows, in ascending order, and knows which of them are controls.
//! Controls take part in a ranking as distractors but are not queried.

use std::collections::BTreeMap;

use polars::prelude::DataType;

use crate::evaluate::GeneSets;
use crate::screen::{Embedding, Labels};
use crate::{Error, Result};

/// The label that stands for "in no gene set".
const UNANNOTATED: &str = "(in no set)";

/// The label of each of `n` rows.
///
/// ```
/// use perturbook::evaluate::RowLabels;
///
/// let labels = RowLabels::new(&["TP53", "nt", "MYC", "nt"]).with_controls(&["nt"])?;
/// assert_eq!(labels.names(), ["MYC", "TP53", "nt"]);
/// assert_eq!(labels.codes(), [1, 2, 0, 2]);
/// assert!(labels.is_control(1) && !labels.is_control(0));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLabels {
    names: Vec<String>,
    codes: Vec<u32>,
    control: Vec<bool>,
}

impl RowLabels {
    /// One label for each row; texts are numbered alphabetically, numbers in ascending order.
    pub fn new<T: Ord + ToString>(labels: &[T]) -> Self {
        let mut code_of: BTreeMap<&T, u32> = labels.iter().map(|label| (label, 0)).collect();
        for (code, entry) in code_of.values_mut().enumerate() {
            *entry = code as u32;
        }
        let codes = labels.iter().map(|label| code_of.get(label).copied().unwrap_or_default()).collect();
        let names: Vec<String> = code_of.keys().map(|label| label.to_string()).collect();
        Self { control: vec![false; names.len()], names, codes }
    }

    /// One label for each list of values; two are the same when all values are.
    pub(super) fn joint(labels: &[Vec<String>], between: &str) -> Self {
        let mut code_of: BTreeMap<&[String], u32> = labels.iter().map(|label| (label.as_slice(), 0)).collect();
        for (code, entry) in code_of.values_mut().enumerate() {
            *entry = code as u32;
        }
        let codes = labels.iter().map(|label| code_of.get(label.as_slice()).copied().unwrap_or_default()).collect();
        let names: Vec<String> = code_of.keys().map(|label| label.join(between)).collect();
        Self { control: vec![false; names.len()], names, codes }
    }

    /// A column of an embedding's table, such as `gene`, `guide` or `well`.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::evaluate::RowLabels;
    /// use perturbook::screen::Embedding;
    /// use polars::prelude::df;
    ///
    /// let table = df!("gene" => ["A", "B", "A"], "plate" => [2, 10, 2]).unwrap();
    /// let wells = Embedding::new(array![[1.0], [2.0], [3.0]], table)?;
    /// assert_eq!(RowLabels::of_column(&wells, "gene")?.codes(), [0, 1, 0]);
    /// assert_eq!(RowLabels::of_column(&wells, "plate")?.of(1), "10");
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the table has no such column, or a row has no label in it.
    pub fn of_column(embedding: &Embedding, column: &str) -> Result<Self> {
        let table = embedding.table();
        let unusable = |e: polars::prelude::PolarsError| {
            let have: Vec<&str> = table.get_column_names().into_iter().map(|name| name.as_str()).collect();
            Error::new(format!("the column {column:?} cannot label rows: {e}"))
                .at("table of the embedding")
                .fix(format!("choose one of: {}", have.join(", ")))
                .caused_by(e)
        };
        let text = table.column(column).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
        let text = text.str().map_err(unusable)?;
        let labels: Option<Vec<&str>> = text.iter().collect();
        let labels = labels.ok_or_else(|| {
            let first = text.iter().position(|label| label.is_none()).unwrap_or_default();
            Error::new(format!("no label in the column {column:?}"))
                .at(format!("row {first}"))
                .fix("fill or drop these rows first")
        })?;
        Ok(Self::new(&labels))
    }

    /// The gene set of each key, for instance the complex of each gene of a map; a gene in no set is a distractor.
    ///
    /// ```
    /// use perturbook::evaluate::{GeneSets, RowLabels};
    ///
    /// let sets = GeneSets::new("toy", [("exosome", vec!["EXOSC1", "EXOSC2"])]);
    /// let labels = RowLabels::of_sets(&["EXOSC2", "TP53"], &sets)?;
    /// assert_eq!(labels.of(0), "exosome");
    /// assert!(labels.is_control(1));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a key is in two sets: it would have two labels.
    pub fn of_sets<S: AsRef<str>>(keys: &[S], sets: &GeneSets) -> Result<Self> {
        let keys: Vec<String> = keys.iter().map(|key| key.as_ref().to_owned()).collect();
        let mut label_of: Vec<Option<usize>> = vec![None; keys.len()];
        for (set, rows) in sets.rows(&keys).into_iter().enumerate() {
            for row in rows {
                if let Some(first) = label_of[row].replace(set) {
                    let (a, b) = (&sets.sets()[first].name, &sets.sets()[set].name);
                    return Err(Error::new(format!("{:?} is in two gene sets", keys[row]))
                        .at(format!("{a:?} and {b:?} of {:?}", sets.name()))
                        .fix("keep one set for each gene, or use recall of relations, which takes overlapping sets"));
                }
            }
        }
        let name = |set: Option<usize>| set.map_or(UNANNOTATED, |set| sets.sets()[set].name.as_str());
        let labels: Vec<&str> = label_of.into_iter().map(name).collect();
        let mut labels = Self::new(&labels);
        for (name, control) in labels.names.iter().zip(&mut labels.control) {
            *control = name == UNANNOTATED;
        }
        Ok(labels)
    }

    /// Marks labels as controls: they rank as distractors and are not queried.
    ///
    /// # Errors
    /// When no row has one of these labels.
    pub fn with_controls<S: AsRef<str>>(mut self, controls: &[S]) -> Result<Self> {
        for control in controls.iter().map(AsRef::as_ref) {
            let code = self.names.iter().position(|name| name == control).ok_or_else(|| {
                let known: Vec<&str> = self.names.iter().take(8).map(String::as_str).collect();
                Error::new(format!("no row has the label {control:?}"))
                    .at("controls")
                    .fix(format!("the labels start with: {}", known.join(", ")))
            })?;
            self.control[code] = true;
        }
        Ok(self)
    }

    /// The distinct labels.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// For each row the position of its label in [`RowLabels::names`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Number of rows, `n`.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The label of one row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn of(&self, row: usize) -> &str {
        &self.names[self.codes[row] as usize]
    }

    /// Whether a row is a control.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn is_control(&self, row: usize) -> bool {
        self.control[self.codes[row] as usize]
    }

    /// Whether a label is one of the controls.
    pub(super) fn is_control_code(&self, code: usize) -> bool {
        self.control[code]
    }

    /// Rows that are no control, in order.
    pub fn perturbed_rows(&self) -> Vec<usize> {
        (0..self.len()).filter(|&row| !self.is_control(row)).collect()
    }

    /// The rows of each label, in the order of [`RowLabels::names`].
    pub fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.names.len()];
        for (row, &code) in self.codes.iter().enumerate() {
            members[code as usize].push(row as u32);
        }
        members
    }

    /// Refuses labels that are not as many as the points.
    pub(super) fn require_rows(&self, n: usize, place: &str) -> Result<()> {
        if self.len() == n {
            return Ok(());
        }
        Err(Error::new(format!("{} labels for {n} rows", self.len()))
            .at(place.to_owned())
            .fix("give one label for each row, in the same order"))
    }
}

/// The labels of a screen's cells, with their numbers: no control is marked.
impl From<&Labels> for RowLabels {
    fn from(labels: &Labels) -> Self {
        let names = labels.names().to_vec();
        Self { control: vec![false; names.len()], names, codes: labels.codes().to_vec() }
    }
}
