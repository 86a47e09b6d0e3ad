//! What is planted in simulated counts can be recovered by simple means, and is absent where it should be.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, Axis, s};
use perturbook::simulate::{CONTROL, PerturbSeqConfig, SimulatedCounts, perturb_seq};

/// `ln(1 + 10^4 x / library)`, cells x genes.
fn log_counts(screen: &SimulatedCounts) -> Array2<f64> {
    let mut values = Array2::zeros((screen.truth.cells.len(), screen.genes.len()));
    for (cell, mut to) in values.rows_mut().into_iter().enumerate() {
        let (genes, counts) = screen.row(cell);
        let library: f32 = counts.iter().sum();
        for (&gene, &count) in genes.iter().zip(counts) {
            to[gene as usize] = (1e4 * f64::from(count) / f64::from(library)).ln_1p();
        }
    }
    values
}

/// Each cell's place along the planted directions: log counts minus their means, times the genes' slopes along the
/// cycle (2) and along s, orthogonalised by least squares.
fn project(screen: &SimulatedCounts) -> Array2<f64> {
    let mut values = log_counts(screen);
    let mean = values.mean_axis(Axis(0)).unwrap();
    values -= &mean;
    let dims = 2 + screen.truth.genes[0].response.len();
    let slopes = Array2::from_shape_fn((screen.genes.len(), dims), |(gene, k)| {
        let gene = &screen.truth.genes[gene];
        // Genes that are hardly seen carry noise only.
        let weight = 1.0 / (1.0 + (-gene.abundance).exp());
        weight * [gene.cycle.0, gene.cycle.1].into_iter().chain(gene.response.iter().copied()).nth(k).unwrap()
    });
    values.dot(&slopes).dot(&inverse(slopes.t().dot(&slopes)))
}

/// By elimination; for the few columns of these tests.
fn inverse(mut a: Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut b = Array2::eye(n);
    for k in 0..n {
        let pivot = a[[k, k]];
        a.row_mut(k).mapv_inplace(|v| v / pivot);
        b.row_mut(k).mapv_inplace(|v| v / pivot);
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[[i, k]];
            let (from_a, from_b) = (a.row(k).to_owned(), b.row(k).to_owned());
            a.row_mut(i).scaled_add(-factor, &from_a);
            b.row_mut(i).scaled_add(-factor, &from_b);
        }
    }
    b
}

/// The class of each cell: a perturbation, or the number of perturbations for a control.
fn classes(screen: &SimulatedCounts) -> Vec<usize> {
    let none = screen.truth.perturbations.len();
    screen.truth.cells.iter().map(|cell| cell.perturbation.unwrap_or(none)).collect()
}

/// The label that most of the 15 nearest of `train` have.
fn vote(points: &Array2<f64>, labels: &[usize], train: &[usize], cell: usize) -> usize {
    let mut near: Vec<(f64, usize)> = train
        .iter()
        .filter(|&&other| other != cell)
        .map(|&other| ((&points.row(other) - &points.row(cell)).mapv(|v| v * v).sum(), labels[other]))
        .collect();
    near.select_nth_unstable_by(14, |a, b| a.0.total_cmp(&b.0));
    let mut votes = vec![0; labels.iter().max().unwrap() + 1];
    near[..15].iter().for_each(|&(_, label)| votes[label] += 1);
    (0..votes.len()).max_by_key(|&label| votes[label]).unwrap()
}

#[test]
fn neighbours_in_s_name_the_perturbation_and_escaped_cells_look_like_controls() {
    let screen =
        perturb_seq(&PerturbSeqConfig { cells_per_guide: 60, control_guides: 8, ..Default::default() }).unwrap();
    let truth = &screen.truth;
    let s = project(&screen).slice(s![.., 2..]).to_owned();
    // Null perturbations are controls by another name, so they have no class of their own here.
    let control = truth.perturbations.len();
    let labels: Vec<usize> = classes(&screen)
        .into_iter()
        .map(|class| if class < control && truth.perturbations[class].is_null() { control } else { class })
        .collect();
    let caught: Vec<usize> = (0..labels.len()).filter(|&cell| !truth.cells[cell].escaped).collect();
    let perturbed: Vec<usize> = caught.iter().copied().filter(|&cell| labels[cell] < control).collect();
    let right = perturbed.iter().filter(|&&cell| vote(&s, &labels, &caught, cell) == labels[cell]).count();
    let accuracy = right as f64 / perturbed.len() as f64;
    assert!(accuracy > 0.8, "{accuracy}");

    let escaped: Vec<usize> =
        (0..labels.len()).filter(|&cell| truth.cells[cell].escaped && labels[cell] < control).collect();
    let as_controls = escaped.iter().filter(|&&cell| vote(&s, &labels, &caught, cell) == control).count();
    let recall = as_controls as f64 / escaped.len() as f64;
    assert!(recall > 0.6, "{recall}");
    let share = escaped.len() as f64 / (10.0 * 180.0);
    assert!((share - 0.2).abs() < 0.04, "{share}");
}

