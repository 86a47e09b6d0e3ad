//! What an h5ad file holds, told without loading it.

use std::fmt;

use super::matrix::Matrix;

/// The contents of an h5ad file by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Number of cells.
    pub n_obs: usize,
    /// Number of genes.
    pub n_vars: usize,
    /// The main matrix, if there is one.
    pub x: Option<MatrixSummary>,
    /// Further matrices, cells x genes.
    pub layers: Vec<(String, MatrixSummary)>,
    /// The matrix before genes were filtered, if kept; it has genes of its own.
    pub raw: Option<MatrixSummary>,
    /// Columns of the table of cells, each with its type in words.
    pub obs: Vec<(String, String)>,
    /// Columns of the table of genes, each with its type in words.
    pub var: Vec<(String, String)>,
    /// Arrays with one row per cell, such as embeddings; `None` for tables and what is no matrix.
    pub obsm: Vec<(String, Option<MatrixSummary>)>,
}

/// A matrix in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixSummary {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// `dense`, `csr` or `csc`.
    pub encoding: &'static str,
    /// Type of the stored values, such as `f32`.
    pub dtype: String,
    /// Number of stored values.
    pub stored: u64,
}

impl MatrixSummary {
    pub(super) fn of(matrix: &Matrix) -> Self {
        let [rows, columns] = matrix.shape();
        let values = matrix.values();
        Self {
            shape: (rows as usize, columns as usize),
            encoding: matrix.encoding(),
            dtype: values.kind().name(),
            stored: values.shape().iter().product(),
        }
    }
}

impl fmt::Display for MatrixSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.shape;
        write!(f, "{rows} x {columns}, {} {}", self.encoding, self.dtype)?;
        if self.encoding == "dense" { Ok(()) } else { write!(f, ", {} stored", self.stored) }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "h5ad: {} cells x {} genes", self.n_obs, self.n_vars)?;
        match &self.x {
            Some(x) => writeln!(f, "  X: {x}")?,
            None => writeln!(f, "  X: none")?,
        }
        for (name, layer) in &self.layers {
            writeln!(f, "  layer {name:?}: {layer}")?;
        }
        if let Some(raw) = &self.raw {
            writeln!(f, "  raw: {raw}")?;
        }
        for (name, array) in &self.obsm {
            match array {
                Some(array) => writeln!(f, "  obsm {name:?}: {array}")?,
                None => writeln!(f, "  obsm {name:?}: a table or no matrix")?,
            }
        }
        for (what, columns) in [("obs", &self.obs), ("var", &self.var)] {
            let columns: Vec<String> = columns.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
            writeln!(f, "  {what}: {}", columns.join(", "))?;
        }
        Ok(())
    }
}
