//! Tables of a file as polars tables, and back. The index becomes the first column.

use polars::prelude::{Column, DataFrame, DataType, IdxCa, IdxSize, NamedFrom, PlSmallStr, PolarsError};

use super::H5ad;
use super::frame::{Frame, Values};
use crate::{Error, Result};

impl H5ad {
    /// The table of cells: the index first, under its own name, then the columns in their order.
    ///
    /// # Errors
    /// When a column is damaged or has an encoding that is not read; then name those you need in
    /// [`H5ad::obs_columns`].
    pub fn obs(&self) -> Result<DataFrame> {
        to_table(self.frame("obs", None)?)
    }

    /// The table of cells with the named columns only; nothing else is read.
    ///
    /// # Errors
    /// As [`H5ad::obs`]; and when columns are missing: all are listed.
    pub fn obs_columns(&self, columns: &[&str]) -> Result<DataFrame> {
        to_table(self.frame("obs", Some(columns))?)
    }

    /// The table of genes, as [`H5ad::obs`].
    ///
    /// # Errors
    /// As [`H5ad::obs`].
    pub fn var(&self) -> Result<DataFrame> {
        to_table(self.frame("var", None)?)
    }
}

/// A table whose first column is the index.
pub(crate) fn to_table(frame: Frame) -> Result<DataFrame> {
    let rows = frame.index.len();
    let mut columns = vec![Column::new(frame.index_name.as_str().into(), frame.index)];
    for (name, values) in frame.columns {
        let name: PlSmallStr = name.as_str().into();
        columns.push(match values {
            Values::Text(v) => Column::new(name, v),
            Values::Bool(v) => Column::new(name, v),
            Values::I32(v) => Column::new(name, v),
            Values::I64(v) => Column::new(name, v),
            Values::U32(v) => Column::new(name, v),
            Values::U64(v) => Column::new(name, v),
            Values::F32(v) => Column::new(name, v),
            Values::F64(v) => Column::new(name, v),
        });
    }
    DataFrame::new(rows, columns).map_err(|e| failed(e, "table"))
}

/// The same back; the first column must be text without gaps.
pub(crate) fn from_table(table: &DataFrame, place: &str) -> Result<Frame> {
    let mut columns = Vec::new();
    for column in table.columns() {
        let wrong = |e: PolarsError| failed(e, &format!("{place}, column {:?}", column.name()));
        let values = match column.dtype() {
            DataType::String => {
                Values::Text(column.str().map_err(wrong)?.iter().map(|text| text.map(str::to_owned)).collect())
            }
            DataType::Boolean => Values::Bool(column.bool().map_err(wrong)?.iter().collect()),
            DataType::Int8 | DataType::Int16 | DataType::Int32 => {
                let column = column.cast(&DataType::Int32).map_err(wrong)?;
                Values::I32(column.i32().map_err(wrong)?.iter().collect())
            }
            DataType::Int64 => Values::I64(column.i64().map_err(wrong)?.iter().collect()),
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
                let column = column.cast(&DataType::UInt32).map_err(wrong)?;
                Values::U32(column.u32().map_err(wrong)?.iter().collect())
            }
            DataType::UInt64 => Values::U64(column.u64().map_err(wrong)?.iter().collect()),
            DataType::Float32 => {
                Values::F32(column.f32().map_err(wrong)?.iter().map(|v| v.unwrap_or(f32::NAN)).collect())
            }
            DataType::Float64 => {
                Values::F64(column.f64().map_err(wrong)?.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
            }
            other => {
                return Err(Error::new(format!("a column of {other} has no place in an h5ad file"))
                    .at(format!("{place}, column {:?}", column.name()))
                    .fix("cast it to text, whole numbers, floats or truth values"));
            }
        };
        columns.push((column.name().to_string(), values));
    }
    let missing = || {
        Error::new("the first column of the table is its index and must be text without gaps")
            .at(place.to_owned())
            .fix("put the names of the rows first")
    };
    if columns.is_empty() {
        return Err(missing());
    }
    let (index_name, Values::Text(index)) = columns.remove(0) else { return Err(missing()) };
    let index = index.into_iter().collect::<Option<Vec<String>>>().ok_or_else(missing)?;
    Ok(Frame { index_name, index, columns })
}

/// The rows of these numbers, in this order.
pub(crate) fn rows(table: &DataFrame, rows: &[usize]) -> Result<DataFrame> {
    let rows: Vec<IdxSize> = rows.iter().map(|&row| row as IdxSize).collect();
    table.take(&IdxCa::new("rows".into(), rows)).map_err(|e| failed(e, "table"))
}

fn failed(e: PolarsError, place: &str) -> Error {
    Error::new(format!("the table cannot be used: {e}")).at(place).caused_by(e)
}
