//! What moves a point: one that pulls and some that push, side by side.
//!
//! ```text
//! pull:  -2 a b d^(2b) / (d^2 (1 + a d^(2b))) (y_i - y_j)
//! push:   2 b repulsion / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j)
//! ```
//!
//! Both are `(p + q d^(2b)) / ((s + d^2) (1 + a d^(2b)))` with a `p`, `q` and `s` of their own: they stand in the lanes of
//! the same vectors, and the processor works on all in the time of one. All act on the point where it stood before; each
//! coordinate of each is cut to +-4 before they are added. A pull leads to the other point at most: two points that leap
//! over each other in turn would leave the map.

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
            let by_lane =
                |pull: f32, push: f32| std::array::from_fn(|lane| if first + lane == 0 { pull } else { push });
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
            let strength = strength.max(-1.0 / (rate * self.times[lane]));
            force[lane] = if square[lane] > SMALLEST { strength } else { 0.0 };
        }
        let mut moved = point;
        for k in 0..D {
            let mut step = [0.0; LANES];
            for lane in 0..LANES {
                step[lane] = self.times[lane] * cut(force[lane] * apart[k][lane]);
            }
            moved[k] += rate * total(step);
        }
        moved
    }
}

/// As `clamp`, in the form that was fastest when measured.
#[inline(always)]
fn cut(v: f32) -> f32 {
    let v = if v < LONGEST { v } else { LONGEST };
    if v > -LONGEST { v } else { -LONGEST }
}

#[inline(always)]
fn total(v: Lanes) -> f32 {
    ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forces_are_those_of_the_formula() {
        let (curve, config) = (Curve { a: 1.577, b: 0.895 }, UmapConfig { negatives: 10, ..UmapConfig::default() });
        let rounds = Forces::rounds(curve, &config, 2);
        assert_eq!(rounds.len(), 2);
        let at: [[f32; 2]; LANES] = std::array::from_fn(|lane| [0.3 * lane as f32, 1.0 - 0.2 * lane as f32]);
        let (point, rate) = ([0.6f32, 0.6], 0.01); // where the third stands, which so has no force
        for (number, (forces, used)) in rounds.iter().zip([8, 3]).enumerate() {
            let mut want = point.map(f64::from);
            for (lane, other) in at.iter().enumerate().take(used) {
                let apart = [0, 1].map(|k| f64::from(point[k]) - f64::from(other[k]));
                let square = apart[0] * apart[0] + apart[1] * apart[1];
                let curved = 1.0 + curve.a * square.powf(curve.b);
                let force = match (number + lane, square > 1e-12) {
                    (_, false) => 0.0,
                    (0, _) => -2.0 * curve.a * curve.b * square.powf(curve.b - 1.0) / curved,
                    _ => 2.0 * curve.b / ((0.001 + square) * curved),
                };
                let times = if number + lane == 0 { 2.0 } else { 1.0 };
                want.iter_mut().zip(apart).for_each(|(to, v)| *to += rate * times * (force * v).clamp(-4.0, 4.0));
            }
            let got = forces.moved(point, &at, rate as f32);
            let error = (0..2).map(|k| (f64::from(got[k]) - want[k]).abs()).fold(0.0, f64::max);
            assert!(error < 1e-6, "round {number}: {got:?}, not {want:?}");
        }
    }

    /// Two points of which each is pulled by the other, one after the other, at the rate of the first epoch.
    #[test]
    fn points_that_pull_each_other_stay_where_they_are() {
        let (curve, config) = (Curve { a: 1.577, b: 0.895 }, UmapConfig { negatives: 0, ..UmapConfig::default() });
        let pull = &Forces::rounds(curve, &config, 2)[0];
        let mut points = [[0.0f32, 0.0], [1.0, 0.5]];
        for _ in 0..100 {
            for (moving, other) in [(0, 1), (1, 0)] {
                points[moving] = pull.moved(points[moving], &[points[other]; LANES], 1.0);
            }
        }
        assert!(points.as_flattened().iter().all(|v| (-0.01..1.01).contains(v)), "{points:?}");
    }
}
