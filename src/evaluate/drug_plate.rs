//! What an embedding knows of the drugs, and of the rows, of a plate that a model has seen half of.
//!
//! | number | cells | how |
//! |---|---|---|
//! | dose response | wells without the positive controls | [`dose_response`] |
//! | positive controls | positive controls and untreated cells | area under the ROC curve of a logistic regression of the learned ones |
//! | row of the plate | untreated, learned from or not | the same, one row against the rest, by five-fold cross-validation |
//!
//! The first two are measured on cells that no model has learned from.
//!
//! A drug should show in a salient space, and the row, which is technical, should not. Both may show in a background space.

use ndarray::Axis;
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::classification::{ClassifyConfig, Covariate, Protocol, against_controls, spaces, technical_covariates};
use super::columns::{numbers, texts};
use super::{DoseResponse, dose_response};
use crate::reduce::Points;
use crate::screen::Embedding;
use crate::{Error, Result};

const PLACE: &str = "drug plate";
/// What positive controls and untreated cells are called.
const CALLED: [&str; 2] = ["positive control", "untreated"];
const COMBINED: &str = "combined";

/// The cells of a plate: where they are, what was done to them, and which of them a model has learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugPlate {
    /// Well of each cell, a letter for the row and a number: `A01`.
    pub wells: Vec<String>,
    /// Drug of each cell's well, also where its dose is 0.
    pub drugs: Vec<String>,
    /// Dose of each cell; 0: untreated.
    pub doses: Vec<f64>,
    /// Whether it is a positive control, treated so that it surely responds; these are no part of the series of doses.
    pub positive: Vec<bool>,
    /// Cells that models learn from.
    pub learned: Vec<usize>,
    /// Cells that are measured.
    pub measured: Vec<usize>,
}

/// What one space knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpaceOnPlate {
    /// The space.
    pub space: String,
    /// How wells move away from untreated cells with the dose.
    pub response: DoseResponse,
    /// How well positive controls are told from untreated cells: area under the ROC curve.
    pub positive: f64,
    /// How well the rows of the plate are told from each other by untreated cells: mean area under the ROC curve of one row
    /// against the rest; 0.5 by chance.
    pub row: f64,
}

/// What all spaces know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlateReading {
    /// The blocks of the embedding, or all of it where it has none.
    pub spaces: Vec<SpaceOnPlate>,
}

impl DrugPlate {
    /// Of the columns `well`, `drug`, `dose_index`, `control` (1: positive) and `replicate` of [`bbbc013`](crate::datasets::bbbc013()): the first
    /// replicate is learned from, the second measured.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn of_bbbc013(table: &DataFrame) -> Result<Self> {
        let replicates = texts(table, "replicate", PLACE)?;
        let of = |which: &str| (0..replicates.len()).filter(|&row| replicates[row] == which).collect();
        Ok(Self {
            wells: texts(table, "well", PLACE)?,
            drugs: texts(table, "drug", PLACE)?,
            doses: numbers(table, "dose_index", PLACE)?,
            positive: numbers(table, "control", PLACE)?.into_iter().map(|control| control > 0.0).collect(),
            learned: of("1"),
            measured: of("2"),
        })
    }

    /// What each space of an embedding of all cells of the plate knows.
    ///
    /// # Errors
    /// When the embedding has another number of cells, learned or measured cells lack untreated ones or positive controls, or a
    /// value is not finite.
    pub fn read(&self, embedding: &Embedding) -> Result<PlateReading> {
        let series: Vec<usize> = self.measured.iter().copied().filter(|&row| !self.positive[row]).collect();
        let [wells, drugs] =
            [&self.wells, &self.drugs].map(|all| series.iter().map(|&row| all[row].as_str()).collect::<Vec<&str>>());
        let doses: Vec<f64> = series.iter().map(|&row| self.doses[row]).collect();
        let is_untreated = |row: &usize| self.doses[*row] == 0.0 && !self.positive[*row];
        let labels: Vec<&str> = (0..self.doses.len()).map(|row| CALLED[usize::from(!self.positive[row])]).collect();
        let called = |rows: &[usize]| {
            rows.iter().copied().filter(|row| self.positive[*row] || is_untreated(row)).collect::<Vec<usize>>()
        };
        let (learned, held_out) = (called(&self.learned), called(&self.measured));
        let untreated: Vec<usize> = self.learned.iter().chain(&self.measured).copied().filter(is_untreated).collect();
        let rows: Vec<&str> = untreated.iter().map(|&row| self.wells[row].get(..1).unwrap_or_default()).collect();
        let row_of_plate = Covariate::new("row", &rows)?;
        let folds = ClassifyConfig { protocol: Protocol::Folds { k: 5 }, ..ClassifyConfig::default() };
        let mut spaces = spaces(embedding, None)?;
        spaces.retain(|(space, _)| space != COMBINED || embedding.block_names().is_empty());
        let of_untreated: Vec<_> = spaces.iter().map(|(_, x)| x.select(Axis(0), &untreated)).collect();
        let named = spaces.iter().zip(&of_untreated).map(|((name, _), x)| (name.as_str(), x as &dyn Points));
        let technical = technical_covariates(&named.collect::<Vec<_>>(), std::slice::from_ref(&row_of_plate), &folds)?;
        let mut found = Vec::with_capacity(spaces.len());
        for (space, x) in spaces {
            let response = dose_response(&x.select(Axis(0), &series), &drugs, &doses, &wells)?;
            let positive = against_controls(&x, &labels, CALLED[1], &learned, &held_out)?.of(CALLED[0])?.auc;
            let row = technical.of(&space, "row")?.scores.auroc;
            found.push(SpaceOnPlate { space, response, positive, row });
        }
        Ok(PlateReading { spaces: found })
    }
}

