//! The cells of each perturbation in each batch, and which of these groups are large enough to learn from.
//!
//! Set-DINO (section 4.4 of the methods) keeps groups of at least 20 cells, then perturbations that have at least two such
//! groups, so that a pair of views can come from two batches. Controls are one more perturbation.

use super::{Label, Screen};
use crate::io::parquet::count;
use crate::{Error, Result};

/// Which groups are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// What counts as one perturbation: the gene or the guide.
    pub unit: Label,
    /// Cells that a group must have.
    pub min_cells: usize,
    /// Batches in which a perturbation must have such a group.
    pub min_batches: usize,
}

impl GroupRule {
    /// Every group, however small.
    pub fn all(unit: Label) -> Self {
        Self { unit, min_cells: 1, min_batches: 1 }
    }

    /// As Set-DINO: at least 20 cells in each of at least two batches.
    pub fn set_dino(unit: Label) -> Self {
        Self { unit, min_cells: 20, min_batches: 2 }
    }
}

/// The cells of one perturbation in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The gene or guide.
    pub perturbation: &'a str,
    /// The batch.
    pub batch: &'a str,
    /// Rows of the screen, ascending.
    pub rows: &'a [u32],
}

/// All groups of a screen, by perturbation and then by batch, in the order in which these first appear.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::screen::{Features, GroupRule, Label, Screen};
/// use polars::prelude::df;
///
/// let table = df!("gene" => ["A", "A", "B", "A", "B"], "well" => ["1", "2", "1", "1", "1"]).unwrap();
/// let screen = Screen::new(table, Features::numbered(Array2::zeros((5, 1)))?)?;
/// let groups = screen.groups(GroupRule::all(Label::Gene))?;
/// assert_eq!(groups.len(), 3);
/// assert_eq!(groups.get(0).rows, [0, 3]); // A in well 1
/// let kept = screen.groups(GroupRule { min_cells: 1, min_batches: 2, unit: Label::Gene })?;
/// assert_eq!(kept.perturbations(), ["A"]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Groups {
    perturbations: Vec<String>,
    batches: Vec<String>,
    /// Perturbation and batch of each group.
    of: Vec<(u32, u32)>,
    /// Group `g` has the rows `rows[starts[g]..starts[g + 1]]`.
    starts: Vec<usize>,
    rows: Vec<u32>,
    /// The groups of perturbation `p` are `first[p]..first[p + 1]`.
    first: Vec<usize>,
    dropped: usize,
}

impl Screen {
    /// The cells of each perturbation in each batch; groups and perturbations that the rule calls too small are left
    /// out.
    ///
    /// # Errors
    /// When cells have no such label or no batch, or no group is large enough.
    pub fn groups(&self, rule: GroupRule) -> Result<Groups> {
        let (units, batches) = (self.labels(rule.unit)?, self.labels(Label::Batch)?);
        let width = batches.names().len();
        let key = |row: usize| u64::from(units.codes()[row]) * width as u64 + u64::from(batches.codes()[row]);
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&row| (key(row as usize), row));

        let mut groups = Groups {
            perturbations: Vec::new(),
            batches: batches.names().to_vec(),
            of: Vec::new(),
            starts: vec![0],
            rows: Vec::new(),
            first: vec![0],
            dropped: 0,
        };
        let unit = |row: u32| units.codes()[row as usize];
        for of_unit in order.chunk_by(|&a, &b| unit(a) == unit(b)) {
            let runs = of_unit.chunk_by(|&a, &b| key(a as usize) == key(b as usize));
            let large: Vec<&[u32]> = runs.filter(|run| run.len() >= rule.min_cells).collect();
            if large.is_empty() || large.len() < rule.min_batches {
                continue;
            }
            let number = groups.perturbations.len() as u32;
            groups.perturbations.push(units.of(of_unit[0] as usize).to_owned());
            for run in large {
                groups.of.push((number, batches.codes()[run[0] as usize]));
                groups.rows.extend_from_slice(run);
                groups.starts.push(groups.rows.len());
            }
            groups.first.push(groups.of.len());
        }
        groups.dropped = self.len() - groups.rows.len();
        if groups.is_empty() {
            return Err(Error::new(format!(
                "no {} has {} in {}",
                rule.unit,
                count(rule.min_cells, "cell"),
                count(rule.min_batches, "batch").replace("batchs", "batches")
            ))
            .at(format!("screen of {} cells", self.len()))
            .fix("ask for smaller groups, or group by gene instead of guide"));
        }
        Ok(groups)
    }
}

impl Groups {
    /// The number of groups.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The group of this number.
    ///
    /// # Panics
    /// When there is none.
    pub fn get(&self, group: usize) -> Group<'_> {
        let (perturbation, batch) = self.of[group];
        Group {
            perturbation: &self.perturbations[perturbation as usize],
            batch: &self.batches[batch as usize],
            rows: &self.rows[self.starts[group]..self.starts[group + 1]],
        }
    }

    /// All groups.
    pub fn iter(&self) -> impl Iterator<Item = Group<'_>> {
        (0..self.len()).map(|group| self.get(group))
    }

    /// The perturbations that have a group.
    pub fn perturbations(&self) -> &[String] {
        &self.perturbations
    }

    /// The groups of the perturbation of this number, one for each of its batches.
    ///
    /// # Panics
    /// When there is no such perturbation.
    pub fn of_perturbation(&self, perturbation: usize) -> impl Iterator<Item = Group<'_>> {
        (self.first[perturbation]..self.first[perturbation + 1]).map(|group| self.get(group))
    }

    /// Cells in groups.
    pub fn cells(&self) -> usize {
        self.rows.len()
    }

    /// Cells of groups that are too small, or whose perturbation has too few of them.
    pub fn dropped_cells(&self) -> usize {
        self.dropped
    }
}
