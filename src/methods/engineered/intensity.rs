//! Intensities of an object (CellProfiler's `Intensity`).
//!
//! ```text
//! quartiles, median   linear interpolation between the sorted pixels
//! MADIntensity        median |x - median|
//! StdIntensity        divided by n
//! ...Edge             of the pixels at the object's border (one of four neighbours outside, or the image's border)
//! MassDisplacement    distance from the centre of the pixels to the centre weighted by intensity, in pixels
//! ```
//!
//! Of an empty object everything is 0; without a positive sum of intensities the mass is not displaced.

use ndarray::{Array2, ArrayView2};

use super::quantile;

/// Names, in the order of [`intensity`].
pub const INTENSITY_NAMES: [&str; 15] = [
    "IntegratedIntensity",
    "MeanIntensity",
    "StdIntensity",
    "MinIntensity",
    "MaxIntensity",
    "LowerQuartileIntensity",
    "MedianIntensity",
    "UpperQuartileIntensity",
    "MADIntensity",
    "IntegratedIntensityEdge",
    "MeanIntensityEdge",
    "StdIntensityEdge",
    "MinIntensityEdge",
    "MaxIntensityEdge",
    "MassDisplacement",
];

/// The numbers of [`INTENSITY_NAMES`].
///
/// ```
/// use ndarray::array;
/// use perturbook::methods::engineered::{INTENSITY_NAMES, intensity};
///
/// let image = array![[1.0f32, 2.0, 9.0], [3.0, 6.0, 9.0]];
/// let object = array![[true, true, false], [true, true, false]];
/// let of = |name: &str| {
///     intensity(image.view(), &object)[INTENSITY_NAMES.iter().position(|known| *known == name).unwrap()]
/// };
/// assert_eq!((of("IntegratedIntensity"), of("MeanIntensity"), of("MedianIntensity")), (12.0, 3.0, 2.5));
/// assert_eq!((of("MADIntensity"), of("MaxIntensity")), (1.0, 6.0)); // distances 1.5, 0.5, 0.5, 3.5
/// ```
pub fn intensity(image: ArrayView2<'_, f32>, object: &Array2<bool>) -> [f64; INTENSITY_NAMES.len()] {
    let pixels: Vec<((usize, usize), f64)> =
        object.indexed_iter().filter(|(_, inside)| **inside).map(|(at, _)| (at, f64::from(image[at]))).collect();
    if pixels.is_empty() {
        return [0.0; INTENSITY_NAMES.len()];
    }
    let mut values: Vec<f64> = pixels.iter().map(|(_, value)| *value).collect();
    let edge: Vec<f64> = pixels.iter().filter(|(at, _)| at_border(object, *at)).map(|(_, value)| *value).collect();
    let (whole, edge) = (Moments::of(&values), Moments::of(&edge));
    values.sort_by(f64::total_cmp);
    let median = quantile(&values, 0.5);
    let quartiles = [0.25, 0.75].map(|share| quantile(&values, share));
    let mut apart: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    apart.sort_by(f64::total_cmp);
    [
        whole.sum,
        whole.mean,
        whole.std,
        whole.least,
        whole.most,
        quartiles[0],
        median,
        quartiles[1],
        quantile(&apart, 0.5),
        edge.sum,
        edge.mean,
        edge.std,
        edge.least,
        edge.most,
        displacement(&pixels, whole.sum),
    ]
}

#[derive(Default)]
struct Moments {
    sum: f64,
    mean: f64,
    std: f64,
    least: f64,
    most: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let n = values.len() as f64;
        let sum: f64 = values.iter().sum();
        let mean = sum / n;
        Self {
            sum,
            mean,
            std: (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt(),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

fn at_border(object: &Array2<bool>, (y, x): (usize, usize)) -> bool {
    let outside = |y: Option<usize>, x: Option<usize>| match (y, x) {
        (Some(y), Some(x)) => object.get((y, x)) != Some(&true),
        _ => true,
    };
    outside(y.checked_sub(1), Some(x))
        || outside(Some(y + 1), Some(x))
        || outside(Some(y), x.checked_sub(1))
        || outside(Some(y), Some(x + 1))
}

fn displacement(pixels: &[((usize, usize), f64)], sum: f64) -> f64 {
    if sum <= 0.0 {
        return 0.0;
    }
    let n = pixels.len() as f64;
    let apart = |of: fn(&(usize, usize)) -> usize| {
        let plain = pixels.iter().map(|(at, _)| of(at) as f64).sum::<f64>() / n;
        pixels.iter().map(|(at, value)| of(at) as f64 * value).sum::<f64>() / sum - plain
    };
    apart(|at| at.0).hypot(apart(|at| at.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_is_displaced_towards_the_bright_side() {
        let object = Array2::from_elem((5, 5), true);
        let even = Array2::from_elem((5, 5), 2.0f32);
        assert_eq!(intensity(even.view(), &object)[14], 0.0);
        let mut bright = Array2::zeros((5, 5));
        bright[[2, 4]] = 1.0f32;
        assert_eq!(intensity(bright.view(), &object)[14], 2.0);
    }

    #[test]
    fn the_edge_is_one_pixel_wide() {
        let object = Array2::from_elem((5, 5), true);
        let image =
            Array2::from_shape_fn(
                (5, 5),
                |(y, x)| if (1..4).contains(&y) && (1..4).contains(&x) { 0.0 } else { 1.0f32 },
            );
        let values = intensity(image.view(), &object);
        assert_eq!((values[9], values[10], values[12]), (16.0, 1.0, 1.0));
    }

    #[test]
    fn nothing_has_no_intensity() {
        assert!(intensity(Array2::ones((4, 4)).view(), &Array2::from_elem((4, 4), false)).iter().all(|&v| v == 0.0));
    }
}
