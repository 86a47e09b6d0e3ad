//! Multi-ContrastiveVAE and its ablations as a method: from a screen of images to an embedding.
//!
//! ```text
//! crops -> resized, asinh -> pairs of control and perturbed cells -> networks
//! embedding of a cell = [mean of its salient posterior, mean of its background posterior]
//! ```

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array2, Array4, s};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::facts::{Facts, Wells, check_range};
use super::net::{Net, images_on, matrix};
use super::order::{Order, parts};
use super::training::{Batch, Training};
use super::{Asinh, Intensity, Keep, KlWeight, McVaeSettings, file};
use crate::images::{CellImages, each_batch};
use crate::live::Bar;
use crate::methods::{Method, Plan};
use crate::screen::{Embedding, Label, Role, Screen};
use crate::tensor::{Device, plain};
use crate::train::{Data, FitConfig, History, Observer, fit};
use crate::{Error, Result};

/// Cells that are encoded or decoded at once.
pub(super) const BLOCK: usize = 256;
/// A perturbation of so many cells has some in every large random part.
const MANY: usize = 20;

/// An autoencoder of cell images that has learned from a screen: mcVAE, cVAE, prior-s, prior-z or VAE.
///
/// ```no_run
/// use perturbook::methods::Method;
/// use perturbook::methods::mcvae::McVae;
/// use perturbook::simulate::{OpsConfig, ops_screen};
/// use perturbook::tensor::cpu;
/// use perturbook::train::Silent;
///
/// let screen = ops_screen(&OpsConfig::default())?.screen()?;
/// let model = McVae::fit(&screen, &McVae::quick(), &cpu(), &mut Silent)?;
/// let embedding = model.embed(&screen)?;
/// assert_eq!(embedding.block_names(), ["salient", "background"]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct McVae {
    pub(super) net: Net,
    pub(super) plan: Plan<McVaeSettings>,
    pub(super) history: History,
    pub(super) facts: Facts,
    pub(super) device: Device,
}

/// The cells to learn from, as batches.
struct Cells<'a> {
    screen: &'a Screen,
    settings: &'a McVaeSettings,
    wells: Wells,
    labels: Vec<i32>,
    batches: Vec<i32>,
}

impl Cells<'_> {
    fn batch(&self, rows: &[usize]) -> Result<Batch> {
        let images = self.wells.prepared(self.screen.read_images(rows)?, rows, self.settings)?;
        let of = |all: &[i32]| rows.iter().map(|&row| all[row]).collect();
        Ok(Batch { images, labels: of(&self.labels), batches: of(&self.batches) })
    }
}

impl Method for McVae {
    type Settings = McVaeSettings;

    const NAME: &'static str = "mcvae";

    /// Batches of 1,024 pairs, two epochs, validation every tenth of an epoch, an end after five without improvement.
    fn paper() -> Plan<McVaeSettings> {
        let run = FitConfig { epochs: 2, validate_every: 0.1, patience: Some(5), workers: 4, ..FitConfig::default() };
        Plan { settings: McVaeSettings::default(), run }
    }

    /// Small networks on 32 x 32 pixels, for simulated screens: pixels from 0 to 1, rows sorted by perturbation. Gradients are
    /// not cut: sums over all pixels have such large ones that of a step of a few pairs little but signs would be left.
    fn quick() -> Plan<McVaeSettings> {
        let settings = McVaeSettings {
            side: 32,
            intensity: Intensity::Asinh(Asinh::spanning(10.0)),
            base: 8,
            latent: 10,
            batch_width: 4,
            kl: KlWeight::Constant(1.0),
            rate: 2e-3,
            clip: None,
            batch: 32,
            shares: [0.8, 0.1, 0.1],
            mixed: false,
            ..McVaeSettings::default()
        };
        Plan { settings, run: FitConfig { epochs: 15, ..FitConfig::default() } }
    }

    fn fit(screen: &Screen, plan: &Plan<McVaeSettings>, device: &Device, observer: &mut dyn Observer) -> Result<Self> {
        let settings = &plan.settings;
        settings.check()?;
        let facts = Facts::of(screen, settings)?;
        let wells = facts.wells_of(screen, settings)?;
        check_range(screen, &wells, settings)?;
        let [train, validation, _] = parts(settings, screen, plan.run.seed)?;
        let labels = facts.label_rows(screen, settings)?;
        check_mixed(settings, screen, &train.perturbed)?;
        let cells = Cells { screen, settings, wells, labels, batches: facts.batch_rows(screen)? };
        let order = Order::of(settings, &train, plan.run.seed)?;
        let validation = Order::validation(settings, &validation, plan.run.seed)?;
        let device = plain(device);
        let recording = Device::autodiff(device.clone());
        let mut training = Training::new(settings, &facts, validation.len(), plan.run.seed, &recording);
        let data = Data {
            sampler: &order,
            load: &|rows: &Vec<usize>, _: &mut ChaCha8Rng| cells.batch(rows),
            validation,
            fingerprint: fingerprint(screen, &facts, &cells),
        };
        let history = fit(&mut training, &data, &plan.run, observer)?;
        let state = training.kept().state();
        Self::of_state(&state, plan.clone(), history, facts, &device)
    }

    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let settings = &self.plan.settings;
        let mut values = Array2::zeros((screen.len(), settings.dims()));
        let mut done = 0;
        self.each_block(screen, "embedding", |images| {
            let n = images.dim().0;
            let codes = matrix(self.net.codes(images_on(images, &self.device)))?;
            values.slice_mut(s![done..done + n, ..]).assign(&codes);
            done += n;
            Ok(())
        })?;
        let embedding = Embedding::new(values, screen.table().clone())?;
        if !settings.variant.is_contrastive() {
            return embedding.with_block("latent", 0..settings.dims());
        }
        embedding.with_block("salient", 0..settings.latent)?.with_block("background", settings.latent..settings.dims())
    }

    fn plan(&self) -> &Plan<McVaeSettings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn save(&self, path: &Path) -> Result<()> {
        file::write(self, path)
    }

    fn load(path: &Path, device: &Device) -> Result<Self> {
        file::read(path, device)
    }
}

