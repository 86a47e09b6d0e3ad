//! Principal components.
//!
//! With the column means `m` of `x` (`n x d`) and the singular value decomposition `x - m = U S V'`:
//!
//! ```text
//! components            V', rows of length 1, largest variance first        k x d
//! explained_variance    s^2 / (n - 1)                                        k
//! ratio                 s^2 / sum of all s^2                                 k
//! scores                (x - m) V                                            n x k
//! whitened scores       scores / sqrt(explained_variance)
//! ```
//!
//! There are `min(n, d)` components. The sign of a component is free; here its entry of largest absolute value is
//! positive, so that the same data give the same signs. Matrices of up to 4 million values are decomposed as they are;
//! larger ones by the eigenvectors of their smaller Gram matrix, which costs half the digits of the smallest variances.
//! That of a tall matrix is summed over blocks of rows, in an order that does not depend on the number of threads and
//! without a copy of the matrix.

use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use super::eigen::{right_singular, symmetric_eigen};
use crate::preprocess::features::require_finite;
use crate::{Error, Result};

/// Above this many values a matrix is decomposed by its Gram matrix.
const DIRECT: usize = 1 << 22;
/// Rows that are centred, summed or transformed at a time.
const BLOCK: usize = 4096;

/// How many components to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Components {
    /// All `min(n, d)`.
    #[default]
    All,
    /// This many of them.
    Count(usize),
    /// The fewest whose shares of the total variance sum to more than this fraction, between 0 and 1.
    Variance(f64),
}

/// The principal components of a matrix.
///
/// ```
/// use ndarray::array;
/// use perturbook::reduce::pca::{Components, Pca};
///
/// let x = array![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]];
/// let pca = Pca::fit(x.view(), Components::Count(1))?;
/// assert!((pca.components()[[0, 1]] - 0.8).abs() < 1e-12);
/// assert!((pca.explained_variance()[0] - 25.0).abs() < 1e-9);
/// assert!((pca.transform(x.view())?[[2, 0]] - 5.0).abs() < 1e-9);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Array1<f64>,
    components: Array2<f64>,
    singular_values: Array1<f64>,
    total: f64,
    rows: usize,
}

impl Pca {
    /// The components of `x`, `n x d`.
    ///
    /// # Errors
    /// When there are fewer than two rows or no column, a value is not finite, all rows are equal, the count is 0 or
    /// above `min(n, d)`, or the fraction is not between 0 and 1.
    pub fn fit<V: Copy + Into<f64> + Sync>(x: ArrayView2<'_, V>, components: Components) -> Result<Self> {
        let (n, d) = x.dim();
        if n < 2 || d == 0 {
            return Err(Error::new(format!("a matrix of {n} x {d} has no principal components"))
                .at("principal components")
                .fix("give at least two rows and one column"));
        }
        require_finite(x, "principal components")?;
        let mean = column_means(x);
        let (total, singular_values, mut rows) = match (n.saturating_mul(d) <= DIRECT, n >= d) {
            (true, _) => {
                let centred = centred(x, &mean);
                let (values, rows) = right_singular(centred.view())?;
                (sum_of_squares(centred.view()), values, rows)
            }
            (false, true) => by_tall_gram(x, &mean)?,
            (false, false) => by_wide_gram(centred(x, &mean).view())?,
        };
        if total == 0.0 {
            return Err(Error::new(format!("the {n} rows are all equal: there is no variance to explain"))
                .at("principal components")
                .fix("check the columns that were chosen"));
        }
        rows.rows_mut().into_iter().for_each(|mut row| {
            let largest = row.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
            if largest.is_some_and(|v| v < 0.0) {
                row.mapv_inplace(|v| -v);
            }
        });
        let pca = Self { mean, components: rows, singular_values, total, rows: n };
        let kept = match components {
            Components::All => pca.len(),
            Components::Count(count) => count,
            Components::Variance(fraction) => pca.components_for(fraction)?,
        };
        pca.truncated(kept)
    }

    fn truncated(mut self, count: usize) -> Result<Self> {
        if count == 0 || count > self.len() {
            return Err(Error::new(format!("{count} components of a matrix that has {}", self.len()))
                .at("principal components")
                .fix(format!("choose 1 to {}", self.len())));
        }
        self.components = self.components.slice(s![..count, ..]).to_owned();
        self.singular_values = self.singular_values.slice(s![..count]).to_owned();
        Ok(self)
    }

