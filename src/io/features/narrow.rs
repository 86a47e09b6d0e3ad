//! Labels that came as text, as numbers where all of them are.

use polars::prelude::{Column, DataFrame, DataType};

use crate::{Error, Result};

/// A whole number in its usual form: `7`, `-12`; not `07`, which is a name, nor `+7`.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let usual = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    if usual { text.parse().ok() } else { None }
}

/// A decimal number: as [`whole`], or with a point or an exponent; not `07`.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let written = text.contains(['.', 'e', 'E']) || matches!(text, "inf" | "-inf" | "Inf" | "-Inf");
    if written { text.parse().ok() } else { whole(text).map(|n| n as f64) }
}

/// Turns columns of text into whole or decimal numbers where every text that is there is one.
pub(super) fn narrow(table: &DataFrame) -> Result<DataFrame> {
    let mut columns = Vec::with_capacity(table.width());
    for column in table.columns() {
        let narrowed = (column.dtype() == &DataType::String && column.null_count() < column.len())
            .then(|| numbers(column))
            .flatten();
        columns.push(narrowed.unwrap_or_else(|| column.clone()));
    }
    DataFrame::new(table.height(), columns).map_err(|e| Error::new(e.to_string()).caused_by(e))
}

fn numbers(column: &Column) -> Option<Column> {
    let texts = column.str().ok()?;
    let name = column.name().clone();
    let as_whole: Option<Vec<Option<i64>>> =
        texts.iter().map(|text| text.map(whole).map_or(Some(None), |n| n.map(Some))).collect();
    if let Some(numbers) = as_whole {
        return Some(Column::new(name, numbers));
    }
    let as_decimal: Option<Vec<Option<f64>>> =
        texts.iter().map(|text| text.map(decimal).map_or(Some(None), |n| n.map(Some))).collect();
    as_decimal.map(|numbers| Column::new(name, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_numbers_stay_names() {
        assert_eq!(
            [whole("7"), whole("-12"), whole("0"), whole("07"), whole("+7"), whole(""), whole("1.0")],
            [Some(7), Some(-12), Some(0), None, None, None, None]
        );
        assert_eq!(
            [decimal("1.5"), decimal("1e-3"), decimal("7"), decimal("07"), decimal("x")],
            [Some(1.5), Some(1e-3), Some(7.0), None, None]
        );
    }
}
