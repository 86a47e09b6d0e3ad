//! Writing an h5ad file that current versions of anndata read.

use std::collections::HashSet;
use std::path::Path;

use ndarray::ArrayView2;
use polars::prelude::DataFrame;

use super::encode::{self, check_name};
use super::frame::Frame;
use super::tables;
use crate::io::hdf5::write::{GroupWriter, write};
use crate::io::parquet::count;
use crate::io::part_file::PartFile;
use crate::screen::Counts;
use crate::{Error, Result};

/// What goes into an h5ad file.
///
/// The first column of the tables of cells and genes is their index and must be text; without tables, cells are called
/// `0`, `1`, ... and genes as in the counts.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    x: &'a Counts,
    obs: Option<&'a DataFrame>,
    var: Option<&'a DataFrame>,
    layers: Vec<(&'a str, &'a Counts)>,
    obsm: Vec<(&'a str, ArrayView2<'a, f32>)>,
    raw: Option<&'a Counts>,
    packed: bool,
}

impl<'a> Contents<'a> {
    /// A file with the main matrix `x`.
    pub fn new(x: &'a Counts) -> Self {
        Self { x, obs: None, var: None, layers: Vec::new(), obsm: Vec::new(), raw: None, packed: true }
    }

    /// The table of cells.
    #[must_use]
    pub fn obs(mut self, table: &'a DataFrame) -> Self {
        self.obs = Some(table);
        self
    }

    /// The table of genes; its first column must name the genes as `x` does.
    #[must_use]
    pub fn var(mut self, table: &'a DataFrame) -> Self {
        self.var = Some(table);
        self
    }

    /// A further matrix with the cells and genes of `x`.
    #[must_use]
    pub fn layer(mut self, name: &'a str, counts: &'a Counts) -> Self {
        self.layers.push((name, counts));
        self
    }

    /// An array with one row per cell, such as an embedding.
    #[must_use]
    pub fn obsm(mut self, name: &'a str, array: ArrayView2<'a, f32>) -> Self {
        self.obsm.push((name, array));
        self
    }

    /// The matrix from before genes were filtered.
    #[must_use]
    pub fn raw(mut self, counts: &'a Counts) -> Self {
        self.raw = Some(counts);
        self
    }

    /// Stores arrays as they are: larger files, faster to read.
    #[must_use]
    pub fn unpacked(mut self) -> Self {
        self.packed = false;
        self
    }
}

/// Writes an h5ad file; the path never holds half of one.
///
/// Text with repeats or gaps is written as categories, whole numbers and truth values with gaps as nullable columns, a
/// missing float as NaN.
///
/// # Errors
/// When the folder cannot be written, lengths disagree with the matrix, a name is taken twice or holds a slash, or a
/// column has a type that h5ad cannot hold.
pub fn write_h5ad(path: impl AsRef<Path>, contents: &Contents<'_>) -> Result<()> {
    let path = path.as_ref();
    let groups = groups(contents).map_err(|e| Error::new(format!("{}: {e}", path.display())))?;
    let mut part = PartFile::beside(path)?;
    let root = [("encoding-type", "anndata"), ("encoding-version", "0.1.0")];
    write(part.file(), &root, groups).map_err(|e| e.at(path.display().to_string()))?;
    part.finish()
}

fn groups(contents: &Contents<'_>) -> Result<Vec<GroupWriter>> {
    let (x, packed) = (contents.x, contents.packed);
    let (cells, genes) = (x.cells(), x.genes());
    let group = |name: &str| GroupWriter::new(name, packed);
    let dict = |name: &str| {
        let mut dict = group(name);
        encode::encoding(&mut dict, "dict", "0.1.0");
        dict
    };

    let obs = match contents.obs {
        Some(table) => tables::from_table(table, "obs")?,
        None => index_alone((0..cells).map(|cell| cell.to_string()).collect()),
    };
    check_length("obs", obs.index.len(), cells)?;
    let var = match contents.var {
        Some(table) => tables::from_table(table, "var")?,
        None => index_alone(genes.to_vec()),
    };
    check_length("var", var.index.len(), genes.len())?;
    if let Some(gene) = (0..genes.len()).find(|&gene| var.index[gene] != genes[gene]) {
        return Err(Error::new(format!("the gene {:?} of the matrix is called {:?}", genes[gene], var.index[gene]))
            .at(format!("var, row {gene}"))
            .fix("the first column of var names the genes in the order of the matrix"));
    }
    let mut written = Vec::new();
    for (name, frame) in [("obs", &obs), ("var", &var)] {
        let mut table = group(name);
        encode::frame(&mut table, frame)?;
        written.push(table);
    }

    let mut matrix = group("X");
    encode::counts(&mut matrix, x);
    written.push(matrix);

    let mut layers = dict("layers");
    check_names("a layer", contents.layers.iter().map(|(name, _)| *name))?;
    for (name, counts) in &contents.layers {
        check_length(name, counts.cells(), cells)?;
        if counts.genes() != genes {
            return Err(Error::new("the genes are not those of the main matrix").at(format!("layer {name:?}")));
        }
        let mut layer = layers.child(name);
        encode::counts(&mut layer, counts);
        layers.add(layer);
    }
    written.push(layers);

    let mut obsm = dict("obsm");
    check_names("an array", contents.obsm.iter().map(|(name, _)| *name))?;
    for (name, array) in &contents.obsm {
        check_length(name, array.nrows(), cells)?;
        encode::dense(&mut obsm, name, *array);
    }
    written.push(obsm);

    if let Some(raw) = contents.raw {
        check_length("raw", raw.cells(), cells)?;
        let mut group = group("raw");
        encode::encoding(&mut group, "raw", "0.1.0");
        let mut matrix = group.child("X");
        encode::counts(&mut matrix, raw);
        group.add(matrix);
        let mut table = group.child("var");
        encode::frame(&mut table, &index_alone(raw.genes().to_vec()))?;
        group.add(table);
        let mut varm = group.child("varm");
        encode::encoding(&mut varm, "dict", "0.1.0");
        group.add(varm);
        written.push(group);
    }
    written.extend(["varm", "obsp", "varp", "uns"].map(dict));
    Ok(written)
}

fn index_alone(index: Vec<String>) -> Frame {
    Frame { index_name: "_index".to_owned(), index, columns: Vec::new() }
}

fn check_length(what: &str, have: usize, want: usize) -> Result<()> {
    if have == want {
        return Ok(());
    }
    Err(Error::new(format!("{} for a matrix that needs {want}", count(have, "row"))).at(what.to_owned()))
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        check_name(name, what)?;
        if !seen.insert(name) {
            return Err(Error::new(format!("two are called {name:?}")).at("h5ad file").fix("rename one"));
        }
    }
    Ok(())
}
