//! The two-sample Kolmogorov-Smirnov test, two-sided: are two samples drawn from one distribution?
//!
//! `D = sup |F_x - F_y|` over the empirical distribution functions. Three laws give the p-value:
//!
//! * exact: the share of all orderings of the pooled sample whose lattice path leaves the band `|F_x - F_y| < D`,
//!   `O(n_x n_y)` (Hodges 1958);
//! * finite: the one-sample law of Kolmogorov at the effective size `n_x n_y / (n_x + n_y)`, rounded (Marsaglia, Tsang
//!   and Wang 2003 for small sizes, Pelz and Good 1976 for large ones, twice the one-sided tail far out, as arranged
//!   by Simard and L'Ecuyer 2011);
//! * limit: Kolmogorov's series `2 sum (-1)^(k-1) exp(-2 k^2 t^2)` at `t = D sqrt(n_x n_y / (n_x + n_y))`.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::{Error, Result};

/// Which law gives the p-value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KsLaw {
    /// Exact while both samples have at most 10,000 values, finite beyond.
    #[default]
    Auto,
    /// The exact permutation law (presumes no ties between the samples).
    Exact,
    /// The one-sample law at the effective size.
    Finite,
    /// The limit for large samples.
    Limit,
}

/// Outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KsTest {
    /// `sup |F_x - F_y|`, 0 to 1.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Size of the first sample.
    pub n_x: usize,
    /// Size of the second sample.
    pub n_y: usize,
}

/// Larger samples than this take the finite law under [`KsLaw::Auto`].
const EXACT_UP_TO: usize = 10_000;

/// Tests two samples, the law chosen by their sizes.
///
/// ```
/// let ks = perturbook::evaluate::ks_test(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0])?;
/// assert_eq!(ks.statistic, 1.0);
/// assert!((ks.p - 0.1).abs() < 1e-12); // 2 of the 20 orderings
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Where all values are equal the statistic is 0 and `p = 1`. Infinite values are values like others.
///
/// # Errors
/// When a sample is empty or holds NaN.
pub fn ks_test(x: &[f64], y: &[f64]) -> Result<KsTest> {
    ks_test_with(x, y, KsLaw::Auto)
}

