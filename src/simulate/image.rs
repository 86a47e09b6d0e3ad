//! Pictures of made-up cells: three stains whose shapes are known, for teaching and for trying figures.
//!
//! With `r` the distance from the cell's middle along its ellipse, in units of the cell's radius, the channels are
//!
//! ```text
//! DNA    1 inside the nucleus (r < 0.45), falling off softly
//! ER     exp(-((r - 0.65) / 0.18)^2), a ring around the nucleus
//! actin  exp(-((r - 0.95) / 0.07)^2), the rim, with spikes that grow with `change`
//! ```
//!
//! plus noise with standard deviation 0.04.

use std::f64::consts::PI;

use ndarray::Array3;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Stream, stream};

/// One cell, `3 x size x size` (DNA, ER, actin), about 0 to 1.
///
/// `change` is the strength of a perturbation: 0 for an unperturbed cell; at 1 the cell is a third smaller and its rim is
/// spiky. The same seed gives the same cell under every `change`.
///
/// ```
/// use perturbook::simulate::cell_image;
///
/// let cell = cell_image(64, 0.0, 1);
/// assert_eq!(cell.dim(), (3, 64, 64));
/// assert!(cell[[0, 32, 32]] > 0.7 && cell[[0, 0, 0]] < 0.2); // the nucleus lies in the middle
/// ```
pub fn cell_image(size: usize, change: f64, seed: u64) -> Array3<f32> {
    let mut shape = stream(seed, Stream::Cell);
    let mut draw = |low: f64, high: f64| low + (high - low) * shape.random::<f64>();
    let (radius, stretch, turn) = (draw(0.36, 0.42), draw(0.8, 1.2), draw(0.0, PI));
    let (dx, dy, spikes, phase) = (draw(-0.04, 0.04), draw(-0.04, 0.04), draw(5.0, 9.0).round(), draw(0.0, PI));
    let radius = radius * (1.0 - change / 3.0);
    let mut noise = stream(seed, Stream::Noise);
    Array3::from_shape_fn((3, size, size), |(channel, row, column)| {
        let (x, y) = ((column as f64 + 0.5) / size as f64 - 0.5 - dx, (row as f64 + 0.5) / size as f64 - 0.5 - dy);
        let (u, v) = (x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin());
        let (u, v) = (u / radius * stretch, v / radius / stretch);
        let r = u.hypot(v);
        let spiky = 0.12 * change * (spikes * v.atan2(u) + phase).cos();
        let light = match channel {
            0 => 1.0 / (1.0 + ((r - 0.45) / 0.04).exp()),
            1 => (-((r - 0.65) / 0.18).powi(2)).exp(),
            _ => (-((r - 0.95 - spiky) / 0.07).powi(2)).exp(),
        };
        (light + 0.04 * noise.sample::<f64, _>(StandardNormal)) as f32
    })
}

/// Several cells, with the seeds `seed`, `seed + 1`, and so on.
///
/// ```
/// use perturbook::simulate::{cell_image, cell_images};
///
/// assert_eq!(cell_images(3, 16, 0.5, 7)[2], cell_image(16, 0.5, 9));
/// ```
pub fn cell_images(n: usize, size: usize, change: f64, seed: u64) -> Vec<Array3<f32>> {
    (0..n as u64).map(|i| cell_image(size, change, seed + i)).collect()
}
