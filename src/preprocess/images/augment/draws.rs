//! What is drawn for a view, and the seeded sampler that draws it.
//!
//! The reference copies one generator into all loader workers, so that they repeat each other's augmentations, and
//! draws the local crops from a generator of their own. Here every worker has two streams of its own: one for global
//! views, one for local views, all of one seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::local_crop::half;
use super::{LocalCrop, Orientation, Zoom, zoom_side};
use crate::{Error, Result};

const ZOOM: std::ops::Range<f64> = 0.9..1.0;
/// How far exponents go from 1.
const GAMMA: f32 = 0.5;
const LOCAL_SCALE: std::ops::Range<f64> = 0.4..0.6;
const LOWEST_OFFSET: f32 = -0.3;

/// Which of the two released versions of the augmentations of Set-DINO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// The published runs: offsets up to 0.5, zoom always on the lower right corner.
    Published2024,
    /// As the paper describes it and as corrected in October 2025: offsets up to 0.3, zoom anywhere.
    #[default]
    Corrected2025,
}

/// The values of a global view.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalDraw {
    /// Flips and turn.
    pub orientation: Orientation,
    /// The part that is enlarged, of the image so turned.
    pub zoom: Zoom,
    /// Exponent of each channel.
    pub gamma: Vec<f32>,
    /// Offset of each channel.
    pub offset: Vec<f32>,
}

/// The values of a local view.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalDraw {
    /// Flips and turn.
    pub orientation: Orientation,
    /// Exponent of each channel.
    pub gamma: Vec<f32>,
    /// Offset of each channel.
    pub offset: Vec<f32>,
    /// The window, of the image so turned.
    pub window: LocalCrop,
}

/// Draws the values of views, the same ones for the same seed and worker.
///
/// ```
/// use perturbook::preprocess::images::augment::{Release, ViewSampler};
///
/// let draw = |worker| ViewSampler::new(7, worker, Release::Corrected2025).global(4, 96, 96);
/// assert_eq!(draw(0)?, draw(0)?);
/// assert_ne!(draw(0)?, draw(1)?); // workers do not repeat each other
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ViewSampler {
    release: Release,
    strength: f32,
    global: ChaCha8Rng,
    local: ChaCha8Rng,
}

impl ViewSampler {
    /// The sampler of one loader worker.
    pub fn new(seed: u64, worker: u32, release: Release) -> Self {
        let stream = |kind: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(2 * u64::from(worker) + kind);
            rng
        };
        Self { release, strength: 1.0, global: stream(0), local: stream(1) }
    }

    /// The same with exponents and offsets that go only so far: at 0 intensities stay, at 1 they are as published.
    ///
    /// # Errors
    /// When it is not from 0 to 1.
    pub fn with_strength(self, strength: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&strength) {
            return Err(Error::new(format!("intensities cannot be changed by {strength} of the published ranges"))
                .fix("take a strength from 0 to 1"));
        }
        Ok(Self { strength: strength as f32, ..self })
    }

    /// Values for the next global view of an image of `channels x height x width`.
    ///
    /// # Errors
    /// When the image has no pixel.
    pub fn global(&mut self, channels: usize, height: usize, width: usize) -> Result<GlobalDraw> {
        require_pixels(height, width)?;
        let rng = &mut self.global;
        let orientation = orientation(rng);
        let (height, width) = turned(orientation, height, width);
        let u = rng.random_range(ZOOM);
        let (part_height, part_width) = (zoom_side(height, u), zoom_side(width, u));
        let (last_top, last_left) = (height - part_height, width - part_width);
        let (top, left) = match self.release {
            Release::Published2024 => (last_top, last_left),
            Release::Corrected2025 => (rng.random_range(0..=last_top), rng.random_range(0..=last_left)),
        };
        let zoom = Zoom { height: part_height, width: part_width, top, left };
        let (gamma, offset) = intensities(rng, channels, self.release, self.strength);
        Ok(GlobalDraw { orientation, zoom, gamma, offset })
    }

    /// Values for the next local view of an image of `channels x height x width`.
    ///
    /// The centre keeps away from the border by half the largest window: rows 28 to 67 of 96.
    ///
    /// # Errors
    /// When a side of the image is shorter than 5 pixels, the least of which every window holds one.
    pub fn local(&mut self, channels: usize, height: usize, width: usize) -> Result<LocalDraw> {
        if height.min(width) < 5 {
            return Err(Error::new(format!("an image of {height} x {width} pixels is too small for local crops"))
                .fix("local crops take 0.4 to 0.6 of each side: give at least 5 pixels a side"));
        }
        let rng = &mut self.local;
        let orientation = orientation(rng);
        let (height, width) = turned(orientation, height, width);
        let (gamma, offset) = intensities(rng, channels, self.release, self.strength);
        let mut centre = |side: usize| {
            let margin = half(side, LOCAL_SCALE.end);
            rng.random_range(margin..side - margin)
        };
        let (row, column) = (centre(height), centre(width));
        let window =
            LocalCrop { row, column, height: rng.random_range(LOCAL_SCALE), width: rng.random_range(LOCAL_SCALE) };
        Ok(LocalDraw { orientation, gamma, offset, window })
    }
}

