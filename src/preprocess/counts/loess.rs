//! Local regression (loess; Cleveland and Grosse 1991) of one variable on another.
//!
//! At a point `q` a polynomial of degree 2 is fitted to the `floor(span * n)` nearest points, each with the weight
//!
//! ```text
//! (1 - (|x - q| / h)^3)^3,      h: the distance of the farthest of them
//! ```
//!
//! and its value and slope at `q` are those of the curve. [`Surface::Direct`] does so at every point. The usual
//! [`Surface::Interpolated`] does so only at a few vertices and joins them by cubic Hermite polynomials: the range of
//! `x`, widened by 0.5 % on both sides, is cut at medians until no cell holds more than `span / 5` of the points. That is
//! what R's `loess` and Python's scikit-misc compute by default, and it can be told from the direct fit.

use crate::{Error, Result};

/// Share of the neighbourhood that a cell of the interpolation may hold.
const CELL: f64 = 0.2;
/// How much the range is widened on each side.
const MARGIN: f64 = 0.005;
/// Singular values below this share of the largest count as 0.
const SINGULAR: f64 = 100.0 * f64::EPSILON;

/// Where the local polynomials are fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    /// At the vertices of a partition, with interpolation between them.
    #[default]
    Interpolated,
    /// At every point.
    Direct,
}

/// The fitted values at the points themselves, in their order; degree 2, least squares.
///
/// ```
/// use perturbook::preprocess::counts::loess::{Surface, loess};
///
/// let x: Vec<f64> = (0..40).map(|i| f64::from(i) / 10.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 1.0 + x * x).collect();
/// let fitted = loess(&x, &y, 0.3, Surface::Direct)?;
/// assert!(fitted.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-9)); // a parabola is its own local parabola
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the lengths differ, a value is not finite, the span is not between 0 and 1, or fewer than four points lie in a
/// neighbourhood.
pub fn loess(x: &[f64], y: &[f64], span: f64, surface: Surface) -> Result<Vec<f64>> {
    if x.len() != y.len() {
        return Err(Error::new(format!("{} values cannot be fitted to {}", y.len(), x.len())).at("loess"));
    }
    if let Some(i) = (0..x.len()).find(|&i| !(x[i].is_finite() && y[i].is_finite())) {
        return Err(Error::new(format!("the point ({}, {}) is not finite", x[i], y[i])).at(format!("loess: point {i}")));
    }
    if !(0.0 < span && span <= 1.0) {
        return Err(Error::new(format!("a span of {span}"))
            .at("loess")
            .fix("choose a span between 0 and 1, such as 0.3"));
    }
    // The small number keeps products such as 0.3 * 10 from falling below the whole number they are.
    let near = ((x.len() as f64 * span + 1e-5) as usize).min(x.len());
    if near < 4 {
        return Err(Error::new(format!("{near} of {} points are in a neighbourhood of span {span}", x.len()))
            .at("loess")
            .fix("a local parabola needs at least four: give more points, or widen the span"));
    }
    let points = Points::sorted(x, y, near);
    Ok(match surface {
        Surface::Direct => x.iter().map(|&q| points.local_fit(q).0).collect(),
        Surface::Interpolated => {
            let vertices = points.vertices((x.len() as f64 * (span * CELL)) as usize);
            let fits: Vec<(f64, f64)> = vertices.iter().map(|&q| points.local_fit(q)).collect();
            x.iter().map(|&q| interpolate(&vertices, &fits, q)).collect()
        }
    })
}

/// Points in ascending order of `x`, and how many make a neighbourhood.
struct Points {
    x: Vec<f64>,
    y: Vec<f64>,
    near: usize,
}

impl Points {
    fn sorted(x: &[f64], y: &[f64], near: usize) -> Self {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
        Self { x: order.iter().map(|&i| x[i]).collect(), y: order.iter().map(|&i| y[i]).collect(), near }
    }

    /// Value and slope at `q` of the parabola fitted around it.
    fn local_fit(&self, q: f64) -> (f64, f64) {
        let first = self.first_neighbour(q);
        let (x, y) = (&self.x[first..first + self.near], &self.y[first..first + self.near]);
        let reach = (q - x[0]).max(x[self.near - 1] - q);
        if reach <= 0.0 {
            return (y.iter().sum::<f64>() / y.len() as f64, 0.0); // all neighbours lie at q
        }
        let root = |x: &f64| (1.0 - ((x - q).abs() / reach).powi(3)).powi(3).max(0.0).sqrt();
        let weights: Vec<f64> = x.iter().map(root).collect();
        let weighted: Vec<f64> = weights.iter().zip(y).map(|(w, y)| w * y).collect();
        let power = |degree: i32| weights.iter().zip(x).map(|(w, x)| w * (x - q).powi(degree)).collect::<Vec<f64>>();
        let [value, slope, _] = least_squares([power(0), power(1), power(2)], &weighted);
        (value, slope)
    }

