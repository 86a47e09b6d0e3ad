//! The features in which a group of perturbations differs from controls, tested batch by batch and ranked over batches.

use ndarray::Array2;
use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Decorrelation, decorrelated};
use crate::display::{Bundle, Show};
use crate::evaluate::{Adjustment, adjusted, welch_t};
use crate::figures::{Bars, Figure, figure_or_reason};
use crate::preprocess::features::median;
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// Features that the figure names.
const SHOWN: usize = 10;

/// How features are tested and ranked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DifferentialConfig {
    /// Features whose name contains one of these texts are left out, such as those of the channel that defines the group.
    pub leave_out: Vec<String>,
    /// Whether features that say the same as another one are left out.
    pub decorrelation: Option<Decorrelation>,
    /// How p-values are corrected for the number of features.
    pub correction: Adjustment,
    /// The level of corrected p-values.
    pub level: f64,
    /// Features of a batch that count.
    pub top: usize,
}

impl Default for DifferentialConfig {
    /// The paper's: correlations above 0.9, Bonferroni at 0.05, four features of a batch.
    fn default() -> Self {
        Self {
            leave_out: Vec::new(),
            decorrelation: Some(Decorrelation::default()),
            correction: Adjustment::Bonferroni,
            level: 0.05,
            top: 4,
        }
    }
}

/// One feature in one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureTest {
    /// The batch.
    pub batch: String,
    /// The feature.
    pub feature: String,
    /// Welch's statistic, above 0 where the group is larger.
    pub t: f64,
    /// Two-sided.
    pub p: f64,
    /// The same, corrected for the features of the batch.
    pub adjusted: f64,
    /// Distance of the medians in MADs of the controls; a MAD of 0 counts as 1.
    pub robust_z: f64,
}

/// A feature over all batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedFeature {
    /// The feature.
    pub feature: String,
    /// Batches in which it was among the top.
    pub batches: usize,
    /// The mean robust z over all batches.
    pub robust_z: f64,
}

/// Tests and ranking of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DifferentialFeatures {
    /// The perturbations of the group.
    pub group: Vec<String>,
    /// Every feature in every batch.
    pub tests: Vec<FeatureTest>,
    /// Features that were among the top of a batch: most batches first, then the largest mean |robust z|.
    pub ranking: Vec<RankedFeature>,
    /// Batches with tests.
    pub batches: usize,
    /// Batches with fewer than two cells of the group or two controls, which were passed over.
    pub passed_over: Vec<String>,
}

