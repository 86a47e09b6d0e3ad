//! Published numbers: the curves typed in from the paper's figures against the points read from the same figures, and
//! what the published embedding of Multi-ContrastiveVAE gives.

use perturbook::evaluate::published::mcvae_corum;
use perturbook::evaluate::{
    Convention, FUNK_MITOTIC_LIMIT, GeneSets, Relations, SetFormat, background_norms, mitotic_factors, recall_at,
};
use perturbook::figures::{background_norm_scatter, mitotic_factor_roc};
use perturbook::io::delimited::Delimited;
use perturbook::screen::{By, ColumnChoice, Embedding};
use polars::prelude::DataType;

mod common;

#[test]
fn the_curves_are_those_of_the_figure() -> perturbook::Result<()> {
    let Some(path) = common::shared_file("data/funk2022_mcvae/corum_1_points.csv") else { return Ok(()) };
    let table = Delimited::read(&path)?;
    let column = |name: &str| table.column(name);
    let (model, percentile) = (column("model")?, column("percentile")?);
    let (recall, precision) = (column("recall")?, column("precision")?);
    let mut compared = 0;
    for record in table.records() {
        let name = record.fields[model].trim_end_matches(" (batch corrected)");
        let Some(curve) = mcvae_corum().iter().find(|curve| curve.model == name) else { continue };
        let number = |column: usize| record.fields[column].parse::<f64>().unwrap_or(f64::NAN);
        let (r, p) = curve.at(number(percentile) as usize).unwrap_or((f64::NAN, f64::NAN));
        assert!((r - number(recall)).abs() < 6e-5 && (p - number(precision)).abs() < 6e-5, "{:?}", record.fields);
        compared += 1;
    }
    assert_eq!(compared, 80, "four models at twenty percentiles");
    Ok(())
}

/// The published embedding with the blocks that the paper names, and its table.
fn mcvae() -> perturbook::Result<Option<Embedding>> {
    let Some(path) = common::shared_file("data/funk2022_mcvae/df_standardized_mitosis.parquet") else {
        return Ok(None);
    };
    let map = Embedding::read_parquet(path, ColumnChoice::numbered())?;
    Ok(Some(map.with_block("salient", 0..32)?.with_block("background", 32..64)?))
}

#[test]
fn the_published_embedding_recalls_corum_as_stated() -> perturbook::Result<()> {
    let Some(map) = mcvae()? else { return Ok(()) };
    let Some(path) = common::shared_file("data/relations/CORUM_clusters.tsv") else { return Ok(()) };
    let complexes = Relations::from_sets(&GeneSets::read(path, SetFormat::Spaced)?);
    // Recall and precision at percentiles 90, 95 and 99, in either convention.
    let stated = [
        ("all", [0.4792, 0.0642, 0.3747, 0.1008, 0.1598, 0.2225], [0.4219, 0.1135, 0.3445, 0.1870, 0.1528, 0.4449]),
        ("salient", [0.4810, 0.0644, 0.3711, 0.0999, 0.1669, 0.2324], [0.4209, 0.1133, 0.3370, 0.1829, 0.1604, 0.4671]),
        (
            "background",
            [0.4033, 0.0540, 0.2804, 0.0754, 0.1237, 0.1722],
            [0.3427, 0.0922, 0.2505, 0.1360, 0.1187, 0.3456],
        ),
    ];
    let profiles = map.profiles(By::Gene)?.standardised();
    for (space, two_sided, one_sided) in stated {
        let vectors = if space == "all" { profiles.clone() } else { profiles.block(space)? };
        for (convention, numbers) in [(Convention::TwoSided, two_sided), (Convention::OneSided, one_sided)] {
            let curve = recall_at(&vectors, &complexes, convention, &[90.0, 95.0, 99.0])?;
            assert_eq!((curve.n_nodes, curve.n_edges), (1195, 19_053));
            let got = curve.points.iter().flat_map(|point| [point.recall, point.precision]);
            for (got, want) in got.zip(numbers) {
                assert!((got - want).abs() <= 5.1e-5, "{space}, {convention:?}: {got}, stated {want}");
            }
        }
    }
    Ok(())
}

#[test]
fn mitotic_factors_are_ranked_as_stated() -> perturbook::Result<()> {
    let Some(map) = mcvae()? else { return Ok(()) };
    let Some(list) = common::shared_file("data/funk2022_mcvae/mitotic_factors.txt") else { return Ok(()) };
    let Some(expected) = common::shared_file("data/conformance/expected_values.json") else { return Ok(()) };
    let text = std::fs::read_to_string(list).expect("a list of genes");
    let factors: Vec<&str> = text.split_whitespace().collect();
    let expected: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(expected).expect("a file")).expect("json");
    let expected = &expected["mcvae_fig5c_roc"];
    let number = |path: &str| expected.pointer(path).and_then(serde_json::Value::as_f64).expect("a number");

    let profiles = map.profiles(By::Gene)?;
    let control = "nontargeting";
    let norms = background_norms(&profiles, control)?;
    let index = map.table().column("mitotic_index").and_then(|c| c.cast(&DataType::Float64)).expect("a column");
    let index: Vec<f64> = index.f64().expect("numbers").iter().map(|v| v.unwrap_or(f64::NAN)).collect();
    // One row a gene, in the order of the profiles.
    let index: Vec<f64> =
        profiles.keys().iter().zip(index).filter(|(key, _)| *key != control).map(|(_, index)| index).collect();
    let limit = number("/limit_mitotic_index");
    assert!((limit - FUNK_MITOTIC_LIMIT).abs() < 1e-9);
    let ranked = mitotic_factors(&norms, &index, &factors, limit)?;
    assert_eq!((factors.len(), ranked.n_known), (146, 104));
    assert_eq!(ranked.n_kept as f64, number("/n_kept"));
    assert_eq!(ranked.n_positive as f64, number("/n_positive_kept"));
    let [norm, of_index] = [ranked.by_background.auc, ranked.by_index.auc];
    println!("AUC of the relative background norm {norm:.4}, of the mitotic index {of_index:.4}");
    let stated = |name: &str| number(&format!("/recomputed_from_stored_embedding/{name}"));
    assert!((norm - stated("relative_background_norm")).abs() < 0.002, "{norm}");
    assert!((of_index - stated("mitotic_index")).abs() < 0.002, "{of_index}");
    let summary = mitotic_factor_roc(&ranked)?.summary();
    assert!(summary.contains("45 known factors, 86 others"), "{summary}");
    assert!(background_norm_scatter(&norms)?.summary().contains("3089 genes"));
    Ok(())
}
