//! An observer that asks for a stop after some steps.

use perturbook::train::Observer;

/// Asks for a stop after so many steps; at once after 0.
pub struct StopAfter(pub u64);

impl Observer for StopAfter {
    fn step(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    fn stopped(&mut self) -> bool {
        self.0 == 0
    }
}
