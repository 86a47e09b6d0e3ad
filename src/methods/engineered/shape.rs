//! Size and shape of an object (CellProfiler's `AreaShape`).
//!
//! ```text
//! moments            of pixel centres, plus 1/12 for the extent of a pixel
//! MajorAxisLength    4 sqrt(l1), MinorAxisLength 4 sqrt(l2) for the eigenvalues l1 >= l2 of their covariance
//! Eccentricity       sqrt(1 - l2 / l1)
//! Perimeter          border pixels by the way they continue: 1, sqrt 2 or (1 + sqrt 2)/2 each (Benkrid and Crookes 2000)
//! FormFactor         4 pi Area / Perimeter^2;  Compactness its inverse
//! Solidity           Area / area of the convex hull of all pixels' corners
//! Feret diameters    widest and narrowest extent of that hull
//! radii              largest, mean and median distance of pixels to the nearest one outside
//! EulerNumber        pieces less holes, 8 neighbours
//! ```
//!
//! Of an empty object everything is 0.

use std::f64::consts::{PI, SQRT_2};

use ndarray::{Array2, ArrayView1};

use super::distance::depth;

/// Names, in the order of [`shape`].
pub const SHAPE_NAMES: [&str; 18] = [
    "Area",
    "Perimeter",
    "FormFactor",
    "Compactness",
    "Eccentricity",
    "MajorAxisLength",
    "MinorAxisLength",
    "EquivalentDiameter",
    "Extent",
    "Solidity",
    "ConvexArea",
    "BoundingBoxArea",
    "MaxFeretDiameter",
    "MinFeretDiameter",
    "MaximumRadius",
    "MeanRadius",
    "MedianRadius",
    "EulerNumber",
];

/// The numbers of [`SHAPE_NAMES`], lengths in pixels.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::methods::engineered::{SHAPE_NAMES, shape};
///
/// let rectangle = Array2::from_shape_fn((20, 30), |(y, x)| (5..9).contains(&y) && (4..24).contains(&x));
/// let shape = shape(&rectangle);
/// let of = |name: &str| shape[SHAPE_NAMES.iter().position(|known| *known == name).unwrap()];
/// assert_eq!((of("Area"), of("Extent"), of("Solidity"), of("EulerNumber")), (80.0, 1.0, 1.0, 1.0));
/// assert!((of("Eccentricity") - (1.0f64 - (4.0 * 4.0) / (20.0 * 20.0)).sqrt()).abs() < 1e-9);
/// assert!((of("MaxFeretDiameter") - 416f64.sqrt()).abs() < 1e-9 && of("MinFeretDiameter") == 4.0);
/// ```
pub fn shape(object: &Array2<bool>) -> [f64; SHAPE_NAMES.len()] {
    let pixels: Vec<(usize, usize)> = object.indexed_iter().filter(|(_, inside)| **inside).map(|(at, _)| at).collect();
    if pixels.is_empty() {
        return [0.0; SHAPE_NAMES.len()];
    }
    let area = pixels.len() as f64;
    let (major, minor) = axes(&pixels);
    let perimeter = perimeter(object);
    let hull = hull(&pixels);
    let convex = polygon_area(&hull);
    let (narrow, wide) = feret(&hull);
    let extent = |of: fn(&(usize, usize)) -> usize| {
        let (low, high) = (pixels.iter().map(of).min().unwrap_or(0), pixels.iter().map(of).max().unwrap_or(0));
        (high - low + 1) as f64
    };
    let bounding = extent(|at| at.0) * extent(|at| at.1);
    let depths = depth(object);
    let mut depths: Vec<f64> = pixels.iter().map(|&at| depths[at]).collect();
    depths.sort_by(f64::total_cmp);
    let form = if perimeter > 0.0 { 4.0 * PI * area / (perimeter * perimeter) } else { 0.0 };
    [
        area,
        perimeter,
        form,
        if form > 0.0 { 1.0 / form } else { 0.0 },
        if major > 0.0 { (1.0 - (minor / major).powi(2)).max(0.0).sqrt() } else { 0.0 },
        major,
        minor,
        (4.0 * area / PI).sqrt(),
        area / bounding,
        area / convex,
        convex,
        bounding,
        wide,
        narrow,
        depths[depths.len() - 1],
        depths.iter().sum::<f64>() / area,
        super::quantile(&depths, 0.5),
        euler(object),
    ]
}

