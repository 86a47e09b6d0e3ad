//! Matrices of an h5ad file: dense, compressed sparse rows (CSR) or compressed sparse columns (CSC).
//!
//! A dense matrix is an array of two axes. A sparse one is a group of `data`, `indices` and `indptr` whose attributes
//! name the encoding (`encoding-type`, before 0.7 `h5sparse_format`) and the shape. All become [`Counts`]; dense ones a
//! band of rows at a time, so that only what is not zero is ever held.

use std::ops::Range;

use ndarray::Array2;

use super::blocks::Blocks;
use crate::io::hdf5::{Array, FIX, Group, Kind, Node};
use crate::io::limit;
use crate::live::Bar;
use crate::screen::Counts;
use crate::{Error, Result};

/// Stored values of a CSC matrix that are looked at together, and values of a dense one.
pub(super) const TOGETHER: u64 = 4 << 20;

/// An open matrix.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one per open file
pub(crate) enum Matrix {
    Dense(Array),
    Sparse { rows_first: bool, shape: [u64; 2], data: Array, indices: Array, indptr: Array },
}

impl Matrix {
    pub(crate) fn open(node: Node) -> Result<Self> {
        let group = match node {
            Node::Array(array) if array.shape().len() == 2 => return Ok(Self::Dense(array)),
            Node::Array(array) => {
                return Err(Error::new(format!("a matrix was expected, but the shape is {:?}", array.shape()))
                    .at(array.place())
                    .fix("a matrix has two axes: rows and columns"));
            }
            Node::Group(group) => group,
        };
        let rows_first = match format(&group) {
            Some("csr_matrix" | "csr") => true,
            Some("csc_matrix" | "csc") => false,
            other => {
                let other = other.unwrap_or("none");
                return Err(Error::new(format!("the matrix has the encoding {other:?}, which is not read"))
                    .at(group.place())
                    .fix("read are dense arrays, csr_matrix and csc_matrix; convert it in Python before saving"));
            }
        };
        let shape = group.sizes("shape").or_else(|| group.sizes("h5sparse_shape"));
        let Some(&[rows, columns]) = shape.as_deref() else {
            return Err(Error::new("the sparse matrix does not say its shape").at(group.place()).fix(FIX));
        };
        Self::sparse(&group, rows_first, [rows, columns])
    }

    /// The three arrays of a sparse matrix, whose lengths must fit the shape.
    pub(crate) fn sparse(group: &Group, rows_first: bool, shape: [u64; 2]) -> Result<Self> {
        let (data, indices, indptr) = (group.array("data")?, group.array("indices")?, group.array("indptr")?);
        for (array, whole) in [(&data, false), (&indices, true), (&indptr, true)] {
            if array.shape().len() != 1
                || !array.kind().is_number()
                || whole && matches!(array.kind(), Kind::Float { .. })
            {
                return Err(Error::new(format!(
                    "an array of {} with the shape {:?} in a sparse matrix",
                    array.kind().name(),
                    array.shape()
                ))
                .at(array.place())
                .fix(FIX));
            }
        }
        let (stored, numbered) = (data.shape()[0], indices.shape()[0]);
        if stored != numbered {
            return Err(Error::new(format!("{numbered} indices for {stored} values")).at(group.place()).fix(FIX));
        }
        let (starts, compressed) = (indptr.shape()[0], shape[usize::from(!rows_first)]);
        if compressed.checked_add(1) != Some(starts) {
            let what = if rows_first { "rows" } else { "columns" };
            return Err(Error::new(format!("{starts} starts (indptr) for {compressed} {what}, which need one more"))
                .at(group.place())
                .fix(FIX));
        }
        Ok(Self::Sparse { rows_first, shape, data, indices, indptr })
    }

    pub(crate) fn shape(&self) -> [u64; 2] {
        match self {
            Self::Dense(array) => [array.shape()[0], array.shape()[1]],
            Self::Sparse { shape, .. } => *shape,
        }
    }

