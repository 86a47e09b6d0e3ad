//! The values of one column of a table, whatever encoding they had.

use crate::io::hdf5::FIX;
use crate::{Error, Result};

/// The values of one column. Whole numbers of 8 and 16 bits arrive as 32 bits; a missing float is NaN.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    Text(Vec<Option<String>>),
    Bool(Vec<Option<bool>>),
    I32(Vec<Option<i32>>),
    I64(Vec<Option<i64>>),
    U32(Vec<Option<u32>>),
    U64(Vec<Option<u64>>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Applies the same expression to whichever vector a column holds.
macro_rules! map_values {
    ($values:expr, optional $v:ident => $optional:expr, float $w:ident => $float:expr) => {
        match $values {
            Values::Text($v) => Values::Text($optional),
            Values::Bool($v) => Values::Bool($optional),
            Values::I32($v) => Values::I32($optional),
            Values::I64($v) => Values::I64($optional),
            Values::U32($v) => Values::U32($optional),
            Values::U64($v) => Values::U64($optional),
            Values::F32($w) => Values::F32($float),
            Values::F64($w) => Values::F64($float),
        }
    };
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// The values as text, for an index; missing ones are empty.
    pub(super) fn into_texts(self) -> Vec<String> {
        fn all<T: ToString>(values: Vec<Option<T>>) -> Vec<String> {
            values.into_iter().map(|v| v.map(|v| v.to_string()).unwrap_or_default()).collect()
        }
        match self {
            Self::Text(v) => v.into_iter().map(Option::unwrap_or_default).collect(),
            Self::Bool(v) => all(v),
            Self::I32(v) => all(v),
            Self::I64(v) => all(v),
            Self::U32(v) => all(v),
            Self::U64(v) => all(v),
            Self::F32(v) => v.iter().map(ToString::to_string).collect(),
            Self::F64(v) => v.iter().map(ToString::to_string).collect(),
        }
    }

    /// The value of every code; -1 is missing.
    pub(super) fn at(&self, codes: &[i64], place: &str) -> Result<Self> {
        let n = self.len() as i64;
        if let Some(row) = codes.iter().position(|&code| code < -1 || code >= n) {
            return Err(Error::new(format!("the code {} points beyond the {n} categories", codes[row]))
                .at(format!("{place}, row {row}"))
                .fix(FIX));
        }
        Ok(map_values!(self,
            optional v => codes.iter().map(|&code| usize::try_from(code).ok().and_then(|c| v.get(c).cloned().flatten())).collect(),
            float w => codes.iter().map(|&code| usize::try_from(code).map_or(f64::NAN as _, |c| w[c])).collect()
        ))
    }

    /// The same with the masked values missing.
    pub(super) fn masked(self, mask: &[bool]) -> Self {
        map_values!(self,
            optional v => v.into_iter().zip(mask).map(|(value, &gone)| value.filter(|_| !gone)).collect(),
            float w => w.into_iter().zip(mask).map(|(value, &gone)| if gone { f64::NAN as _ } else { value }).collect()
        )
    }
}
