//! What every metric and reduction answers where there is little or nothing to measure: no rows, one class, zero vectors,
//! ties, fewer rows than neighbours, constant columns, NaN, numbers that are absurdly large.
//!
//! One test for each module, one line for each answer: a value, or the words of the error.

use std::fmt::Debug;

use ndarray::{Array2, array};
use perturbook::display::{Bundle, Show};
use perturbook::evaluate::classification::*;
use perturbook::evaluate::clustering::*;
use perturbook::evaluate::retrieval::{
    average_precision, batch_mixing_of, graph_connectivity_of, hits_at_k_of, knn_accuracy_of, random_average_precision,
};
use perturbook::evaluate::*;
use perturbook::figures::{Figure, cluster_ks_bars};
use perturbook::genome::{Genome, Locus};
use perturbook::reduce::pca::{Components, Decomposition, Pca};
use perturbook::reduce::{
    Curve, Found, FuzzyGraph, Metric, Neighbours, Search, UmapConfig, UmapFit, map_quality, map_quality_of,
    nearest_among, neighbours, neighbours_by, umap, umap_of,
};
use perturbook::screen::{Embedding, Features, Label, Profiles, Screen};
use perturbook::{Error, Result};
use polars::prelude::df;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// The lines of one module that do not hold.
struct Answers(Vec<String>);

impl Answers {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// An error that says this.
    fn refuses<T>(&mut self, what: &str, got: Result<T>, words: &str) {
        match got {
            Ok(_) => self.0.push(format!("{what}: no error, which should say {words:?}")),
            Err(error) if error.to_string().contains(words) => {}
            Err(error) => self.0.push(format!("{what}: {error} does not say {words:?}")),
        }
    }

    /// Exactly this.
    fn gives<T: PartialEq + Debug>(&mut self, what: &str, got: T, want: T) {
        if got != want {
            self.0.push(format!("{what}: {got:?} is not {want:?}"));
        }
    }

    /// These numbers, to 1e-9 of their size; NaN where NaN is wanted.
    fn near(&mut self, what: &str, got: &[f64], want: &[f64]) {
        let close =
            |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= 1e-9 * b.abs().max(1.0) || a.is_nan() && b.is_nan();
        if got.len() != want.len() || !got.iter().zip(want).all(close) {
            self.0.push(format!("{what}: {got:?} is not {want:?}"));
        }
    }

    fn done(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("G{i}")).collect()
}

fn profiles(values: Array2<f64>) -> Profiles {
    Profiles::new(names(values.nrows()), values).expect("profiles")
}

/// Numbers without structure, the same each time.
fn noise(n: usize, d: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, d), |(i, j)| ((i * 31 + j * 17 + 7) as f64 * 12.9898).sin())
}

/// Arms of so many genes each, in the order of the profiles.
fn genome(arms: &[(&str, usize)]) -> Genome {
    let each = arms.iter().flat_map(|&(arm, n)| std::iter::repeat_n(arm, n)).enumerate();
    let locus = |(i, arm): (usize, &str)| {
        (format!("G{i}"), Locus { arm: arm.parse().expect("an arm"), start: 1_000 * i as i64 })
    };
    Genome::from_genes(each.map(locus))
}

/// Neighbours that were put together by hand.
fn by_hand(rows: Array2<u32>) -> Neighbours {
    Neighbours { distances: rows.mapv(f64::from), rows, metric: Metric::Euclidean, found: Found::Exact }
}

#[test]
fn relations_and_gene_sets() {
    let mut a = Answers::new();
    let none: [(&str, &str); 0] = [];
    a.gives("relations of no pair", Relations::from_pairs("r", none).len(), 0);
    a.gives("a gene with itself", Relations::from_pairs("r", [("A", "A")]).is_empty(), true);
    a.gives("a pair twice, in both directions", Relations::from_pairs("r", [("A", "B"), ("B", "A")]).len(), 1);
    a.gives("among no gene", Relations::from_pairs("r", [("A", "B")]).among(&[]).is_empty(), true);
    let sets = GeneSets::new("s", [("empty", vec![]), ("one", vec!["A"]), ("twice", vec!["A", "A"])]);
    a.gives("sets of less than two genes have no pair", Relations::from_sets(&sets).len(), 0);
    a.gives("rows of no gene", sets.rows(&[]), vec![vec![], vec![], vec![]]);
    a.gives("rows of a set without genes", sets.rows(&["A".into()]), vec![vec![], vec![0], vec![0]]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    a.refuses("an empty table of pairs", Relations::read_pairs(file("a.csv", ""), PairColumns::default()), "a.csv");
    let half = file("b.csv", "entity1,entity2\nA,\n");
    a.refuses("half a pair", Relations::read_pairs(half, PairColumns::default()), "a pair lacks a gene");
    let headed = Relations::read_pairs(file("c.csv", "entity1,entity2\n"), PairColumns::default());
    a.gives("a table with a header alone", headed.expect("read").len(), 0);
    a.gives("an empty file of sets", GeneSets::read(file("d.txt", ""), SetFormat::Spaced).expect("read").len(), 0);
    a.refuses("a set without genes", GeneSets::read(file("e.txt", "S\t\n"), SetFormat::Spaced), "not a gene set");
    a.done();
}

#[test]
fn recall_in_its_three_conventions() {
    let mut a = Answers::new();
    let known = Relations::from_pairs("CORUM", [("G0", "G1"), ("G2", "G3")]);
    let zero = profiles(Array2::zeros((4, 2)));
    let (two, one) = (Convention::TwoSided, Convention::OneSided);
    a.refuses("no gene", recall(&profiles(Array2::zeros((0, 2))), &known, two), "none of the 2 relations");
    a.refuses("one gene", recall(&profiles(noise(1, 2)), &known, one), "connects two of the 1 profiles");
    a.refuses("NaN for a percentile", recall_at(&zero, &known, two, &[NAN]), "NaN is no percentile");
    a.refuses("a percentile below the middle", recall_at(&zero, &known, two, &[49.0]), "from 50 to 100");
    a.gives("no percentile", recall_at(&zero, &known, two, &[]).expect("a curve").points, vec![]);
    let at = |convention| recall_at(&zero, &known, convention, &[95.0]).expect("a curve").points[0];
    a.gives("zero vectors are all predicted by both sides", (at(two).n_predicted, at(two).recall), (12, 1.0));
    a.near("at the share of known pairs", &[at(two).precision], &[4.0 / 12.0]);
    a.gives("and none by one side", (at(one).n_predicted, at(one).precision, at(one).f1), (0, 0.0, 0.0));
    let same = profiles(Array2::ones((4, 3)));
    let same = recall_at(&same, &known, one, &[95.0]).expect("a curve").points[0];
    a.gives("equal vectors are all at distance 0", (same.n_predicted, same.recall), (12, 1.0));
    let pair = recall(&profiles(noise(2, 3)), &known, two).expect("a curve");
    a.gives("one relation alone: no pair is a negative", pair.points.iter().all(|p| p.fpr == 0.0), true);
    a.refuses("a point that is not there", pair.at(50.0), "no point at percentile 50");
    a.near("expectation at 0, 100 and NaN", &[0.0, 100.0, NAN].map(|p| two.random_expectation(p)), &[1.0, 0.0, NAN]);

    a.refuses("efaar without a relation", efaar_recall(&profiles(noise(1, 2)), &known, &[]), "none of the 2");
    a.refuses("a threshold of NaN", efaar_recall(&zero, &known, &[(NAN, 0.9)]), "no thresholds");
    let ranked = efaar_recall(&zero, &known, &[(0.05, 0.95)]).expect("ranks");
    a.gives("zero vectors rank from 0 to 1", (ranked.rank_left[0], ranked.rank_right[0]), (0.0, 1.0));
    a.gives("and none is recalled", ranked.thresholds[0].recall, 0.0);
    a.gives("no threshold", efaar_recall(&zero, &known, &[]).expect("ranks").thresholds.len(), 0);
    a.refuses("an empty null", rank_recall(&[], &[1.0], &[]), "1 queries cannot be ranked among 0 values");
    a.refuses("no query", rank_recall(&[1.0], &[], &[]), "0 queries");
    a.refuses("a query of NaN", rank_recall(&[1.0], &[NAN], &[]), "NaN and has no rank");
    a.refuses("a null of NaN", rank_recall(&[1.0, NAN], &[1.0], &[]), "NaN and has no rank");
    a.done();
}

#[test]
fn recall_sampling() {
    let mut a = Answers::new();
    let known = Relations::from_pairs("CORUM", [("G0", "G1")]);
    let (pair, zero) = (profiles(noise(2, 3)), profiles(Array2::zeros((2, 3))));
    let config = |resample, replicates, level| BootstrapConfig { resample, replicates, level, seed: 1 };
    let sure = |map: &Profiles, config| recall_bootstrap(map, &known, Convention::TwoSided, &[95.0], config);
    a.refuses("no replicate", sure(&pair, config(Resample::Genes, 0, 0.95)), "0 replicates");
    a.refuses("a level of NaN", sure(&pair, config(Resample::Genes, 9, NAN)), "at a level of NaN");
    a.refuses("no relation", sure(&profiles(noise(1, 2)), config(Resample::Genes, 9, 0.9)), "none of the 1 relations");
    for (name, map) in [("two genes", &pair), ("two zero vectors", &zero)] {
        let all = sure(map, config(Resample::Relations, 50, 0.9)).expect("intervals").intervals[0];
        a.gives(&format!("{name}, one relation drawn anew"), all.recall, (1.0, 1.0));
        let genes = sure(map, config(Resample::Genes, 50, 0.9)).expect("intervals").intervals[0];
        a.gives(&format!("{name} drawn anew: without the pair recall is 0"), genes.recall, (0.0, 1.0));
    }
    let none = recall_bootstrap(&pair, &known, Convention::OneSided, &[], config(Resample::Genes, 5, 0.9));
    a.gives("no percentile, no interval", none.expect("a curve").intervals, vec![]);
    let null = |map: &Profiles, at: &[f64], n| recall_permutation(map, &known, Convention::TwoSided, at, n, 1);
    a.refuses("no permutation", null(&pair, &[95.0], 0), "without permutations or percentiles");
    a.refuses("no percentile", null(&pair, &[], 9), "without permutations or percentiles");
    a.gives("one pair of two genes", null(&pair, &[95.0], 9).expect("a null").overall.p_plus_one, 1.0);
    a.gives("zero vectors", null(&zero, &[95.0], 9).expect("a null").points[0].p.p, 1.0);
    a.done();
}

#[test]
fn sets_and_combinations_of_p_values() {
    let mut a = Answers::new();
    let (zero, four) = (profiles(Array2::zeros((4, 2))), profiles(noise(4, 3)));
    let sets = GeneSets::new("sets", [("a", vec!["G0", "G1"]), ("b", vec!["G2", "G3"]), ("all", names_of(4))]);
    let empty = GeneSets::new("none", Vec::<(String, Vec<String>)>::new());
    a.refuses("no set", set_coherence(&four, &empty, 0), "none of the 0 gene sets");
    a.refuses("one gene of each set", set_coherence(&profiles(noise(1, 2)), &sets, 0), "has two genes in the map");
    let same = set_coherence(&zero, &sets, 0).expect("coherence");
    a.gives("zero vectors have coherence 0, in sets as in draws", (same.ks.statistic, same.ks.p), (0.0, 1.0));
    let of = |members: &[Vec<usize>], draws: &[Vec<usize>]| set_coherence_of_draws(four.values(), members, draws);
    a.refuses("a member that is no row", of(&[vec![0, 9]], &[vec![0, 1]]), "there is no row 9 among 4");
    a.refuses("a drawn row that is none", of(&[vec![0, 1]], &[vec![0, 4]]), "there is no row 4");
    a.refuses("a draw of one", of(&[vec![0, 1]], &[vec![0]]), "fewer than two genes");
    a.refuses("a draw too many", of(&[vec![0, 1]], &[vec![0, 1], vec![0, 1]]), "2 draws for 1 sets");
    let nan = array![[1.0, NAN], [0.0, 1.0]];
    a.refuses("NaN", set_coherence_of_draws(nan.view(), &[vec![0, 1]], &[vec![0, 1]]), "a value is NaN");
    a.refuses("no set is large enough", cluster_ks(&four, &sets, 10), "has 10 genes");
    a.refuses("a set so large that none can be", cluster_ks(&four, &sets, usize::MAX), "gene sets");
    let tested = cluster_ks(&zero, &sets, 0).expect("tests");
    a.gives("sets with a gene outside", tested.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), vec!["a", "b"]);
    a.gives("zero vectors", (tested[0].ks.statistic, tested[0].ks.p), (0.0, 1.0));

    a.refuses("no p-value", fisher_combination(&[]), "no p-value to combine");
    a.refuses("NaN for a p-value", fisher_combination(&[0.1, NAN]), "NaN is no p-value");
    let ones = fisher_combination(&[1.0, 1.0, 1.0]).expect("combined");
    a.gives("all of them 1", (ones.statistic, ones.p, ones.ln_p), (0.0, 1.0, 0.0));
    let zeros = fisher_combination(&[0.0; 3]).expect("combined");
    a.gives("all of them 0: the logarithm stays finite", zeros.ln_p.is_finite() && zeros.p == 0.0, true);

    a.gives("no population", hypergeometric_upper_tail(0, 0, 0, 0).expect("a tail"), 1.0);
    a.gives("an empty set", hypergeometric_upper_tail(10, 0, 3, 0).expect("a tail"), 1.0);
    a.gives("an overlap out of reach", hypergeometric_upper_tail(10, 2, 3, 3).expect("a tail"), 0.0);
    a.refuses("a set larger than the population", hypergeometric_upper_tail(1, 2, 0, 0), "do not fit into 1");
    let wide = hypergeometric_upper_tail(20_000, 10_000, 10_000, 100).expect("a tail");
    a.gives("an overlap far below the expected one", (wide - 1.0).abs() < 1e-9, true);
    let huge = hypergeometric_upper_tail(u64::MAX, u64::MAX, u64::MAX, 5).expect("a tail");
    a.gives("everything is drawn, of as many as there are numbers", huge, 1.0);
    let rare = hypergeometric_upper_tail(1 << 40, 1 << 30, 1 << 20, 1 << 19).expect("a tail");
    a.gives("a population of a trillion", rare, 0.0);

    a.near("normal tail at its ends", &[-INF, INF, NAN].map(normal::upper_tail), &[1.0, 0.0, NAN]);
    a.near("its logarithm", &[-INF, INF, NAN].map(normal::ln_upper_tail), &[0.0, -INF, NAN]);
    a.near("quantile", &[0.0, 1.0, 0.5, -0.1, 1.1, NAN].map(normal::quantile), &[-INF, INF, 0.0, NAN, NAN, NAN]);
    a.done();
}

