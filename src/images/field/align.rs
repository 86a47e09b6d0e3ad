//! How far one plane is shifted against another, by phase correlation.
//!
//! ```text
//! R = F(reference) * conj(F(moving)),  C = inverse transform of R / |R|,  shift = where C is largest
//! ```
//!
//! Shifts of more than half a side wrap to the other direction. For fractions of a pixel the transform is evaluated on a
//! finer grid around that place: Guizar-Sicairos, Thurman and Fienup, Optics Letters 33 (2008), 156.
//!
//! Multi-ContrastiveVAE (section "data") aligns the stains of each tile this way before cells are cut out.

use std::f64::consts::TAU;

use ndarray::{Array2, Array3, ArrayView2, Axis};
use rustfft::num_complex::Complex;
use rustfft::{FftDirection, FftPlanner};

use crate::{Error, Result};

/// The shift, in pixels down and to the right, that brings `moving` onto `reference`, to `1 / upsample` of a pixel.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::images::field::phase_shift;
///
/// let spot = |y0: f64, x0: f64| {
///     Array2::from_shape_fn((32, 40), |(y, x)| (-((y as f64 - y0).powi(2) + (x as f64 - x0).powi(2)) / 8.0).exp() as f32)
/// };
/// let shift = phase_shift(spot(16.0, 20.0).view(), spot(13.0, 25.0).view(), 1)?;
/// assert_eq!(shift, (3.0, -5.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the planes differ in size or hold no pixel or NaN, or `upsample` is not 1 to 1000.
pub fn phase_shift(reference: ArrayView2<'_, f32>, moving: ArrayView2<'_, f32>, upsample: usize) -> Result<(f64, f64)> {
    let (height, width) = reference.dim();
    if moving.dim() != (height, width) || reference.is_empty() {
        return Err(Error::new(format!("planes of {height} x {width} and {:?} cannot be aligned", moving.dim())));
    }
    if !(1..=1000).contains(&upsample) {
        return Err(Error::new(format!("alignment to 1/{upsample} of a pixel is not offered"))
            .fix("give 1 for whole pixels, or up to 1000"));
    }
    if reference.iter().chain(&moving).any(|value| !value.is_finite()) {
        return Err(Error::new("a plane to be aligned holds NaN or infinity"));
    }
    // Spectra are kept transposed, width x height.
    let mut spectrum = transform(reference);
    for (r, m) in spectrum.iter_mut().zip(transform(moving)) {
        let product = *r * m.conj();
        *r = product / product.norm().max(100.0 * f64::EPSILON);
    }
    let mut peaks = spectrum.clone();
    let mut planner = FftPlanner::new();
    planner.plan_fft(height, FftDirection::Inverse).process(&mut peaks);
    let mut peaks = transposed(&peaks, width, height);
    planner.plan_fft(width, FftDirection::Inverse).process(&mut peaks);
    let best = largest(peaks.iter().map(Complex::norm_sqr));
    let wrap = |at: usize, size: usize| if at > size / 2 { at as f64 - size as f64 } else { at as f64 };
    let coarse = (wrap(best / width, height), wrap(best % width, width));
    Ok(if upsample == 1 { coarse } else { refine(&spectrum, (height, width), coarse, upsample) })
}

