//! Energy distances between all pairs of groups of cells, such as perturbations: SC-VAE's Figure 4.
//!
//! The matrix is symmetric. Cosine distances depend on the origin: a cloud of cells far from it has nearly one
//! direction, and all its distances are tiny. [`EnergyConfig::centre`] takes the mean of one group, the controls, for
//! the origin.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cells::{checked, one_label_each, rows_by_label, rows_of, selected};
use super::energy::{Sample, Within, energy_of};
use crate::live::progress;
use crate::reduce::Metric;
use crate::{Error, Result};

/// How the matrix is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyConfig {
    /// Distance of two cells; cosine in SC-VAE.
    pub metric: Metric,
    /// Which pairs within a group count.
    pub within: Within,
    /// The groups and their order; all, in order of first appearance, when `None`. See [`largest_groups`].
    pub groups: Option<Vec<String>>,
    /// Subtract the mean of this group from every cell first.
    pub centre: Option<String>,
}

impl Default for EnergyConfig {
    fn default() -> Self {
        Self { metric: Metric::Cosine, within: Within::All, groups: None, centre: None }
    }
}

/// Energy distances between groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyMatrix {
    /// Names of the groups, in the order of rows and columns.
    pub groups: Vec<String>,
    /// Cells of each.
    pub n: Vec<usize>,
    /// `groups x groups`, symmetric. NaN where it is not defined: a group of one cell under [`Within::Distinct`]. Under
    /// that rule the diagonal, a group against itself, is not 0 and says nothing.
    pub values: Array2<f64>,
    /// Distance of two cells.
    pub metric: Metric,
    /// Which pairs within a group counted.
    pub within: Within,
    /// The group whose mean was taken for the origin.
    pub centre: Option<String>,
}

impl EnergyMatrix {
    /// The distance of two groups.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn between(&self, a: &str, b: &str) -> Result<f64> {
        let at = |name: &str| {
            self.groups.iter().position(|group| group == name).ok_or_else(|| {
                Error::new(format!("no group is named {name:?}")).at("energy matrix").fix("look at its groups")
            })
        };
        Ok(self.values[[at(a)?, at(b)?]])
    }

    /// The distances of all pairs of different groups, each once, row by row above the diagonal.
    pub fn pairs(&self) -> Vec<f64> {
        let above = self.values.indexed_iter().filter(|((i, j), _)| i < j);
        above.map(|(_, &value)| value).collect()
    }
}

/// The control, where it occurs, and the `k` groups with the most cells, or all of fewer; ties in order of first appearance.
/// SC-VAE draws its control and the 100 largest.
///
/// ```
/// use perturbook::evaluate::largest_groups;
///
/// let labels = ["A", "nt", "B", "B", "C", "C", "C"];
/// assert_eq!(largest_groups(&labels, "nt", 2), ["nt", "C", "B"]);
/// ```
pub fn largest_groups<S: AsRef<str>>(labels: &[S], control: &str, k: usize) -> Vec<String> {
    let (controls, mut others): (Vec<_>, Vec<_>) = rows_by_label(labels).into_iter().partition(|g| g.0 == control);
    others.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    controls.into_iter().chain(others.into_iter().take(k)).map(|(name, _)| name).collect()
}

/// Energy distances between all pairs of groups of `cells` (`n x d`), where `labels[i]` is the group of cell i.
///
/// Distances within a group are summed once. Euclidean distances take `O(n^2 d)`, and a bar shows how far they are;
/// asked to stop, the work ends with an error.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{EnergyConfig, energy_matrix};
///
/// let cells = array![[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]];
/// let energy = energy_matrix(cells.view(), &["nt", "nt", "A"], &EnergyConfig::default())?;
/// assert_eq!((energy.between("nt", "A")?, energy.between("A", "A")?), (2.0, 0.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When labels and cells differ in number, no group or one without a cell is asked for, a value is not finite, or the work
/// was stopped.
pub fn energy_matrix<V: Copy + Into<f64>, S: AsRef<str>>(
    cells: ArrayView2<'_, V>,
    labels: &[S],
    config: &EnergyConfig,
) -> Result<EnergyMatrix> {
    let place = "energy_matrix";
    one_label_each(cells.nrows(), labels.len(), place)?;
    checked(cells, place, 1)?;
    let known = rows_by_label(labels);
    let origin = match &config.centre {
        Some(name) => selected(cells, rows_of(&known, name, place)?).mean_axis(Axis(0)),
        None => None,
    };
    let names = config.groups.clone().unwrap_or_else(|| known.iter().map(|(name, _)| name.clone()).collect());
    if names.is_empty() {
        return Err(Error::new("no group was asked for").at(place).fix("name groups, or None for all there are"));
    }
    let rows = names.iter().map(|name| rows_of(&known, name, place)).collect::<Result<Vec<&[usize]>>>()?;
    let samples: Vec<Sample> = rows
        .iter()
        .map(|rows| {
            let mut group = selected(cells, rows);
            if let Some(origin) = &origin {
                group -= origin;
            }
            Sample::new(group.view(), config.metric)
        })
        .collect();
    let k = samples.len();
    let mut values = Array2::zeros((k, k));
    let row = |i: usize| -> Vec<f64> {
        (i..k).into_par_iter().map(|j| energy_of(&samples[i], &samples[j], config.within).distance).collect()
    };
    let mut done = 0;
    let mut fill = |i: usize| {
        for (j, distance) in row(i).into_iter().enumerate() {
            (values[[i, i + j]], values[[i + j, i]]) = (distance, distance);
        }
        done += 1;
    };
    match config.metric {
        Metric::Cosine => (0..k).for_each(&mut fill),
        Metric::Euclidean => progress("energy distances", 0..k).for_each(&mut fill),
    }
    if done < k {
        return Err(Error::new(format!("stopped after {done} of {k} rows")).at(place).fix("ask for fewer groups"));
    }
    let n = rows.iter().map(|rows| rows.len()).collect();
    let (metric, within, centre) = (config.metric, config.within, config.centre.clone());
    Ok(EnergyMatrix { groups: names, n, values, metric, within, centre })
}
