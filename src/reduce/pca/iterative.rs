//! The first components of a large matrix, without the others.
//!
//! linfa-reduction's LOBPCG gives `k` directions and some more. Of the space that they span, the best components are taken
//! (Rayleigh and Ritz), and checked one by one: for a component `v` with eigenvalue `l` of `C = (x - m)'(x - m)`,
//!
//! ```text
//! residual r = |C v - l v| / l
//! the angle between v and the right component  <=  r l / (distance of l to the next eigenvalue)
//! ```
//!
//! (Davis and Kahan 1970.) LOBPCG often stops far from the first components of noisy data and says nothing. Then the space
//! is widened by `C` times itself, `C` times that, and so on, and the best components are taken again (block Krylov steps;
//! Saad 2011, Numerical Methods for Large Eigenvalue Problems, chapter 6), for a limited number of cycles.
//!
//! Memory: the centred matrix and linfa's copies of it.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use super::linfa;
use crate::live::Bar;
use crate::reduce::eigen::right_singular;
use crate::{Error, Result};

/// Directions beside those asked for, which make the others come sooner.
const BESIDE: usize = 12;
/// The angle at which a component counts as right.
const ANGLE: f64 = 1e-7;
/// Times that `C` is applied in a cycle.
const STEPS: usize = 4;
/// Cycles at most.
const CYCLES: usize = 25;
/// Directions shorter than this part of the longest lie in the space already.
const SHORT: f64 = 1e-10;
/// Values of a matrix whose iteration takes long enough for a bar.
const LONG: usize = 1 << 24;

/// The first components.
pub(super) struct Found {
    pub(super) singular_values: Array1<f64>,
    /// As rows.
    pub(super) components: Array2<f64>,
    pub(super) residual: f64,
    pub(super) cycles: usize,
}

/// What came of the iteration.
pub(super) enum Outcome {
    Right(Found),
    /// The residual it came to.
    Missed(f64),
}

/// The first `count` components of a centred matrix, the sum of whose squares is `total`.
pub(super) fn leading(x: ArrayView2<'_, f64>, total: f64, count: usize) -> Result<Outcome> {
    let side = x.nrows().min(x.ncols());
    let wanted = (count + BESIDE).min(side / 3);
    if wanted <= count || total <= 0.0 {
        return Ok(Outcome::Missed(f64::INFINITY)); // not few
    }
    let mut bar = (x.len() > LONG).then(|| Bar::new("principal components", None));
    let mut go_on = || {
        let Some(bar) = bar.as_mut() else { return !crate::stop::requested() };
        bar.advance(1);
        !bar.stopped()
    };
    let Some(start) = linfa::leading(x, total, wanted) else { return Ok(Outcome::Missed(f64::INFINITY)) };
    let mut basis = within(start, &[])?;
    let mut cycles = 0;
    loop {
        if basis.nrows() <= count {
            return Ok(Outcome::Missed(f64::INFINITY));
        }
        let (values, directions) = best(x, basis.view(), wanted)?;
        let applied = applied(x, directions.view());
        let residuals = residuals(&applied, &directions, &values);
        let residual = residuals.iter().take(count).copied().fold(0.0, f64::max);
        if angles(&residuals, &values, count).all(|angle| angle <= ANGLE) {
            let (singular_values, components) =
                (values.slice(s![..count]).to_owned(), directions.slice(s![..count, ..]).to_owned());
            return Ok(Outcome::Right(Found { singular_values, components, residual, cycles }));
        }
        if cycles == CYCLES {
            return Ok(Outcome::Missed(residual));
        }
        if !go_on() {
            return Err(Error::new("the search for principal components was stopped").fix("run the cell again"));
        }
        basis = widened(x, directions, applied)?;
        cycles += 1;
    }
}

/// `C v` for each row `v`.
fn applied(x: ArrayView2<'_, f64>, v: ArrayView2<'_, f64>) -> Array2<f64> {
    v.dot(&x.t()).dot(&x)
}

/// `|C v - l v| / l` with `l` the squares of the singular values; infinite where one is 0.
pub(super) fn residuals(applied: &Array2<f64>, components: &Array2<f64>, singular_values: &Array1<f64>) -> Array1<f64> {
    let each = applied.rows().into_iter().zip(components.rows()).zip(singular_values);
    let residual = |((applied, v), s): ((ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>), &f64)| {
        let off = &applied - &(&v * (s * s));
        if *s > 0.0 { off.dot(&off).sqrt() / (s * s) } else { f64::INFINITY }
    };
    each.map(residual).collect()
}

