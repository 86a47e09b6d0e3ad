//! Where the points of the map stand before the first epoch: in the square from 0 to 10.

use ndarray::{Array2, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{FuzzyGraph, Start, UmapConfig};
use crate::Result;
use crate::reduce::Metric;
use crate::reduce::metric::norm;
use crate::reduce::pca::{Components, Pca};
use crate::reduce::points::Points;

/// Side of the square (or cube).
const SIDE: f64 = 10.0;
/// Noise that keeps points of equal position apart, in units of the side's tenth.
const NOISE: f64 = 1e-4;

pub(super) fn positions(points: &dyn Points, graph: &FuzzyGraph, config: &UmapConfig) -> Result<Array2<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let (n, dims) = (graph.len(), config.components);
    let spectral = config.start == Start::Spectral && n > dims + 1 && graph.components() == 1;
    let mut at = match config.start {
        Start::Random => Array2::from_shape_simple_fn((n, dims), || rng.random_range(0.0..1.0)),
        _ if spectral => graph.spectrum(dims, config.seed)?.vectors,
        _ => principal(points, config)?,
    };
    let largest = at.iter().fold(0.0, |most: f64, v| v.abs().max(most));
    if largest > 0.0 {
        at *= SIDE / largest;
    }
    at.mapv_inplace(|v| v + NOISE * rng.sample::<f64, _>(StandardNormal));
    for mut column in at.columns_mut() {
        let (low, high) = column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        column.mapv_inplace(|v| SIDE * (v - low) / (high - low).max(f64::MIN_POSITIVE));
    }
    Ok(at)
}

/// The first principal components; of the directions where those are compared.
fn principal(points: &dyn Points, config: &UmapConfig) -> Result<Array2<f64>> {
    let (n, d) = points.shape();
    let mut x = Array2::<f64>::zeros((n, d));
    let mut point = vec![0.0; d];
    for (row, mut to) in x.rows_mut().into_iter().enumerate() {
        points.copy_point(row, &mut point);
        let length = if config.metric == Metric::Cosine { norm(&point) } else { 1.0 };
        to.iter_mut().zip(&point).for_each(|(to, v)| *to = if length > 0.0 { v / length } else { 0.0 });
    }
    let mut at = Array2::zeros((n, config.components));
    if x.rows().into_iter().all(|row| row == x.row(0)) {
        return Ok(at); // no direction at all: the noise decides
    }
    let kept = config.components.min(n.min(d));
    at.slice_mut(s![.., ..kept]).assign(&Pca::fit(x.view(), Components::Count(kept))?.transform(x.view())?);
    Ok(at)
}
