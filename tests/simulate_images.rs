//! What is planted in simulated pictures can be seen by simple measurements, and is absent where it should be.

use ndarray::{Array2, ArrayView3, Axis, s};
use perturbook::simulate::{
    CONTROL, EffectClass, OpsConfig, OpsScreen, Phase, Phenotype, SimulatedImages, ops_field, ops_images, ops_screen,
};

const ADDED: [Phenotype; 5] = [
    Phenotype::GiantNucleus,
    Phenotype::Multinucleate,
    Phenotype::Aggregates,
    Phenotype::ActinRing,
    Phenotype::FociBurst,
];
const FEATURES: usize = 8;

/// Nuclear area, mean and total DNA, roughness of the nuclear outline, number of foci, mean damage, F-actin around the
/// nucleus relative to the cell, and the brightest microtubules beside it relative to the cell.
fn measure(image: ArrayView3<f32>) -> [f64; FEATURES] {
    let size = image.dim().1;
    let (damage, actin) = (image.index_axis(Axis(0), 0), image.index_axis(Axis(0), 1));
    let (dna, tubulin) = (image.index_axis(Axis(0), 2), image.index_axis(Axis(0), 3));
    let from_middle = |i: usize, j: usize| {
        let half = size as f64 / 2.0;
        ((i as f64 + 0.5 - half).powi(2) + (j as f64 + 0.5 - half).powi(2)).sqrt() / size as f64
    };
    let pixels = || (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
    let central: Vec<f64> = pixels().filter(|&(i, j)| from_middle(i, j) < 0.16).map(|at| dna[at].into()).collect();
    let dark = quantile(pixels().map(|at| f64::from(dna[at])).collect(), 0.1);
    let threshold = dark + 0.45 * (quantile(central, 0.8) - dark);
    let nucleus = |i: usize, j: usize| from_middle(i, j) < 0.38 && f64::from(dna[[i, j]]) > threshold;

    let mask = Array2::from_shape_fn((size, size), |(i, j)| nucleus(i, j));
    let (mut area, mut total, mut border, mut glow, mut foci) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (i, j) in pixels().filter(|&(i, j)| i > 1 && j > 1 && i + 2 < size && j + 2 < size && mask[[i, j]]) {
        area += 1.0;
        total += f64::from(dna[[i, j]]) - dark;
        glow += f64::from(damage[[i, j]]);
        let beside = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)];
        border += beside.iter().filter(|&&at| !mask[at]).count() as f64;
        // A focus rises above everything two pixels away.
        let here = damage[[i, j]];
        let top = damage.slice(s![i - 1..=i + 1, j - 1..=j + 1]).iter().all(|&v| v <= here);
        let ring = [(i - 2, j), (i + 2, j), (i, j - 2), (i, j + 2)];
        foci += f64::from(u8::from(top && ring.iter().all(|&at| here - damage[at] > 0.09)));
    }
    // Clumps are as bright over five by five pixels as filaments are in a line.
    let clump = |i: usize, j: usize| {
        let window = s![i.saturating_sub(2)..(i + 3).min(size), j.saturating_sub(2)..(j + 3).min(size)];
        f64::from(tubulin.slice(window).mean().unwrap())
    };
    let near = |i: usize, j: usize| {
        (i.saturating_sub(3)..(i + 4).min(size)).any(|a| (j.saturating_sub(3)..(j + 4).min(size)).any(|b| mask[[a, b]]))
    };
    let (mut ring, mut beside, mut cell, mut web) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (i, j) in pixels().filter(|&(i, j)| !mask[[i, j]] && from_middle(i, j) < 0.42) {
        if near(i, j) {
            ring.push(f64::from(actin[[i, j]]));
            beside.push(clump(i, j));
        } else {
            cell.push(f64::from(actin[[i, j]]));
            web.push(f64::from(tubulin[[i, j]]));
        }
    }
    let area: f64 = if area == 0.0 { 1.0 } else { area };
    [
        area / (size * size) as f64,
        total / area,
        total / (size * size) as f64,
        border / area.sqrt(),
        foci,
        glow / area,
        ratio(mean(&ring), mean(&cell)),
        ratio(quantile(beside, 0.97), mean(&web)),
    ]
}

