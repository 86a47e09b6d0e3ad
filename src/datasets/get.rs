//! A whole dataset into a folder, and whether a folder still holds what it should.

use std::path::{Path, PathBuf};

use super::places::{fetch, verify_whole};
use super::registry::Dataset;
use crate::{Error, Result};

/// What became of a file of a dataset in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It is there, and its checksum is the published one, or that of its first download.
    Right,
    /// It is there, but nobody has said what its checksum should be.
    Unknown,
    /// It is not there.
    Absent,
    /// It is there and is not the file it should be: why.
    Wrong(String),
}

/// Downloads the files of a dataset that have an address into `folder/NAME`; files that are there and right stay. Of
/// several files of one role all are fetched, of several addresses the first that answers is used. Returns where each
/// file is.
///
/// # Errors
/// When no file of the dataset has an address (the message says how to get it), or a file cannot be downloaded from any
/// of its addresses. Files that came before it stay, and a second call goes on from there.
pub fn get(dataset: &Dataset, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let folder = folder.as_ref().join(&dataset.name);
    let public: Vec<_> = dataset.files.iter().filter(|file| !file.addresses.is_empty()).collect();
    if public.is_empty() {
        return Err(Error::new(format!("{} cannot be downloaded by its address alone", dataset.name))
            .at("the dataset registry")
            .fix(dataset.obtain.clone()));
    }
    let mut paths = Vec::with_capacity(public.len());
    for file in public {
        let target = folder.join(&file.path);
        if target.is_file() && verify_whole(file, &target).is_ok() {
            paths.push(target);
            continue;
        }
        let mut tried: Vec<String> = Vec::new();
        let found = file
            .addresses
            .iter()
            .find_map(|address| fetch(dataset, file, address, &folder).map_err(|e| tried.push(e.to_string())).ok());
        paths.push(found.ok_or_else(|| {
            Error::new(format!(
                "{} of the dataset {} was not downloaded:\n{}",
                file.path,
                dataset.name,
                tried.join("\n")
            ))
            .at(target.display().to_string())
            .fix("see above; the files that are complete stay, and the next run goes on from there")
        })?);
    }
    Ok(paths)
}

/// Compares the files in `folder/NAME` with the registry, by size and checksum.
///
/// # Errors
/// When a file that is there cannot be read.
pub fn verify(dataset: &Dataset, folder: impl AsRef<Path>) -> Result<Vec<(String, FileState)>> {
    let folder = folder.as_ref().join(&dataset.name);
    let state = |path: &Path, file| match verify_whole(file, path) {
        Ok(true) => FileState::Right,
        Ok(false) => FileState::Unknown,
        Err(e) => FileState::Wrong(e.to_string()),
    };
    let files = dataset.files.iter().map(|file| {
        let path = folder.join(&file.path);
        let state = if path.is_file() { state(&path, file) } else { FileState::Absent };
        (file.path.clone(), state)
    });
    Ok(files.collect())
}