impl PlateReading {
    /// One of the spaces.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(&self, space: &str) -> Result<&SpaceOnPlate> {
        self.spaces.iter().find(|one| one.space == space).ok_or_else(|| {
            let known: Vec<&str> = self.spaces.iter().map(|one| one.space.as_str()).collect();
            Error::new(format!("no space {space:?}")).at(PLACE).fix(format!("choose one of: {}", known.join(", ")))
        })
    }

    /// Every number by its name: `salient, Wortmannin: dose response`, `salient: positive controls`, `salient: row`.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let mut all = Vec::new();
        for SpaceOnPlate { space, response, positive, row } in &self.spaces {
            let responses = response
                .drugs
                .iter()
                .map(|one| (format!("{space}, {}: dose response", one.drug), one.spearman.unwrap_or(f64::NAN)));
            all.extend(responses);
            all.push((format!("{space}: positive controls"), *positive));
            all.push((format!("{space}: row"), *row));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use polars::prelude::df;

    use super::*;

    /// Two rows of two drugs, eight wells each of ten cells: the first dimension grows with the dose, the second is the row.
    #[test]
    fn drugs_and_rows_are_found_in_the_space_that_knows_them() {
        let (mut wells, mut drugs, mut doses, mut controls, mut replicates) = (vec![], vec![], vec![], vec![], vec![]);
        for (row, drug, replicate) in [("A", "one", "1"), ("B", "one", "2"), ("E", "two", "1"), ("F", "two", "2")] {
            for cell in 0..80usize {
                wells.push(format!("{row}{:02}", cell / 10 + 1));
                drugs.push(drug);
                doses.push((cell / 10).saturating_sub(1) as i64);
                controls.push(match cell / 10 {
                    0 | 1 => -1i64,
                    7 => 1,
                    _ => 0,
                });
                replicates.push(replicate);
            }
        }
        let table =
            df!("well" => &wells, "drug" => &drugs, "dose_index" => &doses, "control" => &controls, "replicate" => &replicates)
                .unwrap();
        let plate = DrugPlate::of_bbbc013(&table).unwrap();
        assert_eq!((plate.learned.len(), plate.measured.len()), (160, 160));
        let noise = |i: usize| ((i * 37 % 101) as f64 / 101.0 - 0.5) as f32;
        let values = Array2::from_shape_fn((320, 2), |(i, j)| match j {
            0 => 3.0 * doses[i] as f32 + noise(i),
            _ => 3.0 * (i / 80) as f32 + noise(i + 50),
        });
        let cells = Embedding::new(values, table).unwrap();
        let cells = cells.with_block("salient", 0..1).unwrap().with_block("background", 1..2).unwrap();
        let reading = plate.read(&cells).unwrap();
        let (salient, background) = (reading.of("salient").unwrap(), reading.of("background").unwrap());
        assert!(salient.response.of("two").unwrap().spearman.unwrap() > 0.9);
        assert!(background.response.of("two").unwrap().spearman.unwrap() < 0.5);
        assert_eq!(salient.response.of("two").unwrap().wells.len(), 7);
        assert!(salient.positive > 0.99 && background.positive < 0.7, "{} {}", salient.positive, background.positive);
        assert!(salient.row < 0.65 && background.row > 0.95, "{} {}", salient.row, background.row);
        assert_eq!(reading.numbers().len(), 8);
        assert!(reading.of("combined").is_err());
    }
}
