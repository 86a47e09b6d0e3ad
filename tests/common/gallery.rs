//! One figure of every kind, of small made-up data that are the same every time.

use ndarray::{Array2, Array3};
use perturbook::figures::{
    Axis, Bars, Channel, Confusion, Curves, Distribution, Figure, Heatmap, Ideogram, ImageGrid, Rgb, Scatter, Volcano,
};
use perturbook::genome::{Genome, Locus};

/// Numbers between 0 and 1 that look random.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(step).collect()
}

/// Roughly normal numbers: sums of twelve.
fn normal(n: usize, seed: u64, mean: f64, sd: f64) -> Vec<f64> {
    noise(12 * n, seed).chunks(12).map(|c| mean + sd * (c.iter().sum::<f64>() - 6.0)).collect()
}

fn clouds() -> Scatter {
    let mut scatter = Scatter::new("Perturbations", "UMAP 1", "UMAP 2");
    for (i, name) in ["ribosome", "proteasome", "mediator", "spliceosome", "long name of a complex"].iter().enumerate()
    {
        let (x, y) = (normal(60, i as u64 + 1, (i % 3) as f64 * 3.0, 0.6), normal(60, i as u64 + 20, i as f64, 0.5));
        let names: Vec<String> = (0..60).map(|k| format!("{name} {k}")).collect();
        scatter = scatter.points(name, &x, &y).names(&names);
    }
    scatter
}

fn cells(style: f32) -> Vec<Array3<f32>> {
    (0..4)
        .map(|cell| {
            Array3::from_shape_fn((3, 32, 32), |(c, y, x)| {
                let (dx, dy) = (x as f32 - 15.5 - cell as f32, y as f32 - 15.5 + c as f32 * 2.0);
                let ring = (dx * dx + dy * dy).sqrt() / (5.0 + 3.0 * c as f32);
                (-(ring - 0.4 * style * c as f32).powi(2)).exp()
                    + 0.05 * ((x * 7 + y * 13 + cell * 5) % 11) as f32 / 11.0
            })
        })
        .collect()
}

fn genome() -> Genome {
    let arms = [
        ("chr1p", 1, 120),
        ("chr1q", 125, 248),
        ("chr2p", 1, 92),
        ("chr2q", 95, 240),
        ("chr3p", 2, 88),
        ("chr3q", 93, 197),
    ];
    let genes = arms.iter().flat_map(|&(arm, from, to)| {
        (0..12).map(move |i| {
            let start = (from + (to - from) * i / 11) * 1_000_000;
            (format!("{arm}-{i}"), Locus { arm: arm.parse().unwrap(), start })
        })
    });
    Genome::from_genes(genes)
}

