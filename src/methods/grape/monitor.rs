//! Watches for the two ways in which GRAPE's networks stop to teach each other.
//!
//! ```text
//! knows       running mean of accuracy, the share of images that the discriminator takes for what they are: k <- 0.98 k + 0.02 a
//! saturated   knows > 0.98, which takes 160 steps at least: hardly any gradient reaches the generator
//! spread      root mean square over perturbations and numbers of (style - mean style), by that of the styles
//! collapsed   spread < 0.01: all perturbations have the same style
//! ```
//!
//! Each is warned of once, in a line on standard error.

use ndarray::{ArrayView2, Axis, arr1};

use crate::nn::State;
use crate::{Error, Result};

const KEEP: f32 = 0.98;
const SATURATED: f32 = 0.98;
const COLLAPSED: f64 = 0.01;

/// What was seen so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    knows: f32,
    warned: [bool; 2],
}

impl Default for Monitor {
    fn default() -> Self {
        // A discriminator that knows nothing is right in half of its guesses.
        Self { knows: 0.5, warned: [false; 2] }
    }
}

impl Monitor {
    /// Sees the accuracy of a step: a warning the first time the discriminator is saturated.
    ///
    /// ```
    /// use perturbook::methods::grape::Monitor;
    ///
    /// let mut monitor = Monitor::default();
    /// let warnings: Vec<String> = (0..400).filter_map(|_| monitor.step(1.0)).collect();
    /// assert_eq!(warnings.len(), 1);
    /// assert!(warnings[0].contains("saturated") && monitor.knows() > 0.98);
    /// ```
    pub fn step(&mut self, accuracy: f64) -> Option<String> {
        self.knows = KEEP * self.knows + (1.0 - KEEP) * accuracy as f32;
        if self.warned[0] || self.knows <= SATURATED {
            return None;
        }
        self.warned[0] = true;
        Some(format!(
            "GRAPE's discriminator is saturated: it takes {:.1} % of the images for what they are, real and translated, and \
             hardly any gradient reaches the generator; lower the learning rate, raise the weight of R1 or take more cells",
            100.0 * self.knows
        ))
    }

    /// Looks at the styles of all perturbations, one row each: a warning the first time they are all the same.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::methods::grape::Monitor;
    ///
    /// let mut monitor = Monitor::default();
    /// assert!(monitor.look(array![[1.0, 0.0], [0.0, 1.0]].view()).is_none());
    /// assert!(monitor.look(array![[1.0, 0.0], [1.0, 0.001]].view()).unwrap().contains("collapsed"));
    /// ```
    pub fn look(&mut self, styles: ArrayView2<'_, f32>) -> Option<String> {
        let spread = spread(styles);
        if self.warned[1] || spread >= COLLAPSED {
            return None;
        }
        self.warned[1] = true;
        Some(format!(
            "GRAPE's styles have collapsed: those of different perturbations differ by {:.2} % of their size, and all cells are \
             translated alike; let the table start wider or learn faster (`table_start`, `table_rate`), or lower the weight of \
             the cycle term",
            100.0 * spread
        ))
    }

    /// The running mean of the discriminator's accuracy.
    pub fn knows(&self) -> f64 {
        self.knows.into()
    }

    /// What a resumed run needs.
    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        let [saturated, collapsed] = self.warned.map(|warned| if warned { 1.0 } else { 0.0 });
        state.insert("seen", arr1(&[self.knows, saturated, collapsed]).into_dyn());
        state
    }

    /// Takes up what [`Monitor::state`] gave.
    pub(super) fn restore(state: &State) -> Result<Self> {
        let seen: Vec<f32> = state.get("seen").map(|seen| seen.iter().copied().collect()).unwrap_or_default();
        let [knows, saturated, collapsed] = seen[..] else {
            return Err(Error::new("the state lacks what the monitor has seen").fix("resume from another checkpoint"));
        };
        Ok(Self { knows, warned: [saturated > 0.0, collapsed > 0.0] })
    }
}

/// How far rows are from their mean, by how far they are from 0; infinite where all are 0 alike.
fn spread(rows: ArrayView2<'_, f32>) -> f64 {
    let rows = rows.mapv(f64::from);
    let Some(mean) = rows.mean_axis(Axis(0)) else { return f64::INFINITY };
    let squares = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        rows.outer_iter().flat_map(|row| row.iter().zip(&mean).map(|(&v, &m)| of(v, m)).collect::<Vec<_>>()).sum()
    };
    let (apart, size) = (squares(&|v, m| (v - m) * (v - m)), squares(&|v, _| v * v));
    if size == 0.0 { f64::INFINITY } else { (apart / size).sqrt() }
}
