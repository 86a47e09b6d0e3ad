//! The table of a simulated Perturb-seq screen's cells.

use polars::prelude::{Column, DataFrame};

use super::truth::{CountCell, PerturbSeqTruth};
use crate::{Error, Result};

pub(super) fn cells(truth: &PerturbSeqTruth) -> Result<DataFrame> {
    let text = |of: &dyn Fn(usize, &CountCell) -> String| -> Vec<String> {
        truth.cells.iter().enumerate().map(|(row, cell)| of(row, cell)).collect()
    };
    let numbers: Vec<u32> = (0..truth.cells.len() as u32).collect();
    DataFrame::new(
        truth.cells.len(),
        vec![
            Column::new("cell".into(), numbers),
            Column::new("gene".into(), text(&|row, _| truth.symbol_of(row).to_owned())),
            Column::new("guide".into(), text(&|row, cell| format!("{}_{}", truth.symbol_of(row), cell.guide + 1))),
            Column::new("batch".into(), text(&|_, cell| format!("B{}", cell.batch + 1))),
        ],
    )
    .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))
}
