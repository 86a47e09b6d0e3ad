//! Parquet tables, in and out.
//!
//! A parquet file starts and ends with the four bytes `PAR1`; before the last four stands the length of the footer
//! that describes the columns. [`read`] checks these marks first, because a download that stopped early or a web
//! page saved under the wrong name fails exactly there, and says so in words.

use std::fs;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, SerReader};

use super::parquet_blocks::{ParquetBlocks, is_whole};
use super::part_file::PartFile;
pub(crate) use crate::words::{count, name_some};
use crate::{Error, Result};

const MARK: &[u8] = b"PAR1";
pub(super) const FIX: &str = "download or write the file again, and compare its size with the original";

/// Reads all columns of a parquet file.
///
/// ```no_run
/// let table = perturbook::io::parquet::read("embedding.parquet")?;
/// println!("{} rows, {} columns", table.height(), table.width());
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, is not parquet, was cut short, claims more values than its bytes can hold, or its contents
/// contradict its footer.
pub fn read(path: impl AsRef<Path>) -> Result<DataFrame> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|e| {
        Error::file(path, e).fix("check the path; datasets::list() names the public files perturbook can fetch")
    })?;
    let (end, size) = (&bytes[bytes.len().saturating_sub(8)..], bytes.len() as u64);
    check_marks(&bytes, end, size)
        .and_then(|()| check_footer(end, size))
        .map_err(|e| e.at(path.display().to_string()).fix(FIX))?;
    ParquetBlocks::open(path)?.check()?;
    // The decoder behind ParquetReader panics on some damaged pages.
    match catch_unwind(AssertUnwindSafe(|| ParquetReader::new(Cursor::new(bytes)).finish())) {
        Ok(Ok(table)) if is_whole(&table) => Ok(table),
        Ok(Ok(_)) => Err(Error::new("the parquet file is damaged: its columns are not of one length")
            .at(path.display().to_string())
            .fix(FIX)),
        Ok(Err(e)) => Err(Error::new(format!("the parquet file is damaged or uses an unknown encoding: {e}"))
            .at(path.display().to_string())
            .fix(FIX)
            .caused_by(e)),
        Err(_) => Err(Error::new("the parquet file is damaged: its pages cannot be decoded")
            .at(path.display().to_string())
            .fix(FIX)),
    }
}

/// Reads a parquet file and keeps the named columns, in the given order.
///
/// # Errors
/// As [`read`]; and when columns are missing: all missing ones are listed, with those there are.
pub fn read_columns(path: impl AsRef<Path>, columns: &[&str]) -> Result<DataFrame> {
    let table = read(&path)?;
    require_columns(&table, columns, &path.as_ref().display().to_string())?;
    table.select(columns.iter().copied()).map_err(|e| {
        Error::new(format!("cannot take these columns: {e}")).at(path.as_ref().display().to_string()).caused_by(e)
    })
}

/// Writes a table under a temporary name, then renames it: the path never holds half a file.
///
/// # Errors
/// When the folder cannot be written, or a column has a type that parquet cannot hold.
pub fn write(path: impl AsRef<Path>, table: &DataFrame) -> Result<()> {
    let path = path.as_ref();
    let mut part = PartFile::beside(path)?;
    ParquetWriter::new(part.file())
        .finish(&mut table.clone())
        .map_err(|e| Error::new(format!("cannot write the table: {e}")).at(path.display().to_string()).caused_by(e))?;
    part.finish()
}

/// An error that lists every one of `columns` which `table` lacks.
pub(crate) fn require_columns<S: AsRef<str>>(table: &DataFrame, columns: &[S], place: &str) -> Result<()> {
    let have = table.get_column_names();
    let missing: Vec<&str> =
        columns.iter().map(AsRef::as_ref).filter(|c| !have.iter().any(|h| h.as_str() == *c)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{} missing: {}", count(missing.len(), "column"), name_some(&missing)))
        .at(place)
        .fix(format!("the columns there are: {}", name_some(&have))))
}

/// Checks the mark at the start and at the end of a file of `size` bytes.
pub(super) fn check_marks(start: &[u8], end: &[u8], size: u64) -> Result<()> {
    if size == 0 {
        return Err(Error::new("the file is empty"));
    }
    if !start.starts_with(MARK) {
        return Err(Error::new("this is not a parquet file: it does not start with the mark PAR1"));
    }
    if size < 12 || !end.ends_with(MARK) {
        return Err(Error::new(format!(
            "the parquet file was cut short: its {size} bytes do not end with the mark PAR1"
        )));
    }
    Ok(())
}

/// Checks that the footer, whose length stands before the last mark, fits into the file.
pub(super) fn check_footer(end: &[u8], size: u64) -> Result<()> {
    let footer = end.first_chunk::<4>().map_or(u64::MAX, |length| u64::from(u32::from_le_bytes(*length)));
    if footer.checked_add(12).is_none_or(|needed| needed > size) {
        return Err(Error::new(format!(
            "the parquet file is damaged: its footer claims {footer} bytes of a file of {size}"
        )));
    }
    Ok(())
}
