//! GRAPE that has learned from a screen: a vector for each perturbation, styles of cells, and images translated from one
//! perturbation to another.

use std::path::Path;

use burn::module::{Module, Param};
use burn::tensor::{Int, TensorData};
use ndarray::Array2;
use polars::prelude::{Column, DataFrame};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::copies::{Copies, Copy, mean};
use super::loader::Loader;
use super::samples::Samples;
use super::{
    Classes, Discriminator, NAME, NetworkConfig, Normalisation, Position, Settings, Stability, StyleTransfer,
    Translator, Weights,
};
use crate::display::{Bundle, ModelSummary, Show};
use crate::live::Bar;
use crate::methods::pixels::{ControlStatistics, both_devices, image_tensor, tensor_matrix};
use crate::methods::{Method, Plan, saved};
use crate::nn::State;
use crate::screen::{Embedding, Profiles, Screen};
use crate::tensor::{Backend, Device, Tensor};
use crate::train::{FitConfig, History, Observer};
use crate::{Error, Result};

/// Cells that are looked at at once.
const BLOCK: usize = 128;

/// A trained GRAPE.
///
/// ```no_run
/// use perturbook::methods::{Method, grape};
/// use perturbook::simulate::{OpsConfig, ops_screen};
/// use perturbook::tensor::cpu;
/// use perturbook::train::Watch;
///
/// let screen = ops_screen(&OpsConfig::quick())?.screen()?;
/// let model = grape::Model::fit(&screen, &grape::Model::quick(), &cpu(), &mut Watch::loss())?;
/// let genes = model.embed(&screen)?; // one row for each perturbation
/// let figure = model.same_cell(&screen, 0, &["SIM0001", "SIM0003"])?.figure()?;
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) plan: Plan<Settings>,
    pub(super) history: History,
    pub(super) classes: Classes,
    pub(super) statistics: ControlStatistics,
    // Networks are large values: in boxes they do not fill the stack of a thread.
    pub(super) translator: Box<Translator>,
    pub(super) average: Box<Translator>,
    pub(super) discriminator: Box<Discriminator>,
    /// Copies of the table.
    pub(super) copies: Copies,
    /// Cells that were followed.
    pub(super) samples: Samples,
    pub(super) device: Device,
}

/// What stands beside the arrays in a file.
#[derive(Clone, Serialize, Deserialize)]
struct Head {
    plan: Plan<Settings>,
    history: History,
    classes: Classes,
    statistics: ControlStatistics,
    network: NetworkConfig,
}

/// What training leaves: the states of the three networks, copies of the table, and the cells that were followed.
pub(super) struct Learned {
    pub(super) translator: State,
    pub(super) average: State,
    pub(super) discriminator: State,
    pub(super) copies: Copies,
    pub(super) samples: Samples,
}

impl Model {
    /// A plan for the plate [`bbbc013`](crate::datasets::bbbc013()), with rows as batches: 600 steps, three to four minutes on one
    /// thread.
    pub fn plate() -> Plan<Settings> {
        Plan { settings: Settings::plate(), run: FitConfig { epochs: 12, ..FitConfig::default() } }
    }

    /// A plan for a simulated screen of 16 genes in four complexes
    /// ([`OpsConfig::with_complexes`](crate::simulate::OpsConfig::with_complexes)): 600 steps, two to three minutes on one thread.
    pub fn simulated() -> Plan<Settings> {
        Plan { settings: Settings::simulated(), run: FitConfig { epochs: 12, ..FitConfig::default() } }
    }

    pub(super) fn new(
        plan: Plan<Settings>,
        history: History,
        (classes, statistics): (Classes, ControlStatistics),
        network: &NetworkConfig,
        learned: Learned,
        device: &Device,
    ) -> Result<Self> {
        let device = both_devices(device).0;
        Ok(Self {
            translator: translator(network, &learned.translator, &device)?,
            average: translator(network, &learned.average, &device)?,
            discriminator: discriminator(network, &learned.discriminator, &device)?,
            copies: learned.copies,
            samples: learned.samples,
            plan,
            history,
            classes,
            statistics,
            device,
        })
    }

    /// The perturbations it has learned.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Gene table, mapping network, generator and style encoder in this state.
    pub fn translator(&self, weights: Weights) -> &Translator {
        match weights {
            Weights::Last => &self.translator,
            Weights::Ema => &self.average,
        }
    }

    /// What they learned against.
    pub fn discriminator(&self) -> &Discriminator {
        &self.discriminator
    }

    /// A vector for each perturbation, controls included, from the table or the mapping network.
    ///
    /// # Errors
    /// When the position is the style encoder, which needs cells: see [`Model::embed`] and [`Model::styles`].
    pub fn vectors(&self, position: Position, weights: Weights) -> Result<Profiles> {
        let translator = self.translator(weights);
        let values = match position {
            Position::Table => translator.table.val(),
            Position::Mapping => translator.style(self.numbers(&(0..self.classes.len()).collect::<Vec<_>>())),
            Position::StyleEncoder => {
                return Err(Error::new("the style encoder needs cells to look at")
                    .fix("set `position` and use embed(screen), or styles(screen)"));
            }
        };
        Profiles::new(self.classes.names.clone(), tensor_matrix(values)?.mapv(f64::from))
    }

