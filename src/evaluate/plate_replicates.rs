//! Do wells that got the same drug and dose look alike, and wells of near doses more than others? Of a plate with every
//! treatment in two rows, and half of each well's cells kept for measuring.
//!
//! ```text
//! profile of a well = mean over its measured cells - mean over the measured untreated cells of its row
//! ```
//!
//! | number | wells | how |
//! |---|---|---|
//! | replicates | treated ones; untreated ones are distractors | [`mean_average_precision`] of the same drug and dose in another row |
//! | near doses | treated ones | share of a well's 5 nearest whose dose is at most one step away, whichever the drug |
//!
//! Both by the cosine of profiles.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use polars::prelude::{DataFrame, df};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::columns::{numbers, texts};
use super::retrieval::{LeftOut, PrecisionConfig, RowLabels, mean_average_precision};
use crate::reduce::{Metric, neighbours};
use crate::screen::{By, Embedding, Profiles};
use crate::{Error, Result};

const PLACE: &str = "plate replicates";
/// Nearest wells that are looked at.
const NEIGHBOURS: usize = 5;

/// The cells of a plate, those that models learn from and those that are measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicatePlate {
    /// Well of each cell, a letter for the row and a number: `A01`.
    pub wells: Vec<String>,
    /// Drug and dose of each cell, such as `Wortmannin 3`.
    pub treatments: Vec<String>,
    /// Dose of each cell, in steps; 0: untreated.
    pub doses: Vec<f64>,
    /// Cells that models learn from.
    pub learned: Vec<usize>,
    /// Cells that are measured.
    pub measured: Vec<usize>,
}

/// How alike replicates are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicateReading {
    /// Wells, treated or not.
    pub wells: usize,
    /// Mean average precision of replicates in another row.
    pub map: f64,
    /// The same for random orders.
    pub map_by_chance: f64,
    /// Share of the nearest wells whose dose is at most one step away.
    pub near_doses: f64,
    /// The same of wells drawn at random.
    pub near_doses_by_chance: f64,
}

impl ReplicatePlate {
    /// Drug and dose of a treatment, in steps; none of untreated cells and of the tenth step, the positive control.
    ///
    /// ```
    /// use perturbook::evaluate::ReplicatePlate;
    ///
    /// assert_eq!(ReplicatePlate::dose_of("Wortmannin 3"), Some(("Wortmannin".to_owned(), 3.0)));
    /// assert!(ReplicatePlate::dose_of("LY294002 10").is_none() && ReplicatePlate::dose_of("control").is_none());
    /// ```
    pub fn dose_of(treatment: &str) -> Option<(String, f64)> {
        let (drug, dose) = treatment.rsplit_once(' ')?;
        Some((drug.to_owned(), dose.parse().ok().filter(|dose| (1.0..10.0).contains(dose))?))
    }

    /// Of the columns `well`, `treatment` and `dose_index` of [`bbbc013`](crate::datasets::bbbc013()): one half of each well's
    /// cells, drawn by `seed`, is learned from, the other measured.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn of_bbbc013(table: &DataFrame, seed: u64) -> Result<Self> {
        let wells = texts(table, "well", PLACE)?;
        let mut cells: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        wells.iter().enumerate().for_each(|(row, well)| cells.entry(well).or_default().push(row));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut learned, mut measured) = (Vec::new(), Vec::new());
        for rows in cells.values_mut() {
            rows.shuffle(&mut rng);
            let (first, second) = rows.split_at(rows.len() / 2);
            learned.extend(first);
            measured.extend(second);
        }
        learned.sort_unstable();
        measured.sort_unstable();
        let (treatments, doses) = (texts(table, "treatment", PLACE)?, numbers(table, "dose_index", PLACE)?);
        Ok(Self { treatments, doses, learned, measured, wells })
    }

    /// How alike replicates are by an embedding of all cells of the plate.
    ///
    /// # Errors
    /// When the embedding has another number of cells, a row has no untreated well, no treatment is in two rows, there are
    /// not more than 5 treated wells, or a value is not finite.
    pub fn read(&self, embedding: &Embedding) -> Result<ReplicateReading> {
        if embedding.len() != self.wells.len() {
            return Err(Error::new(format!(
                "{} vectors for the {} cells of the plate",
                embedding.len(),
                self.wells.len()
            ))
            .at(PLACE)
            .fix("embed the whole plate"));
        }
        let well = |cell: usize| self.wells[cell].as_str();
        let treatment: BTreeMap<&str, (&str, f64)> = self
            .measured
            .iter()
            .map(|&cell| (well(cell), (self.treatments[cell].as_str(), self.doses[cell])))
            .collect();
        let untreated: Vec<usize> = self.measured.iter().copied().filter(|&cell| self.doses[cell] == 0.0).collect();
        let lacks = |name: &&&str| untreated.iter().all(|&cell| row_of(well(cell)) != row_of(name));
        if let Some(name) = treatment.keys().find(lacks) {
            return Err(Error::new(format!("row {} has no untreated cell", row_of(name)))
                .at(format!("{PLACE}, well {name}"))
                .fix("measure untreated wells of every row"));
        }
        let of_wells = means(embedding, &self.measured, |cell| well(cell).to_owned())?;
        let of_rows = means(embedding, &untreated, |cell| row_of(well(cell)).to_owned())?;
        let mut profiles = Array2::zeros((treatment.len(), embedding.dims()));
        for (mut profile, well) in profiles.rows_mut().into_iter().zip(treatment.keys()) {
            profile.assign(&(&of_wells.row(well)? - &of_rows.row(row_of(well))?));
        }
        let (names, doses): (Vec<&str>, Vec<f64>) = treatment.values().copied().unzip();
        let rows: Vec<&str> = treatment.keys().map(|well| row_of(well)).collect();
        let (near_doses, near_doses_by_chance) = near_doses(&profiles, &doses)?;
        let mut untreated: Vec<&str> = names.iter().zip(&doses).filter(|(_, d)| **d == 0.0).map(|(n, _)| *n).collect();
        untreated.sort_unstable();
        untreated.dedup();
        let labels = RowLabels::new(&names).with_controls(&untreated)?;
        let across = Some((RowLabels::new(&rows), LeftOut::SameLabel));
        let config = PrecisionConfig { across, ..PrecisionConfig::default() };
        let found = mean_average_precision(&profiles, &labels, &config)?;
        let (map, map_by_chance) = (found.mean_over_queries, found.random);
        Ok(ReplicateReading { wells: names.len(), map, map_by_chance, near_doses, near_doses_by_chance })
    }
}

