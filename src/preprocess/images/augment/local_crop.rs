//! The crop of a local view: a small window of the cell, at half the image's size.

use ndarray::{Array3, ArrayView3, s};

use crate::preprocess::images::resize_nearest;
use crate::{Error, Result};

/// Centre and relative size of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalCrop {
    /// Row of the centre.
    pub row: usize,
    /// Column of the centre.
    pub column: usize,
    /// Height relative to the image, 0.4 to 0.6 in Set-DINO.
    pub height: f64,
    /// Width relative to the image, drawn apart from the height.
    pub width: f64,
}

/// The window of the image (`c x h x w`), resized by the nearest pixel to `size`.
///
/// Half its height is `floor(floor(height * h) / 2)`; it spans the rows from the centre less that to the centre plus
/// that, the last one not included; columns alike. What lies outside the image is cut off.
///
/// ```
/// use ndarray::Array3;
/// use perturbook::preprocess::images::augment::{LocalCrop, local_crop};
///
/// let rows = Array3::from_shape_fn((1, 96, 96), |(_, y, _)| y as f32);
/// let window = LocalCrop { row: 48, column: 48, height: 0.5, width: 0.4 };
/// let view = local_crop(rows.view(), &window, (48, 48))?;
/// assert_eq!((view[[0, 0, 0]], view[[0, 47, 0]]), (24.0, 71.0)); // half the height is 24
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When nothing of the window lies in the image, or the size has an empty side.
pub fn local_crop(image: ArrayView3<'_, f32>, window: &LocalCrop, size: (usize, usize)) -> Result<Array3<f32>> {
    let (_, height, width) = image.dim();
    let rows = span(window.row, half(height, window.height), height);
    let columns = span(window.column, half(width, window.width), width);
    if rows.is_empty() || columns.is_empty() {
        return Err(Error::new(format!("{window:?} holds no pixel of an image of {height} x {width}"))
            .fix("choose a centre in the image and a size above 0"));
    }
    resize_nearest(image.slice(s![.., rows, columns]), size)
}

/// Half of a window's side.
pub(super) fn half(side: usize, scale: f64) -> usize {
    (scale * side as f64) as usize / 2
}

fn span(centre: usize, half: usize, side: usize) -> std::ops::Range<usize> {
    centre.saturating_sub(half).min(side)..centre.saturating_add(half).min(side)
}
