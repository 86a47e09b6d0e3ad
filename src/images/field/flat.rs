//! Uneven illumination, found from the fields themselves (retrospective flat-field correction).
//!
//! ```text
//! b_f(block)  = mean of the pixels of a block of field f
//! m(block)    = median (or mean) over the fields
//! gain        = m smoothed by a Gaussian (a local line, so that the rim is not flattened), linear between the blocks' centres, divided by its mean
//! corrected   = image / gain
//! ```
//!
//! With many fields cells lie everywhere, so what is left in the median is the light. Working on blocks keeps one small
//! image per field in memory however large the fields are.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};

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
        let positive = |number: f64| number > 0.0 && number.is_finite();
        if config.block == 0 || !positive(config.sigma + 1.0) || config.sigma < 0.0 || !positive(config.least.into()) {
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

/// The first pixel of each of the nearly equal parts into which `size` pixels are cut, and `size`.
fn cuts(size: usize, block: usize) -> Vec<usize> {
    let parts = ((size + block / 2) / block).max(1);
    (0..=parts).map(|part| part * size / parts).collect()
}

/// The mean of each block.
fn in_blocks(field: &Array3<f32>, block: usize) -> Array3<f32> {
    let (channels, height, width) = field.dim();
    let (rows, columns) = (cuts(height, block), cuts(width, block));
    Array3::from_shape_fn((channels, rows.len() - 1, columns.len() - 1), |(c, y, x)| {
        let part = field.slice(s![c, rows[y]..rows[y + 1], columns[x]..columns[x + 1]]);
        (part.iter().map(|&value| f64::from(value)).sum::<f64>() / part.len() as f64) as f32
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

/// A line fitted at each place with Gaussian weights, along both axes, cut at four standard deviations.
///
/// Within the image this is the Gaussian mean; at the rim, where the window has one side only, slopes are kept.
fn smoothed(plane: ArrayView2<'_, f32>, sigma: f64) -> Array2<f32> {
    let reach = (4.0 * sigma).ceil() as usize;
    let mut plane = plane.to_owned();
    if reach == 0 {
        return plane;
    }
    for axis in [Axis(0), Axis(1)] {
        for mut lane in plane.lanes_mut(axis) {
            let old = lane.to_vec();
            for (at, value) in lane.iter_mut().enumerate() {
                let window = at.saturating_sub(reach)..(at + reach + 1).min(old.len());
                let points = window.map(|i| {
                    let d = i as f64 - at as f64;
                    ((-0.5 * (d / sigma).powi(2)).exp(), d, f64::from(old[i]))
                });
                let [mut s0, mut s1, mut s2, mut t0, mut t1] = [0.0; 5];
                for (k, d, v) in points {
                    (s0, s1, s2) = (s0 + k, s1 + k * d, s2 + k * d * d);
                    (t0, t1) = (t0 + k * v, t1 + k * d * v);
                }
                let determinant = s0 * s2 - s1 * s1;
                let fitted = if determinant > 1e-12 { (s2 * t0 - s1 * t1) / determinant } else { t0 / s0 };
                *value = fitted as f32;
            }
        }
    }
    plane
}

/// Linear between the blocks' centres, and on to the rim along the same line.
fn stretched(blocks: ArrayView2<'_, f32>, (height, width): (usize, usize), block: usize) -> Array2<f32> {
    let between = |size: usize| -> Vec<(usize, usize, f32)> {
        let centres: Vec<f32> = cuts(size, block).windows(2).map(|part| (part[0] + part[1] - 1) as f32 / 2.0).collect();
        let place = |at: usize| {
            let last = centres.len() - 1;
            let low =
                centres.partition_point(|&centre| centre <= at as f32).saturating_sub(1).min(last.saturating_sub(1));
            let high = (low + 1).min(last);
            let width = centres[high] - centres[low];
            (low, high, if width > 0.0 { (at as f32 - centres[low]) / width } else { 0.0 })
        };
        (0..size).map(place).collect()
    };
    let (rows, columns) = (between(height), between(width));
    Array2::from_shape_fn((height, width), |(y, x)| {
        let ((y0, y1, v), (x0, x1, u)) = (rows[y], columns[x]);
        let top = blocks[[y0, x0]] * (1.0 - u) + blocks[[y0, x1]] * u;
        let bottom = blocks[[y1, x0]] * (1.0 - u) + blocks[[y1, x1]] * u;
        top * (1.0 - v) + bottom * v
    })
}
