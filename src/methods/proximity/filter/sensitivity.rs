//! How much the result hangs on settings and seed: one screen, filtered several times.

use serde::{Deserialize, Serialize};

use super::{FilterConfig, FilterInput, Filtered, agreement};
use crate::evaluate::mean_same_arm_cosine;
use crate::genome::Genome;
use crate::live::progress;
use crate::tensor::Device;
use crate::train::Silent;
use crate::{Error, Result};

/// One filter of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// What it is called.
    pub name: String,
    /// The mean cosine within arms of what stays.
    pub within: f64,
    /// The share of removed cells that it has in common with the first filter; see [`agreement`].
    pub agreement: f64,
    /// The probability that a biased cell scores higher than another, where the truth is known.
    pub auroc: Option<f64>,
}

/// A screen filtered by several settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The filters, in the order in which they were given.
    pub settings: Vec<Setting>,
}

impl Sensitivity {
    /// Filters the screen by each of the `settings`; the first is what the others are compared with. `biased` says of each
    /// cell of the table whether it carries the bias, where that is known.
    ///
    /// # Errors
    /// When there is no setting, or as [`Filtered::fit`] and [`Filtered::roc`].
    pub fn measure(
        input: &FilterInput,
        genome: &Genome,
        settings: &[(&str, FilterConfig)],
        biased: Option<&[bool]>,
        device: &Device,
    ) -> Result<Self> {
        if settings.is_empty() {
            return Err(Error::new("no settings to compare").at("the filter's sensitivity").fix("give two or more"));
        }
        let mut first: Option<Vec<bool>> = None;
        let mut found = Vec::with_capacity(settings.len());
        for (name, config) in progress("settings of the filter", settings) {
            let filtered = Filtered::fit(input, genome, config, device, &mut Silent)?;
            found.push(Setting {
                name: (*name).to_owned(),
                within: mean_same_arm_cosine(&filtered.after, genome)?.unwrap_or(f64::NAN),
                agreement: agreement(&filtered.kept, first.as_ref().unwrap_or(&filtered.kept)),
                auroc: biased.map(|biased| Ok::<f64, Error>(filtered.roc(biased)?.auc)).transpose()?,
            });
            first.get_or_insert(filtered.kept);
        }
        Ok(Self { settings: found })
    }
}