/// 1 where a nucleus leaves nothing of the cell to compare with.
fn ratio(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 { a / b } else { 1.0 }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) as f64 * q) as usize).copied().unwrap_or(0.0)
}

fn features(screen: &SimulatedImages, cells: &[usize]) -> Array2<f64> {
    let rows: Vec<f64> = cells.iter().flat_map(|&cell| measure(screen.images.index_axis(Axis(0), cell))).collect();
    Array2::from_shape_vec((cells.len(), FEATURES), rows).unwrap()
}

/// Part of the odd cells that fall to their own class when each goes to the nearest mean of the even cells, features in
/// units of their standard deviation within classes.
fn nearest_mean_accuracy(classes: &[Array2<f64>]) -> (f64, usize) {
    let half = |class: &Array2<f64>, odd: usize| class.slice(s![odd..;2, ..]).to_owned();
    let train: Vec<Array2<f64>> = classes.iter().map(|class| half(class, 0)).collect();
    let means: Vec<_> = train.iter().map(|class| class.mean_axis(Axis(0)).unwrap()).collect();
    let within: Vec<_> = train.iter().map(|class| class.var_axis(Axis(0), 0.0)).collect();
    let mut sd = within[0].clone();
    within[1..].iter().for_each(|var| sd += var);
    sd.mapv_inplace(|v| (v / classes.len() as f64).sqrt().max(1e-9));
    let (mut right, mut all) = (0, 0);
    for (label, class) in classes.iter().enumerate() {
        for cell in half(class, 1).rows() {
            let distance = |k: usize| ((&cell - &means[k]) / &sd).mapv(|v| v * v).sum();
            let nearest = (0..means.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap();
            right += usize::from(nearest == label);
            all += 1;
        }
    }
    (f64::from(right as u32) / f64::from(all as u32), all)
}

/// Accuracy of two classes, made equal in number.
fn told_apart(screen: &SimulatedImages, a: &[usize], b: &[usize]) -> (f64, usize) {
    let n = a.len().min(b.len()) / 2 * 2;
    nearest_mean_accuracy(&[features(screen, &a[..n]), features(screen, &b[..n])])
}

/// Three and a half standard deviations of the accuracy of guessing between two.
fn chance_bound(n: usize) -> f64 {
    3.5 * (0.25 / n as f64).sqrt()
}

fn cells(screen: &SimulatedImages, which: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..screen.truth.cells.len()).filter(|&cell| which(cell)).collect()
}

fn shows(screen: &SimulatedImages, cell: usize, phenotype: Phenotype) -> bool {
    let gene = screen.truth.cells[cell].gene.map(|gene| &screen.truth.genes[gene]);
    gene.is_some_and(|gene| gene.effects.len() == 1 && gene.effects[0].0 == phenotype)
}

fn is_control(screen: &SimulatedImages, cell: usize) -> bool {
    screen.truth.cells[cell].gene.is_none()
}

#[test]
fn added_structures_are_recovered_by_simple_measurements() {
    let config = OpsConfig {
        genes: 10,
        complexes: 5,
        complex_size: 2,
        null_genes: 0,
        phenotypes: ADDED.to_vec(),
        escaping: 0.0,
        control_guides: 4,
        cells_per_guide: 48,
        ..OpsConfig::default()
    };
    let screen = ops_images(&config).unwrap();
    let interphase = |cell: usize| screen.truth.cells[cell].phase != Phase::M;
    let controls = cells(&screen, |cell| is_control(&screen, cell) && interphase(cell));
    let mut classes = vec![features(&screen, &controls)];
    for phenotype in ADDED {
        let of = cells(&screen, |cell| shows(&screen, cell, phenotype) && interphase(cell));
        let (accuracy, n) = told_apart(&screen, &controls, &of);
        assert!(accuracy > 0.8, "{}: {accuracy} of {n}", phenotype.name());
        classes.push(features(&screen, &of));
    }
    let (accuracy, n) = nearest_mean_accuracy(&classes);
    assert!(accuracy > 0.75, "six classes: {accuracy} of {n}, chance 0.17");
}

