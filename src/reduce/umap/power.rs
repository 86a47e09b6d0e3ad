//! A power in single precision, fast enough for a layout that takes a hundred million of them.
//!
//! ```text
//! x^y = 2^(y log2 x),   log2 x = e + 2/ln 2 (s + s^3/3 + s^5/5 + s^7/7),   s = (m - 1)/(m + 1),   x = m 2^e
//! ```
//!
//! with `m` between `sqrt(1/2)` and `sqrt(2)`, and six terms of the exponential series for what `y log2 x` leaves over a
//! whole number, both summed in parts that do not wait for each other. The relative error stays below `2e-6` times the size of the exponent.

use std::f32::consts::LN_2;

/// `x^y` for a positive normal `x` and a result that is neither too large nor too small for single precision.
#[inline(always)]
pub(super) fn power(x: f32, y: f32) -> f32 {
    const HALF_ROOT: u32 = 0x3F35_04F3; // sqrt(1/2)
    let bits = x.to_bits().wrapping_sub(HALF_ROOT);
    let exponent = (bits as i32) >> 23;
    let mantissa = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = s * ((1.0 + q * (1.0 / 3.0)) + q * q * (1.0 / 5.0 + q * (1.0 / 7.0)));
    let log = exponent as f32 + 2.0 / LN_2 * series;
    let raised = (y * log).clamp(-126.0, 126.0);
    let rounded = raised + 12_582_912.0; // 1.5 * 2^23: the last bits are the nearest integer
    let t = (raised - (rounded - 12_582_912.0)) * LN_2;
    let t2 = t * t;
    let high = (1.0 / 24.0 + t * (1.0 / 120.0)) + t2 * (1.0 / 720.0);
    let rest = ((1.0 + t) + t2 * (1.0 / 2.0 + t * (1.0 / 6.0))) + t2 * t2 * high;
    f32::from_bits(rest.to_bits().wrapping_add(rounded.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_are_those_of_double_precision() {
        for y in [0.3_f32, 0.79, 0.895, 1.0, 1.334] {
            for step in -3000..=3000 {
                let x = 2.0_f32.powf(step as f32 / 100.0);
                let exact = f64::from(x).powf(f64::from(y));
                let error = (f64::from(power(x, y)) / exact - 1.0).abs();
                assert!(error < 4e-6, "{x}^{y}: relative error {error}");
            }
        }
    }
}
