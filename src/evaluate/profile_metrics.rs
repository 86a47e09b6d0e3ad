//! What profiles of perturbations know of batches, of perturbations and of known relations: the columns of Tables 1 and 2 of
//! the Set-DINO paper.
//!
//! | number | rows | how |
//! |---|---|---|
//! | batch, neighbours | profiles of perturbations in batches | accuracy of the batch by 5 neighbours; low where batches mix |
//! | batch, connectivity | the same | [`graph_connectivity`] of batches; low where batches mix |
//! | perturbation, neighbours | those without controls | accuracy of the perturbation by 5 neighbours |
//! | mAP | those without controls | [`mean_average_precision`]: do profiles of one perturbation find each other? |
//! | recall | profiles over batches | of known relations among the most alike 5 % and 10 % of pairs ([`Convention::OneSided`]) |
//!
//! All by the cosine.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::columns::flags;
use super::retrieval::{
    KnnConfig, PrecisionConfig, RowLabels, graph_connectivity, knn_accuracy, mean_average_precision,
};
use super::{Convention, Relations, recall_at};
use crate::reduce::Metric;
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Embedding, Profiles};
use crate::{Error, Result};

const PLACE: &str = "profile metrics";
/// Neighbours that are asked.
const NEIGHBOURS: usize = 5;
/// Percentiles of similarity above which pairs are predicted.
const PERCENTILES: [f64; 2] = [95.0, 90.0];

/// Recall of one set of relations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelationRecall {
    /// The relations' name.
    pub relations: String,
    /// Recall among the most alike 5 % of pairs, and 10 %.
    pub recall: [f64; 2],
}

/// What profiles know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileMetrics {
    /// Accuracy of the batch by 5 neighbours.
    pub batch_knn: f64,
    /// Mean connectivity of batches.
    pub connectivity: f64,
    /// Accuracy of the perturbation by 5 neighbours.
    pub knn: f64,
    /// Mean average precision of the perturbation.
    pub map: f64,
    /// The same for random orders.
    pub map_by_chance: f64,
    /// Recall, one entry for each set of relations.
    pub recall: Vec<RelationRecall>,
}

/// The profiles that are measured, with the names of the table's columns.
#[derive(Clone, Debug)]
pub struct MeasuredProfiles<'a> {
    /// One row for each perturbation in each batch, with the columns `batch` and `control` (whether the row is of controls).
    pub batches: &'a Embedding,
    /// The column that names the perturbation.
    pub perturbation: &'a str,
    /// One row for each perturbation, over batches.
    pub consensus: &'a Profiles,
    /// Known relations.
    pub relations: &'a [&'a Relations],
}

impl MeasuredProfiles<'_> {
    /// All numbers.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::evaluate::{MeasuredProfiles, Relations};
    /// use perturbook::screen::{Embedding, Profiles};
    /// use polars::prelude::df;
    ///
    /// let table = df!(
    ///     "gene" => ["A", "A", "B", "B", "C", "C", "nontargeting", "nontargeting"],
    ///     "batch" => ["1", "2", "1", "2", "1", "2", "1", "2"],
    ///     "control" => [false, false, false, false, false, false, true, true],
    /// ).unwrap();
    /// let values = array![[1f32, 0.], [1., 0.1], [0.5, 0.9], [0.6, 0.9], [-1., 0.], [-1., 0.1], [0.1, -1.], [0., -1.]];
    /// let batches = Embedding::new(values, table)?;
    /// let keys = ["A", "B", "C"].map(String::from).to_vec();
    /// let consensus = Profiles::new(keys, array![[1.0, 0.1], [0.5, 0.9], [-1.0, 0.1]])?;
    /// let known = Relations::from_pairs("toy", [("A", "B")]);
    /// let measured = MeasuredProfiles { batches: &batches, perturbation: "gene", consensus: &consensus, relations: &[&known] };
    /// let metrics = measured.read()?;
    /// assert_eq!(metrics.map, 1.0); // both profiles of each gene are nearest to each other
    /// assert!(metrics.map_by_chance < 0.5);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a column is missing or of another type, there are not more than 5 profiles of perturbations, none has a second
    /// batch, or no relation connects two of them.
    pub fn read(&self) -> Result<ProfileMetrics> {
        let batches = RowLabels::of_column(self.batches, "batch")?;
        let names = RowLabels::of_column(self.batches, self.perturbation)?;
        let perturbed = self.perturbed()?;
        let all = self.batches.values().mapv(f64::from);
        let of_perturbed = all.select(Axis(0), &perturbed);
        let names = RowLabels::new(&perturbed.iter().map(|&row| names.of(row)).collect::<Vec<&str>>());
        let near = KnnConfig { k: NEIGHBOURS, metric: Metric::Cosine, ..KnnConfig::default() };
        let found = mean_average_precision(&of_perturbed, &names, &PrecisionConfig::default())?;
        let recall = |relations: &&Relations| {
            let curve = recall_at(self.consensus, relations, Convention::OneSided, &PERCENTILES)?;
            let recall = PERCENTILES.map(|percentile| curve.at(percentile).map(|point| point.recall));
            let [five, ten] = recall;
            Ok(RelationRecall { relations: relations.name().to_owned(), recall: [five?, ten?] })
        };
        Ok(ProfileMetrics {
            batch_knn: knn_accuracy(&all, &batches, &near)?.accuracy,
            connectivity: graph_connectivity(&all, &batches, NEIGHBOURS, Metric::Cosine)?.mean,
            knn: knn_accuracy(&of_perturbed, &names, &near)?.accuracy,
            map: found.mean_over_queries,
            map_by_chance: found.random,
            recall: self.relations.iter().map(recall).collect::<Result<_>>()?,
        })
    }

    /// The same from the first principal components of the profiles in batches, for each of these numbers of components that
    /// there is (Figure 3 of the paper).
    ///
    /// # Errors
    /// As [`MeasuredProfiles::read`], and when no number is from 1 to that of the dimensions.
    pub fn by_components(&self, counts: &[usize]) -> Result<Vec<(usize, ProfileMetrics)>> {
        let values = self.batches.values();
        let there = values.nrows().min(values.ncols());
        let mut counts: Vec<usize> = counts.iter().copied().filter(|count| (1..=there).contains(count)).collect();
        counts.sort_unstable();
        counts.dedup();
        let Some(&most) = counts.last() else {
            return Err(Error::new(format!("no number of components is from 1 to {there}")).at(PLACE));
        };
        let pca = Pca::fit(values, Components::Count(most))?;
        // Profiles over batches are differences: they are turned, not moved.
        let turn = |x: Array2<f64>| x.dot(&pca.components().t());
        let (of_batches, of_all) =
            (pca.transform(values)?.mapv(|value| value as f32), turn(self.consensus.values().to_owned()));
        let read = |count: usize| {
            let batches = self.batches.with_values(of_batches.slice(ndarray::s![.., ..count]).to_owned())?;
            let first = of_all.slice(ndarray::s![.., ..count]).to_owned();
            let consensus = Profiles::new(self.consensus.keys().to_vec(), first)?;
            Ok((count, MeasuredProfiles { batches: &batches, consensus: &consensus, ..self.clone() }.read()?))
        };
        counts.into_iter().map(read).collect()
    }

    fn perturbed(&self) -> Result<Vec<usize>> {
        let controls = flags(self.batches.table(), "control", PLACE)?;
        Ok((0..controls.len()).filter(|&row| !controls[row]).collect())
    }
}

