//! Points moved and scaled so that single precision serves: unit vectors for cosine distances, centred and with the
//! longest of length 1 for Euclidean ones. The order of distances is that of the points.

use std::ops::Range;

use rayon::prelude::*;

use crate::reduce::Metric;
use crate::reduce::metric::norm;
use crate::reduce::points::Points;

/// Half the distance from 1 to the next single-precision number.
pub(super) const UNIT: f32 = f32::EPSILON / 2.0;

/// How points are moved and scaled.
pub(super) struct Frame {
    metric: Metric,
    centre: Vec<f64>,
    longest: f64,
}

impl Frame {
    /// The frame of reference points, in which `others` fit as well.
    pub(super) fn of(reference: &dyn Points, others: Option<&dyn Points>, metric: Metric) -> Self {
        let (n, d) = reference.shape();
        let mut frame = Self { metric, centre: vec![0.0; d], longest: 1.0 };
        if metric == Metric::Cosine {
            return frame;
        }
        let mut point = vec![0.0; d];
        for row in 0..n {
            reference.copy_point(row, &mut point);
            frame.centre.iter_mut().zip(&point).for_each(|(sum, v)| *sum += v / n as f64);
        }
        frame.longest = 0.0;
        for points in std::iter::once(reference).chain(others) {
            for row in 0..points.shape().0 {
                points.copy_point(row, &mut point);
                point.iter_mut().zip(&frame.centre).for_each(|(v, c)| *v -= c);
                frame.longest = norm(&point).max(frame.longest);
            }
        }
        frame
    }

    /// Moves and scales one point.
    pub(super) fn place(&self, point: &mut [f64]) {
        point.iter_mut().zip(&self.centre).for_each(|(v, c)| *v -= c);
        let by = if self.metric == Metric::Cosine { norm(point) } else { self.longest };
        if by > 0.0 {
            point.iter_mut().for_each(|v| *v /= by);
        }
    }
}

/// Points in a frame, in single precision.
pub(super) struct Scaled {
    values: Vec<f32>,
    /// Lengths, rounded up.
    pub(super) norms: Vec<f32>,
    /// Lengths by how far a product may be off, relative to the lengths of both.
    pub(super) spreads: Vec<f32>,
    /// Half the squared length of Euclidean points, rounded down and up as far as a product may be off; 0 for cosines,
    /// whose distance is `1 - product` alone.
    pub(super) lows: Vec<f32>,
    pub(super) highs: Vec<f32>,
    pub(super) n: usize,
    pub(super) d: usize,
}

impl Scaled {
    pub(super) fn new(points: &dyn Points, frame: &Frame) -> Self {
        let (n, d) = points.shape();
        let mut values = vec![0.0; n * d];
        let lengths: Vec<f64> = values
            .par_chunks_mut(d.max(1))
            .enumerate()
            .map_init(
                || vec![0.0; d],
                |point, (row, to)| {
                    points.copy_point(row, point);
                    frame.place(point);
                    to.iter_mut().zip(&*point).for_each(|(to, &v)| *to = v as f32);
                    norm(point)
                },
            )
            .collect();
        // Of d products and sums, the rounding of both factors and what the comparisons of bounds add.
        let rounding = (d + 16) as f64 * f64::from(UNIT);
        let rounding = rounding * (1.0 + 2.0 * rounding);
        let least = f64::from(f32::MIN_POSITIVE);
        let euclidean = frame.metric == Metric::Euclidean;
        let of = |value: &dyn Fn(f64) -> f64| lengths.iter().map(|&length| value(length) as f32).collect();
        let half = |length: f64| if euclidean { length * length / 2.0 } else { 0.0 };
        Self {
            norms: of(&|length| length * 1.000_001),
            spreads: of(&|length| length * 1.000_001 * rounding),
            lows: of(&|length| half(length) * (1.0 - rounding) - least),
            highs: of(&|length| half(length) * (1.0 + rounding) + least),
            values,
            n,
            d,
        }
    }

    /// Coordinates of some points.
    pub(super) fn rows(&self, rows: &Range<usize>) -> &[f32] {
        &self.values[rows.start * self.d..rows.end * self.d]
    }
}
