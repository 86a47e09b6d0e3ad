//! Splits of a screen into training, validation and test cells, each as a paper does it.
//!
//! | split | used by |
//! |---|---|
//! | [`Screen::split_in_order`] | Multi-ContrastiveVAE: 83/2/15 % of the controls and of the perturbed cells, as they stand |
//! | [`Screen::split_plates`] | Set-DINO: whole plates for testing, one well of each other plate for validation |
//! | [`Screen::split_stratified`] | SC-VAE: 80/10/10 % of every perturbation, drawn at random |
//! | [`Screen::split_grouped`] | whole wells, guides or perturbations, drawn at random |
//! | [`Screen::split_labels`], [`Screen::split_where`] | lists of wells and the like; any condition |
//!
//! Every cell is in exactly one part, unless said otherwise. Parts that do not come out even are rounded by largest
//! remainder, in favour of the training part.

use polars::prelude::Expr;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::rows::cells;
use super::{Label, Role, Screen, filter};
use crate::io::parquet::name_some;
use crate::{Error, Result};

/// The parts of a split, views of one screen.
#[derive(Clone, Debug)]
pub struct Split {
    /// For training.
    pub train: Screen,
    /// For choosing among settings, and for stopping early.
    pub validation: Screen,
    /// For the result that is reported.
    pub test: Screen,
}

/// Which share of the cells each part gets; they sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares([f64; 3]);

impl Shares {
    /// Shares of training, validation and test cells.
    ///
    /// # Errors
    /// When one is negative or not a number, the first is 0, or they do not sum to 1.
    pub fn new(train: f64, validation: f64, test: f64) -> Result<Self> {
        let shares = [train, validation, test];
        let sum: f64 = shares.iter().sum();
        if shares.iter().any(|&share| !(0.0..=1.0).contains(&share)) || train == 0.0 || (sum - 1.0).abs() > 1e-6 {
            return Err(Error::new(format!("shares of {train}, {validation} and {test} are no split"))
                .at("split")
                .fix("give three shares from 0 to 1 that sum to 1, such as 0.8, 0.1, 0.1"));
        }
        Ok(Self(shares))
    }

    /// 83/2/15 %, as Multi-ContrastiveVAE.
    pub fn mcvae() -> Self {
        Self([0.83, 0.02, 0.15])
    }

    /// 80/10/10 %, for SC-VAE.
    pub fn sc_vae() -> Self {
        Self([0.8, 0.1, 0.1])
    }

    /// How many of `n` cells each part gets, by largest remainder.
    fn of(self, n: usize) -> [usize; 3] {
        let exact = self.0.map(|share| share * n as f64);
        // What floating point lacks to a whole number is no remainder.
        let mut parts = exact.map(|x| (x + 1e-9).floor() as usize);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| (exact[b] - parts[b] as f64).total_cmp(&(exact[a] - parts[a] as f64)));
        let given: usize = parts.iter().sum();
        order.iter().cycle().take(n.saturating_sub(given)).for_each(|&part| parts[part] += 1);
        parts
    }
}

/// Plates to test on and wells to validate on, as Set-DINO splits its screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlateSplit {
    /// All wells of these plates are for testing.
    pub test_plates: Vec<String>,
    /// These wells of every other plate are for validation.
    pub validation_wells: Vec<String>,
    /// Whether the validation wells are trained on as well, as in the released code; the default is not to.
    pub validation_in_train: bool,
}

impl PlateSplit {
    /// The plates of the Funk 2022 screen: 024B and 024C for testing (12 wells), well A1 of the other six for
    /// validation, 28 wells for training.
    pub fn funk2022() -> Self {
        Self {
            test_plates: ["20200202_6W-LaC024B", "20200202_6W-LaC024C"].map(str::to_owned).to_vec(),
            validation_wells: vec!["A1".to_owned()],
            validation_in_train: false,
        }
    }
}

const TRAIN: usize = 0;
const VALIDATION: usize = 1;
const TEST: usize = 2;

