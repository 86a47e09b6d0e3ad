//! How much of the variation among control cells the first features of a ranking explain.
//!
//! ```text
//! y       scores of the controls on a principal component of their standardised features
//! R^2_k   1 - |y - fit_k|^2 / |y - mean y|^2, the fit by least squares with an intercept on the first k features
//! ```
//!
//! Features are added one by one by orthogonalisation (twice, for accuracy); one that lies in the span of those before it
//! adds nothing.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use crate::display::{Bundle, Show};
use crate::figures::{Axis, Curves, Figure, figure_or_reason};
use crate::preprocess::features::{Controls, Scaling, drop_unusable_columns};
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Role, Screen};
use crate::{Error, Result};

/// A column of this share of its length beyond the span of others lies in it.
const NOTHING: f64 = 1e-8;
/// Components whose share of the variance is told.
const COMPONENTS: usize = 3;

/// The explained variance of controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainedControls {
    /// The features in their order.
    pub features: Vec<String>,
    /// R² of the component on the first 1, 2, ... of them.
    pub r2: Vec<f64>,
    /// The component, from 0.
    pub component: usize,
    /// Share of the controls' variance of the first components.
    pub variance_ratio: Vec<f64>,
    /// Number of controls.
    pub controls: usize,
}

/// The variance of a principal component of the controls (`component` from 0; the paper's is the first) that the features
/// of this ranking explain, of a screen of features.
///
/// A constant feature explains nothing, and one that is named twice nothing the second time.
///
/// # Errors
/// When the screen holds no features, a feature is not in it, there is none, there are fewer than three controls, or fewer
/// components, or no feature varies among the controls.
pub fn explained_controls(screen: &Screen, ranking: &[String], component: usize) -> Result<ExplainedControls> {
    let refuse = |what: String, fix: &str| Error::new(what).at("explained variance of controls").fix(fix);
    let names = screen.feature_names()?;
    let values = screen.features()?;
    let rows: Vec<usize> = (0..screen.len()).filter(|&row| screen.role(row) == Role::Control).collect();
    if rows.len() < 3 || ranking.is_empty() {
        let what = format!("{} controls and {} features give no regression", rows.len(), ranking.len());
        return Err(refuse(what, "give at least three controls and one feature"));
    }
    let columns: Vec<usize> = ranking
        .iter()
        .map(|name| {
            names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| refuse(format!("there is no feature {name:?}"), "name features of this screen"))
        })
        .collect::<Result<_>>()?;
    let of_controls = values.select(ndarray::Axis(0), &rows);
    let (usable, _) = drop_unusable_columns(of_controls.view(), names)?;
    let all = Controls::marked(&vec![true; rows.len()])?;
    let scaled = Scaling::standard(usable.view(), &all)?.apply(usable.view(), &all)?;
    let kept = scaled.nrows().min(scaled.ncols()).min(COMPONENTS.max(component.saturating_add(1)));
    let pca = Pca::fit(scaled.view(), Components::Count(kept))?;
    if component >= pca.len() {
        let what = format!("there is no component {component}");
        return Err(refuse(what, "choose one below the number of features and of controls"));
    }
    let score = pca.transform(scaled.view())?.column(component).to_owned();
    let predictors: Vec<Array1<f64>> = columns.iter().map(|&at| of_controls.column(at).mapv(f64::from)).collect();
    Ok(ExplainedControls {
        features: ranking.to_vec(),
        r2: explained(&score, &predictors),
        component,
        variance_ratio: pca.explained_variance_ratio().to_vec(),
        controls: rows.len(),
    })
}

/// R² of `y` on an intercept and the first 1, 2, ... of these columns.
fn explained(y: &Array1<f64>, columns: &[Array1<f64>]) -> Vec<f64> {
    let centred = |v: &Array1<f64>| v - v.sum() / v.len() as f64;
    let mut rest = centred(y);
    let total = rest.dot(&rest);
    let mut basis: Vec<Array1<f64>> = Vec::new();
    columns
        .iter()
        .map(|column| {
            let mut direction = centred(column);
            let length = direction.dot(&direction).sqrt();
            for _ in 0..2 {
                for known in &basis {
                    let along = known.dot(&direction);
                    direction.scaled_add(-along, known);
                }
            }
            let left = direction.dot(&direction).sqrt();
            let whole = column.dot(column).sqrt();
            if left > NOTHING * length && left > f64::EPSILON * whole {
                direction /= left;
                let along = direction.dot(&rest);
                rest.scaled_add(-along, &direction);
                basis.push(direction);
            }
            if total > 0.0 { (1.0 - rest.dot(&rest) / total).clamp(0.0, 1.0) } else { 0.0 }
        })
        .collect()
}

/// R² over the number of features for several groups.
///
/// # Errors
/// When a value is not finite.
pub fn explained_curves(groups: &[(&str, &ExplainedControls)]) -> Result<Figure> {
    let component = groups.first().map_or(0, |(_, of)| of.component) + 1;
    let title = "Variation of controls that the changed features explain (as Wang et al. 2023, Fig. 4D)";
    let y = Axis::new(&format!("R² of principal component {component} of controls")).limits(0.0, 1.0);
    let curves = groups.iter().fold(Curves::new(title, "number of features", y), |curves, (name, of)| {
        let x: Vec<f64> = (1..=of.r2.len()).map(|k| k as f64).collect();
        curves.line(name, &x, &of.r2)
    });
    curves.figure()
}

impl Show for ExplainedControls {
    fn bundle(&self) -> Bundle {
        figure_or_reason(explained_curves(&[("R²", self)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_the_span_of_others_add_nothing() {
        let column = |f: &dyn Fn(f64) -> f64| Array1::from_iter((0..50).map(|i| f(i as f64)));
        let (a, b) = (column(&|i| (i * 0.3).sin()), column(&|i| (i * 1.1).cos()));
        let y = &a * 2.0 + &b + column(&|i| (i * 2.9).sin() * 0.1);
        let sum = &a + &b + 3.0;
        let r2 = explained(&y, &[a.clone(), b.clone(), sum, column(&|_| 4.0)]);
        assert!(r2[0] > 0.5 && r2[1] > 0.98 && r2[1] < 1.0);
        assert!((r2[2] - r2[1]).abs() < 1e-9 && r2[3] == r2[2]);
    }

    #[test]
    fn one_column_explains_its_squared_correlation() {
        let x = ndarray::arr1(&[1.0, 2.0, 3.0, 4.0]);
        let y = ndarray::arr1(&[1.0, 3.0, 2.0, 5.0]);
        // r = 5.5 / sqrt(5 * 8.75)
        assert!((explained(&y, &[x])[0] - 5.5 * 5.5 / (5.0 * 8.75)).abs() < 1e-12);
        assert_eq!(explained(&ndarray::arr1(&[2.0, 2.0]), &[ndarray::arr1(&[0.0, 1.0])]), [0.0]);
    }
}