/// The same with a law of your choice.
///
/// # Errors
/// As [`ks_test`].
pub fn ks_test_with(x: &[f64], y: &[f64], law: KsLaw) -> Result<KsTest> {
    for (name, sample) in [("first", x), ("second", y)] {
        if sample.is_empty() || sample.iter().any(|v| v.is_nan()) {
            let what = if sample.is_empty() { "is empty" } else { "holds NaN" };
            return Err(Error::new(format!("the {name} sample {what}"))
                .at("Kolmogorov-Smirnov test")
                .fix("give at least one number in each sample"));
        }
    }
    let (m, n) = (x.len(), y.len());
    // |F_x - F_y| in units of 1/(m n / g), so that the comparison on the lattice is exact.
    let g = gcd(m, n);
    let steps = largest_gap(x, y, n / g, m / g);
    let statistic = steps as f64 / ((m / g) as f64 * n as f64);
    let effective = m as f64 * n as f64 / (m + n) as f64;
    let exact = match law {
        KsLaw::Auto => m.max(n) <= EXACT_UP_TO,
        other => other == KsLaw::Exact,
    };
    let p = if exact {
        outside_band(m, n, n / g, m / g, steps)
    } else if law == KsLaw::Limit {
        limit_tail(statistic * effective.sqrt())
    } else {
        finite_tail(effective.round(), statistic)
    };
    Ok(KsTest { statistic, p: p.clamp(0.0, 1.0), n_x: m, n_y: n })
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The largest `|i * up - j * down|` after all values up to some point, `i` of `x` and `j` of `y`, have passed.
fn largest_gap(x: &[f64], y: &[f64], up: usize, down: usize) -> usize {
    let sorted = |sample: &[f64]| {
        let mut sample = sample.to_vec();
        sample.sort_unstable_by(f64::total_cmp);
        sample
    };
    let (x, y) = (sorted(x), sorted(y));
    let (mut i, mut j, mut gap) = (0, 0, 0);
    while i < x.len() && j < y.len() {
        let here = x[i].min(y[j]);
        i += x[i..].iter().take_while(|&&v| v == here).count();
        j += y[j..].iter().take_while(|&&v| v == here).count();
        gap = gap.max((i * up).abs_diff(j * down));
    }
    gap
}

/// Probability that a random lattice path from (0, 0) to (m, n) reaches `|i * up - j * down| >= steps`.
///
/// `p(i, j)`, the probability that a path which passes through (i, j) has done so already, is 1 outside the band and
/// else the mean of `p(i-1, j)` and `p(i, j-1)` with weights `i` and `j`: all terms are positive, nothing cancels.
fn outside_band(m: usize, n: usize, up: usize, down: usize, steps: usize) -> f64 {
    let outside = |i: usize, j: usize| (i * up).abs_diff(j * down) >= steps;
    if outside(0, 0) {
        return 1.0;
    }
    let mut column = vec![0.0; n + 1];
    for j in 1..=n {
        column[j] = if outside(0, j) { 1.0 } else { column[j - 1] };
    }
    for i in 1..=m {
        column[0] = if outside(i, 0) { 1.0 } else { column[0] };
        for j in 1..=n {
            column[j] =
                if outside(i, j) { 1.0 } else { (i as f64 * column[j] + j as f64 * column[j - 1]) / (i + j) as f64 };
        }
    }
    column[n]
}

/// P(sup |F_n - F| >= d) for a sample of `n` values.
fn finite_tail(n: f64, d: f64) -> f64 {
    let t = n * d;
    if t <= 0.5 {
        return 1.0;
    }
    if d >= 1.0 {
        return 0.0;
    }
    let scaled = t * d;
    // Far out the two sides exclude each other.
    if d >= 0.5 || scaled > if n <= 140.0 { 4.0 } else { 2.2 } {
        return 2.0 * one_sided_tail(n, d);
    }
    if n <= 1000.0 { 1.0 - matrix_law(n, d) } else { 1.0 - pelz_good(n, d) }
}

/// P(sup (F_n - F) >= d): Smirnov's sum, term by term in logarithms.
fn one_sided_tail(n: f64, d: f64) -> f64 {
    let last = (n * (1.0 - d)).floor() as usize;
    let ln_n = ln_gamma(n + 1.0);
    let terms = (0..=last).map(|j| {
        let j = j as f64;
        let (up, down) = (d + j / n, 1.0 - d - j / n);
        if down <= 0.0 {
            return 0.0;
        }
        (ln_n - ln_gamma(j + 1.0) - ln_gamma(n - j + 1.0) + (j - 1.0) * up.ln() + (n - j) * down.ln()).exp()
    });
    d * terms.sum::<f64>()
}

/// P(sup |F_n - F| < d) as an entry of the n-th power of a matrix (Marsaglia, Tsang and Wang).
fn matrix_law(n: f64, d: f64) -> f64 {
    let k = (n * d).floor() + 1.0;
    let h = k - n * d;
    let k = k as usize;
    let size = 2 * k - 1;
    let mut matrix = ndarray::Array2::<f64>::zeros((size, size));
    for ((i, j), value) in matrix.indexed_iter_mut() {
        *value = if i + 1 >= j { 1.0 } else { 0.0 };
    }
    for i in 0..size {
        matrix[[i, 0]] -= h.powi(i as i32 + 1);
        matrix[[size - 1, i]] -= h.powi((size - i) as i32);
    }
    matrix[[size - 1, 0]] += (2.0 * h - 1.0).max(0.0).powi(size as i32);
    for ((i, j), value) in matrix.indexed_iter_mut() {
        if i + 1 > j {
            *value /= ln_gamma((i + 2 - j) as f64).exp();
        }
    }
    // The power by repeated squaring, each factor kept near 1 and its size in `log`.
    let mut power = ndarray::Array2::<f64>::eye(size);
    let (mut log, mut factor_log, mut exponent) = (0.0, 0.0, n as u64);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power.dot(&matrix);
            log += factor_log + rescale(&mut power, k - 1);
        }
        matrix = matrix.dot(&matrix);
        factor_log = 2.0 * factor_log + rescale(&mut matrix, k - 1);
        exponent >>= 1;
    }
    (power[[k - 1, k - 1]].ln() + log + ln_gamma(n + 1.0) - n * n.ln()).exp()
}

/// Divides a matrix by its middle entry and returns the logarithm of that.
fn rescale(matrix: &mut ndarray::Array2<f64>, middle: usize) -> f64 {
    let scale = matrix[[middle, middle]];
    *matrix /= scale;
    scale.ln()
}

