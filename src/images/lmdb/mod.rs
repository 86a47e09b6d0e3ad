//! Cells in LMDB environments, as the loaders of optical pooled screens write them.
//!
//! A key says what the cell is, its value is the raw little-endian image, `channels x height x width` in C order. On
//! opening, the keys are read once into the table, and the place of each value is kept: 8 bytes per cell beside the
//! table. Images are then read straight from their place, by any number of threads.

mod tree;

use std::path::Path;

use ndarray::Array4;
use polars::prelude::{Column, DataFrame};

use self::tree::{Place, Tree};
use super::join::joined;
use super::key_table::KeyTable;
use super::{CellImages, KeyPattern, check_rows, numbered};
use crate::io::aligned::AlignedBytes;
use crate::live::Bar;
use crate::{Error, Result};

/// The stains of the Funk 2022 screen in the order in which both loaders keep them.
pub(crate) const STAINS: [&str; 4] = ["DNA damage", "F-actin", "DNA", "microtubules"];
/// Marks a place whose value lies within its leaf page.
const INLINE: u64 = 1 << 63;

/// The type of the numbers of a raw image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawPixels {
    /// One byte each.
    U8,
    /// Little-endian 16-bit integers.
    U16,
    /// Little-endian single-precision floats.
    F32,
}

impl RawPixels {
    /// Bytes of one number.
    fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }

    /// Single floats are read to their place instead.
    fn decode(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Self::U8 => out.iter_mut().zip(bytes).for_each(|(out, &byte)| *out = f32::from(byte)),
            Self::U16 => {
                let words = bytes.as_chunks::<2>().0;
                out.iter_mut().zip(words).for_each(|(out, &word)| *out = f32::from(u16::from_le_bytes(word)));
            }
            Self::F32 => {
                let words = bytes.as_chunks::<4>().0;
                out.iter_mut().zip(words).for_each(|(out, &word)| *out = f32::from_le_bytes(word));
            }
        }
    }
}

/// Images of cells in one or several LMDB environments.
///
/// Source of the layouts: the loaders of set-dino and contrastive-ops (Genentech), which the screen of Funk et al.
/// (Cell 2022) was trained with.
#[derive(Debug)]
pub struct LmdbImages {
    trees: Vec<Tree>,
    /// The first row of each environment, and one past the last.
    starts: Vec<usize>,
    places: Vec<u64>,
    pixels: RawPixels,
    shape: (usize, usize, usize),
    channels: Vec<String>,
    table: DataFrame,
}

impl LmdbImages {
    /// Opens one environment (a folder with `data.mdb`, or the file itself) of images of one shape
    /// (`channels, height, width`).
    ///
    /// The table has a column per field of `pattern`; rows are in the order of the keys (by bytes).
    ///
    /// ```no_run
    /// use perturbook::images::{CellImages, KeyPattern, LmdbImages, RawPixels};
    ///
    /// let pattern = KeyPattern::new("{plate}_{well:well}_{index:number}")?;
    /// let cells = LmdbImages::open("cells.lmdb", &pattern, (3, 64, 64), RawPixels::U16)?;
    /// println!("{} cells in {:?}", cells.len(), cells.table().get_column_names());
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file is missing, is not LMDB or is damaged, a key does not fit the pattern, or a value does not have the
    /// length of the shape: the message names the key.
    pub fn open(
        path: impl AsRef<Path>,
        pattern: &KeyPattern,
        shape: (usize, usize, usize),
        pixels: RawPixels,
    ) -> Result<Self> {
        Self::open_all(&[(path.as_ref(), None)], pattern, shape, pixels)
    }

    /// The layout of set-dino: `f32`, `4 x 96 x 96`, keys `gene;guide;plate;well;tile;index`.
    ///
    /// # Errors
    /// As [`LmdbImages::open`].
    pub fn set_dino(path: impl AsRef<Path>) -> Result<Self> {
        let images = Self::open(path, &KeyPattern::set_dino(), (4, 96, 96), RawPixels::F32)?;
        images.with_channels(STAINS)
    }

    /// The layout of contrastive-ops: a folder with the environments `ntc` and `perturbed`, `u16`, `4 x 100 x 100`, keys
    /// `uid_plate_well_tile_gene_index`.
    ///
    /// The table has a column `environment` more, `"ntc"` for the rows of the first and `"perturbed"` for those of the
    /// second.
    ///
    /// # Errors
    /// As [`LmdbImages::open`].
    pub fn contrastive_ops(folder: impl AsRef<Path>) -> Result<Self> {
        let [ntc, perturbed] = ["ntc", "perturbed"].map(|name| folder.as_ref().join(name));
        let environments = [(ntc.as_path(), Some("ntc")), (perturbed.as_path(), Some("perturbed"))];
        let images = Self::open_all(&environments, &KeyPattern::contrastive_ops(), (4, 100, 100), RawPixels::U16)?;
        images.with_channels(STAINS)
    }

