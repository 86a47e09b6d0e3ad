//! Which columns of a table are the dimensions of an embedding, or features, and which are labels.
//!
//! Tools write them in a few ways: columns named `0`, `1`, `2`, ...; columns that share a prefix such as `feature_0`, or a
//! suffix; CellProfiler's `Cells_...`, `Cytoplasm_...`, `Nuclei_...` beside labels `Metadata_...`; all columns of decimal
//! numbers; or columns of arbitrary names. What is not a dimension is a label, unless labels are chosen.

use polars::prelude::DataType;

use super::glob::fits;
use crate::io::parquet::{count, name_some};
use crate::{Error, Result};

/// The compartments whose measurements CellProfiler puts into one table.
const COMPARTMENTS: [&str; 3] = ["Cells_", "Cytoplasm_", "Nuclei_"];
/// Bookkeeping among CellProfiler's measurements.
const BOOKKEEPING: [&str; 3] = ["*_Number_Object_Number", "*_Parent_*", "*_Children_*"];
/// Prefixes that tools give to the dimensions of an embedding, with a number behind.
const PREFIXES: [&str; 9] = ["feature_", "feat_", "emb_", "embedding_", "dim_", "latent_", "PC_", "PC", "z_"];
/// Decimal numbers that say where a cell is and not what it is like.
const PLACES: [&str; 10] = ["x", "y", "z", "x_*", "y_*", "cell_i", "cell_j", "i_0", "j_0", "*_bounds_*"];

/// How to find the dimensions and labels among the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    dims: Dims,
    except: Vec<String>,
    labels: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Dims {
    Numbered,
    Prefix(String),
    Suffix(String),
    Matching(Vec<String>),
    Named(Vec<String>),
    Floats,
    Numbers,
    CellProfiler,
}

/// What a column holds, as far as the choice of dimensions needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Decimal numbers.
    Float,
    /// Whole numbers.
    Integer,
    /// Text, truth values, dates, lists.
    Other,
}

impl ColumnKind {
    /// The kind of a column of this type.
    pub fn of(dtype: &DataType) -> Self {
        match dtype {
            dtype if dtype.is_float() => Self::Float,
            dtype if dtype.is_integer() => Self::Integer,
            _ => Self::Other,
        }
    }
}

impl ColumnChoice {
    fn of(dims: Dims) -> Self {
        Self { dims, except: Vec::new(), labels: None }
    }

    /// The dimensions are the columns whose name is a number, in the order of the numbers.
    pub fn numbered() -> Self {
        Self::of(Dims::Numbered)
    }

    /// The dimensions are the columns whose name starts with `prefix`; by the number that follows when all have one,
    /// else in file order.
    pub fn prefix(prefix: &str) -> Self {
        Self::of(Dims::Prefix(prefix.to_owned()))
    }

    /// The dimensions are the columns whose name ends with `suffix`, in file order.
    pub fn suffix(suffix: &str) -> Self {
        Self::of(Dims::Suffix(suffix.to_owned()))
    }

