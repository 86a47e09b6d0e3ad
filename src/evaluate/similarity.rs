//! The map itself: every profile against every other by the cosine of their angle.

use ndarray::{Array2, Axis};

use crate::evaluate::unit_rows;
use crate::screen::Profiles;
use crate::{Error, Result};

/// Unit vectors of profiles, from which any part of the matrix of cosines follows without the whole of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityMap {
    /// Names of the profiles.
    pub keys: Vec<String>,
    /// Their unit vectors, `n x d`; zero vectors stay zero.
    pub units: Array2<f64>,
}

/// The similarity map of profiles, however few; a zero vector has cosine 0 with everything, itself included.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::similarity_map;
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B"].map(String::from).to_vec();
/// let map = similarity_map(&Profiles::new(keys, array![[3.0, 4.0], [0.0, 2.0]])?);
/// assert!((map.cosines(&[0, 1])[[0, 1]] - 0.8).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
pub fn similarity_map(profiles: &Profiles) -> SimilarityMap {
    SimilarityMap { keys: profiles.keys().to_vec(), units: unit_rows(profiles.values()) }
}

impl SimilarityMap {
    /// Cosines between these rows, in this order: symmetric, `rows x rows`, 1 on the diagonal and 0 for zero vectors.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn cosines(&self, rows: &[usize]) -> Array2<f64> {
        let units = self.units.select(Axis(0), rows);
        let product = units.dot(&units.t());
        // The product's two halves may differ by rounding.
        Array2::from_shape_fn(product.dim(), |(i, j)| product[[i.min(j), i.max(j)]].clamp(-1.0, 1.0))
    }

    /// The rows of these genes, in the order of the map; genes that it lacks are passed over.
    ///
    /// # Errors
    /// When fewer than two of them are in the map.
    pub fn rows_of<S: AsRef<str>>(&self, genes: &[S]) -> Result<Vec<usize>> {
        let wanted = |row: &usize| genes.iter().any(|gene| gene.as_ref() == self.keys[*row]);
        let rows: Vec<usize> = (0..self.keys.len()).filter(wanted).collect();
        if rows.len() < 2 {
            return Err(Error::new(format!("{} of {} genes are in the map", rows.len(), genes.len()))
                .at("similarity map")
                .fix("name genes as the profiles do"));
        }
        Ok(rows)
    }
}