fn names_of(n: usize) -> Vec<&'static str> {
    ["G0", "G1", "G2", "G3", "G4", "G5"][..n].to_vec()
}

#[test]
fn ranks_cosines_and_similarity_maps() {
    let mut a = Answers::new();
    a.near("no value has a rank", &mid_ranks(&[]), &[]);
    a.near("equal values share one; NaN has none", &mid_ranks(&[2.0, NAN, 2.0, -0.0, 0.0]), &[3.5, NAN, 3.5, 1.5, 1.5]);
    a.refuses("correlation of different lengths", spearman(&[1.0], &[]), "1 values cannot be correlated with 0");
    a.refuses("with NaN", spearman(&[1.0, NAN, 2.0], &[1.0, 2.0, 3.0]), "a value is NaN");
    a.gives("of two values", spearman(&[1.0, 2.0], &[1.0, 2.0]).expect("a result"), None);
    a.gives("with a constant", spearman(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]).expect("a result"), None);
    a.gives("perfect", spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]).expect("a result"), Some((-1.0, 0.0)));

    let units = unit_rows(array![[0.0, 0.0], [NAN, 1.0], [1e300, 0.0], [0.0, 1e-300]].view());
    a.near("unit rows", units.as_slice().expect("rows"), &[0.0, 0.0, NAN, NAN, 1.0, 0.0, 0.0, 1.0]);
    let (no_rows, one_row) = (Array2::<f64>::zeros((0, 2)), array![[1.0, 0.0]]);
    a.gives("mean of no pair", mean_off_diagonal(one_row.view()), None);
    a.gives("mean of no row", mean_with_diagonal(no_rows.view()), None);
    a.gives("mean between none", mean_between(one_row.view(), no_rows.view()), None);
    a.gives("mean cosine of one profile", mean_cosine(&profiles(noise(1, 2))), None);
    a.gives("of zero vectors", mean_cosine(&profiles(Array2::zeros((3, 2)))), Some(0.0));
    a.gives("pairs of no row", CosinePairs::new(no_rows.view()).values().len(), 0);
    a.gives("pairs of one row", CosinePairs::new(one_row.view()).values().len(), 0);
    a.near("pairs of zero vectors", CosinePairs::new(Array2::zeros((2, 3)).view()).values(), &[0.0]);

    let (map, same) = (profiles(noise(4, 3)), profiles(Array2::ones((4, 3))));
    a.refuses("maps of different genes", map_agreement(&map, &profiles(noise(3, 3))), "4 and 3 genes");
    a.refuses("maps of two genes", map_agreement(&profiles(noise(2, 3)), &profiles(noise(2, 3))), "no order");
    a.refuses("a map without differences", map_agreement(&map, &same), "have no order to compare");
    let zero = similarity_map(&profiles(Array2::zeros((2, 2))));
    a.near("the map of zero vectors", zero.cosines(&[0, 1]).as_slice().expect("a matrix"), &[0.0; 4]);
    a.gives("no row of it", zero.cosines(&[]).dim(), (0, 0));
    a.refuses("genes that it lacks", zero.rows_of(&["TP53"]), "0 of 1 genes are in the map");
    a.gives("the map of nothing", similarity_map(&profiles(Array2::zeros((0, 2)))).keys.len(), 0);

    a.near("normal scores of nothing", &quantile_normalise(&[], 1.0, TiedRank::Max), &[]);
    a.near("of one value", &quantile_normalise(&[7.0], 1.0, TiedRank::Max), &[0.0]);
    a.near("of equal values", &quantile_normalise(&[7.0; 3], 1.0, TiedRank::Mid), &[0.0; 3]);
    a.near("NaN does not count", &quantile_normalise(&[7.0, NAN], 1.0, TiedRank::Max), &[0.0, NAN]);
    let arm = genome(&[("chr1p", 2)]);
    a.refuses("a heat map of one gene", quantile_heatmap_matrix(&profiles(noise(1, 2)), &arm), "1 of the 1 profiles");
    let flat = quantile_heatmap_matrix(&profiles(Array2::zeros((2, 2))), &arm).expect("a heat map");
    a.near("of zero vectors", flat.matrix.as_slice().expect("a matrix"), &[1.0, 0.0, 0.0, 1.0]);
    a.done();
}

#[test]
fn proximity_and_background_norms() {
    let mut a = Answers::new();
    let nowhere = genome(&[]);
    let (map, zero) = (profiles(noise(44, 5)), profiles(Array2::zeros((44, 5))));
    let arms = genome(&[("chr1p", 22), ("chr1q", 22)]);
    let known = Relations::from_pairs("CORUM", [("G0", "G1"), ("G0", "G30")]);
    a.refuses("cosines without positions", arm_cosines(&map, &nowhere), "position");
    a.refuses("mean without positions", mean_same_arm_cosine(&map, &nowhere), "position");
    a.refuses("bias without positions", proximity_bias(&map, &nowhere), "position");
    a.refuses("score without positions", proximity_score(&map, &nowhere, ScoreConfig::default()), "position");
    a.refuses("gene by gene without positions", gene_proximity(&map, &nowhere), "position");
    a.refuses("recall without positions", arm_recall(&map, &known, &nowhere, (0.05, 0.95)), "on the genome");
    let alone = profiles(noise(1, 5));
    a.gives("an arm of one gene", arm_cosines(&alone, &arms).expect("arms").arms[0].within, None);
    a.gives("no arm of two", mean_same_arm_cosine(&alone, &arms).expect("a mean"), None);
    a.gives("zero vectors", mean_same_arm_cosine(&zero, &arms).expect("a mean"), Some(0.0));

    a.refuses("one arm alone", proximity_bias(&map, &genome(&[("chr1p", 44)])), "at least two arms");
    let flat = proximity_bias(&zero, &arms).expect("tests");
    a.gives("zero vectors have no bias", (flat.genome_wide.prob, flat.genome_wide.is_degenerate()), (0.5, true));
    a.near("and no p-value", &[flat.genome_wide.p_two_sided, flat.arms[0].p_bonferroni], &[NAN, NAN]);
    a.gives("no arm is large enough", proximity_bias_above(&map, &arms, usize::MAX).expect("tests").arms.len(), 0);
    a.refuses("genes of one arm", gene_proximity(&map, &genome(&[("chr1p", 44)])), "second sample has 0 values");
    a.refuses("small arms", gene_proximity(&map, &genome(&[("chr1p", 9), ("chr1q", 9)])), "the largest has 9");
    let genes = gene_proximity(&zero, &arms).expect("genes");
    a.gives("zero vectors gene by gene", (genes.prob[0], genes.arms[0].rho), (Some(0.5), None));
    let score = |map: &Profiles, trials, samples| proximity_score(map, &arms, ScoreConfig { trials, samples, seed: 1 });
    a.refuses("no trial", score(&map, 0, 50), "make no trials");
    a.refuses("one sample", score(&map, 5, 1), "the first sample has 1 values");
    a.refuses("zero vectors have no score", score(&zero, 5, 50), "no p-value");
    a.refuses("one large arm", proximity_score(&map, &genome(&[("chr1p", 9)]), ScoreConfig::default()), "1 arms have");
    let draws = |shape, gene| {
        let filled = |value| Array2::from_elem(shape, value);
        ScoreDraws {
            intra_gene: filled(gene),
            intra_partner: filled(0),
            inter_gene: filled(0),
            inter_partner: filled(0),
        }
    };
    a.refuses("a gene out of range", proximity_score_of_draws(&map, &arms, &draws((2, 5), 44)), "names gene 44 of 44");
    a.refuses("no draw", proximity_score_of_draws(&map, &arms, &draws((0, 0), 0)), "make no trials");
    let recalled = arm_recall(&zero, &known, &arms, (0.05, 0.95)).expect("recall");
    a.gives("zero vectors recall nothing", (recalled.within, recalled.across), (Some(0.0), Some(0.0)));
    a.refuses("a threshold of NaN", arm_recall(&map, &known, &arms, (NAN, 0.95)), "no thresholds");
    let within = arm_recall(&map, &Relations::from_pairs("r", [("G0", "G1")]), &arms, (0.05, 0.95)).expect("recall");
    a.gives("no relation across", (within.n_across, within.across), (0, None));

    let blocks = |values: Array2<f64>| {
        let with = profiles(values).with_block("salient", 0..1).and_then(|p| p.with_block("background", 1..2));
        with.expect("blocks")
    };
    a.refuses("no blocks", background_norms(&profiles(noise(3, 2)), "G0"), "salient");
    a.refuses("no control", background_norms(&blocks(noise(3, 2)), "nt"), "nt");
    a.refuses("the control alone", background_norms(&blocks(noise(1, 2)), "G0"), "no gene differs");
    a.refuses("genes like the control", background_norms(&blocks(Array2::ones((3, 2))), "G0"), "no gene differs");
    let one = background_norms(&blocks(array![[1.0, 1.0], [1.0, 1.0], [2.0, 3.0]]), "G0").expect("norms");
    a.near("a gene without any norm", &[one.salient[0], one.background[0], one.relative[0]], &[0.0, 0.0, 0.5]);
    a.near("mitotic index", &[mitotic_index(0.1, 0.0), mitotic_index(0.0, 0.0)], &[INF, NAN]);
    let norms = BackgroundNorms {
        genes: names(3),
        salient: vec![1.0; 3],
        background: vec![1.0; 3],
        relative: vec![0.5, 0.5, 0.5],
    };
    let ranked = |index: &[f64], factors: &[&str], limit| mitotic_factors(&norms, index, factors, limit);
    a.refuses("too few indices", ranked(&[1.0], &["G0"], 0.0), "3 genes, 3 norms and 1 mitotic indices");
    a.refuses("indices of NaN", ranked(&[NAN; 3], &["G0"], 0.0), "0 factors and 0 other genes");
    a.refuses("a limit of NaN", ranked(&[1.0; 3], &["G0"], NAN), "above NaN");
    a.refuses("factors only", ranked(&[1.0; 3], &["G0", "G1", "G2"], 0.0), "3 factors and 0 other genes");
    a.gives("ties", ranked(&[1.0; 3], &["G0"], 0.0).expect("a ranking").by_background.auc, 0.5);
    a.done();
}