    /// `dense`, `csr` or `csc`.
    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Self::Dense(_) => "dense",
            Self::Sparse { rows_first: true, .. } => "csr",
            Self::Sparse { rows_first: false, .. } => "csc",
        }
    }

    /// The array with the values.
    pub(crate) fn values(&self) -> &Array {
        match self {
            Self::Dense(array) => array,
            Self::Sparse { data, .. } => data,
        }
    }

    /// The whole matrix.
    pub(crate) fn counts(&self, columns: Vec<String>) -> Result<Counts> {
        let place = self.values().place();
        let counts = match self {
            Self::Dense(array) => self.sift(array, columns)?,
            Self::Sparse { rows_first, shape, data, indices, indptr } => {
                check_rows(shape[0], data)?;
                let (starts, numbers) = (starts(indptr)?, numbers(indices)?);
                let values: Vec<f32> = data.all("values")?;
                if *rows_first {
                    Counts::new(columns, starts, numbers, values)
                } else {
                    Counts::from_csc(columns, shape[0] as usize, &starts, &numbers, &values)
                }
                .map_err(|e| Error::new(format!("{place}: {e}")))?
            }
        };
        Ok(counts)
    }

    /// A dense matrix without its zeros, a band of rows at a time.
    fn sift(&self, array: &Array, columns: Vec<String>) -> Result<Counts> {
        let [rows, width] = self.shape();
        check_written(array)?;
        let band = array.aligned((TOGETHER / width.max(1)).max(1));
        let mut bar = (rows > 8 * band).then(|| Bar::new("rows", Some(rows)));
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        let mut start = 0;
        while start < rows {
            if bar.as_mut().is_some_and(Bar::stopped) {
                return Err(Error::new("reading was stopped as asked").at(array.place()));
            }
            let end = (start + band).min(rows);
            let dense: Vec<f32> = array.rows(start..end)?;
            if width == 0 {
                indptr.extend((start..end).map(|_| 0));
            }
            for row in dense.chunks_exact((width as usize).max(1)) {
                for (column, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                    indices.push(column as u32);
                    values.push(value);
                }
                indptr.push(values.len() as u64);
            }
            if let Some(bar) = &mut bar {
                bar.advance(end - start);
            }
            start = end;
        }
        Counts::new(columns, indptr, indices, values).map_err(|e| Error::new(format!("{}: {e}", array.place())))
    }

    /// All values, rows x columns.
    pub(crate) fn dense(&self) -> Result<Array2<f32>> {
        let [rows, columns] = self.shape();
        match self {
            Self::Dense(array) => {
                let values = array.all("values")?;
                Array2::from_shape_vec((rows as usize, columns as usize), values)
                    .map_err(|e| Error::new(format!("not a matrix: {e}")).at(array.place()))
            }
            Self::Sparse { data, .. } => {
                let bytes = rows.saturating_mul(columns).saturating_mul(4);
                if limit::check(bytes, data.file_bytes()).is_err() {
                    return Err(Error::new(format!("{rows} x {columns} values would take {bytes} bytes"))
                        .at(data.place())
                        .fix("read the matrix as counts, and make blocks of rows dense"));
                }
                Ok(self.counts((0..columns).map(|column| column.to_string()).collect())?.to_dense())
            }
        }
    }

    /// Gets ready to read rows in blocks.
    pub(crate) fn blocks(self, columns: Vec<String>) -> Result<Blocks> {
        let starts = match &self {
            Self::Dense(array) => {
                check_written(array)?;
                Vec::new()
            }
            Self::Sparse { indptr, data, shape, .. } => {
                check_rows(shape[0], data)?;
                let starts = starts(indptr)?;
                let stored = data.shape()[0];
                if starts.first() != Some(&0) || !starts.is_sorted() || starts.last() != Some(&stored) {
                    return Err(Error::new(format!(
                        "the starts (indptr) do not rise from 0 to the number of values, {stored}"
                    ))
                    .at(indptr.place())
                    .fix(FIX));
                }
                starts
            }
        };
        Ok(Blocks::new(self, columns, starts))
    }
}

/// How a group says that it is encoded; before 0.7, under another name.
fn format(group: &Group) -> Option<&str> {
    group.text("encoding-type").or_else(|| group.text("h5sparse_format"))
}

/// Whether this is a matrix in one of the encodings that are read, intact or not.
pub(crate) fn is_matrix(node: &Node) -> bool {
    match node {
        Node::Array(array) => array.shape().len() == 2,
        Node::Group(group) => matches!(format(group), Some("csr_matrix" | "csr" | "csc_matrix" | "csc")),
    }
}

/// A dense matrix whose rows are not there cannot be read, however few at a time; rows without columns count as well.
fn check_written(array: &Array) -> Result<()> {
    let entries = array.entries()?.max(array.shape()[0]);
    limit::check_unpacked(entries.saturating_mul(4), array.file_bytes()).map_err(|e| e.at(array.place()))
}

/// Nothing in a matrix by columns holds a place for each row; the rows claimed must still be likely.
fn check_rows(rows: u64, data: &Array) -> Result<()> {
    limit::check_unpacked(rows.saturating_mul(16), data.file_bytes()).map_err(|e| e.at(data.place()))
}

/// Where rows or columns start.
pub(crate) fn starts(array: &Array) -> Result<Vec<u64>> {
    if !matches!(array.kind(), Kind::Int { signed: true, .. }) {
        return array.all("starts");
    }
    let signed: Vec<i64> = array.all("starts")?;
    signed
        .into_iter()
        .enumerate()
        .map(|(at, start)| {
            u64::try_from(start).map_err(|_| {
                Error::new(format!("a start (indptr) is negative: {start}"))
                    .at(format!("{}, entry {at}", array.place()))
                    .fix(FIX)
            })
        })
        .collect()
}

/// Numbers of rows or columns.
fn numbers(array: &Array) -> Result<Vec<u32>> {
    match array.kind() {
        // A negative number becomes one beyond every row, and is refused as such.
        Kind::Int { signed: true, bytes: ..=4 } => Ok(bytemuck::allocation::cast_vec(array.all::<i32>("indices")?)),
        Kind::Int { signed: false, bytes: ..=4 } => array.all("indices"),
        _ => numbers_in(array, 0..array.shape()[0]),
    }
}

pub(super) fn numbers_in(array: &Array, range: Range<u64>) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let part = start..(start + TOGETHER).min(range.end);
        start = part.end;
        let some: Vec<i64> = array.rows(part)?;
        if let Some(wrong) = some.iter().find(|&&number| u32::try_from(number).is_err()) {
            return Err(Error::new(format!("an index is {wrong}, outside of every matrix")).at(array.place()).fix(FIX));
        }
        numbers.extend(some.into_iter().map(|number| number as u32));
    }
    Ok(numbers)
}
