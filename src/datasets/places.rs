//! Where the files of a dataset are looked for, and the download when they are nowhere.
//!
//! The order for each file:
//!
//! 1. the folder `PERTURBOOK_DATA`, flat or in a sub-folder named like the dataset;
//! 2. the user's cache (`perturbook/data` in the cache folder of the system), by dataset;
//! 3. `$PERTURBOOK_SHARED/data` when that variable is set, else `shared/data` beside any folder above the working
//!    directory, by dataset;
//! 4. the public address, into the cache; not when `PERTURBOOK_OFFLINE` is set (to anything but `0`).
//!
//! A file that is found is checked (size; SHA-256 below 50 MB) before it is used.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::checksum::sha256;
use super::download::{download, mismatch};
use super::registry::{Dataset, RemoteFile};
use super::source::Source;
use super::used::note;
use crate::io::part_file::write_bytes;
use crate::{Error, Result};

const HASH_BELOW: u64 = 50_000_000;

/// The folders to look in, and whether the network may be used.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The user's own folder (`PERTURBOOK_DATA`).
    pub data: Option<PathBuf>,
    /// Where downloads are kept.
    pub cache: Option<PathBuf>,
    /// Folders shared on this machine.
    pub shared: Vec<PathBuf>,
    /// True forbids downloads (`PERTURBOOK_OFFLINE`).
    pub offline: bool,
}

/// A file of a dataset on this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is now.
    pub path: PathBuf,
    /// Where it came from: a file that was here, or a download just made.
    pub source: Source,
}

impl Found {
    /// Remembers the file for the foot of the report.
    pub(super) fn note(&self) {
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        note(&format!("data, {file}"), &self.source);
    }
}

/// The outcome of a search that met no wrong file.
pub(crate) enum Search {
    Found(Found),
    /// Neither on this machine nor within reach; the error says what was tried.
    Unavailable(Error),
}

impl Places {
    /// The places the environment names.
    ///
    /// # Errors
    /// When `PERTURBOOK_DATA` is set but is not a folder.
    pub fn from_env() -> Result<Self> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let data = set("PERTURBOOK_DATA").map(PathBuf::from);
        if let Some(folder) = data.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(Error::new("PERTURBOOK_DATA does not name a folder")
                .at(folder.display().to_string())
                .fix("set the variable to the folder that holds the data, or unset it"));
        }
        let shared = match set("PERTURBOOK_SHARED") {
            Some(folder) => vec![PathBuf::from(folder).join("data")],
            None => env::current_dir()
                .map(|here| here.ancestors().map(|a| a.join("shared").join("data")).collect())
                .unwrap_or_default(),
        };
        Ok(Self {
            data,
            cache: dirs::cache_dir().map(|cache| cache.join("perturbook").join("data")),
            shared: shared.into_iter().filter(|folder| folder.is_dir()).collect(),
            offline: set("PERTURBOOK_OFFLINE").is_some_and(|value| value != "0"),
        })
    }

    /// Finds or downloads the file of one role of a dataset.
    ///
    /// # Errors
    /// When the dataset has no such role; a file that is found, or an answer from the network, does not have the
    /// checksum of the registry (both sums are named); or the file is nowhere and cannot be downloaded (the message
    /// says what was tried and where to put the file by hand).
    pub fn find(&self, dataset: &Dataset, role: &str) -> Result<Found> {
        match self.search(dataset, role)? {
            Search::Found(found) => {
                found.note();
                Ok(found)
            }
            Search::Unavailable(e) => Err(e),
        }
    }

    /// As [`Places::find`], with "not here and not within reach" set apart from errors.
    pub(crate) fn search(&self, dataset: &Dataset, role: &str) -> Result<Search> {
        let files: Vec<&RemoteFile> = dataset.files.iter().filter(|file| file.role == role).collect();
        if files.is_empty() {
            let roles: Vec<&str> = dataset.files.iter().map(|file| file.role.as_str()).collect();
            return Err(Error::new(format!("no file serves as {role:?}"))
                .at(format!("dataset {}", dataset.name))
                .fix(format!("choose one of {roles:?}")));
        }
        for file in &files {
            if let Some(path) = self.candidates(dataset, file).into_iter().find(|path| path.is_file()) {
                verify(file, &path)?;
                return Ok(Search::Found(Found { source: Source::File(path.clone()), path }));
            }
        }
        let mut tried = Vec::new();
        if let (false, Some(cache)) = (self.offline, &self.cache) {
            let folder = cache.join(&dataset.name);
            for (file, address) in files.iter().flat_map(|file| file.addresses.iter().map(move |a| (file, a))) {
                match fetch(dataset, file, address, &folder) {
                    Ok(path) => {
                        return Ok(Search::Found(Found { path, source: Source::Downloaded(address.clone()) }));
                    }
                    Err(error) => tried.push(error.to_string()),
                }
            }
        }
        Ok(Search::Unavailable(self.absent(dataset, &files, &tried)))
    }

    /// The files of all these roles; where one is out of reach, the source of what is simulated in their place.
    pub(super) fn search_all<'a>(
        &self,
        parts: impl IntoIterator<Item = (&'a Dataset, &'a str)>,
    ) -> Result<std::result::Result<Vec<Found>, Source>> {
        let mut found = Vec::new();
        for (dataset, role) in parts {
            match self.search(dataset, role)? {
                Search::Found(file) => found.push(file),
                Search::Unavailable(error) => {
                    let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
                    return Ok(Err(Source::Simulated { reason }));
                }
            }
        }
        Ok(Ok(found))
    }

    /// The paths at which `file` may be, in the order they are looked at.
    fn candidates(&self, dataset: &Dataset, file: &RemoteFile) -> Vec<PathBuf> {
        let inside = |folder: &PathBuf| folder.join(&dataset.name).join(&file.path);
        let mut paths: Vec<PathBuf> = self.data.iter().flat_map(|d| [d.join(&file.path), inside(d)]).collect();
        paths.extend(self.cache.iter().chain(&self.shared).map(inside));
        paths
    }

    fn absent(&self, dataset: &Dataset, files: &[&RemoteFile], tried: &[String]) -> Error {
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let names = names.join(" or ");
        let why = if self.offline {
            "downloads are off (offline: PERTURBOOK_OFFLINE is set)".to_owned()
        } else if self.cache.is_none() {
            "there is no cache folder to download to".to_owned()
        } else if tried.is_empty() {
            "it has no public address".to_owned()
        } else {
            format!("the download failed:\n{}", tried.join("\n"))
        };
        let looked: Vec<String> = files
            .iter()
            .flat_map(|file| self.candidates(dataset, file))
            .map(|path| path.display().to_string())
            .collect();
        let looked = if looked.is_empty() { "nowhere (no folder is set)".to_owned() } else { looked.join(", ") };
        let folder = self.data.as_ref().or(self.cache.as_ref()).map_or_else(
            || "a folder of your choice and set PERTURBOOK_DATA to it".to_owned(),
            |folder| format!("{}, or in any folder that PERTURBOOK_DATA names", folder.join(&dataset.name).display()),
        );
        let addresses: Vec<&str> = files.iter().flat_map(|file| &file.addresses).map(String::as_str).collect();
        let from = if addresses.is_empty() { String::new() } else { format!(" (from {})", addresses.join(" or ")) };
        let obtain = if dataset.obtain.is_empty() { String::new() } else { format!(". {}", dataset.obtain) };
        Error::new(format!("{names} of the dataset {} is not on this machine, and {why}", dataset.name))
            .at(format!("looked at {looked}"))
            .fix(format!("put {names}{from} in {folder}{obtain}"))
    }
}

