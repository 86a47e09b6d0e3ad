//! Which rows to train on and which to test on.
//!
//! Every class is divided in the same proportion (stratified). Rows of one group, such as the guides of one gene, can be
//! kept on one side, so that a model is not tested on what it was trained on; a group counts for the class of most of its
//! rows (of equally many, the first).
//!
//! Rules: the groups of a class are shuffled (without groups, each row is one). A holdout takes them in this order for as
//! long as half of the next one still fits into the class's share of the test, at least one and not all of them. Folds take
//! the largest groups first, each into the fold with the fewest rows of the class, then with the fewest rows at all. What
//! is alone in its class stays in the training rows of a holdout; in folds it is tested by a model that does not know its
//! class.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Classes;
use crate::evaluate::dense::require_labels;
use crate::{Error, Result};

/// How rows are divided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// One split, with this share of each class to test on.
    Holdout {
        /// Share of the rows, between 0 and 1.
        test: f64,
    },
    /// `k` splits, in which each row is tested once.
    Folds {
        /// Number of folds.
        k: usize,
    },
}

impl Default for Protocol {
    /// 60 % to train on and 40 % to test on, as Multi-ContrastiveVAE.
    fn default() -> Self {
        Self::Holdout { test: 0.4 }
    }
}

/// Rows to train on and rows to test on, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Training rows.
    pub train: Vec<usize>,
    /// Test rows.
    pub test: Vec<usize>,
}

impl Protocol {
    /// The splits of rows of these classes; rows of one of the `groups` stay together.
    ///
    /// ```
    /// use perturbook::evaluate::classification::{Classes, Protocol};
    ///
    /// let classes = Classes::new(&["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"])?;
    /// let folds = Protocol::Holdout { test: 0.4 }.folds(&classes, None, 1)?;
    /// assert_eq!(classes.select(&folds[0].test).counts(), [2, 2]);
    ///
    /// let genes = Classes::new(&["1", "1", "2", "2", "3", "4", "4", "5", "5", "6"])?;
    /// for fold in (Protocol::Folds { k: 3 }).folds(&classes, Some(&genes), 1)? {
    ///     assert!(fold.test.iter().all(|&row| fold.train.iter().all(|&other| genes.of(row) != genes.of(other))));
    /// }
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one group for each row, the share is not between 0 and 1, there are more folds than groups, or
    /// nothing is left to train or to test on.
    pub fn folds(self, classes: &Classes, groups: Option<&Classes>, seed: u64) -> Result<Vec<Fold>> {
        const PLACE: &str = "training and test rows";
        if let Some(groups) = groups {
            require_labels(classes.len(), groups.len(), PLACE)?;
        }
        let units = units(classes, groups);
        let count: usize = units.iter().map(Vec::len).sum();
        let (test_of, folds) = match self {
            Self::Holdout { test } => {
                if !(test > 0.0 && test < 1.0) {
                    return Err(Error::new(format!("{test} is no share of the rows"))
                        .at(PLACE)
                        .fix("test on a share between 0 and 1, such as 0.4"));
                }
                (holdout(units, test, seed), 1)
            }
            Self::Folds { k } => {
                if k < 2 || k > count {
                    return Err(Error::new(format!("{count} rows or groups do not make {k} folds"))
                        .at(PLACE)
                        .fix("use at least 2 folds, and no more than there are groups"));
                }
                (folds(units, k, seed), k)
            }
        };
        let mut fold_of = vec![None; classes.len()];
        for (unit, fold) in test_of {
            unit.into_iter().for_each(|row| fold_of[row] = Some(fold));
        }
        let split = |fold: usize| {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..classes.len()).partition(|&row| fold_of[row] == Some(fold));
            Fold { train, test }
        };
        let splits: Vec<Fold> = (0..folds).map(split).collect();
        if splits.iter().any(|fold| fold.test.is_empty() || fold.train.is_empty()) {
            return Err(Error::new(format!("{count} rows or groups leave nothing to train or to test on"))
                .at(PLACE)
                .fix("give at least two rows, or groups, of one class"));
        }
        Ok(splits)
    }
}

/// Rows that stay together.
type Unit = Vec<usize>;