impl ProfileMetrics {
    /// Every number with its name.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let fixed = [
            ("batch kNN", self.batch_knn),
            ("batch connectivity", self.connectivity),
            ("perturbation kNN", self.knn),
            ("mAP", self.map),
        ];
        let recall = self.recall.iter().flat_map(|one| {
            let name = |percent: u32| format!("{}, recall {percent} %", one.relations);
            [(name(5), one.recall[0]), (name(10), one.recall[1])]
        });
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(recall).collect()
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::*;
    use crate::evaluate::GeneSets;

    /// 24 genes in six complexes and controls, in four batches; `batch` moves all profiles of a batch.
    fn profiles(batch: f32) -> (Embedding, Profiles, Relations) {
        let (mut genes, mut batches, mut control) = (vec![], vec![], vec![]);
        for b in 0..4 {
            for gene in 0..25 {
                genes.push(format!("G{gene}"));
                batches.push(format!("b{b}"));
                control.push(gene == 24);
            }
        }
        let noise = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f32 / 230.0;
        let values = Array2::from_shape_fn((100, 34), |(i, j)| {
            let (b, gene) = (i / 25, i % 25);
            let effect = u8::from(gene < 24 && (j == gene || j == 24 + gene / 4));
            f32::from(effect) + batch * f32::from(u8::from(j == 30 + b)) + noise(i, j)
        });
        let table = df!("gene" => &genes, "batch" => &batches, "control" => &control).unwrap();
        let keys: Vec<String> = genes[..24].to_vec();
        let consensus = Profiles::new(keys.clone(), values.slice(ndarray::s![..24, ..]).mapv(f64::from)).unwrap();
        let complexes = keys.chunks(4).enumerate().map(|(i, members)| (format!("C{i}"), members.to_vec()));
        (Embedding::new(values, table).unwrap(), consensus, Relations::from_sets(&GeneSets::new("toy", complexes)))
    }

    #[test]
    fn batches_and_perturbations_are_told_apart() {
        let read = |batch: f32| {
            let (batches, consensus, known) = profiles(batch);
            let of = MeasuredProfiles {
                batches: &batches,
                perturbation: "gene",
                consensus: &consensus,
                relations: &[&known],
            };
            (of.read().unwrap(), of.by_components(&[1, 2, 30, 99]).unwrap())
        };
        let ((mixed, few), (apart, _)) = (read(0.0), read(4.0));
        assert!(mixed.map > 0.95 && mixed.knn > 0.8, "{mixed:?}");
        assert!(apart.batch_knn > 0.95 && apart.connectivity > 0.95, "{apart:?}");
        assert!(mixed.batch_knn < 0.5 && apart.map < mixed.map - 0.3, "{mixed:?} {apart:?}");
        // Of 24 x 24 pairs, each gene with itself among them, 10 % are 57: 24 of a gene with itself and 33 others, of which
        // 72 are known.
        let [five, ten] = mixed.recall[0].recall;
        assert!(five < ten && ten > 0.4 && ten < 0.5, "{five} {ten}");
        assert_eq!(few.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1, 2, 30]);
        assert!(few[2].1.map > few[0].1.map + 0.2, "{few:?}");
        assert_eq!(mixed.numbers().len(), 6);
    }
}
