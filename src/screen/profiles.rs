//! One vector per perturbation: the rows that every metric compares.
//!
//! Shape `n x d`, `f64`; row `i` belongs to `keys()[i]` (a gene symbol, a complex, a guide). Columns may be
//! grouped into named blocks, such as the `salient` and `background` halves of a contrastive embedding.

use std::collections::HashMap;
use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::blocks::Blocks;
use crate::{Error, Result};

/// Named vectors of equal length, without missing values and without repeated names.
///
/// ```
/// use ndarray::array;
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(vec!["A".into(), "B".into()], array![[1.0, 2.0], [3.0, 6.0]])?;
/// assert_eq!(p.standardised().values()[[1, 1]], 1.0); // (6 - mean 4) / population sd 2
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Profiles {
    keys: Vec<String>,
    values: Array2<f64>,
    blocks: Blocks,
}

impl Profiles {
    /// Checks and keeps `values` (`n x d`), row `i` named `keys[i]`.
    ///
    /// # Errors
    /// When the lengths differ, a key occurs twice, or a value is NaN or infinite (the first ones are named).
    pub fn new(keys: Vec<String>, values: Array2<f64>) -> Result<Self> {
        if keys.len() != values.nrows() {
            return Err(Error::new(format!("{} names for {} rows", keys.len(), values.nrows()))
                .at("profiles")
                .fix("give one name for each row of the matrix"));
        }
        let mut seen = HashMap::with_capacity(keys.len());
        for (row, key) in keys.iter().enumerate() {
            if let Some(first) = seen.insert(key.as_str(), row) {
                return Err(Error::new(format!("the name {key:?} stands for two rows"))
                    .at(format!("rows {first} and {row}"))
                    .fix("average the replicates first (Embedding::profiles), or rename one of them"));
            }
        }
        if let Some(((row, column), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let bad = values.axis_iter(Axis(0)).filter(|r| r.iter().any(|v| !v.is_finite())).count();
            return Err(Error::new(format!("the profiles hold {value} ({bad} rows are affected)"))
                .at(format!("row {row} ({:?}), column {column}", keys[row]))
                .fix("drop or impute these rows before building profiles"));
        }
        Ok(Self { keys, values, blocks: Blocks::default() })
    }

    /// Names the columns `range` so that [`Profiles::block`] finds them.
    ///
    /// # Errors
    /// When the range is empty or reaches beyond the columns, or the name is taken.
    pub fn with_block(mut self, name: &str, range: Range<usize>) -> Result<Self> {
        let dims = self.dims();
        self.blocks.add(name, range, dims)?;
        Ok(self)
    }

    /// The same profiles with the blocks of what they were made from, which has as many columns.
    pub(super) fn with_blocks(mut self, blocks: Blocks) -> Self {
        self.blocks = blocks;
        self
    }

    /// The columns of the named block as profiles of their own.
    ///
    /// # Errors
    /// When there is no such block; the names there are stand in the message.
    pub fn block(&self, name: &str) -> Result<Self> {
        let range = self.blocks.range(name)?;
        let values = self.values.slice(s![.., range]).to_owned();
        Ok(Self { keys: self.keys.clone(), values, blocks: Blocks::default() })
    }

    /// The names of the column blocks, in the order they were added.
    pub fn block_names(&self) -> Vec<&str> {
        self.blocks.names()
    }

    /// The name of the first block that the column `dimension` belongs to.
    pub fn block_of(&self, dimension: usize) -> Option<&str> {
        self.blocks.of(dimension)
    }

    /// Row names, in row order.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The matrix, `n x d`.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// Number of rows, `n`.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Number of columns, `d`.
    pub fn dims(&self) -> usize {
        self.values.ncols()
    }

    /// Row of each name.
    pub fn index(&self) -> HashMap<&str, usize> {
        self.keys.iter().enumerate().map(|(row, key)| (key.as_str(), row)).collect()
    }

    /// The vector of one perturbation.
    ///
    /// # Errors
    /// When no row has this name.
    pub fn row(&self, key: &str) -> Result<ArrayView1<'_, f64>> {
        let row = self.keys.iter().position(|known| known == key).ok_or_else(|| {
            Error::new(format!("no profile is named {key:?}")).fix("look at keys() for the names there are")
        })?;
        Ok(self.values.row(row))
    }

    /// The given rows, in the given order; blocks are kept.
    ///
    /// # Panics
    /// When a row number is not below [`Profiles::len`].
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            keys: rows.iter().map(|&row| self.keys[row].clone()).collect(),
            values: self.values.select(Axis(0), rows),
            blocks: self.blocks.clone(),
        }
    }

    /// The rows whose name is not in `keys`, for instance without the non-targeting control.
    #[must_use]
    pub fn without<K: AsRef<str>>(&self, keys: &[K]) -> Self {
        let named = |row: &usize| keys.iter().any(|key| key.as_ref() == self.keys[*row]);
        let rows: Vec<usize> = (0..self.len()).filter(|row| !named(row)).collect();
        self.select(&rows)
    }

    /// The same vectors under shuffled names: a map that knows nothing, for what a metric gives by chance.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::screen::Profiles;
    ///
    /// let p = Profiles::new(["A", "B", "C"].map(String::from).into(), array![[1.0], [2.0], [3.0]])?;
    /// let shuffled = p.shuffled(1);
    /// assert_eq!(shuffled.values(), p.values());
    /// assert_ne!(shuffled.keys(), p.keys());
    /// assert_eq!(shuffled.keys(), p.shuffled(1).keys()); // one seed, one result
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut shuffled = self.clone();
        shuffled.keys.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        shuffled
    }

    /// The same names and blocks over other values of the same shape: what a correction returns.
    ///
    /// # Errors
    /// When the shape differs or a value is not finite.
    pub fn with_values(&self, values: Array2<f64>) -> Result<Self> {
        if values.dim() != self.values.dim() {
            return Err(Error::new(format!(
                "values of shape {:?} cannot replace {:?}",
                values.dim(),
                self.values.dim()
            )));
        }
        Ok(Self { blocks: self.blocks.clone(), ..Self::new(self.keys.clone(), values)? })
    }

    /// Every column minus its mean, divided by its population standard deviation (ddof 0; a zero is replaced by 1).
    #[must_use]
    pub fn standardised(&self) -> Self {
        let n = self.len().max(1) as f64;
        let mean: Array1<f64> = self.values.sum_axis(Axis(0)) / n;
        let centred = &self.values - &mean;
        let sd = (&centred * &centred)
            .sum_axis(Axis(0))
            .mapv(|sum| (sum / n).sqrt())
            .mapv(|sd| if sd == 0.0 { 1.0 } else { sd });
        Self { keys: self.keys.clone(), values: centred / &sd, blocks: self.blocks.clone() }
    }
}
