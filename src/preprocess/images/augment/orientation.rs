//! Flips and the quarter turn.

use ndarray::{Array3, ArrayView3, Axis, s};

/// Which of the three are done, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    /// The first row becomes the last.
    pub up_down: bool,
    /// The first column becomes the last.
    pub left_right: bool,
    /// A quarter turn counter-clockwise.
    pub rotate: bool,
}

impl Orientation {
    /// The image (`c x h x w`) so turned; a quarter turn exchanges height and width.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::preprocess::images::augment::Orientation;
    ///
    /// let image = array![[[1.0f32, 2.0], [3.0, 4.0]]];
    /// let turned = Orientation { up_down: true, rotate: true, ..Default::default() }.apply(image.view());
    /// assert_eq!(turned, array![[[4.0, 2.0], [3.0, 1.0]]]);
    /// ```
    pub fn apply(self, image: ArrayView3<'_, f32>) -> Array3<f32> {
        self.view(image).as_standard_layout().into_owned()
    }

    /// The same without a copy.
    pub(super) fn view(self, image: ArrayView3<'_, f32>) -> ArrayView3<'_, f32> {
        let mut view = image;
        if self.up_down {
            view.invert_axis(Axis(1));
        }
        if self.left_right {
            view.invert_axis(Axis(2));
        }
        if self.rotate {
            quarter_turn(&mut view);
        }
        view
    }
}

/// `out[r, c] = in[h - 1 - r, c]` in every channel.
pub fn flip_up_down(image: ArrayView3<'_, f32>) -> Array3<f32> {
    image.slice(s![.., ..;-1, ..]).as_standard_layout().into_owned()
}

/// `out[r, c] = in[r, w - 1 - c]` in every channel.
pub fn flip_left_right(image: ArrayView3<'_, f32>) -> Array3<f32> {
    image.slice(s![.., .., ..;-1]).as_standard_layout().into_owned()
}

/// A quarter turn counter-clockwise: `out[r, c] = in[c, w - 1 - r]` in every channel; the result is `w x h`.
///
/// ```
/// use ndarray::array;
/// let turned = perturbook::preprocess::images::augment::rotate90(array![[[1.0f32, 2.0], [3.0, 4.0]]].view());
/// assert_eq!(turned, array![[[2.0, 4.0], [1.0, 3.0]]]);
/// ```
pub fn rotate90(image: ArrayView3<'_, f32>) -> Array3<f32> {
    let mut view = image;
    quarter_turn(&mut view);
    view.as_standard_layout().into_owned()
}

fn quarter_turn(view: &mut ArrayView3<'_, f32>) {
    view.invert_axis(Axis(2));
    view.swap_axes(1, 2);
}
