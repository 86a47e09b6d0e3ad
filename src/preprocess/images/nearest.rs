//! Nearest-neighbour resize: row `i` of the result is row `floor(i * src / dst)` of the image.
//!
//! This is the rule of OpenCV's `INTER_NEAREST`, with which Set-DINO enlarges its crops. It invents no value, so it also
//! serves masks and labels.

use ndarray::{Array3, ArrayView3};

use crate::{Error, Result};

/// A `c x h x w` image at the new `(height, width)`.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::resize_nearest;
///
/// let wide = resize_nearest(array![[[1, 2]]].view(), (1, 5))?;
/// assert_eq!(wide, array![[[1, 1, 1, 2, 2]]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a side of the image or of the result is 0.
pub fn resize_nearest<T: Copy>(image: ArrayView3<'_, T>, size: (usize, usize)) -> Result<Array3<T>> {
    let (channels, height, width) = image.dim();
    require_sides((height, width), size)?;
    let source = |i: usize, from: usize, to: usize| i * from / to;
    let columns: Vec<usize> = (0..size.1).map(|x| source(x, width, size.1)).collect();
    Ok(Array3::from_shape_fn((channels, size.0, size.1), |(c, y, x)| image[[c, source(y, height, size.0), columns[x]]]))
}

/// The longest side that a resize makes.
const LONGEST: usize = 1 << 16;

/// Both sizes have sides of at least one pixel, and the result none that is absurd.
pub(super) fn require_sides(from: (usize, usize), to: (usize, usize)) -> Result<()> {
    if from.0 > 0 && from.1 > 0 && (1..=LONGEST).contains(&to.0) && (1..=LONGEST).contains(&to.1) {
        return Ok(());
    }
    Err(Error::new(format!("cannot resize {} x {} pixels to {} x {}", from.0, from.1, to.0, to.1))
        .fix(format!("every side needs at least one pixel, and the result at most {LONGEST}")))
}
