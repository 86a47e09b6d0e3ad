//! Public screens of cells and of wells as [`Screen`]s, each with a simulated stand-in where its files are out of reach.

use std::io::Cursor;
use std::sync::Arc;

use ndarray::{Array4, Axis, stack};
use polars::prelude::*;

use super::used::note;
use super::{Dataset, Found, Places, Sourced, info};
use crate::images::field::FieldConfig;
use crate::images::{CellImages, FieldImages, MemoryImages};
use crate::io::delimited;
use crate::screen::{Features, Label, Screen};
use crate::simulate::{self, GeneEmbeddingConfig, PerturbSeqConfig};
use crate::{Error, Result};

/// Rows of the BBBC013 plate whose images are in the dataset.
const ROWS: [&str; 4] = ["A", "B", "E", "F"];
const COLUMNS: usize = 12;
const CHANNELS: [&str; 2] = ["FKHR-GFP", "DNA"];
/// Cells of a simulated well, and in a quick run.
const SIMULATED_CELLS: (usize, usize) = (40, 10);

impl Places {
    /// See [`eccite`](super::eccite()).
    ///
    /// # Errors
    /// When a file that is there is damaged or has the wrong checksum.
    pub fn eccite(&self) -> Result<Sourced<Screen>> {
        self.screen_or(&info("papalexi_eccite")?, &["screen"], |found| Screen::open(&found[0].path), simulated_counts)
    }

    /// See [`lincs_plate`](super::lincs_plate()).
    ///
    /// # Errors
    /// When a file that is there is damaged or has the wrong checksum.
    pub fn lincs_plate(&self) -> Result<Sourced<Screen>> {
        self.screen_or(&info("conformance")?, &["plate"], |found| Screen::open(&found[0].path), simulated_wells)
    }

    /// See [`bbbc013`](super::bbbc013()).
    ///
    /// # Errors
    /// When a file that is there is damaged or has the wrong checksum.
    pub fn bbbc013(&self, crop: usize) -> Result<Sourced<Screen>> {
        let wells: Vec<String> =
            ROWS.iter().flat_map(|row| (1..=COLUMNS).map(move |c| format!("{row}{c:02}"))).collect();
        let roles: Vec<&str> = ["cells"].into_iter().chain(wells.iter().map(String::as_str)).collect();
        self.screen_or(&info("bbbc013")?, &roles, |found| bbbc013_cells(found, crop), || simulated_plate(crop))
    }

    /// The screen of a dataset's files, or the stand-in where one of them is out of reach.
    fn screen_or(
        &self,
        dataset: &Dataset,
        roles: &[&str],
        open: impl FnOnce(&[Found]) -> Result<Screen>,
        stand_in: impl FnOnce() -> Result<Screen>,
    ) -> Result<Sourced<Screen>> {
        let found = match self.search_all(roles.iter().map(|role| (dataset, *role)))? {
            Ok(found) => found,
            Err(source) => {
                note(&format!("data, in place of {}", dataset.name), &source);
                return Ok(Sourced { value: stand_in()?, source });
            }
        };
        note(&format!("data, {}", dataset.name), &found[0].source);
        Ok(Sourced { value: open(&found)?, source: found[0].source.clone() })
    }
}

/// Crops around the nuclei of the wells that have images.
fn bbbc013_cells(found: &[Found], crop: usize) -> Result<Screen> {
    let path = &found[0].path;
    let frame = |e: PolarsError| Error::new(format!("cannot read the table: {e}")).at(path.display().to_string());
    let table = CsvReader::new(Cursor::new(delimited::read_text(path)?)).finish().map_err(frame)?;
    let wells = |table: &DataFrame| table.column("well").and_then(|c| c.str().map(texts)).map_err(frame);
    let pictured = |well: &String| Some(ROWS.iter().any(|row| well.starts_with(row)));
    let table = table.filter(&wells(&table)?.iter().map(pictured).collect()).map_err(frame)?;
    let wells = wells(&table)?;
    let doses = table.column("dose_index").and_then(|c| c.cast(&DataType::Int64)).map_err(frame)?;
    let doses: Vec<i64> = doses.i64().map_err(frame)?.iter().map(Option::unwrap_or_default).collect();
    let table = plate_table(table, &wells, &doses).map_err(frame)?;
    let folder = found[1].path.parent().map(std::path::Path::to_owned).unwrap_or_default();
    let cells = FieldImages::open(folder, &table, FieldConfig::new("{well}.tif", crop))?.with_channels(CHANNELS)?;
    let table = cells.table().clone();
    let images: Arc<dyn CellImages> = Arc::new(cells);
    Screen::new(table, images)?.with_label(Label::Gene, "treatment")
}

