//! SC-VAE, ContrastiveVI, scVI and principal components on a simulated Perturb-seq screen: what was planted is found where
//! it should be, runs are repeatable, and what cannot be learned from is refused.

#[path = "common/stop_after.rs"]
mod stop_after;

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;

use ndarray::{Array1, Array2, Axis, s};
use perturbook::methods::counts::{Code, CountModel, CountNetwork, GeneChoice, Keep, Sampling, expression_pca};
use perturbook::methods::sc_vae::{Ablation, Call, HsicWeight, ScVae, ablations};
use perturbook::methods::{Method, Plan, contrastive_vi, sc_vae, sc_vi};
use perturbook::nn::State;
use perturbook::screen::{Counts, Features, Label, Screen};
use perturbook::simulate::{CONTROL, PerturbSeqConfig, PerturbSeqTruth, perturb_seq};
use perturbook::tensor::cpu;
use perturbook::train::{Ended, FitConfig, Observer, Phase, Silent};
use stop_after::StopAfter;

/// 1,100 cells of 300 genes, with as many controls as calls at a rate of 0.05 need.
fn config() -> PerturbSeqConfig {
    PerturbSeqConfig { control_guides: 8, ..PerturbSeqConfig::quick() }
}

fn simulated(config: &PerturbSeqConfig) -> (Screen, PerturbSeqTruth) {
    let all = perturb_seq(config).expect("simulated");
    let counts = Counts::new(all.genes, all.indptr, all.indices, all.values).expect("counts");
    (Screen::new(all.cells, counts).expect("a screen"), all.truth)
}

struct Learned {
    screen: Screen,
    truth: PerturbSeqTruth,
    model: sc_vae::Model,
}

/// One model for all tests that only look at it.
fn learned() -> &'static Learned {
    static LEARNED: OnceLock<Learned> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let (screen, truth) = simulated(&config());
        let model = sc_vae::Model::fit(&screen, &sc_vae::Model::quick(), &cpu(), &mut Silent).expect("trained");
        Learned { screen, truth, model }
    })
}

fn block(embedding: &perturbook::screen::Embedding, name: &str) -> Array2<f64> {
    embedding.block(name).expect("a block").values().mapv(f64::from)
}

/// The share of these cells whose perturbation is that of most of their 15 nearest fellows.
fn knn_accuracy(values: &Array2<f64>, classes: &[usize]) -> f64 {
    let right = (0..classes.len()).filter(|&cell| {
        let apart = |other: usize| (&values.row(cell) - &values.row(other)).mapv(|v| v * v).sum();
        let mut others: Vec<usize> = (0..classes.len()).filter(|&other| other != cell).collect();
        others.sort_by(|&a, &b| apart(a).total_cmp(&apart(b)));
        let mut votes = vec![0; classes.iter().max().map_or(0, |&last| last + 1)];
        others[..15].iter().for_each(|&other| votes[classes[other]] += 1);
        (0..votes.len()).max_by_key(|&class| votes[class]) == Some(classes[cell])
    });
    right.count() as f64 / classes.len() as f64
}

/// How much of the variance of a target a plane over the columns explains.
fn explained(values: &Array2<f64>, target: &[f64]) -> f64 {
    let n = values.nrows();
    let mut x = Array2::ones((n, values.ncols() + 1));
    x.slice_mut(s![.., 1..]).assign(values);
    let y = Array1::from(target.to_vec());
    let slopes = solved(x.t().dot(&x), x.t().dot(&y));
    let rest = &y - &x.dot(&slopes);
    let centred = &y - y.mean().expect("cells");
    1.0 - rest.dot(&rest) / centred.dot(&centred)
}

/// `a x = b` by elimination, with a little on the diagonal.
fn solved(mut a: Array2<f64>, mut b: Array1<f64>) -> Array1<f64> {
    for k in 0..b.len() {
        a[[k, k]] += 1e-9;
    }
    for k in 0..b.len() {
        for i in (0..b.len()).filter(|&i| i != k) {
            let factor = a[[i, k]] / a[[k, k]];
            let row = a.row(k).to_owned();
            a.row_mut(i).scaled_add(-factor, &row);
            b[i] -= factor * b[k];
        }
    }
    b / a.diag()
}

