//! Random forest: many trees, each on a bootstrap sample and with few columns to choose from (Breiman 2001).
//!
//! Each tree is grown on `n` rows drawn with replacement; each division chooses among `sqrt(d)` columns (rounded down, at
//! least one). The probability of a class is the mean over trees of its share in the leaf, and the class is the most
//! probable one (scikit-learn's convention; Breiman lets each tree cast one vote). The out-of-bag accuracy judges each row
//! by the trees that have not seen it. GRAPE uses a forest to find the features of CellProfiler that tell generated and real
//! cells of a gene from controls (its Figure 2).

use ndarray::{Array2, ArrayView1, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::tree::{Data, Tree};
use super::{Classes, predicted};
use crate::evaluate::counts::require_count;
use crate::evaluate::dense::{finite_matrix, require_labels};
use crate::reduce::Points;
use crate::{Error, Result};

/// How a forest is grown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForestConfig {
    /// Number of trees.
    pub trees: usize,
    /// Columns to choose from at each division; `None`: `sqrt(d)`.
    pub columns: Option<usize>,
    /// Fewest rows of a leaf.
    pub min_leaf: usize,
    /// Seed of the samples and columns.
    pub seed: u64,
}

impl Default for ForestConfig {
    /// 100 trees, `sqrt(d)` columns, leaves of any size.
    fn default() -> Self {
        Self { trees: 100, columns: None, min_leaf: 1, seed: 0 }
    }
}

/// A grown forest.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::classification::{Classes, ForestConfig, RandomForest};
///
/// let x = Array2::from_shape_fn((60, 2), |(i, j)| if j == 0 { (i % 2) as f64 } else { (i * 7 % 11) as f64 });
/// let labels: Vec<&str> = (0..60).map(|i| ["control", "hit"][i % 2]).collect();
/// let forest = RandomForest::fit(&x, &Classes::new(&labels)?, &ForestConfig::default())?;
/// assert_eq!(forest.out_of_bag_accuracy(), 1.0);
/// assert_eq!(forest.predict(&x.slice(ndarray::s![..2, ..]))?, [0, 1]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomForest {
    names: Vec<String>,
    dims: usize,
    trees: Vec<Tree>,
    out_of_bag: f64,
}

