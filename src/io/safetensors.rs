//! safetensors: named arrays behind a JSON header, as model weights are exchanged.
//!
//! ```text
//! 8 bytes: length of the header | header {"name": {"dtype", "shape", "data_offsets"}, ...} | the numbers
//! ```
//!
//! [`SafeTensors::open`] reads the header only; [`SafeTensors::read`] fetches the bytes of one array. The header's
//! offsets must tile the rest of the file without gap or overlap, and each must fit its shape and type.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use safetensors::tensor::Metadata;

use super::numbers::{Dtype, Number, Stored, read_array};
use super::part_file::PartFile;
use crate::words::name_some;
use crate::{Error, Result};

/// The format's own bound on the header.
const LONGEST: u64 = 100_000_000;
const FIX: &str = "write or download the file again, and compare its size with the original";

/// An open file of named arrays.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("perturbook-st-{}", std::process::id()));
/// # let path = folder.join("model.safetensors");
/// use perturbook::io::safetensors::{SafeTensors, write};
///
/// write(&path, &[("encoder.weight", (&ndarray::array![[0.5f32, -1.0]]).into())])?;
/// let model = SafeTensors::open(&path)?;
/// assert_eq!(model.shape("encoder.weight")?, [1, 2]);
/// assert_eq!(model.read::<f64>("encoder.weight")?[[0, 1]], -1.0);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), perturbook::Error>(())
/// ```
pub struct SafeTensors {
    path: PathBuf,
    header: Metadata,
    /// Where the numbers start.
    start: u64,
}

impl fmt::Debug for SafeTensors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafeTensors").field("path", &self.path).field("names", &self.names()).finish()
    }
}

impl SafeTensors {
    /// Opens a file and checks its header against its length.
    ///
    /// # Errors
    /// When the file is missing or cut short, the header is no JSON, or its offsets leave gaps, overlap, or do not fit
    /// the shapes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = || path.display().to_string();
        let mut file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path"))?;
        let length = file.metadata().map_err(|e| Error::file(path, e))?.len();
        let mut first = [0; 8];
        if length < 8 {
            return Err(Error::new(format!("no safetensors file: it has {length} bytes")).at(place()).fix(FIX));
        }
        file.read_exact(&mut first).map_err(|e| Error::file(path, e))?;
        let claimed = u64::from_le_bytes(first);
        if claimed > length - 8 || claimed > LONGEST {
            return Err(Error::new(format!(
                "no safetensors file, or cut short: it claims a header of {claimed} bytes in {length}"
            ))
            .at(place())
            .fix(FIX));
        }
        let mut text = vec![0; claimed as usize];
        file.read_exact(&mut text).map_err(|e| Error::file(path, e))?;
        let header: Metadata = serde_json::from_slice(&text).map_err(|e| {
            Error::new(format!("the safetensors header is damaged: {e}")).at(place()).fix(FIX).caused_by(e)
        })?;
        let (have, want) = (length - 8 - claimed, header.data_len() as u64);
        if have != want {
            return Err(Error::new(format!("the header describes {want} bytes of numbers, the file has {have}"))
                .at(place())
                .fix(FIX));
        }
        Ok(Self { path: path.to_owned(), header, start: 8 + claimed })
    }

    /// The names of the arrays, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// The free text that the writer left, by key.
    pub fn metadata(&self) -> HashMap<String, String> {
        self.header.metadata().clone().unwrap_or_default()
    }

    /// The length of every axis of an array.
    ///
    /// # Errors
    /// When there is no such array; those there are stand in the message.
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        self.info(name).map(|info| info.shape.as_slice())
    }

    /// The type of an array's numbers.
    ///
    /// # Errors
    /// When there is no such array, or its type has no counterpart here (8-bit floats, complex numbers).
    pub fn dtype(&self, name: &str) -> Result<Dtype> {
        use safetensors::Dtype as D;
        Ok(match self.info(name)?.dtype {
            D::BOOL => Dtype::Bool,
            D::I8 => Dtype::I8,
            D::I16 => Dtype::I16,
            D::I32 => Dtype::I32,
            D::I64 => Dtype::I64,
            D::U8 => Dtype::U8,
            D::U16 => Dtype::U16,
            D::U32 => Dtype::U32,
            D::U64 => Dtype::U64,
            D::F16 => Dtype::F16,
            D::BF16 => Dtype::Bf16,
            D::F32 => Dtype::F32,
            D::F64 => Dtype::F64,
            other => {
                return Err(Error::new(format!("the number type {other} is not read here"))
                    .at(self.place(name))
                    .fix("convert the array to float32 before saving"));
            }
        })
    }

    /// The array `name` as numbers of type `T`: `f32` and `f64` take every type, the others only themselves.
    ///
    /// # Errors
    /// When there is no such array, `T` cannot take its type, or the file changed since it was opened.
    pub fn read<T: Number>(&self, name: &str) -> Result<ArrayD<T>> {
        let (info, dtype) = (self.info(name)?, self.dtype(name)?);
        let mut file = File::open(&self.path).map_err(|e| Error::file(&self.path, e))?;
        let at = self.start + info.data_offsets.0 as u64;
        file.seek(SeekFrom::Start(at)).map_err(|e| Error::file(&self.path, e))?;
        read_array(BufReader::new(file), dtype, false, false, &info.shape).map_err(|e| e.at(self.place(name)))
    }

    fn info(&self, name: &str) -> Result<&safetensors::tensor::TensorInfo> {
        self.header.info(name).ok_or_else(|| {
            Error::new(format!("no array {name:?}"))
                .at(self.path.display().to_string())
                .fix(format!("the arrays there are: {}", name_some(&self.names())))
        })
    }

    fn place(&self, name: &str) -> String {
        format!("{}, array {name:?}", self.path.display())
    }
}

/// Writes named arrays; the path never holds half a file.
///
/// # Errors
/// When the folder cannot be written or two arrays share a name.
pub fn write(path: impl AsRef<Path>, arrays: &[(&str, Stored)]) -> Result<()> {
    write_with(path, arrays, None)
}

/// The same with free text by key, which [`SafeTensors::metadata`] gives back.
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    path: impl AsRef<Path>,
    arrays: &[(&str, Stored)],
    metadata: Option<HashMap<String, String>>,
) -> Result<()> {
    let path = path.as_ref();
    let failed = |why: String| {
        Error::new(format!("cannot write the arrays: {why}"))
            .at(path.display().to_string())
            .fix("give every array a name of its own")
    };
    let named: HashMap<&str, &Stored> = arrays.iter().map(|(name, stored)| (*name, stored)).collect();
    if named.len() != arrays.len() {
        return Err(failed("two have the same name".to_owned()));
    }
    let bytes = safetensors::serialize(named, metadata).map_err(|e| failed(e.to_string()))?;
    let mut part = PartFile::beside(path)?;
    part.file().write_all(&bytes).map_err(|e| Error::file(path, e))?;
    part.finish()
}
