//! How much of a channel lies in the nucleus of a cell.
//!
//! ```text
//! ratio = mean in the nucleus / mean in the rest of the cell
//! ```
//!
//! A protein that drugs keep in the nucleus, as FKHR on the plate BBBC013, has a high one.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

use super::segment;

/// The ratio of a crop, `channels x height x width`, with the nucleus found in channel `dna` and the cell as all within
/// `expand` pixels of it; none where there is no nucleus or nothing around it, or nothing bright around it.
///
/// ```
/// use ndarray::Array3;
/// use perturbook::methods::engineered::nuclear_ratio;
///
/// // A nucleus of 4 x 4 pixels, three times as bright as the rest in both channels.
/// let inside = |i: usize| (6..10).contains(&i);
/// let crop = Array3::from_shape_fn((2, 16, 16), |(_, y, x)| if inside(y) && inside(x) { 3.0 } else { 1.0 });
/// let ratio = nuclear_ratio(crop.view(), 0, 1, 4.0).unwrap();
/// assert!(ratio > 1.5 && ratio <= 3.0, "{ratio}"); // smoothing blurs where the nucleus ends
/// ```
pub fn nuclear_ratio(crop: ArrayView3<'_, f32>, channel: usize, dna: usize, expand: f64) -> Option<f64> {
    let masks = segment(crop.index_axis(Axis(0), dna), expand);
    let image = crop.index_axis(Axis(0), channel);
    let [nucleus, around] = [&masks.nucleus, &masks.cytoplasm()].map(|mask| mean_in(image, mask));
    let ratio = nucleus? / around?;
    ratio.is_finite().then_some(ratio)
}

fn mean_in(image: ArrayView2<'_, f32>, mask: &Array2<bool>) -> Option<f64> {
    let inside = image.iter().zip(mask).filter(|(_, inside)| **inside);
    let (sum, count) = inside.fold((0.0, 0u32), |(sum, count), (&value, _)| (sum + f64::from(value), count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