#[test]
fn null_genes_and_escaped_cells_are_at_chance() {
    let base = OpsConfig { complexes: 4, complex_size: 2, escaping: 0.5, control_guides: 14, ..OpsConfig::default() };
    let config = OpsConfig { genes: 16, null_genes: 6, phenotypes: ADDED[1..].to_vec(), ..base };
    let screen = ops_images(&config).unwrap();
    let truth = &screen.truth;
    let controls = cells(&screen, |cell| is_control(&screen, cell));
    let null =
        cells(&screen, |cell| !is_control(&screen, cell) && truth.class_of(&truth.cells[cell]) == EffectClass::Null);
    let escaped =
        cells(&screen, |cell| truth.class_of(&truth.cells[cell]) == EffectClass::Added && truth.cells[cell].escaped);
    for (name, group) in [("null genes", &null), ("escaped cells", &escaped)] {
        let (accuracy, n) = told_apart(&screen, &controls, group);
        assert!((accuracy - 0.5).abs() < chance_bound(n), "{name}: {accuracy} of {n}");
    }
    for phenotype in &config.phenotypes {
        let of =
            |escaped| cells(&screen, |cell| shows(&screen, cell, *phenotype) && truth.cells[cell].escaped == escaped);
        let (accuracy, n) = told_apart(&screen, &controls, &of(false));
        assert!(accuracy > 0.5 + chance_bound(n), "{}, not escaped: {accuracy} of {n}", phenotype.name());
        let (accuracy, n) = told_apart(&screen, &controls, &of(true));
        assert!((accuracy - 0.5).abs() < chance_bound(n), "{}, escaped: {accuracy} of {n}", phenotype.name());
    }
    let share = escaped.len() as f64 / (10.0 * 48.0);
    assert!((share - 0.5).abs() < 0.08, "{share} escaped");
    assert!(controls.iter().all(|&cell| !truth.cells[cell].escaped && truth.cells[cell].strength == 0.0));
}

#[test]
fn a_shift_changes_the_mix_of_phases_and_nothing_within_a_phase() {
    let config = OpsConfig {
        genes: 4,
        complexes: 0,
        null_genes: 0,
        phenotypes: vec![Phenotype::MoreG2, Phenotype::FociBurst],
        escaping: 0.0,
        guides: 3,
        control_guides: 20,
        cells_per_guide: 60,
        ..OpsConfig::default()
    };
    let screen = ops_images(&config).unwrap();
    let truth = &screen.truth;
    let controls = cells(&screen, |cell| is_control(&screen, cell));
    let shifted = cells(&screen, |cell| truth.class_of(&truth.cells[cell]) == EffectClass::Shifted);
    let part = |of: &[usize], phase| {
        of.iter().filter(|&&cell| truth.cells[cell].phase == phase).count() as f64 / of.len() as f64
    };
    assert!(part(&shifted, Phase::G2) > 0.6 && part(&controls, Phase::G2) < 0.3);
    let (accuracy, n) = told_apart(&screen, &controls, &shifted);
    assert!(accuracy > 0.5 + chance_bound(n), "mixed phases: {accuracy} of {n}");

    let in_g2 = |of: &[usize]| -> Vec<usize> {
        of.iter().copied().filter(|&cell| truth.cells[cell].phase == Phase::G2).collect()
    };
    let (accuracy, n) = told_apart(&screen, &in_g2(&controls), &in_g2(&shifted));
    assert!(n > 150 && (accuracy - 0.5).abs() < chance_bound(n), "within G2: {accuracy} of {n}");
    let added = cells(&screen, |cell| truth.class_of(&truth.cells[cell]) == EffectClass::Added);
    let (accuracy, n) = told_apart(&screen, &in_g2(&controls), &in_g2(&added));
    assert!(accuracy > 0.9, "added structure within G2: {accuracy} of {n}");
}

