//! Our own image store: one file of fixed-size records, grouped by batch and perturbation, and a parquet table beside it.
//!
//! ```text
//! screen.cells           header | cell 0 | cell 1 | ... | groups        (written by StoreWriter, read by ImageStore)
//! screen.cells.parquet   the table: row i belongs to cell i
//! ```
//!
//! Cells of one batch and perturbation lie one after the other, so a group is a range of rows and the index in memory is
//! 24 bytes per group and the names: for the 30 million cells of a genome-wide screen in 46 wells and 5,073 perturbations
//! 233,000 groups, 5.6 MB or 0.2 bytes a cell. Images are read at their place (`pread`), by any number of threads; offsets
//! have 64 bits, so 30 million cells of 4 x 96 x 96 are 1.1 TB as [`Storage::U8`], 2.2 TB as [`Storage::U16`] or
//! [`Storage::F16`] and 4.4 TB as [`Storage::F32`].

mod format;
mod layout;
mod storage;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::Array4;
use polars::prelude::DataFrame;
use sha2::{Digest, Sha256};

pub(crate) use self::format::MARK;
use self::format::{Format, Span};
pub use self::layout::StoreLayout;
pub use self::storage::Storage;
pub use self::writer::{StoreReport, StoreWriter};
use super::{BatchStatistics, CellImages, batch_statistics, check_rows};
use crate::io::aligned::AlignedBytes;
use crate::io::parquet;
use crate::io::parquet_blocks::ParquetBlocks;
use crate::io::positioned::PositionedFile;
use crate::{Error, Result};

/// The cells of one perturbation in one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreGroup<'s> {
    /// The batch: the values of its columns, joined by `/`.
    pub batch: &'s str,
    /// The perturbation.
    pub perturbation: &'s str,
    /// Its cells.
    pub rows: Range<usize>,
}

/// An open image store.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::images::store::{ImageStore, Storage, StoreLayout, StoreWriter};
/// use perturbook::images::CellImages;
/// use polars::prelude::df;
///
/// # let folder = std::env::temp_dir().join(format!("store-{}", std::process::id()));
/// let path = folder.join("screen.cells");
/// let layout = StoreLayout::new((2, 8, 8), Storage::U16)?.grouped(["well"], "gene");
/// let mut writer = StoreWriter::create(&path, layout)?;
/// let images = Array4::from_shape_fn((3, 2, 8, 8), |(cell, _, _, _)| 100.0 * cell as f32);
/// writer.append(images.view(), &df!("well" => ["A2", "A1", "A2"], "gene" => ["TP53", "TP53", "MYC"]).unwrap())?;
/// writer.finish()?;
///
/// let store = ImageStore::open(&path)?;
/// assert_eq!(store.batches(), ["A1", "A2"]);
/// let rows = store.group("A2", "MYC")?;
/// assert_eq!(store.read(&[rows.start])?[[0, 0, 0, 0]], 200.0);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageStore {
    file: PositionedFile,
    format: Format,
    start: u64,
}

/// Where the table of a store lies.
fn table_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".parquet");
    name.into()
}

/// A number that tells one table from another: of its length and its last 64 KB, where parquet describes its columns.
fn stamp(table: &Path) -> Result<u64> {
    let file = PositionedFile::open(table)?;
    let tail = file.len().min(64 << 10);
    let bytes = file.bytes(file.len() - tail, tail)?;
    let sum = Sha256::new().chain_update(file.len().to_le_bytes()).chain_update(bytes).finalize();
    Ok(u64::from_le_bytes(std::array::from_fn(|i| sum[i])))
}