fn row_of(well: &str) -> &str {
    well.get(..1).unwrap_or_default()
}

/// Share of the nearest treated wells, and of all, within a step of the dose.
fn near_doses(profiles: &Array2<f64>, doses: &[f64]) -> Result<(f64, f64)> {
    let treated: Vec<usize> = (0..doses.len()).filter(|&well| doses[well] > 0.0).collect();
    let near = |a: usize, b: usize| (doses[treated[a]] - doses[treated[b]]).abs() <= 1.0;
    let found = neighbours(&profiles.select(Axis(0), &treated), NEIGHBOURS, Metric::Cosine)?;
    let n = treated.len();
    let nearest: usize = (0..n).map(|a| found.rows.row(a).iter().filter(|&&b| near(a, b as usize)).count()).sum();
    let all: usize = (0..n).map(|a| (0..n).filter(|&b| b != a && near(a, b)).count()).sum();
    Ok((nearest as f64 / (n * NEIGHBOURS) as f64, all as f64 / (n * (n - 1)) as f64))
}

/// Means over cells of each name.
fn means(embedding: &Embedding, cells: &[usize], name: impl Fn(usize) -> String) -> Result<Profiles> {
    let names: Vec<String> = cells.iter().map(|&cell| name(cell)).collect();
    let table = df!("name" => names).map_err(|e| Error::new(e.to_string()).at(PLACE))?;
    Embedding::new(embedding.values().select(Axis(0), cells), table)?.profiles(By::Column("name"))
}

impl ReplicateReading {
    /// Every number with its name.
    pub fn numbers(&self) -> [(&'static str, f64); 4] {
        [
            ("replicates in the other row, mAP", self.map),
            ("replicates by chance, mAP", self.map_by_chance),
            ("5 nearest wells within one step of the dose", self.near_doses),
            ("wells by chance within one step of the dose", self.near_doses_by_chance),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of one drug, dose 0 to 7 in wells of 12 cells; rows are apart, and doses where `effect` is not 0.
    fn plate(effect: f32) -> (ReplicatePlate, Embedding) {
        let (mut wells, mut treatments, mut doses) = (vec![], vec![], vec![]);
        for row in ["A", "B"] {
            for cell in 0..96i64 {
                let dose = cell / 12;
                wells.push(format!("{row}{:02}", dose + 1));
                treatments.push(if dose == 0 { "control".to_owned() } else { format!("drug {dose}") });
                doses.push(dose);
            }
        }
        let table = df!("well" => &wells, "treatment" => &treatments, "dose_index" => &doses).unwrap();
        let noise = |i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5) * 0.3;
        let values = Array2::from_shape_fn((192, 3), |(i, j)| {
            let angle = 0.4 * doses[i] as f32;
            let of_dose = [angle.cos(), angle.sin(), 0.0][j] * f32::from(u8::from(doses[i] > 0));
            let of_row = if wells[i].starts_with('B') && j == 2 { 5.0 } else { 0.0 };
            effect * of_dose + of_row + noise(i * 3 + j)
        });
        (ReplicatePlate::of_bbbc013(&table, 1).unwrap(), Embedding::new(values, table).unwrap())
    }

    #[test]
    fn replicates_are_found_where_doses_differ() {
        let (halves, cells) = plate(3.0);
        assert_eq!((halves.learned.len(), halves.measured.len()), (96, 96));
        let known = halves.read(&cells).unwrap();
        assert_eq!(known.wells, 16);
        assert!(known.map > 0.9 && known.map_by_chance < 0.3, "{known:?}");
        assert!(known.near_doses > 0.8 && known.near_doses_by_chance < 0.45, "{known:?}");
        let (halves, cells) = plate(0.0);
        let nothing = halves.read(&cells).unwrap();
        assert!(nothing.map < 0.5 && nothing.near_doses < 0.6, "{nothing:?}");
    }

    #[test]
    fn halves_are_drawn_by_the_seed_and_other_plates_are_refused() {
        let (halves, cells) = plate(1.0);
        let again = ReplicatePlate::of_bbbc013(cells.table(), 1).unwrap();
        let other = ReplicatePlate::of_bbbc013(cells.table(), 2).unwrap();
        assert!(halves == again && halves.learned != other.learned);
        let fewer = ReplicatePlate { wells: halves.wells[1..].to_vec(), ..halves };
        assert!(fewer.read(&cells).unwrap_err().to_string().contains("whole plate"));
    }
}
