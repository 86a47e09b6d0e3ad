//! What more devices would give, from the measured times of a step.
//!
//! ```text
//! step on n devices   t(n) = compute(1) / n + exchange(n) + update
//! exchange            over the first device: exchange(n) = exchange(k) (n - 1) / (k - 1), measured on k devices
//! speed-up            t(1) / t(n)
//! ```
//!
//! The batch stays as large as it is (strong scaling). Small parts of a batch fill a GPU less well than `compute(1) / n`
//! says: the true speed-up is lower.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Mean seconds of the parts of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepTimes {
    /// How many devices it was measured on.
    pub devices: usize,
    /// Steps measured.
    pub steps: u64,
    /// Forward and backward pass of the slowest device, on its part of the batch.
    pub compute: f64,
    /// Adding up gradients and giving them to all devices; nothing for one device.
    pub exchange: f64,
    /// The optimiser's step of the slowest device.
    pub update: f64,
}

impl StepTimes {
    /// Takes a step into the means.
    pub(super) fn add(&mut self, compute: Duration, exchange: Duration, update: Duration) {
        self.steps += 1;
        let part = 1.0 / self.steps as f64;
        for (mean, now) in [(&mut self.compute, compute), (&mut self.exchange, exchange), (&mut self.update, update)] {
            *mean += (now.as_secs_f64() - *mean) * part;
        }
    }

    /// Expected seconds of a step on so many devices. From one device the exchange is not known and left out.
    ///
    /// ```
    /// use perturbook::train::parallel::StepTimes;
    ///
    /// // Two devices: half a second each on half a batch, 0.1 s to exchange, no time for the optimiser.
    /// let times = StepTimes { devices: 2, steps: 1, compute: 0.5, exchange: 0.1, update: 0.0 };
    /// assert_eq!([1, 2, 5].map(|devices| (times.seconds(devices) * 100.0).round()), [100.0, 60.0, 60.0]);
    /// assert!(times.speed_up(3) > times.speed_up(2) && times.speed_up(9) < times.speed_up(3));
    /// ```
    pub fn seconds(&self, devices: usize) -> f64 {
        let (n, measured) = (devices.max(1) as f64, self.devices.max(1) as f64);
        let exchange = if measured > 1.0 { self.exchange * (n - 1.0) / (measured - 1.0) } else { 0.0 };
        self.compute * measured / n + exchange + self.update
    }

    /// How many times faster than one device.
    pub fn speed_up(&self, devices: usize) -> f64 {
        self.seconds(1) / self.seconds(devices)
    }
}
