//! Tables: parquet, delimited text, and folders of either.

use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType};

use super::{Inspection, Probe, Start, first_line};
use crate::display::{Bundle, Show};
use crate::io::features::{FeatureBlock, FeatureTable};
use crate::io::parquet::count;
use crate::screen::{Features, Screen, Summary};
use crate::{Error, Result};

/// Rows from which labels and the screen are told.
const LOOKED_AT: usize = 50_000;
/// Rows and features of the preview.
const PREVIEW: (usize, usize) = (6, 5);
/// Columns and labels that are named.
const NAMED: usize = 24;

/// Parquet files start with their mark.
pub(super) const PARQUET: Probe = Probe {
    format: "parquet",
    recognises: |start| start.bytes.starts_with(b"PAR1") || (!start.folder && start.named(&[".parquet", ".pq"])),
    inspect: table,
    open,
};

/// A folder of parts.
pub(super) const FOLDER: Probe =
    Probe { format: "a folder of tables", recognises: |start| start.folder, inspect: table, open };

/// Delimited text, compressed or not: whatever reads as text and has a header.
pub(super) const TEXT: Probe = Probe { format: "delimited text (csv, tsv)", recognises: is_text, inspect: table, open };

fn is_text(start: &Start) -> bool {
    let tables = [".csv", ".tsv", ".tab", ".txt", ".csv.gz", ".tsv.gz", ".tab.gz", ".txt.gz"];
    if start.folder || start.bytes.starts_with(&[0x1f, 0x8b]) {
        return !start.folder && start.named(&tables);
    }
    // A character may be cut in two at the end of the start.
    let whole = match std::str::from_utf8(&start.bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    start.named(&tables) || (whole && !start.bytes.contains(&0))
}

fn open(path: &Path) -> Result<Screen> {
    FeatureTable::open(path)?.drop_missing().read()
}

fn table(path: &Path) -> Result<Inspection> {
    let table = FeatureTable::open(path)?;
    let head = table.head_of_all(LOOKED_AT)?;
    let rows = match table.rows() {
        Some(rows) => rows.to_string(),
        None if head.table.height() < LOOKED_AT => head.table.height().to_string(),
        None => format!("more than {LOOKED_AT}"),
    };
    let mut facts = vec![
        ("rows".to_owned(), rows),
        ("columns".to_owned(), columns(&table)),
        ("features".to_owned(), features(&table)),
    ];
    for name in table.labels().iter().take(NAMED) {
        facts.push((format!("label {name}"), label(&head.table, name)?));
    }
    if table.labels().len() > NAMED {
        facts.push(("labels".to_owned(), format!("and {} more", table.labels().len() - NAMED)));
    }
    Ok(Inspection {
        path: path.to_owned(),
        format: table.format(),
        facts,
        preview: Some(preview(&table, &head)?),
        screen: screen(&table, head),
    })
}

/// `480: 454 f64, 4 i64, 22 str`.
fn columns(table: &FeatureTable) -> String {
    let mut types: Vec<(&str, usize)> = Vec::new();
    for column in table.columns() {
        match types.iter_mut().find(|(dtype, _)| *dtype == column.dtype) {
            Some((_, n)) => *n += 1,
            None => types.push((&column.dtype, 1)),
        }
    }
    let types: Vec<String> = types.iter().map(|(dtype, n)| format!("{n} {dtype}")).collect();
    format!("{}: {}", table.columns().len(), types.join(", "))
}

fn features(table: &FeatureTable) -> String {
    match table.features() {
        [] => "none: no column looks like one by name and type".to_owned(),
        [one] => format!("1: {one}"),
        [first, .., last] => format!("{}: {first} to {last}", table.features().len()),
    }
}

/// `3 values: A1 (120), A2 (96), B1 (80)`; of a number its range.
fn label(head: &DataFrame, name: &str) -> Result<String> {
    let unusable =
        |e: polars::prelude::PolarsError| Error::new(e.to_string()).at(format!("column {name:?}")).caused_by(e);
    let column = head.column(name).map_err(unusable)?;
    let missing = match column.null_count() {
        0 => String::new(),
        n => format!(", {n} missing"),
    };
    let Ok(text) = column.cast(&DataType::String) else { return Ok(format!("{}{missing}", column.dtype())) };
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let text = text.str().map_err(unusable)?.clone();
    text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
    if counts.len() > 12 && column.dtype().is_primitive_numeric() {
        let numbers = column.cast(&DataType::Float64).map_err(unusable)?;
        let numbers = numbers.f64().map_err(unusable)?;
        let range = numbers
            .iter()
            .flatten()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        return Ok(format!("{} from {} to {}{missing}", column.dtype(), range.0, range.1));
    }
    let mut common: Vec<(&str, usize)> = counts.into_iter().collect();
    let distinct = common.len();
    common.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let shown: Vec<String> = common
        .iter()
        .take(4)
        .map(|(value, n)| format!("{} ({n})", value.chars().take(24).collect::<String>()))
        .collect();
    if distinct == 0 {
        return Ok(format!("no value{missing}"));
    }
    let more = if distinct > 4 { ", …" } else { "" };
    Ok(format!("{}: {}{more}{missing}", count(distinct, "value"), shown.join(", ")))
}

fn preview(table: &FeatureTable, head: &FeatureBlock) -> Result<Bundle> {
    let rows = PREVIEW.0.min(head.table.height());
    let mut columns: Vec<Column> = head.table.head(Some(rows)).columns().to_vec();
    for (d, name) in table.features().iter().take(PREVIEW.1).enumerate() {
        let values: Vec<f32> = head.values.column(d).iter().take(rows).copied().collect();
        columns.push(Column::new(name.as_str().into(), values));
    }
    let head = DataFrame::new(rows, columns).map_err(|e| Error::new(e.to_string()).caused_by(e))?;
    Ok(head.bundle())
}

/// The screen that the rows looked at make.
fn screen(table: &FeatureTable, head: FeatureBlock) -> std::result::Result<Summary, String> {
    if table.features().is_empty() {
        return Err("no column is a feature".to_owned());
    }
    let rows = head.table.height();
    let more = table.rows().is_none_or(|all| all > rows) && rows == LOOKED_AT;
    let block = head.without_missing().map_err(first_line)?;
    let features = Features::new(block.values, table.features().to_vec()).map_err(first_line)?;
    if block.table.height() == 0 {
        return Err("every row has a missing or infinite feature".to_owned());
    }
    let mut summary = Screen::new(block.table, features).map_err(first_line)?.summary();
    if block.dropped > 0 {
        let dropped = count(block.dropped, "row");
        summary.notes.push(format!("{dropped} with a missing or infinite feature must be dropped (drop_missing)"));
    }
    if more {
        summary.notes.push(format!("told from the first {rows} rows"));
    }
    Ok(summary)
}
