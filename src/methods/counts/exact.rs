//! `f64` in arrays of `f32`, bit by bit: states of learners hold `f32` only, and a resumed run needs every bit.

use ndarray::{ArrayD, Axis, arr1};

/// Each number as four parts of 16 bits, `4 n`.
pub(in crate::methods) fn exact(values: &[f64]) -> ArrayD<f32> {
    let parts = |value: &f64| {
        let bits = value.to_bits();
        [48, 32, 16, 0].map(|shift| (bits >> shift & 0xffff) as f32)
    };
    arr1(&values.iter().flat_map(parts).collect::<Vec<f32>>()).into_dyn()
}

/// The `N` numbers that [`exact`] was given; none where there are others.
pub(in crate::methods) fn from_exact<const N: usize>(array: &ArrayD<f32>) -> Option<[f64; N]> {
    if array.ndim() != 1 || array.len() != 4 * N {
        return None;
    }
    let number = |parts: ndarray::ArrayViewD<'_, f32>| {
        f64::from_bits(parts.iter().fold(0, |bits, &part| bits << 16 | u64::from(part as u16)))
    };
    let numbers: Vec<f64> = array.axis_chunks_iter(Axis(0), 4).map(number).collect();
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_comes_back() {
        let values = [0.1, -1e300, f64::INFINITY, 5e-324, 0.0];
        assert_eq!(from_exact::<5>(&exact(&values)), Some(values));
        assert!(from_exact::<1>(&exact(&[f64::NAN])).unwrap()[0].is_nan());
        assert_eq!(from_exact::<2>(&exact(&values)), None);
    }
}