/// Tests a screen of features for a group of perturbations against the controls.
///
/// Batches are those of the screen's batch label; without one all cells are one batch. A feature that does not vary in a
/// batch has `p = 1` there, or 0 where the group has another value than the controls.
///
/// # Errors
/// When the screen holds no features, none is left or a value is not finite, a perturbation or the controls have no cell, a
/// setting cannot be, or no batch has two cells of the group and two controls.
pub fn differential_features<S: AsRef<str>>(
    screen: &Screen,
    group: &[S],
    config: &DifferentialConfig,
) -> Result<DifferentialFeatures> {
    if !(config.level > 0.0 && config.level <= 1.0) || config.top == 0 {
        return Err(Error::new(format!("level {} and {} features of a batch cannot rank", config.level, config.top))
            .at("differential features")
            .fix("give a level above 0 and up to 1, and at least one feature"));
    }
    let genes = screen.labels(Label::Gene)?;
    let group: Vec<String> = group.iter().map(|name| name.as_ref().to_owned()).collect();
    let counts = genes.counts();
    let there = |name: &String| genes.names().iter().zip(&counts).any(|(known, &n)| known == name && n > 0);
    let missing: Vec<&str> = group.iter().filter(|name| !there(name)).map(String::as_str).collect();
    if group.is_empty() || !missing.is_empty() {
        return Err(Error::new(format!(
            "no cell of {}",
            if group.is_empty() { "an empty group".to_owned() } else { missing.join(", ") }
        ))
        .at("differential features")
        .fix("name perturbations of the screen: look at labels(Label::Gene)"));
    }
    screen.controls()?;
    let in_group: Vec<bool> = genes.names().iter().map(|name| group.contains(name)).collect();
    let (x, names) = columns(screen, config)?;
    let (batches, batch_of) = batches(screen);

    let mut found =
        DifferentialFeatures { group, tests: Vec::new(), ranking: Vec::new(), batches: 0, passed_over: Vec::new() };
    let mut tops = vec![0usize; names.len()];
    let mut sums = vec![0.0; names.len()];
    for (number, batch) in batches.iter().enumerate() {
        let rows = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..screen.len()).filter(|&row| batch_of[row] as usize == number && wanted(row)).collect()
        };
        let controls = rows(&|row| screen.role(row) == Role::Control);
        let cells = rows(&|row| screen.role(row) != Role::Control && in_group[genes.codes()[row] as usize]);
        if controls.len() < 2 || cells.len() < 2 {
            found.passed_over.push(batch.clone());
            continue;
        }
        found.batches += 1;
        let tests: Vec<(f64, f64, f64)> = (0..names.len())
            .into_par_iter()
            .map(|feature| {
                let of = |rows: &[usize]| -> Vec<f64> { rows.iter().map(|&row| x[[row, feature]]).collect() };
                let (mut cells, mut controls) = (of(&cells), of(&controls));
                let test = welch_t(&cells, &controls)?;
                Ok((test.t, test.p, robust_z(&mut cells, &mut controls)))
            })
            .collect::<Result<_>>()?;
        let adjusted = adjusted(&tests.iter().map(|test| test.1).collect::<Vec<f64>>(), config.correction)?;
        let mut order: Vec<usize> = (0..names.len()).filter(|&feature| adjusted[feature] <= config.level).collect();
        order.sort_by(|&a, &b| tests[b].2.abs().total_cmp(&tests[a].2.abs()));
        order.iter().take(config.top).for_each(|&feature| tops[feature] += 1);
        for (feature, ((t, p, robust_z), adjusted)) in tests.into_iter().zip(adjusted).enumerate() {
            sums[feature] += robust_z;
            let (batch, feature) = (batch.clone(), names[feature].clone());
            found.tests.push(FeatureTest { batch, feature, t, p, adjusted, robust_z });
        }
    }
    if found.batches == 0 {
        return Err(Error::new("no batch has two cells of the group and two controls")
            .at("differential features")
            .fix("choose more perturbations or larger batches"));
    }
    let ranked = names.into_iter().enumerate().filter(|(feature, _)| tops[*feature] > 0).map(|(feature, name)| {
        RankedFeature { feature: name, batches: tops[feature], robust_z: sums[feature] / found.batches as f64 }
    });
    found.ranking = ranked.collect();
    found.ranking.sort_by(|a, b| {
        b.batches.cmp(&a.batches).then(b.robust_z.abs().total_cmp(&a.robust_z.abs())).then(a.feature.cmp(&b.feature))
    });
    Ok(found)
}

/// The features that are tested, with their names.
fn columns(screen: &Screen, config: &DifferentialConfig) -> Result<(Array2<f64>, Vec<String>)> {
    let names = screen.feature_names()?;
    let wanted: Vec<usize> = (0..names.len())
        .filter(|&column| !config.leave_out.iter().any(|text| names[column].contains(text.as_str())))
        .collect();
    let values = screen.features()?;
    let mut x = Array2::from_shape_fn((screen.len(), wanted.len()), |(row, j)| f64::from(values[[row, wanted[j]]]));
    let mut names: Vec<String> = wanted.iter().map(|&column| names[column].clone()).collect();
    if let Some(rule) = &config.decorrelation {
        let kept = decorrelated(x.view(), rule)?;
        x = x.select(ndarray::Axis(1), &kept);
        names = kept.iter().map(|&column| names[column].clone()).collect();
    }
    if names.is_empty() {
        return Err(Error::new("no feature is left").at("differential features").fix("leave fewer of them out"));
    }
    Ok((x, names))
}

