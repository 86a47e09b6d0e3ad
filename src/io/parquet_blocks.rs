//! Parquet files larger than memory: what the footer says, then chosen columns of a run of rows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsResult, SerReader};

use super::parquet::{FIX, check_footer, check_marks};
use crate::{Error, Result};

/// Bytes of decoded values that a file may claim, whatever its size.
const ALWAYS: u64 = 256 << 20;
/// Beyond that, how many times its size. Whole columns of one value shrink further, tables of measurements never.
const RATIO: u64 = 4096;

/// The footer of a file.
#[derive(Clone, Debug)]
pub(crate) struct ParquetBlocks {
    path: PathBuf,
    bytes: u64,
    /// Rows of each row group.
    groups: Vec<usize>,
    columns: Vec<(String, DataType)>,
}

impl ParquetBlocks {
    /// Reads the footer.
    ///
    /// # Errors
    /// When the file is missing, is not parquet, was cut short, or its footer is damaged.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| Error::file(path, e))?;
        let bytes = file.metadata().map_err(|e| Error::file(path, e))?.len();
        let (mut start, mut end) = (Vec::new(), Vec::new());
        (&mut file).take(4).read_to_end(&mut start).map_err(|e| Error::file(path, e))?;
        let tail = bytes.saturating_sub(8);
        file.seek(SeekFrom::Start(tail)).and_then(|_| file.read_to_end(&mut end)).map_err(|e| Error::file(path, e))?;
        check_marks(&start, &end, bytes)
            .and_then(|()| check_footer(&end, bytes))
            .map_err(|e| e.at(path.display().to_string()).fix(FIX))?;
        let footer = decode(path, || {
            let mut reader = ParquetReader::new(File::open(path)?);
            let schema = reader.schema()?;
            let columns =
                schema.iter_values().map(|field| (field.name.to_string(), DataType::from_arrow_field(field))).collect();
            let groups = reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect();
            Ok((columns, groups))
        })?;
        let (columns, groups): (Vec<(String, DataType)>, Vec<usize>) = footer;
        let blocks = Self { path: path.to_owned(), bytes, groups, columns };
        blocks.check_size(1)?;
        Ok(blocks)
    }

    /// All rows.
    pub(crate) fn rows(&self) -> usize {
        self.groups.iter().sum()
    }

    /// Row groups.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Names and types of the columns.
    pub(crate) fn columns(&self) -> &[(String, DataType)] {
        &self.columns
    }

    /// Refuses a file that claims far more values in so many columns than its bytes can hold.
    ///
    /// # Errors
    /// When it does.
    pub(crate) fn check_size(&self, columns: usize) -> Result<()> {
        let claimed = self.groups.iter().try_fold(0u64, |sum, &rows| sum.checked_add(rows as u64));
        let claimed = claimed.and_then(|rows| rows.checked_mul(columns as u64)).and_then(|n| n.checked_mul(4));
        if claimed.is_some_and(|claimed| claimed <= ALWAYS.max(self.bytes.saturating_mul(RATIO))) {
            return Ok(());
        }
        Err(Error::new(format!("the footer claims more values than a file of {} bytes can hold", self.bytes))
            .at(self.path.display().to_string())
            .fix(FIX))
    }

    /// The runs of at most `most` rows, none of which reaches over the end of a row group: offset and length.
    pub(crate) fn runs(&self, most: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut offset = 0;
        for &rows in &self.groups {
            for start in (0..rows).step_by(most.max(1)) {
                runs.push((offset + start, most.max(1).min(rows - start)));
            }
            offset += rows;
        }
        runs
    }

    /// These columns of a run of rows.
    ///
    /// # Errors
    /// When the pages are damaged.
    pub(crate) fn read(&self, columns: &[String], (offset, rows): (usize, usize)) -> Result<DataFrame> {
        if columns.is_empty() {
            return DataFrame::new(rows, Vec::new()).map_err(|e| Error::new(e.to_string()).caused_by(e));
        }
        let table = decode(&self.path, || {
            ParquetReader::new(File::open(&self.path)?)
                .with_columns(Some(columns.to_vec()))
                .with_slice(Some((offset, rows)))
                .finish()
        })?;
        if table.height() != rows {
            return Err(Error::new(format!("{} rows where the footer promises {rows}", table.height()))
                .at(self.path.display().to_string())
                .fix(FIX));
        }
        table.select(columns).map_err(|e| Error::new(e.to_string()).at(self.path.display().to_string()).caused_by(e))
    }
}

/// Runs the decoder, which panics on some damaged pages.
fn decode<T>(path: &Path, read: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    let damaged = |what: String| Error::new(what).at(path.display().to_string()).fix(FIX);
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => {
            Err(damaged(format!("the parquet file is damaged or uses an unknown encoding: {e}")).caused_by(e))
        }
        Err(_) => Err(damaged("the parquet file is damaged: its pages cannot be decoded".to_owned())),
    }
}
