//! Where the nucleus of the centre cell is, and the region around it that stands for the cell.
//!
//! ```text
//! nucleus   DNA channel, smoothed (1 2 1 in both directions) -> Otsu's threshold -> the component (8 neighbours) with most
//!           pixels in the middle quarter of the crop, else the largest one -> holes filled
//! cell      all pixels within `expand` pixels of the nucleus        (CellProfiler's secondary objects by "Distance - N")
//! ```
//!
//! Otsu's threshold is where the variance between the two classes of a histogram of 256 bins is largest (Otsu 1979). A
//! crop whose DNA channel is constant has no nucleus, and all masks are empty.

use ndarray::{Array2, ArrayView2};

use super::distance::distance_to;
use crate::{Error, Result};

/// Bins of the histogram.
const BINS: usize = 256;

/// The objects of one crop, `height x width` each.
#[derive(Clone, Debug, PartialEq)]
pub struct Masks {
    /// The nucleus.
    pub nucleus: Array2<bool>,
    /// The cell, nucleus included.
    pub cell: Array2<bool>,
}

impl Masks {
    /// Masks that come from elsewhere, such as published segmentations.
    ///
    /// # Errors
    /// When their shapes differ, or the nucleus reaches beyond the cell.
    pub fn new(nucleus: Array2<bool>, cell: Array2<bool>) -> Result<Self> {
        let same = nucleus.dim() == cell.dim();
        if !same || nucleus.iter().zip(&cell).any(|(&nucleus, &cell)| nucleus && !cell) {
            return Err(Error::new(format!(
                "a nucleus of {:?} does not lie in a cell of {:?}",
                nucleus.dim(),
                cell.dim()
            ))
            .at("masks")
            .fix("give masks of one shape, every pixel of the nucleus in the cell"));
        }
        Ok(Self { nucleus, cell })
    }

    /// The cell without its nucleus.
    pub fn cytoplasm(&self) -> Array2<bool> {
        let mut cytoplasm = self.cell.clone();
        cytoplasm.zip_mut_with(&self.nucleus, |cell, &nucleus| *cell &= !nucleus);
        cytoplasm
    }
}

/// The threshold above which a pixel belongs to the bright class; none for a constant or empty image, or one with a pixel
/// that is NaN or infinite.
///
/// ```
/// use ndarray::array;
/// use perturbook::methods::engineered::otsu;
///
/// let image = array![[0.0f32, 1.0, 0.5], [9.0, 10.0, 9.5]];
/// let threshold = otsu(image.view()).unwrap();
/// assert!(threshold >= 1.0 && threshold < 9.0);
/// assert_eq!(otsu(array![[3.0f32, 3.0]].view()), None);
/// ```
pub fn otsu(image: ArrayView2<'_, f32>) -> Option<f32> {
    let low = image.iter().copied().fold(f32::INFINITY, f32::min);
    let high = image.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !(low.is_finite() && high.is_finite() && low < high) || image.iter().any(|v| v.is_nan()) {
        return None;
    }
    let width = (f64::from(high) - f64::from(low)) / BINS as f64;
    let mut counts = [0u32; BINS];
    for &value in image {
        let bin = ((f64::from(value) - f64::from(low)) / width) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    let total = image.len() as f64;
    let all: f64 = counts.iter().enumerate().map(|(bin, &n)| bin as f64 * f64::from(n)).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, 0));
    for (bin, &n) in counts.iter().enumerate().take(BINS - 1) {
        below += f64::from(n);
        sum += bin as f64 * f64::from(n);
        let above = total - below;
        if below > 0.0 && above > 0.0 {
            let between = below * above * (sum / below - (all - sum) / above).powi(2);
            // The first of equal ones: of an empty gap its lower end.
            if between > best.0 {
                best = (between, bin);
            }
        }
    }
    Some((f64::from(low) + width * (best.1 + 1) as f64) as f32)
}

/// The nucleus of the centre cell in the DNA channel, and the cell as all within `expand` pixels of it.
pub fn segment(dna: ArrayView2<'_, f32>, expand: f64) -> Masks {
    let smooth = smoothed(dna);
    let bright = match otsu(smooth.view()) {
        Some(threshold) => smooth.mapv(|v| v > threshold),
        None => Array2::from_elem(dna.dim(), false),
    };
    let nucleus = filled(&centre_component(&bright));
    let cell = match nucleus.iter().any(|&inside| inside) {
        true => distance_to(&nucleus).mapv(|distance| distance <= expand),
        false => nucleus.clone(),
    };
    Masks { nucleus, cell }
}

/// Weights 1 2 1 in both directions; the border is repeated.
fn smoothed(image: ArrayView2<'_, f32>) -> Array2<f32> {
    let (height, width) = image.dim();
    let at = |y: isize, x: isize| {
        let y = y.clamp(0, height as isize - 1) as usize;
        f64::from(image[[y, x.clamp(0, width as isize - 1) as usize]])
    };
    Array2::from_shape_fn((height, width), |(y, x)| {
        let (y, x) = (y as isize, x as isize);
        let row = |y: isize| at(y, x - 1) + 2.0 * at(y, x) + at(y, x + 1);
        ((row(y - 1) + 2.0 * row(y) + row(y + 1)) / 16.0) as f32
    })
}

