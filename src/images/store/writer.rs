//! Writes an image store: cells are appended in any order, with the rows of their table, and grouped at the end.
//!
//! Where the cells arrive grouped (all of a batch and perturbation together, sorted by their names) the file is complete
//! after one pass. Else it is copied once into the right order; that takes as much space again until it is done. In memory
//! are 8 bytes per cell and the table.

use std::collections::HashMap;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ndarray::ArrayView4;
use polars::prelude::{DataFrame, DataType, IdxCa, IdxSize};
use rayon::prelude::*;

use super::format::{Format, Span};
use super::layout::StoreLayout;
use super::{stamp, table_path};
use crate::io::parquet::{self, require_columns};
use crate::io::part_file::PartFile;
use crate::live::Bar;
use crate::{Error, Result};

/// Bytes that are gathered before they are written, and copied at a time.
const BLOCK: usize = 32 << 20;
/// Stands between the values of several batch columns.
const BETWEEN: &str = "/";

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreReport {
    /// The number of cells.
    pub cells: usize,
    /// The number of groups of one batch and perturbation.
    pub groups: usize,
    /// Whether the cells had to be copied into the order of the groups.
    pub regrouped: bool,
    /// Length of the file with the images.
    pub bytes: u64,
}

/// Writes cells into a new image store; nothing stands under the final name before [`StoreWriter::finish`].
#[derive(Debug)]
pub struct StoreWriter {
    path: PathBuf,
    layout: StoreLayout,
    out: BufWriter<PartFile>,
    names: [Names; 2],
    /// Batch and perturbation of each cell in the order of arrival.
    cells: Vec<(u32, u32)>,
    tables: Option<DataFrame>,
}

/// Names by the order in which they came.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: String) -> u32 {
        if let Some(&number) = self.numbers.get(&name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    /// The names sorted, and the new number of each old one.
    fn sorted(&self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by(|&a, &b| self.names[a].cmp(&self.names[b]));
        let mut new = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &old)| new[old] = at as u32);
        (order.iter().map(|&old| self.names[old].clone()).collect(), new)
    }
}

