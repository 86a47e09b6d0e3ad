//! Whether two maps say the same of genes: rank correlation of the cosines of all pairs.

use super::{CosinePairs, spearman};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Spearman correlation of the cosines of all pairs of genes in two maps of the same genes; 1 where the order of all pairs
/// is the same. A zero vector has cosine 0 with everything.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::map_agreement;
/// use perturbook::screen::Profiles;
///
/// let genes = || ["A", "B", "C"].map(String::from).to_vec();
/// let one = Profiles::new(genes(), array![[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])?;
/// let other = Profiles::new(genes(), array![[3.0, 0.0], [1.0, 0.1], [-0.1, 1.0]])?;
/// assert!((map_agreement(&one, &other)? - 1.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the maps are not of the same genes in the same order, have fewer than three of them, or all pairs of one map are
/// equally similar.
pub fn map_agreement(map: &Profiles, other: &Profiles) -> Result<f64> {
    if map.keys() != other.keys() {
        return Err(Error::new(format!("the maps have {} and {} genes, or in another order", map.len(), other.len()))
            .fix("compare maps of the same genes in the same order"));
    }
    let pairs = |map: &Profiles| CosinePairs::new(map.values());
    match spearman(pairs(map).values(), pairs(other).values())? {
        Some((rho, _)) => Ok(rho),
        None => Err(Error::new(format!("the similarities of {} genes have no order to compare", map.len()))
            .fix("use maps of three genes or more, whose pairs differ")),
    }
}