impl ImageStore {
    /// Opens a store: reads its header and groups.
    ///
    /// # Errors
    /// When the file is missing, is no image store, was cut short or damaged, or its table is missing or another one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = PositionedFile::open(path)?;
        let (format, start) = Format::read(&file)?;
        let table = table_path(path);
        let found =
            stamp(&table).map_err(|e| e.fix("the table of an image store lies beside it: move both together"))?;
        if found != format.table_stamp {
            return Err(Error::new("this table is not the one that was written with the images")
                .at(table.display().to_string())
                .fix("put the store's own table back, or write the store again"));
        }
        Ok(Self { file, format, start })
    }

    /// How the images are kept.
    pub fn layout(&self) -> &StoreLayout {
        &self.format.layout
    }

    /// The batches, sorted.
    pub fn batches(&self) -> &[String] {
        &self.format.batches
    }

    /// The perturbations, sorted.
    pub fn perturbations(&self) -> &[String] {
        &self.format.perturbations
    }

    /// All groups, sorted by batch and perturbation.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = StoreGroup<'_>> {
        self.format.spans.iter().map(|span| self.named(span))
    }

    fn named(&self, span: &Span) -> StoreGroup<'_> {
        StoreGroup {
            batch: &self.format.batches[span.batch as usize],
            perturbation: &self.format.perturbations[span.perturbation as usize],
            rows: span.first as usize..(span.first + span.cells) as usize,
        }
    }

    /// The cells of a perturbation in a batch; an empty range where it has none there.
    ///
    /// # Errors
    /// When the store knows no such batch or perturbation.
    pub fn group(&self, batch: &str, perturbation: &str) -> Result<Range<usize>> {
        let key = (
            self.number("batch", self.batches(), batch)?,
            self.number("perturbation", self.perturbations(), perturbation)?,
        );
        let spans = &self.format.spans;
        let found = spans.binary_search_by_key(&key, |span| (span.batch, span.perturbation));
        Ok(found.map_or(0..0, |at| self.named(&spans[at]).rows))
    }

    /// The cells of a perturbation in every batch that has some.
    ///
    /// # Errors
    /// When the store knows no such perturbation.
    pub fn perturbation(&self, perturbation: &str) -> Result<Vec<StoreGroup<'_>>> {
        let number = self.number("perturbation", self.perturbations(), perturbation)?;
        let spans = self.format.spans.iter().filter(|span| span.perturbation == number);
        Ok(spans.map(|span| self.named(span)).collect())
    }

    /// The cells of a batch.
    ///
    /// # Errors
    /// When the store knows no such batch.
    pub fn batch(&self, batch: &str) -> Result<Range<usize>> {
        let number = self.number("batch", self.batches(), batch)?;
        let spans = &self.format.spans;
        let (from, to) =
            (spans.partition_point(|span| span.batch < number), spans.partition_point(|span| span.batch <= number));
        Ok(spans[from..to].first().map_or(0, |span| span.first as usize)
            ..spans[from..to].last().map_or(0, |span| (span.first + span.cells) as usize))
    }

    fn number(&self, what: &str, names: &[String], name: &str) -> Result<u32> {
        names.binary_search_by(|known| known.as_str().cmp(name)).map(|at| at as u32).map_err(|_| {
            self.file
                .error(format!("the store has no {what} {name:?}"))
                .fix(format!("it has {}", parquet::name_some(names)))
        })
    }

    /// The cells' table, row i for cell i.
    ///
    /// # Errors
    /// When it cannot be read or has another number of rows.
    pub fn table(&self) -> Result<DataFrame> {
        let path = table_path(self.file.path());
        let table = parquet::read(&path)?;
        if table.height() as u64 != self.format.cells {
            return Err(Error::new(format!("the table has {} rows for {} cells", table.height(), self.format.cells))
                .at(path.display().to_string())
                .fix("write the store again"));
        }
        Ok(table)
    }

    /// Some rows of the cells' table, without reading the others into memory.
    ///
    /// # Errors
    /// When the rows are not there or the table cannot be read.
    pub fn table_rows(&self, rows: Range<usize>) -> Result<DataFrame> {
        if rows.start > rows.end || rows.end as u64 > self.format.cells {
            return Err(self
                .file
                .error(format!("there are no rows {rows:?}: the store has {} cells", self.format.cells)));
        }
        ParquetBlocks::open(&table_path(self.file.path()))?.rows_of(rows)
    }

    /// Mean, standard deviation, median and MAD of every channel over the cells of `control` in each batch, in one pass.
    ///
    /// # Errors
    /// When no batch has such cells, or they cannot be read.
    pub fn control_statistics(&self, control: &str) -> Result<BatchStatistics> {
        let batches: Vec<(String, Vec<usize>)> = self
            .perturbation(control)?
            .into_iter()
            .map(|group| (group.batch.to_owned(), group.rows.collect()))
            .collect();
        batch_statistics(self, &batches)
    }

    /// Bytes of the index that an open store keeps in memory.
    pub fn index_bytes(&self) -> usize {
        let names = self.format.batches.iter().chain(&self.format.perturbations);
        self.format.spans.len() * size_of::<Span>() + names.map(|name| name.len() + size_of::<String>()).sum::<usize>()
    }

    fn read_one(&self, row: usize, out: &mut [f32], buffer: &mut AlignedBytes) -> Result<()> {
        let layout = &self.format.layout;
        let record = layout.record_bytes();
        let at = self.start + row as u64 * record as u64;
        if layout.storage == Storage::F32 {
            return self.file.fill_singles(at, out);
        }
        let bytes = buffer.take(record);
        self.file.fill(at, bytes)?;
        let plane = layout.shape.1 * layout.shape.2;
        let planes = out.chunks_exact_mut(plane).zip(bytes.chunks_exact(plane * layout.storage.bytes()));
        for ((out, bytes), scale) in planes.zip(&layout.scales) {
            scale.decode(layout.storage, bytes, out);
        }
        Ok(())
    }
}