impl McVae {
    /// A model with these numbers, on a device that records no gradients.
    pub(super) fn of_state(
        state: &crate::nn::State,
        plan: Plan<McVaeSettings>,
        history: History,
        facts: Facts,
        device: &Device,
    ) -> Result<Self> {
        let device = plain(device);
        let mut rng = crate::train::stream(plan.run.seed, crate::train::Purpose::Weights, 0);
        let net = Net::new(&plan.settings, facts.sizes(), &mut rng, &device).with(state)?;
        Ok(Self { net, plan, history, facts, device })
    }

    /// A plan for the plate of BBBC013: two channels of 8-bit intensities, 48 x 48 pixels, no batches; 64 pairs a step,
    /// 1,500 steps.
    pub fn plate() -> Plan<McVaeSettings> {
        let settings = McVaeSettings {
            side: 48,
            intensity: Intensity::Asinh(Asinh { factor: 1.0, centre: 3.0, scale: 3.0 }),
            base: 16,
            latent: 16,
            batch_width: 0,
            wasserstein: 16.0,
            kl: KlWeight::Ramp { steps: 300 },
            rate: 1e-3,
            batch: 64,
            shares: [0.8, 0.1, 0.1],
            mixed: false,
            keep: Keep::Last,
            ..McVaeSettings::default()
        };
        Plan { settings, run: FitConfig { epochs: 39, ..FitConfig::default() } }
    }

    /// Blocks of images as the networks see them, one after the other, read ahead by other threads.
    fn each_block(&self, screen: &Screen, what: &str, mut work: impl FnMut(Array4<f32>) -> Result<()>) -> Result<()> {
        let images: Arc<dyn CellImages> = self.facts.images(screen)?;
        let wells = self.facts.wells_of(screen, &self.plan.settings)?;
        let rows: Vec<usize> = (0..screen.len()).map(|row| screen.source_row(row)).collect();
        let mut bar = Bar::new(what, Some(rows.len() as u64));
        let mut done = 0;
        each_batch(&*images, &rows, BLOCK, |block, images| {
            if bar.stopped() {
                let at = format!("after {done} of {} cells", screen.len());
                return Err(Error::new(format!("{what} was stopped"))
                    .at(at)
                    .fix("run it again, or on a part of the screen"));
            }
            let here: Vec<usize> = (done..done + block.len()).collect();
            work(wells.prepared(std::mem::take(images), &here, &self.plan.settings)?)?;
            done += block.len();
            bar.advance(block.len() as u64);
            Ok(())
        })?;
        bar.finish();
        Ok(())
    }

    /// The images of these cells as the networks see them, `n x c x side x side`.
    ///
    /// # Errors
    /// When the screen has other images than the model was trained on, or there is no such row.
    pub fn seen(&self, screen: &Screen, rows: &[usize]) -> Result<Array4<f32>> {
        self.facts.images(screen)?;
        let wells = self.facts.wells_of(screen, &self.plan.settings)?;
        wells.prepared(screen.read_images(rows)?, rows, &self.plan.settings)
    }

    /// The names of the perturbations that have learned prior means.
    pub fn perturbations(&self) -> &[String] {
        &self.facts.labels[1..]
    }

    /// The names of the batches that the decoder knows.
    pub fn batches(&self) -> &[String] {
        &self.facts.batches
    }

    /// The weights by name, in the layout of the reference's checkpoints.
    pub fn weights(&self) -> crate::nn::State {
        self.net.state()
    }
}

/// Refuses rows that are taken for mixed but are sorted: a perturbation of many cells would have none in training.
fn check_mixed(settings: &McVaeSettings, screen: &Screen, train: &[usize]) -> Result<()> {
    let (true, Ok(genes)) = (settings.mixed, screen.labels(Label::Gene)) else { return Ok(()) };
    let mut cells = vec![0usize; genes.names().len()];
    let mut trained = vec![false; genes.names().len()];
    let perturbed = (0..screen.len()).filter(|&row| screen.role(row) == Role::Perturbed);
    perturbed.for_each(|row| cells[genes.codes()[row] as usize] += 1);
    train.iter().for_each(|&row| trained[genes.codes()[row] as usize] = true);
    let missing: Vec<usize> = (0..cells.len()).filter(|&gene| cells[gene] >= MANY && !trained[gene]).collect();
    let Some(&first) = missing.first() else { return Ok(()) };
    Err(Error::new(format!(
        "none of the {} cells of {} is in the training part; {} perturbations affected",
        cells[first],
        genes.names()[first],
        missing.len()
    ))
    .at("setting mixed")
    .fix("set mixed to false: the rows of this screen do not stand in random order"))
}

/// What tells these data from others: sizes, names, and what every cell is.
fn fingerprint(screen: &Screen, facts: &Facts, cells: &Cells<'_>) -> String {
    let mut hash = Sha256::new();
    for name in facts.labels.iter().chain(&facts.batches) {
        hash.update(name.as_bytes());
        hash.update([0]);
    }
    for codes in [&cells.labels, &cells.batches] {
        codes.iter().for_each(|code| hash.update(code.to_le_bytes()));
    }
    (0..screen.len()).for_each(|row| hash.update([screen.role(row) as u8]));
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{} cells, {} x {2} x {2} ({3}), {hash}",
        screen.len(),
        facts.channels.len(),
        facts.size,
        facts.channels.join(", ")
    )
}