#[test]
fn genes_of_a_complex_look_alike() {
    let config = OpsConfig {
        genes: 15,
        complex_size: 3,
        complexes: 5,
        null_genes: 0,
        phenotypes: ADDED.to_vec(),
        control_guides: 8,
        ..OpsConfig::default()
    };
    let screen = ops_images(&config).unwrap();
    let truth = &screen.truth;
    let controls = features(&screen, &cells(&screen, |cell| is_control(&screen, cell)));
    let (middle, sd) = (controls.mean_axis(Axis(0)).unwrap(), controls.std_axis(Axis(0), 0.0));
    let mut profiles: Vec<_> = (0..config.genes)
        .map(|gene| {
            let of = features(&screen, &cells(&screen, |cell| truth.cells[cell].gene == Some(gene)));
            (of.mean_axis(Axis(0)).unwrap() - &middle) / &sd
        })
        .collect();
    // What all genes share says nothing about complexes.
    let shared = profiles.iter().fold(middle * 0.0, |sum, profile| sum + profile) / config.genes as f64;
    profiles.iter_mut().for_each(|profile| *profile -= &shared);
    let cosine = |a: usize, b: usize| {
        let (a, b) = (&profiles[a], &profiles[b]);
        a.dot(b) / (a.dot(a) * b.dot(b)).sqrt()
    };
    let (mut within, mut between, mut own) = (Vec::new(), Vec::new(), 0);
    for gene in 0..config.genes {
        let others = || (0..config.genes).filter(|&other| other != gene);
        let mate = |other: usize| truth.genes[other].complex == truth.genes[gene].complex;
        within.extend(others().filter(|&other| mate(other)).map(|other| cosine(gene, other)));
        between.extend(others().filter(|&other| !mate(other)).map(|other| cosine(gene, other)));
        let nearest = others().max_by(|&a, &b| cosine(gene, a).total_cmp(&cosine(gene, b))).unwrap();
        own += usize::from(mate(nearest));
    }
    assert!(mean(&within) > mean(&between) + 0.8, "within {}, between {}", mean(&within), mean(&between));
    assert!(own >= 13, "{own} of 15 genes are nearest to one of their complex");
}

#[test]
fn nuclei_grow_with_the_dna_and_mitotic_chromosomes_are_condensed() {
    let config = OpsConfig { genes: 1, complexes: 0, null_genes: 1, control_guides: 30, ..OpsConfig::default() };
    let screen = ops_images(&OpsConfig { gain: 0.0, vignetting: 0.0, size: 96, ..config }).unwrap();
    let of = |phase| cells(&screen, |cell| screen.truth.cells[cell].phase == phase);
    let average = |phase: Phase, feature: usize| features(&screen, &of(phase)).column(feature).mean().unwrap();
    let (area, total) = (average(Phase::G2, 0) / average(Phase::G1, 0), average(Phase::G2, 2) / average(Phase::G1, 2));
    assert!((area - 1.5).abs() < 0.15, "nuclei in G2 are {area} times as large");
    assert!((total - 2.0).abs() < 0.2, "with {total} times the DNA");
    let brightest = |phase| {
        let all = of(phase);
        let tops =
            all.iter().map(|&cell| screen.images.slice(s![cell, 2, 32..64, 32..64]).fold(0.0_f32, |a, &b| a.max(b)));
        tops.map(f64::from).sum::<f64>() / all.len() as f64
    };
    assert!(brightest(Phase::M) > 1.5 * brightest(Phase::G2));
    assert!(screen.images.iter().all(|v| (0.0..=1.0).contains(v)));
    let share = of(Phase::M).len() as f64 / screen.truth.cells.len() as f64;
    assert!((share - 0.04).abs() < 0.025, "{share} in mitosis");
}