#[test]
fn two_samples() {
    let mut a = Answers::new();
    let (one, two) = ([1.0], [1.0, 2.0]);
    a.refuses("KS of nothing", ks_test(&[], &one), "first sample is empty");
    a.refuses("KS of NaN", ks_test_with(&one, &[NAN], KsLaw::Limit), "second sample holds NaN");
    for law in [KsLaw::Auto, KsLaw::Exact, KsLaw::Finite, KsLaw::Limit] {
        let same = ks_test_with(&[3.0; 4], &[3.0; 2], law).expect("a test");
        a.gives(&format!("KS of equal values, {law:?}"), (same.statistic, same.p), (0.0, 1.0));
    }
    a.gives("KS of one value each", ks_test(&[INF], &[-INF]).expect("a test").statistic, 1.0);
    a.refuses("Brunner-Munzel of one value", brunner_munzel(&one, &two), "first sample has 1 values");
    a.refuses("Brunner-Munzel of NaN", brunner_munzel(&two, &[NAN, 1.0]), "second sample holds NaN");
    let apart = brunner_munzel(&[3.0, 4.0], &two).expect("a test");
    a.gives("samples apart", (apart.prob, apart.is_degenerate()), (1.0, true));
    a.near("have no p-value", &[apart.p_greater, apart.ln_p_less, apart.df, apart.p_two_sided_t()], &[NAN; 4]);
    a.gives("equal values", brunner_munzel(&[1.0; 3], &[1.0; 3]).expect("a test").prob, 0.5);
    a.refuses("Welch of one value", welch_t(&one, &two), "first sample has fewer than two");
    a.refuses("Welch of an infinite value", welch_t(&two, &[1.0, INF]), "not finite");
    let flat = welch_t(&[2.0; 3], &[2.0; 2]).expect("a test");
    a.near("equal constants", &[flat.t, flat.p, flat.p_greater, flat.df], &[0.0, 1.0, 0.5, NAN]);
    let flat = welch_t(&[3.0; 3], &[2.0; 2]).expect("a test");
    a.near("different constants", &[flat.t, flat.p, flat.p_greater], &[INF, 0.0, 0.0]);
    a.refuses("Mann-Whitney of nothing", mann_whitney(&one, &[]), "second sample is empty");
    a.refuses("Mann-Whitney of NaN", mann_whitney(&[NAN], &one), "first sample holds NaN");
    for law in [MannWhitneyLaw::Auto, MannWhitneyLaw::Exact, MannWhitneyLaw::Normal, MannWhitneyLaw::NormalUncorrected]
    {
        let same = mann_whitney_with(&[3.0; 4], &[3.0; 2], law).expect("a test");
        a.near(&format!("Mann-Whitney of equal values, {law:?}"), &[same.prob, same.p_two_sided], &[0.5, 1.0]);
    }
    let many: Vec<f64> = (0..20_000).map(f64::from).collect();
    let few: Vec<f64> = (0..8).map(|i| f64::from(i) + 0.5).collect();
    let mixed = mann_whitney(&few, &many).expect("a test");
    a.gives("a small sample among many takes the normal law", mixed.p_less < 1e-5, true);
    a.refuses("unless the exact one is asked for", mann_whitney_with(&few, &many, MannWhitneyLaw::Exact), "too large");

    a.refuses("no null", empirical_p(1.0, &[]), "no null statistic");
    a.refuses("a null of NaN", empirical_p(1.0, &[NAN]), "a statistic is NaN");
    a.refuses("a statistic of NaN", empirical_p(NAN, &[1.0]), "a statistic is NaN");
    a.gives("ties count", empirical_p(1.0, &[1.0; 4]).expect("a p-value").p, 1.0);
    for correction in [Adjustment::Bonferroni, Adjustment::BenjaminiHochberg, Adjustment::BenjaminiYekutieli] {
        a.gives("no p-value to adjust", adjusted(&[], correction).expect("adjusted").len(), 0);
        a.near("only NaN", &adjusted(&[NAN, NAN], correction).expect("adjusted"), &[NAN, NAN]);
        a.near("one beside NaN", &adjusted(&[NAN, 0.25], correction).expect("adjusted"), &[NAN, 0.25]);
        a.refuses("more than 1", adjusted(&[1.1], correction), "1.1 is no p-value");
    }

    let (x, none, zero) = (noise(3, 2), Array2::zeros((0, 2)), Array2::<f64>::zeros((3, 2)));
    let energy = |x: &Array2<f64>, y: &Array2<f64>, metric, within| energy_distance(x.view(), y.view(), metric, within);
    for metric in [Metric::Cosine, Metric::Euclidean] {
        a.refuses("energy of nothing", energy(&none, &x, metric, Within::All), "first sample");
        a.refuses(
            "energy without columns",
            energy(&Array2::zeros((2, 0)), &Array2::zeros((2, 0)), metric, Within::All),
            "0 columns",
        );
        a.refuses("energy of one row over pairs", energy(&x, &noise(1, 2), metric, Within::Distinct), "second sample");
        a.refuses("energy of other columns", energy(&x, &noise(3, 4), metric, Within::All), "2 and 4 columns");
        a.refuses("energy of NaN", energy(&x, &array![[NAN, 1.0]], metric, Within::All), "a value is NaN");
        a.near("energy of equal samples", &[energy(&x, &x, metric, Within::All).expect("energy").distance], &[0.0]);
        let flat = energy(&zero, &zero, metric, Within::Distinct).expect("energy");
        let far = if metric == Metric::Cosine { 1.0 } else { 0.0 };
        a.near("energy of zero vectors", &[flat.distance, flat.between], &[0.0, far]);
        let sums = energy_distance_by_sums(zero.view(), x.view(), metric, Within::All).expect("energy");
        a.near("by sums", &[sums.distance], &[energy(&zero, &x, metric, Within::All).expect("energy").distance]);
        a.refuses("by sums of nothing", energy_distance_by_sums(none.view(), x.view(), metric, Within::All), "first");
        a.near("mean distance to none", &[mean_distance(x.view(), none.view(), metric)], &[NAN]);
        a.near("to other columns", &[mean_distance(x.view(), noise(2, 4).view(), metric)], &[NAN]);
    }
    let matrix = |labels: &[&str], config| energy_matrix(x.view(), labels, &config);
    let usual = EnergyConfig::default();
    a.refuses("a label too few", matrix(&["a", "b"], usual.clone()), "3 rows and 2 labels");
    a.refuses("no cells", energy_matrix(none.view(), &[] as &[&str], &usual), "0 rows");
    let of = |groups: Vec<String>| EnergyConfig { groups: Some(groups), ..EnergyConfig::default() };
    a.refuses("no group", matrix(&["a", "a", "b"], of(vec![])), "no group was asked for");
    a.refuses("a group without cells", matrix(&["a", "a", "b"], of(vec!["c".into()])), "no row is labelled \"c\"");
    let centre = EnergyConfig { centre: Some("c".into()), ..EnergyConfig::default() };
    a.refuses("an origin without cells", matrix(&["a", "a", "b"], centre), "no row is labelled \"c\"");
    let alone = matrix(&["a"; 3], usual.clone()).expect("a matrix");
    a.gives("one group", (alone.values.dim(), alone.pairs().len(), alone.values[[0, 0]]), ((1, 1), 0, 0.0));
    let single = EnergyConfig { within: Within::Distinct, ..EnergyConfig::default() };
    a.near("a group of one cell over pairs", &matrix(&["a", "a", "b"], single).expect("a matrix").pairs(), &[NAN]);
    a.refuses("a group that is not there", alone.between("a", "z"), "no group is named \"z\"");
    a.gives("the largest of no group", largest_groups(&[] as &[&str], "nt", usize::MAX).len(), 0);
    a.gives("the largest 0", largest_groups(&["a", "nt"], "nt", 0), vec!["nt".to_owned()]);
    a.done();
}

#[test]
fn magnitude_and_consistency() {
    let mut a = Answers::new();
    let labels = ["A", "A", "A", "nt", "nt", "nt"];
    let (cells, same) = (noise(6, 3), Array2::<f64>::ones((6, 3)));
    let quick = MagnitudeConfig { permutations: 19, min_cells: 2, ..MagnitudeConfig::default() };
    let of = |cells: &Array2<f64>, config| perturbation_magnitude(cells.view(), &labels, "nt", config);
    let mahalanobis = |ridge| MagnitudeConfig { statistic: MagnitudeStatistic::Mahalanobis { ridge }, ..quick };
    let cosine = MagnitudeConfig { statistic: MagnitudeStatistic::Energy(Metric::Cosine), ..quick };
    a.refuses("no permutation", of(&cells, MagnitudeConfig { permutations: 0, ..quick }), "0 permutations");
    a.refuses(
        "no perturbation large enough",
        of(&cells, MagnitudeConfig { min_cells: 4, ..quick }),
        "0 perturbations of 4",
    );
    a.refuses("one control", of(&cells, MagnitudeConfig { max_controls: 1, ..quick }), "1 controls");
    a.refuses("no such control", perturbation_magnitude(cells.view(), &labels, "NTC", quick), "\"NTC\"");
    a.refuses("controls alone", perturbation_magnitude(cells.view(), &["nt"; 6], "nt", quick), "0 perturbations");
    a.refuses(
        "no cells",
        perturbation_magnitude(Array2::<f64>::zeros((0, 3)).view(), &[] as &[&str], "nt", quick),
        "0 rows",
    );
    a.refuses("NaN", of(&cells.mapv(|_| NAN), quick), "a value is NaN");
    a.refuses("no covariance", of(&same, mahalanobis(0.1)), "covariance of the controls");
    a.refuses("fewer controls than features", of(&cells, mahalanobis(0.0)), "raise the ridge");
    a.refuses("a ridge of NaN", of(&cells, mahalanobis(NAN)), "a ridge of NaN");
    for (name, config, cells) in [
        ("equal cells", quick, &same),
        ("equal directions", cosine, &same),
        ("zero vectors", cosine, &same.mapv(|_| 0.0)),
    ] {
        let p = &of(cells, config).expect("tests").perturbations[0].p;
        a.near(name, &[p.observed, p.p_plus_one], &[0.0, 1.0]);
    }
    let one = of(&cells, MagnitudeConfig { max_cells: 0, min_cells: 0, ..quick }).expect("tests");
    a.gives("at most 0 cells count as 1", one.perturbations[0].n, 1);

    let controls = |names: &[&str]| ConsistencyNull::Controls(names.iter().map(|n| (*n).to_owned()).collect());
    let test = |cells: &Array2<f64>, labels: &[&str], null: &ConsistencyNull| {
        replicate_consistency(cells.view(), labels, null)
    };
    let draws = |n| ConsistencyNull::Draws { n, seed: 1 };
    a.refuses("no null of draws", test(&cells, &labels, &draws(0)), "no null statistic");
    a.refuses("no control", test(&cells, &labels, &controls(&[])), "no null statistic");
    a.refuses("an unknown control", test(&cells, &labels, &controls(&["NTC"])), "\"NTC\"");
    a.refuses(
        "no replicates",
        test(&cells, &["a", "b", "c", "d", "e", "f"], &draws(9)),
        "no perturbation has two replicates",
    );
    a.refuses("one row", test(&noise(1, 3), &["a"], &draws(9)), "1 rows");
    a.refuses("NaN", test(&cells.mapv(|_| NAN), &labels, &draws(9)), "a value is NaN");
    let zero = test(&same.mapv(|_| 0.0), &labels, &draws(9)).expect("tests");
    a.gives("zero vectors", (zero.perturbations[0].p.observed, zero.perturbations[0].p.p), (0.0, 1.0));
    a.gives("nothing is consistent at NaN", zero.share_consistent(NAN), 0.0);
    a.gives("one label for all rows", test(&cells, &["A"; 6], &draws(9)).expect("tests").perturbations[0].p.p, 1.0);
    a.done();
}

