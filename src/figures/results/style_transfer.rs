//! What translated cells look like beside real ones, and vectors of genes beside complexes: GRAPE's Figures 2 and 5 and Tables 1
//! and 2.

use ndarray::ArrayView2;

use super::figure_or_reason;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::clustering::PublishedClusters;
use crate::evaluate::{ComplexScores, ContentKept, DoseTransfer, FeatureTransfer, GeneSets, TransferReading};
use crate::figures::{Axis, Bars, Curves, Distribution, Figure, Scatter, Table};
use crate::{Error, Result};

/// Medians by dose, translated cells beside real ones.
///
/// # Errors
/// When there is no drug.
pub fn dose_transfer_curves(reading: &DoseTransfer) -> Result<Figure> {
    let panel = |drug: &crate::evaluate::TransferredDrug| {
        let follows = drug.spearman.map_or("no order".to_owned(), |rho| format!("{rho:.2}"));
        let title = format!("{}, rank correlation with the dose {follows}", drug.drug);
        let dose = Axis::new("dose (number of the dilution step)");
        Curves::new(&title, dose, Axis::new("median nuclear / cytoplasmic FKHR"))
            .points("cells with the drug", &drug.doses, &drug.real)
            .points("untreated cells, translated", &drug.doses, &drug.translated)
            .figure()
    };
    let panels = reading.drugs.iter().map(panel).collect::<Result<Vec<_>>>()?;
    Ok(Figure::grid(panels, 2)?.caption(
        "Untreated cells that GRAPE translated to each dose, and cells that got it. The question of Figure 2 of the GRAPE paper, \
         of a real plate: do translated cells show what the perturbation does?",
    ))
}

impl Show for DoseTransfer {
    fn bundle(&self) -> Bundle {
        figure_or_reason(dose_transfer_curves(self))
    }
}

impl Show for TransferReading {
    fn bundle(&self) -> Bundle {
        let figure = || {
            let names: Vec<&str> = self.targets.iter().map(|target| target.target.as_str()).collect();
            let of = |value: fn(&crate::evaluate::TransferTarget) -> f64| -> Vec<f64> {
                self.targets.iter().map(value).collect()
            };
            let figure = Bars::new("Taken for the target", "target", Axis::new("share of cells").limits(0.0, 1.0))
                .categories(&names)
                .series("translated", &of(|target| target.translated))
                .series("the same cells before", &of(|target| target.untranslated))
                .figure()?;
            Ok(figure.caption(&format!(
                "A random forest on engineered features of real cells, right about {:.0} % of them, looks at controls that were \
                 translated.",
                100.0 * self.accuracy
            )))
        };
        figure_or_reason(figure())
    }
}

impl Show for ContentKept {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Correlation of cells with what became of them").bundle()
    }
}

impl Show for FeatureTransfer {
    fn bundle(&self) -> Bundle {
        let figure = || {
            let panel = |feature: &crate::evaluate::TransferredFeature| {
                Distribution::new(&feature.name, Axis::new("standard deviations of the controls"))
                    .group("controls", &feature.control)
                    .group(&self.gene, &feature.real)
                    .group("controls, translated", &feature.translated)
                    .boxes()
                    .figure()
            };
            let panels = self.features.iter().map(panel).collect::<Result<Vec<_>>>()?;
            let apart = |of: fn(&crate::evaluate::TransferredFeature) -> f64| {
                self.features.iter().map(of).sum::<f64>() / self.features.len().max(1) as f64
            };
            Ok(Figure::grid(panels, 2)?.caption(&format!(
                "The features that tell real cells of {} best from controls (a random forest is right about {:.0} % of held-out \
                 cells). Kolmogorov-Smirnov distance to real cells, mean over features: translated {:.2}, controls {:.2}. The kind \
                 of Figure 2, bottom, of the GRAPE paper.",
                self.gene,
                100.0 * self.accuracy,
                apart(|feature| feature.apart),
                apart(|feature| feature.apart_untranslated)
            )))
        };
        figure_or_reason(figure())
    }
}

