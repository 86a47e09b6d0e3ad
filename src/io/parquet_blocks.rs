//! Parquet files larger than memory: what the footer says, then chosen columns of a run of rows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsResult, SerReader};

use super::parquet::{FIX, check_footer, check_marks};
use super::parquet_pages::{claim, is_footer};
use super::positioned::PositionedFile;
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
        let length = end.first_chunk::<4>().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
        let file = PositionedFile::open(path)?;
        if !is_footer(&file.bytes(tail.saturating_sub(length), length)?) {
            return Err(file.damaged("its footer cannot be taken apart"));
        }
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
        blocks.check_claim(blocks.groups.iter().try_fold(0u64, |sum, &rows| sum.checked_add(rows as u64)), 1)?;
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

    /// Refuses a file that claims far more values in these columns than its bytes can hold.
    ///
    /// # Errors
    /// When it does.
    pub(crate) fn check_size<'n>(&self, columns: impl IntoIterator<Item = &'n String>) -> Result<()> {
        let bytes = columns.into_iter().fold(0u64, |sum, name| sum.saturating_add(self.width(name)));
        self.check_claim(self.groups.iter().try_fold(0u64, |sum, &rows| sum.checked_add(rows as u64)), bytes)
    }

    fn check_claim(&self, values: Option<u64>, bytes: u64) -> Result<()> {
        let claimed = values.and_then(|values| values.checked_mul(bytes));
        if claimed.is_some_and(|claimed| claimed <= ALWAYS.max(self.bytes.saturating_mul(RATIO))) {
            return Ok(());
        }
        Err(Error::new(format!("it claims more values than a file of {} bytes can hold", self.bytes))
            .at(self.path.display().to_string())
            .fix(FIX))
    }

    /// Bytes of a value of a column in memory, at least.
    fn width(&self, column: &str) -> u64 {
        match self.columns.iter().find(|(name, _)| name == column).map(|(_, dtype)| dtype) {
            Some(DataType::Boolean | DataType::Int8 | DataType::UInt8) => 1,
            Some(DataType::Int16 | DataType::UInt16) => 2,
            Some(DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date) => 4,
            Some(dtype) if dtype.is_primitive_numeric() => 8,
            _ => 16,
        }
    }

    /// Refuses pages of a row group that claim more than they can hold.
    ///
    /// # Errors
    /// When some do, or lie outside of the file.
    fn check_pages(&self, group: usize, columns: &[String]) -> Result<()> {
        let chunks = decode(&self.path, || {
            let mut reader = ParquetReader::new(File::open(&self.path)?);
            let group = reader.get_metadata()?.row_groups.get(group);
            let mut chunks = Vec::new();
            for (name, group) in columns.iter().filter_map(|name| Some((name, group?))) {
                let leaves = group.columns_under_root_iter(name).into_iter().flatten();
                chunks.extend(leaves.map(|chunk| (name, chunk.byte_range(), chunk.num_values())));
            }
            Ok(chunks)
        })?;
        let file = PositionedFile::open(&self.path)?;
        let mut bytes = 0u64;
        for (name, range, values) in chunks {
            let claim = claim(&file, range, u64::try_from(values).unwrap_or(u64::MAX))?;
            bytes = bytes.saturating_add(claim.bytes);
            self.check_claim(Some(claim.values), self.width(name))?;
        }
        self.check_claim(Some(bytes), 1)
    }

    /// Refuses a file that claims more than it can hold anywhere.
    ///
    /// # Errors
    /// When it does.
    pub(super) fn check(&self) -> Result<()> {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        self.check_size(&names)?;
        (0..self.groups.len()).try_for_each(|group| self.check_pages(group, &names))
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

    /// These columns of a run of rows. Of a row group, the run that starts it must be read first.
    ///
    /// # Errors
    /// When the pages are damaged.
    pub(crate) fn read(&self, columns: &[String], (offset, rows): (usize, usize)) -> Result<DataFrame> {
        if columns.is_empty() {
            return DataFrame::new(rows, Vec::new()).map_err(|e| Error::new(e.to_string()).caused_by(e));
        }
        let mut start = 0;
        for (group, &height) in self.groups.iter().enumerate() {
            if start == offset && height > 0 {
                self.check_pages(group, columns)?;
            }
            start += height;
        }
        let table = self.slice(Some(columns.to_vec()), (offset, rows))?;
        table.select(columns).map_err(|e| Error::new(e.to_string()).at(self.path.display().to_string()).caused_by(e))
    }

    /// All columns of a range of rows.
    ///
    /// # Errors
    /// When the pages are damaged.
    pub(crate) fn rows_of(&self, rows: Range<usize>) -> Result<DataFrame> {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut start = 0;
        for (group, &height) in self.groups.iter().enumerate() {
            if start < rows.end && start + height > rows.start {
                self.check_pages(group, &names)?;
            }
            start += height;
        }
        self.slice(None, (rows.start, rows.len()))
    }

    fn slice(&self, columns: Option<Vec<String>>, (offset, rows): (usize, usize)) -> Result<DataFrame> {
        let table = decode(&self.path, || {
            ParquetReader::new(File::open(&self.path)?).with_columns(columns).with_slice(Some((offset, rows))).finish()
        })?;
        if table.height() != rows || !is_whole(&table) {
            return Err(Error::new(format!("{} rows where the footer promises {rows}", table.height()))
                .at(self.path.display().to_string())
                .fix(FIX));
        }
        Ok(table)
    }
}

/// Whether all columns are as long as the table: the decoder takes the footer's word for that.
pub(super) fn is_whole(table: &DataFrame) -> bool {
    table.columns().iter().all(|column| column.len() == table.height())
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
