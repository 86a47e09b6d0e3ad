//! An array of numbers, read whole or by rows, unpacked by several threads.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use half::f16;
use hdf5_pure::{AttrValue, Dataset, Datatype, DatatypeByteOrder, Layout};
use rayon::prelude::*;

use super::direct::{Pieces, is_float, is_whole};
use super::group::{Attributes, place};
use super::{FIX, Kind, Origin, guard};
use crate::io::limit;
use crate::io::zeros::zeros;
use crate::live::Bar;
use crate::{Error, Result};

/// Stored bytes that one thread unpacks at a time, about.
const WINDOW: u64 = 1 << 20;
/// Bytes between two moves of the progress bar; shorter reads show none.
const STEP: u64 = 64 << 20;

/// An open array of any rank.
#[derive(Debug)]
pub(crate) struct Array {
    pub(super) dataset: Dataset,
    name: String,
    attributes: Attributes,
    pub(super) origin: Arc<Origin>,
    shape: Vec<u64>,
    kind: Kind,
    /// Bytes of one stored entry.
    pub(super) entry_bytes: u64,
    chunk: Option<Vec<u64>>,
    /// Of 16-bit floats, whether they are big-endian.
    half: Option<bool>,
    pub(super) datatype: Datatype,
    /// Where the numbers lie, once that was asked for; see [`Array::direct`].
    pub(super) pieces: OnceLock<Option<Pieces>>,
}

/// A number type that an array can be read as.
pub(crate) trait Element: bytemuck::Pod + Send + Sync {
    /// The rows from `start` on; a type that cannot hold what is stored converts with loss.
    fn rows(dataset: &Dataset, start: u64, rows: u64) -> std::result::Result<Vec<Self>, hdf5_pure::Error>;

    fn from_half(half: f16) -> Self;

    /// Whether the bytes of a stored entry are those of this type here.
    fn is(datatype: &Datatype) -> bool;
}

macro_rules! element {
    ($($t:ty: $read:ident, $is:expr);*) => {$(
        impl Element for $t {
            fn rows(dataset: &Dataset, start: u64, rows: u64) -> std::result::Result<Vec<Self>, hdf5_pure::Error> {
                dataset.$read(start, rows)
            }

            fn from_half(half: f16) -> Self {
                half.to_f32() as Self
            }

            fn is(datatype: &Datatype) -> bool {
                $is(datatype)
            }
        }
    )*};
}

element!(
    f32: read_f32_rows, |t| is_float(t, 4);
    f64: read_f64_rows, |t| is_float(t, 8);
    i32: read_i32_rows, |t| is_whole(t, 4, true);
    i64: read_i64_rows, |t| is_whole(t, 8, true);
    u32: read_u32_rows, |t| is_whole(t, 4, false);
    u64: read_u64_rows, |t| is_whole(t, 8, false);
    u8: read_u8_rows, |t| is_whole(t, 1, false)
);

impl Array {
    pub(super) fn new(dataset: Dataset, name: String, attributes: Attributes, origin: Arc<Origin>) -> Result<Self> {
        let at = place(&origin, &name);
        let (shape, datatype, chunk) =
            guard(&at, || Ok((dataset.shape()?, dataset.datatype()?, dataset.chunk_shape()?)))?;
        let array = Self {
            kind: Kind::of(&datatype),
            half: half(&datatype),
            entry_bytes: u64::from(datatype.type_size()),
            dataset,
            name,
            attributes,
            origin,
            shape,
            chunk,
            datatype,
            pieces: OnceLock::new(),
        };
        array.entries()?;
        Ok(array)
    }

    /// The file and the array, for messages.
    pub(crate) fn place(&self) -> String {
        place(&self.origin, &self.name)
    }

    pub(crate) fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The size of the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.origin.bytes
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Number of entries.
    pub(crate) fn entries(&self) -> Result<u64> {
        let (mut product, mut entries) = (self.entry_bytes.max(8), 1);
        for &axis in &self.shape {
            product = product.checked_mul(axis.max(1)).ok_or_else(|| self.too_large())?;
            entries *= axis;
        }
        Ok(entries)
    }

    fn too_large(&self) -> Error {
        Error::new(format!("the array claims a shape of {:?}", self.shape)).at(self.place()).fix(FIX)
    }

