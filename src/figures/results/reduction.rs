//! Reductions: the variance of principal components, and what a map keeps of neighbourhoods.

use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show, fields};
use crate::figures::{Axis, Curves, Figure};
use crate::reduce::MapQuality;
use crate::reduce::pca::Pca;

/// Share of the variance of each component, and of it with those before it.
fn scree(pca: &Pca) -> Result<Figure> {
    let shares = pca.explained_variance_ratio();
    let number: Vec<f64> = (1..=shares.len()).map(|k| k as f64).collect();
    let mut sum = 0.0;
    let upto: Vec<f64> = shares
        .iter()
        .map(|share| {
            sum += share;
            sum
        })
        .collect();
    let share = Axis::new("share of the variance").limits(0.0, 1.0);
    let figure = Curves::new("Principal components", Axis::new("component"), share)
        .points("component", &number, &shares.to_vec())
        .line("with those before it", &number, &upto)
        .figure()?;
    Ok(figure.caption(&format!("{} components of {} columns explain {sum:.4}.", pca.len(), pca.mean().len())))
}

impl Show for Pca {
    fn bundle(&self) -> Bundle {
        figure_or_reason(scree(self))
    }
}

impl Show for MapQuality {
    fn bundle(&self) -> Bundle {
        fields(self).titled("Neighbourhoods kept by the map").bundle()
    }
}