    /// The mean of the table's last copies, one row for each perturbation; the last state where there is no copy yet.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn mean_vectors(&self) -> Result<Profiles> {
        let Some(mean) = mean(self.last_copies()) else { return self.vectors(Position::Table, Weights::Last) };
        Profiles::new(self.classes.names.clone(), mean.mapv(f64::from))
    }

    /// The table while it was learned: steps done, vectors of the last state and of the running average, controls included.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn tables(&self) -> Result<Vec<(u64, Profiles, Profiles)>> {
        let profiles = |values: &Array2<f32>| Profiles::new(self.classes.names.clone(), values.mapv(f64::from));
        self.copies.iter().map(|copy| Ok((copy.step, profiles(&copy.last)?, profiles(&copy.average)?))).collect()
    }

    /// How far last state, running average and mean of the last copies of the table agree.
    ///
    /// # Errors
    /// When there are fewer than three perturbations beside the controls.
    pub fn stability(&self) -> Result<Stability> {
        let controls: Vec<&String> =
            self.classes.names.iter().zip(&self.classes.controls).filter(|(_, c)| **c).map(|(name, _)| name).collect();
        let of = |weights| Ok::<Profiles, Error>(self.vectors(Position::Table, weights)?.without(&controls));
        let mean = self.mean_vectors()?.without(&controls);
        Stability::of(of(Weights::Last)?, of(Weights::Ema)?, mean, self.last_copies().len())
    }

    /// The copies of the table whose mean is reported.
    fn last_copies(&self) -> &[Copy] {
        self.copies.last(self.plan.settings.copies)
    }

    /// A few cells of the screen that was learned from, translated to the same perturbations again and again while it learned;
    /// each channel is stretched to 0..1, for all alike.
    ///
    /// # Errors
    /// When training was shorter than [`ema_every`](Settings::ema_every) steps.
    pub fn progress(&self, channels: &[String]) -> Result<StyleTransfer> {
        self.samples.transfer(&self.classes.names, channels)
    }

    /// The style of every cell of a screen, `cells x style`, with the screen's table. Cells of any perturbation have one.
    ///
    /// # Errors
    /// When the screen lacks what the model was trained on, or an image cannot be read.
    pub fn styles(&self, screen: &Screen) -> Result<Embedding> {
        let rows: Vec<usize> = (0..screen.len()).collect();
        Embedding::new(self.styles_of(screen, &rows)?, screen.table().clone())
    }

    fn styles_of(&self, screen: &Screen, rows: &[usize]) -> Result<Array2<f32>> {
        let settings = &self.plan.settings;
        settings.pixels().check(screen)?;
        let statistics = self.statistics_for(screen)?;
        let loader = Loader::new(screen, settings, Some(&statistics))?;
        let encoder = &self.translator(settings.weights).style_encoder;
        let mut values = Vec::with_capacity(rows.len() * settings.sizes.style);
        let mut bar = Bar::new("GRAPE, styles of cells", Some(rows.len() as u64));
        for rows in rows.chunks(BLOCK) {
            if bar.stopped() {
                return Err(Error::new("stopped before all cells had styles").at(format!("after {} cells", bar.done())));
            }
            values.extend(tensor_matrix(encoder.forward(image_tensor(loader.read(rows)?, &self.device)))?);
            bar.advance(rows.len() as u64);
        }
        bar.finish();
        Array2::from_shape_vec((rows.len(), settings.sizes.style), values)
            .map_err(|e| Error::new("styles of another shape").caused_by(e))
    }

    /// Position 3: the mean style over the first cells of each perturbation.
    fn mean_styles(&self, screen: &Screen) -> Result<Array2<f32>> {
        let settings = &self.plan.settings;
        let (rows, labels) = self.classes.rows(screen, settings)?;
        let mut counts = vec![0usize; self.classes.len()];
        let (mut chosen, mut of) = (Vec::new(), Vec::new());
        for (row, class) in rows.into_iter().zip(labels) {
            if counts[class] < settings.style_cells {
                counts[class] += 1;
                chosen.push(row);
                of.push(class);
            }
        }
        if let Some(none) = counts.iter().position(|&n| n == 0) {
            return Err(Error::new("a perturbation that the model has learned has no cell in this screen")
                .at(format!("{:?}", self.classes.names[none]))
                .fix("embed the screen it was trained on, or take position `table` or `mapping`"));
        }
        let styles = self.styles_of(screen, &chosen)?;
        let mut sums = Array2::<f64>::zeros((counts.len(), styles.ncols()));
        for (style, &class) in styles.outer_iter().zip(&of) {
            sums.row_mut(class).zip_mut_with(&style, |sum, &v| *sum += f64::from(v));
        }
        for (mut row, &n) in sums.outer_iter_mut().zip(&counts) {
            row /= n as f64;
        }
        Ok(sums.mapv(|v| v as f32))
    }

    pub(super) fn statistics_for(&self, screen: &Screen) -> Result<ControlStatistics> {
        let settings = &self.plan.settings;
        match settings.normalisation {
            Normalisation::Symmetric => Ok(ControlStatistics::default()),
            Normalisation::Ntc => ControlStatistics::for_screen(screen, &settings.pixels(), &self.statistics),
        }
    }

    /// Numbers of classes on the device.
    pub(super) fn numbers(&self, classes: &[usize]) -> burn::Tensor<Backend, 1, Int> {
        let numbers: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
        burn::Tensor::from_data(TensorData::new(numbers, [classes.len()]), &self.device)
    }
}

