//! numpy's arrays: `.npy` holds one, `.npz` is a zip archive of several.
//!
//! [`read`] gives any array of numbers as `f32` or `f64`, or as the type it is stored in; [`describe`] says what a file
//! holds without reading its numbers. Big-endian files and files in Fortran order arrive as ordinary row-major arrays.
//! Pickled objects are refused, since loading one runs code that the file brings along. The length of the file is
//! compared with the header's shape before anything is allocated.

mod header;
mod npz;

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use ndarray::ArrayD;

use super::numbers::{Number, Stored, read_array};
use super::part_file::PartFile;
use crate::{Error, Result};

pub use header::Header;
pub use npz::{Npz, write_npz};

/// Reads the array of a `.npy` file as numbers of type `T`.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("perturbook-npy-{}", std::process::id()));
/// # let path = folder.join("x.npy");
/// use perturbook::io::npy;
///
/// npy::write(&path, &ndarray::array![[1.5f64, 2.0], [3.0, 4.0]])?;
/// let x = npy::read::<f32>(&path)?;
/// assert_eq!((x.shape(), x[[0, 0]]), (&[2, 2][..], 1.5));
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, is not npy, holds objects, text or records, is shorter or longer than its shape says, or
/// holds a type that `T` cannot take: `f32` and `f64` take all, the other types only themselves.
pub fn read<T: Number>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let path = path.as_ref();
    let (header, mut file) = open(path)?;
    read_array(&mut file, header.dtype, header.big_endian, header.fortran_order, &header.shape)
        .map_err(|e| e.at(path.display().to_string()))
}

/// What a `.npy` file holds, from its header alone.
///
/// # Errors
/// As [`read`].
pub fn describe(path: impl AsRef<Path>) -> Result<Header> {
    open(path.as_ref()).map(|(header, _)| header)
}

/// Writes an array to a `.npy` file: little-endian, row-major, never half a file.
///
/// # Errors
/// When the folder cannot be written, or the type has no name in numpy (`bf16`).
pub fn write<'a, A>(path: impl AsRef<Path>, array: &'a A) -> Result<()>
where
    Stored: From<&'a A>,
{
    let path = path.as_ref();
    let stored = Stored::from(array);
    let header = Header::bytes(stored.dtype(), stored.shape()).map_err(|e| e.at(path.display().to_string()))?;
    let mut part = PartFile::beside(path)?;
    for bytes in [&header[..], stored.bytes()] {
        part.file().write_all(bytes).map_err(|e| Error::file(path, e))?;
    }
    part.finish()
}

/// The header, checked against the length of the file, and the file at its first number.
pub(crate) fn open(path: &Path) -> Result<(Header, BufReader<File>)> {
    let file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path"))?;
    let length = file.metadata().map_err(|e| Error::file(path, e))?.len();
    let mut file = BufReader::new(file);
    let place = path.display().to_string();
    let (header, start) = Header::read(&mut file).map_err(|e| e.at(&place))?;
    let (want, have) = (header.data_bytes().map_err(|e| e.at(&place))?, length.saturating_sub(start));
    if want != have {
        let how = if have < want { "was cut short" } else { "is longer than its one array" };
        return Err(Error::new(format!(
            "the npy file {how}: {have} bytes of numbers for a shape of {:?} {}, which takes {want}",
            header.shape,
            header.dtype.name()
        ))
        .at(place)
        .fix("write or download the file again"));
    }
    Ok((header, file))
}
