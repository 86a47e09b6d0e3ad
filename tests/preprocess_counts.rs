//! Counts with planted answers, and counts that have none.

use perturbook::preprocess::counts::cell_cycle::{G2M_GENES, Phase, S_GENES, cell_cycle};
use perturbook::preprocess::counts::{
    CellFilter, ControlGenes, Csr, GeneMoments, cells_per_gene, genes_in_cells, genes_per_cell, guides_with_cells,
    library_sizes, log_normalised, score_genes, variable_genes, zfpkm,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};

/// Counts `cells x genes` of the given means.
fn poisson(cells: usize, genes: usize, seed: u64, mean: impl Fn(usize, usize) -> f64) -> Csr<'static> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for cell in 0..cells {
        for gene in 0..genes {
            let count: f64 = Poisson::new(mean(cell, gene)).unwrap().sample(&mut rng);
            if count > 0.0 {
                indices.push(gene as u32);
                values.push(count as f32);
            }
        }
        indptr.push(values.len() as u64);
    }
    Csr::new(indptr, indices, values, genes).unwrap()
}

fn rising(gene: usize) -> f64 {
    0.2 * 1.02f64.powi(gene as i32)
}

/// Every seventh gene has five times its mean in every fifth cell, and none elsewhere.
fn bursting(cell: usize, gene: usize) -> f64 {
    match (gene.is_multiple_of(7), cell.is_multiple_of(5)) {
        (false, _) => rising(gene),
        (true, true) => 5.0 * rising(gene),
        (true, false) => 1e-9,
    }
}

#[test]
fn genes_that_burst_are_the_variable_ones_at_every_mean() {
    let counts = poisson(600, 280, 1, bursting);
    let mut chosen = variable_genes(&counts, 40, None::<&[u8]>).unwrap().chosen;
    chosen.sort_unstable();
    let planted: Vec<usize> = (0..280).step_by(7).collect();
    let found = chosen.iter().filter(|gene| planted.contains(gene)).count();
    assert!(found >= 36, "{found} of 40: {chosen:?}");
}