#[test]
fn retrieval() {
    let mut a = Answers::new();
    a.near("precision of nothing", &[average_precision(&[]), average_precision(&[false])], &[NAN, NAN]);
    a.near(
        "without a relevant item, and with too many",
        &[random_average_precision(0, 5), random_average_precision(6, 5)],
        &[NAN, NAN],
    );
    a.near("among no item", &[random_average_precision(0, 0)], &[NAN]);
    a.gives("among as many as there are numbers", random_average_precision(1, usize::MAX) < 1e-17, true);
    let (short, long): (f64, f64) = (random_average_precision(9, 1 << 20), random_average_precision(9, (1 << 20) + 1));
    a.near("short and long lists meet", &[long], &[short]);

    let labels = |names: &[&str]| RowLabels::new(names);
    let (x, ab) = (noise(6, 3), labels(&["a", "a", "a", "b", "b", "b"]));
    let (empty, nobody) = (Array2::<f64>::zeros((0, 3)), RowLabels::new(&[] as &[&str]));
    let (zero, same) = (Array2::<f64>::zeros((6, 3)), Array2::<f64>::ones((6, 3)));
    let all = ["a", "b"].map(String::from);
    let controls = ab.clone().with_controls(&all).expect("controls");
    let bad = array![[NAN, 1.0], [1.0, 1.0], [0.0, 1.0]];
    a.gives("no labels", (nobody.len(), nobody.names().len()), (0, 0));
    a.refuses("a control that no row has", ab.clone().with_controls(&["nt"]), "no row has the label \"nt\"");
    let overlap = GeneSets::new("s", [("x", vec!["A"]), ("y", vec!["A"])]);
    a.refuses("a gene of two sets", RowLabels::of_sets(&["A"], &overlap), "is in two gene sets");

    let knn = |x: &Array2<f64>, labels: &RowLabels, k, metric| {
        knn_accuracy(x, labels, &KnnConfig { k, metric, ..KnnConfig::default() })
    };
    a.refuses("kNN of nothing", knn(&empty, &nobody, 1, Metric::Cosine), "0 points do not have 1 neighbours");
    a.refuses("kNN, a label too few", knn(&x, &labels(&["a"]), 1, Metric::Cosine), "1 labels for 6 rows");
    for k in [0, 6, usize::MAX] {
        a.refuses("kNN of too few rows", knn(&x, &ab, k, Metric::Cosine), &format!("do not have {k} neighbours"));
        a.refuses(
            "hits of too few rows",
            hits_at_k(&x, &ab, k, Metric::Cosine),
            &format!("do not have {k} neighbours"),
        );
        a.refuses("connectivity of too few", graph_connectivity(&x, &ab, k, Metric::Cosine), "ask for 1 to 5");
        a.refuses("mixing of too few", batch_mixing(&x, &ab, k, Metric::Cosine), "ask for 1 to 5");
    }
    a.refuses("kNN of NaN", knn(&bad, &labels(&["a", "a", "b"]), 1, Metric::Cosine), "the points hold NaN");
    a.refuses("kNN of zero vectors", knn(&zero, &ab, 2, Metric::Cosine), "all are zero vectors");
    a.refuses(
        "controls alone",
        knn_accuracy(&x, &controls, &KnnConfig { drop_controls: true, ..KnnConfig::default() }),
        "0 points",
    );
    let nan = KnnConfig { votes: Votes::Exponential { rate: NAN }, k: 2, ..KnnConfig::default() };
    a.refuses("votes of NaN", knn_accuracy(&x, &ab, &nan), "cannot have the rate NaN");
    let one = knn(&x, &labels(&["a"; 6]), 2, Metric::Cosine).expect("an accuracy");
    a.gives("one label", (one.accuracy, one.balanced_accuracy, one.random), (1.0, 1.0, 1.0));
    let tied = knn(&same, &ab, 1, Metric::Euclidean).expect("an accuracy");
    a.gives("equal rows have the first others for neighbours", tied.predicted, vec![Some(0); 6]);
    a.gives("no vote", Votes::Equal.winner(&[], &[]), None);

    for (name, near) in [
        ("no neighbours", by_hand(Array2::zeros((6, 0)))),
        ("a row that is none", by_hand(Array2::from_elem((6, 1), 9))),
    ] {
        a.refuses(name, knn_accuracy_of(&near, &ab, Votes::Equal), "neighbour");
        a.refuses(name, hits_at_k_of(&near, &ab), "neighbour");
        a.refuses(name, graph_connectivity_of(&near, &ab), "neighbour");
        a.refuses(name, batch_mixing_of(&near, &ab), "neighbour");
    }
    a.refuses("no points", graph_connectivity_of(&by_hand(Array2::zeros((0, 1))), &nobody), "neighbours of 0 points");

    a.refuses(
        "hits without replicates",
        hits_at_k(&x, &labels(&["a", "b", "c", "d", "e", "f"]), 2, Metric::Cosine),
        "no row has another one",
    );
    a.refuses("hits of controls", hits_at_k(&x, &controls, 2, Metric::Cosine), "not by controls only");
    let hits = hits_at_k(&zero, &ab, 5, Metric::Cosine).expect("hits");
    a.gives("zero vectors hit nothing", (hits.points[4].hits, hits.points[4].recall), (0.0, 0.0));
    a.near("where chance must", &[hits.points[4].random], &[1.0]);
    let apart = graph_connectivity(&zero, &ab, 2, Metric::Cosine).expect("connectivity");
    a.near("zero vectors are connected to none", &[apart.mean], &[1.0 / 3.0]);
    let alone =
        graph_connectivity(&x, &labels(&["a", "b", "c", "d", "e", "f"]), 2, Metric::Cosine).expect("connectivity");
    a.gives("groups of one", alone.mean, 1.0);
    a.refuses("mixing of one batch", batch_mixing(&x, &labels(&["a"; 6]), 2, Metric::Cosine), "one batch alone");
    a.refuses("mixing of zero vectors", batch_mixing(&zero, &ab, 2, Metric::Cosine), "all are zero vectors");

    let map = |x: &Array2<f64>, labels: &RowLabels, config| mean_average_precision(x, labels, &config);
    let usual = PrecisionConfig::default;
    a.refuses("precision of nothing", map(&empty, &nobody, usual()), "0 points of 3 dimensions");
    a.refuses("without columns", mean_average_precision(&Array2::<f64>::zeros((6, 0)), &ab, &usual()), "0 dimensions");
    a.refuses("of NaN", map(&bad, &labels(&["a", "a", "b"]), usual()), "the points hold NaN");
    a.refuses(
        "without replicates",
        map(&x, &labels(&["a", "b", "c", "d", "e", "f"]), usual()),
        "no row has another one",
    );
    a.refuses("of controls", map(&x, &controls, usual()), "not by controls only");
    let across =
        |batches: &[&str]| PrecisionConfig { across: Some((RowLabels::new(batches), LeftOut::SameBatch)), ..usual() };
    a.refuses("across one batch", map(&x, &ab, across(&["1"; 6])), "rows of two batches");
    a.refuses("across batches of other rows", map(&x, &ab, across(&["1"])), "1 labels for 6 rows");
    for (name, x, metric) in [("zero vectors", &zero, Metric::Cosine), ("equal rows", &same, Metric::Euclidean)] {
        let tied = map(x, &ab, PrecisionConfig { metric, permutations: 9, ..usual() }).expect("precision");
        a.near(&format!("{name} share the last rank"), &[tied.mean_over_queries], &[0.4]);
        a.gives(&format!("{name} under permuted labels"), tied.null.expect("a null").p, 1.0);
    }
    let one = map(&x, &labels(&["a"; 6]), usual()).expect("precision");
    a.gives("one label", (one.mean_over_queries, one.random), (1.0, 1.0));

    a.refuses("no draw", percent_strong(&x, &ab, 0, 1), "no random group");
    a.refuses("one label alone", percent_strong(&x, &labels(&["a"; 6]), 9, 1), "1 of 1 labels have replicates");
    a.refuses("no replicates", percent_strong(&x, &labels(&["a", "b", "c", "d", "e", "f"]), 9, 1), "0 of 6 labels");
    a.refuses("controls", percent_strong(&x, &controls, 9, 1), "0 of 0 labels");
    a.refuses("NaN", percent_strong(&bad, &labels(&["a", "a", "b"]), 9, 1), "the points hold NaN");
    let flat = percent_strong(&zero, &ab, 9, 1).expect("groups");
    a.gives("zero vectors are not strong", (flat.percent, flat.groups[0].p), (0.0, 1.0));

    a.refuses("pairs of nothing", pair_similarities(&empty, &nobody), "0 points");
    a.refuses("pairs of controls", pair_similarities(&x, &controls), "0 points");
    a.refuses("pairs of NaN", pair_similarities(&bad, &labels(&["a", "a", "b"])), "the points hold NaN");
    let one = pair_similarities(&x, &labels(&["a"; 6])).expect("pairs");
    a.near("one label: no other pair", &[one.mean_different, one.ks()], &[NAN, NAN]);
    a.refuses("and no enrichment", one.enrichment(0.1), "15 pairs with the same label and 0 others");
    let flat = pair_similarities(&zero, &ab).expect("pairs");
    a.near("pairs of zero vectors", &[flat.mean_same, flat.mean_different, flat.ks()], &[0.0, 0.0, 0.0]);
    a.refuses("the top NaN", flat.enrichment(NAN), "top NaN");
    let top = flat.enrichment(0.1).expect("an enrichment");
    a.gives("ties are all at the top", (top.n_top, top.odds_ratio, top.fold), (15, 1.0, 1.0));
    a.done();
}

