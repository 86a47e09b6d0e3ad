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
//! positive, so that the same data give the same signs. A constant column takes no part in any of them, and a matrix of
//! lower rank has components of variance 0 behind the others.
//!
//! | solver | when, unless it is chosen | what it costs |
//! |---|---|---|
//! | singular vectors | up to 4 million values | all of them, `min(n, d)^2 max(n, d)` |
//! | Gram matrix | larger | `min(n, d)^2 (max(n, d) + min(n, d))`; half the digits of the smallest variances |
//! | iteration | both sides above 6,000, and few components asked for | `n d k` a step |
//!
//! An iteration counts only when its residuals say that the components are right (see [`Solver`]); where they do not, one
//! of the exact ways is taken, and the result says so.

mod exact;
mod iterative;
mod linfa;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use iterative::Outcome;

use crate::preprocess::features::require_finite;
use crate::{Error, Result};

/// Rows that are centred, summed or transformed at a time.
const BLOCK: usize = 4096;
/// The iteration is taken by itself for matrices with both sides above this ...
const LARGE: usize = 6000;
/// ... and at most this share of the components.
const FEW: usize = 60;

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

/// How components are to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decomposition {
    /// Exactly, unless the matrix is large and the components are few.
    #[default]
    Auto,
    /// By all singular vectors, or all eigenvectors of the smaller Gram matrix.
    Exact,
    /// By iteration where it succeeds; only for a number of components ([`Components::Count`]).
    Iterative,
}

/// How components were found.
///
/// The residual of component `v` with `l = s^2` is `|C v - l v| / l`, where `C = (x - m)'(x - m)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// All singular vectors of the centred matrix.
    SingularVectors,
    /// All eigenvectors of the smaller Gram matrix.
    Gram,
    /// Iteration for the first components only (LOBPCG of linfa-reduction, then block Krylov steps as far as needed).
    /// Each component is within `1e-7` of the right one (by its residual and its distance from the next eigenvalue).
    Iterative {
        /// The largest residual.
        residual: f64,
        /// Cycles of block Krylov steps that were needed after linfa's components.
        cycles: usize,
    },
    /// An exact way, since the iteration did not come close enough.
    Fallback {
        /// The largest residual that the iteration came to; infinite where it found too few components.
        residual: f64,
    },
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
    solver: Solver,
}

impl Pca {
    /// The components of `x`, `n x d`.
    ///
    /// # Errors
    /// When there are fewer than two rows or no column, a value is not finite, all rows are equal, the count is 0 or
    /// above `min(n, d)`, or the fraction is not between 0 and 1.
    pub fn fit<V: Copy + Into<f64> + Sync>(x: ArrayView2<'_, V>, components: Components) -> Result<Self> {
        Self::fit_by(x, components, Decomposition::Auto)
    }

    /// The components of `x`, `n x d`, found in the way of your choice.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use perturbook::reduce::pca::{Components, Decomposition, Pca, Solver};
    ///
    /// let x = Array2::from_shape_fn((300, 40), |(i, j)| ((i * (j + 2)) as f64).sin() / (1.0 + j as f64));
    /// let few = Pca::fit_by(x.view(), Components::Count(3), Decomposition::Iterative)?;
    /// let all = Pca::fit_by(x.view(), Components::Count(3), Decomposition::Exact)?;
    /// assert!((&few.components() - &all.components()).iter().all(|v| v.abs() < 1e-6));
    /// assert_eq!(all.solver(), Solver::SingularVectors);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Pca::fit`]; and when iteration is asked for without a number of components.
    pub fn fit_by<V: Copy + Into<f64> + Sync>(
        x: ArrayView2<'_, V>,
        components: Components,
        decomposition: Decomposition,
    ) -> Result<Self> {
        let (n, d) = x.dim();
        if n < 2 || d == 0 {
            return Err(Error::new(format!("a matrix of {n} x {d} has no principal components"))
                .at("principal components")
                .fix("give at least two rows and one column"));
        }
        require_finite(x, "principal components")?;
        let count = match components {
            Components::Count(count) => Some(count),
            _ => None,
        };
        let few = count.filter(|&count| match decomposition {
            Decomposition::Auto => n.min(d) > LARGE && count <= n.min(d) / FEW,
            Decomposition::Exact => false,
            Decomposition::Iterative => true,
        });
        if decomposition == Decomposition::Iterative && count.is_none() {
            return Err(Error::new(format!("an iteration for {components:?}"))
                .at("principal components")
                .fix("ask for a number of components, or for an exact decomposition"));
        }
        let mean = column_means(x);
        let mut missed = None;
        if let Some(count) = few.filter(|&count| 0 < count && count <= n.min(d)) {
            let centred = centred(x, &mean);
            let total = sum_of_squares(centred.view());
            match iterative::leading(centred.view(), total, count)? {
                Outcome::Right(found) => {
                    let solver = Solver::Iterative { residual: found.residual, cycles: found.cycles };
                    return Self::new(x, mean, (total, found.singular_values, found.components), solver);
                }
                Outcome::Missed(residual) => missed = Some(residual),
            }
        }
        let (decomposed, solver) = exact::decomposed(x, &mean)?;
        let solver = missed.map_or(solver, |residual| Solver::Fallback { residual });
        let pca = Self::new(x, mean, decomposed, solver)?;
        let kept = match components {
            Components::All => pca.len(),
            Components::Count(count) => count,
            Components::Variance(fraction) => pca.components_for(fraction)?,
        };
        pca.truncated(kept)
    }

