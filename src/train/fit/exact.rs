//! Floats in JSON by their bits: a number written in decimals may come back one bit off.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Ended, History, Phase, Row};

/// A float as its bits.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Bits(u64);

impl From<f64> for Bits {
    fn from(value: f64) -> Self {
        Self(value.to_bits())
    }
}

impl From<Bits> for f64 {
    fn from(bits: Bits) -> Self {
        Self::from_bits(bits.0)
    }
}

/// For one number that may be missing.
pub(super) mod option {
    use super::*;

    pub(in crate::train::fit) fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(Bits::from).serialize(to)
    }

    pub(in crate::train::fit) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Bits>::deserialize(from)?.map(f64::from))
    }
}

/// For numbers with names.
pub(super) mod named {
    use super::*;

    pub(in crate::train::fit) fn serialize<S: Serializer>(all: &[(String, f64)], to: S) -> Result<S::Ok, S::Error> {
        bits(all).serialize(to)
    }

    pub(in crate::train::fit) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(String, f64)>, D::Error> {
        Ok(floats(Vec::deserialize(from)?))
    }
}

/// For a history.
pub(super) mod history {
    use super::*;

    /// Step, phase, epoch, seconds and terms.
    type StoredRow = (u64, Phase, Bits, Bits, Vec<(String, Bits)>);

    #[derive(Serialize, Deserialize)]
    struct Stored {
        ended: Option<Ended>,
        rows: Vec<StoredRow>,
    }

    pub(in crate::train::fit) fn serialize<S: Serializer>(history: &History, to: S) -> Result<S::Ok, S::Error> {
        let row = |row: &Row| (row.step, row.phase, row.epoch.into(), row.seconds.into(), bits(&row.terms));
        Stored { ended: history.ended, rows: history.rows.iter().map(row).collect() }.serialize(to)
    }

    pub(in crate::train::fit) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<History, D::Error> {
        let Stored { ended, rows } = Stored::deserialize(from)?;
        let row = |(step, phase, epoch, seconds, terms): StoredRow| Row {
            step,
            epoch: epoch.into(),
            seconds: seconds.into(),
            phase,
            terms: floats(terms),
        };
        Ok(History { rows: rows.into_iter().map(row).collect(), ended })
    }
}

fn bits(all: &[(String, f64)]) -> Vec<(String, Bits)> {
    all.iter().map(|(name, value)| (name.clone(), Bits::from(*value))).collect()
}

fn floats(all: Vec<(String, Bits)>) -> Vec<(String, f64)> {
    all.into_iter().map(|(name, value)| (name, value.into())).collect()
}