#[test]
fn wells_differ_in_gain_and_fields_in_light_as_the_truth_says() {
    let base = OpsConfig { genes: 1, complexes: 0, null_genes: 1, control_guides: 30, ..OpsConfig::default() };
    let tubulin = |config: &OpsConfig| {
        let screen = ops_images(config).unwrap();
        let mean = |cell: usize| f64::from(screen.images.slice(s![cell, 3, .., ..]).mean().unwrap());
        let light: Vec<f64> = (0..screen.truth.cells.len()).map(mean).collect();
        (screen, light)
    };
    let (screen, light) = tubulin(&OpsConfig { gain: 0.3, vignetting: 0.0, ..base.clone() });
    let of_batch = |b: usize| mean(&pick(&light, &cells(&screen, |cell| screen.truth.cells[cell].batch == b)));
    let planted: Vec<f64> = screen.truth.batches.iter().map(|b| f64::from(b.gain[3])).collect();
    let found: Vec<f64> = (0..planted.len()).map(of_batch).collect();
    assert!(correlation(&planted, &found) > 0.9, "{planted:?} {found:?}");

    let (screen, light) = tubulin(&OpsConfig { gain: 0.0, vignetting: 0.8, ..base });
    let away: Vec<f64> = screen
        .truth
        .cells
        .iter()
        .map(|cell| {
            let centre = screen.truth.batches[cell.batch].brightest;
            let off = |at: f32, centre: f32| (f64::from(at) / 1480.0 - 1.0 - f64::from(centre)).powi(2);
            off(cell.position.0, centre.0) + off(cell.position.1, centre.1)
        })
        .collect();
    assert!(correlation(&away, &light) < -0.5, "{}", correlation(&away, &light));
}

fn pick(values: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| values[row]).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - ma, y - mb)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn the_seed_decides_every_bit_for_any_number_of_threads_and_any_choice_of_cells() {
    let config = OpsConfig::quick();
    let draw = |threads| on_threads(threads, || ops_images(&config).unwrap());
    let (one, two) = (draw(1), draw(2));
    assert_eq!(one.images, two.images);
    assert_eq!(one.truth, two.truth);
    let screen = ops_screen(&config).unwrap();
    let some = screen.images(&[200, 3, 3]).unwrap();
    assert_eq!(some.index_axis(Axis(0), 0), one.images.index_axis(Axis(0), 200));
    assert_eq!(some.index_axis(Axis(0), 1), some.index_axis(Axis(0), 2));
    assert_ne!(ops_images(&OpsConfig { seed: 1, ..config }).unwrap().images, one.images);
}

/// The first cell that shows a phenotype, and its picture.
fn first_shown(screen: &OpsScreen, phenotype: Phenotype) -> (usize, ndarray::Array4<f32>) {
    let truth = screen.truth();
    let shows = |cell: &usize| {
        let cell = &truth.cells[*cell];
        !cell.escaped && cell.phase != Phase::M && cell.gene.is_some_and(|g| truth.genes[g].effects[0].0 == phenotype)
    };
    let cell = (0..screen.len()).find(shows).unwrap();
    (cell, screen.images(&[cell]).unwrap())
}

#[test]
fn a_stronger_effect_changes_what_it_acts_on_and_nothing_else() {
    let config = OpsConfig { null_genes: 0, genes: 8, ..OpsConfig::quick() };
    let strong = OpsConfig { effect: 1.5, ..config.clone() };
    let (usual, more) = (ops_images(&config).unwrap(), ops_images(&strong).unwrap());
    for cell in 0..usual.truth.cells.len() {
        let (a, b) = (&usual.truth.cells[cell], &more.truth.cells[cell]);
        assert_eq!((a.gene, a.escaped, a.position, a.progress), (b.gene, b.escaped, b.position, b.progress));
        let same = usual.images.index_axis(Axis(0), cell) == more.images.index_axis(Axis(0), cell);
        if a.gene.is_none() || a.escaped {
            assert!(same, "cell {cell} is no perturbed cell and changed");
        } else if usual.truth.class_of(a) == EffectClass::Shifted {
            assert_eq!(same, a.phase == b.phase, "cell {cell}");
        }
    }
    let (a, b) = (ops_screen(&config).unwrap(), ops_screen(&strong).unwrap());
    let ((cell, usual), (again, more)) = (first_shown(&a, Phenotype::FociBurst), first_shown(&b, Phenotype::FociBurst));
    assert_eq!(cell, again);
    assert_ne!(usual.slice(s![0, 0, .., ..]), more.slice(s![0, 0, .., ..]), "more foci");
    assert_eq!(usual.slice(s![0, 1.., .., ..]), more.slice(s![0, 1.., .., ..]), "in the damage channel only");
}