#[test]
fn null_perturbations_are_at_chance_whatever_is_looked_at() {
    let config = PerturbSeqConfig { perturbations: 4, complexes: 0, cells_per_guide: 150, ..Default::default() };
    let screen = perturb_seq(&config).unwrap();
    let values = log_counts(&screen);
    let labels = classes(&screen);
    let of = |class: usize| -> Vec<usize> { (0..labels.len()).filter(|&cell| labels[cell] == class).collect() };
    let controls = of(screen.truth.perturbations.len());
    for (class, perturbation) in screen.truth.perturbations.iter().enumerate() {
        let cells = of(class);
        let n = cells.len().min(controls.len()) / 2 * 2;
        let (a, b) = (values.select(Axis(0), &controls[..n]), values.select(Axis(0), &cells[..n]));
        let accuracy = nearest_mean(&a, &b);
        let bound = 3.5 * (0.25 / n as f64).sqrt();
        if perturbation.is_null() {
            assert!((accuracy - 0.5).abs() < bound, "{}: {accuracy} of {n}", perturbation.symbol);
        } else {
            assert!(accuracy > 0.75, "{}: {accuracy} of {n}", perturbation.symbol);
        }
    }
}

/// Means of the even rows classify the odd ones.
fn nearest_mean(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let mean = |v: &Array2<f64>| v.slice(s![..;2, ..]).mean_axis(Axis(0)).unwrap();
    let (ma, mb) = (mean(a), mean(b));
    let nearer = |row: ndarray::ArrayView1<f64>, m: &Array1<f64>| (&row - m).mapv(|v| v * v).sum();
    let mut right = 0;
    for (own, other, values) in [(&ma, &mb, a), (&mb, &ma, b)] {
        let odd = values.slice(s![1..;2, ..]);
        right += odd.rows().into_iter().filter(|&row| nearer(row, own) < nearer(row, other)).count();
    }
    right as f64 / a.nrows() as f64
}

#[test]
fn the_cycle_is_recovered_and_does_not_depend_on_the_perturbation() {
    let screen = perturb_seq(&PerturbSeqConfig { cells_per_guide: 60, ..Default::default() }).unwrap();
    let z = project(&screen).slice(s![.., ..2]).to_owned();
    let planted = Array2::from_shape_fn(z.dim(), |(cell, k)| {
        let phase = screen.truth.cells[cell].phase;
        if k == 0 { phase.cos() } else { phase.sin() }
    });
    // Regression on z and a constant.
    let mut x = Array2::ones((z.nrows(), 3));
    x.slice_mut(s![.., ..2]).assign(&z);
    let fitted = x.dot(&inverse(x.t().dot(&x)).dot(&x.t().dot(&planted)));
    let left = (&planted - &fitted).mapv(|v| v * v).sum();
    let all = (&planted - &planted.mean_axis(Axis(0)).unwrap()).mapv(|v| v * v).sum();
    assert!(1.0 - left / all > 0.8, "R2 {}", 1.0 - left / all);

    let phases: Vec<f64> = screen.truth.cells.iter().map(|cell| cell.phase).collect();
    assert!(phases.iter().all(|phase| (0.0..TAU).contains(phase)));
    let resultant = |trig: fn(f64) -> f64| phases.iter().map(|&p| trig(p)).sum::<f64>() / phases.len() as f64;
    assert!(resultant(f64::cos).hypot(resultant(f64::sin)) < 0.06, "phases are spread evenly");
}

