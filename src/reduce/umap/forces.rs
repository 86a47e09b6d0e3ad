//! What moves a point: one that pulls and some that push, side by side.
//!
//! ```text
//! pull:  -2 a b d^(2b) / (d^2 (1 + a d^(2b))) (y_i - y_j)
//! push:   2 b repulsion / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j)
//! ```
//!
//! Both are `(p + q d^(2b)) / ((s + d^2) (1 + a d^(2b)))` with a `p`, `q` and `s` of their own: they stand in the lanes of
//! the same vectors, and the processor works on all in the time of one. All act on the point where it stood before; each
//! coordinate of each is cut to +-4 before they are added.

use super::{Curve, UmapConfig, power::power};

/// Others that are looked at side by side.
pub(super) const LANES: usize = 8;
/// The longest step in one coordinate.
const LONGEST: f32 = 4.0;
/// Squared distance below which two points stand at the same place.
const SMALLEST: f32 = 1e-30;
/// Keeps pushes between near points finite.
const SOFT: f32 = 0.001;

/// One number for each lane.
type Lanes = [f32; LANES];

/// What each lane does.
#[derive(Clone, Debug)]
pub(super) struct Forces {
    a: f32,
    b: f32,
    p: Lanes,
    q: Lanes,
    s: Lanes,
    /// How often; 0 where the lane is not used.
    times: Lanes,
}

impl Forces {
    /// The rounds of one pull that counts `pulls` times and of the pushes that come with it: the pull is in the first lane
    /// of the first round.
    pub(super) fn rounds(curve: Curve, config: &UmapConfig, pulls: usize) -> Vec<Self> {
        let (a, b) = (curve.a as f32, curve.b as f32);
        let round = |first: usize| {
            let by_lane = |pull: f32, push: f32| std::array::from_fn(|lane| if first + lane == 0 { pull } else { push });
            let times = |lane| match first + lane {
                0 => pulls as f32,
                push => f32::from(u8::from(push <= config.negatives)),
            };
            Self {
                a,
                b,
                p: by_lane(0.0, 2.0 * b * config.repulsion as f32),
                q: by_lane(-2.0 * a * b, 0.0),
                s: by_lane(0.0, SOFT),
                times: std::array::from_fn(times),
            }
        };
        (0..=config.negatives).step_by(LANES).map(round).collect()
    }

    /// Where `point` stands after the forces of those that stand `at`.
    #[inline(always)]
    pub(super) fn moved<const D: usize>(&self, point: [f32; D], at: &[[f32; D]; LANES], rate: f32) -> [f32; D] {
        let (mut apart, mut square) = ([[0.0; LANES]; D], [0.0; LANES]);
        for lane in 0..LANES {
            for k in 0..D {
                apart[k][lane] = point[k] - at[lane][k];
                square[lane] += apart[k][lane] * apart[k][lane];
            }
        }
        let mut force = [0.0; LANES];
        for lane in 0..LANES {
            let raised = power(square[lane], self.b);
            let strength = self.p[lane] + self.q[lane] * raised;
            let strength = strength / ((self.s[lane] + square[lane]) * (1.0 + self.a * raised));
            force[lane] = if square[lane] > SMALLEST { strength } else { 0.0 };
        }
        let mut moved = point;
        for k in 0..D {
            let mut step = [0.0; LANES];
            for lane in 0..LANES {
                step[lane] = self.times[lane] * (force[lane] * apart[k][lane]).min(LONGEST).max(-LONGEST);
            }
            moved[k] += rate * total(step);
        }
        moved
    }
}

#[inline(always)]
fn total(v: Lanes) -> f32 {
    ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
}
