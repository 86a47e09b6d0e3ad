//! Points moved and scaled so that single precision serves: unit vectors for cosine distances, centred and with the
//! longest of length 1 for Euclidean ones. The order of distances is that of the points.

use crate::reduce::Metric;
use crate::reduce::metric::norm;
use crate::reduce::points::Points;

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
    pub(super) values: Vec<f32>,
    /// Lengths, rounded up.
    pub(super) norms: Vec<f32>,
    /// Squared lengths of Euclidean points; 0 for cosines, whose distance is `1 - product` alone.
    pub(super) squares: Vec<f32>,
    pub(super) n: usize,
    pub(super) d: usize,
}

impl Scaled {
    pub(super) fn new(points: &dyn Points, frame: &Frame) -> Self {
        let (n, d) = points.shape();
        let mut point = vec![0.0; d];
        let mut scaled = Self { values: vec![0.0; n * d], norms: vec![0.0; n], squares: vec![0.0; n], n, d };
        for row in 0..n {
            points.copy_point(row, &mut point);
            frame.place(&mut point);
            let length = norm(&point);
            scaled.norms[row] = (length * 1.000_001) as f32;
            scaled.squares[row] = if frame.metric == Metric::Euclidean { (length * length) as f32 } else { 0.0 };
            let to = &mut scaled.values[row * d..(row + 1) * d];
            to.iter_mut().zip(&point).for_each(|(to, &v)| *to = v as f32);
        }
        scaled
    }
}