fn orientation(rng: &mut ChaCha8Rng) -> Orientation {
    Orientation { up_down: rng.random(), left_right: rng.random(), rotate: rng.random() }
}

fn turned(orientation: Orientation, height: usize, width: usize) -> (usize, usize) {
    if orientation.rotate { (width, height) } else { (height, width) }
}

fn intensities(rng: &mut ChaCha8Rng, channels: usize, release: Release, strength: f32) -> (Vec<f32>, Vec<f32>) {
    let highest = match release {
        Release::Published2024 => 0.5,
        Release::Corrected2025 => 0.3,
    };
    let gamma = (0..channels).map(|_| 1.0 + strength * rng.random_range(-GAMMA..GAMMA)).collect();
    let offset = (0..channels).map(|_| strength * rng.random_range(LOWEST_OFFSET..highest)).collect();
    (gamma, offset)
}

fn require_pixels(height: usize, width: usize) -> Result<()> {
    if height > 0 && width > 0 {
        return Ok(());
    }
    Err(Error::new(format!("an image of {height} x {width} pixels has no view")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(release: Release) -> Vec<(GlobalDraw, LocalDraw)> {
        let mut sampler = ViewSampler::new(3, 0, release);
        (0..2000).map(|_| (sampler.global(4, 96, 96).unwrap(), sampler.local(4, 96, 96).unwrap())).collect()
    }

    #[test]
    fn a_strength_narrows_intensities_and_nothing_else() {
        let sampler = ViewSampler::new(3, 0, Release::Corrected2025);
        let draws = |mut sampler: ViewSampler| sampler.global(4, 96, 96).unwrap();
        let (whole, quarter) = (draws(sampler.clone()), draws(sampler.clone().with_strength(0.25).unwrap()));
        assert_eq!((whole.orientation, &whole.zoom), (quarter.orientation, &quarter.zoom));
        for (whole, quarter) in whole.offset.iter().zip(&quarter.offset) {
            assert_eq!(0.25 * whole, *quarter);
        }
        assert!(quarter.gamma.iter().all(|a| (0.875..1.125).contains(a)));
        assert!(sampler.with_strength(1.5).is_err());
    }

    #[test]
    fn draws_fill_their_ranges_and_stay_in_them() {
        let drawn = sampled(Release::Corrected2025);
        let offsets: Vec<f32> = drawn.iter().flat_map(|(g, l)| g.offset.iter().chain(&l.offset)).copied().collect();
        let gammas: Vec<f32> = drawn.iter().flat_map(|(g, l)| g.gamma.iter().chain(&l.gamma)).copied().collect();
        assert!(offsets.iter().all(|b| (-0.3..0.3).contains(b)) && offsets.iter().any(|&b| b > 0.29));
        assert!(gammas.iter().all(|a| (0.5..1.5).contains(a)) && gammas.iter().any(|&a| a < 0.51));
        assert!(drawn.iter().all(|(g, _)| (86..=96).contains(&g.zoom.height) && g.zoom.height == g.zoom.width));
        assert!(drawn.iter().any(|(g, _)| g.zoom.top != g.zoom.left));
        let rows: Vec<usize> = drawn.iter().map(|(_, l)| l.window.row).collect();
        assert_eq!((rows.iter().min(), rows.iter().max()), (Some(&28), Some(&67)));
        for part in [|d: Orientation| d.up_down, |d: Orientation| d.left_right, |d: Orientation| d.rotate] {
            let share = drawn.iter().filter(|(g, _)| part(g.orientation)).count();
            assert!((900..1100).contains(&share), "{share} of 2000");
        }
    }

    #[test]
    fn the_published_runs_zoom_on_the_lower_right_corner_and_brighten_more() {
        let drawn = sampled(Release::Published2024);
        assert!(drawn.iter().all(|(g, _)| g.zoom.top + g.zoom.height == 96 && g.zoom.left + g.zoom.width == 96));
        assert!(drawn.iter().flat_map(|(g, _)| &g.offset).any(|&b| b > 0.45));
    }

    #[test]
    fn local_views_do_not_depend_on_how_many_global_views_were_drawn() {
        let (mut one, mut other) =
            (ViewSampler::new(5, 2, Release::default()), ViewSampler::new(5, 2, Release::default()));
        for _ in 0..7 {
            other.global(4, 96, 96).unwrap();
        }
        assert_eq!(one.local(4, 96, 96).unwrap(), other.local(4, 96, 96).unwrap());
    }
}