fn texts(column: &StringChunked) -> Vec<String> {
    column.iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}

/// The table of cells with `row` (of the plate), `drug`, `replicate` (the first or the second row of a drug) and `treatment`
/// (`control`, or drug and dose).
fn plate_table(mut table: DataFrame, wells: &[String], doses: &[i64]) -> PolarsResult<DataFrame> {
    let drug = |well: &str| if well < "E" { "Wortmannin" } else { "LY294002" };
    let treatment = |(well, &dose): (&String, &i64)| match dose {
        0 => "control".to_owned(),
        _ => format!("{} {dose}", drug(well)),
    };
    let replicate = |well: &String| if well.starts_with('A') || well.starts_with('E') { "1" } else { "2" };
    table.with_column(Column::new("row".into(), wells.iter().map(|well| &well[..1]).collect::<Vec<_>>()))?;
    table.with_column(Column::new("drug".into(), wells.iter().map(|well| drug(well)).collect::<Vec<_>>()))?;
    table.with_column(Column::new("replicate".into(), wells.iter().map(replicate).collect::<Vec<_>>()))?;
    let treatments: Vec<String> = wells.iter().zip(doses).map(treatment).collect();
    table.with_column(Column::new("treatment".into(), treatments))?;
    Ok(table)
}

/// Counts in three batches.
fn simulated_counts() -> Result<Screen> {
    simulate::perturb_seq(&PerturbSeqConfig { batches: 3, ..PerturbSeqConfig::quick() })?.screen()
}

/// Features of a few replicates of each perturbation.
fn simulated_wells() -> Result<Screen> {
    let few =
        GeneEmbeddingConfig { genes: 60, complexes: 4, control_guides: 12, cells_per_guide: 2, ..Default::default() };
    let wells = simulate::cell_embedding(&few)?.embedding;
    Screen::new(wells.table().clone(), Features::numbered(wells.values().to_owned())?)
}

/// As the plate's table has it: -1 untreated, 1 positive control, the highest dose, 0 others.
fn plate_control(dose: i64) -> i64 {
    match dose {
        0 => -1,
        10 => 1,
        _ => 0,
    }
}

/// A plate of simulated cells of `crop` pixels in the same layout: what a dose changes grows with it.
fn simulated_plate(crop: usize) -> Result<Screen> {
    let cells = if crate::cell::quick() { SIMULATED_CELLS.1 } else { SIMULATED_CELLS.0 };
    let (mut wells, mut doses, mut images) = (Vec::new(), Vec::new(), Vec::new());
    for (row, column) in ROWS.iter().flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
        // The first two columns are controls, as on the real plate.
        let dose = column.saturating_sub(1);
        images.extend(simulate::cell_images(cells, crop, dose as f64 / 10.0, images.len() as u64));
        wells.extend((0..cells).map(|_| format!("{row}{:02}", column + 1)));
        doses.extend((0..cells).map(|_| dose as i64));
    }
    let views: Vec<_> = images.iter().map(|image| image.view()).collect();
    let images: Array4<f32> =
        stack(Axis(0), &views).map_err(|e| Error::new(format!("cannot put the images together: {e}")))?;
    let frame = |e: PolarsError| Error::new(format!("cannot build the table: {e}"));
    let place = |f: fn(f64) -> f64| (0..doses.len()).map(|i| 320.0 + 200.0 * f(i as f64)).collect::<Vec<f64>>();
    let table = DataFrame::new(
        doses.len(),
        vec![
            Column::new("well".into(), wells.clone()),
            Column::new("dose_index".into(), doses.clone()),
            Column::new("control".into(), doses.iter().map(|&dose| plate_control(dose)).collect::<Vec<i64>>()),
            Column::new("x".into(), place(f64::sin)),
            Column::new("y".into(), place(f64::cos)),
        ],
    )
    .and_then(|table| plate_table(table, &wells, &doses))
    .map_err(frame)?;
    // A ring around the nucleus stands for the protein, as far as it is outside.
    let images: Arc<dyn CellImages> = Arc::new(MemoryImages::new(images.select(Axis(1), &[1, 0]), CHANNELS)?);
    Screen::new(table, images)?.with_label(Label::Gene, "treatment")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::DrugPlate;

    #[test]
    fn the_stand_in_for_the_plate_has_what_its_evaluation_asks_for() {
        let plate = DrugPlate::of_bbbc013(simulated_plate(16).unwrap().table()).unwrap();
        let cells = plate.doses.len();
        assert_eq!((plate.learned.len() * 2, plate.measured.len() * 2), (cells, cells));
        assert_eq!(plate.positive.iter().filter(|yes| **yes).count() * 12, cells);
    }
}
