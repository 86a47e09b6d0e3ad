//! The standard normal law: upper tail, its logarithm, and the quantile.

use statrs::function::erf::{erfc, erfc_inv};

/// P(Z > z). Keeps its relative precision far into the upper tail, down to about 1e-308. NaN stays NaN, and infinite
/// values give 0 and 1.
///
/// ```
/// assert!((perturbook::evaluate::normal::upper_tail(1.96) - 0.024_997_895).abs() < 1e-9);
/// ```
pub fn upper_tail(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

/// ln P(Z > z), finite for every finite `z`: where the tail underflows, a continued fraction (Abramowitz and Stegun
/// 26.2.14) takes over.
///
/// ```
/// let ln_p = perturbook::evaluate::normal::ln_upper_tail(100.0);
/// assert!((ln_p - -5005.524_208_694).abs() < 1e-6);
/// ```
pub fn ln_upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        // The tail is near one: the other tail is the accurate one.
        (-upper_tail(-z)).ln_1p()
    } else if z < 20.0 {
        upper_tail(z).ln()
    } else {
        // P(Z > z) = density(z) / (z + 1/(z + 2/(z + 3/(z + ...))))
        let fraction = (1..=30).rev().fold(z, |below, k| z + f64::from(k) / below);
        -0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln() - fraction.ln()
    }
}

/// The `z` with P(Z <= z) = `p`; infinite at 0 and 1, and NaN where `p` is not between them.
///
/// ```
/// assert!((perturbook::evaluate::normal::quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
/// ```
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}
