//! The table of a simulated screen's cells.

use polars::prelude::{Column, DataFrame};

use super::truth::{OpsCell, OpsTruth};
use crate::{Error, Result};

pub(super) fn cells(truth: &OpsTruth) -> Result<DataFrame> {
    let text = |of: &dyn Fn(&OpsCell) -> String| -> Vec<String> { truth.cells.iter().map(of).collect() };
    let numbers: Vec<u32> = (0..truth.cells.len() as u32).collect();
    let tiles: Vec<u32> = truth.cells.iter().map(|cell| cell.tile as u32).collect();
    let place = |of: &dyn Fn(&OpsCell) -> f32| -> Vec<f32> { truth.cells.iter().map(of).collect() };
    let batch = |cell: &OpsCell| &truth.batches[cell.batch];
    DataFrame::new(
        truth.cells.len(),
        vec![
            Column::new("cell".into(), numbers),
            Column::new("gene".into(), text(&|cell| truth.symbol_of(cell).to_owned())),
            Column::new("guide".into(), text(&|cell| format!("{}_{}", truth.symbol_of(cell), cell.guide + 1))),
            Column::new("plate".into(), text(&|cell| batch(cell).plate.clone())),
            Column::new("well".into(), text(&|cell| batch(cell).well.clone())),
            Column::new("batch".into(), text(&|cell| format!("{}-{}", batch(cell).plate, batch(cell).well))),
            Column::new("tile".into(), tiles),
            Column::new("cell_i".into(), place(&|cell| cell.position.0)),
            Column::new("cell_j".into(), place(&|cell| cell.position.1)),
        ],
    )
    .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))
}
