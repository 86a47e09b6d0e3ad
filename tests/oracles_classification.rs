//! Scores of predictions and logistic regression against reference values.

mod common;

use common::{Case, cases, shared};
use ndarray::{Array1, Array2};
use perturbook::display::{Bundle, Show};
use perturbook::evaluate::GeneSets;
use perturbook::evaluate::classification::{
    ClassWeight, Classes, ClassifyConfig, ConfusionMatrix, Covariate, ForestConfig, LogisticConfig, LogisticRegression,
    Protocol, RandomForest, classify, gene_function, log_loss, one_vs_rest, permutation_importance, precision_recall,
    predicted, roc_auc, roc_curve, technical_covariates, top_k_accuracy,
};
use perturbook::figures::{precision_recall_curves, roc_curves};
use perturbook::screen::Profiles;

const FAMILY: &str = "metrics/05_classification";

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases(FAMILY) {
        if case.has_input("label") {
            logistic(&case);
        } else if case.has_input("y") {
            scores(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn json(case: &Case) -> serde_json::Value {
    let path = shared().join("oracles").join(FAMILY).join(&case.name).join("expected.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a case")).expect("valid JSON")
}

fn logistic(case: &Case) {
    let json = json(case);
    let (x, label) = (case.matrix("x"), case.indices("label"));
    let n_classes = case.param_number("n_classes") as usize;
    let names: Vec<String> = (0..n_classes).map(|class| class.to_string()).collect();
    let classes = Classes::from_codes(label.clone(), names.clone()).expect("classes");
    let class_weight = match json["params"]["class_weight"].as_str() {
        Some("balanced") => ClassWeight::Balanced,
        None => ClassWeight::Equal,
        Some(other) => panic!("unknown class weights {other:?}"),
    };
    let config = LogisticConfig {
        c: case.param_number("C"),
        class_weight,
        standardise: case.has_param("standardised"),
        ..LogisticConfig::default()
    };
    let model = LogisticRegression::fit(&x, &classes, &config).expect("a model");
    let fit = model.summary();
    case.expect(fit.converged, format!("not converged: {fit:?}"));

    // A case may repeat the one row of two classes.
    let rows = |name: &str| json["outputs"][name]["shape"][0].as_u64().expect("a shape") as usize;
    let own = |row: usize| row.min(model.coefficients().nrows() - 1);
    let coefficients = |name: &str| {
        Array2::from_shape_fn((rows(name), x.ncols()), |(row, column)| model.coefficients()[[own(row), column]])
    };
    let probabilities = model.probabilities(&x).expect("probabilities");
    for suffix in ["", "_lbfgs"] {
        case.check(&format!("coef{suffix}"), coefficients(&format!("coef{suffix}")).into_dyn());
        case.check(&format!("probabilities{suffix}"), probabilities.clone().into_dyn());
    }
    case.check("intercept", Array1::from_shape_fn(rows("intercept"), |row| model.intercepts()[own(row)]).into_dyn());

    let chosen = predicted(probabilities.view());
    let confusion = ConfusionMatrix::new(&label, &chosen, &names).expect("counts");
    for name in case.scalar_names() {
        let got = match name.as_str() {
            "objective_at_optimum" => fit.objective,
            "lbfgs.iterations" => fit.lbfgs_steps as f64,
            "lbfgs.max_coef_difference" => {
                let theirs = case.expected_matrix("coef_lbfgs");
                (theirs - coefficients("coef_lbfgs")).iter().fold(0.0, |most: f64, v| most.max(v.abs()))
            }
            "train.accuracy" => confusion.accuracy(),
            "train.f1_macro" => confusion.f1_macro(),
            "train.log_loss" => log_loss(&label, probabilities.view()).expect("a loss"),
            "train.roc_auc" => {
                let positive: Vec<bool> = label.iter().map(|&class| class == 1).collect();
                roc_auc(&positive, &probabilities.column(1).to_vec()).expect("an area")
            }
            "train.roc_auc_ovr_macro" => one_vs_rest(&label, probabilities.view()).expect("areas").macro_mean,
            "conditioning.smallest_top2_gap" => {
                let gap = |row: ndarray::ArrayView1<'_, f64>| {
                    let mut p = row.to_vec();
                    p.sort_by(|a, b| b.total_cmp(a));
                    p[0] - p[1]
                };
                probabilities.rows().into_iter().map(gap).fold(f64::INFINITY, f64::min)
            }
            _ => continue, // fails in `finish`
        };
        case.check_scalar(&name, got);
    }
}

/// True and predicted classes as numbers among those that occur in either.
fn confusion(case: &Case, which: &str) -> ConfusionMatrix {
    let (truth, chosen) = (case.indices(&format!("truth_{which}")), case.indices(&format!("pred_{which}")));
    let mut codes: Vec<usize> = truth.iter().chain(&chosen).copied().collect();
    codes.sort_unstable();
    codes.dedup();
    let number = |labels: &[usize]| -> Vec<usize> {
        labels.iter().map(|label| codes.binary_search(label).expect("a known class")).collect()
    };
    let names: Vec<String> = codes.iter().map(usize::to_string).collect();
    ConfusionMatrix::new(&number(&truth), &number(&chosen), &names).expect("counts")
}

fn scores(case: &Case) {
    let truth: Vec<bool> = case.indices("y").into_iter().map(|y| y == 1).collect();
    for input in case.input_names() {
        if let Some(name) = input.strip_prefix("score_") {
            let scores = case.vector(&input).to_vec();
            case.check_scalar(&format!("{name}.roc_auc"), roc_auc(&truth, &scores).expect("an area"));
            let curve = precision_recall(&truth, &scores).expect("a curve");
            case.check_scalar(&format!("{name}.average_precision"), curve.average_precision);
            area_of_the_drawn_curve(&truth, &scores);
        } else if let Some(which) = input.strip_prefix("truth_") {
            let matrix = confusion(case, which);
            case.check_scalar(&format!("f1_macro.{which}"), matrix.f1_macro());
            case.check_scalar_list(&format!("f1_per_class.{which}"), matrix.f1());
            let counts = format!("confusion_{which}");
            if json(case)["outputs"].get(&counts).is_some() {
                case.check(&counts, matrix.counts().mapv(|count| count as f64).into_dyn());
                case.check(&format!("{counts}_row_normalised"), matrix.row_normalised().into_dyn());
            }
        }
    }
    if case.has_input("multiclass_truth") {
        let areas =
            one_vs_rest(&case.indices("multiclass_truth"), case.matrix("multiclass_prob").view()).expect("areas");
        case.check_scalar("roc_auc_ovr.macro", areas.macro_mean);
        case.check_scalar("roc_auc_ovr.weighted", areas.weighted);
        case.check_scalar_list("roc_auc_ovr.per_class", areas.per_class);
    }
}

/// The area under the points of a ROC curve, by trapezia, is the area that was counted in pairs.
fn area_of_the_drawn_curve(truth: &[bool], scores: &[f64]) {
    let curve = roc_curve(truth, scores).expect("a curve");
    let (x, y) = (&curve.false_positive_rate, &curve.true_positive_rate);
    let area: f64 = (1..x.len()).map(|i| (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0).sum();
    assert!((area - curve.auc).abs() < 1e-12, "{area} and {}", curve.auc);
}

/// Cells of three batches: the first column tells the batch, the second what was done, the third nothing.
fn cells() -> (Array2<f64>, Vec<String>, Vec<&'static str>) {
    let x = Array2::from_shape_fn((120, 3), |(i, j)| {
        let noise = (i * 37 % 101) as f64 / 101.0;
        match j {
            0 => 4.0 * (i % 3) as f64 + noise,
            1 => 4.0 * (i / 60) as f64 + noise,
            _ => noise,
        }
    });
    let batches = (0..120).map(|i| (i % 3).to_string()).collect();
    (x, batches, (0..120).map(|i| ["control", "hit"][i / 60]).collect())
}

#[test]
fn a_label_is_read_where_it_is_and_not_where_it_is_not() {
    let (x, batches, treatment) = cells();
    let (batches, treatment) = (Classes::new(&batches).expect("classes"), Classes::new(&treatment).expect("classes"));
    let config = ClassifyConfig { protocol: Protocol::Folds { k: 5 }, ..ClassifyConfig::default() };
    let column = |j: usize| x.slice(ndarray::s![.., j..=j]).to_owned();
    let accuracy =
        |j: usize, classes: &Classes| classify(&column(j), classes, None, &config).expect("scores").accuracy();
    assert_eq!((accuracy(0, &batches), accuracy(1, &treatment)), (1.0, 1.0));
    assert!(accuracy(2, &batches) < 0.5 && accuracy(2, &treatment) < 0.7);

    let read = classify(&x, &treatment, None, &config).expect("scores");
    assert_eq!(read.rows, (0..120).collect::<Vec<_>>());
    assert_eq!((read.folds.len(), read.majority()), (5, 0.5));
    assert!(read.folds.iter().all(|fold| fold.converged));
    assert_eq!(top_k_accuracy(read.truth.codes(), read.probabilities.view(), 1).expect("a share"), read.accuracy());
    assert_eq!(read, classify(&x, &treatment, None, &config).expect("scores"));
    let one = Classes::new(&["a"; 120]).expect("classes");
    assert!(classify(&x, &one, None, &config).is_err());
    assert!(classify(&x, &treatment.select(&[0, 100]), None, &config).is_err());
}

#[test]
fn covariates_are_read_over_all_rows_or_batch_by_batch() {
    let (x, batches, treatment) = cells();
    let space = x.slice(ndarray::s![.., 0..1]).to_owned();
    let labels: Vec<Option<&str>> = treatment.iter().enumerate().map(|(i, t)| (i % 10 > 0).then_some(*t)).collect();
    let position = Covariate::partial("position", &labels).expect("a covariate").within(&batches).expect("batches");
    let covariates = [Covariate::new("batch", &batches).expect("a covariate"), position];
    let config = ClassifyConfig::default();
    let read = technical_covariates(&[("first", &space), ("all", &x)], &covariates, &config).expect("scores");
    assert_eq!(read.of("first", "batch").expect("an entry").scores.accuracy, 1.0);
    let position = read.of("all", "position").expect("an entry");
    assert_eq!((position.each.len(), position.skipped, position.scores.auroc), (3, 0, 1.0));
    assert!(read.of("first", "position").expect("an entry").scores.auroc < 0.8);
    assert!(read.of("first", "weather").is_err());
    let summary = perturbook::figures::covariate_bars(&read).expect("a figure").summary();
    assert!(summary.contains("Figure 3B of the Multi-ContrastiveVAE paper"), "{summary}");
    assert!(!read.entries[0].bundle().mimes().is_empty());

    // a batch with a single class cannot be divided; alone, it is an error
    let lopsided: Vec<&str> = (0..120).map(|i| if i % 3 == 0 { "same" } else { treatment[i] }).collect();
    let covariate = Covariate::new("x", &lopsided).expect("a covariate").within(&batches).expect("batches");
    let read = technical_covariates(&[("all", &x)], &[covariate], &config).expect("scores");
    assert_eq!((read.entries[0].skipped, read.entries[0].each.len()), (1, 2));
    let constant = Covariate::new("x", &["same"; 120]).expect("a covariate");
    assert!(technical_covariates(&[("all", &x)], &[constant], &config).is_err());
    assert!(technical_covariates(&[], &covariates, &config).is_err());
}

#[test]
fn functions_of_genes_are_harder_to_read_without_their_other_guides() {
    // Each gene has a place of its own, and the function does not matter: only leakage tells it.
    let n = 80;
    let x = Array2::from_shape_fn((n, 6), |(i, j)| {
        let gene = i / 4;
        ((gene * 7919 + j * 104_729) % 1009) as f64 / 100.0 + ((i * 31 + j * 17) % 7) as f64 * 0.01
    });
    let guides: Vec<String> = (0..n).map(|i| format!("guide {i}")).collect();
    let genes: Vec<String> = (0..n).map(|i| format!("G{}", i / 4)).collect();
    let of = |function: usize| (0..20).filter(|g| g % 4 == function).map(|g| format!("G{g}")).collect::<Vec<_>>();
    let functions = GeneSets::new("toy", (0..3).map(|f| (format!("function {f}"), of(f))));
    let profiles = Profiles::new(guides, x).expect("profiles");
    let config = ClassifyConfig::default();
    let spaces = [("all", &profiles), ("again", &profiles)];
    let apart = gene_function(&spaces, &genes, &functions, false, &config).expect("scores");
    let together = gene_function(&spaces, &genes, &functions, true, &config).expect("scores");
    assert_eq!(apart.counts, (60, 80));
    let accuracy = |read: &perturbook::evaluate::classification::GeneFunction| read.spaces[0].1.accuracy();
    assert!(accuracy(&apart) > accuracy(&together), "{} and {}", accuracy(&apart), accuracy(&together));
    let delta = apart.delta_recall("all", "again").expect("differences");
    assert!(delta.delta.iter().all(|(_, delta)| *delta == 0.0) && delta.delta.len() == 3);
    assert!(apart.delta_recall("all", "none").is_err());
    assert!(gene_function(&[], &genes, &functions, false, &config).is_err());
    assert!(gene_function(&spaces, &genes[..3], &functions, false, &config).is_err());
    let other = profiles.select(&(1..n).collect::<Vec<_>>());
    assert!(gene_function(&[("all", &profiles), ("other", &other)], &genes, &functions, false, &config).is_err());
    for bundle in [apart.bundle(), delta.bundle(), apart.spaces[0].1.bundle()] {
        assert!(has_svg(&bundle));
    }
}

fn has_svg(bundle: &Bundle) -> bool {
    bundle.mimes().contains(&"image/svg+xml")
}

#[test]
fn results_draw_themselves() {
    let (x, _, treatment) = cells();
    let classes = Classes::new(&treatment).expect("classes");
    let truth: Vec<bool> = classes.codes().iter().map(|&code| code == 1).collect();
    let scores = x.column(1).to_vec();
    let roc = roc_curve(&truth, &scores).expect("a curve");
    let pr = precision_recall(&truth, &scores).expect("a curve");
    assert!(roc_curves("two", &[("a", &roc), ("b", &roc)]).expect("a figure").summary().contains("AUC 1.000"));
    assert!(precision_recall_curves("one", &[("a", &pr)]).expect("a figure").summary().contains("AP 1.000"));
    assert!(roc_curves("none", &[]).is_err() && precision_recall_curves("none", &[]).is_err());

    let read = classify(&x, &classes, None, &ClassifyConfig::default()).expect("scores");
    let forest = RandomForest::fit(&x, &classes, &ForestConfig::default()).expect("a forest");
    let names = ["batch", "treatment", "noise"];
    let importance = permutation_importance(&forest, &x, &classes, &names, 5, 0).expect("importance");
    assert_eq!(importance.features[0].name, "treatment");
    assert!(permutation_importance(&forest, &x, &classes, &names[..2], 5, 0).is_err());
    assert!(permutation_importance(&forest, &x, &classes, &names, 0, 0).is_err());
    let escape = read.confusion.escape("control").expect("shares");
    for bundle in [
        roc.bundle(),
        pr.bundle(),
        read.bundle(),
        read.confusion.bundle(),
        read.auroc.bundle(),
        escape.bundle(),
        importance.bundle(),
    ] {
        assert!(has_svg(&bundle));
    }
    let model = LogisticRegression::fit(&x, &classes, &LogisticConfig::default()).expect("a model");
    for bundle in [model.bundle(), forest.bundle(), classes.bundle()] {
        assert!(!bundle.mimes().is_empty());
    }
}
