//! Data frames: the first and last rows and columns with types, numbers with their points below each other, missing
//! values greyed and counted.

use polars::prelude::{AnyValue, Column as Data, DataFrame, DataType};

use super::column::{Cell, Column, gap_cell};
use super::edges::edges;
use super::memory::memory;
use super::numbers::aligned;
use super::{Bundle, Grid, Show};
use crate::io::parquet::count;

/// Rows shown at the start and at the end.
pub(super) const ROWS: (usize, usize) = (10, 5);

/// Columns shown at the start and at the end.
const COLUMNS: (usize, usize) = (12, 8);

/// Characters of a text that are shown, in a frame of few columns.
pub(super) const TEXT: usize = 60;

impl Show for DataFrame {
    /// `text/html` with 10 first and 5 last rows of 12 first and 8 last columns; `text/plain` is polars' own text.
    fn bundle(&self) -> Bundle {
        Bundle::text(self.to_string()).with("text/html", grid(self, |_, _| Vec::new()).html())
    }
}

/// The table of a frame; `shade` gives the backgrounds of a column's shown rows.
pub(super) fn grid(frame: &DataFrame, shade: impl Fn(&Data, &[Option<usize>]) -> Vec<String>) -> Grid {
    let (rows, columns) = frame.shape();
    let shown = edges(rows, ROWS.0, ROWS.1);
    let width = (480 / columns.max(1)).clamp(20, TEXT);
    let mut grid = Grid::new();
    for position in edges(columns, COLUMNS.0, COLUMNS.1) {
        grid = grid.column(match position {
            Some(position) => {
                let data = &frame.columns()[position];
                Column { shade: shade(data, &shown), ..column(data, &shown, width) }
            }
            None => Column::gap(shown.len()),
        });
    }
    let size = memory(frame.estimated_size());
    grid.one_line().note(format!("{} x {}, {size}", count(rows, "row"), count(columns, "column")))
}

/// One column: name, type, how many values are missing, and the rows shown; texts are cut at `width` characters.
pub(super) fn column(data: &Data, rows: &[Option<usize>], width: usize) -> Column {
    let mut head = vec![Cell::cut(data.name(), TEXT).text, data.dtype().to_string()];
    let missing = data.null_count();
    if missing > 0 {
        head.push(format!("{missing} null"));
    }
    let values: Vec<Option<AnyValue<'_>>> = rows.iter().map(|row| row.and_then(|row| data.get(row).ok())).collect();
    let numbers: Vec<f64> = values.iter().flatten().filter_map(float).collect();
    let mut numbers = aligned(&numbers).into_iter();
    let cell = |value: &Option<AnyValue<'_>>| match value {
        None => gap_cell(),
        Some(AnyValue::Null) => Cell::muted("null"),
        Some(value) if float(value).is_some() => numbers.next().unwrap_or_default().into(),
        Some(value) => text(value, width),
    };
    let cells: Vec<Cell> = values.iter().map(cell).collect();
    let right = data.dtype().is_primitive_numeric() || matches!(data.dtype(), DataType::Null);
    Column { head, right, ..Column::new("", cells) }
}

fn float(value: &AnyValue<'_>) -> Option<f64> {
    match value {
        AnyValue::Float32(v) => Some(f64::from(*v)),
        AnyValue::Float64(v) => Some(*v),
        _ => None,
    }
}

fn text(value: &AnyValue<'_>, width: usize) -> Cell {
    match value {
        value if value.is_primitive_numeric() => super::numbers::minus(&value.to_string()).into(),
        value => value.get_str().map_or_else(|| Cell::cut(&value.to_string(), width), |text| Cell::cut(text, width)),
    }
}
