//! Settings of UMAP.

use serde::{Deserialize, Serialize};

use crate::reduce::{Metric, Search};
use crate::{Error, Result};

/// Random points for each neighbour that are refused beyond: a step with more would not end.
const MOST_NEGATIVES: usize = 100_000;

/// Where the points stand before the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// By the smoothest functions on the graph; by principal components where the graph has several parts, which
    /// such functions only tell apart.
    #[default]
    Spectral,
    /// By the first principal components.
    Pca,
    /// Anywhere.
    Random,
}

/// How a map is made. The defaults are those of the reference implementation.
///
/// ```
/// use perturbook::reduce::UmapConfig;
///
/// let config = UmapConfig { neighbours: 30, ..UmapConfig::cosine() };
/// assert_eq!((config.min_dist, config.components), (0.1, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UmapConfig {
    /// Size of a neighbourhood; the point itself counts.
    pub neighbours: usize,
    /// Distance of the points.
    pub metric: Metric,
    /// How neighbours are looked for: exactly up to 50,000 points, approximately above, when left open.
    pub search: Search,
    /// Smallest distance in the map.
    pub min_dist: f64,
    /// Scale of the map.
    pub spread: f64,
    /// Dimensions of the map, 2 or 3.
    pub components: usize,
    /// Rounds of the layout; 500 up to 10,000 points and 200 above, when not given.
    pub epochs: Option<usize>,
    /// The first step, in units of the force.
    pub learning_rate: f64,
    /// Weight of the push away from other points.
    pub repulsion: f64,
    /// Random points that push for each neighbour that pulls.
    pub negatives: usize,
    /// Where the points stand at first.
    pub start: Start,
    /// How much known labels count against the points themselves, from 0 to 1, where there are labels: points of
    /// different labels are `2.5 / (1 - target_weight)` apart.
    pub target_weight: f64,
    /// How far a point whose label is not known is from any label.
    pub unknown_dist: f64,
    /// Whether to show the map while it is laid out.
    pub live: bool,
    /// Seed; the same seed gives the same bits.
    pub seed: u64,
}

impl Default for UmapConfig {
    fn default() -> Self {
        Self {
            neighbours: 15,
            metric: Metric::Euclidean,
            search: Search::Auto,
            min_dist: 0.1,
            spread: 1.0,
            components: 2,
            epochs: None,
            learning_rate: 1.0,
            repulsion: 1.0,
            negatives: 5,
            start: Start::Spectral,
            target_weight: 0.5,
            unknown_dist: 1.0,
            live: false,
            seed: 0,
        }
    }
}

impl UmapConfig {
    /// For profiles of perturbations, which are compared by their direction.
    pub fn cosine() -> Self {
        Self { metric: Metric::Cosine, ..Self::default() }
    }

    /// Says which setting cannot be used, if one cannot.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        if self.neighbours < 2 {
            let what = format!("a neighbourhood of {} holds no other point", self.neighbours);
            return refuse("neighbours", what, "give at least 2; the point itself counts");
        }
        if !(2..=3).contains(&self.components) {
            return refuse("components", format!("a map has no {} dimensions", self.components), "give 2 or 3");
        }
        if !(0.0..=1.0).contains(&self.target_weight) {
            let what = format!("labels cannot have the weight {}", self.target_weight);
            return refuse("target_weight", what, "give a number from 0 (points) to 1 (labels)");
        }
        let strengths =
            [("learning_rate", self.learning_rate), ("repulsion", self.repulsion), ("unknown_dist", self.unknown_dist)];
        for (key, value) in strengths {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(key, format!("{value} is no strength"), "give a finite number, 0 or more");
            }
        }
        if self.negatives > MOST_NEGATIVES {
            let what = format!("{} points that push for each that pulls", self.negatives);
            return refuse("negatives", what, "give a few, such as 5");
        }
        if self.epochs == Some(0) {
            return refuse("epochs", "no epoch moves no point".into(), "give at least 1, or leave it open");
        }
        Ok(())
    }
}
