//! Columns of tables as evaluations need them.

use polars::prelude::{Column, DataFrame, DataType, PolarsError};

use crate::{Error, Result};

/// A column of texts; missing ones are empty.
pub(super) fn texts(table: &DataFrame, name: &str, place: &str) -> Result<Vec<String>> {
    let column = column(table, name, place)?;
    let texts = column.str().map_err(|e| failed(name, place, e))?;
    Ok(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

/// A column of numbers; missing ones are NaN.
pub(super) fn numbers(table: &DataFrame, name: &str, place: &str) -> Result<Vec<f64>> {
    let column = column(table, name, place)?.cast(&DataType::Float64).map_err(|e| failed(name, place, e))?;
    let numbers = column.f64().map_err(|e| failed(name, place, e))?;
    Ok(numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// A column of truth values; missing ones are false.
pub(super) fn flags(table: &DataFrame, name: &str, place: &str) -> Result<Vec<bool>> {
    let column = column(table, name, place)?;
    let flags = column.bool().map_err(|e| failed(name, place, e))?;
    Ok(flags.iter().map(|flag| flag.unwrap_or_default()).collect())
}

fn column<'a>(table: &'a DataFrame, name: &str, place: &str) -> Result<&'a Column> {
    let columns = || table.get_column_names().iter().map(|name| name.as_str()).collect::<Vec<&str>>().join(", ");
    table.column(name).map_err(|e| {
        Error::new(e.to_string())
            .at(place.to_owned())
            .fix(format!("give a table that has it; this one has: {}", columns()))
    })
}

fn failed(name: &str, place: &str, e: PolarsError) -> Error {
    Error::new(format!("column {name}: {e}")).at(place.to_owned())
}
