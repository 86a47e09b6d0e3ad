//! Where the vectors of cells come from: memory, or a file that is larger than it.

use std::fs::File;
use std::io::Seek;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2};

use crate::io::npy;
use crate::io::numbers::Dtype;
use crate::screen::Embedding;
use crate::{Error, Result};

/// Vectors of cells that are read some rows at a time.
pub trait CellVectors: Send + Sync {
    /// How many there are.
    fn cells(&self) -> usize;

    /// Their dimensions.
    fn dims(&self) -> usize;

    /// Some of them, one after the other: `into` holds `rows x dims`.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, rows: &[usize], into: &mut [f32]) -> Result<()>;
}

impl CellVectors for Array2<f32> {
    fn cells(&self) -> usize {
        self.nrows()
    }

    fn dims(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: &[usize], into: &mut [f32]) -> Result<()> {
        copy(self.view(), rows, into);
        Ok(())
    }
}

impl CellVectors for Embedding {
    fn cells(&self) -> usize {
        self.len()
    }

    fn dims(&self) -> usize {
        Embedding::dims(self)
    }

    fn read(&self, rows: &[usize], into: &mut [f32]) -> Result<()> {
        copy(self.values(), rows, into);
        Ok(())
    }
}

fn copy(from: ArrayView2<'_, f32>, rows: &[usize], into: &mut [f32]) {
    for (&row, to) in rows.iter().zip(into.chunks_exact_mut(from.ncols().max(1))) {
        to.iter_mut().zip(from.row(row)).for_each(|(to, &from)| *to = from);
    }
}

/// A `.npy` file of `f32` in C order, `cells x dims`, of which only the rows asked for are read.
#[derive(Debug)]
pub struct NpyRows {
    path: PathBuf,
    file: File,
    start: u64,
    shape: [usize; 2],
}

impl NpyRows {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened, or holds anything else than single floats of two axes in C order.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (header, mut file) = npy::open(path)?;
        let start = file.stream_position().map_err(|e| Error::file(path, e))?;
        let [rows, dims] = header.shape[..] else {
            return Err(Error::new(format!("vectors of cells need two axes, but the shape is {:?}", header.shape))
                .at(path.display().to_string())
                .fix("write an array of cells x dimensions"));
        };
        if header.dtype != Dtype::F32 || header.fortran_order || header.big_endian || cfg!(target_endian = "big") {
            return Err(Error::new("rows can only be read from little-endian single floats in C order")
                .at(path.display().to_string())
                .fix("write numpy.ascontiguousarray(x, dtype=\"<f4\")"));
        }
        Ok(Self { path: path.to_owned(), file: file.into_inner(), start, shape: [rows, dims] })
    }
}

impl CellVectors for NpyRows {
    fn cells(&self) -> usize {
        self.shape[0]
    }

    fn dims(&self) -> usize {
        self.shape[1]
    }

    fn read(&self, rows: &[usize], into: &mut [f32]) -> Result<()> {
        let dims = self.shape[1];
        let mut first = 0;
        while first < rows.len() {
            // Rows that follow each other in the file are read together.
            let mut end = first + 1;
            while end < rows.len() && rows[end] == rows[end - 1] + 1 {
                end += 1;
            }
            let bytes = bytemuck::cast_slice_mut(&mut into[first * dims..end * dims]);
            let at = self.start + (rows[first] * dims * size_of::<f32>()) as u64;
            self.file.read_exact_at(bytes, at).map_err(|e| Error::file(&self.path, e))?;
            first = end;
        }
        Ok(())
    }
}
