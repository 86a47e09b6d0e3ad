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

/// To skip fewer bytes than this costs more than to read them.
const GAP: usize = 1 << 13;
/// What is read at once, but for a longer row.
const SPAN: usize = 1 << 18;

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
        let bytes_of = |rows: usize| rows * dims * size_of::<f32>();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|&place| rows[place]);
        let mut span: Vec<f32> = Vec::new();
        let mut left = order.as_slice();
        while let Some(&place) = left.first() {
            // Rows near each other in the file, as those of a well are, are read at once with what lies between them.
            let first = rows[place];
            let near = |pair: &[usize]| {
                let [a, b] = [rows[pair[0]], rows[pair[1]]];
                bytes_of(b - a) <= GAP && bytes_of(b - first) < SPAN
            };
            let (places, others) = left.split_at(1 + left.windows(2).take_while(|pair| near(pair)).count());
            left = others;
            span.resize((rows[places[places.len() - 1]] - first + 1) * dims, 0.0);
            let at = self.start + bytes_of(first) as u64;
            let bytes = bytemuck::cast_slice_mut(&mut span);
            self.file.read_exact_at(bytes, at).map_err(|e| Error::file(&self.path, e))?;
            for &place in places {
                let from = (rows[place] - first) * dims;
                into[place * dims..][..dims].copy_from_slice(&span[from..from + dims]);
            }
        }
        Ok(())
    }
}
