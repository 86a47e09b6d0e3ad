//! What an embedding knows of a simulated screen of cell images: of what was planted, and of how the cells were taken.
//!
//! | number | cells | how |
//! |---|---|---|
//! | added | whose gene adds a structure, escaped ones left out | share of cells whose 15 nearest mostly show the same phenotype |
//! | shifted | whose gene shifts the mix of phases, and those shown in the same way by controls | the same for the phase |
//! | batch, field, light | controls | area under the ROC curve of a logistic regression, one class against the rest |
//! | complexes | means of genes less the controls' | area under the ROC curve of the cosines: pairs of one complex against other pairs |
//!
//! Field is the middle third of a field of view, by distance from its centre, against the outer third; light the third of the
//! cells nearest to the brightest place of their batch against the farthest third. A salient space should know what is added,
//! and neither phase nor technique; a background space the other way round.

use ndarray::Axis;
use serde::{Deserialize, Serialize};

use super::classification::{ClassifyConfig, Covariate, Protocol, roc_auc, spaces, technical_covariates};
use super::{KnnConfig, RowLabels, knn_accuracy, unit_rows};
use crate::reduce::{Metric, Points};
use crate::screen::{By, Embedding, Profiles};
use crate::simulate::{CONTROL, EffectClass, OpsCell, OpsTruth};
use crate::{Error, Result};

const PLACE: &str = "planted images";
/// Neighbours that are asked.
const NEIGHBOURS: usize = 15;

/// What one space knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlantedSpace {
    /// The space.
    pub space: String,
    /// Accuracy for phenotypes that add a structure; by chance about one over their number.
    pub added: f64,
    /// The share of cells of each of these phenotypes that are taken for what they are.
    pub by_phenotype: Vec<(String, f64)>,
    /// Accuracy for the phase of the cell cycle.
    pub phase: f64,
    /// Area under the ROC curve for the batch; 0.5 by chance.
    pub batch: f64,
    /// The same for middle and rim of the field of view.
    pub field: f64,
    /// The same for places near to and far from the brightest one.
    pub light: f64,
    /// Area under the ROC curve for pairs of genes of one complex, by their cosine; 0.5 by chance.
    pub complexes: f64,
}

/// What all spaces know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlantedReading {
    /// The blocks of the embedding, and all of it as `combined`.
    pub spaces: Vec<PlantedSpace>,
}