#[test]
fn clustering() {
    let mut a = Answers::new();
    let none: [usize; 0] = [];
    a.refuses("no item", Contingency::new(&none, &none), "no item was clustered");
    a.refuses("a cluster too few", cluster_scores(&[1, 2], &[1]), "1 labels for 2 points");
    let score = |truth: &[usize], clusters: &[usize]| {
        let s = cluster_scores(truth, clusters).expect("scores");
        [s.purity, s.nmi, s.ari, s.mutual_information]
    };
    a.near("one class, one cluster", &score(&[0; 4], &[7; 4]), &[1.0, 1.0, 1.0, 0.0]);
    a.near("one item", &score(&[0], &[0]), &[1.0, 1.0, 1.0, 0.0]);
    a.near("two classes, one cluster", &score(&[0, 0, 1, 1], &[0; 4]), &[0.5, 0.0, 0.0, 0.0]);
    a.near("one class, a cluster for each", &score(&[0; 4], &[0, 1, 2, 3]), &[1.0, 0.0, 0.0, 0.0]);
    a.near("a class and a cluster for each", &score(&[0, 1], &[1, 0]), &[1.0, 1.0, 1.0, 2.0_f64.ln()]);

    let (x, same) = (noise(6, 2), Array2::<f64>::ones((6, 2)));
    let nan = array![[1.0], [NAN]];
    for k in [0, 7, usize::MAX] {
        a.refuses(
            "too many clusters",
            kmeans(&x, &KMeansConfig::new(k)),
            &format!("6 points do not make {k} clusters"),
        );
    }
    a.refuses("no points", kmeans(&Array2::<f64>::zeros((0, 2)), &KMeansConfig::new(1)), "0 points do not make 1");
    a.refuses("no columns", kmeans(&Array2::<f64>::zeros((3, 0)), &KMeansConfig::new(1)), "no dimension");
    a.refuses("NaN", kmeans(&nan, &KMeansConfig::new(1)), "the points hold NaN");
    a.refuses(
        "numbers without squares",
        kmeans(&array![[1e200], [0.0]], &KMeansConfig::new(1)),
        "scale the columns down",
    );
    a.refuses(
        "a tolerance of NaN",
        kmeans(&x, &KMeansConfig { tolerance: NAN, ..KMeansConfig::new(2) }),
        "NaN is no tolerance",
    );
    a.refuses("no run", kmeans_best(&x, &KMeansConfig::new(2), 0), "no run of k-means");
    for start in [Start::RandomRows, Start::PlusPlus] {
        let found = kmeans(&same, &KMeansConfig { start, ..KMeansConfig::new(3) }).expect("clusters");
        a.gives(
            "equal points share a cluster",
            (found.sizes(), found.inertia, found.converged),
            (vec![6, 0, 0], 0.0, true),
        );
        let each = kmeans(&x, &KMeansConfig { start, ..KMeansConfig::new(6) }).expect("clusters");
        a.gives("a cluster for each point", (each.sizes(), each.inertia), (vec![1; 6], 0.0));
    }
    let still = kmeans(&x, &KMeansConfig { max_iterations: 0, ..KMeansConfig::new(2) }).expect("clusters");
    a.gives("no iteration", (still.iterations, still.converged, still.labels.len()), (0, false, 6));
    let centres = array![[0.0, 0.0], [9.0, 9.0]];
    a.refuses("no centre", lloyd(&x, Array2::zeros((0, 2)).view(), 9, 0.0), "do not fit points");
    a.refuses("no point", lloyd(&Array2::<f64>::zeros((0, 2)), centres.view(), 9, 0.0), "do not fit points");
    a.refuses("a centre of NaN", lloyd(&x, array![[NAN, 0.0]].view(), 9, 0.0), "the centres hold NaN");
    a.refuses("no tolerance", lloyd(&x, centres.view(), 9, NAN), "NaN is no tolerance");
    let far = lloyd(&x, centres.view(), usize::MAX, 0.0).expect("clusters");
    a.gives("a centre without points takes the farthest one, and it ends", far.sizes().contains(&0), false);

    let (ab, quick) = (["a", "a", "a", "b", "b", "b"], ClusterConfig { runs: 3, ..ClusterConfig::default() });
    a.refuses(
        "no run at all",
        cluster_runs(&x, &ab, &ClusterConfig { runs: 0, ..quick.clone() }),
        "0 runs on 6 points",
    );
    a.refuses("a class too few", cluster_runs(&x, &ab[..5], &quick), "5 labels for 6 points");
    a.refuses("no point to cluster", cluster_runs(&Array2::<f64>::zeros((0, 2)), &none, &quick), "0 points");
    a.refuses("NaN in runs", cluster_runs(&nan, &[0, 1], &quick), "the points hold NaN");
    let one = cluster_runs(&x, &["a"; 6], &quick).expect("runs");
    a.gives("one class", (one.k, one.purity().mean, one.nmi().mean, one.ari().mean), (1, 1.0, 1.0, 1.0));
    let unit = ClusterConfig { unit: true, ..quick.clone() };
    let zero = cluster_runs(&same.mapv(|_| 0.0), &ab, &unit).expect("runs");
    a.gives("zero vectors", (zero.purity().mean, zero.ari().mean), (0.5, 0.0));
    let single = cluster_runs(&x, &ab, &ClusterConfig { runs: 1, ..quick.clone() }).expect("a run");
    a.near("one run has no spread", &[single.purity().sd, Spread::of([]).mean, Spread::of([2.0]).sd], &[NAN; 3]);
    a.refuses("no number of clusters", cluster_sweep(&x, &ab, &[], &quick), "no number of clusters");
    a.refuses("0 among them", cluster_sweep(&x, &ab, &[2, 0], &quick), "do not make 0 clusters");
    a.refuses("more than points", cluster_sweep(&x, &ab, &[7], &quick), "do not make 7 clusters");
    a.refuses(
        "an entry that is not there",
        cluster_sweep(&x, &ab, &[2], &quick).expect("a sweep").at(3).map(|_| ()),
        "no entry for 3",
    );

    for metric in [Metric::Euclidean, Metric::Cosine] {
        a.refuses("silhouettes of one group", silhouette(&x, &["a"; 6], metric), "there is 1 of them");
        a.refuses("of no item", silhouette(&Array2::<f64>::zeros((0, 2)), &none, metric), "there is 0 of them");
        a.refuses("of NaN", silhouette(&nan, &[0, 1], metric), "the points hold NaN");
        a.near(
            "of groups of one",
            &silhouette(&x, &[0, 1, 2, 3, 4, 5], metric).expect("silhouettes").samples,
            &[0.0; 6],
        );
        a.near("of equal points", &silhouette(&same, &ab, metric).expect("silhouettes").samples, &[0.0; 6]);
        a.near("of zero vectors", &[silhouette(&same.mapv(|_| 0.0), &ab, metric).expect("silhouettes").mean], &[0.0]);
    }
    let rays = Array2::from_shape_fn((6, 3), |(i, j)| (i + 1) as f64 * [0.1, 0.7, 0.3][j]);
    let rays = silhouette(&rays, &ab, Metric::Cosine).expect("silhouettes");
    a.near("of one direction at six lengths", &rays.samples, &[0.0; 6]);
    let sets = GeneSets::new("s", [("a", vec!["A"]), ("b", vec!["A", "B"])]);
    a.refuses("no known gene", in_one_set(&profiles(noise(2, 2)), &sets), "none of the 2 profiles belongs");
    let known = Profiles::new(vec!["A".into()], noise(1, 2)).expect("profiles");
    a.refuses("a gene of two sets", in_one_set(&known, &sets), "belongs to \"a\" and to \"b\"");
    a.done();
}

#[test]
fn classification() {
    let mut a = Answers::new();
    let classes = |names: &[&str]| Classes::new(names).expect("classes");
    let (x, ab) = (noise(8, 2), classes(&["a", "b", "a", "b", "a", "b", "a", "b"]));
    let (one, nan) = (classes(&["a"; 8]), Array2::from_elem((8, 2), NAN));
    a.refuses("no label", Classes::new(&[] as &[&str]), "no label");
    a.refuses("no code", Classes::from_codes(vec![], vec!["a".into()]), "no label");
    a.refuses("a code without a name", Classes::from_codes(vec![0, 3], vec!["a".into()]), "class 3 has no name");
    a.gives("no row is selected", ab.select(&[]).is_empty(), true);

    a.refuses("ROC of nothing", roc_curve(&[], &[]), "0 positives and 0 negatives");
    a.refuses("ROC of positives", roc_auc(&[true, true], &[1.0, 2.0]), "2 positives and 0 negatives");
    a.refuses("ROC of NaN", roc_auc(&[true, false], &[1.0, NAN]), "a score is NaN");
    a.gives("ROC of ties", roc_auc(&[true, false, true], &[1.0; 3]).expect("an area"), 0.5);
    a.gives("infinite scores", roc_auc(&[true, false], &[INF, -INF]).expect("an area"), 1.0);
    a.refuses("precision of nothing", precision_recall(&[], &[]), "no row is positive");
    a.refuses("precision of negatives", precision_recall(&[false], &[1.0]), "no row is positive");
    a.gives(
        "precision of positives",
        precision_recall(&[true; 2], &[1.0, 2.0]).expect("a curve").average_precision,
        1.0,
    );
    a.near(
        "precision of ties",
        &[precision_recall(&[true, false, false, false], &[0.0; 4]).expect("a curve").average_precision],
        &[0.25],
    );
    let p = array![[0.5, 0.5], [0.5, 0.5]];
    a.refuses("areas of nothing", one_vs_rest(&[], Array2::zeros((0, 2)).view()), "all rows belong to one class");
    a.refuses("areas of one class", one_vs_rest(&[0, 0], p.view()), "all rows belong to one class");
    a.refuses("areas of NaN", one_vs_rest(&[0, 1], p.mapv(|_| NAN).view()), "a score is NaN");
    let third = one_vs_rest(&[0, 1], Array2::from_elem((2, 3), 0.1).view()).expect("areas");
    a.near("ties, and a class without rows", &third.per_class, &[0.5, 0.5, NAN]);
    a.near("which no mean counts", &[third.macro_mean, third.weighted], &[0.5, 0.5]);
    a.gives("ties are predicted as the first", predicted(p.view()), vec![0, 0]);
    a.gives("rows of NaN", predicted(p.mapv(|_| NAN).view()), vec![0, 0]);
    a.gives("no row", predicted(Array2::zeros((0, 2)).view()).len(), 0);
    a.refuses("loss of nothing", log_loss(&[], Array2::zeros((0, 2)).view()), "0 rows of probabilities");
    a.refuses("loss of NaN", log_loss(&[0, 1], p.mapv(|_| NAN).view()), "a probability is NaN");
    a.gives("loss of certainty that is wrong", log_loss(&[0], array![[0.0, 1.0]].view()).expect("a loss") < 37.0, true);
    a.refuses("the first 0", top_k_accuracy(&[0, 1], p.view(), 0), "among the first 0");
    a.refuses("first of NaN", top_k_accuracy(&[0, 1], p.mapv(|_| NAN).view(), 1), "a probability is NaN");
    a.gives("the first of all", top_k_accuracy(&[0, 1], p.view(), usize::MAX).expect("an accuracy"), 1.0);
    let names = ["a", "b"].map(String::from);
    a.refuses("a matrix of nothing", ConfusionMatrix::new(&[], &[], &names), "0 predictions for 0 rows");
    a.refuses("a class without a name", ConfusionMatrix::new(&[2], &[0], &names), "class 2 has no name");
    let wrong = ConfusionMatrix::new(&[0, 0], &[1, 1], &names).expect("a matrix");
    a.near("one class, all wrong", &[wrong.accuracy(), wrong.balanced_accuracy(), wrong.f1_macro()], &[0.0; 3]);
    a.near("recall without rows", &wrong.recall(), &[0.0, NAN]);
    let escape = wrong.escape("a").expect("an escape");
    a.near("no perturbation to escape", &[escape.escaped_overall, escape.false_perturbed], &[NAN, 1.0]);
    a.refuses("no such control", wrong.escape("nt"), "no class is named \"nt\"");

    let logistic = |x: &Array2<f64>, classes: &Classes| LogisticRegression::fit(x, classes, &LogisticConfig::default());
    a.refuses("regression on one class", logistic(&x, &one), "all 8 points belong to one class");
    a.refuses("on NaN", logistic(&nan, &ab), "the points hold NaN");
    a.refuses("without columns", logistic(&Array2::zeros((8, 0)), &ab), "no dimension");
    a.refuses("a class too few", logistic(&x, &ab.select(&[0, 1])), "2 labels for 8 points");
    let c = LogisticConfig { c: NAN, ..LogisticConfig::default() };
    a.refuses("C of NaN", LogisticRegression::fit(&x, &ab, &c), "C is NaN");
    for standardise in [false, true] {
        let config = LogisticConfig { standardise, ..LogisticConfig::default() };
        let flat = LogisticRegression::fit(&Array2::<f64>::ones((8, 2)), &ab, &config).expect("a model");
        a.gives(
            "constant columns",
            (flat.summary().converged, flat.coefficients().iter().all(|w| w.abs() < 1e-6)),
            (true, true),
        );
        let p = flat.probabilities(&Array2::<f64>::ones((1, 2))).expect("probabilities");
        a.near("say nothing", p.as_slice().expect("a row"), &[0.5, 0.5]);
    }
    let model = logistic(&x, &ab).expect("a model");
    a.gives("no point to predict", model.predict(&Array2::<f64>::zeros((0, 2))).expect("classes").len(), 0);
    a.refuses("other columns", model.predict(&noise(2, 3)), "3 columns, but the model was fitted on 2");
    a.refuses("no row to standardise", Standardiser::fit(Array2::zeros((0, 2)).view()), "no row to learn");
    a.refuses("NaN to standardise", Standardiser::fit(nan.view()), "a value is NaN");
    a.near(
        "a constant column",
        &Standardiser::fit(array![[0.1], [0.1], [0.1]].view())
            .expect("learned")
            .transform(array![[0.1]].view())
            .expect("scaled")
            .into_raw_vec_and_offset()
            .0,
        &[0.0],
    );

    let forest = |x: &Array2<f64>, classes: &Classes, config| RandomForest::fit(x, classes, &config);
    let small = ForestConfig { trees: 5, ..ForestConfig::default() };
    a.refuses("a forest on one class", forest(&x, &one, small.clone()), "all 8 points belong to one class");
    a.refuses("on NaN", forest(&nan, &ab, small.clone()), "the points hold NaN");
    a.refuses("of no tree", forest(&x, &ab, ForestConfig { trees: 0, ..small.clone() }), "0 trees");
    a.refuses("of leaves of no row", forest(&x, &ab, ForestConfig { min_leaf: 0, ..small.clone() }), "leaves of 0");
    let stump = forest(&Array2::ones((8, 2)), &ab, small.clone()).expect("a forest");
    let p = stump.probabilities(&Array2::<f64>::ones((1, 2))).expect("probabilities");
    a.near("constant columns give shares", &[p.sum()], &[1.0]);
    let huge = ForestConfig { columns: Some(usize::MAX), min_leaf: usize::MAX, ..small.clone() };
    a.gives("leaves larger than the forest", forest(&x, &ab, huge).expect("a forest").n_trees(), 5);
    let grown = forest(&x, &ab, small).expect("a forest");
    let importance = |x: &Array2<f64>, classes: &Classes, repeats| {
        permutation_importance(&grown, x, classes, &["u", "v"], repeats, 0)
    };
    a.refuses("importance on nothing", importance(&Array2::zeros((0, 2)), &ab.select(&[]), 3), "no point to measure");
    a.refuses("no repeat", importance(&x, &ab, 0), "0 repeats");
    a.gives("classes it does not know", importance(&x, &classes(&["z"; 8]), 2).expect("importance").accuracy, 0.0);
    a.near("one repeat has no spread", &[importance(&x, &ab, 1).expect("importance").features[0].lost.sd], &[NAN]);

    let holdout = |test| Protocol::Holdout { test };
    a.refuses("a share of NaN", holdout(NAN).folds(&ab, None, 0), "NaN is no share");
    a.refuses("one row", holdout(0.4).folds(&classes(&["a"]), None, 0), "leave nothing");
    a.refuses("a class for each row", holdout(0.4).folds(&classes(&["a", "b"]), None, 0), "leave nothing");
    for k in [0, 1, 9, usize::MAX] {
        a.refuses("too many folds", Protocol::Folds { k }.folds(&ab, None, 0), &format!("do not make {k} folds"));
    }
    a.refuses("one group", Protocol::Folds { k: 2 }.folds(&ab, Some(&one), 0), "1 rows or groups do not make 2");
    a.refuses("a group too few", holdout(0.4).folds(&ab, Some(&one.select(&[0])), 0), "1 labels for 8 points");
    let usual = ClassifyConfig::default();
    a.refuses("reading one class", classify(&x, &one, None, &usual), "one class");
    a.refuses("reading NaN", classify(&nan, &ab, None, &usual), "the points hold NaN");
    a.refuses("no points", classify(&Array2::<f64>::zeros((0, 2)), &ab, None, &usual), "8 labels for 0 points");
    let flat = classify(&Array2::<f64>::zeros((8, 2)), &ab, None, &usual).expect("read");
    a.near("zero vectors are read by chance", &[flat.auroc.macro_mean, flat.log_loss], &[0.5, 2.0_f64.ln()]);

    a.refuses("no labelled row", Covariate::partial("batch", &[None::<&str>]), "no row has a label");
    a.refuses("a covariate of no row", Covariate::new("batch", &[] as &[&str]), "no row has a label");
    let batch = Covariate::new("batch", &["1"; 8]).expect("a covariate");
    a.refuses("batches of other rows", batch.clone().within(&["1"]), "1 labels for 8 points");
    let read = |x: &Array2<f64>, covariates: &[Covariate]| technical_covariates(&[("salient", x)], covariates, &usual);
    a.refuses("no covariate", read(&x, &[]), "1 spaces and 0 covariates");
    a.refuses("no space", technical_covariates(&[], std::slice::from_ref(&batch), &usual), "0 spaces");
    a.refuses("one batch", read(&x, std::slice::from_ref(&batch)), "no batch has two rows of two classes");
    a.refuses("NaN in a space", read(&nan, &[batch]), "the points hold NaN");
    a.gives("no cell has a place", FieldPosition::default().labels(&[], &[]).expect("labels").len(), 0);
    a.refuses("a place of NaN", FieldPosition::default().labels(&[NAN], &[0.0]), "not finite");
    a.gives(
        "all at one place",
        FieldPosition::default().labels(&[5.0; 2], &[1.0; 2]).expect("labels"),
        vec![Some("centre"); 2],
    );
    a.gives("a well without sites", (SiteGrid::new(&[]).len(), SiteGrid::new(&[0, 0]).place(0)), (0, None));
    a.refuses("a site that is not there", SiteGrid::new(&[3]).labels(&[usize::MAX]), "there is no site");

    let table = df!("gene" => ["A", "B"]).expect("a table");
    let cells = Embedding::new(array![[1.0f32], [2.0]], table).expect("an embedding");
    a.refuses("a row that is not there", spaces(&cells, Some(&[2])), "has no row 2");
    a.gives("no row at all", spaces(&cells, Some(&[])).expect("spaces")[0].1.dim(), (0, 1));
    a.refuses("no such column", RowLabels::of_column(&cells, "well"), "the column \"well\" cannot label rows");
    a.refuses("nor for classes", Classes::of_column(cells.table(), "well"), "the column \"well\" cannot label rows");

    let functions = GeneSets::new("f", [("one", vec!["A"]), ("two", vec!["B"])]);
    let map = profiles(noise(8, 2));
    let of = |genes: &[&str], spaces: &[(&str, &Profiles)]| gene_function(spaces, genes, &functions, false, &usual);
    a.refuses("no space of functions", of(&["A"; 8], &[]), "no space");
    a.refuses("a gene too few", of(&["A"; 7], &[("s", &map)]), "7 genes for 8 rows");
    a.refuses("no function", of(&["Z"; 8], &[("s", &map)]), "no row has a function");
    a.refuses("one function", of(&["A"; 8], &[("s", &map)]), "one class");
    a.done();
}