/// A row for each set of vectors, below rows that the paper prints
/// ([`grape_clusters`](crate::evaluate::clustering::grape_clusters)).
///
/// # Errors
/// When there is no row.
pub fn complex_scores_table<S: AsRef<str>>(
    title: &str,
    published: &[PublishedClusters],
    vectors: &[(S, &ComplexScores)],
) -> Result<Table> {
    let of_paper = published.iter().map(|of| {
        (format!("paper: {}", of.representation), [of.map, of.purity.mean, of.nmi.mean, of.ari.mean, of.ari.sd])
    });
    let of_vectors = vectors
        .iter()
        .map(|(name, of)| (name.as_ref().to_owned(), [of.map, of.purity.mean, of.nmi.mean, of.ari.mean, of.ari.sd]));
    let rows: Vec<(String, [f64; 5])> = of_paper.chain(of_vectors).collect();
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let mut table = Table::new(title).text("vectors", &names);
    for (column, name) in ["mAP", "purity", "NMI", "ARI", "ARI, sd"].into_iter().enumerate() {
        table = table.number(name, &rows.iter().map(|(_, numbers)| numbers[column]).collect::<Vec<f64>>(), 3);
    }
    let mut caption = "The columns of Tables 1 and 2 of the GRAPE paper: 106 genes of 14 complexes there.".to_owned();
    if let Some((_, first)) = vectors.first() {
        caption +=
            &format!(" Here {} genes, mAP {:.3} by chance; k-means from 100 starts.", first.genes, first.map_by_chance);
    }
    table.caption(&caption).figure()
}

impl Show for ComplexScores {
    fn bundle(&self) -> Bundle {
        figure_or_reason(complex_scores_table("Vectors of genes and complexes", &[], &[("these", self)]))
    }
}

/// Genes in a plane (the UMAP of their vectors, in the order of `genes`), a colour for each complex (GRAPE, Figure 3).
///
/// # Errors
/// When there are not as many genes as points.
pub fn complex_scatter(
    title: &str,
    plane: ArrayView2<'_, f32>,
    genes: &[String],
    complexes: &GeneSets,
) -> Result<Figure> {
    if plane.nrows() != genes.len() || plane.ncols() < 2 {
        return Err(Error::new(format!("{} genes for {:?} points", genes.len(), plane.dim()))
            .at("complex_scatter")
            .fix("pass the map of these genes, in two dimensions"));
    }
    let mut map = Scatter::new(title, "UMAP 1", "UMAP 2");
    let rows = complexes.rows(genes);
    for (complex, rows) in complexes.sets().iter().zip(rows) {
        let at = |axis: usize| rows.iter().map(|&row| f64::from(plane[[row, axis]])).collect::<Vec<f64>>();
        map = map.points(&complex.name, &at(0), &at(1));
    }
    Ok(map.figure()?.caption("A dot is a gene. The kind of Figure 3 of the GRAPE paper."))
}

/// mAP of complexes while the table was learned, of the last state and of the running average (GRAPE, Figure 5); `scores` are by
/// steps done.
///
/// # Errors
/// When there is no step.
pub fn map_curves(scores: &[(u64, f64, f64)]) -> Result<Figure> {
    if scores.is_empty() {
        return Err(Error::new("no copy of the table to draw")
            .at("map_curves")
            .fix("train for more than `ema_every` steps"));
    }
    let steps: Vec<f64> = scores.iter().map(|(step, ..)| *step as f64).collect();
    let last: Vec<f64> = scores.iter().map(|(_, last, _)| *last).collect();
    let average: Vec<f64> = scores.iter().map(|(.., average)| *average).collect();
    let figure =
        Curves::new("The table while it is learned", Axis::new("training step"), Axis::new("mAP of complexes"))
            .line("last state", &steps, &last)
            .line("running average of the weights", &steps, &average)
            .figure()?;
    Ok(figure.caption("The kind of Figure 5 of the GRAPE paper."))
}