/// P(sup |F_n - F| < d) by the expansion of Pelz and Good to the order n^(-3/2).
fn pelz_good(n: f64, d: f64) -> f64 {
    let z = d * n.sqrt();
    let z2 = z * z;
    let pi2 = PI * PI;
    let mut sums = [0.0; 4];
    for k in 0..60 {
        // The terms at k + 1/2 and -(k + 1/2) are equal.
        let h2 = (f64::from(k) + 0.5).powi(2) * pi2;
        let weight = 2.0 * (-h2 / (2.0 * z2)).exp();
        sums[0] += weight;
        sums[1] += weight * (h2 - z2);
        sums[2] += weight
            * ((6.0 * z2.powi(3) + 2.0 * z2.powi(2))
                + (2.0 * z2.powi(2) - 5.0 * z2) * h2
                + (1.0 - 2.0 * z2) * h2.powi(2));
        sums[3] += weight
            * ((5.0 - 30.0 * z2) * h2.powi(3)
                + (-60.0 * z2 + 212.0 * z2.powi(2)) * h2.powi(2)
                + (135.0 * z2.powi(2) - 96.0 * z2.powi(3)) * h2
                - (30.0 * z2.powi(3) + 90.0 * z2.powi(4)));
    }
    let (mut whole2, mut whole3) = (0.0, 0.0);
    for k in 1..60 {
        let h2 = f64::from(k).powi(2) * pi2;
        let weight = 2.0 * (-h2 / (2.0 * z2)).exp();
        whole2 += weight * h2;
        whole3 += weight * (3.0 * h2 * z2 - h2.powi(2));
    }
    let root = (PI / 2.0).sqrt();
    root / z * sums[0]
        + root / (6.0 * z2.powi(2)) * sums[1] / n.sqrt()
        + root * (sums[2] / (72.0 * z2.powi(3) * z) - whole2 / (36.0 * z2 * z)) / n
        + root * (sums[3] / (6480.0 * z2.powi(5)) + whole3 / (216.0 * z2.powi(3))) / n.powf(1.5)
}

/// P(K > t) of Kolmogorov's limit law.
fn limit_tail(t: f64) -> f64 {
    if t < 0.3 {
        // The other form of the series; the first differs from 1 by less than 1e-5 here and converges slowly.
        let sum: f64 = (1..20).map(|k| (-f64::from(2 * k - 1).powi(2) * PI * PI / (8.0 * t * t)).exp()).sum();
        return if t <= 0.0 { 1.0 } else { 1.0 - (2.0 * PI).sqrt() / t * sum };
    }
    let sign = |k: i32| if k % 2 == 1 { 1.0 } else { -1.0 };
    2.0 * (1..60).map(|k| sign(k) * (-2.0 * f64::from(k * k) * t * t).exp()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_laws_of_one_sample_agree_where_they_meet() {
        for (n, d) in [(1000.0, 0.03), (1000.0, 0.045), (600.0, 0.05)] {
            let (matrix, expansion) = (matrix_law(n, d), pelz_good(n, d));
            assert!((matrix - expansion).abs() < 1e-7, "n = {n}, d = {d}: {matrix} and {expansion}");
        }
        for (n, d) in [(50.0, 0.28), (140.0, 0.168)] {
            let (matrix, tail) = (1.0 - matrix_law(n, d), 2.0 * one_sided_tail(n, d));
            assert!((matrix / tail - 1.0).abs() < 1e-5, "n = {n}, d = {d}: {matrix} and {tail}");
        }
    }

    #[test]
    fn tails_have_their_tabulated_values() {
        // Exact where small, else from an independent implementation of the same laws.
        let finite = [
            (3.0, 0.2, 1.0 - 6.0 * 0.2_f64.powi(3) / 27.0),
            (3.0, 0.6, 0.144),
            (45.0, 0.1, 0.721_495_095_089_190_7),
            (45.0, 0.2, 0.047_073_137_859_719_45),
            (45.0, 0.3, 0.000_434_994_798_842_999_3),
            (725.0, 0.02, 0.928_191_807_997_958_1),
            (725.0, 0.06, 0.010_363_421_295_236_838),
            (5000.0, 0.012, 0.463_991_216_669_019_2),
            (5000.0, 0.02, 0.036_139_413_953_256_37),
            (5000.0, 0.04, 2.180_558_637_855_716_4e-7),
        ];
        for (n, d, p) in finite {
            assert!((finite_tail(n, d) / p - 1.0).abs() < 1e-6, "n = {n}, d = {d}: {}", finite_tail(n, d));
        }
        for (t, p) in
            [(0.29, 0.999_996_320_136_113_2), (0.31, 0.999_978_502_057_059_7), (2.0, 0.000_670_925_255_779_695_3)]
        {
            assert!((limit_tail(t) / p - 1.0).abs() < 1e-12, "t = {t}: {}", limit_tail(t));
        }
    }

    #[test]
    fn the_exact_law_counts_orderings() {
        // Two against two: of the 6 orderings, xxyy and yyxx reach 1; the other four reach 1/2.
        assert!((outside_band(2, 2, 1, 1, 2) - 1.0 / 3.0).abs() < 1e-15);
        assert!((outside_band(2, 2, 1, 1, 1) - 1.0).abs() < 1e-15);
    }
}