/// The probability that a score of `yes` is above one of `no`.
fn auroc(yes: &[f64], no: &[f64]) -> f64 {
    let above = |a: f64, b: f64| f64::from(a > b) + 0.5 * f64::from(a == b);
    yes.iter().flat_map(|&a| no.iter().map(move |&b| above(a, b))).sum::<f64>() / (yes.len() * no.len()) as f64
}

/// Cells of perturbations that have an effect, which have not escaped it, and their perturbations.
fn affected(truth: &PerturbSeqTruth) -> (Vec<usize>, Vec<usize>) {
    let cells = truth.cells.iter().enumerate().filter_map(|(cell, of)| {
        let perturbation = of.perturbation.filter(|&p| !of.escaped && !truth.perturbations[p].is_null())?;
        Some((cell, perturbation))
    });
    cells.unzip()
}

#[test]
fn the_salient_space_separates_perturbations_and_the_background_holds_the_cell_cycle() {
    let Learned { screen, truth, model } = learned();
    let embedding = model.embed(screen).expect("embedded");
    assert_eq!(embedding.block_names(), ["background", "salient"]);
    assert_eq!(embedding.table(), screen.table());
    let [background, salient] = ["background", "salient"].map(|name| block(&embedding, name));
    let (cells, classes) = affected(truth);
    let accuracy = |of: &Array2<f64>| knn_accuracy(&of.select(Axis(0), &cells), &classes);
    let (salient_accuracy, background_accuracy) = (accuracy(&salient), accuracy(&background));
    println!("15-NN accuracy: salient {salient_accuracy:.3}, background {background_accuracy:.3}");
    assert!(salient_accuracy > 0.8 && salient_accuracy > background_accuracy + 0.4);

    let part = |of: fn(f64) -> f64| truth.cells.iter().map(|cell| of(cell.phase)).collect::<Vec<f64>>();
    let cycle = |of: &Array2<f64>| (explained(of, &part(f64::cos)) + explained(of, &part(f64::sin))) / 2.0;
    let (in_background, in_salient) = (cycle(&background), cycle(&salient));
    println!("variance of the phase explained: background {in_background:.3}, salient {in_salient:.3}");
    assert!(in_background > 0.8 && in_background > in_salient + 0.4);

    // Without HSIC more of the perturbation is left in the background.
    let mut plan = sc_vae::Model::quick();
    plan.settings = Ablation::Hsic.of(&plan.settings);
    let without = sc_vae::Model::fit(screen, &plan, &cpu(), &mut Silent).expect("trained");
    let leaked = accuracy(&block(&without.embed(screen).expect("embedded"), "background"));
    println!("15-NN accuracy in the background without HSIC: {leaked:.3}");
    assert!(leaked > background_accuracy + 0.1);
}

#[test]
fn perturbations_without_effect_look_like_controls() {
    let Learned { screen, truth, model } = learned();
    let effects = model.effects(screen).expect("effects");
    let size = effects.log2_fold_change().mapv(f64::abs).mean_axis(Axis(1)).expect("genes");
    let null = |name: &str| truth.perturbations.iter().any(|p| p.symbol == name && p.is_null());
    let (none, some): (Vec<usize>, Vec<usize>) =
        (0..effects.perturbations.len()).partition(|&p| null(&effects.perturbations[p]));
    let largest = none.iter().map(|&p| size[p]).fold(0.0, f64::max);
    let smallest = some.iter().map(|&p| size[p]).fold(f64::INFINITY, f64::min);
    println!("mean |log2 fold change|: at most {largest:.3} without effect, at least {smallest:.3} with one");
    assert!((none.len(), some.len()) == (2, 10) && largest < smallest);

    let table = effects.table().expect("a table");
    assert_eq!(table.shape(), (12 * 300, 6));
    assert!((effects.control.sum() - 1.0).abs() < 1e-4);
    // Planted fold changes of genes that respond are found.
    let p = some[0];
    let planted = truth.perturbations.iter().find(|q| q.symbol == effects.perturbations[p]).expect("planted");
    let want: Vec<f64> = truth
        .genes
        .iter()
        .map(|gene| gene.response.iter().zip(&planted.offset).map(|(slope, offset)| slope * offset).sum())
        .collect();
    let got: Vec<f64> = effects
        .genes
        .iter()
        .map(|gene| effects.log2_fold_change()[[p, effects.genes.iter().position(|g| g == gene).expect("a gene")]])
        .collect();
    let column = Array1::from(got).insert_axis(Axis(1));
    let share = explained(&column, &want);
    println!("share of the planted changes explained: {share:.3}");
    assert!(share > 0.4);
}

