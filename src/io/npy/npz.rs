//! `.npz`: a zip archive in which every member is a `.npy` file, stored or deflated.
//!
//! An archive can claim to unpack to far more than it holds. What a member's header promises is therefore compared
//! with the archive's own table and with the size of the file, before memory is asked for.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ndarray::ArrayD;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::super::limit;
use super::super::numbers::{Number, Stored, read_array};
use super::super::parquet::name_some;
use super::super::part_file::PartFile;
use super::Header;
use crate::{Error, Result};

/// An open archive of arrays.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("perturbook-npz-{}", std::process::id()));
/// # let path = folder.join("arrays.npz");
/// use perturbook::io::npy::{Npz, write_npz};
///
/// write_npz(&path, &[("x", (&ndarray::array![1u8, 2]).into()), ("y", (&ndarray::array![0.5f32]).into())])?;
/// let arrays = Npz::open(&path)?;
/// assert_eq!(arrays.names(), ["x", "y"]);
/// assert_eq!(arrays.read::<f32>("x")?.sum(), 3.0);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), perturbook::Error>(())
/// ```
pub struct Npz {
    path: PathBuf,
    bytes: u64,
    /// Array names without `.npy`, and the number of each member.
    members: Vec<(String, usize)>,
    archive: Mutex<ZipArchive<BufReader<File>>>,
}

impl fmt::Debug for Npz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Npz").field("path", &self.path).field("names", &self.names()).finish()
    }
}

impl Npz {
    /// Opens an archive and reads its table of members.
    ///
    /// # Errors
    /// When the file is missing, is no zip archive, was cut short, or holds no `.npy` member.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).map_err(|e| Error::file(&path, e).fix("check the path"))?;
        let bytes = file.metadata().map_err(|e| Error::file(&path, e))?.len();
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|e| {
            Error::new(format!("this is not a complete npz archive: {e}"))
                .at(path.display().to_string())
                .fix("write or download the file again; single arrays (.npy) are read with io::npy::read")
                .caused_by(e)
        })?;
        let mut members = Vec::new();
        for member in 0..archive.len() {
            if let Some(name) = archive.name_for_index(member).and_then(|name| name.strip_suffix(".npy")) {
                members.push((name.to_owned(), member));
            }
        }
        if members.is_empty() {
            return Err(Error::new(format!("the archive holds no array ({} members)", archive.len()))
                .at(path.display().to_string())
                .fix("an npz archive has members that end in .npy"));
        }
        Ok(Self { path, bytes, members, archive: Mutex::new(archive) })
    }

    /// The names of the arrays, in the order of the archive.
    pub fn names(&self) -> Vec<&str> {
        self.members.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// What an array is, from its header alone.
    ///
    /// # Errors
    /// As [`Npz::read`].
    pub fn describe(&self, name: &str) -> Result<Header> {
        self.with(name, |header, _| Ok(header))
    }

    /// The array `name` as numbers of type `T`.
    ///
    /// # Errors
    /// When there is no such array, it is damaged or holds no numbers, or `T` cannot take them (see [`super::read`]).
    pub fn read<T: Number>(&self, name: &str) -> Result<ArrayD<T>> {
        self.with(name, |header, mut from| {
            // Bytes read as `f64` take eight times as much.
            let numbers = header.shape.iter().product::<usize>();
            limit::check((numbers as u64).saturating_mul(size_of::<T>() as u64), self.bytes)?;
            let array = read_array(&mut from, header.dtype, header.big_endian, header.fortran_order, &header.shape)?;
            // The archive compares its checksum where the member ends.
            match from.read(&mut [0]) {
                Ok(0) => Ok(array),
                Ok(_) => Err(Error::new("the array is longer than its shape").fix("the archive is damaged")),
                Err(e) => Err(Error::new(format!("the array is damaged: {e}")).fix("write the archive again")),
            }
        })
    }

    fn with<R>(&self, name: &str, work: impl FnOnce(Header, &mut dyn std::io::Read) -> Result<R>) -> Result<R> {
        let place = || format!("{}, array {name:?}", self.path.display());
        let Some(&(_, member)) = self.members.iter().find(|(known, _)| known == name) else {
            return Err(Error::new(format!("no array {name:?}"))
                .at(self.path.display().to_string())
                .fix(format!("the arrays there are: {}", name_some(&self.names()))));
        };
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entry = archive.by_index(member).map_err(|e| {
            Error::new(format!("cannot unpack the array: {e}"))
                .at(place())
                .fix("numpy stores or deflates; write the archive again with np.savez or np.savez_compressed")
                .caused_by(e)
        })?;
        let claimed = entry.size();
        let (header, start) = Header::read(&mut entry).map_err(|e| e.at(place()))?;
        let bytes = header.data_bytes().map_err(|e| e.at(place()))?;
        if start.checked_add(bytes) != Some(claimed) {
            return Err(Error::new(format!(
                "the array takes {bytes} bytes by its shape {:?}, but its member has {}",
                header.shape,
                claimed.saturating_sub(start)
            ))
            .at(place())
            .fix("the archive is damaged; write it again"));
        }
        limit::check(bytes, self.bytes).map_err(|e| e.at(place()))?;
        work(header, &mut entry).map_err(|e| e.at(place()))
    }
}

/// Writes arrays to a `.npz` archive, stored as `np.savez` does; the path never holds half a file.
///
/// # Errors
/// When the folder cannot be written, two arrays share a name, or numpy has no such type (`bf16`).
pub fn write_npz(path: impl AsRef<Path>, arrays: &[(&str, Stored)]) -> Result<()> {
    let path = path.as_ref();
    let mut seen = HashSet::new();
    if let Some((name, _)) = arrays.iter().find(|(name, _)| !seen.insert(*name)) {
        return Err(Error::new(format!("two arrays are called {name:?}"))
            .at(path.display().to_string())
            .fix("give every array a name of its own"));
    }
    let mut part = PartFile::beside(path)?;
    let mut archive = ZipWriter::new(part.file());
    let failed = |e: zip::result::ZipError| {
        Error::new(format!("cannot write the archive: {e}")).at(path.display().to_string()).caused_by(e)
    };
    for (name, stored) in arrays {
        let header = Header::bytes(stored.dtype(), stored.shape()).map_err(|e| e.at(path.display().to_string()))?;
        let large = stored.bytes().len() as u64 + header.len() as u64 > u64::from(u32::MAX);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
        archive.start_file(format!("{name}.npy"), options).map_err(failed)?;
        for bytes in [&header[..], stored.bytes()] {
            archive.write_all(bytes).map_err(|e| Error::file(path, e))?;
        }
    }
    archive.finish().map_err(failed)?;
    part.finish()
}
