//! The weight of HSIC that makes it as large as the ELBO.
//!
//! ```text
//! lambda = mean |ELBO| / mean n HSIC     over the first steps, made with lambda = 0; then frozen
//! ```
//!
//! Where no dependence is measured at all, lambda stays 0.

use super::HsicWeight;
use crate::methods::counts::Memory;
use crate::methods::counts::{exact, from_exact};
use crate::nn::State;
use crate::train::Terms;
use crate::{Error, Result};

/// What has been measured so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    rule: HsicWeight,
    /// Steps that are measured.
    steps: u64,
    /// Steps that were.
    measured: u64,
    /// Sums over them.
    elbo: f64,
    hsic: f64,
}

impl Balance {
    /// Of no step yet; no more than `most` are measured.
    ///
    /// ```
    /// use perturbook::methods::counts::Memory;
    /// use perturbook::methods::sc_vae::{Balance, HsicWeight};
    /// use perturbook::train::Terms;
    ///
    /// let mut balance = Balance::new(HsicWeight::Balanced(2), 10);
    /// balance.learned(&Terms(vec![("loss", 500.0), ("hsic", 2.0)]));
    /// assert_eq!(balance.weight(), Some(0.0));
    /// balance.learned(&Terms(vec![("loss", 300.0), ("hsic", 2.0)]));
    /// assert_eq!(balance.weight(), Some(200.0)); // 400 nats for each 2 of HSIC
    /// ```
    pub fn new(rule: HsicWeight, most: u64) -> Self {
        let steps = if let HsicWeight::Balanced(steps) = rule { steps.min(most) } else { 0 };
        Self { rule, steps, measured: 0, elbo: 0.0, hsic: 0.0 }
    }

    /// The weight of the next step; none where HSIC is not computed.
    pub fn weight(&self) -> Option<f64> {
        match self.rule {
            HsicWeight::Off => None,
            HsicWeight::Fixed(weight) => Some(weight),
            HsicWeight::Balanced(_) if self.measured < self.steps || self.hsic <= 0.0 => Some(0.0),
            HsicWeight::Balanced(_) => Some(self.elbo / self.hsic),
        }
    }
}

impl Memory for Balance {
    fn learned(&mut self, terms: &Terms) {
        if self.measured < self.steps {
            // With lambda = 0 the loss is minus the ELBO.
            self.elbo += terms.get("loss").unwrap_or_default().abs();
            self.hsic += terms.get("hsic").unwrap_or_default();
            self.measured += 1;
        }
    }

    fn state(&self) -> State {
        let mut state = State::default();
        state.insert("balance", exact(&[self.measured as f64, self.elbo, self.hsic]));
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        let Some([measured, elbo, hsic]) = state.get("balance").and_then(from_exact) else {
            return Err(Error::new("the state lacks the balance of HSIC").fix("resume from another checkpoint"));
        };
        *self = Self { measured: measured as u64, elbo, hsic, ..*self };
        Ok(())
    }
}
