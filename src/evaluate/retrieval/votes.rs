//! How the nearest rows vote on the label of a row.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The weight of a neighbour's vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Votes {
    /// Every neighbour counts the same.
    #[default]
    Equal,
    /// `exp(rate * distance)`. With -1 nearer neighbours count more; with +1 **farther** ones do, which is what the
    /// validation code published with Set-DINO computes: for comparison with its numbers.
    Exponential {
        /// Per unit of distance.
        rate: f64,
    },
}

impl Votes {
    /// Refuses a rate that is no number.
    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Exponential { rate } if !rate.is_finite() => {
                Err(Error::new(format!("votes cannot have the rate {rate}"))
                    .at("votes of the nearest rows")
                    .fix("give a finite rate, -1 for nearer neighbours to count more"))
            }
            _ => Ok(()),
        }
    }

    fn weight(self, distance: f64) -> f64 {
        match self {
            Self::Equal => 1.0,
            Self::Exponential { rate } => (rate * distance).exp(),
        }
    }

    /// The label with the most votes; of labels with as many, that of the nearest neighbour.
    ///
    /// `labels` and `distances` are those of the neighbours, nearest first; `None` without a neighbour. Where the weights are
    /// NaN the nearest neighbour decides.
    ///
    /// ```
    /// use perturbook::evaluate::Votes;
    ///
    /// assert_eq!(Votes::Equal.winner(&[7, 3, 3, 7, 1], &[0.1, 0.2, 0.3, 0.4, 0.5]), Some(7));
    /// assert_eq!(Votes::Exponential { rate: 1.0 }.winner(&[7, 3], &[0.1, 0.2]), Some(3));
    /// ```
    pub fn winner(self, labels: &[u32], distances: &[f64]) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for &label in labels {
            let votes = labels.iter().zip(distances).filter(|(other, _)| **other == label);
            let total: f64 = votes.map(|(_, &distance)| self.weight(distance)).sum();
            if best.is_none_or(|(most, _)| total > most) {
                best = Some((total, label));
            }
        }
        best.map(|(_, label)| label)
    }
}
