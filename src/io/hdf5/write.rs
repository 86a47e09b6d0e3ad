//! HDF5 files, written in one go: groups with attributes and arrays, long arrays packed by shuffle and deflate.

use hdf5_pure::{AttrValue, DatasetBuilder, Datatype, EnumTypeBuilder, FileBuilder, GroupBuilder};

pub(crate) use hdf5_pure::H5Element as Writable;

use crate::{Error, Result};

/// Entries of one packed chunk. Below 2^16 along every axis: from there on, the library stores the lengths of a chunk in
/// four bytes where HDF5 2.0 insists on the three that suffice.
const CHUNK: usize = 1 << 15;
/// Arrays up to this many bytes are stored as they are.
const SHORT: usize = 1 << 10;
/// Deflate's level: what h5py takes by default.
const LEVEL: u32 = 4;

/// A group under construction.
pub(crate) struct GroupWriter {
    inner: GroupBuilder,
    packed: bool,
}

/// Serialises groups and attributes of the root to `to`.
pub(crate) fn write(
    to: &mut std::fs::File,
    attributes: &[(&str, &str)],
    groups: impl IntoIterator<Item = GroupWriter>,
) -> Result<()> {
    let mut file = FileBuilder::new();
    for (name, value) in attributes {
        file.set_attr(name, AttrValue::VarLenString((*value).to_owned()));
    }
    for group in groups {
        file.add_group(group.inner.finish());
    }
    file.finish_to(to).map_err(|e| Error::new(format!("cannot write the HDF5 file: {e}")).caused_by(e))
}

impl GroupWriter {
    /// A group of the root; its long arrays are packed when `packed`.
    pub(crate) fn new(name: &str, packed: bool) -> Self {
        Self { inner: FileBuilder::new().create_group(name), packed }
    }

    /// A group for [`GroupWriter::add`].
    pub(crate) fn child(&mut self, name: &str) -> Self {
        Self { inner: self.inner.create_group(name), packed: self.packed }
    }

    pub(crate) fn add(&mut self, child: Self) {
        self.inner.add_group(child.inner.finish());
    }

    pub(crate) fn set_text(&mut self, name: &str, value: &str) {
        self.inner.set_attr(name, AttrValue::VarLenString(value.to_owned()));
    }

    pub(crate) fn set_texts(&mut self, name: &str, values: Vec<String>) {
        // h5py, too, stores an empty list as one of numbers.
        let value =
            if values.is_empty() { AttrValue::F64Array(Vec::new()) } else { AttrValue::VarLenStringArray(values) };
        self.inner.set_attr(name, value);
    }

    pub(crate) fn set_sizes(&mut self, name: &str, values: &[usize]) {
        self.inner.set_attr(name, AttrValue::I64Array(values.iter().map(|&value| value as i64).collect()));
    }

    pub(crate) fn set_false(&mut self, name: &str) {
        self.inner.set_attr(name, AttrValue::I8(0));
    }

    /// An array of numbers; `encoding` becomes its attributes `encoding-type` and `encoding-version`.
    pub(crate) fn numbers<T: Writable>(
        &mut self,
        name: &str,
        values: &[T],
        shape: &[usize],
        encoding: Option<(&str, &str)>,
    ) {
        let packed = self.packed && size_of_val(values) > SHORT;
        let dataset = self.inner.create_dataset(name);
        dataset.with_data(values).with_shape(&wide(shape));
        if packed {
            let row = shape[1..].iter().product::<usize>().max(1);
            let rows = (CHUNK / row).clamp(1, shape[0].max(1));
            let mut chunk: Vec<u64> = shape.iter().map(|&axis| axis.min(CHUNK) as u64).collect();
            chunk[0] = rows as u64;
            dataset.with_chunks(&chunk).with_shuffle().with_deflate(LEVEL);
        }
        label(dataset, encoding);
    }

    /// An array of truth values, in the enumeration that h5py reads as `bool`.
    pub(crate) fn truths(&mut self, name: &str, values: &[bool], encoding: Option<(&str, &str)>) -> Result<()> {
        let datatype: Datatype = EnumTypeBuilder::with_base(hdf5_pure::make_i8_type())
            .value("FALSE", 0)
            .value("TRUE", 1)
            .build()
            .map_err(|e| Error::new(format!("cannot write truth values: {e}")).caused_by(e))?;
        let bytes: Vec<u8> = values.iter().map(|&value| u8::from(value)).collect();
        let dataset = self.inner.create_dataset(name);
        dataset.with_enum_u8_data(datatype, &bytes).with_shape(&[values.len() as u64]);
        label(dataset, encoding);
        Ok(())
    }

    /// An array of text, each of its own length.
    pub(crate) fn texts(&mut self, name: &str, values: &[&str], encoding: Option<(&str, &str)>) {
        let dataset = self.inner.create_dataset(name);
        dataset.with_vlen_strings(values).with_shape(&[values.len() as u64]);
        label(dataset, encoding);
    }
}

fn label(dataset: &mut DatasetBuilder, encoding: Option<(&str, &str)>) {
    if let Some((kind, version)) = encoding {
        dataset.set_attr("encoding-type", AttrValue::VarLenString(kind.to_owned()));
        dataset.set_attr("encoding-version", AttrValue::VarLenString(version.to_owned()));
    }
}

fn wide(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|&axis| axis as u64).collect()
}