impl Screen {
    /// The first cells for training, the next for validation, the last for testing: of the controls, of the perturbed
    /// cells and of all others separately, in the order in which they stand.
    ///
    /// ```
    /// # use ndarray::Array2;
    /// # use perturbook::screen::{Features, Screen, Shares};
    /// # use polars::prelude::df;
    /// let gene: Vec<&str> = (0..300).map(|i| if i < 100 { "nontargeting" } else { "TP53" }).collect();
    /// let screen = Screen::new(df!("gene" => gene).unwrap(), Features::numbered(Array2::zeros((300, 1)))?)?;
    /// let split = screen.split_in_order(Shares::mcvae())?;
    /// assert_eq!([split.train.len(), split.validation.len(), split.test.len()], [249, 6, 45]);
    /// assert_eq!(split.test.controls()?.source_row(0), 85); // rows 85..100 of the controls
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a part that should have cells gets none.
    pub fn split_in_order(&self, shares: Shares) -> Result<Split> {
        let mut part = vec![TRAIN; self.len()];
        for role in [Role::Control, Role::Perturbed, Role::Other] {
            let rows: Vec<usize> = (0..self.len()).filter(|&row| self.role(row) == role).collect();
            deal(&rows, shares, &mut part);
        }
        self.parts(&part, shares)
    }

    /// Cells of every perturbation (or whatever `by` says) at random, in the same shares.
    ///
    /// # Errors
    /// When cells have no such label, or a part that should have cells gets none.
    pub fn split_stratified(&self, by: Label, shares: Shares, seed: u64) -> Result<Split> {
        let mut part = vec![TRAIN; self.len()];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for mut rows in self.rows_by(by)? {
            rows.shuffle(&mut rng);
            deal(&rows, shares, &mut part);
        }
        self.parts(&part, shares)
    }

    /// Whole wells (or guides, or perturbations) at random: no well is in two parts. The shares of cells are met as
    /// closely as wells of unequal size allow.
    ///
    /// # Errors
    /// When cells have no such label, or a part that should have cells gets none.
    pub fn split_grouped(&self, by: Label, shares: Shares, seed: u64) -> Result<Split> {
        let mut groups = self.rows_by(by)?;
        groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut part = vec![TRAIN; self.len()];
        let mut lacks = shares.0.map(|share| share * self.len() as f64);
        for rows in groups {
            // The part that lacks most, the earlier one of equals.
            let neediest = (0..3).rev().max_by(|&a, &b| lacks[a].total_cmp(&lacks[b])).unwrap_or(TRAIN);
            lacks[neediest] -= rows.len() as f64;
            rows.iter().for_each(|&row| part[row] = neediest);
        }
        self.parts(&part, shares)
    }

    /// Cells with one of these labels for validation and for testing, all others for training.
    ///
    /// # Errors
    /// When a label occurs nowhere or in both lists, or a part gets no cell.
    pub fn split_labels(&self, by: Label, validation: &[&str], test: &[&str]) -> Result<Split> {
        if let Some(both) = validation.iter().find(|label| test.contains(label)) {
            return Err(Error::new(format!("the {by} {both:?} is for validation and for testing"))
                .at("split")
                .fix("take it out of one of the two lists"));
        }
        let (validation, test) = (self.with_one_of(by, validation)?, self.with_one_of(by, test)?);
        self.chosen(&validation, &test, false)
    }

    /// Whole plates for testing, one well of each other plate for validation, the rest for training.
    ///
    /// # Errors
    /// When a plate or well occurs nowhere, or a part gets no cell.
    pub fn split_plates(&self, split: &PlateSplit) -> Result<Split> {
        let test = self.with_one_of(Label::Plate, &strs(&split.test_plates))?;
        let validation = self.with_one_of(Label::Well, &strs(&split.validation_wells))?;
        self.chosen(&validation, &test, split.validation_in_train)
    }

    /// Cells for which a condition is true for validation and for testing, all others for training; where both are
    /// true, testing wins.
    ///
    /// # Errors
    /// When a condition cannot be computed, or a part gets no cell.
    pub fn split_where(&self, validation: &Expr, test: &Expr) -> Result<Split> {
        self.chosen(&filter::mask(self.table(), validation)?, &filter::mask(self.table(), test)?, false)
    }