    /// An attribute that is one text.
    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(AttrValue::as_str)
    }

    /// All numbers, the last axis fastest; long reads show a bar called `what`.
    pub(crate) fn all<T: Element>(&self, what: &str) -> Result<Vec<T>> {
        self.numbers()?;
        let entries = self.entries()?;
        let bytes = entries.saturating_mul(self.entry_bytes.max(size_of::<T>() as u64));
        limit::check(bytes, self.origin.bytes).map_err(|e| e.at(self.place()))?;
        if self.shape.is_empty() {
            return self.window(0..1);
        }
        let mut values = zeros(entries as usize);
        let row = self.row_entries();
        let rows = if bytes > STEP { (STEP / (row * self.entry_bytes).max(1)).max(1) } else { self.shape[0] };
        let mut bar = (rows < self.shape[0]).then(|| Bar::bytes(what, Some(bytes)));
        let mut start = 0;
        for part in values.chunks_mut(((rows * row) as usize).max(1)) {
            if bar.as_mut().is_some_and(Bar::stopped) {
                return Err(Error::new("reading was stopped as asked").at(self.place()));
            }
            self.fill(start, part)?;
            start += rows;
            if let Some(bar) = &mut bar {
                bar.advance(part.len() as u64 * self.entry_bytes);
            }
        }
        Ok(values)
    }

    /// The rows (entries along the first axis) of a range, the last axis fastest.
    pub(crate) fn rows<T: Element>(&self, rows: Range<u64>) -> Result<Vec<T>> {
        self.numbers()?;
        let row = self.row_entries();
        let entries = (rows.end - rows.start).saturating_mul(row);
        let bytes = entries.saturating_mul(self.entry_bytes.max(size_of::<T>() as u64));
        limit::check(bytes, self.origin.bytes).map_err(|e| e.at(self.place()))?;
        let mut values = zeros(entries as usize);
        self.fill(rows.start, &mut values)?;
        Ok(values)
    }

    /// Entries of one row.
    pub(super) fn row_entries(&self) -> u64 {
        self.shape.iter().skip(1).product()
    }

    /// Refuses what is not numbers or cannot be unpacked.
    fn numbers(&self) -> Result<()> {
        if !self.kind.is_number() {
            return Err(Error::new(format!("numbers were expected, but the array holds {}", self.kind.name()))
                .at(self.place())
                .fix("convert the array in Python before saving, for example with .astype(float)"));
        }
        self.readable()
    }

    /// Refuses filters that cannot be undone and storage outside the file.
    pub(super) fn readable(&self) -> Result<()> {
        for filter in self.dataset.filters() {
            let name = match filter {
                // deflate, shuffle, checksum, scale-offset and LZF are undone by the library
                1 | 2 | 3 | 6 | 32000 => continue,
                4 => "szip",
                5 => "n-bit",
                32001 => "blosc",
                32004 => "lz4",
                32008 => "bitshuffle",
                32013 => "zfp",
                32015 => "zstandard",
                32026 => "blosc2",
                _ => "an unknown filter",
            };
            return Err(Error::new(format!(
                "the array is compressed with {name} (filter {filter}), which is not read"
            ))
            .at(self.place())
            .fix("write the file again in Python with adata.write_h5ad(path, compression=\"gzip\")"));
        }
        if matches!(guard(&self.place(), || self.dataset.layout())?, Layout::Virtual) {
            return Err(Error::new("the array is virtual: its numbers are in other files")
                .at(self.place())
                .fix("copy it in Python into one file"));
        }
        if let Some(chunk) = &self.chunk {
            let bytes = chunk.iter().fold(self.entry_bytes, |n, &axis| n.saturating_mul(axis));
            limit::check(bytes, self.origin.bytes).map_err(|e| e.at(self.place()))?;
        }
        Ok(())
    }

    /// Windows of rows that end where chunks end, so that no chunk is unpacked twice.
    pub(super) fn windows(&self, rows: Range<u64>, at_least: u64) -> Vec<Range<u64>> {
        let band = self.chunk.as_ref().and_then(|chunk| chunk.first()).copied().unwrap_or(1).max(1);
        let fit = WINDOW / (self.row_entries().saturating_mul(self.entry_bytes)).max(1);
        let window = (fit.min(at_least) / band).max(1).saturating_mul(band);
        let mut windows = Vec::new();
        let mut start = rows.start;
        while start < rows.end {
            let end = (start / window + 1).saturating_mul(window).min(rows.end);
            windows.push(start..end);
            start = end;
        }
        windows
    }

    /// About `rows` rows, as many as whole chunks hold.
    pub(crate) fn aligned(&self, rows: u64) -> u64 {
        let band = self.chunk.as_ref().and_then(|chunk| chunk.first()).copied().unwrap_or(1).max(1);
        (rows / band).max(1).saturating_mul(band)
    }

    /// Rows in one piece. The library has no 16-bit floats; they are decoded here.
    fn window<T: Element>(&self, rows: Range<u64>) -> Result<Vec<T>> {
        let (start, rows) = (rows.start, rows.end - rows.start);
        let Some(big_endian) = self.half else {
            return guard(&self.place(), || T::rows(&self.dataset, start, rows));
        };
        let raw = guard(&self.place(), || self.dataset.read_raw_rows(start, rows))?;
        let halves = raw.as_chunks::<2>().0.iter();
        let decode = if big_endian { f16::from_be_bytes } else { f16::from_le_bytes };
        Ok(halves.map(|bytes| T::from_half(decode(*bytes))).collect())
    }

    fn fill<T: Element>(&self, start: u64, into: &mut [T]) -> Result<()> {
        let row = self.row_entries() as usize;
        if into.is_empty() {
            return Ok(());
        }
        if let Some(pieces) = self.direct::<T>()? {
            return self.read_direct(pieces, start, into);
        }
        let mut rest = into;
        let mut parts = Vec::new();
        for window in self.windows(start..start + (rest.len() / row) as u64, u64::MAX) {
            let (part, later) = rest.split_at_mut((window.end - window.start) as usize * row);
            parts.push((window, part));
            rest = later;
        }
        parts.into_par_iter().try_for_each(|(window, part)| {
            let got = self.window::<T>(window)?;
            if got.len() != part.len() {
                let (got, want) = (got.len(), part.len());
                return Err(Error::new(format!("the array gave {got} of {want} numbers")).at(self.place()).fix(FIX));
            }
            part.copy_from_slice(&got);
            Ok(())
        })
    }
}

/// Whether 16-bit floats in the layout of IEEE 754 are big-endian; `None` for every other type.
fn half(datatype: &Datatype) -> Option<bool> {
    match datatype {
        Datatype::FloatingPoint { size: 2, byte_order, layout } if layout.exponent_size == 5 => {
            Some(*byte_order == DatatypeByteOrder::BigEndian)
        }
        _ => None,
    }
}