/// For each class its units, in the order of their first rows.
fn units(classes: &Classes, groups: Option<&Classes>) -> Vec<Vec<Unit>> {
    let kinds = classes.names().len();
    let mut by_class: Vec<Vec<Unit>> = vec![Vec::new(); kinds];
    let Some(groups) = groups else {
        classes.codes().iter().enumerate().for_each(|(row, &class)| by_class[class].push(vec![row]));
        return by_class;
    };
    let mut members: Vec<Unit> = vec![Vec::new(); groups.names().len()];
    groups.codes().iter().enumerate().for_each(|(row, &group)| members[group].push(row));
    members.retain(|unit| !unit.is_empty());
    members.sort_by_key(|unit| unit[0]);
    for unit in members {
        let mut counts = vec![0; kinds];
        unit.iter().for_each(|&row| counts[classes.codes()[row]] += 1);
        let class = (0..kinds).rev().max_by_key(|&class| counts[class]).unwrap_or(0);
        by_class[class].push(unit);
    }
    by_class
}

/// The units of one class in random order.
fn shuffled(mut units: Vec<Unit>, class: usize, seed: u64) -> Vec<Unit> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(class as u64);
    units.shuffle(&mut rng);
    units
}

fn holdout(by_class: Vec<Vec<Unit>>, share: f64, seed: u64) -> Vec<(Unit, usize)> {
    let mut test = Vec::new();
    for (class, units) in by_class.into_iter().enumerate() {
        let target = share * units.iter().map(Vec::len).sum::<usize>() as f64;
        let (mut taken, mut left) = (0, units.len());
        for unit in shuffled(units, class, seed) {
            let fits = taken == 0 || taken as f64 + unit.len() as f64 / 2.0 <= target;
            if fits && left > 1 {
                taken += unit.len();
                left -= 1;
                test.push((unit, 0));
            }
        }
    }
    test
}

fn folds(by_class: Vec<Vec<Unit>>, k: usize, seed: u64) -> Vec<(Unit, usize)> {
    let mut rows = vec![0; k];
    let mut placed = Vec::new();
    for (class, units) in by_class.into_iter().enumerate() {
        let mut of_class = vec![0; k];
        let mut units = shuffled(units, class, seed);
        units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
        for unit in units {
            let fold = (0..k).min_by_key(|&fold| (of_class[fold], rows[fold])).unwrap_or(0);
            of_class[fold] += unit.len();
            rows[fold] += unit.len();
            placed.push((unit, fold));
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(sizes: &[usize]) -> Classes {
        let labels: Vec<String> = sizes.iter().enumerate().flat_map(|(c, &n)| vec![c.to_string(); n]).collect();
        Classes::new(&labels).unwrap()
    }

    #[test]
    fn each_row_is_tested_once_and_classes_are_spread() {
        let classes = classes(&[13, 7, 5]);
        let folds = Protocol::Folds { k: 5 }.folds(&classes, None, 3).unwrap();
        let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..25).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!(fold.test.len(), 5);
            let counts = classes.select(&fold.test).counts();
            assert!((2..=3).contains(&counts[0]) && (1..=2).contains(&counts[1]) && counts[2] == 1);
        }
        assert_eq!(folds, Protocol::Folds { k: 5 }.folds(&classes, None, 3).unwrap());
        assert_ne!(folds, Protocol::Folds { k: 5 }.folds(&classes, None, 4).unwrap());
    }

    #[test]
    fn what_is_alone_in_its_class_is_trained_on() {
        let folds = Protocol::default().folds(&classes(&[1, 2, 10]), None, 0).unwrap();
        assert!(folds[0].train.contains(&0));
        assert_eq!(classes(&[1, 2, 10]).select(&folds[0].test).counts(), [0, 1, 4]);
    }

    #[test]
    fn splits_that_leave_nothing_are_refused() {
        let refused = |protocol: Protocol, sizes: &[usize]| protocol.folds(&classes(sizes), None, 0).is_err();
        assert!(refused(Protocol::default(), &[1, 1]));
        assert!(refused(Protocol::default(), &[1]));
        assert!(refused(Protocol::Holdout { test: 1.0 }, &[5, 5]));
        assert!(refused(Protocol::Holdout { test: f64::NAN }, &[5, 5]));
        assert!(refused(Protocol::Folds { k: 1 }, &[5, 5]));
        assert!(refused(Protocol::Folds { k: 11 }, &[5, 5]));
        let one_group = Classes::new(&["g"; 10]).unwrap();
        assert!(Protocol::default().folds(&classes(&[5, 5]), Some(&one_group), 0).is_err());
        assert!(Protocol::default().folds(&classes(&[5, 5]), Some(&one_group.select(&[0])), 0).is_err());
    }
}