/// Bounds of the angles of the first `count` components, from the distances to the eigenvalues beside theirs.
fn angles(residuals: &Array1<f64>, values: &Array1<f64>, count: usize) -> impl Iterator<Item = f64> {
    let squares = values.mapv(|s| s * s);
    (0..count).map(move |i| {
        let above = if i == 0 { f64::INFINITY } else { squares[i - 1] - squares[i] };
        let gap = above.min(squares[i] - squares[i + 1]);
        if gap > 0.0 { residuals[i] * squares[i] / gap } else { f64::INFINITY }
    })
}

/// The best components in a space (orthonormal rows), `most` of them: their singular values, and themselves as rows.
fn best(x: ArrayView2<'_, f64>, basis: ArrayView2<'_, f64>, most: usize) -> Result<(Array1<f64>, Array2<f64>)> {
    let (values, turned) = right_singular(x.dot(&basis.t()).view())?;
    let kept = most.min(values.len());
    Ok((values.slice(s![..kept]).to_owned(), turned.slice(s![..kept, ..]).dot(&basis)))
}

/// The space of the directions `v`, `C v`, `C C v` and so on.
fn widened(x: ArrayView2<'_, f64>, directions: Array2<f64>, applied_once: Array2<f64>) -> Result<Array2<f64>> {
    let mut spaces = vec![directions];
    let mut block = within(applied_once, &spaces)?;
    for step in 1..=STEPS {
        if block.nrows() == 0 {
            break;
        }
        let next = if step < STEPS { Some(applied(x, block.view())) } else { None };
        spaces.push(block);
        let Some(next) = next else { break };
        block = within(next, &spaces)?;
    }
    let views: Vec<ArrayView2<'_, f64>> = spaces.iter().map(|space| space.view()).collect();
    concatenate(Axis(0), &views).map_err(|e| Error::new(format!("directions of two lengths: {e}")).caused_by(e))
}

/// Orthonormal rows that span, with those of `spaces`, what `rows` span.
fn within(mut rows: Array2<f64>, spaces: &[Array2<f64>]) -> Result<Array2<f64>> {
    for _ in 0..2 {
        for space in spaces {
            rows = &rows - &rows.dot(&space.t()).dot(space);
        }
        let (values, directions) = right_singular(rows.view())?;
        let longest = values.first().copied().unwrap_or(0.0);
        let kept = values.iter().filter(|v| **v > SHORT * longest).count();
        rows = directions.slice(s![..kept, ..]).to_owned();
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    fn centred_noise(n: usize, d: usize, falls: f64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let x = Array2::from_shape_fn((n, d), |(_, j)| {
            let z: f64 = rng.sample(StandardNormal);
            z * (-falls * j as f64).exp()
        });
        let mean = x.sum_axis(Axis(0)) / n as f64;
        x - mean
    }

    #[test]
    fn components_are_those_of_all_singular_vectors() {
        let squares = |x: &Array2<f64>| x.iter().map(|v| v * v).sum::<f64>();
        for (n, d, falls) in [(400, 150, 0.05), (150, 400, 0.02), (500, 120, 0.0)] {
            let x = centred_noise(n, d, falls);
            let (values, rows) = right_singular(x.view()).unwrap();
            let Outcome::Right(found) = leading(x.view(), squares(&x), 8).unwrap() else {
                panic!("{n} x {d}: not found")
            };
            for k in 0..8 {
                assert!((found.singular_values[k] / values[k] - 1.0).abs() < 1e-9, "{n} x {d}, value {k}");
                let off = 1.0 - found.components.row(k).dot(&rows.row(k)).abs();
                assert!(off < 1e-12, "{n} x {d}, vector {k}: {off}");
            }
        }
    }

    #[test]
    fn what_is_not_few_or_has_no_gap_is_missed() {
        let x = centred_noise(60, 20, 0.1);
        assert!(matches!(leading(x.view(), 1.0, 10).unwrap(), Outcome::Missed(r) if r.is_infinite()));
        // Two directions of the same variance: no component of its own.
        let mut equal = Array2::<f64>::zeros((120, 60));
        for i in 0..60 {
            let size = if i < 6 { 3.0 } else { 1.0 / (1.0 + i as f64) };
            (equal[[2 * i, i]], equal[[2 * i + 1, i]]) = (size, -size);
        }
        assert!(matches!(leading(equal.view(), 110.0, 4).unwrap(), Outcome::Missed(_)));
    }
}
