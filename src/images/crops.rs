//! A folder of crops, one file per cell, whose names say what the cells are.
//!
//! `.npy`, `.tif`, `.tiff` and `.png` files of `channels x height x width` (or `height x width` for one channel). The
//! name without its ending is the key, taken apart by a [`KeyPattern`].

use std::path::{Path, PathBuf};

use ndarray::Array4;
use polars::prelude::{Column, DataFrame};

use super::join::joined;
use super::key_table::KeyTable;
use super::{CellImages, KeyPattern, check_rows, numbered};
use crate::io::{npy, png, tiff};
use crate::{Error, Result};

/// Crops in a folder, ordered by name.
#[derive(Debug)]
pub struct CropFolder {
    folder: PathBuf,
    files: Vec<String>,
    shape: (usize, usize, usize),
    channels: Vec<String>,
    table: DataFrame,
}

impl CropFolder {
    /// Lists the crops of a folder; the first one says the shape and the channels' names.
    ///
    /// The table has a column per field of the pattern, and `file` with the files' names. Files of other kinds and hidden
    /// files are passed over.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use perturbook::images::{CellImages, CropFolder, KeyPattern};
    /// use perturbook::io::tiff;
    ///
    /// # let folder = std::env::temp_dir().join(format!("crops-{}", std::process::id()));
    /// for (gene, well, light) in [("TP53", "A1", 1.0), ("MYC", "A2", 2.0)] {
    ///     tiff::write_f32(folder.join(format!("{gene};{well}.tif")), Array3::from_elem((3, 8, 8), light).view())?;
    /// }
    /// let cells = CropFolder::open(&folder, &KeyPattern::new("gene;well")?)?;
    /// assert_eq!((cells.len(), cells.shape()), (2, (3, 8, 8)));
    /// assert_eq!(cells.table().column("gene").unwrap().str().unwrap().get(1), Some("TP53"));
    /// assert_eq!(cells.read(&[1])?[[0, 2, 7, 7]], 1.0);
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the folder cannot be read or holds no crop, a name does not fit the pattern, or the first crop is damaged.
    pub fn open(folder: impl AsRef<Path>, pattern: &KeyPattern) -> Result<Self> {
        let folder = folder.as_ref();
        let place = || folder.display().to_string();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|e| Error::file(folder, e).fix("check the path"))? {
            let entry = entry.map_err(|e| Error::file(folder, e))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if ending(&name).is_some() && !name.starts_with('.') {
                files.push(name);
            }
        }
        files.sort_unstable();
        let Some(first) = files.first() else {
            return Err(Error::new("the folder holds no crop")
                .at(place())
                .fix("crops are files whose names end in .npy, .tif, .tiff or .png"));
        };
        let (shape, channels) = shape_of(&folder.join(first))?;
        let mut keys = KeyTable::new(pattern);
        for file in &files {
            keys.push(stem(file)).map_err(|e| e.at(place()))?;
        }
        let mut table = keys.finish()?;
        table
            .with_column(Column::new("file".into(), &files))
            .map_err(|e| Error::new(format!("cannot add the files' names: {e}")).at(place()).caused_by(e))?;
        Ok(Self { folder: folder.to_owned(), files, shape, channels, table })
    }

    /// Adds the columns of a metadata table, whose rows are found by the column `key`: a field of the pattern, or `file`.
    ///
    /// # Errors
    /// When a table has no such column, a crop has no row (the first are listed) or several, or both tables have a column
    /// whose values differ.
    pub fn with_metadata(mut self, metadata: &DataFrame, key: &str) -> Result<Self> {
        let place = |e: Error| e.at(self.folder.display().to_string());
        self.table = joined(&self.table, metadata, key).map_err(place)?;
        Ok(self)
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

    /// One row per crop: the fields of its key, its file, and the metadata.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    fn read_one(&self, row: usize, out: &mut [f32]) -> Result<()> {
        let path = self.folder.join(&self.files[row]);
        let other = |shape: &dyn std::fmt::Debug| {
            Error::new(format!("this crop is {shape:?}, and the first of its folder is {:?}", self.shape))
                .at(path.display().to_string())
                .fix("crops of one folder have one shape")
        };
        if ending(&self.files[row]) == Some("npy") {
            let array = npy::read::<f32>(&path)?;
            if as_image(array.shape()) != Some(self.shape) {
                return Err(other(&array.shape()));
            }
            out.iter_mut().zip(&array).for_each(|(out, &value)| *out = value);
            return Ok(());
        }
        if ending(&self.files[row]) != Some("png") {
            tiff::read_to(&path, out, |about| {
                let shape = (about.channels.len(), about.height, about.width);
                if about.frames == 1 && shape == self.shape {
                    return Ok(());
                }
                Err(other(&[about.frames, shape.0, shape.1, shape.2]))
            })?;
            return Ok(());
        }
        let picture = png::read(&path)?;
        let values = picture.values();
        let (frames, channels, height, width) = values.dim();
        match values.as_slice() {
            Some(values) if frames == 1 && (channels, height, width) == self.shape => out.copy_from_slice(values),
            _ => return Err(other(&values.shape())),
        }
        Ok(())
    }
}

impl CellImages for CropFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    fn channels(&self) -> &[String] {
        &self.channels
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        check_rows(rows, self.len())?;
        super::read_each(rows, self.shape, |row, out, _| self.read_one(row, out))
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        check_rows(rows, self.len())?;
        super::read_each_into(rows, self.shape, out, |row, out, _| self.read_one(row, out))
    }
}

/// The ending of a crop's name, in lower case; `None` for files that are no crops.
fn ending(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    ["npy", "tif", "tiff", "png"].into_iter().find(|known| ending.eq_ignore_ascii_case(known))
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn as_image(shape: &[usize]) -> Option<(usize, usize, usize)> {
    match *shape {
        [height, width] => Some((1, height, width)),
        [channels, height, width] => Some((channels, height, width)),
        _ => None,
    }
    .filter(|&(channels, height, width)| channels > 0 && height > 0 && width > 0)
}

fn shape_of(path: &Path) -> Result<((usize, usize, usize), Vec<String>)> {
    let no_image = |shape: &dyn std::fmt::Debug| {
        Error::new(format!("an array of shape {shape:?} is not the image of one cell"))
            .at(path.display().to_string())
            .fix("crops are channels x height x width, or height x width")
    };
    let name = path.to_string_lossy();
    if ending(&name) == Some("npy") {
        let stored = npy::describe(path)?.shape;
        let shape = as_image(&stored).ok_or_else(|| no_image(&stored))?;
        return Ok((shape, numbered(shape.0)));
    }
    let (frames, height, width, channels) = if ending(&name) == Some("png") {
        let picture = png::read(path)?;
        let (height, width) = picture.size();
        (1, height, width, picture.channels().to_vec())
    } else {
        let about = tiff::describe(path)?;
        (about.frames, about.height, about.width, about.channels)
    };
    if frames != 1 {
        return Err(no_image(&[frames, channels.len(), height, width]));
    }
    Ok(((channels.len(), height, width), channels))
}
