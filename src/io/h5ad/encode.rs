//! Tables and matrices as groups of an h5ad file, in the encodings of anndata 0.8 and later.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{Frame, Values};
use crate::io::hdf5::write::{GroupWriter, Writable};
use crate::screen::Counts;
use crate::{Error, Result};

const ARRAY: Option<(&str, &str)> = Some(("array", "0.2.0"));
const TEXTS: Option<(&str, &str)> = Some(("string-array", "0.2.0"));

/// The encoding of a group.
pub(crate) fn encoding(group: &mut GroupWriter, kind: &str, version: &str) {
    group.set_text("encoding-type", kind);
    group.set_text("encoding-version", version);
}

/// A table into its group.
pub(crate) fn frame(group: &mut GroupWriter, frame: &Frame) -> Result<()> {
    encoding(group, "dataframe", "0.2.0");
    group.set_text("_index", &frame.index_name);
    group.set_texts("column-order", frame.columns.iter().map(|(name, _)| name.clone()).collect());
    let index: Vec<&str> = frame.index.iter().map(String::as_str).collect();
    group.texts(&frame.index_name, &index, TEXTS);
    for (name, values) in &frame.columns {
        column(group, name, values)?;
    }
    Ok(())
}

/// A name that can stand for an array: HDF5 parts paths at slashes.
pub(crate) fn check_name(name: &str, what: &str) -> Result<()> {
    if name.is_empty() || name == "." || name.contains('/') || name.contains('\0') {
        return Err(Error::new(format!("{name:?} cannot be the name of {what}"))
            .at("h5ad file")
            .fix("rename it without a slash; HDF5 parts names there"));
    }
    Ok(())
}

fn column(group: &mut GroupWriter, name: &str, values: &Values) -> Result<()> {
    check_name(name, "a column")?;
    match values {
        Values::Text(texts) => text(group, name, texts),
        Values::Bool(truths) => {
            let plain: Vec<bool> = truths.iter().map(|truth| truth.unwrap_or_default()).collect();
            if truths.iter().all(Option::is_some) {
                return group.truths(name, &plain, ARRAY);
            }
            let mut nullable = group.child(name);
            encoding(&mut nullable, "nullable-boolean", "0.1.0");
            nullable.truths("values", &plain, ARRAY)?;
            mask(&mut nullable, truths)?;
            group.add(nullable);
            Ok(())
        }
        Values::I32(numbers) => whole(group, name, numbers),
        Values::I64(numbers) => whole(group, name, numbers),
        Values::U32(numbers) => whole(group, name, numbers),
        Values::U64(numbers) => whole(group, name, numbers),
        Values::F32(numbers) => {
            group.numbers(name, numbers, &[numbers.len()], ARRAY);
            Ok(())
        }
        Values::F64(numbers) => {
            group.numbers(name, numbers, &[numbers.len()], ARRAY);
            Ok(())
        }
    }
}

fn whole<T: Writable + Default>(group: &mut GroupWriter, name: &str, numbers: &[Option<T>]) -> Result<()> {
    let plain: Vec<T> = numbers.iter().map(|number| number.unwrap_or_default()).collect();
    if numbers.iter().all(Option::is_some) {
        group.numbers(name, &plain, &[plain.len()], ARRAY);
        return Ok(());
    }
    let mut nullable = group.child(name);
    encoding(&mut nullable, "nullable-integer", "0.1.0");
    nullable.numbers("values", &plain, &[plain.len()], ARRAY);
    mask(&mut nullable, numbers)?;
    group.add(nullable);
    Ok(())
}

fn mask<T>(group: &mut GroupWriter, values: &[Option<T>]) -> Result<()> {
    let gone: Vec<bool> = values.iter().map(Option::is_none).collect();
    group.truths("mask", &gone, ARRAY)
}

/// Text with repeats or gaps becomes categories in alphabetical order, as anndata does it; other text stays text.
fn text(group: &mut GroupWriter, name: &str, texts: &[Option<String>]) -> Result<()> {
    let categories: BTreeSet<&str> = texts.iter().flatten().map(String::as_str).collect();
    if categories.len() == texts.len() {
        let plain: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
        group.texts(name, &plain, TEXTS);
        return Ok(());
    }
    let categories: Vec<&str> = categories.into_iter().collect();
    let code: BTreeMap<&str, i32> = categories.iter().zip(0..).map(|(&text, code)| (text, code)).collect();
    let codes: Vec<i32> = texts
        .iter()
        .map(|text| text.as_ref().and_then(|text| code.get(text.as_str())).copied().unwrap_or(-1))
        .collect();
    let mut categorical = group.child(name);
    encoding(&mut categorical, "categorical", "0.2.0");
    categorical.set_false("ordered");
    categorical.texts("categories", &categories, TEXTS);
    // pandas takes the narrowest type that numbers all categories.
    if i8::try_from(categories.len()).is_ok() {
        let codes: Vec<i8> = codes.into_iter().map(|code| code as i8).collect();
        categorical.numbers("codes", &codes, &[codes.len()], ARRAY);
    } else if i16::try_from(categories.len()).is_ok() {
        let codes: Vec<i16> = codes.into_iter().map(|code| code as i16).collect();
        categorical.numbers("codes", &codes, &[codes.len()], ARRAY);
    } else {
        categorical.numbers("codes", &codes, &[codes.len()], ARRAY);
    }
    group.add(categorical);
    Ok(())
}

/// Counts into their group, as CSR.
pub(crate) fn counts(group: &mut GroupWriter, counts: &Counts) {
    encoding(group, "csr_matrix", "0.1.0");
    group.set_sizes("shape", &[counts.cells(), counts.genes().len()]);
    group.numbers("data", counts.values(), &[counts.stored()], None);
    // scipy wants both arrays in one type, the narrower where it suffices.
    if i32::try_from(counts.stored()).is_ok() && i32::try_from(counts.genes().len()).is_ok() {
        let indices: Vec<i32> = counts.indices().iter().map(|&gene| gene as i32).collect();
        let indptr: Vec<i32> = counts.indptr().iter().map(|&start| start as i32).collect();
        group.numbers("indices", &indices, &[indices.len()], None);
        group.numbers("indptr", &indptr, &[indptr.len()], None);
    } else {
        let indices: Vec<i64> = counts.indices().iter().map(|&gene| i64::from(gene)).collect();
        let indptr: Vec<i64> = counts.indptr().iter().map(|&start| start as i64).collect();
        group.numbers("indices", &indices, &[indices.len()], None);
        group.numbers("indptr", &indptr, &[indptr.len()], None);
    }
}

/// A dense array of two axes.
pub(crate) fn dense(group: &mut GroupWriter, name: &str, array: ndarray::ArrayView2<'_, f32>) {
    let values: Vec<f32> = array.iter().copied().collect();
    group.numbers(name, &values, array.shape(), ARRAY);
}