/// Reads what was planted from an embedding of all cells of a simulated screen, in the order of the truth.
///
/// # Errors
/// When numbers of cells differ, there are no two phenotypes, phases, batches or complexes to tell apart, or a value is not
/// finite.
pub fn planted_images(embedding: &Embedding, truth: &OpsTruth) -> Result<PlantedReading> {
    if embedding.len() != truth.cells.len() {
        let what = format!("{} codes for {} simulated cells", embedding.len(), truth.cells.len());
        return Err(Error::new(what).at(PLACE).fix("embed the whole screen"));
    }
    let rows = |keep: &dyn Fn(&OpsCell) -> bool| -> Vec<usize> {
        (0..truth.cells.len()).filter(|&row| keep(&truth.cells[row])).collect()
    };
    let added = rows(&|cell| truth.class_of(cell) == EffectClass::Added && !cell.escaped);
    let phenotypes: Vec<&str> = added.iter().map(|&row| truth.phenotype_of(&truth.cells[row])).collect();
    let shifted = rows(&|cell| truth.class_of(cell) != EffectClass::Added);
    let phases: Vec<&str> = shifted.iter().map(|&row| truth.cells[row].phase.name()).collect();
    let controls = rows(&|cell| cell.gene.is_none());
    let batches: Vec<String> = controls.iter().map(|&row| truth.cells[row].batch.to_string()).collect();
    let centre = mean_place(&controls, truth);
    let from_centre = |row: usize| {
        let (top, left) = truth.cells[row].position;
        f64::from((top - centre.0).hypot(left - centre.1))
    };
    let field = thirds(&controls.iter().map(|&row| from_centre(row)).collect::<Vec<_>>());
    let light: Vec<f64> = controls.iter().map(|&row| truth.from_brightest(&truth.cells[row])).collect();
    let light = thirds(&light);
    let covariates = [
        Covariate::new("batch", &batches)?,
        Covariate::partial("field", &field)?,
        Covariate::partial("light", &light)?,
    ];
    let genes: Vec<&str> = truth.cells.iter().map(|cell| truth.symbol_of(cell)).collect();
    let config = ClassifyConfig { protocol: Protocol::Folds { k: 5 }, ..ClassifyConfig::default() };
    let nearest = KnnConfig { k: NEIGHBOURS, metric: Metric::Euclidean, ..KnnConfig::default() };
    let spaces = spaces(embedding, None)?;
    let of_controls: Vec<_> = spaces.iter().map(|(_, x)| x.select(Axis(0), &controls)).collect();
    let named = spaces.iter().zip(&of_controls).map(|((name, _), x)| (name.as_str(), x as &dyn Points));
    let technical = technical_covariates(&named.collect::<Vec<_>>(), &covariates, &config)?;
    let mut found = Vec::with_capacity(spaces.len());
    for (space, x) in spaces {
        let accuracy = |rows: &[usize], labels: &RowLabels| knn_accuracy(&x.select(Axis(0), rows), labels, &nearest);
        let kinds = accuracy(&added, &RowLabels::new(&phenotypes))?;
        let auroc = |name: &str| technical.of(&space, name).map(|entry| entry.scores.auroc);
        found.push(PlantedSpace {
            added: kinds.accuracy,
            by_phenotype: kinds.labels.into_iter().map(|kind| (kind.label, kind.accuracy)).collect(),
            phase: accuracy(&shifted, &RowLabels::new(&phases))?.accuracy,
            complexes: of_complexes(&profiles(&x, &genes)?, truth)?,
            batch: auroc("batch")?,
            field: auroc("field")?,
            light: auroc("light")?,
            space,
        });
    }
    Ok(PlantedReading { spaces: found })
}

fn mean_place(rows: &[usize], truth: &OpsTruth) -> (f32, f32) {
    let sum = rows.iter().fold((0.0, 0.0), |(x, y), &row| {
        let (top, left) = truth.cells[row].position;
        (x + top, y + left)
    });
    let n = rows.len().max(1) as f32;
    (sum.0 / n, sum.1 / n)
}

/// The nearest third and the farthest third.
fn thirds(distances: &[f64]) -> Vec<Option<&'static str>> {
    let mut sorted = distances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted.get(sorted.len() * share / 3).copied().unwrap_or(f64::INFINITY);
    let (near, far) = (at(1), at(2));
    distances
        .iter()
        .map(|&d| {
            if d < near {
                Some("near")
            } else if d >= far {
                Some("far")
            } else {
                None
            }
        })
        .collect()
}

/// Means of genes less the controls', every dimension to variance 1.
fn profiles(x: &ndarray::Array2<f64>, genes: &[&str]) -> Result<Profiles> {
    let table = polars::prelude::df!("gene" => genes).map_err(|e| Error::new(e.to_string()).at(PLACE))?;
    let means = Embedding::new(x.mapv(|value| value as f32), table)?.profiles(By::Column("gene"))?;
    let control = means.row(CONTROL)?.to_owned();
    let values = &means.values() - &control;
    Ok(means.with_values(values)?.standardised().without(&[CONTROL]))
}

