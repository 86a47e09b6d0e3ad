//! Features and labels from a parquet file, a run of rows at a time.

use ndarray::Array2;
use polars::prelude::DataType;

use super::FeatureBlock;
use super::part::Each;
use crate::io::parquet_blocks::ParquetBlocks;
use crate::{Error, Result};

/// Reads the chosen columns in runs of at most `rows` rows.
pub(super) fn read(
    blocks: &ParquetBlocks,
    features: &[String],
    labels: &[String],
    rows: usize,
    each: Each<'_>,
) -> Result<()> {
    let columns: Vec<String> = features.iter().chain(labels).cloned().collect();
    blocks.check_size(&columns)?;
    for run in blocks.runs(rows) {
        let table = blocks.read(&columns, run)?;
        let mut values = Array2::zeros((table.height(), features.len()));
        for (mut to, name) in values.columns_mut().into_iter().zip(features) {
            let column = table.column(name).and_then(|column| column.cast(&DataType::Float32));
            let column =
                column.map_err(|e| Error::new(format!("the column {name:?} holds no numbers: {e}")).caused_by(e))?;
            let column = column.f32().map_err(|e| Error::new(e.to_string()).caused_by(e))?;
            // A missing value is NaN from here on.
            to.iter_mut().zip(column.iter()).for_each(|(to, from)| *to = from.unwrap_or(f32::NAN));
        }
        let table = table.select(labels).map_err(|e| Error::new(e.to_string()).caused_by(e))?;
        if !each(FeatureBlock { table, values, dropped: 0 })? {
            break;
        }
    }
    Ok(())
}
