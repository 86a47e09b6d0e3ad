//! Names of chromosomes and chromosome arms, and their order.
//!
//! A chromosome is known by an index: 1 to 22 for the autosomes, 24 for X, 25 for Y (23 is unused, as in the proxbias
//! package, so that tables made with it sort alike). An arm is a chromosome and a [`Side`]: `chr1p` comes before
//! `chr1q`, which comes before `chr2p`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A human chromosome of the primary assembly: 1 to 22, X or Y.
///
/// ```
/// use perturbook::genome::Chromosome;
///
/// let x: Chromosome = "chrX".parse()?;
/// assert_eq!(x.index(), 24);
/// assert!("chr9".parse::<Chromosome>()? < "chr10".parse::<Chromosome>()?);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Chromosome(u8);

impl Chromosome {
    /// The chromosome of an index: 1 to 22, 24 (X), 25 (Y).
    ///
    /// # Errors
    /// For any other number.
    pub fn from_index(index: u8) -> Result<Self> {
        match index {
            1..=22 | 24 | 25 => Ok(Self(index)),
            _ => Err(Error::new(format!("no chromosome has index {index}"))
                .fix("use 1 to 22 for the autosomes, 24 for X and 25 for Y")),
        }
    }

    /// 1 to 22 for the autosomes, 24 for X, 25 for Y.
    pub fn index(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Chromosome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            24 => f.pad("chrX"),
            25 => f.pad("chrY"),
            autosome => f.pad(&format!("chr{autosome}")),
        }
    }
}

impl FromStr for Chromosome {
    type Err = Error;

    /// Reads `chr7`, `7`, `chrX` or `X`.
    fn from_str(text: &str) -> Result<Self> {
        let bare = text.strip_prefix("chr").unwrap_or(text);
        let index = match bare {
            "X" => Some(24),
            "Y" => Some(25),
            _ => bare.parse().ok().filter(|i| (1..=22).contains(i)),
        };
        index.map(Self).ok_or_else(|| {
            Error::new(format!("{text:?} is no chromosome of the primary assembly"))
                .fix("use chr1 to chr22, chrX or chrY, with or without `chr`")
        })
    }
}

/// The two sides of a centromere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The short arm, at low coordinates.
    P,
    /// The long arm.
    Q,
}

/// A chromosome arm.
///
/// ```
/// use perturbook::genome::{Arm, Side};
///
/// let arm: Arm = "chr17q".parse()?;
/// assert_eq!((arm.chromosome.index(), arm.side), (17, Side::Q));
/// assert_eq!(arm.to_string(), "chr17q");
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arm {
    /// The chromosome.
    pub chromosome: Chromosome,
    /// Its side.
    pub side: Side,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::P => 'p',
            Side::Q => 'q',
        };
        f.pad(&format!("{}{side}", self.chromosome))
    }
}

impl FromStr for Arm {
    type Err = Error;

    /// Reads `chr17q` or `17q`.
    fn from_str(text: &str) -> Result<Self> {
        let (chromosome, side) = match text.as_bytes().last() {
            Some(b'p') => (&text[..text.len() - 1], Side::P),
            Some(b'q') => (&text[..text.len() - 1], Side::Q),
            _ => {
                return Err(Error::new(format!("{text:?} is no chromosome arm"))
                    .fix("write the chromosome followed by p or q, such as chr17q"));
            }
        };
        Ok(Self { chromosome: chromosome.parse()?, side })
    }
}

/// Both types travel through serde as their names.
macro_rules! serde_by_name {
    ($type:ty) => {
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }
    };
}
serde_by_name!(Chromosome);
serde_by_name!(Arm);
