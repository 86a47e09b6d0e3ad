//! Uneven illumination, found from the fields themselves (retrospective flat-field correction).
//!
//! ```text
//! b_f(block)  = mean of the pixels of a block of field f
//! m(block)    = median (or mean) over the fields
//! gain        = m smoothed by a Gaussian, linear between the blocks' centres, divided by its mean
//! corrected   = image / gain
//! ```
//!
//! With many fields cells lie everywhere, so what is left in the median is the light. Working on blocks keeps one small
//! image per field in memory however large the fields are.

use ndarray::{Array2, Array3, ArrayView2, Axis};

use crate::{Error, Result};

/// What is taken over the fields at each place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverFields {
    /// The median: bright debris in a few fields leaves no trace.
    Median,
    /// The mean.
    Mean,
}

/// How a flat field is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlatFieldConfig {
    /// What is taken over the fields.
    pub over: OverFields,
    /// The side of a block in pixels.
    pub block: usize,
    /// The standard deviation of the smoothing in pixels; 0 for none.
    pub sigma: f64,
    /// The least gain: darker places are not brightened more than by its inverse.
    pub least: f32,
}

impl Default for FlatFieldConfig {
    /// Median over the fields, blocks of 16 pixels, smoothed over 32, gain at least 0.1.
    fn default() -> Self {
        Self { over: OverFields::Median, block: 16, sigma: 32.0, least: 0.1 }
    }
}

/// The relative brightness of each pixel, per channel; its mean is 1.
#[derive(Clone, Debug)]
pub struct FlatField {
    gain: Array3<f32>,
}

impl FlatField {
    /// Estimates the gain from fields of `channels x height x width`, which are read one at a time.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use perturbook::images::field::{FlatField, FlatFieldConfig};
    ///
    /// // The right side gets three times the light of the left one.
    /// let light = |x: usize| 1.0 + 2.0 * x as f32 / 63.0;
    /// let fields = (0..5).map(|f| Ok(Array3::from_shape_fn((1, 64, 64), |(_, _, x)| light(x) * (10.0 + f as f32))));
    /// let flat = FlatField::estimate(fields, &FlatFieldConfig { block: 8, sigma: 0.0, ..Default::default() })?;
    /// assert!((flat.gain()[[0, 32, 60]] - light(60) / 2.0).abs() < 0.01);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no field, a field cannot be read, their shapes differ, a channel is dark throughout, or the
    /// configuration makes no sense.
    pub fn estimate(fields: impl IntoIterator<Item = Result<Array3<f32>>>, config: &FlatFieldConfig) -> Result<Self> {
        if config.block == 0 || !(config.sigma >= 0.0 && config.sigma.is_finite()) || !(config.least > 0.0) {
            return Err(Error::new(format!("a flat field cannot be estimated with {config:?}"))
                .fix("block and least are above 0, and sigma is not negative"));
        }
        let mut shape = None;
        let mut blocks: Vec<Array3<f32>> = Vec::new();
        for (number, field) in fields.into_iter().enumerate() {
            let field = field?;
            if *shape.get_or_insert(field.dim()) != field.dim() {
                return Err(Error::new(format!("field {number} is {:?}, and the first is {shape:?}", field.dim())));
            }
            blocks.push(in_blocks(&field, config.block));
        }
        let Some((channels, height, width)) = shape.filter(|&(c, h, w)| c * h * w > 0) else {
            return Err(Error::new("a flat field needs at least one field"));
        };
        let mut gain = Array3::zeros((channels, height, width));
        for channel in 0..channels {
            let planes: Vec<_> = blocks.iter().map(|field| field.index_axis(Axis(0), channel)).collect();
            let plane =
                Array2::from_shape_fn(planes[0].dim(), |at| over(planes.iter().map(|plane| plane[at]), config.over));
            let plane = smoothed(plane.view(), config.sigma / config.block as f64);
            let full = stretched(plane.view(), (height, width), config.block);
            let mean = full.iter().map(|&v| f64::from(v)).sum::<f64>() / full.len() as f64;
            if !(mean > 0.0 && mean.is_finite()) {
                return Err(Error::new(format!("channel {channel} has the mean {mean}: no illumination can be seen"))
                    .fix("leave this channel out of the correction"));
            }
            gain.index_axis_mut(Axis(0), channel)
                .assign(&full.mapv(|v| ((f64::from(v) / mean) as f32).max(config.least)));
        }
        Ok(Self { gain })
    }

