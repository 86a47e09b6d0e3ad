//! The nearest neighbours of every point.
//!
//! | search | result | time for `n` points in `d` dimensions |
//! |---|---|---|
//! | [`Search::Exact`] | that of all distances in double precision | `n^2 d` operations |
//! | [`Search::Approximate`] | most of it; how much was measured stands in [`Neighbours::found`] | grows like `n log n` |
//! | [`Search::Auto`] | exact up to 50,000 points, approximate above | |
//!
//! One value serves maps and metrics: compute neighbours once, with the largest `k` that is needed, and hand them to
//! [`umap_of`](super::umap_of) and [`map_quality_of`](super::map_quality_of), which take the first of them.

mod approximate;
mod coordinates;
mod descent;
mod exact;
mod forest;
mod lists;
mod nearest;
mod scaled;
mod tile;

use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};

use super::Metric;
use super::points::{Points, require_finite};
use crate::{Error, Result};

/// Above this many points [`Search::Auto`] is approximate.
const LARGE: usize = 50_000;

/// How neighbours are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// Exactly up to 50,000 points, approximately above.
    #[default]
    Auto,
    /// By all distances.
    Exact,
    /// By random trees and the neighbours of neighbours.
    Approximate,
}

/// How neighbours were found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// By all distances.
    Exact,
    /// By an approximate search.
    Approximate {
        /// Share of the true neighbours among those found, measured on `checked` points; a point as near as the
        /// farthest true neighbour counts as one.
        recall: f64,
        /// Points whose neighbours were also looked for exactly.
        checked: usize,
        /// Rounds of the search.
        rounds: usize,
    },
}

/// The `k` nearest other points of each of `n` points.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// Rows of the neighbours, nearest first, `n x k`; equal distances in the order of the rows.
    pub rows: Array2<u32>,
    /// Their distances, `n x k`.
    pub distances: Array2<f64>,
    /// The distance that was used.
    pub metric: Metric,
    /// How they were found.
    pub found: Found,
}

impl Neighbours {
    /// Number of points, `n`.
    pub fn len(&self) -> usize {
        self.rows.nrows()
    }

    /// True when there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Neighbours of each point, `k`.
    pub fn k(&self) -> usize {
        self.rows.ncols()
    }

    /// The first `k` neighbours of each point, as a search for `k` would have found them.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::reduce::{Metric, neighbours};
    ///
    /// let points = array![[0.0], [1.0], [5.0]];
    /// let two = neighbours(&points, 2, Metric::Euclidean)?;
    /// assert_eq!(two.first(1)?, neighbours(&points, 1, Metric::Euclidean)?);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `k` is 0 or there are fewer.
    pub fn first(&self, k: usize) -> Result<Self> {
        if k == 0 || k > self.k() {
            return Err(Error::new(format!("the first {k} of {} neighbours", self.k()))
                .at("neighbours")
                .fix(format!("ask for 1 to {}, or search for more", self.k())));
        }
        let (rows, distances) = (self.rows.slice(s![.., ..k]).to_owned(), self.distances.slice(s![.., ..k]).to_owned());
        Ok(Self { rows, distances, ..*self })
    }

    /// Share of each point's neighbours that are also among those of `other`, mean over the points; of the first `k`
    /// where one has more than the other.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::reduce::{Metric, neighbours};
    ///
    /// let line = neighbours(&array![[0.0], [1.0], [5.0]], 1, Metric::Euclidean)?;
    /// let other = neighbours(&array![[0.0], [1.0], [1.5]], 1, Metric::Euclidean)?;
    /// assert_eq!(line.overlap(&other)?, 2.0 / 3.0); // 1's nearest is 0, then 2
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When they are of different numbers of points, or of none.
    pub fn overlap(&self, other: &Self) -> Result<f64> {
        let k = self.k().min(other.k());
        if self.len() != other.len() || self.is_empty() || k == 0 {
            let what = format!("neighbours of {} points compared with those of {}", self.len(), other.len());
            return Err(Error::new(what).at("overlap").fix("compute both for the same points"));
        }
        let shared = |(mine, theirs): (ndarray::ArrayView1<'_, u32>, ndarray::ArrayView1<'_, u32>)| {
            let theirs = theirs.slice(s![..k]);
            mine.iter().take(k).filter(|row| theirs.iter().any(|other| other == *row)).count()
        };
        let shared: usize = self.rows.rows().into_iter().zip(other.rows.rows()).map(shared).sum();
        Ok(shared as f64 / (self.len() * k) as f64)
    }

    /// Refuses values that were put together wrongly, whose rows could not be followed, and those of no point.
    pub(crate) fn check(&self) -> Result<()> {
        let n = self.len();
        if n == 0 || self.k() == 0 {
            return Err(Error::new(format!("{} neighbours of {n} points", self.k()))
                .at("neighbours")
                .fix("compute at least one neighbour of each point"));
        }
        let wrong = self.rows.indexed_iter().find(|((i, _), j)| **j as usize >= n || **j as usize == *i);
        if let Some(((i, _), j)) = wrong {
            return Err(Error::new(format!("row {j} is no neighbour of row {i} among {n} points")).at("neighbours"));
        }
        if self.distances.dim() != self.rows.dim() || self.distances.iter().any(|d| d.is_nan() || *d < 0.0) {
            return Err(Error::new("neighbours need one distance each, 0 or more").at("neighbours"));
        }
        Ok(())
    }
}

