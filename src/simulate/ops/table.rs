//! The table of a simulated screen's cells.

use polars::prelude::{Column, DataFrame};

use super::truth::{OpsCell, OpsTruth};
use crate::{Error, Result};

pub(super) fn cells(truth: &OpsTruth) -> Result<DataFrame> {
    let text = |of: &dyn Fn(usize, &OpsCell) -> String| -> Vec<String> {
        truth.cells.iter().enumerate().map(|(row, cell)| of(row, cell)).collect()
    };
    let number = |of: &dyn Fn(usize, &OpsCell) -> u32| -> Vec<u32> {
        truth.cells.iter().enumerate().map(|(row, cell)| of(row, cell)).collect()
    };
    let place = |of: &dyn Fn(&OpsCell) -> f32| -> Vec<f32> { truth.cells.iter().map(of).collect() };
    let batch = |cell: &OpsCell| &truth.batches[cell.batch];
    DataFrame::new(
        truth.cells.len(),
        vec![
            Column::new("cell".into(), number(&|row, _| row as u32)),
            Column::new("gene".into(), text(&|row, _| truth.symbol_of(row).to_owned())),
            Column::new("guide".into(), text(&|row, cell| format!("{}_{}", truth.symbol_of(row), cell.guide + 1))),
            Column::new("plate".into(), text(&|_, cell| batch(cell).plate.clone())),
            Column::new("well".into(), text(&|_, cell| batch(cell).well.clone())),
            Column::new("batch".into(), text(&|_, cell| format!("{}-{}", batch(cell).plate, batch(cell).well))),
            Column::new("tile".into(), number(&|_, cell| cell.tile as u32)),
            Column::new("cell_i".into(), place(&|cell| cell.position.0)),
            Column::new("cell_j".into(), place(&|cell| cell.position.1)),
        ],
    )
    .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))
}
