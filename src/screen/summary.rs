//! What a screen holds, in a few lines.

use serde::Serialize;

use super::labels::Labels;
use super::{Label, Role, Screen};

/// Sizes of groups: the smallest, the quartiles, the largest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sizes {
    /// Groups.
    pub groups: usize,
    /// Cells of the smallest.
    pub smallest: usize,
    /// First quartile, median, third quartile; linear between the two nearest.
    pub quartiles: [f64; 3],
    /// Cells of the largest.
    pub largest: usize,
}

impl Sizes {
    /// Of groups with so many cells each; empty ones do not count.
    pub(crate) fn of(mut counts: Vec<usize>) -> Option<Self> {
        counts.retain(|&n| n > 0);
        counts.sort_unstable();
        let (&smallest, &largest) = (counts.first()?, counts.last()?);
        let quantile = |p: f64| {
            let position = p * (counts.len() - 1) as f64;
            let (low, high) = (counts[position.floor() as usize] as f64, counts[position.ceil() as usize] as f64);
            low + (high - low) * position.fract()
        };
        Some(Self { groups: counts.len(), smallest, quartiles: [0.25, 0.5, 0.75].map(quantile), largest })
    }
}

/// Numbers of a screen, and which columns and rules they come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Cells.
    pub cells: usize,
    /// What each cell has, in words.
    pub payload: String,
    /// Control cells.
    pub controls: usize,
    /// How the controls were chosen.
    pub control_rule: String,
    /// Perturbed cells.
    pub perturbed: usize,
    /// How the perturbed cells were chosen; empty where they are all that are no controls.
    pub perturbed_rule: String,
    /// For each label that the cells have: its columns, and the sizes of its groups.
    pub labels: Vec<(Label, Vec<String>, Sizes)>,
    /// The perturbations: labels of genes that a perturbed cell has, and the cells of each.
    pub perturbations: Option<Sizes>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl Screen {
    /// Counts cells, roles, labels and the sizes of groups.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use perturbook::screen::{Features, Screen};
    /// use polars::prelude::df;
    ///
    /// let table = df!("gene" => ["control", "A", "B", "B"], "well" => ["A1", "A1", "A1", "A2"]).unwrap();
    /// let summary = Screen::new(table, Features::numbered(Array2::zeros((4, 3)))?)?.summary();
    /// assert_eq!((summary.cells, summary.controls), (4, 1));
    /// assert_eq!(summary.perturbations.unwrap().quartiles, [1.25, 1.5, 1.75]); // 1 and 2 cells
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn summary(&self) -> Summary {
        let of_role = |role: Role| (0..self.len()).filter(|&row| self.role(row) == role).count();
        let notes = self.notes();
        let label = |label: Label| {
            let sizes = Sizes::of(self.labels(label).ok()?.counts())?;
            Some((label, self.label_columns(label).to_vec(), sizes))
        };
        let perturbations = self.of_role(Role::Perturbed).labels(Label::Gene).ok().as_ref().map(Labels::counts);
        Summary {
            cells: self.len(),
            payload: self.payload().describe(),
            controls: of_role(Role::Control),
            control_rule: notes.controls.clone(),
            perturbed: of_role(Role::Perturbed),
            perturbed_rule: notes.perturbed.clone(),
            labels: Label::ALL.into_iter().filter_map(label).collect(),
            perturbations: perturbations.and_then(Sizes::of),
            notes: notes.others.clone(),
        }
    }
}
