//! 10x HDF5 files. The matrix is stored feature x cell by columns, which is cell x feature by rows.

use std::path::Path;

use super::Parts;
use crate::io::h5ad::frame::{Frame, Values};
use crate::io::h5ad::matrix::{Matrix, starts};
use crate::io::hdf5::{self, FIX, Group, Kind, Node};
use crate::io::parquet::name_some;
use crate::{Error, Result};

pub(super) fn read(path: &Path, genome: Option<&str>) -> Result<Parts> {
    let root = hdf5::open(path)?;
    if let Some(matrix) = root.group("matrix")? {
        let features = matrix
            .group("features")?
            .ok_or_else(|| Error::new("the 10x file has no features").at(matrix.place()).fix(FIX))?;
        return assemble(&matrix, features_table(&features)?);
    }
    let mut genomes = Vec::new();
    for name in root.members()? {
        if let Some(group) = root.group(&name)?.filter(|group| matches!(group.get("gene_names"), Ok(Some(_)))) {
            genomes.push(group);
        }
    }
    let names: Vec<&str> = genomes.iter().map(Group::last_name).collect();
    let group = match (genome, &genomes[..]) {
        (_, []) => {
            let fix = if root.get("obs")?.is_some() {
                "this looks like an h5ad file: open it with io::h5ad::H5ad"
            } else {
                "a 10x file has a group matrix (version 3), or one group for each genome (version 2)"
            };
            return Err(Error::new("the HDF5 file is no 10x file").at(root.place()).fix(fix));
        }
        (Some(genome), groups) => groups.iter().find(|group| group.last_name() == genome).ok_or_else(|| {
            Error::new(format!("no genome {genome:?}"))
                .at(root.place())
                .fix(format!("the genomes there are: {}", name_some(&names)))
        })?,
        (None, [one]) => one,
        (None, _) => {
            return Err(Error::new(format!("the file holds several genomes: {}", name_some(&names)))
                .at(root.place())
                .fix("choose one with read_h5_genome"));
        }
    };
    let (ids, symbols) = (group.array("genes")?.texts()?, group.array("gene_names")?.texts()?);
    assemble(group, table(ids, vec![("name".to_owned(), text(symbols))]))
}

fn assemble(group: &Group, features: Frame) -> Result<Parts> {
    let barcodes = group.array("barcodes")?.texts()?;
    let shape = starts(&group.array("shape")?)?;
    if shape != [features.index.len() as u64, barcodes.len() as u64] {
        let (features, cells) = (features.index.len(), barcodes.len());
        return Err(Error::new(format!("a matrix of {shape:?} with {features} features and {cells} barcodes"))
            .at(group.place())
            .fix(FIX));
    }
    for (name, values) in &features.columns {
        if values.len() != features.index.len() {
            let (have, rows) = (values.len(), features.index.len());
            return Err(Error::new(format!("{have} entries of {name:?} for {rows} features"))
                .at(group.place())
                .fix(FIX));
        }
    }
    let matrix = Matrix::sparse(group, true, [shape[1], shape[0]])?;
    Ok(Parts { counts: matrix.counts(symbols(&features))?, barcodes, features })
}

/// Every column of the group of features, those that all files have first.
fn features_table(group: &Group) -> Result<Frame> {
    let first = ["name", "feature_type", "genome"];
    let mut names = group.members()?;
    names.retain(|name| name != "id" && !name.starts_with('_'));
    names.sort_by_key(|name| first.iter().position(|known| known == name).unwrap_or(first.len()));
    let mut columns = Vec::new();
    for name in names {
        let Some(Node::Array(array)) = group.get(&name)? else { continue };
        if matches!(array.kind(), Kind::Text { .. }) {
            columns.push((name, text(array.texts()?)));
        }
    }
    Ok(table(group.array("id")?.texts()?, columns))
}

pub(super) fn table(ids: Vec<String>, columns: Vec<(String, Values)>) -> Frame {
    Frame { index_name: "id".to_owned(), index: ids, columns }
}

pub(super) fn text(values: Vec<String>) -> Values {
    Values::Text(values.into_iter().map(Some).collect())
}

/// What the columns of the matrix are called: the symbol, or the identifier where there is none.
pub(super) fn symbols(features: &Frame) -> Vec<String> {
    match features.columns.iter().find(|(name, _)| name == "name") {
        Some((_, Values::Text(names))) => {
            names.iter().zip(&features.index).map(|(name, id)| name.as_ref().unwrap_or(id).clone()).collect()
        }
        _ => features.index.clone(),
    }
}
