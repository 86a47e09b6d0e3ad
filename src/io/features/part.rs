//! One file of a table of features.

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame};

use super::csv::CsvPart;
use super::{FeatureBlock, FeatureColumn};
use crate::io::parquet_blocks::ParquetBlocks;
use crate::screen::ColumnKind;
use crate::{Error, Result};

/// Takes a block; false ends the reading.
pub(super) type Each<'a> = &'a mut dyn FnMut(FeatureBlock) -> Result<bool>;

/// One file, and what the names of its folders say of all its rows.
#[derive(Clone, Debug)]
pub(super) struct Part {
    path: PathBuf,
    format: Format,
    /// Labels from folders named `key=value`.
    keys: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
enum Format {
    Parquet(ParquetBlocks),
    Text(CsvPart),
}

impl Part {
    /// Looks at a file: parquet by its name or first bytes, delimited text otherwise.
    pub(super) fn open(path: &Path, keys: Vec<(String, String)>) -> Result<Self> {
        let named = path.extension().is_some_and(|extension| ["parquet", "pq"].iter().any(|e| extension == *e));
        let format = if named || starts_as_parquet(path)? {
            Format::Parquet(ParquetBlocks::open(path)?)
        } else {
            Format::Text(CsvPart::open(path)?)
        };
        let part = Self { path: path.to_owned(), format, keys };
        let own: Vec<FeatureColumn> = part.columns()?;
        let mut names: Vec<&str> = own.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(part),
            Some(pair) => Err(Error::new(format!("two columns are called {:?}", pair[0]))
                .at(path.display().to_string())
                .fix("rename one of them, or the folder that adds a label of this name")),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.format, Format::Text(_))
    }

    pub(super) fn format(&self) -> &'static str {
        match self.format {
            Format::Parquet(_) => "parquet",
            Format::Text(_) => "delimited text",
        }
    }

    pub(super) fn groups(&self) -> usize {
        match &self.format {
            Format::Parquet(blocks) => blocks.groups(),
            Format::Text(_) => 0,
        }
    }

    pub(super) fn rows(&self) -> Option<usize> {
        match &self.format {
            Format::Parquet(blocks) => Some(blocks.rows()),
            Format::Text(_) => None,
        }
    }

    pub(super) fn columns(&self) -> Result<Vec<FeatureColumn>> {
        let mut columns: Vec<FeatureColumn> = match &self.format {
            Format::Parquet(blocks) => blocks
                .columns()
                .iter()
                .map(|(name, dtype)| FeatureColumn {
                    name: name.clone(),
                    kind: ColumnKind::of(dtype),
                    dtype: dtype.to_string(),
                })
                .collect(),
            Format::Text(text) => text.columns().to_vec(),
        };
        columns.extend(self.keys.iter().map(|(name, _)| FeatureColumn {
            name: name.clone(),
            kind: ColumnKind::Other,
            dtype: "str".to_owned(),
        }));
        Ok(columns)
    }

    /// Reads the part in blocks of at most `rows` rows.
    pub(super) fn read(&self, features: &[String], labels: &[String], rows: usize, each: Each<'_>) -> Result<()> {
        let is_key = |name: &String| self.keys.iter().any(|(key, _)| key == name);
        if let Some(name) = features.iter().find(|name| is_key(name)) {
            return Err(Error::new(format!("{name:?} names a folder and cannot be a feature"))
                .at(self.path.display().to_string())
                .fix("choose columns of the files as features"));
        }
        let own: Vec<String> = labels.iter().filter(|name| !is_key(name)).cloned().collect();
        let mut with_keys = |mut block: FeatureBlock| {
            let n = block.values.nrows();
            for (key, value) in self.keys.iter().filter(|(key, _)| labels.contains(key)) {
                let column = Column::new(key.as_str().into(), vec![value.as_str(); n]);
                block.table = hstack(&block.table, column, n)?;
            }
            block.table = block
                .table
                .select(labels)
                .map_err(|e| Error::new(e.to_string()).at(self.path.display().to_string()).caused_by(e))?;
            each(block)
        };
        match &self.format {
            Format::Parquet(blocks) => super::parquet::read(blocks, features, &own, rows, &mut with_keys),
            Format::Text(text) => text.read(features, &own, rows, &mut with_keys),
        }
    }
}

/// Adds a column to a table that may have none yet.
fn hstack(table: &DataFrame, column: Column, rows: usize) -> Result<DataFrame> {
    let columns = table.columns().iter().cloned().chain([column]).collect();
    DataFrame::new(rows, columns).map_err(|e| Error::new(e.to_string()).caused_by(e))
}

/// Appends rows.
pub(super) fn stack(table: &mut DataFrame, next: &DataFrame, path: &Path) -> Result<()> {
    table.vstack_mut(next).map(|_| ()).map_err(|e| {
        Error::new(format!("the parts of the table do not fit together: {e}"))
            .at(path.display().to_string())
            .caused_by(e)
    })
}

fn starts_as_parquet(path: &Path) -> Result<bool> {
    use std::io::Read;
    let mut start = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| Error::file(path, e))?;
    file.take(4).read_to_end(&mut start).map_err(|e| Error::file(path, e))?;
    Ok(start == b"PAR1")
}