impl StoreWriter {
    /// Starts a store at `path`; the cells' table will lie beside it, under the same name with `.parquet` added.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: impl AsRef<Path>, layout: StoreLayout) -> Result<Self> {
        let path = path.as_ref();
        let mut out = BufWriter::with_capacity(4 << 20, PartFile::beside(path)?);
        // The header is written last, when the number of cells is known.
        let header = vec![0; Format::data_start(&layout) as usize];
        out.write_all(&header).map_err(|e| Error::file(path, e))?;
        Ok(Self { path: path.to_owned(), layout, out, names: Default::default(), cells: Vec::new(), tables: None })
    }

    /// Appends cells (`n x channels x height x width`) and their `n` rows.
    ///
    /// # Errors
    /// When the shapes or columns differ from those before, a grouping column is missing or has a gap, or a pixel lies
    /// outside the range that is stored: the message names row and channel. A writer that failed cannot be finished.
    pub fn append(&mut self, images: ArrayView4<'_, f32>, table: &DataFrame) -> Result<()> {
        let (n, channels, height, width) = images.dim();
        if (channels, height, width) != self.layout.shape || n != table.height() {
            return Err(self.error(format!(
                "{n} images of {channels} x {height} x {width} with {} rows do not fit a store of {:?}",
                table.height(),
                self.layout.shape
            )));
        }
        let groups = self.group(table)?;
        match &mut self.tables {
            Some(tables) => {
                tables.vstack_mut(table).map_err(|e| {
                    Error::new(format!("the columns differ from those of the cells before: {e}"))
                        .at(self.path.display().to_string())
                        .caused_by(e)
                })?;
            }
            None => self.tables = Some(table.clone()),
        }
        let record = self.layout.record_bytes();
        let step = (BLOCK / record).max(1);
        let first = self.cells.len();
        for from in (0..n).step_by(step) {
            let encode = |row: usize| -> Result<Vec<u8>> {
                let mut bytes = Vec::with_capacity(record);
                let image = images.index_axis(ndarray::Axis(0), row);
                for (channel, (plane, scale)) in image.outer_iter().zip(&self.layout.scales).enumerate() {
                    scale.encode(self.layout.storage, plane.iter().copied(), &mut bytes).map_err(|e| {
                        e.at(format!("cell {}, channel {:?}", first + row, self.layout.channels[channel]))
                    })?;
                }
                Ok(bytes)
            };
            let records: Vec<Vec<u8>> =
                (from..(from + step).min(n)).into_par_iter().map(encode).collect::<Result<_>>()?;
            for bytes in records {
                self.out.write_all(&bytes).map_err(|e| Error::file(&self.path, e))?;
            }
        }
        self.cells.extend(groups);
        Ok(())
    }

    fn error(&self, what: String) -> Error {
        Error::new(what).at(self.path.display().to_string())
    }

    /// Batch and perturbation of each row.
    fn group(&mut self, table: &DataFrame) -> Result<Vec<(u32, u32)>> {
        let place = self.path.display().to_string();
        let mut columns = self.layout.batch.clone();
        columns.push(self.layout.perturbation.clone());
        require_columns(table, &columns, &place)?;
        let mut texts = Vec::new();
        for name in &columns {
            let wrong = |e| Error::new(format!("cells cannot be grouped by {name:?}: {e}")).at(&*place).caused_by(e);
            let column = table.column(name).and_then(|column| column.cast(&DataType::String)).map_err(wrong)?;
            let text = column.str().map_err(wrong)?;
            let gap = |row: usize| {
                Error::new(format!("a cell has no {name:?}"))
                    .at(format!("row {} of {place}", self.cells.len() + row))
                    .fix("drop such cells or give them a label")
            };
            let values = text.iter().enumerate().map(|(row, value)| value.map(str::to_owned).ok_or_else(|| gap(row)));
            texts.push(values.collect::<Result<Vec<String>>>()?);
        }
        let perturbations = texts.pop().unwrap_or_default();
        let [batch_names, perturbation_names] = &mut self.names;
        let numbers = perturbations.into_iter().enumerate().map(|(row, perturbation)| {
            let batch: Vec<&str> = texts.iter().map(|column| column[row].as_str()).collect();
            (batch_names.number(batch.join(BETWEEN)), perturbation_names.number(perturbation))
        });
        Ok(numbers.collect())
    }

    /// Groups the cells, writes the table and the index, and gives the store its final name.
    ///
    /// # Errors
    /// When nothing was appended, a write fails, or it was stopped: nothing is left under the final name then.
    pub fn finish(self) -> Result<StoreReport> {
        let Self { path, layout, out, names: [batches, perturbations], mut cells, tables } = self;
        let failed = |e: std::io::Error| Error::file(&path, e);
        let Some(mut table) = tables.filter(|_| !cells.is_empty()) else {
            return Err(Error::new("an image store needs at least one cell").at(path.display().to_string()));
        };
        let mut part = out.into_inner().map_err(|e| failed(e.into_error()))?;
        let ((batches, new_batch), (perturbations, new_perturbation)) = (batches.sorted(), perturbations.sorted());
        for (batch, perturbation) in &mut cells {
            (*batch, *perturbation) = (new_batch[*batch as usize], new_perturbation[*perturbation as usize]);
        }
        let regrouped = !cells.is_sorted();
        if regrouped {
            let mut order: Vec<IdxSize> = (0..cells.len() as IdxSize).collect();
            order.par_sort_by_key(|&cell| cells[cell as usize]); // stable: groups keep the order of arrival
            part = copied(&path, &layout, &part, &order)?;
            cells.par_sort_unstable();
            table = table
                .take(&IdxCa::from_vec("order".into(), order))
                .map_err(|e| Error::new(format!("cannot order the table: {e}")).caused_by(e))?;
        }
        let table_path = table_path(&path);
        parquet::write(&table_path, &table)?;
        let table_stamp = stamp(&table_path)?;
        let spans = spans(&cells);
        let groups = spans.len();
        let format = Format { layout, cells: cells.len() as u64, table_stamp, batches, perturbations, spans };
        let (header, tail) = format.to_bytes();
        let file = part.file();
        let bytes = file.seek(SeekFrom::End(0)).map_err(failed)? + tail.len() as u64;
        file.write_all(&tail).and_then(|()| file.write_all_at(&header, 0)).map_err(failed)?;
        part.finish()?;
        Ok(StoreReport { cells: cells.len(), groups, regrouped, bytes })
    }
}

fn spans(cells: &[(u32, u32)]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (row, &(batch, perturbation)) in (0u64..).zip(cells) {
        match spans.last_mut() {
            Some(span) if (span.batch, span.perturbation) == (batch, perturbation) => span.cells += 1,
            _ => spans.push(Span { batch, perturbation, first: row, cells: 1 }),
        }
    }
    spans
}

/// A second file with the records of the first in the given order.
fn copied(path: &Path, layout: &StoreLayout, first: &PartFile, order: &[IdxSize]) -> Result<PartFile> {
    let failed = |e: std::io::Error| Error::file(path, e);
    let (start, record) = (Format::data_start(layout), layout.record_bytes());
    let mut second = PartFile::beside(path)?;
    let file = second.file();
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bar = Bar::new("grouping cells", Some(order.len() as u64));
    let mut block = vec![0; (BLOCK / record).clamp(1, order.len()) * record];
    for rows in order.chunks(block.len() / record) {
        let block = &mut block[..rows.len() * record];
        let records = block.par_chunks_exact_mut(record).zip(rows);
        records
            .try_for_each(|(out, &row)| first.read_exact_at(out, start + u64::from(row) * record as u64))
            .map_err(failed)?;
        file.write_all(block).map_err(failed)?;
        bar.advance(rows.len() as u64);
        if bar.stopped() {
            return Err(Error::new("stopped while grouping the cells").at(path.display().to_string()));
        }
    }
    bar.finish();
    Ok(second)
}
