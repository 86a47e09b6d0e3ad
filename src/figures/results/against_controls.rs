//! What a space knows of each perturbation, of one space, of two beside each other, and by the weight of HSIC.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::classification::{AgainstControls, PerturbationSignal};
use crate::figures::{Axis, Curves, Figure, Scatter, Table};
use crate::methods::sc_vae::{TradeOff, TradeOffPoint};
use crate::{Error, Result};

/// Perturbations whose names stand beside their point or in a caption.
const NAMED: usize = 12;
/// Neighbours in the table.
const NEIGHBOURS: usize = 3;

/// The perturbations that are told best from controls first, with their nearest fellows.
///
/// # Errors
/// When there is no perturbation.
pub fn against_controls_table(title: &str, known: &AgainstControls) -> Result<Table> {
    let mut rows: Vec<_> = known.perturbations.iter().collect();
    if rows.is_empty() {
        return Err(Error::new("no perturbation was measured").at("against_controls_table"));
    }
    rows.sort_by(|a, b| b.auc.total_cmp(&a.auc));
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let nearest: Vec<String> =
        rows.iter().map(|row| row.nearest.iter().take(NEIGHBOURS).cloned().collect::<Vec<_>>().join(", ")).collect();
    Table::new(title)
        .text("perturbation", &names)
        .count("held-out cells", &rows.iter().map(|row| row.n_test).collect::<Vec<_>>())
        .number("AUC against controls", &rows.iter().map(|row| row.auc).collect::<Vec<_>>(), 3)
        .number("energy distance", &rows.iter().map(|row| row.energy).collect::<Vec<_>>(), 3)
        .number("centred", &rows.iter().map(|row| row.energy_centred).collect::<Vec<_>>(), 3)
        .text("nearest perturbations", &nearest)
        .caption(&format!(
            "Held-out cells against {} held-out controls: linear model of the training cells; energy distances (1 − cosine) \
             as the space lies, and from the mean of the controls.",
            known.controls
        ))
        .figure()
}

impl Show for AgainstControls {
    fn bundle(&self) -> Bundle {
        figure_or_reason(against_controls_table("What the space knows of each perturbation", self))
    }
}

/// Areas of each perturbation in two spaces, such as the background and the salient one.
///
/// # Errors
/// When the two are not of the same perturbations.
pub fn against_controls_scatter(x: (&str, &AgainstControls), y: (&str, &AgainstControls)) -> Result<Figure> {
    let names = |of: &AgainstControls| of.perturbations.iter().map(|signal| signal.name.clone()).collect::<Vec<_>>();
    if names(x.1) != names(y.1) {
        return Err(Error::new("the two spaces cannot be compared: their perturbations differ")
            .at(format!("{:?} and {:?}", x.0, y.0))
            .fix("measure both on the same cells"));
    }
    let areas = |of: &AgainstControls| of.perturbations.iter().map(|signal| signal.auc).collect::<Vec<f64>>();
    let (across, up, names) = (areas(x.1), areas(y.1), names(x.1));
    let mut order: Vec<usize> = (0..names.len()).collect();
    let far = |i: usize| (across[i] - 0.5).abs().max((up[i] - 0.5).abs());
    order.sort_by(|&a, &b| far(b).total_cmp(&far(a)));
    let shown: Vec<&String> = order.iter().take(NAMED).map(|&i| &names[i]).collect();
    let axis = |name: &str| Axis::new(&format!("AUC against controls, {name}"));
    let figure = Scatter::new("Which space knows the perturbation?", axis(x.0), axis(y.0))
        .points("perturbation", &across, &up)
        .names(&names)
        .label(&shown)
        .figure()?;
    Ok(figure.caption(&format!("{} perturbations, held-out cells; 0.5: a linear model cannot tell.", names.len())))
}

/// The mean over some perturbations of what is known of each, for every weight.
fn means(
    trade_off: &TradeOff,
    perturbations: &[&str],
    space: fn(&TradeOffPoint) -> &AgainstControls,
    of: fn(&PerturbationSignal) -> f64,
) -> Result<Vec<f64>> {
    trade_off.points.iter().map(|point| space(point).mean(perturbations, of)).collect()
}

/// Mean areas of some perturbations in both spaces, a point for each weight of HSIC: up is good, right is not.
///
/// # Errors
/// When none is named, or one of them does not exist.
pub fn trade_off_figure(trade_off: &TradeOff, perturbations: &[&str]) -> Result<Figure> {
    let across = means(trade_off, perturbations, |point| &point.background, |signal| signal.auc)?;
    let up = means(trade_off, perturbations, |point| &point.salient, |signal| signal.auc)?;
    let axis = |space: &str| Axis::new(&format!("mean AUC against controls, {space}"));
    let figure = Curves::new("How strong should independence be?", axis("background"), axis("salient space"));
    let figure = trade_off.points.iter().zip(across.iter().zip(&up)).fold(figure, |figure, (point, (x, y))| {
        figure.points(&format!("weight {}", weight_text(point.weight)), &[*x], &[*y])
    });
    Ok(figure.figure()?.caption(&format!("Held-out cells of {}.", named(perturbations))))
}

/// Names of a few, the number of many.
fn named(perturbations: &[&str]) -> String {
    if perturbations.len() > NAMED {
        format!("{} perturbations", perturbations.len())
    } else {
        perturbations.join(", ")
    }
}

/// Without the decimals of a weight that was found.
fn weight_text(weight: f64) -> String {
    if weight < 10.0 { format!("{weight}") } else { format!("{weight:.0}") }
}

/// Areas, energies and likelihoods by the weight of HSIC; areas and energies are means over these perturbations.
///
/// # Errors
/// When none is named, or one of them does not exist.
pub fn trade_off_table(trade_off: &TradeOff, perturbations: &[&str]) -> Result<Table> {
    let salient: fn(&TradeOffPoint) -> &AgainstControls = |point| &point.salient;
    let background: fn(&TradeOffPoint) -> &AgainstControls = |point| &point.background;
    let areas = |space| means(trade_off, perturbations, space, |signal| signal.auc);
    let energies = |space| means(trade_off, perturbations, space, |signal| signal.energy);
    let weights: Vec<String> = trade_off.points.iter().map(|point| weight_text(point.weight)).collect();
    let likelihoods: Vec<f64> = trade_off.points.iter().map(|point| point.log_likelihood).collect();
    Table::new("How strong should independence be?")
        .text("weight of HSIC", &weights)
        .number("AUC, salient", &areas(salient)?, 3)
        .number("AUC, background", &areas(background)?, 3)
        .number("energy distance, salient", &energies(salient)?, 3)
        .number("energy distance, background", &energies(background)?, 3)
        .number("log-likelihood (nats per cell)", &likelihoods, 1)
        .caption(&format!("Held-out cells; means over {}.", named(perturbations)))
        .figure()
}

impl Show for TradeOff {
    /// Means over all perturbations.
    fn bundle(&self) -> Bundle {
        let known = self.points.iter().flat_map(|point| &point.salient.perturbations);
        let mut names: Vec<&str> = known.map(|signal| signal.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        figure_or_reason(trade_off_figure(self, &names))
    }
}