#[test]
fn differential() {
    let mut a = Answers::new();
    let rule = Decorrelation::default();
    a.refuses("one row", decorrelated(noise(1, 3).view(), &rule), "correlations of 1 rows");
    a.refuses("NaN", decorrelated(array![[NAN], [1.0]].view(), &rule), "finite numbers");
    a.refuses(
        "a threshold of NaN",
        decorrelated(noise(3, 2).view(), &Decorrelation { threshold: NAN, ..rule }),
        "above NaN",
    );
    a.gives("no column", decorrelated(Array2::zeros((3, 0)).view(), &rule).expect("kept"), vec![]);
    a.gives(
        "constant columns are all kept",
        decorrelated(Array2::ones((3, 2)).view(), &rule).expect("kept"),
        vec![0, 1],
    );
    let twice = array![[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]];
    let half = decorrelated(twice.view(), &Decorrelation { most: 0.5, ..rule }).expect("kept").len();
    a.gives("of two equal columns one", half, 1);

    let screen = |cells: &[&str], x: Array2<f32>| {
        let features = Features::new(x, vec!["area".into(), "mean".into()]).expect("features");
        let table = df!("gene" => cells).expect("a table");
        let screen = Screen::new(table, features).and_then(|s| s.with_label(Label::Gene, "gene"));
        screen.and_then(|s| s.with_controls("nt")).expect("a screen")
    };
    let x = noise(8, 2).mapv(|v| v as f32);
    let cells = ["A", "A", "A", "B", "nt", "nt", "nt", "nt"];
    let (noisy, flat) = (screen(&cells, x.clone()), screen(&cells, Array2::ones((8, 2))));
    let usual = DifferentialConfig { decorrelation: None, ..DifferentialConfig::default() };
    let test = |screen: &Screen, group: &[&str], config| differential_features(screen, group, &config);
    a.refuses("an empty group", test(&noisy, &[], usual.clone()), "no cell of an empty group");
    a.refuses("no cell of the group", test(&noisy, &["Z"], usual.clone()), "no cell of Z");
    a.refuses("one cell of it", test(&noisy, &["B"], usual.clone()), "no batch has two cells");
    a.refuses("the controls as a group", test(&noisy, &["nt"], usual.clone()), "no batch has two cells");
    a.refuses("a level of NaN", test(&noisy, &["A"], DifferentialConfig { level: NAN, ..usual.clone() }), "level NaN");
    a.refuses("the first 0", test(&noisy, &["A"], DifferentialConfig { top: 0, ..usual.clone() }), "0 features");
    let none = DifferentialConfig { leave_out: vec![String::new()], ..usual.clone() };
    a.refuses("no feature", test(&noisy, &["A"], none), "no feature is left");
    let same = test(&flat, &["A"], usual).expect("tests");
    a.near("constant features", &[same.tests[0].t, same.tests[0].p, same.tests[0].robust_z], &[0.0, 1.0, 0.0]);
    a.gives("are not ranked", (same.ranking.len(), same.top(usize::MAX).len()), (0, 0));

    let area = ["area".to_owned()];
    let explained = |screen: &Screen, ranking: &[String], component| explained_controls(screen, ranking, component);
    a.refuses("no ranking", explained(&noisy, &[], 0), "0 features give no regression");
    a.refuses("a feature that is not there", explained(&noisy, &["x".to_owned()], 0), "no feature \"x\"");
    a.refuses("a component too far", explained(&noisy, &area, usize::MAX), "there is no component");
    a.refuses("controls without variation", explained(&flat, &area, 0), "");
    a.refuses("two controls", explained(&screen(&["A", "nt", "nt"], Array2::ones((3, 2))), &area, 0), "2 controls");
    let twice = ["area".to_owned(), "area".to_owned()];
    let r2 = explained(&noisy, &twice, 0).expect("a regression").r2;
    a.gives("a feature named twice adds nothing", r2[0] == r2[1], true);
    a.done();
}

#[test]
fn principal_components() {
    let mut a = Answers::new();
    let fit = |x: &Array2<f64>, components| Pca::fit(x.view(), components);
    let x = noise(6, 3);
    a.refuses("no row", fit(&Array2::zeros((0, 3)), Components::All), "a matrix of 0 x 3");
    a.refuses("one row", fit(&noise(1, 3), Components::All), "at least two rows");
    a.refuses("no column", fit(&Array2::zeros((3, 0)), Components::All), "at least two rows and one column");
    a.refuses("NaN", fit(&array![[NAN], [1.0]], Components::All), "a value is NaN");
    a.refuses("zero vectors", fit(&Array2::zeros((4, 3)), Components::All), "all equal");
    a.refuses("equal rows whose mean rounds", fit(&Array2::from_elem((3, 2), 0.1), Components::All), "all equal");
    for count in [0, 4, usize::MAX] {
        let words = format!("{count} components of a matrix that has 3");
        a.refuses("too many components", fit(&x, Components::Count(count)), &words);
        let by = Pca::fit_by(x.view(), Components::Count(count), Decomposition::Iterative);
        a.refuses("too many to iterate for", by, &words);
    }
    for fraction in [0.0, 1.0, NAN] {
        a.refuses("no fraction", fit(&x, Components::Variance(fraction)), "between 0 and 1");
    }
    a.refuses(
        "an iteration for all",
        Pca::fit_by(x.view(), Components::All, Decomposition::Iterative),
        "an iteration for All",
    );
    let constant = fit(&array![[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]], Components::All).expect("components");
    a.near("a constant column takes no part", &constant.explained_variance_ratio().to_vec(), &[1.0, 0.0]);
    a.near("in scores", &[constant.transform_whitened(array![[1.0, 0.1]].view()).expect("scores")[[0, 1]]], &[0.0]);
    let wide = fit(&noise(2, 5), Components::All).expect("components");
    a.near("two rows have one direction", &wide.explained_variance_ratio().to_vec(), &[1.0, 0.0]);
    let pca = fit(&x, Components::All).expect("components");
    a.gives("no row to transform", pca.transform(Array2::<f64>::zeros((0, 3)).view()).expect("scores").dim(), (0, 3));
    a.near(
        "a row of NaN",
        &pca.transform(array![[NAN, 0.0, 0.0]].view()).expect("scores").into_raw_vec_and_offset().0,
        &[NAN; 3],
    );
    a.refuses("other columns", pca.transform(noise(2, 4).view()), "4 columns where the components need 3");
    a.refuses("residuals in other columns", pca.residuals(noise(2, 4).view()), "4 columns where the components need 3");
    a.refuses("more than all of the variance", pca.components_for(1.0), "between 0 and 1");
    a.refuses("other scores", pca.inverse_transform(noise(2, 2).view()), "2 columns where the components need 3");
    a.done();
}