    /// The dimensions are the columns whose name fits one of these patterns, in file order: `*` stands for any run of
    /// characters, `?` for one.
    pub fn matching<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self::of(Dims::Matching(patterns.into_iter().map(Into::into).collect()))
    }

    /// The dimensions are exactly these columns, in this order.
    pub fn named<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self::of(Dims::Named(columns.into_iter().map(Into::into).collect()))
    }

    /// The dimensions are all columns of decimal numbers, in file order; whole numbers usually count or name something.
    pub fn floats() -> Self {
        Self::of(Dims::Floats)
    }

    /// The dimensions are all columns of numbers, decimal or whole, in file order.
    pub fn numbers() -> Self {
        Self::of(Dims::Numbers)
    }

    /// The dimensions are CellProfiler's measurements: columns of numbers whose name starts with `Cells_`, `Cytoplasm_`
    /// or `Nuclei_`, without the numbers of objects and of their parents.
    pub fn cell_profiler() -> Self {
        Self::of(Dims::CellProfiler)
    }

    /// What a table most likely means by its names and types; `None` when no column looks like a dimension.
    ///
    /// ```
    /// use perturbook::screen::{ColumnChoice, ColumnKind};
    ///
    /// let columns = [("Metadata_Well", ColumnKind::Other), ("Cells_AreaShape_Area", ColumnKind::Float)];
    /// assert_eq!(ColumnChoice::guess(&columns), Some(ColumnChoice::cell_profiler()));
    /// assert_eq!(ColumnChoice::guess(&[("gene", ColumnKind::Other)]), None);
    /// ```
    pub fn guess<S: AsRef<str>>(columns: &[(S, ColumnKind)]) -> Option<Self> {
        let is_text = |name: &String| columns.iter().any(|(c, kind)| c.as_ref() == name && *kind == ColumnKind::Other);
        let several = |choice: &Self, least: usize| {
            choice.split_typed(columns).is_ok_and(|(dims, _)| dims.len() >= least && !dims.iter().any(is_text))
        };
        let of_prefix = |prefix: &str| {
            let names = columns.iter().filter_map(|(name, _)| name.as_ref().strip_prefix(prefix));
            names.filter(|rest| rest.parse::<u64>().is_ok()).count() >= 2
        };
        let prefix = PREFIXES.iter().find(|prefix| of_prefix(prefix)).map(|prefix| Self::prefix(prefix));
        let candidates =
            [Some(Self::cell_profiler()), Some(Self::numbered()), prefix, Some(Self::floats().except(PLACES))];
        let least = [1, 2, 2, 1];
        candidates.into_iter().zip(least).find_map(|(choice, n)| choice.filter(|c| several(c, n)))
    }

    /// Takes no column whose name fits one of these patterns for a dimension; it becomes a label.
    #[must_use]
    pub fn except<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.except.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Keeps only these label columns.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Splits `columns` into dimensions and labels by their names alone.
    ///
    /// ```
    /// use perturbook::screen::ColumnChoice;
    ///
    /// let columns = ["gene", "10", "9", "well"];
    /// let (dims, labels) = ColumnChoice::numbered().split(&columns)?;
    /// assert_eq!(dims, ["9", "10"]);
    /// assert_eq!(labels, ["gene", "well"]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no column is a dimension, columns that were asked for are missing (all of them are listed), or the choice
    /// is by type.
    pub fn split<S: AsRef<str>>(&self, columns: &[S]) -> Result<(Vec<String>, Vec<String>)> {
        if matches!(self.dims, Dims::Floats | Dims::Numbers | Dims::CellProfiler) {
            return Err(Error::new("this choice of columns needs their types").fix("use ColumnChoice::split_typed"));
        }
        let typed: Vec<(&str, ColumnKind)> = columns.iter().map(|name| (name.as_ref(), ColumnKind::Float)).collect();
        self.split_typed(&typed)
    }

    /// Splits columns into dimensions and labels by their names and types.
    ///
    /// ```
    /// use perturbook::screen::{ColumnChoice, ColumnKind::{Float, Integer, Other}};
    ///
    /// let columns = [("gene", Other), ("tile", Integer), ("area", Float), ("x", Float), ("mean", Float)];
    /// let (dims, labels) = ColumnChoice::floats().except(["x"]).split_typed(&columns)?;
    /// assert_eq!(dims, ["area", "mean"]);
    /// assert_eq!(labels, ["gene", "tile", "x"]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no column is a dimension, or columns that were asked for are missing (all of them are listed).
    pub fn split_typed<S: AsRef<str>>(&self, columns: &[(S, ColumnKind)]) -> Result<(Vec<String>, Vec<String>)> {
        let all: Vec<&str> = columns.iter().map(|(name, _)| name.as_ref()).collect();
        let of = |wanted: &dyn Fn(&str, ColumnKind) -> bool| -> Vec<String> {
            let chosen = columns.iter().filter(|(name, kind)| wanted(name.as_ref(), *kind));
            chosen.map(|(name, _)| name.as_ref().to_owned()).collect()
        };
        let is_number = |kind: ColumnKind| kind != ColumnKind::Other;
        let mut dims: Vec<String> = match &self.dims {
            Dims::Numbered => numbered(&all, ""),
            Dims::Prefix(prefix) => numbered(&all, prefix),
            Dims::Suffix(suffix) => of(&|name, _| name.ends_with(suffix)),
            Dims::Matching(patterns) => of(&|name, _| patterns.iter().any(|pattern| fits(pattern, name))),
            Dims::Named(names) => names.clone(),
            Dims::Floats => of(&|_, kind| kind == ColumnKind::Float),
            Dims::Numbers => of(&|_, kind| is_number(kind)),
            Dims::CellProfiler => of(&|name, kind| {
                is_number(kind)
                    && COMPARTMENTS.iter().any(|compartment| name.starts_with(compartment))
                    && !BOOKKEEPING.iter().any(|pattern| fits(pattern, name))
            }),
        };
        dims.retain(|name| !self.except.iter().any(|pattern| fits(pattern, name)));
        let there = format!("the columns there are: {}", name_some(&all));
        if dims.is_empty() {
            let what = match &self.dims {
                Dims::Numbered => "no column is named by a number".to_owned(),
                Dims::Prefix(prefix) => format!("no column starts with {prefix:?}"),
                Dims::Suffix(suffix) => format!("no column ends with {suffix:?}"),
                Dims::Matching(patterns) => format!("no column fits {}", name_some(patterns)),
                Dims::Named(_) => "no dimension was named".to_owned(),
                Dims::Floats => "no column holds decimal numbers".to_owned(),
                Dims::Numbers => "no column holds numbers".to_owned(),
                Dims::CellProfiler => "no column of numbers starts with Cells_, Cytoplasm_ or Nuclei_".to_owned(),
            };
            return Err(
                Error::new(what).fix(format!("choose with ColumnChoice::prefix or ColumnChoice::named; {there}"))
            );
        }
        let labels: Vec<String> = match &self.labels {
            Some(labels) => labels.clone(),
            None => all.iter().filter(|&c| !dims.iter().any(|d| d == c)).map(|&c| c.to_owned()).collect(),
        };
        let missing: Vec<&str> =
            dims.iter().chain(&labels).map(String::as_str).filter(|name| !all.contains(name)).collect();
        if !missing.is_empty() {
            return Err(
                Error::new(format!("{} missing: {}", count(missing.len(), "column"), name_some(&missing))).fix(there)
            );
        }
        if let Some(both) = labels.iter().find(|label| dims.contains(label)) {
            return Err(Error::new(format!("the column {both:?} is chosen as a dimension and as a label"))
                .fix("take it out of one of the two lists"));
        }
        Ok((dims, labels))
    }
}

impl Default for ColumnChoice {
    fn default() -> Self {
        Self::numbered()
    }
}

/// The columns that are `prefix` and something more, ordered by number. With an empty prefix the rest must be a number.
fn numbered(columns: &[&str], prefix: &str) -> Vec<String> {
    let matching = columns.iter().filter_map(|&c| c.strip_prefix(prefix).map(|rest| (rest.parse::<u64>().ok(), c)));
    let mut found: Vec<(Option<u64>, &str)> = matching.filter(|(n, _)| !prefix.is_empty() || n.is_some()).collect();
    if found.iter().all(|(n, _)| n.is_some()) {
        found.sort_by_key(|&(n, _)| n);
    }
    found.into_iter().map(|(_, c)| c.to_owned()).collect()
}