    /// The smallest number of components whose shares of the variance sum to more than `fraction`.
    ///
    /// # Errors
    /// When the fraction is not between 0 and 1, or more than the components that were kept explain.
    pub fn components_for(&self, fraction: f64) -> Result<usize> {
        let place = || Error::new(format!("the fraction {fraction} of the variance")).at("principal components");
        if !(0.0 < fraction && fraction < 1.0) {
            return Err(place().fix("choose a fraction between 0 and 1, such as 0.9"));
        }
        let mut sum = 0.0;
        let needed = self.explained_variance_ratio().iter().position(|share| {
            sum += share;
            sum > fraction
        });
        needed.map(|last| last + 1).ok_or_else(|| {
            place().fix(format!("the {} components that were kept explain {sum:.4}; fit with more", self.len()))
        })
    }

    /// Number of components, `k`.
    pub fn len(&self) -> usize {
        self.components.nrows()
    }

    /// Never true.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Column means, `d`.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// Components as rows, `k x d`.
    pub fn components(&self) -> ArrayView2<'_, f64> {
        self.components.view()
    }

    /// Singular values of the centred matrix, `k`.
    pub fn singular_values(&self) -> ArrayView1<'_, f64> {
        self.singular_values.view()
    }

    /// Variance of the scores (ddof 1), `k`.
    pub fn explained_variance(&self) -> Array1<f64> {
        self.singular_values.mapv(|s| s * s / (self.rows - 1) as f64)
    }

    /// Share of each component in the total variance of all columns, `k`.
    pub fn explained_variance_ratio(&self) -> Array1<f64> {
        self.singular_values.mapv(|s| s * s / self.total)
    }

    /// Scores `(x - mean) V` of the rows of any matrix with the same columns, `rows x k`.
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn transform<V: Copy + Into<f64>>(&self, x: ArrayView2<'_, V>) -> Result<Array2<f64>> {
        self.require_columns(x.ncols(), self.mean.len())?;
        let mut scores = Array2::zeros((x.nrows(), self.len()));
        for (block, mut to) in x.axis_chunks_iter(Axis(0), BLOCK).zip(scores.axis_chunks_iter_mut(Axis(0), BLOCK)) {
            general_mat_mul(1.0, &centred(block, &self.mean), &self.components.t(), 0.0, &mut to);
        }
        Ok(scores)
    }

    /// Scores divided by their standard deviation in the fitted matrix, `rows x k`.
    ///
    /// A component without variance (below `1e-12` of the largest standard deviation) is not divided.
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn transform_whitened<V: Copy + Into<f64>>(&self, x: ArrayView2<'_, V>) -> Result<Array2<f64>> {
        let sd = self.explained_variance().mapv(f64::sqrt);
        let smallest = sd.first().map_or(0.0, |largest| largest * 1e-12);
        Ok(self.transform(x)? / &sd.mapv(|sd| if sd <= smallest { 1.0 } else { sd }))
    }

    /// The rows that scores (`rows x k`) stand for, `rows x d`: with all components the rows themselves.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::reduce::pca::{Components, Pca};
    ///
    /// let x = array![[1.0, 2.0], [3.0, 1.0], [0.0, 7.0]];
    /// let pca = Pca::fit(x.view(), Components::All)?;
    /// let back = pca.inverse_transform(pca.transform(x.view())?.view())?;
    /// assert!((back - x).iter().all(|v| v.abs() < 1e-12));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one score for each component.
    pub fn inverse_transform(&self, scores: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.require_columns(scores.ncols(), self.len())?;
        Ok(scores.dot(&self.components) + &self.mean)
    }

    fn require_columns(&self, got: usize, want: usize) -> Result<()> {
        if got == want {
            return Ok(());
        }
        Err(Error::new(format!("{got} columns where the components need {want}"))
            .at("principal components")
            .fix("give the columns that the components were fitted on, in the same order"))
    }
}

fn column_means<V: Copy + Into<f64>>(x: ArrayView2<'_, V>) -> Array1<f64> {
    let mut sums = Array1::<f64>::zeros(x.ncols());
    x.rows().into_iter().for_each(|row| sums.zip_mut_with(&row, |sum, &v| *sum += v.into()));
    sums / x.nrows() as f64
}

fn centred<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, mean: &Array1<f64>) -> Array2<f64> {
    x.mapv(Into::into) - mean
}

fn sum_of_squares(x: ArrayView2<'_, f64>) -> f64 {
    x.rows().into_iter().map(|row| row.dot(&row)).sum()
}

/// Sum of squares, singular values and right singular vectors as rows.
type Decomposed = (f64, Array1<f64>, Array2<f64>);

