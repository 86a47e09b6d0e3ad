//! Zoom of the global view: a part of the image, enlarged to full size.

use ndarray::{Array3, ArrayView3, s};

use crate::preprocess::images::resize_nearest;
use crate::{Error, Result};

/// Which part of the image is enlarged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    /// Rows of the part.
    pub height: usize,
    /// Columns of the part.
    pub width: usize,
    /// Its first row.
    pub top: usize,
    /// Its first column.
    pub left: usize,
}

/// The side of the part at scale `u`: `side * u`, halves to the even number, at least 1.
///
/// ```
/// assert_eq!(perturbook::preprocess::images::augment::zoom_side(96, 0.9640723206118156), 93);
/// assert_eq!(perturbook::preprocess::images::augment::zoom_side(5, 0.5), 2);
/// ```
pub fn zoom_side(side: usize, u: f64) -> usize {
    ((side as f64 * u).round_ties_even() as usize).clamp(1, side.max(1))
}

/// The part of the image (`c x h x w`), enlarged to `h x w` by the nearest pixel ([`resize_nearest`]).
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::augment::{Zoom, zoom};
///
/// let part = Zoom { height: 1, width: 1, top: 0, left: 1 };
/// assert_eq!(zoom(array![[[1.0f32, 2.0], [3.0, 4.0]]].view(), &part)?, array![[[2.0, 2.0], [2.0, 2.0]]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the part is empty or reaches beyond the image.
pub fn zoom(image: ArrayView3<'_, f32>, part: &Zoom) -> Result<Array3<f32>> {
    let (_, height, width) = image.dim();
    let within = |first: usize, size: usize, side: usize| size > 0 && first <= side && size <= side - first;
    if !within(part.top, part.height, height) || !within(part.left, part.width, width) {
        return Err(Error::new(format!("{part:?} is no part of an image of {height} x {width} pixels")));
    }
    let rows = part.top..part.top + part.height;
    resize_nearest(image.slice(s![.., rows, part.left..part.left + part.width]), (height, width))
}
