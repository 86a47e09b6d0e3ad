//! Engineered features as a method: measured, standardised on controls, and reduced to principal components.
//!
//! ```text
//! crops -> features -> (x - mean) / std of the controls of the batch -> principal components -> embedding
//! ```
//!
//! This is the CellProfiler baseline of Multi-ContrastiveVAE (64 components, 77 % of the variance in the paper). A feature
//! that is constant over all cells is left out; one that is constant over the controls of a batch is only centred there.

use std::collections::HashMap;
use std::path::Path;

use ndarray::{Array1, Array2, ArrayD, ArrayView2, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use super::{Cut, EngineeredSettings, measure_screen};
use crate::io::numbers::Stored;
use crate::io::safetensors::SafeTensors;
use crate::methods::{Method, Plan, saved};
use crate::preprocess::features::{Controls, Scaling, drop_unusable_columns};
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Embedding, Label, Role, Screen};
use crate::tensor::Device;
use crate::train::{Ended, FitConfig, History, Observer};
use crate::{Error, Result};

/// The name of the only batch where all controls count together.
const ALL: &str = "all cells";

/// Engineered features that were standardised on the controls of a screen, and their principal components.
///
/// ```
/// use perturbook::methods::Method;
/// use perturbook::methods::engineered::Engineered;
/// use perturbook::simulate::{OpsConfig, ops_screen};
/// use perturbook::tensor::cpu;
/// use perturbook::train::Silent;
///
/// let cells = ops_screen(&OpsConfig { genes: 2, complexes: 0, null_genes: 1, ..OpsConfig::quick() })?.screen()?;
/// let model = Engineered::fit(&cells, &Engineered::quick(), &cpu(), &mut Silent)?;
/// let embedding = model.embed(&cells)?;
/// assert_eq!((embedding.len(), embedding.block_names()), (cells.len(), vec!["engineered"]));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Engineered {
    plan: Plan<EngineeredSettings>,
    history: History,
    text: Facts,
    /// `batches x features`.
    centre: Array2<f64>,
    divisor: Array2<f64>,
    /// Of standardised features.
    mean: Array1<f64>,
    /// `components x features`.
    components: Array2<f64>,
    /// Share of the variance of each component.
    ratio: Array1<f64>,
}

/// What a screen must have in common with the one that was learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    channels: Vec<String>,
    /// Features that are used.
    features: Vec<String>,
    batches: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    plan: Plan<EngineeredSettings>,
    facts: Facts,
}

impl Method for Engineered {
    type Settings = EngineeredSettings;

    const NAME: &'static str = "engineered";

    /// 64 components of the features of 100 x 100 crops, standardised on the controls of each batch.
    fn paper() -> Plan<EngineeredSettings> {
        Plan::default()
    }

    /// As many components as explain 90 % of the variance; cells 6 pixels around the nucleus, for crops of 48 or 64 pixels.
    fn quick() -> Plan<EngineeredSettings> {
        let settings = EngineeredSettings { expand: 6.0, cut: Cut::Variance(0.9), ..EngineeredSettings::default() };
        Plan { settings, run: FitConfig::default() }
    }

    /// Nothing is learned step by step: the plan's `run`, the device and the observer make no difference.
    fn fit(screen: &Screen, plan: &Plan<EngineeredSettings>, _: &Device, _: &mut dyn Observer) -> Result<Self> {
        let settings = &plan.settings;
        settings.check()?;
        let is_control: Vec<bool> = (0..screen.len()).map(|row| screen.role(row) == Role::Control).collect();
        let controls = Controls::marked(&is_control)?;
        let batch_of = batch_labels(screen, settings)?;
        let controls = controls.within(&batch_of)?;
        let measured = measure_screen(screen, settings)?;
        let (usable, report) = drop_unusable_columns(measured.values(), measured.names())?;
        let features: Vec<String> = report.kept.iter().map(|&column| measured.names()[column].clone()).collect();
        let scaling = Scaling::standard(usable.view(), &controls)?;
        let scaled = scaling.apply(usable.view(), &controls)?;
        let most = scaled.nrows().min(scaled.ncols());
        let pca = Pca::fit(
            scaled.view(),
            match settings.cut {
                Cut::Variance(fraction) => Components::Variance(fraction),
                Cut::Count(count) => Components::Count(count.min(most)),
            },
        )?;
        let batches = (0..controls.batches()).filter_map(|batch| controls.batch_name(batch).map(str::to_owned));
        Ok(Self {
            plan: plan.clone(),
            history: History { ended: Some(Ended::Finished), ..History::default() },
            text: Facts { channels: screen.payload().channels().to_vec(), features, batches: batches.collect() },
            centre: scaling.centre().to_owned(),
            divisor: scaling.divisor().to_owned(),
            mean: pca.mean().to_owned(),
            components: pca.components().to_owned(),
            ratio: pca.explained_variance_ratio(),
        })
    }