/// Lengths of the axes of the ellipse with the same second moments.
fn axes(pixels: &[(usize, usize)]) -> (f64, f64) {
    let n = pixels.len() as f64;
    let mean = |of: fn(&(usize, usize)) -> usize| pixels.iter().map(|at| of(at) as f64).sum::<f64>() / n;
    let (cy, cx) = (mean(|at| at.0), mean(|at| at.1));
    let (mut yy, mut xx, mut xy) = (0.0, 0.0, 0.0);
    for &(y, x) in pixels {
        let (y, x) = (y as f64 - cy, x as f64 - cx);
        yy += y * y;
        xx += x * x;
        xy += x * y;
    }
    let (yy, xx, xy) = (yy / n + 1.0 / 12.0, xx / n + 1.0 / 12.0, xy / n);
    let (half, apart) = ((yy + xx) / 2.0, (((yy - xx) / 2.0).powi(2) + xy * xy).sqrt());
    (4.0 * (half + apart).sqrt(), 4.0 * (half - apart).max(0.0).sqrt())
}

/// Border pixels, those with one of four neighbours outside, weighted by how the border goes on through them.
fn perimeter(object: &Array2<bool>) -> f64 {
    let inside = |y: isize, x: isize| {
        let at = (usize::try_from(y).ok(), usize::try_from(x).ok());
        matches!(at, (Some(y), Some(x)) if object.get((y, x)) == Some(&true))
    };
    let border = |y: isize, x: isize| {
        inside(y, x) && [(-1, 0), (1, 0), (0, -1), (0, 1)].iter().any(|(dy, dx)| !inside(y + dy, x + dx))
    };
    let of_pixel = |y: isize, x: isize| {
        let count = |steps: [(isize, isize); 4]| steps.iter().filter(|(dy, dx)| border(y + dy, x + dx)).count();
        let straight = count([(-1, 0), (1, 0), (0, -1), (0, 1)]);
        let diagonal = count([(-1, -1), (-1, 1), (1, -1), (1, 1)]);
        match (straight, diagonal) {
            (2 | 3, 0..=2) => 1.0,
            (0, 2) | (1, 3) => SQRT_2,
            (1, 1 | 2) => (1.0 + SQRT_2) / 2.0,
            _ => 0.0,
        }
    };
    let (height, width) = object.dim();
    let all = (0..height as isize).flat_map(|y| (0..width as isize).map(move |x| (y, x)));
    all.filter(|&(y, x)| border(y, x)).map(|(y, x)| of_pixel(y, x)).sum()
}

