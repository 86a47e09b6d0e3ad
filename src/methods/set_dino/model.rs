//! Set-DINO that has learned from a screen: the teacher, whose features of single cells are the result.

use std::path::Path;

use burn::module::Module;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{NAME, Normalisation, SetDino, Settings, Viewer, from_published, to_published};
use crate::display::{Bundle, ModelSummary, Show};
use crate::live::Bar;
use crate::methods::pixels::{ControlStatistics, both_devices, image_tensor, tensor_matrix};
use crate::methods::{Method, Plan, saved};
use crate::nn::State;
use crate::screen::{Embedding, Screen};
use crate::tensor::Device;
use crate::train::{FitConfig, History, Observer, Phase};
use crate::{Error, Result};

/// Cells that are embedded at once.
const BLOCK: usize = 256;

/// A trained Set-DINO.
///
/// ```no_run
/// use perturbook::methods::{Method, Unit, set_dino};
/// use perturbook::simulate::{OpsConfig, ops_screen};
/// use perturbook::tensor::cpu;
/// use perturbook::train::Watch;
///
/// let screen = ops_screen(&OpsConfig::quick())?.screen()?;
/// let model = set_dino::Model::fit(&screen, &set_dino::Model::quick(), &cpu(), &mut Watch::loss())?;
/// let cells = model.embed(&screen)?;
/// let genes = set_dino::BatchProfiles::of(&screen, &cells, Unit::Gene)?.consensus()?;
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    plan: Plan<Settings>,
    history: History,
    student: SetDino,
    teacher: SetDino,
    statistics: ControlStatistics,
    device: Device,
}

/// What stands beside the arrays in a file.
#[derive(Clone, Serialize, Deserialize)]
struct Head {
    plan: Plan<Settings>,
    history: History,
    statistics: ControlStatistics,
}

impl Model {
    /// A plan for the plate of BBBC013: two channels of 8-bit intensities, 48 x 48 pixels, sets of 8 cells of a drug and
    /// dose from two rows of wells, 64 cells a view; 700 steps.
    pub fn plate() -> Plan<Settings> {
        let settings = Settings::plate();
        Plan { settings, run: FitConfig { epochs: 10, ..FitConfig::default() } }
    }

    /// A plan for a simulated screen of 20 genes
    /// ([`OpsConfig::with_batch_effects`](crate::simulate::OpsConfig::with_batch_effects)): sets of 8 cells of a gene from two
    /// wells, 128 cells a view; 400 steps.
    pub fn simulated() -> Plan<Settings> {
        let settings = Settings::simulated();
        Plan { settings, run: FitConfig { epochs: 10, ..FitConfig::default() } }
    }

    /// What training left, on a device that records no gradients.
    pub(super) fn new(
        plan: Plan<Settings>,
        history: History,
        [student, teacher]: [&State; 2],
        statistics: ControlStatistics,
        device: &Device,
    ) -> Result<Self> {
        let device = both_devices(device).0;
        let network = |state: &State| state.load_into(empty(&plan.settings, &device)?);
        let (student, teacher) = (network(student)?, network(teacher)?);
        Ok(Self { plan, history, student, teacher, statistics, device })
    }

    /// A model from published weights in a safetensors file with PyTorch's names (see the table in the module's source,
    /// `from_published`): a whole checkpoint of Set-DINO or DINO, of which the teacher is taken where both networks are
    /// there, or a backbone alone, such as a ViT of timm. `settings` say its sizes and how cells are prepared;
    /// [`Settings::released`] are those of the published one.
    ///
    /// A backbone without a projection head gets one that has not learned; features do not depend on it.
    ///
    /// # Errors
    /// When the file cannot be read, or weights are missing or of other sizes; they are named.
    pub fn from_checkpoint(path: impl AsRef<Path>, settings: &Settings, device: &Device) -> Result<Self> {
        let path = path.as_ref();
        settings.check()?;
        let all = State::read(path)?;
        let teacher = all.part("teacher.");
        let of_network = |state: &State| {
            let mut state = from_published(state);
            let has = |prefix: &str| state.names().iter().any(|name| name.starts_with(prefix));
            let (head, pool) = (has("head."), has("pool."));
            for (name, array) in State::of(&empty(settings, &both_devices(device).0)?).iter() {
                if (!head && name.starts_with("head.")) || (!pool && name.starts_with("pool.")) {
                    state.insert(name, array.clone());
                }
            }
            Ok::<State, Error>(state)
        };
        let chosen = of_network(if teacher.count() > 0 { &teacher } else { &all })?;
        let student = all.part("student.");
        let student = if student.count() > 0 { of_network(&student)? } else { chosen.clone() };
        let plan = Plan { settings: settings.clone(), run: FitConfig::default() };
        Self::new(plan, History::default(), [&student, &chosen], ControlStatistics::default(), device)
            .map_err(|e| Error::new(e.to_string()).at(path.display().to_string()))
    }