/// A translator with these numbers.
#[inline(never)]
fn translator(network: &NetworkConfig, state: &State, device: &Device) -> Result<Box<Translator>> {
    let empty = Translator::new(network, &mut ChaCha8Rng::seed_from_u64(0), device)?;
    Ok(Box::new(state.load_into(empty.no_grad())?))
}

/// A discriminator with these numbers.
#[inline(never)]
fn discriminator(network: &NetworkConfig, state: &State, device: &Device) -> Result<Box<Discriminator>> {
    let empty = Discriminator::new(network, &mut ChaCha8Rng::seed_from_u64(0), device)?;
    Ok(Box::new(state.load_into(empty.no_grad())?))
}

/// The table in place of the one that was drawn, not to be learned.
pub(super) fn with_vectors(mut translator: Translator, vectors: &Array2<f32>, device: &Device) -> Translator {
    let (rows, columns) = vectors.dim();
    let values: Vec<f32> = vectors.iter().copied().collect();
    let table = Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device);
    translator.table = Param::from_tensor(table).set_require_grad(false);
    translator
}

impl Method for Model {
    type Settings = Settings;

    const NAME: &'static str = NAME;

    /// 100,000 iterations in 40 epochs.
    fn paper() -> Plan<Settings> {
        let settings = Settings { steps_per_epoch: Some(2_500), ..Settings::default() };
        Plan { settings, run: FitConfig { epochs: 40, workers: 8, save_every: 1800.0, ..FitConfig::default() } }
    }

    fn quick() -> Plan<Settings> {
        Plan { settings: Settings::quick(), run: FitConfig { epochs: 5, ..FitConfig::default() } }
    }

    fn fit(screen: &Screen, plan: &Plan<Settings>, device: &Device, observer: &mut dyn Observer) -> Result<Self> {
        super::training_run::fit_to(screen, plan, device, observer)
    }

    /// One row for each *perturbation* that was learned, controls included, and not for each cell: GRAPE's vectors belong
    /// to perturbations. The table has `gene` (or `guide`) and `control`. Where they come from is
    /// [`position`](Settings::position) and [`weights`](Settings::weights); the screen is looked at for the position of
    /// the style encoder only. Cells have [styles](Model::styles).
    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let settings = &self.plan.settings;
        let values = match settings.position {
            Position::StyleEncoder => self.mean_styles(screen)?,
            position => self.vectors(position, settings.weights)?.values().mapv(|v| v as f32),
        };
        let columns = vec![
            Column::new(settings.unit.label().to_string().into(), self.classes.names.clone()),
            Column::new("control".into(), self.classes.controls.clone()),
        ];
        let table = DataFrame::new(self.classes.len(), columns)
            .map_err(|e| Error::new(format!("cannot make the table of perturbations: {e}")).caused_by(e))?;
        Embedding::new(values, table)
    }

    fn plan(&self) -> &Plan<Settings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    /// The networks under `translator.`, `average.` (the running average) and `discriminator.`, copies of the table under
    /// `copies.`, and the cells that were followed under `samples.`.
    fn save(&self, path: &Path) -> Result<()> {
        let state = State::default()
            .with("translator.", &State::of(self.translator.as_ref()))
            .with("average.", &State::of(self.average.as_ref()))
            .with("discriminator.", &State::of(self.discriminator.as_ref()))
            .with("samples.", &self.samples.state())
            .with("copies.", &self.copies.state());
        let code = self.translator.table.val().dims()[1];
        let network = NetworkConfig { code, ..self.plan.settings.sizes.of_classes(self.classes.len()) };
        let head = Head {
            plan: self.plan.clone(),
            history: self.history.clone(),
            classes: self.classes.clone(),
            statistics: self.statistics.clone(),
            network,
        };
        saved::write(path, NAME, &head, &state)
    }

    fn load(path: &Path, device: &Device) -> Result<Self> {
        let (Head { plan, history, classes, statistics, network }, state) = saved::read::<Head>(path, NAME)?;
        let copies = Copies::restore(&state.part("copies."))?;
        let [translator, average, discriminator] =
            ["translator.", "average.", "discriminator."].map(|part| state.part(part));
        let samples = Samples::restore(&state.part("samples."))?;
        let learned = Learned { translator, average, discriminator, copies, samples };
        Self::new(plan, history, (classes, statistics), &network, learned, device)
            .map_err(|e| Error::new(e.to_string()).at(path.display().to_string()))
    }
}

impl Show for Model {
    /// The layers of all networks but the discriminator.
    fn bundle(&self) -> Bundle {
        ModelSummary::of(self.translator.as_ref()).bundle()
    }
}
