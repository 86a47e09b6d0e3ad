//! Retrieval by label: mean average precision and accuracy of nearest neighbours (Set-DINO, Table 1; GRAPE, Table 1).

use super::by_label::{ByLabel, Series};
use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show};
use crate::evaluate::{KnnAccuracy, MeanAveragePrecision};
use crate::figures::Figure;

/// P-value below which a label is marked.
const ALPHA: f64 = 0.05;

/// Mean average precision of each label, one series for each result, for instance two methods on the same labels.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{PrecisionConfig, RowLabels, mean_average_precision};
/// use perturbook::figures::precision_by_label;
///
/// let profiles = array![[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]];
/// let labels = RowLabels::new(&["exosome", "exosome", "mediator", "mediator"]);
/// let found = mean_average_precision(&profiles, &labels, &PrecisionConfig::default())?;
/// assert!(precision_by_label(&[("toy", &found)])?.summary().contains("exosome 1"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no result.
pub fn precision_by_label(results: &[(&str, &MeanAveragePrecision)]) -> Result<Figure> {
    let series: Vec<Series<'_>> = results
        .iter()
        .map(|&(name, result)| Series {
            name,
            values: result.labels.iter().map(|label| (label.label.as_str(), label.map)).collect(),
            marked: result.labels.iter().filter_map(|label| Some(label.null?.p < ALPHA)).collect(),
        })
        .collect();
    let mut references = Vec::new();
    if let Some((_, first)) = results.first() {
        let random = first.null.map_or(("random order".to_owned(), first.random), |null| {
            (format!("mean of {} permutations", first.permutations), null.mean)
        });
        references.push(random);
    }
    let across = results.iter().any(|(_, result)| result.across.is_some());
    let figure = ByLabel {
        title: if across { "Retrieval of replicates across batches" } else { "Retrieval of replicates" },
        category: "label",
        value: "mean average precision",
        mark: "* p < 0.05, permuted labels, each label on its own",
        references,
    };
    let mut caption = "The kind of mAP in Table 1 of the Set-DINO and GRAPE papers, by label.".to_owned();
    for (name, result) in results {
        caption += &format!(
            " {name}: mean over {} queries {:.4}, over {} labels {:.4}, random order {:.4}",
            result.n_queries,
            result.mean_over_queries,
            result.labels.len(),
            result.mean_over_labels,
            result.random
        );
        caption += &result.null.map_or_else(
            || ".".to_owned(),
            |null| {
                let significant = result.p_values().iter().filter(|p| **p < ALPHA).count();
                format!(", p = {:.2e}; {significant} labels with p < {ALPHA} each on its own.", null.p)
            },
        );
    }
    Ok(figure.figure(&series)?.caption(&caption))
}

/// Accuracy of nearest neighbours for each label, one series for each result.
///
/// # Errors
/// When there is no result.
pub fn knn_by_label(results: &[(&str, &KnnAccuracy)]) -> Result<Figure> {
    let series: Vec<Series<'_>> = results
        .iter()
        .map(|&(name, result)| Series {
            name,
            values: result.labels.iter().map(|label| (label.label.as_str(), label.accuracy)).collect(),
            marked: Vec::new(),
        })
        .collect();
    let random = results.first().map(|(_, first)| ("one random neighbour".to_owned(), first.random));
    let figure = ByLabel {
        title: "Label of the nearest neighbours",
        category: "label",
        value: "accuracy",
        mark: "",
        references: random.into_iter().collect(),
    };
    let mut caption = "The kind of kNN accuracy in Table 1 of the Set-DINO paper, by label.".to_owned();
    for (name, result) in results {
        caption += &format!(
            " {name}: {:.4} of {} rows, mean over labels {:.4}, k = {}.",
            result.accuracy, result.n_tested, result.balanced_accuracy, result.config.k
        );
    }
    Ok(figure.figure(&series)?.caption(&caption))
}

impl Show for MeanAveragePrecision {
    fn bundle(&self) -> Bundle {
        figure_or_reason(precision_by_label(&[("map", self)]))
    }
}

impl Show for KnnAccuracy {
    fn bundle(&self) -> Bundle {
        figure_or_reason(knn_by_label(&[("map", self)]))
    }
}
