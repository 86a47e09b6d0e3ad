//! Which cells a method learns from, validates on and keeps for testing, and in which order.
//!
//! Controls and perturbed cells are split separately, 83/2/15 %. The reference takes them as they stand, because its store
//! is in random order; a screen that is sorted by perturbation must be drawn from at random, or whole perturbations would
//! be missing in training (see [`McVaeSettings::mixed`]).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::McVaeSettings;
use crate::screen::{Role, Screen, Shares, Split};
use crate::train::{Paired, Sampler, Uniform};
use crate::{Error, Result};

/// Rows of controls and of perturbed cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) controls: Vec<usize>,
    pub(super) perturbed: Vec<usize>,
}

impl Part {
    fn all(&self) -> Vec<usize> {
        [self.controls.as_slice(), &self.perturbed].concat()
    }
}

/// Training, validation, test.
pub(super) fn parts(settings: &McVaeSettings, screen: &Screen, seed: u64) -> Result<[Part; 3]> {
    let [train, validation, test] = settings.shares;
    let sizes = screen.split_in_order(Shares::new(train, validation, test)?)?;
    let sizes = [&sizes.train, &sizes.validation, &sizes.test];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut dealt = |role: Role| {
        let mut rows: Vec<usize> = (0..screen.len()).filter(|&row| screen.role(row) == role).collect();
        if !settings.mixed {
            rows.shuffle(&mut rng);
        }
        let mut rows = rows.into_iter();
        sizes.map(|part| {
            let n = (0..part.len()).filter(|&row| part.role(row) == role).count();
            rows.by_ref().take(n).collect::<Vec<usize>>()
        })
    };
    let [a, b, c] = dealt(Role::Control);
    let [d, e, f] = dealt(Role::Perturbed);
    let part = |controls, perturbed| Part { controls, perturbed };
    Ok([part(a, d), part(b, e), part(c, f)])
}

impl McVaeSettings {
    /// The parts of a screen that a run with this seed learns from, validates on and never sees.
    ///
    /// ```
    /// use perturbook::methods::mcvae::McVaeSettings;
    /// use perturbook::simulate::{OpsConfig, ops_screen};
    ///
    /// let screen = ops_screen(&OpsConfig::quick())?.screen()?;
    /// let settings = McVaeSettings { shares: [0.75, 0.0, 0.25], mixed: false, ..McVaeSettings::default() };
    /// let split = settings.split(&screen, 0)?;
    /// assert_eq!([split.train.len(), split.validation.len(), split.test.len()], [216, 0, 72]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When shares are none, or a part that should have cells gets none.
    pub fn split(&self, screen: &Screen, seed: u64) -> Result<Split> {
        let parts = parts(self, screen, seed)?;
        // An empty view cannot be selected, but the split in order makes one.
        let Split { train, validation, test } =
            screen.split_in_order(Shares::new(self.shares[0], self.shares[1], self.shares[2])?)?;
        let [train, validation, test] = [(train, 0), (validation, 1), (test, 2)].map(|(empty, which)| {
            let mut rows = parts[which].all();
            rows.sort_unstable();
            if rows.is_empty() { Ok(empty) } else { screen.select(&rows) }
        });
        Ok(Split { train: train?, validation: validation?, test: test? })
    }
}

/// The cells of each step: controls, then as many perturbed ones; for the VAE any cells.
pub(super) enum Order {
    Pairs(Paired),
    Cells(Uniform),
}

impl Order {
    /// Batches of a part.
    pub(super) fn of(settings: &McVaeSettings, part: &Part, seed: u64) -> Result<Self> {
        if !settings.variant.is_contrastive() {
            return Ok(Self::Cells(Uniform::new(part.all(), settings.batch, seed)?));
        }
        if part.controls.is_empty() {
            return Err(Error::new("there is no control cell to learn from")
                .at("mcvae")
                .fix("name the controls with Screen::with_controls, or train a VAE, which needs none"));
        }
        let pairs = Paired::new(part.controls.clone(), part.perturbed.clone(), settings.batch)?;
        Ok(Self::Pairs(if settings.mixed { pairs } else { pairs.shuffled(seed) }))
    }

    /// Batches of a validation, always the same.
    pub(super) fn validation(settings: &McVaeSettings, part: &Part, seed: u64) -> Result<Vec<Vec<usize>>> {
        let empty = part.perturbed.is_empty() || (settings.variant.is_contrastive() && part.controls.is_empty());
        if empty {
            return Ok(Vec::new());
        }
        let order = Self::of(settings, part, seed)?;
        Ok((0..order.steps().min(settings.validation_batches as u64)).map(|step| order.rows(0, step)).collect())
    }
}

impl Sampler for Order {
    type Rows = Vec<usize>;

    fn steps(&self) -> u64 {
        match self {
            Self::Pairs(pairs) => pairs.steps(),
            Self::Cells(cells) => cells.steps(),
        }
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<usize> {
        match self {
            Self::Pairs(pairs) => {
                let rows = pairs.rows(epoch, step);
                [rows.controls, rows.perturbed].concat()
            }
            Self::Cells(cells) => cells.rows(epoch, step),
        }
    }
}