/// By the eigenvectors of `(x - m)'(x - m)`; no more than one block of rows for each thread is copied.
fn by_tall_gram<V: Copy + Into<f64> + Sync>(x: ArrayView2<'_, V>, mean: &Array1<f64>) -> Result<Decomposed> {
    let blocks: Vec<ArrayView2<'_, V>> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
    let mut gram = Array2::zeros((x.ncols(), x.ncols()));
    for together in blocks.chunks(rayon::current_num_threads().max(1)) {
        let product = |block: &ArrayView2<'_, V>| {
            let block = centred(block.view(), mean);
            block.t().dot(&block)
        };
        let products: Vec<Array2<f64>> = together.par_iter().map(product).collect();
        products.iter().for_each(|product| gram += product);
    }
    let (singular, vectors) = descending(gram.view())?;
    Ok((gram.diag().sum(), singular, vectors.reversed_axes()))
}

/// By the eigenvectors `u` of `xx'` of a centred matrix: the right ones are `x'u / s`. Of no variance there is no
/// direction, and the row stays 0.
fn by_wide_gram(x: ArrayView2<'_, f64>) -> Result<Decomposed> {
    let (singular, vectors) = descending(x.dot(&x.t()).view())?;
    let mut right = vectors.t().dot(&x);
    for mut row in right.rows_mut() {
        let length = row.dot(&row).sqrt();
        row.mapv_inplace(|v| if length > 0.0 { v / length } else { 0.0 });
    }
    Ok((sum_of_squares(x), singular, right))
}

/// Roots of the eigenvalues, largest first, and the eigenvectors as columns.
fn descending(gram: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let (values, vectors) = symmetric_eigen(gram)?;
    let singular = values.iter().rev().map(|v| v.max(0.0).sqrt()).collect();
    Ok((singular, vectors.slice(s![.., ..;-1]).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize, d: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, d), |(i, j)| {
            let (i, j) = (i as f64, j as f64);
            (i * 0.37 + j).sin() * 3.0 / (1.0 + j) + (i * j * 1.7 + 0.3).cos()
        })
    }

    #[test]
    fn both_ways_agree_for_tall_and_wide_matrices() {
        for (n, d) in [(60, 9), (9, 60), (9000, 4)] {
            let x = matrix(n, d);
            let mean = column_means(x.view());
            let centred = centred(x.view(), &mean);
            let (direct, rows) = right_singular(centred.view()).unwrap();
            let (total, gram, others) =
                if n > d { by_tall_gram(x.view(), &mean) } else { by_wide_gram(centred.view()) }.unwrap();
            assert!((total - direct.mapv(|s| s * s).sum()).abs() < 1e-9 * total);
            for k in 0..n.min(d) - 1 {
                assert!((direct[k] - gram[k]).abs() < 1e-9 * direct[0], "{n} x {d}: value {k}");
                let cosine = rows.row(k).dot(&others.row(k)).abs();
                assert!((cosine - 1.0).abs() < 1e-9, "{n} x {d}: vector {k}: {cosine}");
            }
        }
    }

    #[test]
    fn a_large_matrix_gives_the_same_for_any_number_of_threads() {
        let x = Array2::from_shape_fn((70_000, 64), |(i, j)| ((i * 31 + j * j * 17) % 1009) as f32 / 1009.0);
        let fit = || Pca::fit(x.view(), Components::Count(3)).unwrap();
        let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(fit);
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn what_has_no_components_is_an_error_that_says_why() {
        let refused = |x: &Array2<f64>, components| Pca::fit(x.view(), components).unwrap_err().to_string();
        assert!(refused(&matrix(1, 4), Components::All).contains("at least two rows"));
        assert!(refused(&Array2::zeros((3, 0)), Components::All).contains("one column"));
        assert!(refused(&Array2::ones((3, 2)), Components::All).contains("all equal"));
        assert!(refused(&matrix(5, 3), Components::Count(4)).contains("choose 1 to 3"));
        assert!(refused(&matrix(5, 3), Components::Count(0)).contains("choose 1 to 3"));
        assert!(refused(&matrix(5, 3), Components::Variance(1.0)).contains("between 0 and 1"));
        let mut hole = matrix(5, 3);
        hole[[2, 1]] = f64::NAN;
        assert!(refused(&hole, Components::All).contains("row 2, column 1"));
    }

    #[test]
    fn a_constant_column_has_no_weight_and_whitening_leaves_it_finite() {
        let mut x = matrix(20, 3);
        x.column_mut(1).fill(5.0);
        let pca = Pca::fit(x.view(), Components::All).unwrap();
        assert!(pca.explained_variance()[2].abs() < 1e-20);
        let white = pca.transform_whitened(x.view()).unwrap();
        assert!(white.iter().all(|v| v.is_finite()) && white.column(2).iter().all(|v| v.abs() < 1e-9));
    }
}