    /// Principal components in one block, `engineered`.
    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let scaled = self.standardised(screen)?;
        let scores = (scaled - &self.mean).dot(&self.components.t());
        let dims = scores.ncols();
        Embedding::new(scores.mapv(|v| v as f32), screen.table().clone())?.with_block("engineered", 0..dims)
    }

    fn plan(&self) -> &Plan<EngineeredSettings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn save(&self, path: &Path) -> Result<()> {
        let head = Head { plan: self.plan.clone(), facts: self.text.clone() };
        let arrays: [(&str, Stored); 5] = [
            ("centre", (&self.centre).into()),
            ("divisor", (&self.divisor).into()),
            ("mean", (&self.mean).into()),
            ("components", (&self.components).into()),
            ("ratio", (&self.ratio).into()),
        ];
        saved::write_arrays(path, Self::NAME, &head, &arrays)
    }

    fn load(path: &Path, _: &Device) -> Result<Self> {
        let Head { plan, facts } = saved::read_head(path, Self::NAME)?;
        let file = SafeTensors::open(path)?;
        let damaged = |what: String| {
            Error::new(what).at(path.display().to_string()).fix("save the model again, or use another copy")
        };
        let read = |name: &str| file.read::<f64>(name);
        let matrix = |array: ArrayD<f64>| {
            array.into_dimensionality::<Ix2>().map_err(|e| damaged(format!("an array has no two sides: {e}")))
        };
        let vector = |array: ArrayD<f64>| {
            array.into_dimensionality::<Ix1>().map_err(|e| damaged(format!("an array is no vector: {e}")))
        };
        let model = Self {
            plan,
            history: History { ended: Some(Ended::Finished), ..History::default() },
            centre: matrix(read("centre")?)?,
            divisor: matrix(read("divisor")?)?,
            mean: vector(read("mean")?)?,
            components: matrix(read("components")?)?,
            ratio: vector(read("ratio")?)?,
            text: facts,
        };
        let (features, batches) = (model.text.features.len(), model.text.batches.len());
        let fits = model.centre.dim() == (batches, features)
            && model.divisor.dim() == (batches, features)
            && model.mean.len() == features
            && model.components.dim() == (model.ratio.len(), features);
        if fits { Ok(model) } else { Err(damaged("the arrays do not fit each other".to_owned())) }
    }
}

impl Engineered {
    /// The features that are used, by name.
    pub fn features(&self) -> &[String] {
        &self.text.features
    }

    /// Share of the variance that each component explains.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        self.ratio.as_slice().unwrap_or_default()
    }

    /// The components as rows, `components x features`.
    pub fn components(&self) -> ArrayView2<'_, f64> {
        self.components.view()
    }

    /// Features standardised by the numbers of their batch, `cells x features` in the order of [`Engineered::features`].
    ///
    /// # Errors
    /// When the screen has other channels, or a batch whose controls were not learned from.
    pub fn standardised(&self, screen: &Screen) -> Result<Array2<f64>> {
        if screen.payload().channels() != self.text.channels {
            return Err(Error::new(format!(
                "the channels are {}, but features were learned of {}",
                screen.payload().channels().join(", "),
                self.text.channels.join(", ")
            ))
            .at("engineered features")
            .fix("give the channels of the first screen, in the same order"));
        }
        let batch_of = batch_labels(screen, &self.plan.settings)?;
        let rows: Vec<usize> = batch_of
            .iter()
            .map(|name| {
                self.text.batches.iter().position(|known| known == name).ok_or_else(|| {
                    Error::new(format!("the controls of batch {name:?} were not learned from"))
                        .at("engineered features")
                        .fix("fit with by_batch = false, or on a screen that holds this batch")
                })
            })
            .collect::<Result<_>>()?;
        let measured = measure_screen(screen, &self.plan.settings)?;
        let at: HashMap<&str, usize> =
            measured.names().iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let columns: Vec<usize> = self
            .text
            .features
            .iter()
            .map(|name| {
                at.get(name.as_str()).copied().ok_or_else(|| {
                    Error::new(format!("the feature {name:?} is not measured with these settings"))
                        .at("engineered features")
                })
            })
            .collect::<Result<_>>()?;
        let values = measured.values();
        Ok(Array2::from_shape_fn((rows.len(), columns.len()), |(i, j)| {
            (f64::from(values[[i, columns[j]]]) - self.centre[[rows[i], j]]) / self.divisor[[rows[i], j]]
        }))
    }
}

/// The batch of each cell, or one for all.
fn batch_labels(screen: &Screen, settings: &EngineeredSettings) -> Result<Vec<String>> {
    if !settings.by_batch {
        return Ok(vec![ALL.to_owned(); screen.len()]);
    }
    let batches = screen
        .labels(Label::Batch)
        .map_err(|e| e.fix("choose one with Screen::with_label, or set by_batch to false"))?;
    Ok((0..screen.len()).map(|row| batches.of(row).to_owned()).collect())
}