#[test]
fn mean_and_variance_are_those_of_the_negative_binomial_law() {
    // Without cycle, offset, batch and spread of libraries all cells have the same means.
    let config = PerturbSeqConfig {
        perturbations: 0,
        complexes: 0,
        null_perturbations: 0,
        response: 0.0,
        cycle: 0.0,
        batch_effect: 0.0,
        library_spread: 0.0,
        control_guides: 8,
        cells_per_guide: 1000,
        genes: 200,
        library: 2000.0,
        ..Default::default()
    };
    let screen = perturb_seq(&config).unwrap();
    let n = screen.truth.cells.len() as f64;
    let expected = screen.truth.expected(&screen.truth.cells[0]);
    let (mut sum, mut squares) = (vec![0.0; 200], vec![0.0; 200]);
    for (&gene, &count) in screen.indices.iter().zip(&screen.values) {
        assert!(count >= 1.0 && count.fract() == 0.0);
        sum[gene as usize] += f64::from(count);
        squares[gene as usize] += f64::from(count).powi(2);
    }
    let mut ratio = 0.0;
    for (gene, &mu) in expected.iter().enumerate() {
        let theta = screen.truth.genes[gene].theta;
        let variance = mu + mu * mu / theta;
        let mean = sum[gene] / n;
        let found = (squares[gene] - n * mean * mean) / (n - 1.0);
        let error = (mean - mu).abs() / (variance / n).sqrt();
        assert!(error < 4.5, "gene {gene}: mean {mean}, expected {mu}");
        // Fourth moment of the law: variance^2 (3 + 6 / theta + 1 / variance).
        let error = (found - variance).abs() / (variance * ((2.0 + 6.0 / theta + 1.0 / variance) / n).sqrt());
        assert!(error < 5.5, "gene {gene}: variance {found}, expected {variance}");
        ratio += found / variance / 200.0;
    }
    assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
    let thetas: Vec<f64> = screen.truth.genes.iter().map(|gene| gene.theta).collect();
    assert!(thetas.iter().any(|&t| t < 3.0) && thetas.iter().any(|&t| t > 8.0), "genes differ in dispersion");
}

#[test]
fn libraries_and_batches_are_as_planted() {
    let screen = perturb_seq(&PerturbSeqConfig { batch_effect: 0.5, ..PerturbSeqConfig::quick() }).unwrap();
    let library = |cell: usize| f64::from(screen.row(cell).1.iter().sum::<f32>());
    let ratios: Vec<f64> =
        screen.truth.cells.iter().enumerate().map(|(cell, truth)| library(cell) / truth.library).collect();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    assert!((mean - 1.0).abs() < 0.02, "{mean}");
    let logs: Vec<f64> = screen.truth.cells.iter().map(|cell| cell.library.ln()).collect();
    let middle = logs.iter().sum::<f64>() / logs.len() as f64;
    let sd = (logs.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / logs.len() as f64).sqrt();
    assert!((middle - 3000_f64.ln()).abs() < 0.05 && (sd - 0.35).abs() < 0.04, "{middle} {sd}");

    // Differences between batches follow the planted shifts, for genes that are seen.
    let values = log_counts(&screen);
    let of = |batch: usize| -> Vec<usize> {
        (0..values.nrows()).filter(|&cell| screen.truth.cells[cell].batch == batch).collect()
    };
    let found = values.select(Axis(0), &of(0)).mean_axis(Axis(0)).unwrap()
        - values.select(Axis(0), &of(1)).mean_axis(Axis(0)).unwrap();
    let (mut same, mut seen) = (0, 0);
    for (gene, truth) in screen.truth.genes.iter().enumerate().filter(|(_, gene)| gene.abundance > 0.5) {
        let planted = truth.batches[0] - truth.batches[1];
        if planted.abs() > 0.3 {
            seen += 1;
            same += usize::from(found[gene].signum() == planted.signum());
        }
    }
    assert!(seen > 30 && same * 20 > seen * 19, "{same} of {seen}");
}