/// How well the cosine tells pairs of one complex from other pairs.
fn of_complexes(profiles: &Profiles, truth: &OpsTruth) -> Result<f64> {
    let complex_of = |key: &String| truth.genes.iter().find(|gene| gene.symbol == *key).and_then(|gene| gene.complex);
    let complexes: Vec<Option<usize>> = profiles.keys().iter().map(complex_of).collect();
    let units = unit_rows(profiles.values());
    let cosines = units.dot(&units.t());
    let (mut same, mut alike) = (Vec::new(), Vec::new());
    for i in 0..complexes.len() {
        for j in 0..i {
            same.push(complexes[i].is_some() && complexes[i] == complexes[j]);
            alike.push(cosines[[i, j]]);
        }
    }
    roc_auc(&same, &alike)
}

impl PlantedReading {
    /// One of the spaces.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(&self, space: &str) -> Result<&PlantedSpace> {
        self.spaces.iter().find(|one| one.space == space).ok_or_else(|| {
            let known: Vec<&str> = self.spaces.iter().map(|one| one.space.as_str()).collect();
            Error::new(format!("no space {space:?}")).at(PLACE).fix(format!("choose one of: {}", known.join(", ")))
        })
    }
}

impl PlantedSpace {
    /// Every number with its name.
    pub fn numbers(&self) -> [(&'static str, f64); 6] {
        [
            ("added structure", self.added),
            ("phase", self.phase),
            ("complexes", self.complexes),
            ("batch", self.batch),
            ("place in the field", self.field),
            ("light", self.light),
        ]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use polars::prelude::df;

    use super::*;
    use crate::simulate::{OpsConfig, Phenotype, ops_screen};

    /// Salient codes that hold the phenotype, background codes that hold phase, batch and place.
    #[test]
    fn what_was_planted_is_read_from_the_space_that_holds_it() {
        let screen = ops_screen(&OpsConfig { escaping: 0.0, ..OpsConfig::default() }).unwrap();
        let truth = screen.truth();
        let noise = |i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5) * 0.2;
        let values = Array2::from_shape_fn((truth.cells.len(), 12), |(row, column)| {
            let cell = &truth.cells[row];
            let effects = cell.gene.map_or(&[][..], |gene| &truth.genes[gene].effects);
            let value = match column {
                0..8 => effects
                    .iter()
                    .find(|(kind, _)| *kind == Phenotype::ALL[column])
                    .map_or(0.0, |(_, strength)| *strength as f32),
                8 => 3.0 * cell.phase as usize as f32,
                9 => cell.batch as f32,
                10 => truth.from_brightest(cell) as f32 / 300.0,
                _ => (cell.position.0 - 1480.0).hypot(cell.position.1 - 1480.0) / 300.0,
            };
            value + noise(row * 12 + column)
        });
        let table = df!("row" => (0..truth.cells.len() as i64).collect::<Vec<_>>()).unwrap();
        let cells = Embedding::new(values, table).unwrap();
        let cells = cells.with_block("salient", 0..8).unwrap().with_block("background", 8..12).unwrap();
        let reading = planted_images(&cells, truth).unwrap();
        let (s, z) = (reading.of("salient").unwrap(), reading.of("background").unwrap());
        assert!(s.added > 0.95 && z.added < 0.45, "{} {}", s.added, z.added);
        assert!(
            s.by_phenotype.len() == 5 && s.by_phenotype.iter().all(|(_, share)| *share > 0.8),
            "{:?}",
            s.by_phenotype
        );
        assert!(s.complexes > 0.9 && z.complexes < 0.8, "{} {}", s.complexes, z.complexes);
        assert!(z.phase > 0.9 && s.phase < 0.6, "{} {}", z.phase, s.phase);
        for (name, [of_s, of_z]) in
            [("batch", [s.batch, z.batch]), ("field", [s.field, z.field]), ("light", [s.light, z.light])]
        {
            assert!(of_s < 0.6 && of_z > 0.65, "{name}: {of_s} {of_z}");
        }
        assert!(planted_images(&few(&cells), truth).is_err());
    }

    fn few(cells: &Embedding) -> Embedding {
        Embedding::new(cells.values().slice(ndarray::s![..5, ..]).to_owned(), cells.table().head(Some(5))).unwrap()
    }
}