impl CellImages for ImageStore {
    fn len(&self) -> usize {
        self.format.cells as usize
    }

    fn shape(&self) -> (usize, usize, usize) {
        self.format.layout.shape
    }

    fn channels(&self) -> &[String] {
        &self.format.layout.channels
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        check_rows(rows, self.len())?;
        super::read_each(rows, self.shape(), |row, out, buffer| self.read_one(row, out, buffer))
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        check_rows(rows, self.len())?;
        super::read_each_into(rows, self.shape(), out, |row, out, buffer| self.read_one(row, out, buffer))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn thirty_million_cells_are_read_at_random_through_a_small_index() {
        // The file has holes: on the disk are its header, its groups and two cells.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.cells");
        let layout = StoreLayout::new((4, 96, 96), Storage::U8).unwrap();
        let (cells, wells, genes) = (30_000_000u64, 46u32, 5_073u32);
        let groups = u64::from(wells) * u64::from(genes);
        File::create(table_path(&path)).unwrap();
        let table_stamp = stamp(&table_path(&path)).unwrap();
        let spans = (0..groups).map(|group| {
            let (first, end) = (cells * group / groups, cells * (group + 1) / groups);
            let (batch, perturbation) = ((group / u64::from(genes)) as u32, (group % u64::from(genes)) as u32);
            Span { batch, perturbation, first, cells: end - first }
        });
        let format = Format {
            layout: layout.clone(),
            cells,
            table_stamp,
            batches: (0..wells).map(|well| format!("W{well:02}")).collect(),
            perturbations: (0..genes).map(|gene| format!("G{gene:04}")).collect(),
            spans: spans.collect(),
        };
        let (header, tail) = format.to_bytes();
        let (start, record) = (Format::data_start(&layout), layout.record_bytes() as u64);
        let file = File::create(&path).unwrap();
        file.write_all_at(&header, 0).unwrap();
        if file.write_all_at(&tail, start + cells * record).is_err() {
            println!("skipped: no files of a terabyte here");
            return;
        }
        let store = ImageStore::open(&path).unwrap();
        assert_eq!(store.len(), 30_000_000);
        assert!(store.index_bytes() < 7_000_000, "the index takes {} bytes", store.index_bytes());
        let rows = store.group("W45", "G5072").unwrap();
        assert_eq!(rows.end, 30_000_000);
        for (row, value) in [(rows.end - 1, 7), (rows.start, 3)] {
            file.write_all_at(&vec![value; record as usize], start + row as u64 * record).unwrap();
            assert_eq!(store.read(&[row]).unwrap()[[0, 3, 95, 95]], f32::from(value));
        }
        assert_eq!(store.perturbation("G0001").unwrap().len(), 46);
    }
}
