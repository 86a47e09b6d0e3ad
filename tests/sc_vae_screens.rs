//! SC-VAE on screens at the edge of what can be learned from: one perturbation, cells and genes without a count, as many
//! perturbations as cells; and the trade-off between independence and what the spaces know.

#[path = "common/stop_after.rs"]
mod stop_after;

use ndarray::Array2;
use perturbook::evaluate::classification::AgainstControls;
use perturbook::figures::{against_controls_scatter, trade_off_figure, trade_off_table};
use perturbook::methods::counts::CountNetwork;
use perturbook::methods::sc_vae::{HsicWeight, Model, ScVae, Settings, trade_off};
use perturbook::methods::{Method, Plan, held_out_signals};
use perturbook::screen::{Counts, Screen};
use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
use perturbook::tensor::cpu;
use perturbook::train::{FitConfig, Silent};
use polars::prelude::df;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stop_after::StopAfter;

fn plan(epochs: u64) -> Plan<Settings> {
    let mut plan = ScVae::quick();
    plan.run = FitConfig { epochs, seed: 3, ..FitConfig::default() };
    plan.settings.shares = [0.6, 0.2, 0.2];
    plan
}

/// Cells with these labels and random counts; `empty` cells, and the last gene, have none.
fn drawn(labels: &[String], genes: usize, empty: &[usize]) -> Screen {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut dense = Array2::from_shape_fn((labels.len(), genes), |(_, gene)| {
        if gene + 1 == genes { 0.0 } else { f32::from(rng.random_range(0..6u8)) }
    });
    empty.iter().for_each(|&cell| dense.row_mut(cell).fill(0.0));
    let counts = Counts::from_dense((0..genes).map(|gene| format!("G{gene}")).collect(), dense.view());
    Screen::new(df!["gene" => labels].expect("a table"), counts.expect("counts")).expect("a screen")
}

fn in_turn(names: &[&str], cells: usize) -> Vec<String> {
    (0..cells).map(|cell| names[cell % names.len()].to_owned()).collect()
}

fn finite(model: &Model, screen: &Screen) -> bool {
    let likelihoods = model.log_likelihoods(screen).expect("likelihoods");
    model.embed(screen).expect("embedded").values().iter().all(|v| v.is_finite())
        && likelihoods.iter().all(|v| v.is_finite())
}

#[test]
fn one_perturbation_is_enough() {
    let screen = drawn(&in_turn(&["control", "A"], 200), 30, &[]);
    let model = Model::fit(&screen, &plan(2), &cpu(), &mut Silent).expect("trained");
    assert_eq!(model.vocabulary().classes, ["control", "A"]);
    assert!(finite(&model, &screen));
}

#[test]
fn cells_and_genes_without_a_count_do_no_harm() {
    let screen = drawn(&in_turn(&["control", "A", "B"], 300), 30, &[0, 1, 2, 50]);
    let model = Model::fit(&screen, &plan(2), &cpu(), &mut Silent).expect("trained");
    assert!(finite(&model, &screen));
    let expression = model.expression(&screen, Default::default()).expect("expression");
    assert!(expression.sum_axis(ndarray::Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-4));
    // Without a count nothing is to be explained.
    assert!(model.log_likelihoods(&screen).expect("likelihoods")[0].abs() < 1e-3);
}

#[test]
fn fifty_thousand_perturbations_are_classes_like_others() {
    // One cell each; a few steps, whose memory is cells times perturbations.
    let mut labels: Vec<String> = (0..50_000).map(|p| format!("P{p}")).collect();
    labels.extend(in_turn(&["control"], 500));
    let screen = drawn(&labels, 12, &[]);
    let mut plan = plan(1);
    (plan.settings.batch_size, plan.settings.hidden) = (64, 4);
    let model = Model::fit(&screen, &plan, &cpu(), &mut StopAfter(3)).expect("trained");
    assert_eq!(model.vocabulary().classes.len(), 50_001);
    assert!(finite(&model, &screen.select(&[0, 1, 50_000]).expect("cells")));
}

#[test]
fn independence_is_weighed_against_what_the_spaces_know() {
    let design = PerturbSeqConfig { control_guides: 8, ..PerturbSeqConfig::quick() };
    let simulated = perturb_seq(&design).expect("simulated");
    let truth = simulated.truth.clone();
    let screen = simulated.screen().expect("a screen");
    let rules = [HsicWeight::Off, HsicWeight::Fixed(5.0), HsicWeight::Balanced(5)];
    let found = trade_off(&screen, &plan(15), &rules, &cpu(), &mut Silent).expect("trained");
    let weights: Vec<f64> = found.points.iter().map(|point| point.weight).collect();
    assert!(weights[0] == 0.0 && weights[1] == 5.0 && weights[2] > 50.0, "{weights:?}");
    let active: Vec<&str> = truth.perturbations.iter().filter(|p| !p.is_null()).map(|p| p.symbol.as_str()).collect();
    let mean = |known: &AgainstControls| known.mean_auc(&active).expect("measured");
    let [off, five, balanced] = [0, 1, 2].map(|i| &found.points[i]);
    // A few hundred cells: enough to know perturbations by, not to keep them out of the background.
    for point in [off, five, balanced] {
        assert!(mean(&point.salient) > 0.75 && mean(&point.background) > 0.7, "{}", point.weight);
    }
    assert!(off.log_likelihood.is_finite() && off.log_likelihood > balanced.log_likelihood - 20.0);
    let text = trade_off_table(&found, &active).expect("a table");
    assert!(perturbook::display::Show::bundle(&text).get("text/plain").is_some());
    assert!(trade_off_figure(&found, &active).is_ok());
    assert!(trade_off_figure(&found, &["no such gene"]).is_err());
    let spaces = (("background", &five.background), ("salient", &five.salient));
    assert!(against_controls_scatter(spaces.0, spaces.1).is_ok());

    // The point is what the model by that weight says.
    let mut again = plan(15);
    again.settings.hsic = rules[1];
    let model = Model::fit(&screen, &again, &cpu(), &mut Silent).expect("trained");
    let split = model.split(&screen).expect("a split");
    let known = held_out_signals(&split, |cells| model.embed(cells)).expect("measured");
    assert_eq!(known[1], ("salient".to_owned(), five.salient.clone()));
}

#[test]
fn a_trade_off_that_is_stopped_keeps_the_weight_in_hand() {
    let screen = drawn(&in_turn(&["control", "A"], 200), 30, &[]);
    let rules = [HsicWeight::Off, HsicWeight::Fixed(1.0)];
    let found = trade_off(&screen, &plan(3), &rules, &cpu(), &mut StopAfter(0)).expect("one");
    assert_eq!(found.points.len(), 1);
    let none = trade_off(&screen, &plan(3), &[], &cpu(), &mut Silent).expect_err("no weight").to_string();
    assert!(none.contains("no weight was given"));
    let mut unmeasured = plan(1);
    unmeasured.settings.shares = [0.8, 0.2, 0.0];
    let error = trade_off(&screen, &unmeasured, &rules, &cpu(), &mut Silent).expect_err("no test cells").to_string();
    assert!(error.contains("holds no cell out"), "{error}");
}