#[test]
fn escaping_cells_are_called() {
    let Learned { screen, truth, model } = learned();
    let calls = model.calls(screen, 0.05).expect("called");
    let split = model.split(screen).expect("a split");
    let trained: HashSet<usize> = (0..split.train.len()).map(|row| split.train.source_row(row)).collect();
    let (mut escaped, mut affected, mut called, mut wrongly, mut of_null) = (vec![], vec![], 0, 0, [0, 0]);
    let mut held_out = [0, 0];
    for (row, (cell, call)) in truth.cells.iter().zip(&calls.cells).enumerate() {
        let Some(perturbation) = cell.perturbation else { continue };
        let is_called = usize::from(call.call == Call::Escaping);
        if truth.perturbations[perturbation].is_null() {
            of_null[0] += is_called;
            of_null[1] += 1;
        } else if cell.escaped {
            escaped.push(call.score);
            called += is_called;
            if !trained.contains(&row) {
                held_out[0] += is_called;
                held_out[1] += 1;
            }
        } else {
            affected.push(call.score);
            wrongly += is_called;
        }
    }
    let area = auroc(&escaped, &affected);
    let shares = [called as f64 / escaped.len() as f64, wrongly as f64 / affected.len() as f64];
    let null = of_null[0] as f64 / of_null[1] as f64;
    let unseen = held_out[0] as f64 / held_out[1] as f64;
    println!(
        "AUROC {area:.3}; called: {:.3} of escaped, {unseen:.3} of those held out, {:.3} of others, {null:.3} of null",
        shares[0], shares[1]
    );
    assert!(area > 0.95);
    assert!(shares[0] > 0.6 && unseen > 0.8 && shares[1] < 0.05 && null > 0.8);
    assert_eq!(calls.confusion().sum() as usize, screen.len());
    assert!(calls.top(5) >= calls.top(1) && calls.top(12) <= 1.0 && calls.top(1) > 0.3);
    assert_eq!(calls.table().expect("a table").height(), screen.len());
    assert_eq!(calls.rates().expect("rates").height(), 13);
    assert!(calls.figure().expect("a figure").summary().contains("held-out controls"));
    let probabilities = model.probabilities(screen).expect("probabilities");
    assert!(probabilities.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-5));
    assert_eq!(model.vocabulary().classes[0], CONTROL);

    let error = model.calls(screen, 0.001).expect_err("too few controls").to_string();
    assert!(error.contains("20 held-out controls are too few"), "{error}");
}

#[test]
fn expression_is_shares_and_held_out_counts_are_likelier_than_without_a_code() {
    let Learned { screen, model, .. } = learned();
    let split = model.split(screen).expect("a split");
    let shares = model.expression(&split.test, Code::Inferred).expect("decoded");
    assert_eq!(shares.dim(), (split.test.len(), 300));
    assert!(shares.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-4));
    let without = model.expression(&split.test, Code::WithoutSalient).expect("decoded");
    assert!((&without - &shares).iter().any(|v| v.abs() > 1e-4));
    let logs = model.log_likelihoods(&split.test).expect("log-likelihoods");
    assert!(logs.len() == split.test.len() && logs.iter().all(|v| v.is_finite() && *v < 0.0));

    // The same network before it has learned anything.
    let blank = Plan { run: FitConfig { epochs: 1, ..FitConfig::default() }, ..sc_vae::Model::quick() };
    let mut blank = blank;
    blank.settings.optimiser.rate = 1e-12;
    let blank = sc_vae::Model::fit(screen, &blank, &cpu(), &mut Silent).expect("trained");
    let mean = |logs: &[f64]| logs.iter().sum::<f64>() / logs.len() as f64;
    let (after, before) = (mean(&logs), mean(&blank.log_likelihoods(&split.test).expect("log-likelihoods")));
    println!("held-out log-likelihood: {before:.1} before training, {after:.1} after");
    assert!(after > before + 20.0);
}

