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

/// Eigenvectors with larger residuals are no start.
const RESIDUAL: f64 = 0.05;

/// Positions (`n x components`), and by what they were found in the end.
pub(super) fn positions(points: &dyn Points, graph: &FuzzyGraph, config: &UmapConfig) -> Result<(Array2<f64>, Start)> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let (n, dims) = (graph.len(), config.components);
    let smooth = if config.start == Start::Spectral { smooth(graph, config) } else { None };
    let (mut at, start) = match (config.start, smooth) {
        (Start::Random, _) => (Array2::from_shape_simple_fn((n, dims), || rng.random_range(0.0..1.0)), Start::Random),
        (_, Some(vectors)) => (vectors, Start::Spectral),
        _ => (principal(points, config)?, Start::Pca),
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
    Ok((at, start))
}

/// The smoothest functions on a graph that is in one part, where the iteration finds them.
fn smooth(graph: &FuzzyGraph, config: &UmapConfig) -> Option<Array2<f64>> {
    if graph.len() <= config.components + 1 || graph.components() > 1 {
        return None;
    }
    let spectrum = graph.spectrum(config.components, config.seed).ok()?;
    (spectrum.residual <= RESIDUAL).then_some(spectrum.vectors)
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