    fn chosen(&self, validation: &[bool], test: &[bool], validation_in_train: bool) -> Result<Split> {
        let part = |row: usize| match (test[row], validation[row]) {
            (true, _) => TEST,
            (false, true) => VALIDATION,
            (false, false) => TRAIN,
        };
        let part: Vec<usize> = (0..self.len()).map(part).collect();
        let mut split = self.parts(&part, Shares([1.0 / 3.0; 3]))?;
        if validation_in_train {
            split.train = self.view((0..self.len()).filter(|&row| part[row] != TEST).collect());
        }
        Ok(split)
    }

    /// For each cell whether it has one of these labels, all of which must occur.
    fn with_one_of(&self, by: Label, wanted: &[&str]) -> Result<Vec<bool>> {
        let labels = self.labels(by)?;
        let counts = labels.counts();
        let there = |name: &str| labels.names().iter().zip(&counts).any(|(known, &n)| known == name && n > 0);
        let unknown: Vec<&str> = wanted.iter().copied().filter(|name| !there(name)).collect();
        if !unknown.is_empty() {
            return Err(Error::new(format!("no cell has the {by} {}", name_some(&unknown)))
                .at("split")
                .fix(format!("those there are: {}", name_some(labels.names()))));
        }
        Ok((0..self.len()).map(|row| wanted.contains(&labels.of(row))).collect())
    }

    /// The rows of each label, in order of the labels; labels that do not occur are left out.
    fn rows_by(&self, by: Label) -> Result<Vec<Vec<usize>>> {
        let labels = self.labels(by)?;
        let mut groups = vec![Vec::new(); labels.names().len()];
        labels.codes().iter().enumerate().for_each(|(row, &code)| groups[code as usize].push(row));
        groups.retain(|rows| !rows.is_empty());
        Ok(groups)
    }

    fn parts(&self, part: &[usize], shares: Shares) -> Result<Split> {
        let rows = |which: usize| (0..self.len()).filter(|&row| part[row] == which).collect::<Vec<usize>>();
        let all = [TRAIN, VALIDATION, TEST].map(rows);
        let empty = (0..3).find(|&which| all[which].is_empty() && shares.0[which] > 0.0);
        if let Some(which) = empty {
            let name = ["training", "validation", "test"][which];
            let sizes: Vec<String> = all.iter().map(|rows| rows.len().to_string()).collect();
            return Err(Error::new(format!("the {name} part of the split gets no cell"))
                .at(format!("{} in three parts of {}", cells(self.len()), sizes.join(", ")))
                .fix("give this part a larger share or other labels, or take more cells"));
        }
        let [train, validation, test] = all.map(|rows| self.view(rows));
        Ok(Split { train, validation, test })
    }
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Gives the rows to the parts by their shares, the first to training.
fn deal(rows: &[usize], shares: Shares, part: &mut [usize]) {
    let sizes = shares.of(rows.len());
    let parts = [TRAIN, VALIDATION, TEST].into_iter().flat_map(|which| std::iter::repeat_n(which, sizes[which]));
    rows.iter().zip(parts).for_each(|(&row, which)| part[row] = which);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_cells_that_add_up() {
        assert_eq!(Shares::mcvae().of(100), [83, 2, 15]);
        assert_eq!(Shares::mcvae().of(10), [8, 0, 2]);
        assert_eq!(Shares::sc_vae().of(1), [1, 0, 0]);
        assert_eq!(Shares::sc_vae().of(9), [7, 1, 1]);
        assert_eq!(Shares::sc_vae().of(0), [0, 0, 0]);
        for n in 0..500 {
            let parts = Shares::mcvae().of(n);
            assert_eq!(parts.iter().sum::<usize>(), n);
            for (part, share) in parts.iter().zip([0.83, 0.02, 0.15]) {
                assert!((*part as f64 - share * n as f64).abs() < 1.0, "{n}: {parts:?}");
            }
        }
    }
}
