//! What an array holds, in the few words that matter here.

use hdf5_pure::{Datatype, FixedPointLayout};

/// The kind of an array's entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An enumeration of FALSE and TRUE, as h5py writes `bool`.
    Bool,
    Int {
        signed: bool,
        bytes: u32,
    },
    Float {
        bytes: u32,
    },
    Text {
        /// Bytes of every entry, or `None` where each has its own length.
        fixed: Option<u32>,
    },
    /// Records of several fields.
    Record,
    Other(String),
}

impl Kind {
    pub(crate) fn of(datatype: &Datatype) -> Self {
        match datatype {
            Datatype::FixedPoint { size, layout: FixedPointLayout { signed, .. }, .. } => {
                Self::Int { signed: *signed, bytes: *size }
            }
            Datatype::FloatingPoint { size, .. } => Self::Float { bytes: *size },
            Datatype::Enumeration { base_type, members, .. } => {
                let mut names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
                names.sort_unstable();
                if names == ["FALSE", "TRUE"] { Self::Bool } else { Self::of(base_type) }
            }
            Datatype::String { size, .. } => Self::Text { fixed: Some(*size) },
            Datatype::VariableLength { is_string: true, .. } => Self::Text { fixed: None },
            Datatype::Compound { .. } => Self::Record,
            other => Self::Other(other.to_string()),
        }
    }

    /// Whether the entries are numbers or truth values.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Bool | Self::Int { .. } | Self::Float { .. })
    }

    /// A short name, such as `u16` or `text`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::Int { signed, bytes } => format!("{}{}", if *signed { 'i' } else { 'u' }, u64::from(*bytes) * 8),
            Self::Float { bytes } => format!("f{}", u64::from(*bytes) * 8),
            Self::Text { .. } => "text".to_owned(),
            Self::Record => "records".to_owned(),
            Self::Other(name) => name.clone(),
        }
    }
}