/// The names of batches that occur or could, and the number of each cell's batch.
fn batches(screen: &Screen) -> (Vec<String>, Vec<u32>) {
    match screen.labels(Label::Batch) {
        Ok(labels) => {
            let counts = labels.counts();
            let mut number = vec![0u32; counts.len()];
            let mut names = Vec::new();
            for (code, name) in labels.names().iter().enumerate().filter(|(code, _)| counts[*code] > 0) {
                number[code] = names.len() as u32;
                names.push(name.clone());
            }
            (names, labels.codes().iter().map(|&code| number[code as usize]).collect())
        }
        Err(_) => (vec!["all cells".to_owned()], vec![0; screen.len()]),
    }
}

/// The distance of the medians in MADs of the controls.
fn robust_z(cells: &mut [f64], controls: &mut [f64]) -> f64 {
    let centre = median(controls);
    let apart = median(cells) - centre;
    controls.iter_mut().for_each(|v| *v = (*v - centre).abs());
    let mad = median(controls);
    apart / if mad == 0.0 { 1.0 } else { mad }
}

impl DifferentialFeatures {
    /// The names of the first `k` features of the ranking.
    pub fn top(&self, k: usize) -> Vec<String> {
        self.ranking.iter().take(k).map(|ranked| ranked.feature.clone()).collect()
    }

    /// All tests: `batch`, `feature`, `t`, `p`, `adjusted`, `robust_z`.
    ///
    /// # Errors
    /// Never in practice: the columns have one length.
    pub fn table(&self) -> Result<DataFrame> {
        let text = |name: &str, of: fn(&FeatureTest) -> &String| {
            Column::new(name.into(), self.tests.iter().map(|test| of(test).clone()).collect::<Vec<_>>())
        };
        let number = |name: &str, of: fn(&FeatureTest) -> f64| {
            Column::new(name.into(), self.tests.iter().map(of).collect::<Vec<_>>())
        };
        let columns = vec![
            text("batch", |test| &test.batch),
            text("feature", |test| &test.feature),
            number("t", |test| test.t),
            number("p", |test| test.p),
            number("adjusted", |test| test.adjusted),
            number("robust_z", |test| test.robust_z),
        ];
        DataFrame::new(self.tests.len(), columns)
            .map_err(|e| Error::new(format!("cannot make the table: {e}")).caused_by(e))
    }

    /// How often the first features were among the top of a batch.
    ///
    /// # Errors
    /// Never in practice.
    pub fn figure(&self) -> Result<Figure> {
        let shown = &self.ranking[..self.ranking.len().min(SHOWN)];
        let names: Vec<&str> = shown.iter().map(|ranked| ranked.feature.as_str()).collect();
        let counts: Vec<f64> = shown.iter().map(|ranked| ranked.batches as f64).collect();
        let marks: Vec<&str> = shown.iter().map(|ranked| if ranked.robust_z < 0.0 { "−" } else { "+" }).collect();
        let title = format!("Features that {} changes (as Wang et al. 2023, Fig. 4E)", named(&self.group));
        Bars::new(&title, "feature", format!("batches of {} with the feature among the top", self.batches).as_str())
            .categories(&names)
            .series("batches", &counts)
            .marks(&marks, "+ larger, − smaller than in controls")
            .horizontal()
            .figure()
    }
}

/// Up to three names, and how many more.
fn named(group: &[String]) -> String {
    let shown = group.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if group.len() > 3 { format!("{shown} and {} more", group.len() - 3) } else { shown }
}

impl Show for DifferentialFeatures {
    fn bundle(&self) -> Bundle {
        if self.ranking.is_empty() {
            return Bundle::text(format!("no feature differs significantly in any of {} batches", self.batches));
        }
        figure_or_reason(self.figure())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_deviations_of_controls() {
        assert_eq!(robust_z(&mut [5.0, 7.0], &mut [0.0, 2.0, 3.0]), 4.0); // (6 - 2) / 1
        assert_eq!(robust_z(&mut [5.0], &mut [2.0, 2.0]), 3.0);
    }
}
