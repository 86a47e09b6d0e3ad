//! The curve that turns distances in the map into memberships.
//!
//! ```text
//! f(x) = 1 / (1 + a x^(2b))
//! ```
//!
//! fitted by least squares to `1` below `min_dist` and `exp(-(x - min_dist) / spread)` beyond, on 300 points from 0 to
//! `3 spread` (UMAP, McInnes, Healy and Melville 2018, section 3.2).

use crate::{Error, Result};

/// Points on which the curve is fitted.
const POINTS: usize = 300;

/// The two parameters of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Factor of the distance.
    pub a: f64,
    /// Half of its exponent.
    pub b: f64,
}

impl Curve {
    /// Fits the curve, by the Levenberg-Marquardt method from `a = b = 1` in units of `spread`: any scale gives one shape.
    ///
    /// ```
    /// use perturbook::reduce::Curve;
    ///
    /// let curve = Curve::fit(0.1, 1.0)?;
    /// assert!((curve.a - 1.5769).abs() < 1e-4 && (curve.b - 0.8951).abs() < 1e-4);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `spread` is not positive, `min_dist` is negative or above `spread`, or one of the two is no number; and when
    /// `spread` is so far from 1 that `a` is none.
    pub fn fit(min_dist: f64, spread: f64) -> Result<Self> {
        if !(spread.is_finite() && spread > 0.0 && (0.0..=spread).contains(&min_dist)) {
            return Err(Error::new(format!("min_dist {min_dist} and spread {spread} make no curve"))
                .at("settings min_dist, spread")
                .fix("give a positive spread, and a min_dist from 0 to spread"));
        }
        let near = min_dist / spread;
        let x = |i: usize| 3.0 * i as f64 / (POINTS - 1) as f64;
        let target = |x: f64| if x < near { 1.0 } else { (-(x - near)).exp() };
        let loss = |curve: Self| (0..POINTS).map(|i| (curve.at(x(i)) - target(x(i))).powi(2)).sum::<f64>();
        let (mut curve, mut damping) = (Self { a: 1.0, b: 1.0 }, 1e-3);
        for _ in 0..500 {
            // Normal equations of the linearised curve: [aa ab; ab bb] step = -[ga gb].
            let (mut aa, mut ab, mut bb, mut ga, mut gb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for x in (1..POINTS).map(x) {
                let f = curve.at(x);
                let power = x.powf(2.0 * curve.b);
                let (da, db) = (-f * f * power, -f * f * curve.a * power * 2.0 * x.ln());
                let residual = f - target(x);
                (aa, ab, bb) = (aa + da * da, ab + da * db, bb + db * db);
                (ga, gb) = (ga + da * residual, gb + db * residual);
            }
            let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
            let determinant = aa * bb - ab * ab;
            let step = ((ab * gb - bb * ga) / determinant, (ab * ga - aa * gb) / determinant);
            let next = Self { a: curve.a + step.0, b: curve.b + step.1 };
            if next.a > 0.0 && next.b > 0.0 && loss(next) <= loss(curve) {
                (curve, damping) = (next, damping / 10.0);
                if step.0.abs() < 1e-12 * curve.a && step.1.abs() < 1e-12 * curve.b {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        curve.a *= spread.powf(-2.0 * curve.b);
        if !curve.a.is_normal() {
            return Err(Error::new(format!("spread {spread} gives the curve a factor of {}", curve.a))
                .at("settings min_dist, spread")
                .fix("use a spread nearer to 1"));
        }
        Ok(curve)
    }

    /// The membership at distance `x`, 0 or more: 1 at 0, falling to 0.
    pub fn at(self, x: f64) -> f64 {
        1.0 / (1.0 + self.a * x.powf(2.0 * self.b))
    }
}