#[test]
fn neighbours_and_quality() {
    let mut a = Answers::new();
    let d = |metric: Metric, x: &[f64], y: &[f64]| metric.distance(x, y);
    let (e, c) = (Metric::Euclidean, Metric::Cosine);
    a.near("zero vectors", &[d(e, &[0.0], &[0.0]), d(c, &[0.0], &[0.0]), d(c, &[0.0], &[1.0])], &[0.0, 1.0, 1.0]);
    a.near("no numbers", &[d(e, &[], &[]), d(c, &[], &[])], &[0.0, 1.0]);
    a.near("of different length", &[d(e, &[1.0], &[]), d(c, &[1.0], &[1.0, 2.0])], &[NAN, NAN]);
    a.near("NaN", &[d(e, &[NAN], &[1.0]), d(c, &[NAN], &[1.0])], &[NAN, NAN]);
    a.near("huge numbers", &[d(e, &[3e200, 0.0], &[0.0, 4e200]) / 1e200, d(c, &[1e200], &[1e-200])], &[5.0, 0.0]);
    a.near("tiny ones", &[d(e, &[3e-200, 0.0], &[0.0, 4e-200]) * 1e200, d(c, &[1e-200], &[-1e-200])], &[5.0, 2.0]);

    let (x, empty, flat) = (noise(6, 3), Array2::<f64>::zeros((0, 3)), Array2::<f64>::zeros((6, 0)));
    for metric in [e, c] {
        a.refuses("no point", neighbours(&empty, 1, metric), "0 points do not have 1 neighbours");
        a.refuses("no dimension", neighbours(&flat, 1, metric), "no dimension");
        for k in [0, 6, usize::MAX] {
            let words = format!("6 points do not have {k} neighbours");
            a.refuses("too few points", neighbours(&x, k, metric), &words);
            a.refuses("by any search", neighbours_by(&x, k, metric, Search::Approximate, 0), &words);
        }
        a.refuses("NaN", neighbours(&array![[NAN], [1.0]], 1, metric), "the points hold NaN");
        a.refuses("infinity", neighbours(&array![[INF], [1.0]], 1, metric), "the points hold inf");
        let same = neighbours(&Array2::<f64>::ones((4, 2)), 2, metric).expect("neighbours");
        a.gives("equal points", same.rows, array![[1, 2], [0, 2], [0, 1], [0, 1]]);
        a.near("at no distance", &same.distances.into_raw_vec_and_offset().0, &[0.0; 8]);
        a.gives("no new point", nearest_among(&empty, &x, 2, metric).expect("nearest").rows.dim(), (0, 2));
        for k in [0, 7, usize::MAX] {
            a.refuses("too few references", nearest_among(&x, &x, k, metric), &format!("the {k} nearest of 6"));
        }
        a.refuses(
            "other dimensions",
            nearest_among(&x, &noise(4, 2), 1, metric),
            "points of 3 dimensions among points of 2",
        );
        a.refuses("none", nearest_among(&flat, &flat, 1, metric), "no dimension");
        let mut large = noise(600, 3);
        for (name, value) in [("equal points", 1.0), ("zero vectors", 0.0)] {
            large.fill(value);
            let near = neighbours_by(&large, 3, metric, Search::Approximate, 1).expect("neighbours");
            let far = if value == 0.0 && metric == c { 1.0 } else { 0.0 };
            a.gives(&format!("{name}, approximately"), near.distances.iter().all(|v| (v - far).abs() < 1e-12), true);
        }
    }
    let zero = neighbours(&array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], 2, c).expect("neighbours");
    a.gives("a zero vector is near nobody", (zero.rows.row(0).to_vec(), zero.distances[[0, 0]]), (vec![1, 2], 1.0));
    let scaled = neighbours(&array![[1e-200, 0.0], [0.0, 1.0], [1.0, 1e-3]], 1, c).expect("neighbours");
    a.gives("a tiny vector has a direction", scaled.rows, array![[2], [2], [0]]);
    let near = neighbours(&x, 2, e).expect("neighbours");
    a.refuses("the first 0", near.first(0), "the first 0 of 2");
    a.refuses("the first of more", near.first(usize::MAX), "ask for 1 to 2");
    a.refuses("overlap with none", near.overlap(&by_hand(Array2::zeros((0, 1)))), "compute both for the same points");

    for k in [0, 3, 1 << 63, usize::MAX] {
        a.refuses("quality of too few points", map_quality(&x, &x, e, k), &format!("{k} neighbours of 6 points"));
    }
    a.refuses("of other points", map_quality(&x, &noise(5, 2), e, 1), "a map of 5 points does not show 6");
    a.refuses("of no dimension", map_quality(&flat, &x, e, 1), "no dimension");
    a.refuses("of NaN", map_quality(&x.mapv(|_| NAN), &x, e, 1), "the points hold NaN");
    let same = Array2::<f64>::ones((6, 2));
    let kept = map_quality(&same, &same, e, 2).expect("a quality");
    a.gives("equal points on equal places", (kept.trustworthiness, kept.overlap), (1.0, 1.0));
    a.refuses(
        "neighbours by hand",
        map_quality_of(&x, &near, &by_hand(Array2::from_elem((6, 1), 9))),
        "no neighbour of row 0",
    );
    a.refuses("neighbours of other points", map_quality_of(&noise(5, 3), &near, &near), "do not judge a map of 5");
    a.done();
}

#[test]
fn maps() {
    let mut a = Answers::new();
    let quick = UmapConfig { neighbours: 4, epochs: Some(20), ..UmapConfig::default() };
    let x = noise(12, 3);
    a.refuses("no point", umap(&Array2::<f64>::zeros((0, 3)), &quick), "0 points are too few for 4 neighbours");
    a.refuses("as many points as neighbours", umap(&noise(4, 3), &quick), "4 points are too few");
    a.refuses("no dimension", umap(&Array2::<f64>::zeros((9, 0)), &quick), "no dimension");
    a.refuses("NaN", umap(&x.mapv(|_| NAN), &quick), "the points hold NaN");
    for neighbours in [0, 1] {
        a.refuses("no other point", umap(&x, &UmapConfig { neighbours, ..quick.clone() }), "holds no other point");
    }
    a.refuses("too many", umap(&x, &UmapConfig { neighbours: usize::MAX, ..quick.clone() }), "too few");
    a.refuses("no epoch", umap(&x, &UmapConfig { epochs: Some(0), ..quick.clone() }), "no epoch");
    a.refuses("a rate of NaN", umap(&x, &UmapConfig { learning_rate: NAN, ..quick.clone() }), "NaN is no strength");
    a.refuses("a weight of NaN", umap(&x, &UmapConfig { target_weight: NAN, ..quick.clone() }), "the weight NaN");
    a.refuses("a spread of NaN", umap(&x, &UmapConfig { spread: NAN, ..quick.clone() }), "make no curve");
    a.refuses("of one dimension", umap(&x, &UmapConfig { components: 1, ..quick.clone() }), "no 1 dimensions");
    let mut constant = x.clone();
    constant.column_mut(1).fill(5.0);
    let cosine = UmapConfig { metric: Metric::Cosine, ..quick.clone() };
    for (name, points, config) in [
        ("equal points", &Array2::<f64>::ones((12, 3)), &quick),
        ("zero vectors", &Array2::<f64>::zeros((12, 3)), &cosine),
        ("one column", &noise(12, 1), &quick),
        ("a constant column", &constant, &quick),
        ("the fewest points", &noise(5, 2), &quick),
    ] {
        let model = UmapFit::new(points, config).fit().expect(name);
        a.gives(&format!("{name}: a finite map"), model.umap().map.iter().all(|v| v.is_finite()), true);
        let new = model.transform(points).expect(name);
        a.gives(&format!("{name}: and places on it"), new.iter().all(|v| v.is_finite()), true);
    }
    let model = UmapFit::new(&x, &quick).fit().expect("a map");
    a.gives("no new point", model.transform(&Array2::<f64>::zeros((0, 3))).expect("places").dim(), (0, 2));
    a.refuses("new points of NaN", model.transform(&array![[NAN, 0.0, 0.0]]), "the points hold NaN");
    a.refuses("a label for each place", model.umap().scatter_by("map", &["a"]).map(|_| ()), "1 labels for 12 points");
    a.refuses("new points of other dimensions", model.transform(&noise(2, 2)), "points of 2 dimensions");
    a.refuses(
        "neighbours by hand",
        umap_of(&x, &by_hand(Array2::from_elem((12, 3), 99)), &quick),
        "no neighbour of row 0",
    );
    a.refuses(
        "neighbours of other points",
        umap_of(&x, &by_hand(Array2::zeros((3, 3))), &quick),
        "neighbours of 3 points for 12",
    );

    let map = |labels: &[Option<&str>]| UmapFit::new(&x, &quick).some_labels(labels).map();
    a.refuses("a label too few", map(&[None; 11]), "11 labels for 12 points");
    for (name, labels) in [("no label is known", [None; 12]), ("one label for all", [Some("a"); 12])] {
        a.gives(name, map(&labels).expect("a map").map.iter().all(|v| v.is_finite()), true);
    }
    let graph = FuzzyGraph::new(&neighbours(&x, 3, Metric::Euclidean).expect("neighbours"));
    let each: Vec<Option<usize>> = (0..12).map(Some).collect();
    let apart = graph.with_labels(&each, 1.0, 1.0).expect("a graph");
    a.gives("a label for each, and no edge between", (apart.edges(), apart.components()), (0, 12));
    a.refuses("a weight of NaN", graph.with_labels(&each, NAN, 1.0), "target_weight NaN");
    a.refuses("no edge, no spectrum", apart.spectrum(1, 0), "has no edge");
    for count in [0, 12, usize::MAX] {
        a.refuses("too many eigenvectors", graph.spectrum(count, 0), &format!("no {count} eigenvectors"));
    }
    let alone = UmapFit::new(&x, &UmapConfig { target_weight: 1.0, ..quick.clone() }).some_labels(&each_name()).map();
    a.gives("a map of points without edges", alone.expect("a map").map.iter().all(|v| v.is_finite()), true);

    for (min_dist, spread) in [(0.1, 0.0), (0.1, -1.0), (-0.1, 1.0), (2.0, 1.0), (NAN, 1.0), (0.1, NAN), (0.1, INF)] {
        a.refuses("no curve", Curve::fit(min_dist, spread), "make no curve");
    }
    let usual = Curve::fit(0.1, 1.0).expect("a curve");
    for spread in [1e-6, 1e-2, 1e2, 1e6] {
        let curve = Curve::fit(0.1 * spread, spread).expect("a curve");
        a.near(
            &format!("spread {spread}: the same shape"),
            &[curve.b, curve.at(0.7 * spread)],
            &[usual.b, usual.at(0.7)],
        );
    }
    a.refuses("a spread without a factor", Curve::fit(0.0, 1e-300), "a spread nearer to 1");
    a.near(
        "no distance between and one",
        &[Curve::fit(1.0, 1.0).expect("a curve").at(0.0), usual.at(0.0)],
        &[1.0, 1.0],
    );
    a.done();
}

fn each_name() -> Vec<Option<String>> {
    (0..12).map(|i| Some(i.to_string())).collect()
}

/// Counts that no memory holds and no time works off.
#[test]
fn absurd_counts_are_refused() {
    let mut a = Answers::new();
    let (map, x, most) = (profiles(noise(44, 3)), noise(6, 2), usize::MAX);
    let (known, arms) = (Relations::from_pairs("r", [("G0", "G1")]), genome(&[("chr1p", 22), ("chr1q", 22)]));
    let (labels, ab) = (["a", "a", "a", "nt", "nt", "nt"], RowLabels::new(&["a", "a", "a", "b", "b", "b"]));
    let classes = Classes::new(&labels).expect("classes");
    let two = Convention::TwoSided;
    let config = BootstrapConfig { replicates: most, ..BootstrapConfig::default() };
    a.refuses("bootstrap", recall_bootstrap(&map, &known, two, &[95.0], config), "replicates are too many");
    a.refuses("shuffled names", recall_permutation(&map, &known, two, &[95.0], most, 1), "permutations are too many");
    for (trials, samples) in [(most, most), (most, 0), (1 << 20, 1 << 20)] {
        let config = ScoreConfig { trials, samples, seed: 1 };
        a.refuses("pairs on arms", proximity_score(&map, &arms, config), "pairs are too many");
    }
    a.refuses("random groups", percent_strong(&x, &ab, most, 1), "draws are too many");
    let config = PrecisionConfig { permutations: most, ..PrecisionConfig::default() };
    a.refuses("permuted labels", mean_average_precision(&x, &ab, &config), "permutations are too many");
    let config = MagnitudeConfig { permutations: most, min_cells: 1, ..MagnitudeConfig::default() };
    a.refuses("permuted cells", perturbation_magnitude(x.view(), &labels, "nt", config), "permutations are too many");
    let draws = ConsistencyNull::Draws { n: most, seed: 1 };
    a.refuses("drawn rows", replicate_consistency(x.view(), &labels, &draws), "draws are too many");
    a.refuses("restarts", kmeans_best(&x, &KMeansConfig::new(2), most), "restarts are too many");
    let config = ClusterConfig { runs: most, ..ClusterConfig::default() };
    a.refuses("runs", cluster_runs(&x, &labels, &config), "runs are too many");
    a.refuses("runs of a sweep", cluster_sweep(&x, &labels, &[2], &config), "runs are too many");
    let config = ForestConfig { trees: most, ..ForestConfig::default() };
    a.refuses("trees", RandomForest::fit(&x, &classes, &config), "trees are too many");
    let forest = RandomForest::fit(&x, &classes, &ForestConfig { trees: 2, ..ForestConfig::default() });
    let found = permutation_importance(&forest.expect("a forest"), &x, &classes, &["u", "v"], most, 0);
    a.refuses("repeats", found, "repeats are too many");
    let config = UmapConfig { neighbours: 3, negatives: most, ..UmapConfig::default() };
    a.refuses("points that push", umap(&x, &config), "points that push for each that pulls");
    a.done();
}

