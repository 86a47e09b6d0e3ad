//! Arrays of records, as anndata before 0.7 stored its tables: every entry holds one value of each column.

use hdf5_pure::{Datatype, DatatypeByteOrder};

use super::text::trimmed;
use super::{Array, Kind, guard};
use crate::io::limit;
use crate::io::numbers::{Bytes, Dtype};
use crate::{Error, Result};

/// One column of records.
#[derive(Debug)]
pub(crate) enum Field {
    Text(Vec<String>),
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
}

impl Array {
    /// The names and kinds of the columns of an array of records; of another array, none.
    pub(crate) fn fields(&self) -> Result<Vec<(String, String)>> {
        let datatype = guard(&self.place(), || self.dataset.datatype())?;
        let Datatype::Compound { members, .. } = datatype else { return Ok(Vec::new()) };
        Ok(members.into_iter().map(|member| (member.name, Kind::of(&member.datatype).name())).collect())
    }

    /// The columns of an array of records, in order.
    pub(crate) fn records(&self) -> Result<Vec<(String, Field)>> {
        self.readable()?;
        limit::check(self.entries()?.saturating_mul(self.entry_bytes), self.origin.bytes)
            .map_err(|e| e.at(self.place()))?;
        let (raw, datatype) = guard(&self.place(), || Ok((self.dataset.read_raw()?, self.dataset.datatype()?)))?;
        let Datatype::Compound { size, members } = datatype else {
            return Err(Error::new("records were expected").at(self.place()).fix(super::FIX));
        };
        // Fields may overlap, and a byte becomes a number of eight or a text.
        let values = self.entries()?.saturating_mul(members.len() as u64);
        limit::check(values.saturating_mul(size_of::<f64>() as u64), self.origin.bytes)
            .map_err(|e| e.at(self.place()))?;
        members
            .iter()
            .map(|member| {
                let start = member.byte_offset as usize;
                let end = start.saturating_add(member.datatype.type_size() as usize);
                if end > size as usize {
                    return Err(Error::new("a record's field reaches beyond it").at(self.place()).fix(super::FIX));
                }
                let entries = raw.chunks_exact((size as usize).max(1)).map(|record| &record[start..end]);
                self.field(&member.name, &member.datatype, entries).map(|field| (member.name.clone(), field))
            })
            .collect()
    }

    fn field<'a>(&self, name: &str, datatype: &Datatype, entries: impl Iterator<Item = &'a [u8]>) -> Result<Field> {
        let place = || format!("{}, column {name:?}", self.place());
        if let Datatype::String { padding, .. } = datatype {
            let texts = entries.map(|bytes| std::str::from_utf8(trimmed(bytes, padding)).map(str::to_owned));
            return texts
                .collect::<std::result::Result<_, _>>()
                .map(Field::Text)
                .map_err(|e| Error::new(format!("a text is not valid UTF-8: {e}")).at(place()));
        }
        let kind = Kind::of(datatype);
        let number = if let Datatype::Enumeration { base_type, .. } = datatype { base_type } else { datatype };
        let (Datatype::FixedPoint { byte_order, .. } | Datatype::FloatingPoint { byte_order, .. }) = number else {
            return Err(Error::new(format!("a column of {} is not read", kind.name()))
                .at(place())
                .fix("open the file in a current anndata and write it again"));
        };
        let big = *byte_order == DatatypeByteOrder::BigEndian;
        let bytes: Vec<u8> = entries.flatten().copied().collect();
        let dtype = match &kind {
            Kind::Bool => Dtype::Bool,
            Kind::Int { signed: true, bytes: 1 } => Dtype::I8,
            Kind::Int { signed: true, bytes: 2 } => Dtype::I16,
            Kind::Int { signed: true, bytes: 4 } => Dtype::I32,
            Kind::Int { signed: true, bytes: 8 } => Dtype::I64,
            Kind::Int { signed: false, bytes: 1 } => Dtype::U8,
            Kind::Int { signed: false, bytes: 2 } => Dtype::U16,
            Kind::Int { signed: false, bytes: 4 } => Dtype::U32,
            Kind::Float { bytes: 4 } => Dtype::F32,
            Kind::Float { bytes: 8 } => Dtype::F64,
            other => return Err(Error::new(format!("a column of {} is not read", other.name())).at(place())),
        };
        let mut numbers: Vec<f64> = Vec::new();
        if dtype == Dtype::I64 {
            let mut whole = Vec::new();
            i64::decode(&bytes, dtype, big, &mut whole);
            return Ok(Field::Int(whole));
        }
        f64::decode(&bytes, dtype, big, &mut numbers);
        Ok(match kind {
            Kind::Bool => Field::Bool(numbers.into_iter().map(|v| v != 0.0).collect()),
            // Whole numbers of at most 32 bits are exact in f64.
            Kind::Int { .. } => Field::Int(numbers.into_iter().map(|v| v as i64).collect()),
            _ => Field::Float(numbers),
        })
    }
}