#[test]
fn a_difference_between_batches_is_no_variability_within_them() {
    // Genes below 30 differ tenfold between the batches; otherwise no gene varies more than chance has it.
    let shifted =
        |cell: usize, gene: usize| rising(gene) * if gene < 30 && cell.is_multiple_of(2) { 10.0 } else { 1.0 };
    let counts = poisson(600, 280, 2, shifted);
    let batch: Vec<usize> = (0..600).map(|cell| cell % 2).collect();
    let of_shifted = |chosen: &[usize]| chosen.iter().filter(|gene| **gene < 30).count();
    let pooled = variable_genes(&counts, 30, None::<&[u8]>).unwrap();
    let apart = variable_genes(&counts, 30, Some(&batch)).unwrap();
    let (pooled, within) = (of_shifted(&pooled.chosen), of_shifted(&apart.chosen));
    assert!(pooled >= 24 && within <= 12, "{pooled} pooled, {within} within batches");
    assert!(apart.chosen.iter().all(|gene| apart.batches[*gene] >= 1 && apart.rank[*gene].is_some()));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads_or_the_size_of_blocks() {
    let counts = poisson(9000, 40, 3, bursting);
    let compute = || {
        let normalised = log_normalised(&counts, 1e4).unwrap();
        (variable_genes(&counts, 10, None::<&[u8]>).unwrap(), normalised.clone().into_parts())
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(compute);
    let five = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap().install(compute);
    assert_eq!(one, five);
    let mut blocks = GeneMoments::new(40);
    let (indptr, indices, values) = counts.clone().into_parts();
    for first in (0..9000).step_by(700) {
        let last = (first + 700).min(9000);
        let (from, to) = (indptr[first] as usize, indptr[last] as usize);
        let bounds: Vec<u64> = indptr[first..=last].iter().map(|bound| bound - indptr[first]).collect();
        let block = Csr::new(bounds, &indices[from..to], &values[from..to], 40).unwrap();
        blocks.add(&block).unwrap();
    }
    assert_eq!((blocks.mean(), blocks.variance(), blocks.cells()), (one.0.mean, one.0.variance, 9000));
}

#[test]
fn planted_phases_of_the_cell_cycle_are_found() {
    let names: Vec<String> =
        S_GENES.iter().chain(&G2M_GENES).map(|g| g.to_string()).chain((0..2000).map(|i| format!("G{i}"))).collect();
    let phases = [Phase::G1, Phase::S, Phase::G2M];
    let counts = poisson(300, names.len(), 4, |cell, gene| {
        let on = match phases[cell % 3] {
            Phase::G1 => false,
            Phase::S => gene < 43,
            Phase::G2M => (43..97).contains(&gene),
        };
        if gene < 97 { if on { 3.0 } else { 0.3 } } else { 0.2 + (gene % 40) as f64 / 20.0 }
    });
    let normalised = log_normalised(&counts, 1e4).unwrap();
    let cycle = cell_cycle(&normalised, &names, 7).unwrap();
    let right = cycle.phase.iter().enumerate().filter(|(cell, phase)| **phase == phases[cell % 3]).count();
    assert!(right >= 290, "{right} of 300");
    assert!(cycle.missing_s.is_empty() && cycle.missing_g2m.is_empty());
    assert_eq!(cycle, cell_cycle(&normalised, &names, 7).unwrap());
    assert_ne!(cycle.s, cell_cycle(&normalised, &names, 8).unwrap().s); // other control genes

    // Under their symbols of today the renamed genes are found too.
    let today: Vec<String> = names.iter().map(|n| n.replace("MLF1IP", "CENPU").replace("FAM64A", "PIMREG")).collect();
    assert_eq!(cell_cycle(&normalised, &today, 7).unwrap(), cycle);
}

#[test]
fn zfpkm_finds_the_peak_of_expressed_genes_beside_a_tail_of_noise() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (expressed, noise) = (Normal::new(4.0, 1.5).unwrap(), Normal::new(-4.0, 2.5).unwrap());
    let fpkm: Vec<f64> = (0..12_000)
        .map(|gene| match gene % 12 {
            0..8 => f64::exp2(expressed.sample(&mut rng)),
            8..11 => f64::exp2(noise.sample(&mut rng)),
            _ => 0.0,
        })
        .collect();
    let sample = zfpkm(&fpkm).unwrap();
    assert!((sample.mu - 4.0).abs() < 0.4 && (sample.sd - 1.5).abs() < 0.3, "mu {}, sd {}", sample.mu, sample.sd);
    assert!(sample.scores.iter().zip(&fpkm).all(|(z, v)| (*z == f64::NEG_INFINITY) == (*v == 0.0)));
    let active = sample.scores.iter().filter(|z| **z > -3.0).count();
    assert!((8000..9500).contains(&active), "{active} expressed");
}

#[test]
fn counts_that_have_no_answer_are_errors_that_say_why() {
    let message = |e: perturbook::Error| e.to_string();
    assert!(message(zfpkm(&[0.0, 0.0]).unwrap_err()).contains("none of the 2 genes"));
    assert!(message(zfpkm(&[]).unwrap_err()).contains("none of the 0 genes"));
    assert!(message(zfpkm(&[2.0, 2.0, 0.0]).unwrap_err()).contains("same value"));
    assert!(message(zfpkm(&[2.0, -1.0]).unwrap_err()).contains("gene number 1"));
    assert!(message(zfpkm(&[f64::NAN]).unwrap_err()).contains("NaN"));

    let small = Csr::new(vec![0, 2, 2, 3], vec![0, 1, 2], vec![1.0, 2.0, -3.0], 3).unwrap();
    assert!(message(log_normalised(&small, 1e4).unwrap_err()).contains("cell 2, gene number 2"));
    assert!(message(variable_genes(&small, 2, None::<&[u8]>).unwrap_err()).contains("-3"));
    let small = Csr::new(vec![0, 2, 2, 3], vec![0, 1, 2], vec![1.0, 2.0, 3.0], 3).unwrap();
    assert!(log_normalised(&small, 0.0).is_err());
    assert!(variable_genes(&small, 0, None::<&[u8]>).is_err());
    assert!(message(variable_genes(&small, 2, None::<&[u8]>).unwrap_err()).contains("3 genes vary"));
    assert!(message(variable_genes(&small, 2, Some(&[1, 1])).unwrap_err()).contains("2 batch labels for 3 cells"));
    assert!(message(variable_genes(&small, 2, Some(&[1, 1, 2])).unwrap_err()).contains("batch number"));
    assert_eq!((library_sizes(&small), genes_per_cell(&small)), (vec![3.0, 0.0, 3.0], vec![2, 0, 1]));
    assert_eq!(cells_per_gene(&small), [1, 1, 1]);
    assert!(CellFilter { min_genes: 3, ..CellFilter::default() }.keep(&small).is_err());
    assert!(CellFilter { min_counts: f64::NAN, ..CellFilter::default() }.keep(&small).is_err());
    assert!(genes_in_cells(&small, 2).is_err());
    assert!(message(guides_with_cells(&["a", "b", "a"], 3).unwrap_err()).contains("the largest has 2"));
    assert!(guides_with_cells(&[] as &[&str], 1).is_err());
    assert!(score_genes(&small, &[], ControlGenes::default()).is_err());
    assert!(score_genes(&small, &[3], ControlGenes::default()).is_err());
    assert!(message(score_genes(&small, &[0, 1, 2], ControlGenes::default()).unwrap_err()).contains("no control gene"));
    assert!(message(cell_cycle(&small, &["A", "B", "C"], 1).unwrap_err()).contains("none of the 43 S genes"));
    assert!(cell_cycle(&small, &["A"], 1).is_err());
    let empty = Csr::new(vec![0], vec![], vec![], 3).unwrap();
    assert!(log_normalised(&empty, 1e4).unwrap().values().is_empty());
    assert!(variable_genes(&empty, 2, None::<&[u8]>).is_err());
    assert!(CellFilter::default().keep(&empty).is_err());
}

#[test]
fn arrays_drawn_at_random_never_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..2000 {
        let (rows, stored) = (rng.random_range(0..6usize), rng.random_range(0..8usize));
        let indptr: Vec<u64> = (0..rows).map(|_| rng.random_range(0..10)).collect();
        let indices: Vec<u32> = (0..stored).map(|_| rng.random_range(0..6)).collect();
        let values: Vec<f32> = (0..stored).map(|_| f32::from_bits(rng.random())).collect();
        if let Ok(matrix) = Csr::new(indptr, indices, values, 5) {
            assert_eq!(matrix.cells(), rows - 1);
            let _ = (log_normalised(&matrix, 1e4), variable_genes(&matrix, 2, None::<&[u8]>));
        }
    }
}
