//! Counts: h5ad, and what Cell Ranger writes as one file or as a folder.

use std::path::Path;

use super::{Inspection, Probe, first_line};
use crate::display::Show;
use crate::io::h5ad::{H5ad, Matrix};
use crate::io::tenx::{self, TenX};
use crate::screen::{Screen, Summary};
use crate::{Error, Result};

/// The first bytes of an HDF5 file.
const MARK: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Cells from which the screen of a large file is told.
const LOOKED_AT: usize = 5_000;

pub(super) const HDF5: Probe = Probe {
    format: "h5ad, 10x HDF5",
    recognises: |start| start.bytes.starts_with(MARK) || (!start.folder && start.named(&[".h5ad", ".h5"])),
    inspect: |path| match hdf5(path)? {
        Hdf5::H5ad(file) => h5ad(path, &file),
        Hdf5::TenX(run) => Ok(tenx(path, "10x HDF5", run)),
    },
    open: |path| match hdf5(path)? {
        Hdf5::H5ad(file) => Screen::new(file.obs()?, file.counts(Matrix::X)?),
        Hdf5::TenX(run) => Screen::of_tenx(run),
    },
};

pub(super) const TENX_FOLDER: Probe = Probe {
    format: "a folder of 10x matrix files",
    recognises: |start| start.folder && ["matrix.mtx", "matrix.mtx.gz"].iter().any(|n| start.path.join(n).is_file()),
    inspect: |path| Ok(tenx(path, "10x matrix files", tenx::read_mtx(path)?)),
    open: |path| Screen::of_tenx(tenx::read_mtx(path)?),
};

enum Hdf5 {
    H5ad(Box<H5ad>),
    TenX(TenX),
}

/// An h5ad file where it has the parts of one, else a 10x file; a file that is neither is said to be no h5ad if it
/// is called so.
fn hdf5(path: &Path) -> Result<Hdf5> {
    match H5ad::open(path) {
        Ok(file) => Ok(Hdf5::H5ad(Box::new(file))),
        Err(no_h5ad) => match tenx::read_h5(path) {
            Ok(run) => Ok(Hdf5::TenX(run)),
            Err(no_tenx) => Err(if path.extension().is_some_and(|e| e == "h5ad") { no_h5ad } else { no_tenx }),
        },
    }
}

fn h5ad(path: &Path, file: &H5ad) -> Result<Inspection> {
    let summary = file.summary();
    let screen = || -> Result<Summary> {
        let mut blocks = file.row_blocks(Matrix::X, LOOKED_AT)?;
        let (rows, counts) = blocks.next().ok_or_else(|| Error::new("there is no cell"))??;
        let mut told = Screen::new(file.obs()?.head(Some(rows.len())), counts)?.summary();
        if rows.len() < summary.n_obs {
            told.notes.push(format!("told from the first {} of {} cells", rows.len(), summary.n_obs));
        }
        Ok(told)
    };
    Ok(Inspection {
        path: path.to_owned(),
        format: "h5ad".to_owned(),
        facts: vec![("cells".to_owned(), summary.n_obs.to_string()), ("genes".to_owned(), summary.n_vars.to_string())],
        preview: Some(summary.bundle()),
        screen: screen().map_err(first_line),
    })
}

fn tenx(path: &Path, format: &str, run: TenX) -> Inspection {
    Inspection {
        path: path.to_owned(),
        format: format.to_owned(),
        facts: vec![
            ("cells".to_owned(), run.counts.cells().to_string()),
            ("features".to_owned(), run.counts.genes().len().to_string()),
        ],
        preview: Some(run.counts.bundle()),
        screen: Screen::of_tenx(run).map(|screen| screen.summary()).map_err(first_line),
    }
}