/// A small plan of a few dozen steps.
fn short<N: CountNetwork>(epochs: u64) -> Plan<N::Settings> {
    let mut plan = N::quick();
    plan.run = FitConfig { epochs, seed: 3, ..FitConfig::default() };
    plan
}

fn weights<N: CountNetwork>(model: &CountModel<N>) -> State {
    State::of(model.network())
}

/// All that a run's next step would depend on.
fn last<N: CountNetwork>(plan: &Plan<N::Settings>) -> State {
    let folder = plan.run.folder.as_ref().expect("a folder");
    State::read(folder.join("last.safetensors")).expect("a checkpoint")
}

fn repeats_and_resumes<N: CountNetwork>(screen: &Screen, plan: Plan<N::Settings>) {
    let folder = tempfile::tempdir().expect("a folder");
    let fit = |plan: &Plan<N::Settings>, watch: &mut dyn Observer| {
        CountModel::<N>::fit(screen, plan, &cpu(), watch).expect("trained")
    };
    let in_folder = |name: &str| {
        let run = FitConfig { folder: Some(folder.path().join(name)), resume: true, ..plan.run.clone() };
        Plan { settings: plan.settings.clone(), run }
    };
    let (straight, mut parts) = (in_folder("straight"), in_folder("parts"));
    let whole = fit(&straight, &mut Silent);
    assert!(weights(&fit(&plan, &mut Silent)) == weights(&whole), "{}: the same seed gave other weights", N::NAME);
    parts.run.workers = 2;
    let first = fit(&parts, &mut StopAfter(10));
    assert_eq!(first.history().ended, Some(Ended::Stopped));
    assert!(last::<N>(&parts) != last::<N>(&straight));
    let second = fit(&parts, &mut Silent);
    assert!(last::<N>(&parts) == last::<N>(&straight), "{}: the resumed run differs", N::NAME);
    assert!(weights(&second) == weights(&whole), "{}: the resumed run keeps other weights", N::NAME);

    let path = folder.path().join("model.safetensors");
    second.save(&path).expect("saved");
    let loaded = CountModel::<N>::load(&path, &cpu()).expect("loaded");
    assert_eq!((loaded.plan(), loaded.vocabulary()), (second.plan(), second.vocabulary()));
    let values = |model: &CountModel<N>| model.embed(screen).expect("embedded").values().to_owned();
    assert_eq!(values(&loaded), values(&whole));
    another_method_is_refused(&path, N::NAME);
}

fn another_method_is_refused(path: &Path, name: &str) {
    let error = match name {
        "sc_vi" => sc_vae::Model::load(path, &cpu()).map(|_| ()),
        _ => sc_vi::Model::load(path, &cpu()).map(|_| ()),
    };
    assert!(error.expect_err("another method").to_string().contains(&format!("a model of {name:?}")));
}

#[test]
fn runs_repeat_and_resume_to_the_same_bits() {
    let (screen, _) = simulated(&PerturbSeqConfig { cells_per_guide: 12, genes: 60, ..config() });
    let mut plan = short::<ScVae>(6);
    plan.settings.hsic = HsicWeight::Balanced(50); // fewer steps lie before the first validation
    plan.settings.batch_covariate = true;
    plan.settings.genes = GeneChoice::Variable(40);
    repeats_and_resumes::<ScVae>(&screen, plan.clone());
    plan.settings.sampling = Sampling::Balanced;
    repeats_and_resumes::<ScVae>(&screen, plan);
    let mut plan = short::<contrastive_vi::ContrastiveVi>(6);
    (plan.settings.keep, plan.settings.wasserstein, plan.settings.batch_size) = (Keep::Best, 1.0, 64);
    repeats_and_resumes::<contrastive_vi::ContrastiveVi>(&screen, plan);
    repeats_and_resumes::<sc_vi::ScVi>(&screen, short::<sc_vi::ScVi>(8));
}

