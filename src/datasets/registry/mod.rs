//! The public datasets perturbook knows: where each file is, its licence, size and SHA-256, and what opens it.
//!
//! Addresses of files in repositories are pinned to a commit, so the bytes behind them do not change. Several files may
//! serve one role (two tables of gene positions): the first that is found wins. What can only be had by signing in, with
//! another protocol or by choosing among thousands of files has no address here; [`Dataset::obtain`] says how to get it.

mod cell_painting;
mod cells;
mod expression;
mod formats;
mod funk2022;
mod genes;

use serde::Serialize;

/// A public dataset: what it is, how to cite it, under which terms, and its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dataset {
    /// Name in the registry, and of its sub-folder wherever files are kept.
    pub name: String,
    /// One line for a listing.
    pub title: String,
    /// The works to cite.
    pub citation: String,
    /// The terms of each part.
    pub licence: String,
    /// The published results that can be recomputed from it.
    pub reproduces: String,
    /// What opens its files.
    pub loader: String,
    /// How to get what has no address below; empty where everything has one.
    pub obtain: String,
    /// Size of the whole in bytes, roughly, where it is more than the files below and known.
    pub whole: Option<u64>,
    /// Its files.
    pub files: Vec<RemoteFile>,
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoteFile {
    /// What the file is for; files of the same role are alternatives.
    pub role: String,
    /// File name, with the sub-folder it is kept in.
    pub path: String,
    /// Size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// SHA-256 in hexadecimal, where it is known. Without it the first download is trusted and its sum recorded
    /// beside the file.
    pub sha256: Option<String>,
    /// Public addresses, tried in order. A file without an address can only be put in place by hand.
    pub addresses: Vec<String>,
}

impl Dataset {
    /// The sizes of its files, or of the whole where that is more; `None` where nothing is known.
    pub fn bytes(&self) -> Option<u64> {
        let files: u64 = self.files.iter().filter_map(|file| file.bytes).sum();
        let known = self.files.iter().any(|file| file.bytes.is_some());
        known.then_some(files).max(self.whole)
    }

    /// The distinct roles of its files, in order.
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = Vec::new();
        for file in &self.files {
            if !roles.contains(&file.role.as_str()) {
                roles.push(&file.role);
            }
        }
        roles
    }

    /// Licence and citation as they are kept beside the files.
    pub(super) fn terms(&self) -> String {
        format!("{}\n\nLicence: {}\n\nPlease cite: {}\n", self.title, self.licence, self.citation)
    }
}

/// All datasets of the registry.
///
/// ```
/// let names: Vec<String> = perturbook::datasets::list().into_iter().map(|d| d.name).collect();
/// assert_eq!(names[..3], ["funk2022_mcvae", "relations", "genome"]);
/// assert!(names.contains(&"replogle2022".to_owned()));
/// ```
pub fn list() -> Vec<Dataset> {
    let groups = [
        genes::maps(),
        funk2022::all(),
        expression::all(),
        cells::all(),
        cell_painting::all(),
        genes::others(),
        formats::all(),
    ];
    groups.into_iter().flatten().collect()
}

/// A file that is known byte by byte.
fn pinned(role: &str, path: &str, bytes: u64, sha256: &str, addresses: Vec<String>) -> RemoteFile {
    RemoteFile { role: role.into(), path: path.into(), bytes: Some(bytes), sha256: Some(sha256.into()), addresses }
}

/// A file whose makers publish no checksum.
fn unpinned(role: &str, path: &str, bytes: Option<u64>, addresses: &[&str]) -> RemoteFile {
    let addresses = addresses.iter().map(|&address| address.to_owned()).collect();
    RemoteFile { role: role.into(), path: path.into(), bytes, sha256: None, addresses }
}

/// A file in a repository at one commit.
fn raw(repository: &str, commit: &str, path: &str) -> String {
    // Blanks and semicolons occur in names of images.
    let path = path.replace(' ', "%20").replace(';', "%3B");
    format!("https://raw.githubusercontent.com/{repository}/{commit}/{path}")
}