#[test]
fn the_truth_describes_the_design() {
    let config = OpsConfig { genes: 60, complexes: 12, complex_size: 3, null_genes: 10, ..OpsConfig::default() };
    let screen = ops_screen(&config).unwrap();
    let truth = screen.truth();
    let count = |class| truth.genes.iter().filter(|gene| gene.class() == class).count();
    assert_eq!(count(EffectClass::Null), 10);
    assert_eq!(truth.complexes.len(), 12);
    for (complex, (_, members)) in truth.complexes.iter().enumerate() {
        let kinds = |gene: usize| truth.genes[gene].effects.iter().map(|e| e.0).collect::<Vec<_>>();
        assert_eq!(members.len(), 3);
        assert!(members.iter().all(|&gene| truth.genes[gene].complex == Some(complex)));
        assert!(members.iter().all(|&gene| kinds(gene) == kinds(members[0])));
        assert_eq!(kinds(members[0]).len(), if complex < 8 { 1 } else { 2 });
    }
    assert_eq!(truth.cells.len(), (60 * 2 + 20) * 24);
    for batch in 0..6 {
        let controls = truth.cells.iter().filter(|cell| cell.gene.is_none() && cell.batch == batch).count();
        assert_eq!(controls, 80);
    }
    let escaped = truth.cells.iter().filter(|cell| cell.escaped).count() as f64 / (60.0 * 48.0);
    assert!((escaped - config.escaping).abs() < 0.03, "{escaped}");
    let none = OpsConfig { effect: 0.0, ..config };
    assert!(ops_screen(&none).unwrap().truth().genes.iter().all(|gene| gene.class() == EffectClass::Null));
}

#[test]
fn the_table_says_of_each_cell_what_the_truth_says() {
    let screen = ops_screen(&OpsConfig::quick()).unwrap();
    let table = screen.table().unwrap();
    let names = ["cell", "gene", "guide", "plate", "well", "batch", "tile", "cell_i", "cell_j"];
    assert!(table.get_column_names().into_iter().eq(names));
    let text = |name: &str, row: usize| table.column(name).unwrap().str().unwrap().get(row).unwrap().to_owned();
    for (row, cell) in screen.truth().cells.iter().enumerate() {
        let symbol = cell.gene.map_or(CONTROL.to_owned(), |gene| screen.truth().genes[gene].symbol.clone());
        assert_eq!(text("guide", row), format!("{symbol}_{}", cell.guide + 1));
        assert_eq!(text("gene", row), symbol);
        let batch = &screen.truth().batches[cell.batch];
        assert_eq!(text("batch", row), format!("{}-{}", batch.plate, batch.well));
        assert_eq!((text("plate", row), text("well", row)), (batch.plate.clone(), batch.well.clone()));
        assert_eq!(table.column("cell_i").unwrap().f32().unwrap().get(row), Some(cell.position.0));
        assert!((50.0..=2910.0).contains(&cell.position.0) && (50.0..=2910.0).contains(&cell.position.1));
    }
    assert_eq!((text("gene", 0), text("gene", 287)), ("SIM0001".to_owned(), CONTROL.to_owned()));
    assert_eq!((text("well", 0), text("well", 5)), ("A1".to_owned(), "A3".to_owned()));
}