/// The nearest of some reference points to each of other points, such as new cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// Rows of the reference points, nearest first, `m x k`; equal distances in the order of the rows.
    pub rows: Array2<u32>,
    /// Their distances, `m x k`.
    pub distances: Array2<f64>,
    /// The distance that was used.
    pub metric: Metric,
}

/// The `k` nearest other points of every point, exact; a point is not its own neighbour, its duplicates are.
///
/// Under the cosine distance a zero vector is at distance 1 from every point: its neighbours are the first rows. Points that
/// are all equal have the first other rows for neighbours, at distance 0 (and as they are all candidates, in more time).
///
/// ```
/// use ndarray::array;
/// use perturbook::reduce::{Metric, neighbours};
///
/// let near = neighbours(&array![[0.0], [1.0], [5.0]], 1, Metric::Euclidean)?;
/// assert_eq!(near.rows, array![[1], [0], [1]]);
/// assert_eq!(near.distances, array![[1.0], [1.0], [4.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not more than `k` points, `k` is 0, the points have no dimension, a value is not finite, or the work was
/// stopped.
pub fn neighbours(points: &dyn Points, k: usize, metric: Metric) -> Result<Neighbours> {
    require(points, k)?;
    let (rows, distances) = exact::of_each_other(points, k, metric)?;
    Ok(Neighbours { rows, distances, metric, found: Found::Exact })
}

/// The `k` nearest other points of every point, by the search of your choice; an approximate one starts from `seed`.
///
/// One seed gives one result, on any number of threads.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::reduce::{Found, Metric, Search, neighbours, neighbours_by};
///
/// let points = Array2::from_shape_fn((2000, 3), |(i, k)| ((i * (k + 7)) as f64).sin());
/// let near = neighbours_by(&points, 10, Metric::Euclidean, Search::Approximate, 1)?;
/// let Found::Approximate { recall, .. } = near.found else { panic!() };
/// assert!(recall > 0.95);
/// assert!(near.overlap(&neighbours(&points, 10, Metric::Euclidean)?)? > 0.95);
/// assert_eq!(neighbours_by(&points, 10, Metric::Euclidean, Search::Auto, 1)?.found, Found::Exact);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As for [`neighbours`].
pub fn neighbours_by(points: &dyn Points, k: usize, metric: Metric, search: Search, seed: u64) -> Result<Neighbours> {
    require(points, k)?;
    let (n, _) = points.shape();
    let approximate = search == Search::Approximate || (search == Search::Auto && n > LARGE);
    if !approximate || approximate::is_needless(n, k) {
        return neighbours(points, k, metric);
    }
    let (rows, distances, found) = approximate::of_each_other(points, k, metric, seed)?;
    Ok(Neighbours { rows, distances, metric, found })
}

/// The `k` nearest of the `reference` points to every point of `points`, exact: neighbours of cells that were not there
/// before, among those that were. No points have none.
///
/// ```
/// use ndarray::array;
/// use perturbook::reduce::{Metric, nearest_among};
///
/// let near = nearest_among(&array![[4.0], [0.2]], &array![[0.0], [1.0], [5.0]], 2, Metric::Euclidean)?;
/// assert_eq!(near.rows, array![[2, 1], [0, 1]]);
/// assert_eq!(near.distances.row(0), array![1.0, 3.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When both have different dimensions or none, `k` is 0 or above the number of reference points, a value is not finite, or
/// the work was stopped.
pub fn nearest_among(points: &dyn Points, reference: &dyn Points, k: usize, metric: Metric) -> Result<Nearest> {
    let ((_, d), (n, dims)) = (points.shape(), reference.shape());
    if d != dims {
        return Err(Error::new(format!("points of {d} dimensions among points of {dims}"))
            .at("nearest_among")
            .fix("give points with the same columns, in the same order"));
    }
    if k == 0 || k > n || u32::try_from(n).is_err() {
        return Err(Error::new(format!("the {k} nearest of {n} points"))
            .at("nearest_among")
            .fix(format!("ask for 1 to {n}")));
    }
    require_dimension(d)?;
    require_finite(points)?;
    require_finite(reference)?;
    let (rows, distances) = exact::among(points, reference, k, metric)?;
    Ok(Nearest { rows, distances, metric })
}

fn require_dimension(d: usize) -> Result<()> {
    if d > 0 {
        return Ok(());
    }
    Err(Error::new("the points have no dimension").at("neighbours").fix("give at least one column"))
}

fn require(points: &dyn Points, k: usize) -> Result<()> {
    let (n, d) = points.shape();
    require_dimension(d)?;
    if k == 0 || k >= n {
        return Err(Error::new(format!("{n} points do not have {k} neighbours each"))
            .at("neighbours")
            .fix(format!("ask for 1 to {} neighbours", n.saturating_sub(1))));
    }
    if i32::try_from(n).is_err() {
        return Err(Error::new(format!("{n} points are too many to number")).at("neighbours"));
    }
    require_finite(points)
}