/// Name and figure of every kind.
pub fn figures() -> Vec<(&'static str, Figure)> {
    let steps: Vec<f64> = (0..=60).map(f64::from).collect();
    let of = |f: &dyn Fn(f64) -> f64| steps.iter().map(|&x| f(x)).collect::<Vec<f64>>();
    let loss = of(&|x| 2.0 * (-x / 15.0).exp() + 0.3);
    let band = (of(&|x| 1.8 * (-x / 15.0).exp() + 0.25), of(&|x| 2.2 * (-x / 15.0).exp() + 0.35));
    let (active, inactive) = (normal(300, 5, 0.4, 0.15), normal(200, 6, 0.05, 0.1));
    let late = normal(300, 7, 0.55, 0.2);
    let pairs = (normal(25, 8, 0.62, 0.05), normal(25, 9, 0.51, 0.03));
    let effects = normal(400, 10, 0.0, 1.0);
    let p: Vec<f64> = effects.iter().zip(noise(400, 11)).map(|(e, u)| 10f64.powf(-e.abs() * 2.0 - u)).collect();
    let genes: Vec<String> = (0..400).map(|i| format!("GENE{i}")).collect();
    let classes = ["HUVEC", "RPE", "HepG2", "U2OS"];
    let counts =
        Array2::from_shape_vec((4, 4), vec![90., 5., 3., 2., 4., 80., 10., 6., 0., 7., 70., 23., 1., 2., 30., 67.])
            .unwrap();
    let blocks = Array2::from_shape_fn((24, 24), |(i, j)| {
        let same = if (i * 7) % 4 == (j * 7) % 4 { 0.7 } else { -0.1 };
        same + 0.2 * ((i * j) % 5) as f64 / 5.0
    });
    let names: Vec<String> = (0..24).map(|i| format!("gene {i}")).collect();
    let channels = [
        Channel::new("DNA", Rgb(64, 128, 255)),
        Channel::new("ER", Rgb(0, 230, 90)),
        Channel::new("actin", Rgb(255, 90, 0)),
    ];
    let (real, made, other) = (cells(1.0), cells(0.8), cells(2.0));
    let mut grid = ImageGrid::new("Cells", &channels);
    for (name, row) in [("real", &real), ("reconstruction", &made), ("style transfer", &other)] {
        grid = grid.row(name, row);
    }
    let genome = genome();
    let keys: Vec<String> = genome_keys();
    let along = normal(keys.len(), 12, 0.2, 0.1);
    let crowd = (normal(6_000, 13, 0.0, 1.0), normal(6_000, 14, 0.0, 1.0));
    let distribution = |title: &str| {
        Distribution::new(title, "replicate correlation").group("active", &active).group("inactive", &inactive)
    };
    let small = |title: &str, seed: u64| {
        let (x, y) = (normal(80, seed, 0.0, 1.0), normal(80, seed + 1, 0.0, 1.0));
        Scatter::new(title, "PC 1", "PC 2").points("cells", &x, &y).figure().unwrap()
    };
    let ok = |figure: perturbook::Result<Figure>| figure.unwrap();
    vec![
        ("scatter_groups", ok(clouds().label_groups().figure())),
        ("scatter_density", ok(Scatter::new("6,000 cells", "UMAP 1", "UMAP 2").density(&crowd.0, &crowd.1).figure())),
        (
            "small_multiples",
            ok(Figure::grid((0..6).map(|i| small(&format!("plate {}", i + 1), 30 + i)).collect(), 3)
                .map(Figure::same_axes)),
        ),
        (
            "loss",
            ok(Curves::new("Training", "epoch", "loss")
                .line("loss", &steps, &loss)
                .band("loss", &steps, &band.0, &band.1)
                .line("learning rate", &steps, &of(&|x| 1e-3 * (1.0 - x / 60.0) + 1e-5))
                .on_right(Axis::new("learning rate").log())
                .figure()),
        ),
        (
            "precision_recall",
            ok(Curves::precision_recall("Complexes")
                .line("salient", &of(&|x| x / 60.0), &of(&|x| 1.0 / (1.0 + x / 30.0)))
                .figure()),
        ),
        (
            "roc",
            ok(Curves::roc("Active wells").line("ours", &of(&|x| x / 60.0), &of(&|x| (x / 60.0).powf(0.4))).figure()),
        ),
        (
            "bars",
            ok(Bars::new("Purity", "k", "purity")
                .categories(&["10", "50", "100"])
                .series("GRAPE", &[0.3, 0.4, 0.45])
                .errors(&[0.28, 0.37, 0.42], &[0.32, 0.43, 0.48])
                .marks(&["", "*", "**"], "* p < 0.05, ** p < 0.01")
                .series("PCA", &[0.25, 0.3, 0.36])
                .figure()),
        ),
        ("violins", ok(distribution("Violins").group("a group with a rather long name", &late).figure())),
        ("boxes", ok(distribution("Boxes").boxes().figure())),
        ("histogram", ok(distribution("Histogram").histogram(None).figure())),
        ("ridges", ok(distribution("Ridges").group("late", &late).ridges().figure())),
        (
            "pairs",
            ok(Distribution::new("Proximity bias", "P(within > between)")
                .group("before", &pairs.0)
                .group("after", &pairs.1)
                .pairs()
                .figure()),
        ),
        (
            "volcano",
            ok(Volcano::new("Knockouts", "effect (sd)").points(&genes, &effects, &p).thresholds(1.0, 1e-3).figure()),
        ),
        ("confusion", ok(Confusion::new("Cell lines", counts.view(), &classes).figure())),
        ("confusion_rows", ok(Confusion::new("Cell lines, by row", counts.view(), &classes).by_row().log().figure())),
        (
            "heatmap_ordered",
            ok(Heatmap::sequential("Similarity, ordered", blocks.view(), "cosine")
                .names(&names, &names)
                .ordered()
                .figure()),
        ),
        ("images", ok(grid.clone().scale_bar(0.65, 5.0).figure())),
        ("image_channels", ok(ImageGrid::new("Channels", &channels).row("cell", &real[..1]).separate().figure())),
        (
            "ideogram",
            ok(Ideogram::new("Similarity to chr2", "cosine", &genome)
                .genes("genes", &keys, &along)
                .arms(
                    "mean of the arm",
                    ["chr1p", "chr1q", "chr2p", "chr2q", "chr3p", "chr3q"]
                        .iter()
                        .zip(&along)
                        .map(|(a, &v)| (a.parse().unwrap(), v)),
                )
                .figure()),
        ),
        (
            "composed",
            ((clouds().figure().unwrap() | ok(distribution("Violins").figure()))
                / ok(Curves::roc("Active wells").line("ours", &[0.0, 0.2, 1.0], &[0.0, 0.8, 1.0]).figure()))
            .caption("Three panels in one figure"),
        ),
    ]
}

fn genome_keys() -> Vec<String> {
    let arms = ["chr1p", "chr1q", "chr2p", "chr2q", "chr3p", "chr3q"];
    arms.iter().flat_map(|arm| (0..12).map(move |i| format!("{arm}-{i}"))).collect()
}