    fn new<V>(x: ArrayView2<'_, V>, mean: Array1<f64>, decomposed: Decomposed, solver: Solver) -> Result<Self> {
        let (total, singular_values, mut components) = decomposed;
        if total == 0.0 {
            return Err(Error::new(format!("the {} rows are all equal: there is no variance to explain", x.nrows()))
                .at("principal components")
                .fix("check the columns that were chosen"));
        }
        components.rows_mut().into_iter().for_each(|mut row| {
            let largest = row.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
            if largest.is_some_and(|v| v < 0.0) {
                row.mapv_inplace(|v| -v);
            }
        });
        Ok(Self { mean, components, singular_values, total, rows: x.nrows(), solver })
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

    /// How the components were found.
    pub fn solver(&self) -> Solver {
        self.solver
    }

    /// `|C v - l v| / l` for each component `v` in the matrix `x` it was fitted on, with `C = (x - mean)'(x - mean)` and
    /// `l` its squared singular value, `k`; infinite for a component without variance.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use perturbook::reduce::pca::{Components, Pca};
    ///
    /// let x = Array2::from_shape_fn((50, 6), |(i, j)| ((i * (j + 2)) as f64).sin());
    /// let pca = Pca::fit(x.view(), Components::Count(3))?;
    /// assert!(pca.residuals(x.view())?.iter().all(|r| *r < 1e-10));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn residuals<V: Copy + Into<f64>>(&self, x: ArrayView2<'_, V>) -> Result<Array1<f64>> {
        self.require_columns(x.ncols(), self.mean.len())?;
        let mut products = Array2::<f64>::zeros(self.components.dim());
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            let block = centred(block, &self.mean);
            general_mat_mul(1.0, &self.components.dot(&block.t()), &block, 1.0, &mut products);
        }
        Ok(iterative::residuals(&products, &self.components, &self.singular_values))
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

    /// Scores `(x - mean) V` of the rows of any matrix with the same columns, `rows x k`. A row that holds NaN has NaN for
    /// scores, and no rows have none.
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
    sums /= x.nrows() as f64;
    // The mean of equal values need not equal them to the last bit, and a constant column has no variance.
    for (mean, column) in sums.iter_mut().zip(x.columns()) {
        if let Some(first) =
            column.first().map(|&v| -> f64 { v.into() }).filter(|first| column.iter().all(|&v| v.into() == *first))
        {
            *mean = first;
        }
    }
    sums
}

fn centred<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, mean: &Array1<f64>) -> Array2<f64> {
    x.mapv(Into::into) - mean
}

fn sum_of_squares(x: ArrayView2<'_, f64>) -> f64 {
    x.rows().into_iter().map(|row| row.dot(&row)).sum()
}

/// Sum of squares, singular values and right singular vectors as rows.
type Decomposed = (f64, Array1<f64>, Array2<f64>);

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
