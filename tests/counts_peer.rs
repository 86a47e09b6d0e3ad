//! Counts beside scanpy and scikit-misc, where a Python has them.
//!
//! `python3` is asked, or the interpreter named by `PERTURBOOK_PYTHON`.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{shared_file, skipped};
use ndarray::Array1;
use ndarray_npy::{ReadableElement, read_npy};
use perturbook::preprocess::counts::cell_cycle::{G2M_GENES, S_GENES, cell_cycle};
use perturbook::preprocess::counts::loess::{Surface, loess};
use perturbook::preprocess::counts::{
    ControlGenes, Csr, VariableGenes, log_normalised, score_genes, variable_genes, zfpkm,
};

const MATRICES: [(&str, &str); 3] = [
    ("data/papalexi_eccite/papalexi_eccite_lowmoi_20729x299.h5ad", "bio_rep"),
    ("data/norman_mcfaline/norman19_mcfaline23_restored_counts.h5ad", ""),
    ("data/formats/h5ad/pbmc_5k_protein_v3.h5ad", ""),
];

#[test]
fn variable_genes_loess_scores_and_zfpkm_are_those_of_the_python_libraries() {
    let mut arguments = Vec::new();
    for (path, batch) in MATRICES {
        let Some(file) = shared_file(path) else { return };
        arguments.push(format!("{}:{batch}", file.display()));
    }
    let out = tempfile::tempdir().expect("a folder");
    std::fs::write(out.path().join("s_genes.txt"), S_GENES.join("\n")).expect("written");
    std::fs::write(out.path().join("g2m_genes.txt"), G2M_GENES.join("\n")).expect("written");
    let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/counts_peer.py");
    let run = Command::new(&python).args(["-W", "ignore"]).arg(script).arg(out.path()).args(&arguments).output();
    let Ok(run) = run else { return skipped(&format!("there is no {python}")) };
    if run.status.code() == Some(3) {
        return skipped(&format!(
            "{python} has not what the peer needs: {}",
            String::from_utf8_lossy(&run.stdout).trim()
        ));
    }
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for (number, (path, batch)) in MATRICES.into_iter().enumerate() {
        println!("{path}");
        compare(&out.path().join(number.to_string()), !batch.is_empty());
    }
}