#[test]
fn the_weight_of_hsic_makes_it_as_large_as_the_elbo() {
    let (screen, _) = simulated(&PerturbSeqConfig { cells_per_guide: 12, genes: 60, ..config() });
    let mut plan = short::<ScVae>(3);
    plan.settings.hsic = HsicWeight::Balanced(2);
    plan.run.validate_every = 1.0;
    let model = sc_vae::Model::fit(&screen, &plan, &cpu(), &mut Silent).expect("trained");
    let curve = |term: &str| model.history().curve(Phase::Training, term).iter().map(|p| p.1).collect::<Vec<f64>>();
    let (loss, hsic, weight) = (curve("loss"), curve("hsic"), curve("hsic_weight"));
    assert_eq!(weight[..2], [0.0, 0.0]);
    let want = (loss[0] + loss[1]) / (hsic[0] + hsic[1]);
    assert!(weight[2..].iter().all(|&w| (w - want).abs() < 1e-9 * want), "{weight:?} and not {want}");
}

#[test]
fn baselines_learn_and_have_their_blocks() {
    let Learned { screen, truth, .. } = learned();
    let (cells, classes) = affected(truth);
    let contrastive =
        contrastive_vi::Model::fit(screen, &contrastive_vi::Model::quick(), &cpu(), &mut Silent).expect("trained");
    let embedding = contrastive.embed(screen).expect("embedded");
    assert_eq!(embedding.block_names(), ["background", "salient"]);
    let accuracy = |values: Array2<f64>| knn_accuracy(&values.select(Axis(0), &cells), &classes);
    let in_salient = accuracy(block(&embedding, "salient"));

    let mut plan = sc_vi::Model::quick();
    plan.run.epochs = 30;
    let plain = sc_vi::Model::fit(screen, &plan, &cpu(), &mut Silent).expect("trained");
    let in_latent = accuracy(block(&plain.embed(screen).expect("embedded"), "latent"));
    assert!(plain.expression(screen, Code::WithoutSalient).is_err());
    let components = expression_pca(screen, &GeneChoice::All, 10).expect("components");
    let in_components = accuracy(block(&components, "latent"));
    println!("15-NN accuracy: ContrastiveVI {in_salient:.3}, scVI {in_latent:.3}, PCA {in_components:.3}");
    assert!(in_salient > 0.6 && in_latent > 0.5 && in_components > 0.5);
}

#[test]
fn parts_can_be_left_out() {
    let (screen, _) = simulated(&PerturbSeqConfig { cells_per_guide: 12, genes: 60, ..config() });
    let models = ablations(&screen, &short::<ScVae>(1), &Ablation::ALL, &cpu(), &mut Silent).expect("trained");
    assert_eq!(models.len(), 5);
    for (ablation, model) in &models {
        let has = |term: &str| model.history().last(Phase::Training, term).is_some();
        assert_eq!(has("hsic"), !matches!(ablation, Ablation::Hsic | Ablation::All), "{ablation}");
        let calls = model.probabilities(&screen);
        assert_eq!(calls.is_ok(), !matches!(ablation, Ablation::Classifier | Ablation::All), "{ablation}");
    }
    let [whole, prior] = [0, 3].map(|at| weights(&models[at].1));
    assert!(whole != prior);
}

fn refused(screen: &Screen, plan: &Plan<sc_vae::Settings>) -> String {
    sc_vae::Model::fit(screen, plan, &cpu(), &mut Silent).map(|_| ()).expect_err("refused").to_string()
}

