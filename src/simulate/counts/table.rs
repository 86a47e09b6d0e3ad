//! The table of a simulated Perturb-seq screen's cells.

use polars::prelude::{Column, DataFrame};

use super::truth::{CountCell, PerturbSeqTruth};
use crate::{Error, Result};

pub(super) fn cells(truth: &PerturbSeqTruth) -> Result<DataFrame> {
    let text = |of: &dyn Fn(&CountCell) -> String| -> Vec<String> { truth.cells.iter().map(of).collect() };
    let numbers: Vec<u32> = (0..truth.cells.len() as u32).collect();
    DataFrame::new(
        truth.cells.len(),
        vec![
            Column::new("cell".into(), numbers),
            Column::new("gene".into(), text(&|cell| truth.symbol_of(cell).to_owned())),
            Column::new("guide".into(), text(&|cell| format!("{}_{}", truth.symbol_of(cell), cell.guide + 1))),
            Column::new("batch".into(), text(&|cell| format!("B{}", cell.batch + 1))),
        ],
    )
    .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))
}