#[test]
fn a_field_shows_each_cell_of_its_table_where_the_table_says() {
    let config = OpsConfig { size: 64, gain: 0.0, photons: 1e6, ..OpsConfig::default() };
    let field = ops_field(&config, 600).unwrap();
    let cells = &field.truth.cells;
    assert_eq!(field.cells.height(), cells.len());
    assert!(cells.len() > 80, "{} cells", cells.len());
    let dna = field.image.index_axis(Axis(0), 2);
    let dark = quantile(dna.iter().map(|&v| v.into()).collect(), 0.1);
    // Interphase cells with one nucleus have DNA where their centre is.
    let whole = cells.iter().filter(|cell| cell.stage.is_none() && cell.strength == 0.0);
    let bright = |cell: &&perturbook::simulate::OpsCell| {
        f64::from(dna[[cell.position.0 as usize, cell.position.1 as usize]]) > dark + 0.06
    };
    let (all, hit) = (whole.clone().count(), whole.filter(bright).count());
    assert!(all > 40 && hit == all, "{hit} of {all}");
    for (a, cell) in cells.iter().enumerate() {
        let apart =
            |b: &perturbook::simulate::OpsCell| (b.position.0 - cell.position.0).hypot(b.position.1 - cell.position.1);
        assert!(cells[a + 1..].iter().all(|other| apart(other) > 12.0));
    }
    assert_eq!(field.image, ops_field(&config, 600).unwrap().image);
    let message = ops_field(&OpsConfig::quick(), 4000).unwrap_err().to_string();
    assert!(message.contains("288 cells do not fill"), "{message}");
    assert!(ops_field(&config, 63).unwrap_err().to_string().contains("side"));
}

#[test]
fn settings_travel_through_json_and_wrong_ones_are_named() {
    let config = OpsConfig { phenotypes: vec![Phenotype::MoreG2], complexes: 1, ..OpsConfig::quick() };
    let text = serde_json::to_string(&config).unwrap();
    assert!(text.contains(r#""phenotypes":["more_g2"]"#), "{text}");
    assert_eq!(serde_json::from_str::<OpsConfig>(&text).unwrap(), config);
    assert!(serde_json::from_str::<OpsConfig>(r#"{"gene": 300}"#).is_err());

    let refused = |config: OpsConfig| ops_screen(&config).unwrap_err().to_string();
    let base = OpsConfig::quick;
    for (key, config) in [
        ("size", OpsConfig { size: 8, ..base() }),
        ("size", OpsConfig { size: usize::MAX, ..base() }),
        ("genes", OpsConfig { genes: 0, ..base() }),
        ("cells_per_guide", OpsConfig { cells_per_guide: usize::MAX, ..base() }),
        ("wells_per_plate", OpsConfig { wells_per_plate: 79, ..base() }),
        ("effect", OpsConfig { effect: f64::NAN, ..base() }),
        ("escaping", OpsConfig { escaping: 1.5, ..base() }),
        ("vignetting", OpsConfig { vignetting: -0.1, ..base() }),
        ("photons", OpsConfig { photons: 0.0, ..base() }),
        ("read_noise", OpsConfig { read_noise: f64::INFINITY, ..base() }),
        ("complexes", OpsConfig { complexes: usize::MAX, ..base() }),
        ("complexes", OpsConfig { genes: 100, complexes: 17, complex_size: 2, ..base() }),
        ("complex_size", OpsConfig { complex_size: 1, ..base() }),
        ("null_genes", OpsConfig { null_genes: 9, ..base() }),
        ("phenotypes", OpsConfig { phenotypes: Vec::new(), ..base() }),
        ("phenotypes", OpsConfig { phenotypes: vec![Phenotype::MoreG1; 2], complexes: 1, ..base() }),
        ("cells_per_guide", OpsConfig { genes: 1_000_000, guides: 1000, cells_per_guide: 1_000_000, ..base() }),
    ] {
        let message = refused(config);
        assert!(message.contains(key) && message.contains("fix:"), "{key}: {message}");
    }
    let screen = ops_screen(&base()).unwrap();
    assert!(screen.images(&[288]).unwrap_err().to_string().contains("no cell 288"));
}
