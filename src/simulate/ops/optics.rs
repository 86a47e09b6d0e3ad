//! The microscope: uneven light, gain, offset and focus of each well, shot noise and read noise.
//!
//! ```text
//! ideal = blur(offset + gain * light(u, v) * signal),   light(u, v) = 1 - vignetting * |(u, v) - brightest|^2 / 2
//! pixel = ideal + sqrt(ideal / photons + read_noise^2) * N(0, 1),   clipped to 0..1
//! ```
//!
//! with (u, v) the place in the field in half sides from its middle. The Poisson law of the photons is taken at its
//! normal limit: at the default 1,500 photons of full scale, background has some 50.

use std::ops::Range;

use super::body::NOISE;
use super::config::OpsConfig;
use super::sheet::{CHANNELS, Canvas};
use super::truth::OpsBatch;
use crate::simulate::planted::{Stream, stream};
use crate::simulate::streams::{Draw, cell_stream};

/// Side of a field, in pixels of the camera.
pub(super) const FIELD: f32 = 2960.0;
/// Side of a crop, in pixels of the camera.
pub(super) const CROP: f32 = 100.0;
/// Cells closer to the edge of a field cannot be cropped.
pub(super) const EDGE: f32 = CROP / 2.0;
/// Blur of a lens in focus, in pixels of the camera.
const SHARP: f32 = 0.85;
const LEAST_OFFSET: f32 = 0.02;

pub(super) fn batches(config: &OpsConfig) -> Vec<OpsBatch> {
    let mut draw = Draw(stream(config.seed, Stream::OpsBatches));
    let mut batches: Vec<OpsBatch> = (0..config.batches())
        .map(|batch| {
            let well = batch % config.wells_per_plate;
            OpsBatch {
                plate: format!("P{}", batch / config.wells_per_plate + 1),
                well: format!("{}{}", char::from(b'A' + (well / 3) as u8), well % 3 + 1),
                gain: std::array::from_fn(|_| (draw.normal(1.0) * config.gain as f32).exp()),
                offset: std::array::from_fn(|_| LEAST_OFFSET + (draw.normal(1.0) * config.offset as f32).abs()),
                blur: draw.within(0.0, 1.0) * config.blur as f32,
                brightest: (draw.within(-0.25, 0.25), draw.within(-0.25, 0.25)),
            }
        })
        .collect();
    if config.even_blur {
        let drawn: Vec<f32> = batches.iter().map(|batch| batch.blur).collect();
        let most = config.blur as f32 / (batches.len().max(2) - 1) as f32;
        for batch in &mut batches {
            batch.blur = most * drawn.iter().filter(|&&other| other < batch.blur).count() as f32;
        }
    }
    batches
}

/// Where the camera looks, in its pixels.
pub(super) struct View {
    /// The middle of the canvas in its field, row and column.
    pub(super) middle: (f32, f32),
    /// Side of the field.
    pub(super) field: f32,
    /// The number whose stream the noise is drawn from: that of the cell.
    pub(super) noise_of: usize,
}

/// Takes the picture that the canvas shows, into `image` (`4 x height x width`).
pub(super) fn expose(config: &OpsConfig, batch: &OpsBatch, view: &View, canvas: &Canvas, image: &mut [f32]) {
    let kernel = kernel((SHARP * SHARP + batch.blur * batch.blur).sqrt() * canvas.scale / CROP);
    let (height, width) = (canvas.height, canvas.width);
    let camera = CROP / canvas.scale;
    let place = |at: usize, most: usize, middle: f32, brightest: f32| {
        let pixel = middle + (at as f32 + 0.5 - most as f32 / 2.0) * camera;
        let off = 2.0 * pixel / view.field - 1.0 - brightest;
        off * off / 2.0
    };
    let across: Vec<f32> = (0..width).map(|column| place(column, width, view.middle.1, batch.brightest.1)).collect();
    let vignetting = config.vignetting as f32;
    let (per_photon, read) = (1.0 / config.photons as f32, (config.read_noise * config.read_noise) as f32);
    let mut noise = Draw(cell_stream(config.seed, view.noise_of, NOISE));
    let mut swept = vec![0.0; height * width];
    let mut grain = vec![0.0; width];
    for (channel, image) in image.chunks_exact_mut(height * width).enumerate().take(CHANNELS) {
        for (from, to) in canvas.planes[channel].chunks_exact(width).zip(swept.chunks_exact_mut(width)) {
            sweep(&kernel, from, to);
        }
        for (row, pixels) in image.chunks_exact_mut(width).enumerate() {
            pixels.fill(0.0);
            for (weight, from) in kernel.iter().zip(rows_around(row, height, kernel.len() / 2)) {
                for (pixel, light) in pixels.iter_mut().zip(&swept[from * width..(from + 1) * width]) {
                    *pixel += weight * light;
                }
            }
            let down = place(row, height, view.middle.0, batch.brightest.0);
            grain.iter_mut().for_each(|grain| *grain = noise.normal(1.0));
            for ((pixel, across), grain) in pixels.iter_mut().zip(&across).zip(&grain) {
                let light = (1.0 - vignetting * (down + across)).max(0.05);
                let ideal = batch.offset[channel] + batch.gain[channel] * light * *pixel;
                let sd = (ideal * per_photon + read).sqrt();
                *pixel = (ideal + sd * grain).clamp(0.0, 1.0);
            }
        }
    }
}

/// A normal kernel that sums to 1, cut at 3 standard deviations.
fn kernel(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil().clamp(1.0, 64.0) as i32;
    let mut kernel: Vec<f32> = (-reach..=reach).map(|k| (-0.5 * (k as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);
    kernel
}

/// Rows `reach` up and down of `row`; those outside are replaced by the outermost.
fn rows_around(row: usize, height: usize, reach: usize) -> impl Iterator<Item = usize> {
    (0..=2 * reach).map(move |k| (row + k).saturating_sub(reach).min(height - 1))
}

/// Convolves a row.
fn sweep(kernel: &[f32], from: &[f32], to: &mut [f32]) {
    let (reach, width) = (kernel.len() / 2, from.len());
    to.fill(0.0);
    for (k, &weight) in kernel.iter().enumerate() {
        // Columns for which the source lies inside.
        let inside: Range<usize> = reach.saturating_sub(k).min(width)..(width + reach).saturating_sub(k).min(width);
        if let Some(source) = from.get(inside.start + k - reach.min(inside.start + k)..) {
            for (to, from) in to[inside.clone()].iter_mut().zip(source) {
                *to += weight * from;
            }
        }
        to[..inside.start].iter_mut().for_each(|to| *to += weight * from[0]);
        to[inside.end..].iter_mut().for_each(|to| *to += weight * from[width - 1]);
    }
}