    fn open_all(
        environments: &[(&Path, Option<&str>)],
        pattern: &KeyPattern,
        shape: (usize, usize, usize),
        pixels: RawPixels,
    ) -> Result<Self> {
        let values = shape.0.checked_mul(shape.1).and_then(|n| n.checked_mul(shape.2)).filter(|&n| n > 0);
        let size = values.and_then(|values| u32::try_from(values.checked_mul(pixels.size())?).ok());
        let size = size.ok_or_else(|| Error::new(format!("{shape:?} is no shape of an image")))?;
        let trees = environments.iter().map(|(path, _)| Tree::open(path)).collect::<Result<Vec<_>>>()?;
        let entries = trees.iter().fold(0u64, |sum, tree| sum.saturating_add(tree.entries()));
        let mut bar = Bar::new("keys", Some(entries));
        let (mut keys, mut places, mut starts, mut labels) = (KeyTable::new(pattern), Vec::new(), vec![0], Vec::new());
        for (tree, (_, label)) in trees.iter().zip(environments) {
            let place_of = |error: Error| error.at(tree.file().path().display().to_string());
            tree.each(|key, place| {
                let key = std::str::from_utf8(key).map_err(|_| {
                    place_of(Error::new(format!("the key {:?} is not UTF-8", String::from_utf8_lossy(key))))
                })?;
                if place.len != size {
                    return Err(place_of(
                        Error::new(format!(
                            "the value of {key:?} has {} bytes; an image of {shape:?} has {size} in this layout",
                            place.len
                        ))
                        .fix("give the shape (channels, height, width) and number type of these images"),
                    ));
                }
                keys.push(key).map_err(place_of)?;
                places.push(if place.large { place.offset } else { place.offset | INLINE });
                if places.len() % 65_536 == 0 {
                    bar.advance(65_536);
                    if bar.stopped() {
                        return Err(place_of(Error::new("stopped while reading the keys")));
                    }
                }
                Ok(())
            })?;
            labels.resize(places.len(), label.unwrap_or_default());
            starts.push(places.len());
        }
        bar.advance((places.len() % 65_536) as u64);
        bar.finish();
        let mut table = keys.finish()?;
        if environments.iter().all(|(_, label)| label.is_some()) {
            table
                .with_column(Column::new("environment".into(), labels))
                .map_err(|e| Error::new(format!("cannot add the environments: {e}")).caused_by(e))?;
        }
        Ok(Self { trees, starts, places, pixels, shape, channels: numbered(shape.0), table })
    }

    /// Names the channels.
    ///
    /// # Errors
    /// When the number of names is not the number of channels.
    pub fn with_channels<S: Into<String>>(mut self, channels: impl IntoIterator<Item = S>) -> Result<Self> {
        let channels: Vec<String> = channels.into_iter().map(Into::into).collect();
        super::picture::check_channels(&channels, self.shape.0)?;
        self.channels = channels;
        Ok(self)
    }

    /// Adds the columns of a metadata table, whose rows are found by the column `key`: a field of the pattern.
    ///
    /// # Errors
    /// When a table has no such column, a cell has no row (the first are listed) or several, or both tables have a column
    /// whose values differ.
    pub fn with_metadata(mut self, metadata: &DataFrame, key: &str) -> Result<Self> {
        self.table = joined(&self.table, metadata, key)?;
        Ok(self)
    }

    /// One row per cell: the fields of its key, and the metadata.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    fn read_one(&self, row: usize, out: &mut [f32], buffer: &mut AlignedBytes) -> Result<()> {
        let tree = &self.trees[self.starts.partition_point(|&start| start <= row) - 1];
        let (place, len) = (self.places[row], out.len() * self.pixels.size());
        let place = Place { offset: place & !INLINE, len: len as u32, large: place & INLINE == 0 };
        tree.check(place)?;
        if self.pixels == RawPixels::F32 {
            return tree.file().fill_singles(place.offset, out);
        }
        let bytes = buffer.take(len);
        tree.file().fill(place.offset, bytes)?;
        self.pixels.decode(bytes, out);
        Ok(())
    }
}

impl CellImages for LmdbImages {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    fn channels(&self) -> &[String] {
        &self.channels
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        check_rows(rows, self.len())?;
        super::read_each(rows, self.shape, |row, out, buffer| self.read_one(row, out, buffer))
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        check_rows(rows, self.len())?;
        super::read_each_into(rows, self.shape(), out, |row, out, buffer| self.read_one(row, out, buffer))
    }
}
