//! Feature vectors of cells: `cells x features`, `f32`, every feature with a name.

use std::collections::HashSet;

use ndarray::{Array2, ArrayView2};

use crate::io::parquet::count;
use crate::{Error, Result};

/// Named features of cells.
///
/// ```
/// use ndarray::array;
/// use perturbook::screen::Features;
///
/// let features = Features::new(array![[1.0, 2.0], [3.0, 4.0]], vec!["area".into(), "mean".into()])?;
/// assert_eq!(features.values()[[1, 0]], 3.0);
/// assert!(Features::new(array![[1.0, 2.0]], vec!["area".into(), "area".into()]).is_err());
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Features {
    values: Array2<f32>,
    names: Vec<String>,
}

impl Features {
    /// Keeps `values` (`cells x features`) under the names of the features.
    ///
    /// # Errors
    /// When there are more or fewer names than columns, no column, or a name occurs twice.
    pub fn new(values: Array2<f32>, names: Vec<String>) -> Result<Self> {
        if names.len() != values.ncols() {
            return Err(Error::new(format!("{} for {}", count(names.len(), "name"), count(values.ncols(), "feature")))
                .at("features")
                .fix("name every column once"));
        }
        if names.is_empty() {
            return Err(Error::new("there is no feature").at("features").fix("give at least one column"));
        }
        let mut seen = HashSet::with_capacity(names.len());
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(Error::new(format!("two features are called {twice:?}")).at("features").fix("rename one"));
        }
        Ok(Self { values, names })
    }

    /// Features named `0`, `1`, `2`, ...
    ///
    /// # Errors
    /// When there is no column.
    pub fn numbered(values: Array2<f32>) -> Result<Self> {
        let names = (0..values.ncols()).map(|d| d.to_string()).collect();
        Self::new(values, names)
    }

    /// The values, `cells x features`.
    pub fn values(&self) -> ArrayView2<'_, f32> {
        self.values.view()
    }

    /// The names of the features.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows with a value that is NaN or infinite.
    pub(crate) fn unusable_rows(&self) -> Vec<usize> {
        let rows = self.values.rows().into_iter().enumerate();
        rows.filter(|(_, row)| row.iter().any(|v| !v.is_finite())).map(|(row, _)| row).collect()
    }
}
