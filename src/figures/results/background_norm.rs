//! Multi-ContrastiveVAE's Figure 5: the norms of genes in both spaces, and how well they tell mitotic factors.

use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show};
use crate::evaluate::{BackgroundNorms, MitoticFactors};
use crate::figures::{Axis, Curves, Figure, Palette, Scatter};

/// Salient against background norm of every gene, coloured by the relative background norm.
///
/// # Errors
/// When an axis has no range: there is no gene with a norm.
pub fn background_norm_scatter(norms: &BackgroundNorms) -> Result<Figure> {
    let axis = |what: &str| Axis::new(&format!("{what} squared norm / mean")).log();
    // A logarithmic axis has no place for 0.
    let shown: Vec<usize> =
        (0..norms.genes.len()).filter(|&gene| norms.salient[gene] > 0.0 && norms.background[gene] > 0.0).collect();
    let pick = |values: &[f64]| shown.iter().map(|&gene| values[gene]).collect::<Vec<f64>>();
    let names: Vec<&String> = shown.iter().map(|&gene| &norms.genes[gene]).collect();
    let relative = Axis::new("relative background norm").limits(0.0, 1.0);
    let (salient, background, share) = (pick(&norms.salient), pick(&norms.background), pick(&norms.relative));
    let figure = Scatter::new("Norms of genes in the two spaces", axis("salient"), axis("background"))
        .coloured(&salient, &background, &share, relative, Palette::Sequential)
        .names(&names)
        .figure()?;
    let left_out = norms.genes.len() - shown.len();
    let rest = if left_out > 0 { format!("; {left_out} with a norm of 0 not drawn") } else { String::new() };
    Ok(figure.caption(&format!(
        "{} genes{rest}. The kind of Figure 5 of the Multi-ContrastiveVAE paper.",
        norms.genes.len()
    )))
}

/// The receiver operating characteristics of both rankings of mitotic factors.
///
/// # Errors
/// When the curves are not of one length.
pub fn mitotic_factor_roc(factors: &MitoticFactors) -> Result<Figure> {
    let name = |what: &str, auc: f64| format!("{what}, AUC {auc:.3}");
    let (norm, index) = (&factors.by_background, &factors.by_index);
    let figure = Curves::roc("Mitotic factors")
        .line(&name("relative background norm", norm.auc), &norm.fpr, &norm.tpr)
        .line(&name("mitotic index", index.auc), &index.fpr, &index.tpr)
        .figure()?;
    Ok(figure.caption(&format!(
        "{} genes with a mitotic index above {:.1} %: {} known factors, {} others. Figure 5 of the Multi-ContrastiveVAE \
         paper states 0.88 and 0.79, of another run.",
        factors.n_kept, factors.limit, factors.n_positive, factors.n_negative
    )))
}

impl Show for BackgroundNorms {
    fn bundle(&self) -> Bundle {
        figure_or_reason(background_norm_scatter(self))
    }
}

impl Show for MitoticFactors {
    fn bundle(&self) -> Bundle {
        figure_or_reason(mitotic_factor_roc(self))
    }
}