    /// The network whose features are the result.
    pub fn teacher(&self) -> &SetDino {
        &self.teacher
    }

    /// The network that learned by gradients.
    pub fn student(&self) -> &SetDino {
        &self.student
    }

    /// Where it lives.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// The statistics of the controls of the batches it was trained on; empty where it was not trained here or
    /// normalises each image by itself.
    pub fn statistics(&self) -> &ControlStatistics {
        &self.statistics
    }

    /// The share of eigenvalues of the teacher's features above 0.0001 when training looked last; none without training.
    /// A collapse shows in it, see [`collapse`](super::collapse()).
    pub fn eigenvalue_share(&self) -> Option<f64> {
        self.history.last(Phase::Training, "eigenvalue share")
    }

    /// The statistics of controls that a screen's cells are normalised with: those of its own controls, and for batches
    /// that have none here those of training.
    pub(super) fn statistics_for(&self, screen: &Screen) -> Result<Option<ControlStatistics>> {
        let settings = &self.plan.settings;
        if settings.normalisation == Normalisation::ZScore {
            return Ok(None);
        }
        let all = ControlStatistics::for_screen(screen, &settings.pixels(), &self.statistics)?;
        Ok(Some(all))
    }
}

/// A network of these sizes, whose numbers will be replaced.
fn empty(settings: &Settings, device: &Device) -> Result<SetDino> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let network = SetDino::new(&settings.vit, &settings.head, &mut rng, device)?;
    Ok(network.aggregated(settings.aggregation, &mut rng).no_grad())
}

impl Method for Model {
    type Settings = Settings;

    const NAME: &'static str = NAME;

    fn paper() -> Plan<Settings> {
        let run = FitConfig { epochs: 300, workers: 8, save_every: 1800.0, ..FitConfig::default() };
        Plan { settings: Settings::default(), run }
    }

    fn quick() -> Plan<Settings> {
        Plan { settings: Settings::quick(), run: FitConfig { epochs: 20, ..FitConfig::default() } }
    }

    fn fit(screen: &Screen, plan: &Plan<Settings>, device: &Device, observer: &mut dyn Observer) -> Result<Self> {
        super::training_run::fit_to(screen, plan, device, observer)
    }

    /// The class tokens of the last four blocks of the teacher side by side, `cells x (4 width)`, those of each block
    /// named by its number (`block 9` to `block 12`).
    ///
    /// Where cells are normalised by controls, these are the controls of the same batch in `screen`; batches without a
    /// control there, as in a view of one gene, take those of training.
    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let settings = &self.plan.settings;
        settings.pixels().check(screen)?;
        let statistics = self.statistics_for(screen)?;
        let viewer = Viewer::new(screen, settings, statistics.as_ref())?;
        let blocks = self.teacher.backbone.blocks.len();
        let (width, last) = (settings.vit.width, blocks.min(super::FEATURE_BLOCKS));
        let mut values = Vec::with_capacity(screen.len() * width * last);
        let rows: Vec<usize> = (0..screen.len()).collect();
        let mut bar = Bar::new("Set-DINO, features of cells", Some(rows.len() as u64));
        for rows in rows.chunks(BLOCK) {
            if bar.stopped() {
                return Err(
                    Error::new("stopped before all cells had features").at(format!("after {} cells", bar.done()))
                );
            }
            let features = self.teacher.features(image_tensor(viewer.plain(rows)?, &self.device))?;
            values.extend(tensor_matrix(features)?);
            bar.advance(rows.len() as u64);
        }
        bar.finish();
        let values = Array2::from_shape_vec((screen.len(), width * last), values)
            .map_err(|e| Error::new("features of another shape").caused_by(e))?;
        let embedding = Embedding::new(values, screen.table().clone())?;
        (0..last).try_fold(embedding, |embedding, i| {
            embedding.with_block(&format!("block {}", blocks - last + i + 1), i * width..(i + 1) * width)
        })
    }

    fn plan(&self) -> &Plan<Settings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    /// Both networks under `student.` and `teacher.`, by the names of published checkpoints.
    fn save(&self, path: &Path) -> Result<()> {
        let part = |network: &SetDino| to_published(&State::of(network));
        let state = State::default().with("student.", &part(&self.student)).with("teacher.", &part(&self.teacher));
        let Self { plan, history, statistics, .. } = self.clone();
        saved::write(path, NAME, &Head { plan, history, statistics }, &state)
    }

    fn load(path: &Path, device: &Device) -> Result<Self> {
        let (Head { plan, history, statistics }, state) = saved::read::<Head>(path, NAME)?;
        let [student, teacher] = ["student.", "teacher."].map(|part| from_published(&state.part(part)));
        Self::new(plan, history, [&student, &teacher], statistics, device)
            .map_err(|e| Error::new(e.to_string()).at(path.display().to_string()))
    }
}

impl Show for Model {
    /// The layers of the teacher.
    fn bundle(&self) -> Bundle {
        ModelSummary::of(&self.teacher).bundle()
    }
}
