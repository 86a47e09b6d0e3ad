//! An open h5ad file and what can be asked of it.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::frame::{self, Frame};
use super::matrix::{Matrix as Stored, is_matrix};
use super::{MatrixSummary, RowBlocks, Summary};
use crate::io::hdf5::{self, FIX, Group, Node};
use crate::io::parquet::name_some;
use crate::screen::Counts;
use crate::{Error, Result};

/// Which matrix of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix<'a> {
    /// The main one.
    X,
    /// A further one of the same shape, by name.
    Layer(&'a str),
    /// The one kept from before genes were filtered; it has genes of its own.
    Raw,
}

/// An open h5ad file.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("perturbook-h5ad-{}", std::process::id()));
/// # let path = folder.join("screen.h5ad");
/// use perturbook::io::h5ad::{Contents, H5ad, Matrix, write_h5ad};
/// use perturbook::screen::Counts;
/// use polars::prelude::df;
///
/// let x = Counts::new(vec!["TP53".into(), "MYC".into()], vec![0, 1, 3], vec![1, 0, 1], vec![4.0, 1.0, 2.0])?;
/// let obs = df!("cell" => ["c1", "c2"], "guide" => ["TP53_1", "nt"]).unwrap();
/// write_h5ad(&path, &Contents::new(&x).obs(&obs))?;
///
/// let file = H5ad::open(&path)?;
/// assert_eq!((file.summary().n_obs, file.summary().n_vars), (2, 2));
/// assert_eq!(file.counts(Matrix::X)?, x);
/// assert_eq!(file.obs()?, obs);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Debug)]
pub struct H5ad {
    root: Group,
    summary: Summary,
}

