//! Does the distance to untreated cells grow with the dose?
//!
//! ```text
//! c = mean over untreated cells,   distance of a well = |mean over its cells - c|
//! response of a drug = Spearman correlation of dose and distance over its wells, untreated ones among them
//! ```
//!
//! Untreated cells have dose 0, and those of all drugs give one `c`. A rank correlation asks for no shape of the curve: most
//! saturate.

use std::collections::BTreeMap;

use ndarray::{Array1, Axis};
use serde::{Deserialize, Serialize};

use super::dense::{finite_matrix, require_labels};
use super::spearman;
use crate::reduce::Points;
use crate::{Error, Result};

const PLACE: &str = "dose response";

/// A well of a drug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseWell {
    /// Its name.
    pub well: String,
    /// Dose of its cells; 0: untreated.
    pub dose: f64,
    /// Cells.
    pub cells: usize,
    /// Distance of their mean to the mean of all untreated cells.
    pub distance: f64,
}

/// The wells of a drug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugResponse {
    /// The drug.
    pub drug: String,
    /// Its wells, by dose.
    pub wells: Vec<DoseWell>,
    /// Rank correlation of dose and distance; none where all doses or all distances are the same.
    pub spearman: Option<f64>,
}

/// The responses to all drugs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseResponse {
    /// Drug by drug, in the order of their names.
    pub drugs: Vec<DrugResponse>,
}

/// How far wells lie from untreated cells, by drug and dose; each slice has an entry for each point.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::dose_response;
///
/// let cells = array![[0.0, 1.0], [0.0, -1.0], [3.0, 4.0], [6.0, 8.0]];
/// let response = dose_response(&cells, &["A"; 4], &[0.0, 0.0, 1.0, 2.0], &["A1", "A1", "A2", "A3"])?;
/// let distances: Vec<f64> = response.of("A")?.wells.iter().map(|well| well.distance).collect();
/// assert_eq!((distances, response.of("A")?.spearman), (vec![0.0, 5.0, 10.0], Some(1.0)));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one entry for each point, a dose is negative or no number, cells of one well have several drugs or doses,
/// no cell is untreated, or a value is not finite.
pub fn dose_response<D: AsRef<str>, W: AsRef<str>>(
    points: &dyn Points,
    drugs: &[D],
    doses: &[f64],
    wells: &[W],
) -> Result<DoseResponse> {
    let x = finite_matrix(points, PLACE)?;
    for entries in [drugs.len(), doses.len(), wells.len()] {
        require_labels(x.nrows(), entries, PLACE)?;
    }
    let refuse = |what: String, fix: &str| Err(Error::new(what).at(PLACE).fix(fix));
    if let Some(row) = doses.iter().position(|dose| !(dose.is_finite() && *dose >= 0.0)) {
        return refuse(
            format!("the dose of row {row} is {}", doses[row]),
            "give 0 for untreated cells, else a positive one",
        );
    }
    let mut rows: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (row, (drug, well)) in drugs.iter().zip(wells).enumerate() {
        rows.entry((drug.as_ref(), well.as_ref())).or_default().push(row);
    }
    let mean = |rows: &[usize]| x.select(Axis(0), rows).mean_axis(Axis(0));
    let untreated: Vec<usize> = (0..doses.len()).filter(|&row| doses[row] == 0.0).collect();
    let Some(centre) = mean(&untreated) else {
        return refuse("no cell has dose 0".to_owned(), "give the untreated cells as well");
    };
    let mut found: BTreeMap<&str, Vec<DoseWell>> = BTreeMap::new();
    for ((drug, well), rows) in rows {
        let dose = doses[rows[0]];
        if let Some(&row) = rows.iter().find(|&&row| doses[row] != dose) {
            let what = format!("cells of well {well} have doses {dose} and {} (row {row})", doses[row]);
            return refuse(what, "name wells so that each has one drug and dose, plate and well for instance");
        }
        let from: Array1<f64> = mean(&rows).unwrap_or_default() - &centre;
        let distance = from.dot(&from).sqrt();
        found.entry(drug).or_default().push(DoseWell { well: well.to_owned(), dose, cells: rows.len(), distance });
    }
    let response = |(drug, mut wells): (&str, Vec<DoseWell>)| {
        wells.sort_by(|a, b| a.dose.total_cmp(&b.dose));
        let [doses, distances] = [|well: &DoseWell| well.dose, |well: &DoseWell| well.distance]
            .map(|of| wells.iter().map(of).collect::<Vec<_>>());
        let spearman = spearman(&doses, &distances)?.map(|(correlation, _)| correlation);
        Ok(DrugResponse { drug: drug.to_owned(), wells, spearman })
    };
    Ok(DoseResponse { drugs: found.into_iter().map(response).collect::<Result<_>>()? })
}

impl DoseResponse {
    /// The response to one drug.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(&self, drug: &str) -> Result<&DrugResponse> {
        self.drugs.iter().find(|one| one.drug == drug).ok_or_else(|| {
            let known: Vec<&str> = self.drugs.iter().map(|one| one.drug.as_str()).collect();
            Error::new(format!("no response to {drug:?}")).at(PLACE).fix(format!("choose one of: {}", known.join(", ")))
        })
    }
}