/// Shows the licence, downloads into the dataset's folder, and keeps licence and sums beside the file.
pub(super) fn fetch(dataset: &Dataset, file: &RemoteFile, address: &str, folder: &Path) -> Result<PathBuf> {
    let target = folder.join(&file.path);
    eprintln!("perturbook: {} comes from {address}\n  licence: {}", file.path, dataset.licence);
    let sum = download(file, address, &target)?;
    write_bytes(&folder.join("LICENCE.txt"), dataset.terms().as_bytes())?;
    if file.sha256.is_none() {
        eprintln!(
            "perturbook: no published checksum for {}; recording SHA-256 {sum} of this first download",
            file.path
        );
        write_bytes(&recorded(&target), format!("{sum}\n").as_bytes())?;
    }
    Ok(target)
}

/// Where the sum of a file without a published one is kept.
fn recorded(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".sha256");
    path.with_file_name(name)
}

/// Checks a file on this machine against the registry, or against the sum of its first download. Large files are
/// checked by their size alone.
fn verify(file: &RemoteFile, path: &Path) -> Result<()> {
    let bytes = fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
    let expected = expected(file, path);
    let right_size = expected.bytes.is_none_or(|b| b == bytes);
    if right_size && (expected.sha256.is_none() || bytes >= HASH_BELOW) {
        return Ok(());
    }
    compare(&expected, path, bytes)
}

/// The same, whatever the size; false where no checksum is known.
pub(super) fn verify_whole(file: &RemoteFile, path: &Path) -> Result<bool> {
    let bytes = fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
    let expected = expected(file, path);
    if expected.sha256.is_none() && expected.bytes.is_none_or(|b| b == bytes) {
        return Ok(false);
    }
    compare(&expected, path, bytes).map(|()| true)
}

/// The file as the registry has it, with the sum that was recorded at its first download where no other is known.
fn expected(file: &RemoteFile, path: &Path) -> RemoteFile {
    let mut expected = file.clone();
    if expected.sha256.is_none() {
        expected.sha256 = fs::read_to_string(recorded(path)).ok().map(|text| text.trim().to_owned());
    }
    expected
}

fn compare(expected: &RemoteFile, path: &Path, bytes: u64) -> Result<()> {
    mismatch(expected, bytes, &sha256(path)?).map_or(Ok(()), |what| {
        Err(Error::new(what)
            .at(path.display().to_string())
            .fix("delete this file (it is then downloaded again), or put the right one in its place"))
    })
}
