//! Hilbert-Schmidt independence criterion: 0 where two codes of the same cells have nothing to do with each other.
//!
//! ```text
//! K_ij = exp(-|z_i - z_j|^2 / (2 sigma^2)),   L the same of s,   H = 1 - 1/n
//! HSIC = tr(K H L H) / n^2 = mean(K L) + mean(K) mean(L) - 2 sum_i (mean_j K_ij)(mean_j L_ij) / n
//! ```
//!
//! This is the biased estimate, in `O(n^2)`. Three forms are in use: as it is, times `n` (Multi-ContrastiveVAE's
//! reference code, SC-VAE here), and its root (HCV, Lopez et al. 2018b, which SC-VAE cites). So are several bandwidths,
//! see [`Bandwidth`]: with `sigma = 1` and ten dimensions nearly all of `K` is 0 and so are the gradients, hence the
//! median.

use serde::{Deserialize, Serialize};
use statrs::function::gamma;

use crate::nn::lgamma::constant;
use crate::tensor::{Tensor, product};

/// Below this the root of HSIC is constant: its slope at 0 is infinite.
const FLOOR: f64 = 1e-12;

/// The `sigma^2` of a kernel; no gradient flows through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bandwidth {
    /// The median squared distance between two cells of the batch. Where that is 0 (all cells alike, or one cell), the
    /// square of [`gaussian_norm`] stands in. Reads the distances back from the device.
    #[default]
    Median,
    /// 1.
    Unit,
    /// The median of all `n^2` entries, the zeros of a cell and itself among them: what a median of the whole matrix
    /// gives in some code. Otherwise as [`Bandwidth::Median`].
    MedianOfAll,
    /// This number.
    Fixed(f64),
    /// [`gaussian_norm`] of the number of dimensions.
    GaussianNorm,
    /// The square of [`gaussian_norm`]: `sigma` is the mean distance of two standard normal points.
    GaussianScale,
}

impl Bandwidth {
    /// `sigma^2` for `n x n` squared distances in a space of so many dimensions.
    pub fn variance(self, squared_distances: &Tensor<2>, dimensions: usize) -> f64 {
        match self {
            Self::Median | Self::MedianOfAll => {
                let median = median_of(squared_distances, self == Self::MedianOfAll);
                if median > 0.0 { median } else { gaussian_norm(dimensions).powi(2) }
            }
            Self::Unit => 1.0,
            Self::Fixed(variance) => variance,
            Self::GaussianNorm => gaussian_norm(dimensions),
            Self::GaussianScale => gaussian_norm(dimensions).powi(2),
        }
    }
}

/// `2 Gamma((d + 1)/2) / Gamma(d/2)`: how far two standard normal points of `d` dimensions are apart, on average.
///
/// ```
/// use perturbook::nn::loss::gaussian_norm;
///
/// assert!((gaussian_norm(1) - 1.128_379).abs() < 1e-6); // 2 / sqrt(pi)
/// assert!((gaussian_norm(10).powi(2) - 19.0).abs() < 0.1); // nearly 2 d
/// ```
pub fn gaussian_norm(dimensions: usize) -> f64 {
    let half = dimensions as f64 / 2.0;
    2.0 * (gamma::ln_gamma(half + 0.5) - gamma::ln_gamma(half)).exp()
}

/// HSIC of `n x p` and `n x q`, one number.
///
/// ```
/// use perturbook::nn::loss::{Bandwidth, hsic};
/// use perturbook::tensor::{Tensor, cpu};
///
/// let z = Tensor::<2>::from_floats([[0.0], [1.0], [2.0], [3.0]], &cpu());
/// let same = Tensor::<2>::ones([4, 2], &cpu());
/// assert!(hsic(z.clone(), same, Bandwidth::Unit).into_scalar().abs() < 1e-7); // nothing depends on a constant
/// assert!(hsic(z.clone(), z, Bandwidth::Unit).into_scalar() > 0.1);
/// ```
pub fn hsic(z: Tensor<2>, s: Tensor<2>, bandwidth: Bandwidth) -> Tensor<1> {
    let [k, l] = [z, s].map(|x| {
        let dimensions = x.dims()[1];
        let apart = squared_distances(x);
        let variance = bandwidth.variance(&apart, dimensions);
        gaussian_kernel(apart, variance)
    });
    hsic_of_kernels(k, l)
}

/// `n` HSIC: of one size whatever the batch if `z` and `s` are independent.
pub fn hsic_times_n(z: Tensor<2>, s: Tensor<2>, bandwidth: Bandwidth) -> Tensor<1> {
    let n = z.dims()[0] as f64;
    hsic(z, s, bandwidth) * n
}

/// The root of HSIC; flat below 1e-6.
pub fn hsic_root(z: Tensor<2>, s: Tensor<2>, bandwidth: Bandwidth) -> Tensor<1> {
    hsic(z, s, bandwidth).clamp_min(FLOOR).sqrt()
}

/// HSIC of two symmetric `n x n` kernels, one number.
pub fn hsic_of_kernels(k: Tensor<2>, l: Tensor<2>) -> Tensor<1> {
    let rows = k.clone().mean_dim(1);
    let centred = k - rows.clone() - rows.clone().transpose() + rows.mean_dim(0);
    (centred * l).mean()
}

/// `exp(-d / (2 sigma^2))` of squared distances `d`.
pub fn gaussian_kernel(squared_distances: Tensor<2>, variance: f64) -> Tensor<2> {
    (squared_distances * (-0.5 / variance)).exp()
}

/// Squared distances between all rows of `n x d`, `n x n`, never below 0.
///
/// ```
/// use perturbook::nn::loss::squared_distances;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let apart = squared_distances(Tensor::from_floats([[0.0, 0.0], [3.0, 4.0]], &cpu()));
/// assert_eq!(apart.into_data().to_vec::<f32>().unwrap(), [0.0, 25.0, 25.0, 0.0]);
/// ```
pub fn squared_distances(x: Tensor<2>) -> Tensor<2> {
    // Distances do not depend on the origin, and near it less is lost in the difference.
    let x = x.clone() - constant(x).mean_dim(0);
    let norms = x.clone().powi_scalar(2).sum_dim(1);
    (norms.clone() + norms.transpose() - product(x.clone(), x.transpose()) * 2.0).clamp_min(0.0)
}

/// The median of the squared distances between two different rows of `n x d`; the mean of the two in the middle where
/// their number is even, 0 for fewer than two rows.
pub fn median_squared_distance(x: Tensor<2>) -> f64 {
    median_of(&squared_distances(constant(x)), false)
}

/// The median of the entries above the diagonal, or of all.
fn median_of(squared_distances: &Tensor<2>, all: bool) -> f64 {
    let n = squared_distances.dims()[0];
    let entries: Vec<f64> =
        constant(squared_distances.clone()).into_data().convert::<f64>().into_vec().unwrap_or_default();
    let rows = entries.chunks(n.max(1)).enumerate();
    let mut pairs: Vec<f64> = rows.flat_map(|(i, row)| if all { row } else { &row[i + 1..] }).copied().collect();
    if pairs.is_empty() {
        return 0.0;
    }
    let half = pairs.len() / 2;
    let odd = pairs.len() % 2 == 1;
    let (below, &mut upper, _) = pairs.select_nth_unstable_by(half, f64::total_cmp);
    let lower = if odd { upper } else { below.iter().copied().fold(f64::NEG_INFINITY, f64::max) };
    (lower + upper) / 2.0
}
