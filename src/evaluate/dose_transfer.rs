//! Do untreated cells that were translated to a dose of a drug look like cells that got it?
//!
//! ```text
//! of a dose   median over cells of a number that answers to the drug, such as the nuclear ratio of a protein
//! follows     Spearman correlation of dose and median of translated cells, over the doses of a drug
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::retrieval::percentile;
use super::spearman;
use crate::{Error, Result};

const PLACE: &str = "dose transfer";

/// A cell that got a dose of a drug, or was translated to it.
#[derive(Clone, Debug, PartialEq)]
pub struct DosedCell {
    /// The drug.
    pub drug: String,
    /// Its dose.
    pub dose: f64,
    /// What answers to it.
    pub value: f64,
}

/// The doses of a drug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferredDrug {
    /// The drug.
    pub drug: String,
    /// Its doses that cells were translated to, ascending.
    pub doses: Vec<f64>,
    /// Median of the cells that were translated to each.
    pub translated: Vec<f64>,
    /// Median of the cells that got it; NaN where there is none.
    pub real: Vec<f64>,
    /// How translated cells follow the dose; none where all medians are the same.
    pub spearman: Option<f64>,
}

/// All drugs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseTransfer {
    /// In the order of their names.
    pub drugs: Vec<TransferredDrug>,
}

/// Medians of translated and of real cells by drug and dose.
///
/// ```
/// use perturbook::evaluate::{DosedCell, dose_transfer};
///
/// let cell = |dose: f64, value: f64| DosedCell { drug: "A".to_owned(), dose, value };
/// let translated = [cell(1.0, 0.1), cell(1.0, 0.3), cell(2.0, 0.5), cell(3.0, 0.4)];
/// let found = dose_transfer(&translated, &[cell(2.0, 0.7)])?;
/// let drug = found.of("A")?;
/// assert_eq!((drug.translated.clone(), drug.spearman), (vec![0.2, 0.5, 0.4], Some(0.5)));
/// assert!(drug.real[0].is_nan() && drug.real[1] == 0.7);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no translated cell, a drug has fewer than three doses, or a number is not finite.
pub fn dose_transfer(translated: &[DosedCell], real: &[DosedCell]) -> Result<DoseTransfer> {
    let refuse = |what: String, fix: &str| Err(Error::new(what).at(PLACE).fix(fix));
    if let Some(cell) = translated.iter().chain(real).find(|cell| !(cell.dose.is_finite() && cell.value.is_finite())) {
        return refuse(format!("a cell is not finite: {cell:?}"), "leave out cells that could not be measured");
    }
    let (translated, real) = (medians(translated), medians(real));
    if translated.is_empty() {
        return refuse("no cell was translated".to_owned(), "translate untreated cells to the doses of a drug");
    }
    let of_drug = |(drug, medians): (&str, BTreeMap<u64, f64>)| {
        let [doses, translated]: [Vec<f64>; 2] =
            [medians.keys().map(|bits| f64::from_bits(*bits)).collect(), medians.values().copied().collect()];
        if doses.len() < 3 {
            let what = format!("{drug} has {} doses", doses.len());
            return Err(Error::new(what).at(PLACE).fix("translate to three doses or more"));
        }
        let of_real = |dose: &f64| real.get(drug).and_then(|all| all.get(&dose.to_bits())).copied().unwrap_or(f64::NAN);
        let real = doses.iter().map(of_real).collect();
        let spearman = spearman(&doses, &translated)?.map(|(correlation, _)| correlation);
        Ok(TransferredDrug { drug: drug.to_owned(), doses, translated, real, spearman })
    };
    Ok(DoseTransfer { drugs: translated.clone().into_iter().map(of_drug).collect::<Result<_>>()? })
}

impl DoseTransfer {
    /// One drug.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(&self, drug: &str) -> Result<&TransferredDrug> {
        self.drugs.iter().find(|one| one.drug == drug).ok_or_else(|| {
            let known: Vec<&str> = self.drugs.iter().map(|one| one.drug.as_str()).collect();
            Error::new(format!("no cell was translated to {drug:?}"))
                .at(PLACE)
                .fix(format!("choose one of: {}", known.join(", ")))
        })
    }
}

/// By drug and dose (its bits, which are in the order of doses from 0 on).
fn medians(cells: &[DosedCell]) -> BTreeMap<&str, BTreeMap<u64, f64>> {
    let mut values: BTreeMap<&str, BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
    for cell in cells {
        values.entry(&cell.drug).or_default().entry(cell.dose.to_bits()).or_default().push(cell.value);
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        percentile(&values, 50.0)
    };
    let of_drug = |doses: BTreeMap<u64, Vec<f64>>| doses.into_iter().map(|(dose, v)| (dose, median(v))).collect();
    values.into_iter().map(|(drug, doses)| (drug, of_drug(doses))).collect()
}
