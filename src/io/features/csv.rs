//! Features and labels from delimited text, a block of lines at a time.
//!
//! A feature is read as `f32` from its text. Missing are an empty field, `NA`, `N/A`, `null`, `None` and `NaN`; of a
//! label only the empty field is.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use polars::prelude::{Column, DataFrame};

use super::part::Each;
use super::{FeatureBlock, FeatureColumn};
use crate::io::records::Records;
use crate::screen::ColumnKind;
use crate::{Error, Result};

/// Rows from which the types of columns are guessed.
const PROBED: usize = 1000;
/// Fields that are held as text at a time.
const HELD: usize = 1 << 22;

/// A text file and its columns.
#[derive(Clone, Debug)]
pub(super) struct CsvPart {
    path: PathBuf,
    columns: Vec<FeatureColumn>,
}

impl CsvPart {
    /// Reads the header, and the first rows for the types of the columns.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut records = Records::open(path)?;
        if !records.advance()? {
            return Err(Error::new("the file is empty")
                .at(path.display().to_string())
                .fix("the first line names the columns"));
        }
        let names = header(&records)?;
        let mut kinds: Vec<Option<ColumnKind>> = vec![None; names.len()];
        let mut rows = 0;
        while rows < PROBED && records.advance()? {
            check_width(&records, path, names.len())?;
            for (field, kind) in kinds.iter_mut().enumerate() {
                *kind = widen(*kind, records.bytes(field));
            }
            rows += 1;
        }
        let column = |(name, kind): (String, Option<ColumnKind>)| {
            let kind = kind.unwrap_or(ColumnKind::Other);
            let dtype = match kind {
                ColumnKind::Float => "f64",
                ColumnKind::Integer => "i64",
                ColumnKind::Other => "str",
            };
            FeatureColumn { name, kind, dtype: dtype.to_owned() }
        };
        Ok(Self { path: path.to_owned(), columns: names.into_iter().zip(kinds).map(column).collect() })
    }

    pub(super) fn columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// Reads the chosen columns in blocks of at most `rows` rows, fewer of wide tables.
    pub(super) fn read(&self, features: &[String], labels: &[String], rows: usize, each: Each<'_>) -> Result<()> {
        let rows = rows.min((HELD / self.columns.len().max(1)).max(1));
        let mut records = Records::open(&self.path)?;
        records.advance()?;
        let names = header(&records)?;
        let position = |name: &String| {
            names.iter().position(|known| known == name).ok_or_else(|| {
                Error::new(format!("no column {name:?}"))
                    .at(self.path.display().to_string())
                    .fix("the file has changed since it was opened; open it again")
            })
        };
        let feature_fields = features.iter().map(position).collect::<Result<Vec<usize>>>()?;
        let label_fields = labels.iter().map(position).collect::<Result<Vec<usize>>>()?;
        loop {
            let mut values: Vec<f32> = Vec::new();
            let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); labels.len()];
            let mut n = 0;
            let mut over = false;
            while n < rows {
                if !records.advance()? {
                    over = true;
                    break;
                }
                check_width(&records, &self.path, names.len())?;
                for (&field, name) in feature_fields.iter().zip(features) {
                    values.push(self.number(&records, field, name)?);
                }
                for (&field, texts) in label_fields.iter().zip(&mut texts) {
                    let text = records.field(field)?;
                    texts.push((!text.is_empty()).then(|| text.to_owned()));
                }
                n += 1;
            }
            if n > 0 {
                let columns = labels.iter().zip(texts).map(|(name, texts)| Column::new(name.as_str().into(), texts));
                let broken = |e: String| Error::new(e).at(self.path.display().to_string());
                let table = DataFrame::new(n, columns.collect()).map_err(|e| broken(e.to_string()))?;
                let values = Array2::from_shape_vec((n, features.len()), values).map_err(|e| broken(e.to_string()))?;
                if !each(FeatureBlock { table, values, dropped: 0 })? {
                    return Ok(());
                }
            }
            if over {
                return Ok(());
            }
        }
    }

    fn number(&self, records: &Records, field: usize, name: &str) -> Result<f32> {
        let text = records.field(field)?.trim();
        if is_missing(text) {
            return Ok(f32::NAN);
        }
        text.parse().map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            Error::new(format!("{shown:?} is no number"))
                .at(format!("{}, line {}, column {name:?}", self.path.display(), records.line()))
                .fix("correct the value, or leave the column out with ColumnChoice::except")
        })
    }
}

fn header(records: &Records) -> Result<Vec<String>> {
    let mut names = (0..records.len()).map(|i| records.field(i).map(str::to_owned)).collect::<Result<Vec<String>>>()?;
    if let Some(first) = names.first_mut() {
        *first = first.trim_start_matches('#').to_owned();
    }
    // A table written with its row numbers has a first column without a name.
    for (i, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("column {i}");
    }
    Ok(names)
}

fn check_width(records: &Records, path: &Path, columns: usize) -> Result<()> {
    if records.len() == columns {
        return Ok(());
    }
    Err(Error::new(format!("{} fields where the table has {columns} columns", records.len()))
        .at(format!("{}, line {}", path.display(), records.line()))
        .fix("check the separator, and quote fields that contain it"))
}

fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "null" | "None" | "NaN" | "nan")
}

/// The kind of a column in which this field occurs besides those before.
fn widen(kind: Option<ColumnKind>, field: &[u8]) -> Option<ColumnKind> {
    let text = std::str::from_utf8(field).unwrap_or("?").trim();
    if is_missing(text) {
        return kind;
    }
    let own = if super::narrow::whole(text).is_some() {
        ColumnKind::Integer
    } else if super::narrow::decimal(text).is_some() {
        ColumnKind::Float
    } else {
        ColumnKind::Other
    };
    Some(match (kind, own) {
        (None, own) => own,
        (Some(kind), own) if kind == own => kind,
        (Some(ColumnKind::Other), _) | (_, ColumnKind::Other) => ColumnKind::Other,
        _ => ColumnKind::Float,
    })
}