fn load<V: ReadableElement + Clone>(folder: &Path, name: &str) -> Vec<V> {
    let path = folder.join(format!("{name}.npy"));
    read_npy::<_, Array1<V>>(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_vec()
}

fn compare(folder: &Path, has_batches: bool) {
    let shape: Vec<i64> = load(folder, "shape");
    let (genes, top) = (shape[1] as usize, shape[2] as usize);
    let parts = (load::<u64>(folder, "indptr"), load::<u32>(folder, "indices"), load::<f32>(folder, "values"));
    let counts = Csr::new(parts.0, parts.1, parts.2, genes).expect("a matrix");

    let found = variable_genes(&counts, top, None::<&[i64]>).expect("variable genes");
    same_genes(folder, "all", &found);
    if has_batches {
        let batch: Vec<i64> = load(folder, "batch");
        let found = variable_genes(&counts, top, Some(&batch)).expect("variable genes");
        same_genes(folder, "batches", &found);
    }

    let (x, y): (Vec<f64>, Vec<f64>) = (load(folder, "loess_x"), load(folder, "loess_y"));
    for (name, surface) in [("loess_interpolate", Surface::Interpolated), ("loess_direct", Surface::Direct)] {
        let want: Vec<f64> = load(folder, name);
        let fitted = loess(&x[..want.len()], &y[..want.len()], 0.3, surface).expect("a fit");
        let apart = furthest(&fitted, &want);
        println!("  {name}: {} points, {apart:e} apart", want.len());
        assert!(apart < 1e-9, "{name}: {apart:e} apart");
    }

    let peak: Vec<f64> = load(folder, "zfpkm");
    let sample = zfpkm(&load::<f64>(folder, "mean")).expect("scores");
    assert!(
        (sample.mu - peak[0]).abs() < 1e-9 && (sample.sd - peak[1]).abs() < 1e-9,
        "zFPKM: mu {}, sd {} for {peak:?}",
        sample.mu,
        sample.sd
    );

    let normalised = log_normalised(&counts, 1e4).expect("normalised");
    let want: Vec<f32> = load(folder, "normalised");
    let relative = normalised.values().iter().zip(&want).map(|(a, b)| ((a - b) / b).abs()).fold(0.0, f32::max);
    assert!(relative < 1e-6 && normalised.values().len() == want.len(), "log normalised: {relative:e} apart");
    let set: Vec<usize> = load::<i64>(folder, "set").into_iter().map(|gene| gene as usize).collect();
    let draw = ControlGenes { per_bin: genes, ..ControlGenes::default() };
    let apart = furthest(&score_genes(&normalised, &set, draw).expect("scores"), &load(folder, "score"));
    println!("  score of a gene set: {apart:e} apart");
    assert!(apart < 1e-5, "score: {apart:e} apart");
    if folder.join("phase.npy").exists() {
        phases(folder, &normalised);
    }
}

/// Control genes are drawn by another generator: scores agree as closely as scanpy's do between two of its own seeds.
fn phases(folder: &Path, normalised: &Csr<'_>) {
    let names = std::fs::read_to_string(folder.join("genes.txt")).expect("names of genes");
    let names: Vec<&str> = names.lines().collect();
    let cycle = cell_cycle(normalised, &names, 0).expect("scores");
    for (phase, scores) in [("S", &cycle.s), ("G2M", &cycle.g2m)] {
        let of_seed = |seed: u8| load::<f64>(folder, &format!("{phase}_{seed}"));
        let (ours, theirs) = (correlation(scores, &of_seed(0)), correlation(&of_seed(1), &of_seed(0)));
        println!("  {phase} scores: correlation {ours:.3}, between two of scanpy's seeds {theirs:.3}");
        assert!(ours > theirs - 0.05);
    }
    let want: Vec<i64> = load(folder, "phase");
    let same = cycle.phase.iter().zip(&want).filter(|(phase, want)| **phase as i64 == **want).count();
    println!("  {same} of {} phases are the same", want.len());
    assert!(same * 10 > 8 * want.len());
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// The same variances, ranks and genes; genes of equal variance may change places, which numpy's sort leaves open.
fn same_genes(folder: &Path, name: &str, found: &VariableGenes) {
    let load_f64 = |what: &str| load::<f64>(folder, &format!("{name}_{what}"));
    let (variance, rank) = (load_f64("variance"), load_f64("rank"));
    let apart = |a: f64, b: f64| (a - b).abs() / b.max(1.0);
    let relative = found.normalised_variance.iter().zip(&variance).map(|(a, b)| apart(*a, *b)).fold(0.0, f64::max);
    assert!(relative < 1e-9, "{name}: normalised variances are {relative:e} apart");
    let of_rank = |rank: f64, ranks: &[f64]| ranks.iter().position(|r| *r == rank).map(|gene| variance[gene]);
    for gene in 0..variance.len() {
        let got = found.rank[gene].unwrap_or(f64::NAN);
        let same = got == rank[gene] || (got.is_nan() && rank[gene].is_nan());
        // Without a rank the gene is at the end of those that have one.
        let place = if got.is_nan() { found.chosen.len() as f64 - 1.0 } else { got };
        let tied = of_rank(place, &rank).is_some_and(|other| apart(variance[gene], other) < 1e-9);
        assert!(same || tied, "{name}: gene {gene} has rank {got}, not {}", rank[gene]);
    }
    let want: BTreeSet<usize> = load::<i64>(folder, &format!("{name}_chosen")).iter().map(|g| *g as usize).collect();
    let chosen: BTreeSet<usize> = found.chosen.iter().copied().collect();
    let last = found.chosen.last().map_or(0.0, |gene| variance[*gene]);
    let other: Vec<usize> = chosen.symmetric_difference(&want).copied().collect();
    assert_eq!(chosen.len(), want.len());
    assert!(other.iter().all(|gene| apart(variance[*gene], last) < 1e-9), "{name}: other genes were chosen: {other:?}");
    let swapped = other.len() / 2;
    println!("  {name}: {} of {} genes, {swapped} swapped between ties", chosen.len(), variance.len());
}

fn furthest(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
