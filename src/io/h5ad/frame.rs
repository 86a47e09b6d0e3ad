//! Tables of an h5ad file: one array per column, in the encodings that anndata has used since 0.6.
//!
//! | written by | text labels with repeats | missing values |
//! |---|---|---|
//! | 0.6 | the whole table is one array of records | none |
//! | 0.7 | codes in the column, texts in `__categories/COLUMN` | code -1 |
//! | 0.8 and later | group `categorical` with `codes` and `categories` | code -1, groups `nullable-*` with `values` and `mask` |
//!
//! Source: anndata's on-disk format, <https://anndata.readthedocs.io/en/latest/fileformat-prose.html>.

use std::collections::HashSet;

use ndarray::Array2;

use crate::io::hdf5::{Array, FIX, Field, Group, Kind, Node};
use crate::io::limit;
use crate::io::parquet::{count, name_some};
use crate::{Error, Result};

pub(crate) use super::values::Values;

/// A table with a named index, the texts that call its rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) index_name: String,
    pub(crate) index: Vec<String>,
    pub(crate) columns: Vec<(String, Values)>,
}

impl Frame {
    /// Reads a table; of the columns only those named, where names are given.
    pub(crate) fn read(node: Node, only: Option<&[&str]>) -> Result<Self> {
        let (place, frame) = match node {
            Node::Array(array) => (array.place(), from_records(&array)?),
            Node::Group(group) => return from_group(&group, only),
        };
        let Some(only) = only else { return Ok(frame) };
        let (known, mut columns): (Vec<String>, Vec<_>) =
            frame.columns.into_iter().map(|column| (column.0.clone(), column)).unzip();
        check_known(only, &known, &place)?;
        columns.retain(|(name, _)| only.contains(&name.as_str()));
        Ok(Self { columns, ..frame })
    }
}

/// The names of a table's columns with their types in words, and its number of rows, without reading a value.
pub(crate) fn describe(node: &Node) -> Result<(usize, Vec<(String, String)>)> {
    match node {
        Node::Array(array) => {
            let rows = array.shape().first().copied().unwrap_or_default();
            Ok((rows as usize, array.fields()?.into_iter().skip(1).collect()))
        }
        Node::Group(group) => {
            let (index, names) = layout(group)?;
            let legacy = legacy_categories(group)?;
            let columns = names.into_iter().map(|name| {
                let what = match group.get(&name)? {
                    None => return Err(missing(group, &name)),
                    Some(Node::Array(_)) if legacy.contains(&name) => "categorical".to_owned(),
                    Some(Node::Array(array)) => array.kind().name(),
                    Some(Node::Group(column)) => column.text("encoding-type").unwrap_or("unknown").to_owned(),
                };
                Ok((name, what))
            });
            Ok((rows_of(group, &index)?, columns.collect::<Result<_>>()?))
        }
    }
}

/// Number of rows, from the shape of the index.
fn rows_of(group: &Group, index: &str) -> Result<usize> {
    let array = match group.get(index)? {
        Some(Node::Group(nullable)) => nullable.array("values")?,
        _ => group.array(index)?,
    };
    match array.shape() {
        [rows] => Ok(*rows as usize),
        shape => Err(Error::new(format!("the index has the shape {shape:?}")).at(array.place()).fix(FIX)),
    }
}

/// The name of the index and those of the columns, in order.
fn layout(group: &Group) -> Result<(String, Vec<String>)> {
    match group.text("encoding-type") {
        None | Some("dataframe") => {}
        Some(other) => {
            return Err(Error::new(format!("a table was expected, not the encoding {other:?}"))
                .at(group.place())
                .fix("write the file again with a current anndata"));
        }
    }
    let members = || group.members();
    let index = match group.text("_index") {
        Some(index) => index.to_owned(),
        None => ["_index", "index"]
            .into_iter()
            .find(|known| members().is_ok_and(|names| names.iter().any(|name| name == known)))
            .ok_or_else(|| Error::new("the table does not say which array is its index").at(group.place()).fix(FIX))?
            .to_owned(),
    };
    let columns = match group.texts("column-order") {
        Some(columns) => columns,
        None => members()?.into_iter().filter(|name| *name != index && name != "__categories").collect(),
    };
    let mut seen = HashSet::new();
    if let Some(twice) = columns.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(Error::new(format!("two columns are called {twice:?}")).at(group.place()).fix(FIX));
    }
    let columns = columns.into_iter().filter(|name| *name != index).collect();
    Ok((index, columns))
}

