//! Watches for collapse while Set-DINO learns: every so many steps the eigenvalues of the teacher's features.
//!
//! ```text
//! share            of the eigenvalues above 0.0001, see collapse
//! attainable       min(rows - 1, width) / width: that many can differ from 0
//! warning          share < limit attainable, once, in a line on standard error
//! ```
//!
//! Between two looks the terms keep the numbers of the last one, so that every step reports some.

use ndarray::{ArrayView2, arr1};

use super::collapse;
use crate::nn::State;
use crate::{Error, Result};

/// What eigenvalues count as at least, so that a logarithm is always a number.
const LEAST: f64 = 1e-30;

/// The last look.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    every: u64,
    limit: f64,
    share: f32,
    median_log: f32,
    attainable: f32,
    warned: bool,
}

impl Monitor {
    /// Looks every `every` steps and warns when the share falls below `limit` of what there can be.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use perturbook::methods::set_dino::Monitor;
    ///
    /// let mut monitor = Monitor::new(10, 0.05);
    /// assert!(monitor.due(0) && !monitor.due(5) && monitor.due(20));
    /// let collapsed = Array2::from_elem((8, 4), 1.0f32); // all cells alike
    /// assert!(monitor.look(collapsed.view())?.unwrap().contains("collapsed"));
    /// assert!(monitor.look(collapsed.view())?.is_none()); // once
    /// assert_eq!(monitor.share(), 0.0);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn new(every: u64, limit: f64) -> Self {
        Self { every: every.max(1), limit, share: 0.0, median_log: 0.0, attainable: 1.0, warned: false }
    }

    /// Whether to look at this step.
    pub fn due(&self, step: u64) -> bool {
        step.is_multiple_of(self.every)
    }

    /// Looks at features, `rows x width`: a warning the first time they have collapsed.
    ///
    /// # Errors
    /// As [`collapse`](super::collapse()).
    pub fn look(&mut self, features: ArrayView2<'_, f32>) -> Result<Option<String>> {
        let (rows, width) = features.dim();
        let seen = collapse(features)?;
        self.share = seen.share as f32;
        self.median_log = seen.median_log.max(LEAST.ln()) as f32;
        self.attainable = rows.saturating_sub(1).min(width) as f32 / width.max(1) as f32;
        if self.warned || !self.collapsed() {
            return Ok(None);
        }
        self.warned = true;
        Ok(Some(format!(
            "Set-DINO has collapsed: {:.1} % of the eigenvalues of the teacher's features are above 0.0001, of {:.1} % \
             that can be; take more cells to a set (8 or more across batches), or a lower learning rate",
            100.0 * self.share,
            100.0 * self.attainable
        )))
    }

    /// Whether the last look saw a collapse.
    pub fn collapsed(&self) -> bool {
        f64::from(self.share) < self.limit * f64::from(self.attainable)
    }

    /// The share of eigenvalues above 0.0001 at the last look.
    pub fn share(&self) -> f64 {
        self.share.into()
    }

    /// The median of their logarithms at the last look.
    pub fn median_log(&self) -> f64 {
        self.median_log.into()
    }

    /// What a resumed run needs.
    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        let warned = if self.warned { 1.0 } else { 0.0 };
        state.insert("seen", arr1(&[self.share, self.median_log, self.attainable, warned]).into_dyn());
        state
    }

    /// Takes up what [`Monitor::state`] gave.
    pub(super) fn restore(&mut self, state: &State) -> Result<()> {
        let seen: Vec<f32> = state.get("seen").map(|seen| seen.iter().copied().collect()).unwrap_or_default();
        let [share, median_log, attainable, warned] = seen[..] else {
            return Err(Error::new("the state lacks what the monitor of collapse has seen")
                .fix("resume from another checkpoint"));
        };
        (self.share, self.median_log, self.attainable, self.warned) = (share, median_log, attainable, warned > 0.0);
        Ok(())
    }
}