    /// The relative brightness, `channels x height x width`.
    pub fn gain(&self) -> &Array3<f32> {
        &self.gain
    }

    /// Divides a field by the gain.
    ///
    /// # Errors
    /// When the field has another shape.
    pub fn correct(&self, field: &mut Array3<f32>) -> Result<()> {
        if field.dim() != self.gain.dim() {
            return Err(Error::new(format!(
                "a field of {:?} cannot be corrected by a flat field of {:?}",
                field.dim(),
                self.gain.dim()
            ))
            .fix("estimate the flat field from fields of the same instrument and binning"));
        }
        *field /= &self.gain;
        Ok(())
    }
}

/// The mean of each block; blocks at the rim are smaller.
fn in_blocks(field: &Array3<f32>, block: usize) -> Array3<f32> {
    let (channels, height, width) = field.dim();
    let (down, across) = (height.div_ceil(block), width.div_ceil(block));
    let mut sums = Array3::<f64>::zeros((channels, down, across));
    for ((c, y, x), &value) in field.indexed_iter() {
        sums[[c, y / block, x / block]] += f64::from(value);
    }
    let size = |at: usize, whole: usize| block.min(whole - at * block);
    Array3::from_shape_fn((channels, down, across), |(c, y, x)| {
        (sums[[c, y, x]] / (size(y, height) * size(x, width)) as f64) as f32
    })
}

fn over(values: impl Iterator<Item = f32>, what: OverFields) -> f32 {
    let mut values: Vec<f32> = values.collect();
    let n = values.len();
    match what {
        OverFields::Mean => (values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64) as f32,
        OverFields::Median => {
            values.sort_unstable_by(f32::total_cmp);
            (values[(n - 1) / 2] + values[n / 2]) / 2.0
        }
    }
}

/// A Gaussian along both axes, cut at four standard deviations, the image mirrored at its rim.
fn smoothed(plane: ArrayView2<'_, f32>, sigma: f64) -> Array2<f32> {
    let reach = (4.0 * sigma).ceil() as isize;
    if reach == 0 {
        return plane.to_owned();
    }
    let kernel: Vec<f64> = (-reach..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = kernel.iter().sum();
    let mirror = |at: isize, size: usize| {
        let period = 2 * size as isize;
        let at = at.rem_euclid(period);
        (if at < size as isize { at } else { period - 1 - at }) as usize
    };
    let mut plane = plane.to_owned();
    for axis in [Axis(0), Axis(1)] {
        for mut lane in plane.lanes_mut(axis) {
            let old = lane.to_vec();
            for (at, value) in lane.iter_mut().enumerate() {
                let sum =
                    |(i, k): (usize, &f64)| k * f64::from(old[mirror(at as isize + i as isize - reach, old.len())]);
                *value = (kernel.iter().enumerate().map(sum).sum::<f64>() / total) as f32;
            }
        }
    }
    plane
}

/// Linear between the blocks' centres, and on to the rim along the same line.
fn stretched(blocks: ArrayView2<'_, f32>, (height, width): (usize, usize), block: usize) -> Array2<f32> {
    let centre = |at: usize, size: usize| {
        let (start, end) = (at * block, ((at + 1) * block).min(size));
        (start + end - 1) as f32 / 2.0
    };
    let between = |size: usize| -> Vec<(usize, usize, f32)> {
        let last = size.div_ceil(block) - 1;
        (0..size)
            .map(|at| {
                if last == 0 {
                    return (0, 0, 0.0);
                }
                let mut low = (at / block).min(last);
                if low > 0 && (at as f32) < centre(low, size) || low == last {
                    low -= 1;
                }
                let (from, to) = (centre(low, size), centre(low + 1, size));
                (low, low + 1, (at as f32 - from) / (to - from))
            })
            .collect()
    };
    let (rows, columns) = (between(height), between(width));
    Array2::from_shape_fn((height, width), |(y, x)| {
        let ((y0, y1, v), (x0, x1, u)) = (rows[y], columns[x]);
        let top = blocks[[y0, x0]] * (1.0 - u) + blocks[[y0, x1]] * u;
        let bottom = blocks[[y1, x0]] * (1.0 - u) + blocks[[y1, x1]] * u;
        top * (1.0 - v) + bottom * v
    })
}