/// The number of each pixel's component, from 1, and 0 outside; 8 neighbours.
pub(super) fn components(mask: &Array2<bool>) -> (Array2<u32>, u32) {
    flooded(mask, &[(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])
}

/// The same for 4 neighbours, as of background between objects of 8.
fn components_of_four(mask: &Array2<bool>) -> (Array2<u32>, u32) {
    flooded(mask, &[(-1, 0), (0, -1), (0, 1), (1, 0)])
}

fn flooded(mask: &Array2<bool>, steps: &[(isize, isize)]) -> (Array2<u32>, u32) {
    let (height, width) = mask.dim();
    let (mut of, mut count, mut open) = (Array2::zeros((height, width)), 0, Vec::new());
    for start in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        if !mask[start] || of[start] != 0 {
            continue;
        }
        count += 1;
        of[start] = count;
        open.push(start);
        while let Some((y, x)) = open.pop() {
            for &(dy, dx) in steps {
                let (Some(y), Some(x)) = (y.checked_add_signed(dy), x.checked_add_signed(dx)) else { continue };
                if y < height && x < width && mask[[y, x]] && of[[y, x]] == 0 {
                    of[[y, x]] = count;
                    open.push((y, x));
                }
            }
        }
    }
    (of, count)
}

/// The component with most pixels in the middle quarter, else the largest; the first of equal ones.
fn centre_component(mask: &Array2<bool>) -> Array2<bool> {
    let (of, count) = components(mask);
    if count == 0 {
        return mask.clone();
    }
    let (height, width) = mask.dim();
    let (mut central, mut size) = (vec![0u32; count as usize + 1], vec![0u32; count as usize + 1]);
    for ((y, x), &component) in of.indexed_iter().filter(|(_, component)| **component > 0) {
        size[component as usize] += 1;
        let middle = 4 * y >= height && 4 * y < 3 * height && 4 * x >= width && 4 * x < 3 * width;
        central[component as usize] += u32::from(middle);
    }
    let best = (1..=count as usize).rev().max_by_key(|&k| (central[k], size[k])).unwrap_or(1) as u32;
    of.mapv(|component| component == best)
}

/// Background that does not touch the border becomes part of the object.
fn filled(mask: &Array2<bool>) -> Array2<bool> {
    let (of, count) = components_of_four(&mask.mapv(|inside| !inside));
    let (height, width) = mask.dim();
    let mut outer = vec![false; count as usize + 1];
    for ((y, x), &component) in of.indexed_iter() {
        if y == 0 || x == 0 || y + 1 == height || x + 1 == width {
            outer[component as usize] = true;
        }
    }
    of.mapv(|component| component == 0 || !outer[component as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(side: usize, (cy, cx): (f64, f64), radius: f64) -> Array2<bool> {
        Array2::from_shape_fn((side, side), |(y, x)| (y as f64 - cy).hypot(x as f64 - cx) <= radius)
    }

    #[test]
    fn the_centre_cell_is_found_beside_a_larger_neighbour() {
        let (centre, neighbour) = (disc(64, (31.0, 33.0), 7.0), disc(64, (10.0, 8.0), 12.0));
        let image = Array2::from_shape_fn((64, 64), |at| if centre[at] || neighbour[at] { 100.0f32 } else { 3.0 });
        let masks = segment(image.view(), 4.0);
        let wrong = masks.nucleus.iter().zip(&centre).filter(|(a, b)| a != b).count();
        assert!(wrong <= 24, "{wrong} pixels differ"); // at most one pixel along the rim
        assert!(masks.nucleus[[31, 33]] && !masks.nucleus[[10, 8]]);
        let area = |mask: &Array2<bool>| mask.iter().filter(|&&inside| inside).count();
        assert!(area(&masks.cell) > area(&masks.nucleus));
        assert_eq!(area(&masks.cytoplasm()), area(&masks.cell) - area(&masks.nucleus));
    }

    #[test]
    fn holes_are_filled_and_bays_are_not() {
        let mut ring = disc(15, (7.0, 7.0), 6.0);
        ring[[7, 7]] = false;
        let mut bay = ring.clone();
        (7..15).for_each(|x| bay[[7, x]] = false);
        assert!(filled(&ring)[[7, 7]]);
        assert!(!filled(&bay)[[7, 7]]);
    }

    #[test]
    fn an_image_without_contrast_has_no_objects() {
        for value in [0.0, 5.0, f32::NAN] {
            let masks = segment(Array2::from_elem((16, 16), value).view(), 3.0);
            assert!(masks.nucleus.iter().chain(&masks.cell).all(|&inside| !inside));
        }
    }

    #[test]
    fn masks_that_do_not_fit_are_refused() {
        assert!(Masks::new(disc(9, (4.0, 4.0), 4.0), disc(9, (4.0, 4.0), 2.0)).is_err());
        assert!(Masks::new(disc(9, (4.0, 4.0), 1.0), disc(8, (4.0, 4.0), 2.0)).is_err());
        assert!(Masks::new(disc(9, (4.0, 4.0), 1.0), disc(9, (4.0, 4.0), 2.0)).is_ok());
    }
}
