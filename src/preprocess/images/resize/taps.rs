//! One axis of a separable resize: a sparse matrix whose row `i` says which source pixels make up pixel `i`.

/// Sources and weights of every pixel of the result.
#[derive(Debug)]
pub(super) struct Taps {
    starts: Vec<usize>,
    taps: Vec<(usize, f64)>,
}

impl Taps {
    fn new(pixels: impl Iterator<Item = Vec<(usize, f64)>>) -> Self {
        let (mut starts, mut taps) = (vec![0], Vec::new());
        for pixel in pixels {
            taps.extend(pixel.into_iter().filter(|&(_, weight)| weight != 0.0));
            starts.push(taps.len());
        }
        Self { starts, taps }
    }

    /// Pixels of the result.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Sources and weights of one pixel.
    pub fn of(&self, pixel: usize) -> &[(usize, f64)] {
        &self.taps[self.starts[pixel]..self.starts[pixel + 1]]
    }

    /// Nothing changes.
    pub fn same(n: usize) -> Self {
        Self::new((0..n).map(|i| vec![(i, 1.0)]))
    }

    /// This step done after `before`.
    pub fn after(&self, before: &Self) -> Self {
        Self::new((0..self.len()).map(|i| {
            let mut joined: Vec<(usize, f64)> = Vec::new();
            for &(middle, outer) in self.of(i) {
                for &(source, inner) in before.of(middle) {
                    match joined.iter_mut().find(|(known, _)| *known == source) {
                        Some((_, weight)) => *weight += outer * inner,
                        None => joined.push((source, outer * inner)),
                    }
                }
            }
            joined
        }))
    }

    /// Gaussian of `sigma = (factor - 1) / 2` (at least 0.001) over the odd number of taps next to `4 sigma`, at least
    /// 3; beyond the border the image is reflected without repeating its last pixel.
    pub fn gaussian(n: usize, factor: f64) -> Self {
        let sigma = ((factor - 1.0) / 2.0).max(0.001);
        let size = (4.0 * sigma).max(3.0) as isize;
        let half = size / 2; // an even number of taps gets one more
        let bell: Vec<f64> = (-half..=half).map(|x| (-((x * x) as f64) / (2.0 * sigma * sigma)).exp()).collect();
        let total: f64 = bell.iter().sum();
        Self::new((0..n as isize).map(|i| {
            let pixels = (i - half..=i + half).map(|source| reflected(source, n));
            pixels.zip(bell.iter().map(|weight| weight / total)).collect()
        }))
    }

    /// Bilinear with the first and last pixels of both images on each other.
    pub fn aligned(from: usize, to: usize) -> Self {
        let step = if to > 1 { (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
        Self::new((0..to).map(|i| between(i as f64 * step, from)))
    }

    /// Bilinear between pixel centres at `(i + 1/2) from/to - 1/2`, not before the first pixel.
    pub fn half_pixel(from: usize, to: usize) -> Self {
        let step = from as f64 / to as f64;
        Self::new((0..to).map(|i| between(((i as f64 + 0.5) * step - 0.5).max(0.0), from)))
    }

    /// A triangle around the pixel's centre, `max(from/to, 1)` wide to each side, cut at the border.
    pub fn triangle(from: usize, to: usize) -> Self {
        let step = from as f64 / to as f64;
        let reach = step.max(1.0);
        Self::new((0..to).map(|i| {
            let centre = (i as f64 + 0.5) * step;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let last = ((centre + reach + 0.5) as usize).min(from);
            let weight = |source: usize| (1.0 - ((source as f64 + 0.5 - centre) / reach).abs()).max(0.0);
            let total: f64 = (first..last).map(weight).sum();
            (first..last).map(|source| (source, weight(source) / total)).collect()
        }))
    }
}

/// The two pixels around a position, by linear interpolation.
fn between(position: f64, n: usize) -> Vec<(usize, f64)> {
    let below = (position as usize).min(n - 1);
    let share = (position - below as f64).clamp(0.0, 1.0);
    let above = (below + 1).min(n - 1);
    if above == below { vec![(below, 1.0)] } else { vec![(below, 1.0 - share), (above, share)] }
}

/// Position `i` in an image of `n` pixels mirrored at its first and last pixel, as often as needed.
fn reflected(i: isize, n: usize) -> usize {
    let period = 2 * (n as isize - 1);
    if period == 0 {
        return 0;
    }
    let i = i.rem_euclid(period);
    i.min(period - i) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_every_pixel_sum_to_one() {
        for (from, to) in [(100, 64), (96, 48), (7, 3), (3, 7), (1, 5), (5, 1), (2, 2), (97, 96)] {
            for taps in [
                Taps::aligned(from, to),
                Taps::half_pixel(from, to),
                Taps::triangle(from, to),
                Taps::gaussian(from, from as f64 / to as f64),
                Taps::aligned(from, to).after(&Taps::gaussian(from, from as f64 / to as f64)),
            ] {
                for pixel in 0..taps.len() {
                    let sum: f64 = taps.of(pixel).iter().map(|(_, weight)| weight).sum();
                    assert!((sum - 1.0).abs() < 1e-12, "{from} -> {to}: pixel {pixel} sums to {sum}");
                    assert!(taps.of(pixel).iter().all(|&(source, _)| source < from));
                }
            }
        }
    }

    #[test]
    fn the_border_is_mirrored_without_repeating_its_pixel() {
        let mirrored: Vec<usize> = (-3..7).map(|i| reflected(i, 4)).collect();
        assert_eq!(mirrored, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(reflected(-5, 1), 0);
    }
}