fn with_counts(screen: &Screen, change: impl Fn(f32) -> f32) -> Screen {
    let counts = screen.counts().expect("counts");
    let values = counts.values().iter().map(|&v| change(v)).collect();
    let changed = Counts::new(counts.genes().to_vec(), counts.indptr().to_vec(), counts.indices().to_vec(), values)
        .expect("counts");
    Screen::new(screen.table().clone(), changed).expect("a screen")
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let (screen, _) = simulated(&PerturbSeqConfig { cells_per_guide: 12, genes: 60, ..config() });
    let plan = short::<ScVae>(1);
    let features = Array2::zeros((screen.len(), 3));
    let features =
        Screen::new(screen.table().clone(), Features::numbered(features).expect("features")).expect("a screen");
    assert!(refused(&features, &plan).contains("holds no counts"));
    assert!(refused(&with_counts(&screen, |v| v.ln_1p()), &plan).contains("raw counts are whole numbers"));
    assert!(refused(&screen.controls().expect("controls"), &plan).contains("no perturbed cell"));
    assert!(refused(&screen.perturbed().expect("perturbed"), &plan).contains("no control cell"));

    let with = |change: &dyn Fn(&mut sc_vae::Settings)| {
        let mut plan = plan.clone();
        change(&mut plan.settings);
        refused(&screen, &plan)
    };
    assert!(with(&|s| s.batch_size = 1).contains("setting batch_size"));
    assert!(with(&|s| s.salient = 0).contains("setting salient"));
    assert!(with(&|s| s.dropout = 1.0).contains("setting dropout"));
    assert!(with(&|s| s.warm_up = f64::NAN).contains("setting warm_up"));
    assert!(with(&|s| s.shares = [0.5, 0.1, 0.1]).contains("are no split"));
    assert!(with(&|s| s.optimiser.rate = 0.0).contains("setting optimiser"));
    assert!(with(&|s| s.hsic = HsicWeight::Fixed(-1.0)).contains("setting hsic"));
    assert!(with(&|s| s.sampling = Sampling::Paired).contains("setting sampling"));
    assert!(with(&|s| s.genes = GeneChoice::Variable(0)).contains("no gene is chosen"));
    let named = with(&|s| s.genes = GeneChoice::Named(vec!["TP53".to_owned()]));
    assert!(named.contains("1 of 1 genes are not in this screen: \"TP53\""), "{named}");
    let twice = with(&|s| s.genes = GeneChoice::Named(vec!["SIM0001".to_owned(); 2]));
    assert!(twice.contains("more than one gene is called"), "{twice}");
    let unknown = serde_json::from_str::<Plan<sc_vae::Settings>>(r#"{"settings": {"salience": 3}}"#);
    assert!(unknown.expect_err("unknown").to_string().contains("salience"));
}

#[test]
fn screens_that_do_not_fit_a_model_are_refused() {
    let (screen, _) = simulated(&PerturbSeqConfig { cells_per_guide: 12, genes: 60, ..config() });
    let mut plan = short::<ScVae>(1);
    plan.settings.batch_covariate = true;
    let model = sc_vae::Model::fit(&screen, &plan, &cpu(), &mut Silent).expect("trained");
    let fewer = screen.counts().expect("counts").select_genes(&(0..50).collect::<Vec<_>>()).expect("genes");
    let fewer = Screen::new(screen.table().clone(), fewer).expect("a screen");
    let error = model.embed(&fewer).expect_err("genes are missing").to_string();
    assert!(error.contains("10 of 60 genes are not in this screen"), "{error}");
    // Genes in another order, and others among them, are no difference.
    let mut order: Vec<usize> = (0..60).rev().collect();
    order.swap(3, 40);
    let turned = screen.counts().expect("counts").select_genes(&order).expect("genes");
    let turned = Screen::new(screen.table().clone(), turned).expect("a screen");
    let values = |screen: &Screen| model.embed(screen).expect("embedded").values().to_owned();
    assert_eq!(values(&turned), values(&screen));
    // A view gives the rows of the whole, up to the rounding of matrix products of another size.
    let rows = [7, 300, 2];
    let apart = values(&screen.select(&rows).expect("rows")) - values(&screen).select(Axis(0), &rows);
    assert!(apart.iter().all(|v| v.abs() < 1e-5));
    // Batches and perturbations that it has not seen.
    let other = screen.clone().with_label(Label::Batch, "guide").expect("a label");
    let error = model.embed(&other).expect_err("other batches").to_string();
    assert!(error.contains("has not seen the batch"), "{error}");
    let other =
        screen.clone().with_label(Label::Gene, "guide").expect("a label").with_controls("SIMP001_1").expect("one");
    let error = model.calls(&other, 0.2).expect_err("other perturbations").to_string();
    assert!(error.contains("no class that the model has learned"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    State::of(model.network()).write(&path).expect("written");
    assert!(sc_vae::Model::load(&path, &cpu()).expect_err("no model").to_string().contains("but no model"));
}
