//! What moves a point: several others at once, side by side.
//!
//! ```text
//! pull:  -2 a b d^(2b) / (d^2 (1 + a d^(2b))) (y_i - y_j)
//! push:   2 b repulsion / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j)
//! ```
//!
//! Both are `(p + q d^(2b)) / ((s + d^2) (1 + a d^(2b)))` with a `p`, `q` and `s` of their own, so that pulls and pushes
//! stand in the lanes of the same vectors, and the processor works on all of them in the time of one.

use super::power::power;
use super::{Curve, UmapConfig};

/// Others that are looked at side by side.
pub(super) const LANES: usize = 8;
/// The longest step in one coordinate.
const LONGEST: f32 = 4.0;
/// Squared distance below which two points stand at the same place.
const SMALLEST: f32 = 1e-30;
/// Keeps pushes between near points finite.
const SOFT: f32 = 0.001;

/// One number for each lane.
pub(super) type Lanes = [f32; LANES];

/// The first lanes pull, those that follow push, the rest do nothing.
#[derive(Clone, Debug)]
pub(super) struct Forces {
    a: f32,
    b: f32,
    p: Lanes,
    q: Lanes,
    s: Lanes,
}

impl Forces {
    pub(super) fn new(curve: Curve, config: &UmapConfig, pulls: usize, pushes: usize) -> Self {
        let (a, b) = (curve.a as f32, curve.b as f32);
        let is_push = |lane: usize| (pulls..pulls + pushes).contains(&lane);
        let p = |lane| if is_push(lane) { 2.0 * b * config.repulsion as f32 } else { 0.0 };
        let q = |lane| if lane < pulls { -2.0 * a * b } else { 0.0 };
        let s = |lane| if is_push(lane) { SOFT } else { 0.0 };
        Self { a, b, p: std::array::from_fn(p), q: std::array::from_fn(q), s: std::array::from_fn(s) }
    }

    /// Where `point` stands after the forces of those that stand `at` acted on it.
    #[inline(always)]
    pub(super) fn shifted<const D: usize>(&self, point: [f32; D], at: &[Lanes; D], rate: f32) -> [f32; D] {
        let mut square = [0.0; LANES];
        let mut apart = [[0.0; LANES]; D];
        for (apart, (&point, at)) in apart.iter_mut().zip(point.iter().zip(at)) {
            for lane in 0..LANES {
                apart[lane] = point - at[lane];
                square[lane] += apart[lane] * apart[lane];
            }
        }
        let mut force = [0.0; LANES];
        for lane in 0..LANES {
            let raised = power(square[lane], self.b);
            let strength = self.p[lane] + self.q[lane] * raised;
            let strength = strength / ((self.s[lane] + square[lane]) * (1.0 + self.a * raised));
            force[lane] = if square[lane] > SMALLEST { strength } else { 0.0 };
        }
        std::array::from_fn(|k| {
            let step: Lanes = std::array::from_fn(|lane| (force[lane] * apart[k][lane]).clamp(-LONGEST, LONGEST));
            point[k] + rate * total(step)
        })
    }
}

#[inline(always)]
fn total(v: Lanes) -> f32 {
    ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
}
