//! Tables 1 and 2 and Figure 3 of the Set-DINO paper: metrics of profiles by model, and by the number of principal components.

use super::figure_or_reason;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::published::PublishedProfiles;
use crate::evaluate::{ProfileMetrics, ReplicateReading};
use crate::figures::{Axis, Curves, Figure, Table};
use crate::{Error, Result};

/// A row for each model, below rows that a paper prints ([`set_dino_table_1`](crate::evaluate::published::set_dino_table_1);
/// its recall is that of CORUM). Of several relations recall of the first is shown.
///
/// ```
/// use perturbook::display::Show;
/// use perturbook::evaluate::{ProfileMetrics, RelationRecall, published::set_dino_table_1};
/// use perturbook::figures::profile_metrics_table;
///
/// let recall = vec![RelationRecall { relations: "complexes".to_owned(), recall: [0.3, 0.4] }];
/// let metrics = ProfileMetrics { batch_knn: 0.2, connectivity: 0.3, knn: 0.6, map: 0.4, map_by_chance: 0.1, recall };
/// let table = profile_metrics_table("Table 1", set_dino_table_1(), &[("here: Set-DINO", &metrics)])?;
/// let text = table.bundle().get("text/plain").unwrap().to_string();
/// assert!(text.contains("paper: DINO, controls") && text.contains("here: Set-DINO"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no row.
pub fn profile_metrics_table<S: AsRef<str>>(
    title: &str,
    published: &[PublishedProfiles],
    models: &[(S, &ProfileMetrics)],
) -> Result<Table> {
    let of_paper = published.iter().map(|of| {
        let numbers = [of.batch_knn, of.connectivity, of.knn, of.map, of.corum[0], of.corum[1]];
        (format!("paper: {}", of.model), numbers.map(|per_cent| per_cent / 100.0))
    });
    let of_models = models.iter().map(|(name, of)| {
        let [five, ten] = of.recall.first().map_or([f64::NAN; 2], |one| one.recall);
        (name.as_ref().to_owned(), [of.batch_knn, of.connectivity, of.knn, of.map, five, ten])
    });
    let rows: Vec<(String, [f64; 6])> = of_paper.chain(of_models).collect();
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let columns = [
        "batch, 5 neighbours (low: mixed)",
        "batch, connectivity (low: mixed)",
        "perturbation, 5 neighbours",
        "mAP",
        "recall at 5 %",
        "recall at 10 %",
    ];
    let mut table = Table::new(title).text("model", &names);
    for (column, name) in columns.into_iter().enumerate() {
        table = table.number(name, &rows.iter().map(|(_, numbers)| numbers[column]).collect::<Vec<f64>>(), 3);
    }
    let mut caption = "The columns of Tables 1 and 2 of the Set-DINO paper.".to_owned();
    if let Some((_, first)) = models.first() {
        let relations = first.recall.first().map_or("none", |one| &one.relations);
        caption += &format!(" Here mAP is {:.3} by chance, and recall is that of: {relations}.", first.map_by_chance);
    }
    table.caption(&caption).figure()
}

/// Metrics by the number of principal components, a line for each model: batches, perturbations, relations.
///
/// # Errors
/// When there is no model.
pub fn component_curves<S: AsRef<str>>(models: &[(S, Vec<(usize, ProfileMetrics)>)]) -> Result<Figure> {
    let panel = |title: &str, value: &dyn Fn(&ProfileMetrics) -> f64| {
        let mut curves = Curves::new(title, Axis::new("principal components").log(), Axis::new(title));
        for (name, points) in models {
            let x: Vec<f64> = points.iter().map(|(count, _)| *count as f64).collect();
            let y: Vec<f64> = points.iter().map(|(_, metrics)| value(metrics)).collect();
            curves = curves.line(name.as_ref(), &x, &y);
        }
        curves.figure()
    };
    let mut panels = vec![
        panel("accuracy of batches, 5 neighbours", &|of| of.batch_knn)?,
        panel("mAP of perturbations", &|of| of.map)?,
    ];
    if let Some(name) = models.first().and_then(|(_, points)| points.first()?.1.recall.first()).map(|of| &of.relations)
    {
        for (place, share) in ["5 %", "10 %"].into_iter().enumerate() {
            let recall = |of: &ProfileMetrics| of.recall.first().map_or(f64::NAN, |one| one.recall[place]);
            panels.push(panel(&format!("recall of {name} at {share}"), &recall)?);
        }
    }
    let caption = "The kind of Figure 3 of the Set-DINO paper: how many principal components of the profiles hold batches, \
                   perturbations and relations.";
    Ok(Figure::grid(panels, 2)?.caption(caption))
}

impl Show for ProfileMetrics {
    fn bundle(&self) -> Bundle {
        figure_or_reason(profile_metrics_table("Profiles", &[], &[("these", self)]))
    }
}

impl Show for ReplicateReading {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Replicates on the plate").bundle()
    }
}

/// Replicates and near doses on the plate, a row for each model.
///
/// # Errors
/// When there is no model.
pub fn replicate_table<S: AsRef<str>>(models: &[(S, &ReplicateReading)]) -> Result<Table> {
    let Some((_, first)) = models.first() else {
        return Err(Error::new("no model was measured").at("replicate_table").fix("give at least one"));
    };
    let names: Vec<&str> = models.iter().map(|(name, _)| name.as_ref()).collect();
    let of = |value: fn(&ReplicateReading) -> f64| models.iter().map(|(_, one)| value(one)).collect::<Vec<f64>>();
    Table::new("Replicates on the plate")
        .text("model", &names)
        .number("mAP of the replicate in the other row", &of(|one| one.map), 3)
        .number("5 nearest wells within one step of the dose", &of(|one| one.near_doses), 3)
        .caption(&format!(
            "{} wells, cells that no model has learned from; by chance {:.3} and {:.3}.",
            first.wells, first.map_by_chance, first.near_doses_by_chance
        ))
        .figure()
}
