//! Smooth closed outlines of cells and nuclei.
//!
//! ```text
//! r(theta) = radius * (1 + sum over k = 2..6 of a_k cos(k theta) + b_k sin(k theta))
//! ```
//!
//! Lengths are in sides of a crop. Sines and cosines of k theta follow from those of theta by the addition theorem, so
//! that a pixel costs a square root, a division and some products.

use crate::simulate::streams::Draw;

/// Harmonics 2 to 6.
pub(super) const WAVES: usize = 5;

/// A wave around a circle.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waves {
    pub(super) cos: [f32; WAVES],
    pub(super) sin: [f32; WAVES],
}

impl Waves {
    /// Random waves whose harmonics have these standard deviations.
    pub(super) fn random(draw: &mut Draw, sd: [f32; WAVES]) -> Self {
        Self { cos: sd.map(|sd| draw.normal(sd)), sin: sd.map(|sd| draw.normal(sd)) }
    }

    /// Adds an elongation along `angle`.
    pub(super) fn stretched(mut self, amount: f32, angle: f32) -> Self {
        self.cos[0] += amount * (2.0 * angle).cos();
        self.sin[0] += amount * (2.0 * angle).sin();
        self
    }

    /// The direction of the strongest elongation.
    pub(super) fn long_axis(&self) -> f32 {
        0.5 * self.sin[0].atan2(self.cos[0])
    }

    /// Its height in the direction with this cosine and sine.
    #[inline(always)]
    pub(super) fn at(&self, c: f32, s: f32) -> f32 {
        let (mut ck, mut sk, mut sum) = (c, s, 0.0);
        for k in 0..WAVES {
            (ck, sk) = (ck * c - sk * s, sk * c + ck * s);
            sum += self.cos[k] * ck + self.sin[k] * sk;
        }
        sum
    }
}

/// A closed curve around a middle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) radius: f32,
    pub(super) waves: Waves,
}

impl Outline {
    /// Distance from the middle and direction (cosine and sine) of a point.
    #[inline(always)]
    pub(super) fn polar(&self, x: f32, y: f32) -> (f32, f32, f32) {
        let (dx, dy) = (x - self.x, y - self.y);
        let r = (dx * dx + dy * dy).sqrt();
        let inverse = 1.0 / r.max(1e-6);
        (r, dx * inverse, dy * inverse)
    }

    /// Distance of the curve from the middle in the direction with this cosine and sine.
    #[inline(always)]
    pub(super) fn radius_at(&self, c: f32, s: f32) -> f32 {
        self.radius * (1.0 + self.waves.at(c, s))
    }

    /// How deep a point lies inside, along the ray from the middle; negative outside.
    #[inline(always)]
    pub(super) fn depth(&self, x: f32, y: f32) -> f32 {
        let (r, c, s) = self.polar(x, y);
        self.radius_at(c, s) - r
    }

    /// The point in direction `angle`, `part` of the way from the middle to the curve.
    pub(super) fn point(&self, angle: f32, part: f32) -> (f32, f32) {
        let (s, c) = angle.sin_cos();
        let r = part * self.radius_at(c, s);
        (self.x + r * c, self.y + r * s)
    }

    /// Half the side of a square around the middle that holds the curve.
    pub(super) fn reach(&self) -> f32 {
        let bound: f32 = self.waves.cos.iter().zip(&self.waves.sin).map(|(a, b)| a.hypot(*b)).sum();
        self.radius * (1.0 + bound)
    }

    /// Enlarges the curve until `inner` lies inside it with a margin.
    pub(super) fn contain(&mut self, inner: &Outline, margin: f32) {
        const RAYS: usize = 24;
        let mut factor = 1.0_f32;
        for k in 0..RAYS {
            let (x, y) = inner.point(std::f32::consts::TAU * k as f32 / RAYS as f32, 1.0);
            let r = (x - self.x).hypot(y - self.y);
            let here = r + self.depth(x, y);
            factor = factor.max((r + margin) / here.max(1e-3));
        }
        self.radius *= factor;
    }

    pub(super) fn moved(mut self, dx: f32, dy: f32) -> Self {
        self.x += dx;
        self.y += dy;
        self
    }
}
