//! Is a translated cell still the same cell? Where it lies, which way it is turned, and where its mass is.
//!
//! ```text
//! w = max(x - mean of the channel, 0)                           weight of a pixel
//! position      (cy, cx) = sum w (y, x) / sum w
//! orientation   (mxx - myy, 2 mxy) / (mxx + myy)                second moments about the centre: direction and length of the axis
//! kept          Pearson correlation over cells of a number before and after, mean over the two numbers
//! ```
//!
//! Both numbers of a cell are means over its channels. A channel without variation has its centre in the middle and no axis.

use ndarray::{Array4, ArrayView2, ArrayView3};
use serde::{Deserialize, Serialize};

use super::Similarity;
use crate::{Error, Result};

/// Correlations of cells with what became of them; NaN where nothing varies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContentKept {
    /// Of their centres.
    pub position: f64,
    /// Of their long axes.
    pub orientation: f64,
}

/// How cells (`n x channels x height x width`) agree with what they were translated to, in the same order.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::evaluate::content_kept;
///
/// // A spot, somewhere else in each cell, along an axis of its own.
/// let spot = |n: usize, y: usize, x: usize| {
///     let (dy, dx) = (y as f64 - 6.0 - (n % 5) as f64, x as f64 - 6.0 - (n % 3) as f64);
///     let (long, across) = (0.6 * dy + 0.8 * dx, 0.8 * dy - 0.6 * dx);
///     if n % 2 == 0 { (-long * long / 8.0 - across * across).exp() } else { (-dx * dx / 8.0 - dy * dy).exp() }
/// };
/// let cells = Array4::from_shape_fn((20, 1, 16, 16), |(n, _, y, x)| spot(n, y, x) as f32);
/// let brighter = cells.mapv(|v| 3.0 * v + 1.0);
/// let kept = content_kept(&cells, &brighter)?;
/// assert!(kept.position > 0.999 && kept.orientation > 0.999);
/// let mut others = cells.clone();
/// others.invert_axis(ndarray::Axis(0)); // of other cells
/// assert!(content_kept(&cells, &others)?.position < 0.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When shapes differ, or there are fewer than three cells.
pub fn content_kept(before: &Array4<f32>, after: &Array4<f32>) -> Result<ContentKept> {
    if before.dim() != after.dim() || before.dim().0 < 3 {
        return Err(Error::new(format!("{:?} and {:?} images cannot be compared", before.dim(), after.dim()))
            .at("content kept")
            .fix("give three cells or more, and each of them translated"));
    }
    let of = |images: &Array4<f32>| images.outer_iter().map(content).collect::<Vec<[f64; 4]>>();
    let (before, after) = (of(before), of(after));
    let correlation = |number: usize| {
        let column = |all: &[[f64; 4]]| all.iter().map(|of| of[number]).collect::<Vec<f64>>();
        Similarity::Pearson.between(&column(&before), &column(&after)).unwrap_or(f64::NAN)
    };
    let mean = |numbers: [usize; 2]| numbers.map(correlation).iter().sum::<f64>() / 2.0;
    Ok(ContentKept { position: mean([0, 1]), orientation: mean([2, 3]) })
}

/// Centre and axis of a cell, `channels x height x width`.
fn content(cell: ArrayView3<'_, f32>) -> [f64; 4] {
    let mut sum = [0.0; 4];
    for channel in cell.outer_iter() {
        sum.iter_mut().zip(moments(channel)).for_each(|(sum, number)| *sum += number / cell.dim().0 as f64);
    }
    sum
}

/// Centre and axis of an image.
fn moments(image: ArrayView2<'_, f32>) -> [f64; 4] {
    let mean = image.iter().map(|&v| f64::from(v)).sum::<f64>() / image.len() as f64;
    let weighted = || image.indexed_iter().map(|((y, x), &v)| (y as f64, x as f64, (f64::from(v) - mean).max(0.0)));
    let mass: f64 = weighted().map(|(_, _, w)| w).sum();
    let (height, width) = image.dim();
    if mass.is_nan() || mass <= 0.0 {
        return [(height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0, 0.0, 0.0];
    }
    let cy = weighted().map(|(y, _, w)| y * w).sum::<f64>() / mass;
    let cx = weighted().map(|(_, x, w)| x * w).sum::<f64>() / mass;
    let (mut along, mut across, mut all) = (0.0, 0.0, 0.0);
    for (y, x, w) in weighted() {
        let (dy, dx) = (y - cy, x - cx);
        along += w * (dx * dx - dy * dy);
        across += w * 2.0 * dx * dy;
        all += w * (dx * dx + dy * dy);
    }
    if all > 0.0 { [cy, cx, along / all, across / all] } else { [cy, cx, 0.0, 0.0] }
}