/// Evaluates the inverse transform at shifts around `coarse`, one and a half pixels wide, in steps of `1 / upsample`.
fn refine(
    spectrum: &[Complex<f64>],
    (height, width): (usize, usize),
    coarse: (f64, f64),
    upsample: usize,
) -> (f64, f64) {
    let fine = upsample as f64;
    let steps = (1.5 * fine).ceil() as usize;
    let middle = (steps / 2) as f64;
    let shifts = |coarse: f64| -> Vec<f64> { (0..steps).map(|i| coarse + (i as f64 - middle) / fine).collect() };
    let waves = |shift: f64, size: usize| -> Vec<Complex<f64>> {
        let signed = |k: usize| if k > (size - 1) / 2 { k as f64 - size as f64 } else { k as f64 };
        (0..size).map(|k| Complex::cis(TAU * signed(k) * shift / size as f64)).collect()
    };
    let (down, right) = (shifts(coarse.0), shifts(coarse.1));
    let right_waves: Vec<_> = right.iter().map(|&shift| waves(shift, width)).collect();
    let values: Vec<f64> = down
        .iter()
        .flat_map(|&shift| {
            let wave = waves(shift, height);
            let sums: Vec<Complex<f64>> = spectrum
                .chunks_exact(height)
                .map(|column| column.iter().zip(&wave).map(|(value, wave)| value * wave).sum())
                .collect();
            let at = |wave: &Vec<Complex<f64>>| {
                sums.iter().zip(wave).map(|(sum, wave)| sum * wave).sum::<Complex<f64>>().norm_sqr()
            };
            right_waves.iter().map(at).collect::<Vec<_>>()
        })
        .collect();
    let best = largest(values.into_iter());
    (down[best / steps], right[best % steps])
}

/// The forward transform, transposed: `width x height`.
fn transform(plane: ArrayView2<'_, f32>) -> Vec<Complex<f64>> {
    let (height, width) = plane.dim();
    let mut values: Vec<Complex<f64>> = plane.iter().map(|&value| Complex::new(f64::from(value), 0.0)).collect();
    let mut planner = FftPlanner::new();
    planner.plan_fft(width, FftDirection::Forward).process(&mut values);
    let mut values = transposed(&values, height, width);
    planner.plan_fft(height, FftDirection::Forward).process(&mut values);
    values
}

fn transposed(values: &[Complex<f64>], rows: usize, columns: usize) -> Vec<Complex<f64>> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

/// The first place of the largest value.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best }).0
}

/// The plane moved by `(down, right)` pixels, linear between pixels; what comes in from outside repeats the rim.
pub fn translated(plane: ArrayView2<'_, f32>, (down, right): (f64, f64)) -> Array2<f32> {
    let (height, width) = plane.dim();
    let from = |at: usize, shift: f64, size: usize| {
        let place = (at as f64 - shift).clamp(0.0, (size - 1) as f64);
        let low = place.floor() as usize;
        (low, (low + 1).min(size - 1), place.fract() as f32)
    };
    let columns: Vec<_> = (0..width).map(|x| from(x, right, width)).collect();
    let mut out = Array2::zeros((height, width));
    for (y, mut row) in out.outer_iter_mut().enumerate() {
        let (y0, y1, v) = from(y, down, height);
        for (out, &(x0, x1, u)) in row.iter_mut().zip(&columns) {
            let top = plane[[y0, x0]] * (1.0 - u) + plane[[y0, x1]] * u;
            let bottom = plane[[y1, x0]] * (1.0 - u) + plane[[y1, x1]] * u;
            *out = top * (1.0 - v) + bottom * v;
        }
    }
    out
}

/// Moves every channel of a field (`channels x height x width`) onto channel `reference`; the shifts are returned.
///
/// # Errors
/// When there is no such channel; and as [`phase_shift`].
pub fn align_channels(field: &mut Array3<f32>, reference: usize, upsample: usize) -> Result<Vec<(f64, f64)>> {
    if reference >= field.len_of(Axis(0)) {
        return Err(Error::new(format!(
            "channel {reference} cannot be the reference: the field has {} channels",
            field.len_of(Axis(0))
        )));
    }
    let still = field.index_axis(Axis(0), reference).to_owned();
    let mut shifts = Vec::new();
    for (channel, mut plane) in field.outer_iter_mut().enumerate() {
        let shift = if channel == reference { (0.0, 0.0) } else { phase_shift(still.view(), plane.view(), upsample)? };
        if shift != (0.0, 0.0) {
            let moved = translated(plane.view(), shift);
            plane.assign(&moved);
        }
        shifts.push(shift);
    }
    Ok(shifts)
}