/// The columns whose texts anndata 0.7 keeps beside them.
fn legacy_categories(group: &Group) -> Result<HashSet<String>> {
    match group.group("__categories")? {
        Some(categories) => Ok(categories.members()?.into_iter().collect()),
        None => Ok(HashSet::new()),
    }
}

fn from_group(group: &Group, only: Option<&[&str]>) -> Result<Frame> {
    let (index_name, names) = layout(group)?;
    if let Some(only) = only {
        check_known(only, &names, &group.place())?;
    }
    let legacy = legacy_categories(group)?;
    let index = group.get(&index_name)?.ok_or_else(|| missing(group, &index_name))?;
    let index = values_of(index)?.into_texts();
    let mut columns = Vec::new();
    for name in names.into_iter().filter(|name| only.is_none_or(|only| only.contains(&name.as_str()))) {
        let node = group.get(&name)?.ok_or_else(|| missing(group, &name))?;
        check_rows(&node, &name, index.len(), group)?;
        let values = match node {
            Node::Array(codes) if legacy.contains(&name) => {
                let texts = group.get(&format!("__categories/{name}"))?.ok_or_else(|| missing(group, &name))?;
                categorical(&codes, texts)?
            }
            node => values_of(node)?,
        };
        columns.push((name, values));
    }
    Ok(Frame { index_name, index, columns })
}

/// Refuses a column that is not as long as its table, before any of it is read.
fn check_rows(node: &Node, name: &str, rows: usize, table: &Group) -> Result<()> {
    let length = |array: &Array| array.shape().first().copied().unwrap_or_default();
    let have = match node {
        Node::Array(array) => length(array),
        Node::Group(group) => match (group.get("codes")?, group.get("values")?) {
            (Some(Node::Array(array)), _) | (_, Some(Node::Array(array))) => length(&array),
            // An encoding that is not read is named where its values are asked for.
            _ => return Ok(()),
        },
    };
    if have == rows as u64 {
        return Ok(());
    }
    let (have, rows) = (count(have as usize, "value"), count(rows, "row"));
    Err(Error::new(format!("the column {name:?} has {have} in a table of {rows}")).at(table.place()).fix(FIX))
}

/// The values of a column in any of its encodings.
fn values_of(node: Node) -> Result<Values> {
    let group = match node {
        Node::Array(array) => return plain(&array),
        Node::Group(group) => group,
    };
    match group.text("encoding-type") {
        Some("categorical") => {
            let categories = group.get("categories")?.ok_or_else(|| missing(&group, "categories"))?;
            categorical(&group.array("codes")?, categories)
        }
        Some("nullable-integer" | "nullable-boolean" | "nullable-string-array") => {
            let values = plain(&group.array("values")?)?;
            let mask: Vec<i32> = group.array("mask")?.all("mask")?;
            if mask.len() != values.len() {
                return Err(Error::new(format!("{} values with a mask of {}", values.len(), mask.len()))
                    .at(group.place())
                    .fix(FIX));
            }
            let mask: Vec<bool> = mask.into_iter().map(|gone| gone != 0).collect();
            Ok(values.masked(&mask))
        }
        other => Err(Error::new(format!("a column has the encoding {:?}, which is not read", other.unwrap_or("none")))
            .at(group.place())
            .fix("name the columns you need, or convert this one in Python before saving")),
    }
}

fn plain(array: &Array) -> Result<Values> {
    if array.shape().len() != 1 {
        return Err(Error::new(format!("a column has the shape {:?}", array.shape()))
            .at(array.place())
            .fix("a column holds one value for each row; move arrays of more axes to obsm"));
    }
    fn some<T>(values: Vec<T>) -> Vec<Option<T>> {
        values.into_iter().map(Some).collect()
    }
    Ok(match array.kind() {
        Kind::Text { .. } => Values::Text(some(array.texts()?)),
        Kind::Bool => Values::Bool(array.all::<i32>("column")?.into_iter().map(|v| Some(v != 0)).collect()),
        Kind::Int { signed: true, bytes: 8.. } => Values::I64(some(array.all("column")?)),
        Kind::Int { signed: true, .. } => Values::I32(some(array.all("column")?)),
        Kind::Int { signed: false, bytes: 8.. } => Values::U64(some(array.all("column")?)),
        Kind::Int { signed: false, .. } => Values::U32(some(array.all("column")?)),
        Kind::Float { bytes: 8.. } => Values::F64(array.all("column")?),
        Kind::Float { .. } => Values::F32(array.all("column")?),
        other => {
            return Err(Error::new(format!("a column of {} is not read", other.name()))
                .at(array.place())
                .fix("name the columns you need, or convert this one in Python before saving"));
        }
    })
}

