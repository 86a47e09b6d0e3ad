//! The parts of a table that is a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::part::Part;
use crate::{Error, Result};

/// Folders within folders that are looked into.
const DEPTH: usize = 8;

/// Parts that a table may have.
const PARTS: usize = 1_000_000;

const ENDINGS: [&str; 8] = ["parquet", "pq", "csv", "tsv", "txt", "csv.gz", "tsv.gz", "txt.gz"];

/// The file itself, or all tables in the folder, in order of their paths.
pub(super) fn parts(path: &Path) -> Result<Vec<Part>> {
    if !path.is_dir() {
        return Ok(vec![Part::open(path, Vec::new())?]);
    }
    let mut files = Vec::new();
    collect(path, DEPTH, &mut files)?;
    files.sort();
    if files.len() > PARTS {
        return Err(Error::new(format!("{} files are too many for one table", files.len()))
            .at(path.display().to_string())
            .fix("read its sub-folders one by one"));
    }
    let parts = files.iter().map(|file| Part::open(file, keys(path, file))).collect::<Result<Vec<Part>>>()?;
    let mixed = parts.windows(2).find(|pair| pair[0].format() != pair[1].format());
    match mixed {
        None => Ok(parts),
        Some(pair) => Err(Error::new("the folder holds parquet and text, which cannot be parts of one table")
            .at(format!("{} and {}", pair[0].path().display(), pair[1].path().display()))
            .fix("read a single file, or put the tables into folders of their own")),
    }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| Error::file(folder, e))? {
        let path = entry.map_err(|e| Error::file(folder, e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if name.starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files)?;
            }
        } else if ENDINGS.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
            files.push(path);
        }
    }
    Ok(())
}

/// The labels in the names of the folders between a table and its part: `plate=A`.
fn keys(table: &Path, part: &Path) -> Vec<(String, String)> {
    let between = part.strip_prefix(table).ok().and_then(Path::parent);
    let names =
        between.into_iter().flat_map(Path::components).map(|name| name.as_os_str().to_string_lossy().into_owned());
    names.filter_map(|name| name.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}