    /// The first of the `near` points that are nearest to `q`.
    fn first_neighbour(&self, q: f64) -> usize {
        let (mut low, mut high) = (0, self.x.len() - self.near);
        while low < high {
            let middle = (low + high) / 2;
            if q - self.x[middle] > self.x[middle + self.near] - q { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Both ends of the widened range and the cuts between cells of at most `most` points, ascending.
    fn vertices(&self, most: usize) -> Vec<f64> {
        let (lowest, highest) = (self.x[0], self.x[self.x.len() - 1]);
        let margin = MARGIN * (highest - lowest).max(1e-10 * lowest.abs().max(highest.abs()) + 1e-30);
        let mut vertices = vec![lowest - margin, highest + margin];
        let mut cells = vec![(0, self.x.len() - 1, vertices[0], vertices[1])];
        while let Some((first, last, from, to)) = cells.pop() {
            if last < first || last - first < most {
                continue; // at most `most` points
            }
            let cut_after = self.median_between(first, last);
            let cut = self.x[cut_after];
            if cut != from && cut != to {
                vertices.push(cut);
                cells.push((first, cut_after, from, cut));
                cells.push((cut_after + 1, last, cut, to));
            }
        }
        vertices.sort_by(f64::total_cmp);
        vertices.dedup();
        vertices
    }

    /// The place nearest to the median whose right neighbour is larger, so that equal points stay together. It is
    /// looked for at the median and then in turn one further to the right and to the left; where the search meets an
    /// end of the cell, the median itself is taken.
    fn median_between(&self, first: usize, last: usize) -> usize {
        // Medians count from 1 in the reference: the lower of two middle points of an even number.
        let median = (first + last + 2) / 2 - 1;
        for step in 0.. {
            let offset: isize = if step % 2 == 1 { step / 2 + 1 } else { -(step / 2) };
            let at = median as isize + offset;
            if at < first as isize || at >= last as isize {
                return median;
            }
            if self.x[at as usize] != self.x[at as usize + 1] {
                return at as usize;
            }
        }
        median
    }
}

/// The coefficients `b` of least `|A b - y|`, and of least length where the columns of `A` depend on each other: by the
/// singular values of the columns brought to length 1, from Jacobi rotations of pairs of them.
fn least_squares(mut columns: [Vec<f64>; 3], y: &[f64]) -> [f64; 3] {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths: [f64; 3] = std::array::from_fn(|j| {
        let length = dot(&columns[j], &columns[j]).sqrt();
        if length > 0.0 { length } else { 1.0 }
    });
    columns.iter_mut().zip(lengths).for_each(|(column, length)| column.iter_mut().for_each(|v| *v /= length));
    let mut right = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]; // columns of V
    for _ in 0..30 {
        let mut rotated = false;
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let (a, b) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
            let cross = dot(&columns[p], &columns[q]);
            if cross.abs() <= f64::EPSILON * (a * b).sqrt() {
                continue;
            }
            rotated = true;
            let zeta = (b - a) / (2.0 * cross);
            let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
            let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
            let sine = cosine * tangent;
            let turn = |a: &mut f64, b: &mut f64| (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
            let (left, other) = columns.split_at_mut(q);
            left[p].iter_mut().zip(&mut other[0]).for_each(|(a, b)| turn(a, b));
            let (left, other) = right.split_at_mut(q);
            left[p].iter_mut().zip(&mut other[0]).for_each(|(a, b)| turn(a, b));
        }
        if !rotated {
            break;
        }
    }
    let singular = columns.each_ref().map(|column| dot(column, column).sqrt());
    let smallest = SINGULAR * singular.iter().copied().fold(0.0, f64::max);
    let mut coefficients = [0.0; 3];
    for j in (0..3).filter(|&j| singular[j] > smallest) {
        let share = dot(&columns[j], y) / (singular[j] * singular[j]);
        coefficients.iter_mut().zip(right[j]).for_each(|(c, v)| *c += share * v);
    }
    std::array::from_fn(|j| coefficients[j] / lengths[j])
}

/// The cubic through the values and slopes at the two vertices around `q`.
fn interpolate(vertices: &[f64], fits: &[(f64, f64)], q: f64) -> f64 {
    let right = vertices.partition_point(|&v| v < q).clamp(1, vertices.len() - 1);
    let (from, to) = (vertices[right - 1], vertices[right]);
    let ((value0, slope0), (value1, slope1)) = (fits[right - 1], fits[right]);
    let width = to - from;
    let h = (q - from) / width;
    let left_value = (1.0 - h).powi(2) * (1.0 + 2.0 * h);
    let right_value = h * h * (3.0 - 2.0 * h);
    let (left_slope, right_slope) = (h * (1.0 - h).powi(2), h * h * (h - 1.0));
    left_value * value0 + right_value * value1 + (left_slope * slope0 + right_slope * slope1) * width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize) -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..n).map(|i| ((i * 37) % n) as f64 / n as f64).collect();
        let y = x.iter().enumerate().map(|(i, x)| (6.0 * x).sin() + ((i * 7919) % 101) as f64 / 500.0).collect();
        (x, y)
    }

    /// The definition, by normal equations in a loop over all points.
    fn by_definition(x: &[f64], y: &[f64], near: usize, q: f64) -> f64 {
        let mut distances: Vec<f64> = x.iter().map(|x| (x - q).abs()).collect();
        distances.sort_by(f64::total_cmp);
        let h = distances[near - 1];
        let mut a = [[0.0f64; 4]; 3];
        for (x, y) in x.iter().zip(y).filter(|(x, _)| (**x - q).abs() < h) {
            let w = (1.0 - ((x - q).abs() / h).powi(3)).powi(3);
            let basis = [1.0, x - q, (x - q).powi(2)];
            for i in 0..3 {
                (0..3).for_each(|j| a[i][j] += w * basis[i] * basis[j]);
                a[i][3] += w * basis[i] * y;
            }
        }
        for i in 0..3 {
            let pivot = a[i];
            for row in a.iter_mut().skip(i + 1) {
                let factor = row[i] / pivot[i];
                (0..4).for_each(|k| row[k] -= factor * pivot[k]);
            }
        }
        let c = a[2][3] / a[2][2];
        let b = (a[1][3] - a[1][2] * c) / a[1][1];
        (a[0][3] - a[0][1] * b - a[0][2] * c) / a[0][0]
    }

    #[test]
    fn the_direct_fit_is_the_weighted_parabola_of_the_definition() {
        let (x, y) = wave(97);
        let fitted = loess(&x, &y, 0.3, Surface::Direct).unwrap();
        for (q, fitted) in x.iter().zip(&fitted) {
            let want = by_definition(&x, &y, 29, *q);
            assert!((fitted - want).abs() < 1e-8, "at {q}: {fitted} for {want}");
        }
    }

    #[test]
    fn the_interpolation_meets_the_direct_fit_at_its_vertices_and_stays_near_between() {
        let (x, y) = wave(400);
        let (direct, joined) =
            (loess(&x, &y, 0.3, Surface::Direct).unwrap(), loess(&x, &y, 0.3, Surface::Interpolated).unwrap());
        let points = Points::sorted(&x, &y, 120);
        let vertices = points.vertices(24);
        assert!((17..=34).contains(&vertices.len()), "{} vertices", vertices.len());
        for (i, q) in x.iter().enumerate() {
            let bound = if vertices.contains(q) { 1e-12 } else { 0.02 };
            assert!((direct[i] - joined[i]).abs() < bound, "at {q}: {} and {}", direct[i], joined[i]);
        }
    }

    #[test]
    fn equal_points_and_constant_values_have_a_finite_answer() {
        for surface in [Surface::Direct, Surface::Interpolated] {
            let same = loess(&[2.0; 20], &(0..20).map(f64::from).collect::<Vec<_>>(), 0.5, surface).unwrap();
            assert!(same.iter().all(|v| v.is_finite()), "{same:?}");
            let x: Vec<f64> = (0..60).map(|i| f64::from(i / 20)).collect(); // three places
            let y: Vec<f64> = x.iter().map(|x| 3.0 - x).collect();
            let fitted = loess(&x, &y, 0.9, surface).unwrap();
            assert!(fitted.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-6), "{fitted:?}");
        }
        assert!(loess(&[1.0, 2.0], &[1.0], 0.3, Surface::Direct).is_err());
        assert!(loess(&[1.0; 9], &[1.0; 9], 0.3, Surface::Direct).is_err()); // 2 points
        assert!(loess(&[f64::NAN; 20], &[1.0; 20], 0.3, Surface::Direct).is_err());
        assert!(loess(&[1.0; 20], &[1.0; 20], 0.0, Surface::Direct).is_err());
    }
}