fn categorical(codes: &Array, categories: Node) -> Result<Values> {
    if codes.shape().len() != 1 || !matches!(codes.kind(), Kind::Int { .. }) {
        return Err(Error::new(format!("codes of {} with the shape {:?}", codes.kind().name(), codes.shape()))
            .at(codes.place())
            .fix(FIX));
    }
    let numbers: Vec<i64> = codes.all("codes")?;
    if let Node::Group(group) = &categories
        && group.text("encoding-type") == Some("categorical")
    {
        // Their own categories could be these again, and so on.
        return Err(Error::new("the categories of a column have categories themselves").at(group.place()).fix(FIX));
    }
    let categories = values_of(categories)?;
    if let Values::Text(texts) = &categories {
        // One long text under many codes would unpack without end.
        let lengths: Vec<u64> = texts.iter().map(|text| text.as_ref().map_or(0, |text| text.len() as u64)).collect();
        let of = |code: &i64| usize::try_from(*code).ok().and_then(|code| lengths.get(code)).copied().unwrap_or(0);
        let bytes = numbers.iter().fold(0u64, |sum, code| sum.saturating_add(of(code)));
        limit::check(bytes, codes.file_bytes()).map_err(|e| e.at(codes.place()))?;
    }
    categories.at(&numbers, &codes.place())
}

fn from_records(array: &Array) -> Result<Frame> {
    if !matches!(array.kind(), Kind::Record) || array.shape().len() != 1 {
        return Err(Error::new(format!("a table was expected, not an array of {}", array.kind().name()))
            .at(array.place())
            .fix("write the file again with a current anndata"));
    }
    let mut columns = array.records()?.into_iter().map(|(name, field)| {
        let values = match field {
            Field::Text(v) => Values::Text(v.into_iter().map(Some).collect()),
            Field::Bool(v) => Values::Bool(v.into_iter().map(Some).collect()),
            Field::Int(v) => Values::I64(v.into_iter().map(Some).collect()),
            Field::Float(v) => Values::F64(v),
        };
        (name, values)
    });
    let (index_name, index) =
        columns.next().ok_or_else(|| Error::new("the records have no field").at(array.place()).fix(FIX))?;
    Ok(Frame { index_name, index: index.into_texts(), columns: columns.collect() })
}

fn missing(group: &Group, name: &str) -> Error {
    Error::new(format!("the table names {name:?}, but has no such array")).at(group.place()).fix(FIX)
}

fn check_known(only: &[&str], names: &[String], place: &str) -> Result<()> {
    let missing: Vec<&&str> = only.iter().filter(|name| !names.iter().any(|known| known == **name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{} missing: {}", count(missing.len(), "column"), name_some(&missing)))
        .at(place)
        .fix(format!("the columns there are: {}", name_some(names))))
}

impl Frame {
    /// The columns that hold numbers, as a matrix of `rows` rows.
    pub(crate) fn numbers(&self, rows: usize) -> Result<Array2<f32>> {
        fn some<T: Copy>(values: &[Option<T>], as_f32: impl Fn(T) -> f32) -> Vec<f32> {
            values.iter().map(|v| v.map_or(f32::NAN, &as_f32)).collect()
        }
        let columns: Vec<Vec<f32>> = self
            .columns
            .iter()
            .filter_map(|(_, values)| {
                Some(match values {
                    Values::Text(_) => return None,
                    Values::Bool(v) => some(v, |v| f32::from(u8::from(v))),
                    Values::I32(v) => some(v, |v| v as f32),
                    Values::I64(v) => some(v, |v| v as f32),
                    Values::U32(v) => some(v, |v| v as f32),
                    Values::U64(v) => some(v, |v| v as f32),
                    Values::F32(v) => v.clone(),
                    Values::F64(v) => v.iter().map(|&v| v as f32).collect(),
                })
            })
            .collect();
        if self.index.len() != rows {
            return Err(Error::new(format!("a table of {} rows for {rows} cells", self.index.len())).fix(FIX));
        }
        Ok(Array2::from_shape_fn((rows, columns.len()), |(row, column)| columns[column][row]))
    }
}
