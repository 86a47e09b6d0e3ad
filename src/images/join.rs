//! Adding the columns of a metadata table to the cells of an image source.

use std::collections::HashMap;

use polars::prelude::{DataFrame, DataType, IdxCa, IdxSize, StringChunked};

use crate::io::parquet::{count, name_some, require_columns};
use crate::{Error, Result};

/// `table` with the columns of `metadata`, its rows found by the column `key`, which both have.
///
/// Other columns that both have must agree where they meet.
pub(super) fn joined(table: &DataFrame, metadata: &DataFrame, key: &str) -> Result<DataFrame> {
    require_columns(metadata, &[key], "the metadata")?;
    require_columns(table, &[key], "the cells' table")?;
    let (ours, theirs) = (text(table, key)?, text(metadata, key)?);
    let mut row_of: HashMap<&str, IdxSize> = HashMap::new();
    for (row, name) in theirs.iter().enumerate() {
        let Some(name) = name else { continue };
        if let Some(first) = row_of.insert(name, row as IdxSize) {
            return Err(Error::new(format!("the {key} {name:?} stands in several rows of the metadata"))
                .at(format!("rows {first} and {row}"))
                .fix("keep one row per cell"));
        }
    }
    let found: Vec<std::result::Result<IdxSize, &str>> = ours
        .iter()
        .map(|name| name.and_then(|name| row_of.get(name).copied()).ok_or(name.unwrap_or_default()))
        .collect();
    let missing: Vec<&str> = found.iter().filter_map(|found| found.err()).collect();
    if !missing.is_empty() {
        return Err(Error::new(format!(
            "{} not in the metadata's column {key:?}: {}",
            count(missing.len(), "cell"),
            name_some(&missing)
        ))
        .fix("add a row for each, or leave these cells out"));
    }
    let rows: Vec<IdxSize> = found.into_iter().flatten().collect();
    let failed = |e| Error::new(format!("cannot join the metadata: {e}")).caused_by(e);
    let mut taken = metadata.take(&IdxCa::from_vec("rows".into(), rows)).map_err(failed)?;
    let shared: Vec<String> = taken
        .get_column_names()
        .iter()
        .map(|name| name.to_string())
        .filter(|name| table.get_column_names().iter().any(|ours| ours.as_str() == name))
        .collect();
    for name in &shared {
        let (ours, theirs) = (text(table, name)?, text(&taken, name)?);
        if let Some(row) = ours.iter().zip(theirs.iter()).position(|(ours, theirs)| ours != theirs) {
            return Err(Error::new(format!(
                "the metadata contradict the cell's key: {name} is {:?} in one and {:?} in the other",
                theirs.get(row).unwrap_or_default(),
                ours.get(row).unwrap_or_default()
            ))
            .at(format!("cell {row}"))
            .fix("check that the metadata belong to these images, or rename the column"));
        }
        taken = taken.drop(name).map_err(failed)?;
    }
    table.hstack(taken.columns()).map_err(failed)
}

fn text(table: &DataFrame, name: &str) -> Result<StringChunked> {
    let wrong = |e| Error::new(format!("the column {name:?} cannot be compared as text: {e}")).caused_by(e);
    let column = table.column(name).and_then(|column| column.cast(&DataType::String)).map_err(wrong)?;
    column.str().cloned().map_err(wrong)
}