#[test]
fn perturbations_of_a_complex_push_the_same_way_by_different_amounts() {
    for dims in [2, 6] {
        let config = PerturbSeqConfig {
            perturbations: 12,
            complexes: 3,
            complex_size: 3,
            offset_dims: dims,
            ..PerturbSeqConfig::quick()
        };
        let truth = perturb_seq(&config).unwrap().truth;
        let offset = |p: usize| Array1::from(truth.perturbations[p].offset.clone());
        let length = |p: usize| offset(p).dot(&offset(p)).sqrt();
        let cosine = |a: usize, b: usize| offset(a).dot(&offset(b)) / (length(a) * length(b));
        assert_eq!(truth.complexes.len(), 3);
        for (complex, (_, members)) in truth.complexes.iter().enumerate() {
            assert!(members.iter().all(|&p| truth.perturbations[p].complex == Some(complex)));
            assert!(cosine(members[0], members[1]) > 0.9 && cosine(members[1], members[2]) > 0.9);
            let mut lengths: Vec<f64> = members.iter().map(|&p| length(p)).collect();
            lengths.sort_by(f64::total_cmp);
            assert!((lengths[0] - 2.4).abs() < 1e-9 && (lengths[2] - 4.0).abs() < 1e-9, "{lengths:?}");
        }
        let nulls = truth.perturbations.iter().filter(|p| p.is_null());
        assert!(nulls.clone().count() == 2 && nulls.into_iter().all(|p| p.complex.is_none()));
    }
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn the_seed_decides_every_bit_for_any_number_of_threads() {
    let config = PerturbSeqConfig::quick();
    let draw = |threads| on_threads(threads, || perturb_seq(&config).unwrap());
    let (one, two) = (draw(1), draw(2));
    assert_eq!((&one.indptr, &one.indices, &one.values), (&two.indptr, &two.indices, &two.values));
    assert_eq!(one.truth, two.truth);
    let other = perturb_seq(&PerturbSeqConfig { seed: 1, ..config }).unwrap();
    assert_ne!(other.values, one.values);
    assert_eq!(one.indptr.len(), 1001);
    assert!((0..1000).all(|cell| one.row(cell).0.is_sorted_by(|a, b| a < b)));
    assert_eq!(one.row(1000), (&[][..], &[][..]));
}

#[test]
fn a_stronger_effect_leaves_all_other_draws_as_they_were() {
    let config = PerturbSeqConfig::quick();
    let strong = PerturbSeqConfig { effect: 6.0, ..config.clone() };
    let (usual, more) = (perturb_seq(&config).unwrap(), perturb_seq(&strong).unwrap());
    assert_eq!(usual.truth.genes, more.truth.genes);
    let mut changed = 0;
    for (cell, (a, b)) in usual.truth.cells.iter().zip(&more.truth.cells).enumerate() {
        assert_eq!((a.phase, a.library, a.escaped, a.batch), (b.phase, b.library, b.escaped, b.batch));
        let same = usual.row(cell) == more.row(cell);
        let untouched = a.escaped || a.perturbation.is_none_or(|p| usual.truth.perturbations[p].is_null());
        assert!(same || !untouched, "cell {cell}");
        changed += usize::from(!same);
    }
    assert!(changed > 500, "{changed}");
    let other = PerturbSeqConfig { batch_effect: 0.0, cycle: 0.0, ..config };
    let other = perturb_seq(&other).unwrap().truth;
    assert_eq!(other.perturbations, usual.truth.perturbations);
    assert_eq!(other.cells, usual.truth.cells);
}

#[test]
fn the_table_says_of_each_cell_what_the_truth_says() {
    let screen = perturb_seq(&PerturbSeqConfig::quick()).unwrap();
    assert!(screen.cells.get_column_names().into_iter().eq(["cell", "gene", "guide", "batch"]));
    let text = |name: &str, row: usize| screen.cells.column(name).unwrap().str().unwrap().get(row).unwrap().to_owned();
    for (row, cell) in screen.truth.cells.iter().enumerate() {
        let perturbation = cell.perturbation.map(|p| screen.truth.perturbations[p].symbol.clone());
        let symbol = perturbation.unwrap_or(CONTROL.to_owned());
        assert_eq!(text("guide", row), format!("{symbol}_{}", cell.guide + 1));
        assert_eq!(text("batch", row), format!("B{}", cell.batch + 1));
        assert_eq!(text("gene", row), symbol);
    }
    assert_eq!((text("gene", 0), text("gene", 999)), ("SIMP001".to_owned(), CONTROL.to_owned()));
}

#[test]
fn settings_travel_through_json_and_wrong_ones_are_named() {
    let config = PerturbSeqConfig { theta: 2.0, ..PerturbSeqConfig::quick() };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<PerturbSeqConfig>(&text).unwrap(), config);
    assert!(serde_json::from_str::<PerturbSeqConfig>(r#"{"gene": 300}"#).is_err());

    let base = PerturbSeqConfig::quick;
    for (key, config) in [
        ("genes", PerturbSeqConfig { genes: 0, ..base() }),
        ("offset_dims", PerturbSeqConfig { offset_dims: 1, ..base() }),
        ("batches", PerturbSeqConfig { batches: 0, ..base() }),
        ("cells_per_guide", PerturbSeqConfig { cells_per_guide: usize::MAX, ..base() }),
        ("cells_per_guide", PerturbSeqConfig { cells_per_guide: 1_000_000, control_guides: 1_000_000, ..base() }),
        ("effect", PerturbSeqConfig { effect: f64::NAN, ..base() }),
        ("response", PerturbSeqConfig { response: -1.0, ..base() }),
        ("escaping", PerturbSeqConfig { escaping: 1.1, ..base() }),
        ("cycling", PerturbSeqConfig { cycling: f64::NAN, ..base() }),
        ("library", PerturbSeqConfig { library: 0.0, ..base() }),
        ("theta", PerturbSeqConfig { theta: 0.0, ..base() }),
        ("complex_size", PerturbSeqConfig { complex_size: 1, ..base() }),
        ("complexes", PerturbSeqConfig { complexes: 6, ..base() }),
        ("complexes", PerturbSeqConfig { complexes: usize::MAX, ..base() }),
    ] {
        let message = perturb_seq(&config).unwrap_err().to_string();
        assert!(message.contains(key) && message.contains("fix:"), "{key}: {message}");
    }
}