impl RandomForest {
    /// Grows a forest on `points` of these `classes`.
    ///
    /// # Errors
    /// When there is not one class for each point, fewer than two classes have points, a value is not finite, no tree, no
    /// column or a leaf of no row is asked for, or the work was stopped.
    pub fn fit(points: &dyn Points, classes: &Classes, config: &ForestConfig) -> Result<Self> {
        const PLACE: &str = "random forest";
        let _stoppable = crate::stop::stoppable();
        let x = finite_matrix(points, PLACE)?;
        let (n, d) = x.dim();
        require_labels(n, classes.len(), PLACE)?;
        if classes.counts().iter().filter(|&&count| count > 0).count() < 2 {
            return Err(Error::new(format!("all {n} points belong to one class"))
                .at(PLACE)
                .fix("give points of two classes or more"));
        }
        let drawn = config.columns.unwrap_or(d.isqrt());
        if config.trees == 0 || drawn == 0 || config.min_leaf == 0 {
            let (trees, leaf) = (config.trees, config.min_leaf);
            return Err(Error::new(format!("{trees} trees, {drawn} columns, leaves of {leaf}"))
                .at(PLACE)
                .fix("ask for at least one of each"));
        }
        require_count(config.trees, "trees", PLACE)?;
        let columns = x.t().as_standard_layout().into_owned();
        let n_classes = classes.names().len();
        let data =
            Data { columns: columns.view(), classes: classes.codes(), n_classes, drawn, min_leaf: config.min_leaf };
        let grow = |tree: usize| {
            if crate::stop::requested() {
                return None;
            }
            let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
            rng.set_stream(tree as u64);
            let rows: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
            let mut outside = vec![true; n];
            rows.iter().for_each(|&row| outside[row] = false);
            Some((Tree::grow(&data, rows, &mut rng), outside))
        };
        let grown: Option<Vec<(Tree, Vec<bool>)>> = (0..config.trees).into_par_iter().map(grow).collect();
        let grown = grown.ok_or_else(|| Error::new("the forest was stopped").at(PLACE).fix("run the cell again"))?;
        let out_of_bag = out_of_bag(&grown, x.view(), classes.codes(), n_classes);
        let trees = grown.into_iter().map(|(tree, _)| tree).collect();
        Ok(Self { names: classes.names().to_vec(), dims: d, trees, out_of_bag })
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of columns it was grown on.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Number of trees.
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// Share of the training rows that the trees which have not seen them predict rightly; NaN when each tree has seen all.
    pub fn out_of_bag_accuracy(&self) -> f64 {
        self.out_of_bag
    }

    /// Probability of each class, `n x K`.
    ///
    /// # Errors
    /// When there are more or fewer columns than in training, or a value is not finite.
    pub fn probabilities(&self, points: &dyn Points) -> Result<Array2<f64>> {
        let x = self.checked(points)?;
        Ok(self.probabilities_of(&self.leaves(x.view())))
    }

    /// The most probable class of each point, as its position in [`RandomForest::names`]; of equal ones the first.
    ///
    /// # Errors
    /// As of [`RandomForest::probabilities`].
    pub fn predict(&self, points: &dyn Points) -> Result<Vec<usize>> {
        Ok(predicted(self.probabilities(points)?.view()))
    }

    pub(super) fn trees(&self) -> &[Tree] {
        &self.trees
    }

    pub(super) fn checked(&self, points: &dyn Points) -> Result<Array2<f64>> {
        let x = finite_matrix(points, "random forest")?;
        if x.ncols() == self.dims {
            return Ok(x);
        }
        Err(Error::new(format!("{} columns, but the forest was grown on {}", x.ncols(), self.dims))
            .at("random forest")
            .fix("give the columns it was grown on"))
    }

    /// The leaf of each row in each tree, trees by rows.
    pub(super) fn leaves(&self, x: ArrayView2<'_, f64>) -> Vec<Vec<usize>> {
        let of_tree = |tree: &Tree| x.rows().into_iter().map(|row| leaf(tree, row)).collect();
        self.trees.par_iter().map(of_tree).collect()
    }

    /// Mean shares of the classes in these leaves, trees by rows.
    pub(super) fn probabilities_of<L: AsRef<[usize]>>(&self, leaves: &[L]) -> Array2<f64> {
        let rows = leaves.first().map_or(0, |leaves| leaves.as_ref().len());
        let mut sums = Array2::zeros((rows, self.names.len()));
        for (tree, leaves) in self.trees.iter().zip(leaves) {
            for (row, &leaf) in leaves.as_ref().iter().enumerate() {
                tree.shares(leaf).iter().for_each(|&(class, share)| sums[[row, class]] += share);
            }
        }
        sums / self.trees.len() as f64
    }
}

fn leaf(tree: &Tree, row: ArrayView1<'_, f64>) -> usize {
    tree.leaf(|column| row[column])
}

fn out_of_bag(grown: &[(Tree, Vec<bool>)], x: ArrayView2<'_, f64>, classes: &[usize], n_classes: usize) -> f64 {
    let judged = |row: usize| {
        let mut sums = Array2::zeros((1, n_classes));
        let mut any = false;
        for (tree, _) in grown.iter().filter(|(_, outside)| outside[row]) {
            any = true;
            tree.shares(leaf(tree, x.row(row))).iter().for_each(|&(class, share)| sums[[0, class]] += share);
        }
        any.then(|| predicted(sums.view()) == [classes[row]])
    };
    let judged: Vec<bool> = (0..x.nrows()).into_par_iter().filter_map(judged).collect();
    judged.iter().filter(|right| **right).count() as f64 / judged.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(n: usize) -> (Array2<f64>, Classes) {
        let x = Array2::from_shape_fn((n, 3), |(i, j)| {
            let (angle, radius) = (i as f64 * 2.4, if i % 2 == 0 { 1.0 } else { 3.0 });
            [radius * angle.cos(), radius * angle.sin(), (i * 31 % 17) as f64][j]
        });
        let labels: Vec<&str> = (0..n).map(|i| ["inner", "outer"][i % 2]).collect();
        (x, Classes::new(&labels).unwrap())
    }

    #[test]
    fn a_forest_tells_rings_apart_that_no_line_can() {
        let (x, classes) = rings(400);
        let rows: Vec<usize> = (0..300).collect();
        let (train, rest) = (x.slice(ndarray::s![..300, ..]), x.slice(ndarray::s![300.., ..]));
        let forest = RandomForest::fit(&train, &classes.select(&rows), &ForestConfig::default()).unwrap();
        let right = forest.predict(&rest).unwrap().iter().zip(&classes.codes()[300..]).filter(|(a, b)| a == b).count();
        assert!(right >= 95, "{right}");
        assert!((forest.out_of_bag_accuracy() - right as f64 / 100.0).abs() < 0.05);
        let p = forest.probabilities(&rest).unwrap();
        assert!(p.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));
    }

    #[test]
    fn one_seed_gives_one_forest_on_any_number_of_threads() {
        let (x, classes) = rings(120);
        let with = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let config = ForestConfig { trees: 20, seed, ..ForestConfig::default() };
            pool.install(|| RandomForest::fit(&x, &classes, &config).unwrap())
        };
        assert_eq!(with(1, 5), with(3, 5));
        assert_ne!(with(1, 5), with(1, 6));
    }

    #[test]
    fn what_cannot_be_grown_says_so() {
        let (x, classes) = rings(10);
        let refused = |config: ForestConfig| RandomForest::fit(&x, &classes, &config).is_err();
        assert!(refused(ForestConfig { trees: 0, ..ForestConfig::default() }));
        assert!(refused(ForestConfig { columns: Some(0), ..ForestConfig::default() }));
        assert!(refused(ForestConfig { min_leaf: 0, ..ForestConfig::default() }));
        assert!(RandomForest::fit(&x, &Classes::new(&["a"; 10]).unwrap(), &ForestConfig::default()).is_err());
        assert!(RandomForest::fit(&x, &classes.select(&[0, 1]), &ForestConfig::default()).is_err());
        let forest = RandomForest::fit(&x, &classes, &ForestConfig::default()).unwrap();
        assert!(forest.predict(&ndarray::array![[1.0]]).is_err());
    }
}