impl H5ad {
    /// Opens a file and looks at what is in it; no matrix or column is loaded.
    ///
    /// # Errors
    /// When the file is missing, is not HDF5, was cut short, is no h5ad file, or its parts disagree on the number of
    /// cells or genes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let root = hdf5::open(path.as_ref())?;
        if let Some(other) = root.text("encoding-type").filter(|encoding| *encoding != "anndata") {
            return Err(Error::new(format!("this HDF5 file holds {other:?}, not an annotated matrix"))
                .at(root.place())
                .fix("of a MuData file (.h5mu), write one modality: mdata[\"rna\"].write_h5ad(path)"));
        }
        let table = |name: &str| {
            root.get(name)?.ok_or_else(|| {
                let fix = if root.group("matrix").is_ok_and(|group| group.is_some()) {
                    "this looks like a 10x file: read it with io::tenx::read_h5"
                } else {
                    "an h5ad file has the groups X, obs and var"
                };
                Error::new(format!("the HDF5 file is no h5ad file: it has no {name:?}")).at(root.place()).fix(fix)
            })
        };
        let (n_obs, obs) = frame::describe(&table("obs")?)?;
        let (n_vars, var) = frame::describe(&table("var")?)?;
        let mut summary = Summary { n_obs, n_vars, x: None, layers: Vec::new(), raw: None, obs, var, obsm: Vec::new() };
        // What else lies there, such as ragged arrays, is told when it is asked for.
        for (group, columns) in [("layers", Some(n_vars)), ("obsm", None)] {
            for name in members(&root, group)? {
                let full = format!("{group}/{name}");
                let known = root.get(&full)?.as_ref().is_some_and(is_matrix);
                let found = if known { matrix(&root, &full, n_obs, columns)? } else { None };
                let found = found.as_ref().map(MatrixSummary::of);
                match found {
                    Some(layer) if columns.is_some() => summary.layers.push((name, layer)),
                    None if columns.is_some() => {}
                    array => summary.obsm.push((name, array)),
                }
            }
        }
        summary.x = matrix(&root, "X", n_obs, Some(n_vars))?.as_ref().map(MatrixSummary::of);
        let raw = if root.group("raw")?.is_some() { "raw/X" } else { "raw.X" };
        summary.raw = matrix(&root, raw, n_obs, None)?.as_ref().map(MatrixSummary::of);
        Ok(Self { root, summary })
    }

    /// What is in the file.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.root.origin().path.clone()
    }

    /// The names of the cells, the index of `obs`.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn cell_names(&self) -> Result<Vec<String>> {
        Ok(self.frame("obs", Some(&[]))?.index)
    }

    /// The names of the genes of a matrix, the index of `var` or of the table that belongs to `raw`.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn genes(&self, matrix: Matrix<'_>) -> Result<Vec<String>> {
        let table = match matrix {
            Matrix::X | Matrix::Layer(_) => "var",
            Matrix::Raw if self.root.group("raw")?.is_some() => "raw/var",
            Matrix::Raw => "raw.var",
        };
        Ok(self.frame(table, Some(&[]))?.index)
    }

    /// A matrix as counts, cells x genes. Long reads show a bar.
    ///
    /// Values are kept as `f32`. Matrices that do not fit into memory are read with [`H5ad::row_blocks`].
    ///
    /// # Errors
    /// When there is no such matrix, it is damaged or packed in a way that is not read, or holds NaN or infinity.
    pub fn counts(&self, matrix: Matrix<'_>) -> Result<Counts> {
        let (stored, genes) = self.stored(matrix)?;
        stored.counts(genes)
    }

    /// A matrix with its zeros, cells x genes.
    ///
    /// # Errors
    /// As [`H5ad::counts`]; and when a sparse matrix would grow far beyond the size of the file.
    pub fn dense(&self, matrix: Matrix<'_>) -> Result<Array2<f32>> {
        self.stored(matrix)?.0.dense()
    }

    /// A matrix in blocks of at most `rows` cells, in order; only one block is in memory at a time.
    ///
    /// CSC matrices are passed over once for every block: convert them to CSR where that is slow.
    ///
    /// # Errors
    /// When there is no such matrix or its row starts are damaged; what is wrong within a block, the block says.
    pub fn row_blocks(&self, matrix: Matrix<'_>, rows: usize) -> Result<RowBlocks> {
        let (stored, genes) = self.stored(matrix)?;
        Ok(RowBlocks::new(stored.blocks(genes)?, self.summary.n_obs, rows))
    }

    /// An array of `obsm` such as `X_pca`: one row per cell. Of a table, the columns that hold numbers.
    ///
    /// # Errors
    /// When there is no such array, it is damaged, or has more than two axes.
    pub fn obsm(&self, name: &str) -> Result<Array2<f32>> {
        let full = format!("obsm/{name}");
        let names: Vec<&String> = self.summary.obsm.iter().map(|(name, _)| name).collect();
        let Some((_, array)) = self.summary.obsm.iter().find(|(known, _)| known == name) else {
            return Err(Error::new(format!("no array {name:?} in obsm"))
                .at(self.root.place())
                .fix(format!("the arrays there are: {}", name_some(&names))));
        };
        match (array, self.root.get(&full)?) {
            (None, Some(node @ Node::Group(_))) => Frame::read(node, None)?.numbers(self.summary.n_obs),
            (_, Some(node)) => Stored::open(node)?.dense(),
            (_, None) => Err(Error::new("the array is gone").at(self.root.place()).fix(FIX)),
        }
    }

    /// A table by its path, with all or only some of its columns.
    pub(super) fn frame(&self, name: &str, only: Option<&[&str]>) -> Result<Frame> {
        let node = self.root.get(name)?.ok_or_else(|| {
            Error::new(format!("the file has no table {name:?}")).at(self.root.place()).fix("see H5ad::summary")
        })?;
        Frame::read(node, only)
    }

    fn stored(&self, which: Matrix<'_>) -> Result<(Stored, Vec<String>)> {
        let n = self.summary.n_obs;
        let missing = |what: String, fix: String| Err(Error::new(what).at(self.root.place()).fix(fix));
        let layers: Vec<&String> = self.summary.layers.iter().map(|(name, _)| name).collect();
        let found = match which {
            Matrix::X => matrix(&self.root, "X", n, Some(self.summary.n_vars))?,
            Matrix::Layer(name) if self.root.get(&format!("layers/{name}"))?.is_none() => {
                let fix = if layers.is_empty() {
                    "the file has no layers; the main matrix is Matrix::X".to_owned()
                } else {
                    format!("the layers there are: {}", name_some(&layers))
                };
                return missing(format!("no layer {name:?}"), fix);
            }
            Matrix::Layer(name) => matrix(&self.root, &format!("layers/{name}"), n, Some(self.summary.n_vars))?,
            Matrix::Raw if self.root.group("raw")?.is_some() => matrix(&self.root, "raw/X", n, None)?,
            Matrix::Raw => matrix(&self.root, "raw.X", n, None)?,
        };
        let Some(found) = found else {
            let name = if which == Matrix::Raw { "raw" } else { "X" };
            let fix = match &layers[..] {
                [] if which == Matrix::X => "the file has no layers either: it holds tables only".to_owned(),
                [] => "the main matrix is Matrix::X".to_owned(),
                layers => format!("the layers there are: {}", name_some(layers)),
            };
            return missing(format!("the file has no matrix {name}"), fix);
        };
        let genes = self.genes(which)?;
        if genes.len() as u64 != found.shape()[1] {
            let (columns, names) = (found.shape()[1], genes.len());
            return missing(format!("a matrix of {columns} columns with {names} gene names"), FIX.to_owned());
        }
        Ok((found, genes))
    }
}

/// The names in a group; none when the group is not there.
fn members(root: &Group, name: &str) -> Result<Vec<String>> {
    root.group(name)?.map_or_else(|| Ok(Vec::new()), |group| group.members())
}

/// A matrix, whose shape must fit the tables; `None` when it is not there or marked as empty.
fn matrix(root: &Group, name: &str, rows: usize, columns: Option<usize>) -> Result<Option<Stored>> {
    let node = match root.get(name)? {
        None => return Ok(None),
        Some(Node::Array(array)) if array.text("encoding-type") == Some("null") => return Ok(None),
        Some(node) => node,
    };
    let stored = Stored::open(node)?;
    let [have, wide] = stored.shape();
    if have != rows as u64 || columns.is_some_and(|columns| columns as u64 != wide) {
        let columns = columns.map_or_else(|| "any".to_owned(), |columns| columns.to_string());
        return Err(Error::new(format!("the matrix is {have} x {wide}, but the tables say {rows} x {columns}"))
            .at(stored.values().place())
            .fix(FIX));
    }
    Ok(Some(stored))
}