/// The corners of the convex hull of all pixels' corners, in order (monotone chain).
fn hull(pixels: &[(usize, usize)]) -> Vec<(f64, f64)> {
    let corners = |&(y, x): &(usize, usize)| [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
    let mut points: Vec<(usize, usize)> = pixels.iter().flat_map(corners).collect();
    points.sort_unstable();
    points.dedup();
    let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (x as f64, y as f64)).collect();
    let chain = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let mut chain: Vec<(f64, f64)> = Vec::new();
        for point in points {
            while let [.., a, b] = chain[..] {
                if (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

fn polygon_area(corners: &[(f64, f64)]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - a.1 * b.0).sum::<f64>().abs() / 2.0
}

/// The narrowest and the widest extent of a convex polygon; the narrowest lies across one of its sides.
fn feret(corners: &[(f64, f64)]) -> (f64, f64) {
    let next = corners.iter().cycle().skip(1);
    let narrow = corners.iter().zip(next).map(|(a, b)| {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx.hypot(dy);
        corners.iter().map(|c| ((c.0 - a.0) * dy - (c.1 - a.1) * dx).abs() / length).fold(0.0, f64::max)
    });
    let wide = corners.iter().flat_map(|a| corners.iter().map(|b| (a.0 - b.0).hypot(a.1 - b.1)));
    (narrow.fold(f64::INFINITY, f64::min), wide.fold(0.0, f64::max))
}

/// Pieces less holes from the counts of 2 x 2 squares: `(one - three - 2 diagonal) / 4` (Gray 1971).
fn euler(object: &Array2<bool>) -> f64 {
    let (height, width) = object.dim();
    let empty = vec![false; width];
    let line = |y: Option<usize>| match y {
        Some(y) if y < height => object.row(y),
        _ => ArrayView1::from(&empty),
    };
    let mut sum = 0i64;
    for y in 0..=height {
        let (above, below) = (line(y.checked_sub(1)), line(Some(y)));
        for x in 0..=width {
            let of =
                |line: ArrayView1<'_, bool>, x: Option<usize>| x.and_then(|x| line.get(x).copied()).unwrap_or(false);
            let square =
                [of(above, x.checked_sub(1)), of(above, Some(x)), of(below, x.checked_sub(1)), of(below, Some(x))];
            sum += match square.iter().filter(|inside| **inside).count() {
                1 => 1,
                3 => -1,
                2 if square[0] == square[3] => -2,
                _ => 0,
            };
        }
    }
    sum as f64 / 4.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(object: &Array2<bool>, name: &str) -> f64 {
        shape(object)[SHAPE_NAMES.iter().position(|known| *known == name).unwrap()]
    }

    fn ellipse(a: f64, b: f64) -> Array2<bool> {
        Array2::from_shape_fn((121, 121), |(y, x)| {
            ((x as f64 - 60.0) / a).powi(2) + ((y as f64 - 60.0) / b).powi(2) <= 1.0
        })
    }

    #[test]
    fn a_disc_is_round() {
        let disc = ellipse(40.0, 40.0);
        assert!((of(&disc, "Area") / (PI * 1600.0) - 1.0).abs() < 0.01);
        assert!((of(&disc, "Perimeter") / (2.0 * PI * 40.0) - 1.0).abs() < 0.05);
        assert!((of(&disc, "FormFactor") - 1.0).abs() < 0.1);
        assert!(of(&disc, "Eccentricity") < 0.02);
        assert!((of(&disc, "EquivalentDiameter") - 80.0).abs() < 0.5);
        assert!((of(&disc, "MaximumRadius") - 40.5).abs() < 1.0);
        assert!((of(&disc, "MaxFeretDiameter") - of(&disc, "MinFeretDiameter")).abs() < 1.5);
        assert!(of(&disc, "Solidity") > 0.97);
    }

    #[test]
    fn an_ellipse_has_its_axes_and_eccentricity() {
        let ellipse = ellipse(50.0, 25.0);
        assert!((of(&ellipse, "MajorAxisLength") - 100.0).abs() < 1.0);
        assert!((of(&ellipse, "MinorAxisLength") - 50.0).abs() < 1.0);
        assert!((of(&ellipse, "Eccentricity") - 0.75f64.sqrt()).abs() < 0.005);
        let turned = ellipse.t().to_owned();
        for (a, b) in shape(&ellipse).iter().zip(shape(&turned)) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn pieces_and_holes_are_counted() {
        let mut object = Array2::from_elem((12, 12), false);
        object.slice_mut(ndarray::s![1..6, 1..6]).fill(true);
        assert_eq!(of(&object, "EulerNumber"), 1.0);
        object[[3, 3]] = false;
        assert_eq!(of(&object, "EulerNumber"), 0.0);
        object[[9, 9]] = true;
        assert_eq!(of(&object, "EulerNumber"), 1.0);
        object[[10, 10]] = true; // a diagonal neighbour belongs to the same piece
        assert_eq!(of(&object, "EulerNumber"), 1.0);
    }

    #[test]
    fn small_objects_have_finite_numbers() {
        let mut object = Array2::from_elem((5, 5), false);
        assert!(shape(&object).iter().all(|&v| v == 0.0));
        object[[0, 4]] = true;
        assert!(shape(&object).iter().all(|v| v.is_finite()));
        assert_eq!(of(&object, "Solidity"), 1.0);
        assert_eq!(of(&object, "MaximumRadius"), 1.0);
    }
}