/// Results are figures or tables, and say in words why there is none where there is nothing to draw.
#[test]
fn every_result_shows_itself_whatever_it_holds() {
    fn shows<T: Show>() {}
    shows::<Vec<ClusterKs>>();
    shows::<ClusterKs>();
    shows::<AgainstControls>();
    shows::<LinearProbe>();
    shows::<perturbook::methods::proximity::Power>();
    shows::<perturbook::methods::proximity::Sensitivity>();
    shows::<FisherCombination>();
    shows::<FactorRanking>();
    shows::<MannWhitney>();
    shows::<WelchT>();
    shows::<KsTest>();
    shows::<BrunnerMunzel>();
    shows::<EmpiricalP>();
    shows::<EnergyDistance>();
    shows::<MagnitudeTests>();
    shows::<ReplicateTests>();
    shows::<MitoticFactors>();
    shows::<ExplainedControls>();
    shows::<RocCurve>();
    shows::<PrecisionRecall>();
    shows::<CovariateScores>();
    shows::<TechnicalCovariates>();
    shows::<GeneFunction>();
    shows::<DeltaRecall>();
    shows::<Importance>();
    shows::<KnnConfig>();
    shows::<KMeansConfig>();
    shows::<ClusterConfig>();
    shows::<ClassifyConfig>();
    shows::<LogisticConfig>();
    shows::<ForestConfig>();
    shows::<UmapConfig>();
    let mut a = Answers::new();
    let mut shown = |what: &str, bundle: Bundle| {
        let words = bundle.get("text/plain").map(ToString::to_string).unwrap_or_default();
        a.gives(what, words.trim_matches('"').is_empty(), false);
    };
    let (zero, one) = (profiles(Array2::zeros((44, 3))), profiles(noise(1, 3)));
    let (arms, known) = (genome(&[("chr1p", 22), ("chr1q", 22)]), Relations::from_pairs("r", [("G0", "G1")]));
    let two = Convention::TwoSided;
    shown("recall without a point", recall_at(&zero, &known, two, &[]).expect("a curve").bundle());
    shown("recall of zero vectors", recall(&zero, &known, two).expect("a curve").bundle());
    let config = BootstrapConfig { replicates: 9, ..BootstrapConfig::default() };
    shown("no interval", recall_bootstrap(&zero, &known, two, &[], config).expect("a curve").bundle());
    shown("a flat null", recall_permutation(&zero, &known, two, &[95.0], 9, 1).expect("a null").bundle());
    shown("recall by rank without a threshold", efaar_recall(&zero, &known, &[]).expect("ranks").bundle());
    shown("recall by rank", efaar_recall(&zero, &known, &[(0.05, 0.95)]).expect("ranks").bundle());
    let sets = GeneSets::new("s", [("a", names_of(2)), ("b", names_of(4))]);
    shown("coherence of zero vectors", set_coherence(&zero, &sets, 0).expect("coherence").bundle());
    shown("a set of zero vectors", cluster_ks(&zero, &sets, 2).expect("tests")[0].bundle());
    shown("no set", figure_of(cluster_ks_bars(&[])));
    shown("one gene on an arm", arm_cosines(&one, &arms).expect("arms").bundle());
    shown("arms of zero vectors", arm_cosines(&zero, &arms).expect("arms").bundle());
    shown("bias of zero vectors", proximity_bias(&zero, &arms).expect("tests").bundle());
    shown("their genes", gene_proximity(&zero, &arms).expect("genes").bundle());
    shown("their relations", arm_recall(&zero, &known, &arms, (0.05, 0.95)).expect("recall").bundle());
    let score = ScoreConfig { trials: 1, samples: 50, seed: 1 };
    shown("one trial", proximity_score(&profiles(noise(44, 3)), &arms, score).expect("a score").bundle());
    shown("a heat map of zero vectors", quantile_heatmap_matrix(&zero, &arms).expect("a map").bundle());
    shown("the map of nothing", similarity_map(&profiles(Array2::zeros((0, 2)))).bundle());
    let blocks = profiles(array![[1.0, 1.0], [1.0, 1.0], [2.0, 3.0]]).with_block("salient", 0..1);
    let blocks = blocks.and_then(|p| p.with_block("background", 1..2)).expect("blocks");
    shown("norms of 0", background_norms(&blocks, "G0").expect("norms").bundle());

    let (x, flat) = (noise(6, 2), Array2::<f64>::zeros((6, 2)));
    let (ab, same) = (RowLabels::new(&["a", "a", "a", "b", "b", "b"]), RowLabels::new(&["a"; 6]));
    let knn = KnnConfig { k: 2, ..KnnConfig::default() };
    shown("neighbours of one label", knn_accuracy(&x, &same, &knn).expect("an accuracy").bundle());
    let usual = PrecisionConfig::default();
    shown("precision of zero vectors", mean_average_precision(&flat, &ab, &usual).expect("precision").bundle());
    shown("hits of zero vectors", hits_at_k(&flat, &ab, 2, Metric::Cosine).expect("hits").bundle());
    shown("pairs of one label", pair_similarities(&x, &same).expect("pairs").bundle());
    shown("pairs of zero vectors", pair_similarities(&flat, &ab).expect("pairs").bundle());
    shown("groups of zero vectors", percent_strong(&flat, &ab, 9, 1).expect("groups").bundle());
    shown("connectivity", graph_connectivity(&flat, &ab, 2, Metric::Cosine).expect("connectivity").bundle());
    shown("mixing", batch_mixing(&x, &ab, 2, Metric::Euclidean).expect("mixing").bundle());
    let alone = energy_matrix(x.view(), &["a"; 6], &EnergyConfig::default());
    shown("energy of one group", alone.expect("a matrix").bundle());
    shown("equal points in clusters", kmeans(&flat, &KMeansConfig::new(3)).expect("clusters").bundle());
    let single = ClusterConfig { runs: 1, ..ClusterConfig::default() };
    shown("one run", cluster_runs(&x, &[0, 0, 0, 1, 1, 1], &single).expect("a run").bundle());
    shown("one entry", cluster_sweep(&x, &[0; 6], &[2], &single).expect("a sweep").bundle());
    shown(
        "equal points in groups",
        silhouette(&flat, &["a", "b", "b", "b", "b", "b"], Metric::Cosine).expect("s").bundle(),
    );
    shown("one class, one cluster", Contingency::new(&[0; 4], &[0; 4]).expect("counts").bundle());
    let names = ["a", "b"].map(String::from);
    let wrong = ConfusionMatrix::new(&[0, 0], &[1, 1], &names).expect("a matrix");
    shown("a class without rows", wrong.bundle());
    shown("no perturbation to escape", wrong.escape("a").expect("an escape").bundle());
    let areas = one_vs_rest(&[0, 1], Array2::from_elem((2, 3), 0.1).view());
    shown("a class without an area", areas.expect("areas").bundle());
    shown("one direction", Pca::fit(noise(2, 5).view(), Components::All).expect("components").bundle());
    let tiny = UmapConfig { neighbours: 2, epochs: Some(2), ..UmapConfig::default() };
    shown("a map of equal points", umap(&flat, &tiny).expect("a map").bundle());
    shown("what it keeps", map_quality(&flat, &flat, Metric::Euclidean, 2).expect("a quality").bundle());
    a.done();
}

/// A figure, or why there is none.
fn figure_of(figure: Result<Figure>) -> Bundle {
    figure.map_or_else(|error| Bundle::text(error.to_string()), |figure| figure.bundle())
}

/// The same on one thread and on three, of everything that is drawn at random or summed by many.
#[test]
fn threads_change_nothing() -> Result<()> {
    let (x, labels) = (noise(700, 6), RowLabels::new(&(0..700).map(|i| i % 50).collect::<Vec<_>>()));
    let map = profiles(noise(90, 5));
    let pairs = (0..80).map(|i| (format!("G{i}"), format!("G{}", (i * 7 + 3) % 90)));
    let known = Relations::from_pairs("r", pairs);
    let arms = genome(&[("chr1p", 30), ("chr1q", 30), ("chr2p", 30)]);
    let all = || -> Result<Vec<String>> {
        let names: Vec<String> = (0..700).map(|i| ["nt", "A", "B", "C"][i % 4].to_owned()).collect();
        let half: Vec<&str> = (0..700).map(|i| if x[[i, 0]] + x[[i, 1]] > 0.0 { "u" } else { "v" }).collect();
        let classes = Classes::new(&half)?;
        let precision = PrecisionConfig { permutations: 5, ..PrecisionConfig::default() };
        let magnitude =
            MagnitudeConfig { permutations: 9, max_cells: 40, max_controls: 40, ..MagnitudeConfig::default() };
        let bootstrap = BootstrapConfig { replicates: 70, ..BootstrapConfig::default() };
        let energy = EnergyConfig { metric: Metric::Euclidean, ..EnergyConfig::default() };
        let forest = RandomForest::fit(&x, &classes, &ForestConfig { trees: 4, ..ForestConfig::default() })?;
        let clusters = ClusterConfig { runs: 4, ..ClusterConfig::default() };
        let truth: Vec<usize> = (0..700).map(|i| i % 5).collect();
        let quick = UmapConfig { epochs: Some(5), ..UmapConfig::default() };
        Ok(vec![
            format!("{:?}", mean_average_precision(&x, &labels, &precision)?),
            format!("{:?}", percent_strong(&x, &labels, 20, 1)?),
            format!("{:?}", pair_similarities(&x, &labels)?),
            format!("{:?}", knn_accuracy(&x, &labels, &KnnConfig::default())?),
            format!("{:?}", batch_mixing(&x, &labels, 9, Metric::Euclidean)?),
            format!("{:?}", silhouette(&x, &truth, Metric::Cosine)?),
            format!("{:?}", cluster_runs(&x, &truth, &clusters)?),
            format!("{forest:?}"),
            format!("{:?}", permutation_importance(&forest, &x, &classes, &names[..6], 2, 1)?),
            format!("{:?}", classify(&x, &classes, None, &ClassifyConfig::default())?),
            format!("{:?}", energy_matrix(x.view(), &names, &energy)?),
            format!("{:?}", perturbation_magnitude(x.view(), &names, "nt", magnitude)?),
            format!("{:?}", replicate_consistency(x.view(), &names, &ConsistencyNull::Draws { n: 20, seed: 3 })?),
            format!("{:?}", recall(&map, &known, Convention::TwoSided)?),
            format!("{:?}", recall_bootstrap(&map, &known, Convention::TwoSided, &[95.0], bootstrap)?),
            format!("{:?}", recall_permutation(&map, &known, Convention::OneSided, &[95.0], 70, 1)?),
            format!("{:?}", proximity_score(&map, &arms, ScoreConfig { trials: 9, samples: 60, seed: 2 })?),
            format!("{:?}", proximity_bias(&map, &arms)?),
            format!("{:?}", decorrelated(x.view(), &Decorrelation::default())?),
            format!("{:?}", neighbours_by(&x, 10, Metric::Cosine, Search::Approximate, 5)?),
            format!("{:?}", Pca::fit(x.view(), Components::Count(3))?),
            format!("{:?}", umap(&x, &quick)?.map),
            format!("{:?}", map_quality(&x, &x.slice(ndarray::s![.., ..2]), Metric::Euclidean, 5)?),
        ])
    };
    let on = |threads: usize| -> Result<Vec<String>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map_err(|e| Error::new(e.to_string()))?.install(all)
    };
    let (one, three) = (on(1)?, on(3)?);
    for (number, (a, b)) in one.iter().zip(&three).enumerate() {
        assert!(a == b, "result {number} differs between one thread and three");
    }
    Ok(())
}
