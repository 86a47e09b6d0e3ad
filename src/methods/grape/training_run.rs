//! From a screen and a plan to a trained model: the classes, their cells in equal shares, and the loop around it.

use burn::module::Param;
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use super::loader::Loader;
use super::model::{Learned, with_vectors};
use super::samples::{FOLLOWED, Samples};
use super::{
    Classes, Discriminator, GrapeTraining, Images, Model, NetworkConfig, Normalisation, Settings, Trainer, Translator,
};
use crate::Result;
use crate::methods::Plan;
use crate::methods::pixels::{ControlStatistics, both_devices, fingerprint};
use crate::nn::State;
use crate::screen::Screen;
use crate::tensor::Device;
use crate::train::{Balanced, Data, Observer, Purpose, Sampler, fit, stream};

/// Batches of equal shares of the classes, as rows of the screen with their classes; epochs as long as asked for.
struct OfClasses {
    balanced: Balanced,
    rows: Vec<usize>,
    labels: Vec<usize>,
    steps: Option<u64>,
}

impl Sampler for OfClasses {
    type Rows = Vec<(usize, usize)>;

    fn steps(&self) -> u64 {
        self.steps.unwrap_or_else(|| self.balanced.steps())
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<(usize, usize)> {
        // The sampler's own epochs may be shorter or longer: every step has a stream of its own all the same.
        let at = epoch * self.steps() + step;
        let drawn = self.balanced.rows(at / self.balanced.steps(), at % self.balanced.steps());
        drawn.into_iter().map(|row| (self.rows[row], self.labels[row])).collect()
    }
}

/// Trains on a screen.
pub(super) fn fit_to(
    screen: &Screen,
    plan: &Plan<Settings>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Model> {
    let settings = &plan.settings;
    settings.check()?;
    settings.pixels().check(screen)?;
    let classes = Classes::of(screen, settings)?;
    let cells = classes.rows(screen, settings)?;
    let (rows, labels) = cells.clone();
    let vectors = classes.vectors(settings)?;
    let statistics = match settings.normalisation {
        Normalisation::Symmetric => ControlStatistics::default(),
        Normalisation::Ntc => ControlStatistics::for_screen(screen, &settings.pixels(), &ControlStatistics::default())?,
    };

    let sizes = settings.sizes.of_classes(classes.len());
    let network = NetworkConfig { code: vectors.as_ref().map_or(sizes.code, |vectors| vectors.ncols()), ..sizes };
    let recording = both_devices(device).1;
    let training = start(&network, vectors.as_ref(), plan, &recording)?;
    let mut trainer = Trainer::new(training, &network, settings, &classes.names, &recording);

    let balanced = Balanced::new(&labels, settings.batch, plan.run.seed)?;
    let sampler = OfClasses { balanced, rows, labels, steps: settings.steps_per_epoch };
    let loader = Loader::new(screen, settings, Some(&statistics))?;
    let count = classes.len();
    trainer.samples = followed(&classes, &cells, &loader)?;
    let load = |drawn: &Vec<(usize, usize)>, rng: &mut ChaCha8Rng| -> Result<Images> {
        let (rows, labels): (Vec<usize>, Vec<usize>) = drawn.iter().copied().unzip();
        loader.images(&rows, labels, count, rng)
    };
    let fingerprint = fingerprint(screen, &[&screen.labels(settings.unit.label())?], &settings.pixels())?;
    let data = Data { sampler: &sampler, load: &load, validation: Vec::new(), fingerprint };
    let history = fit(&mut trainer, &data, &plan.run, observer)?;
    let learned = Learned {
        translator: State::of(&trainer.training.translator),
        average: State::of(trainer.average.as_ref()),
        discriminator: State::of(&trainer.training.discriminator),
        copies: trainer.copies,
        samples: trainer.samples,
    };
    Model::new(plan.clone(), history, (classes, statistics), &network, learned, device)
}

/// Networks that have not learned yet.
#[inline(never)]
fn start(
    network: &NetworkConfig,
    vectors: Option<&Array2<f32>>,
    plan: &Plan<Settings>,
    device: &Device,
) -> Result<Box<GrapeTraining>> {
    let mut rng = stream(plan.run.seed, Purpose::Weights, 0);
    let mut translator = Translator::new(network, &mut rng, device)?;
    if plan.settings.table_start != 1.0 {
        let table = translator.table.val() * plan.settings.table_start;
        translator.table = Param::from_tensor(table.detach());
    }
    let discriminator = Discriminator::new(network, &mut rng, device)?;
    let translator = match vectors {
        Some(vectors) => with_vectors(translator, vectors, device),
        None => translator,
    };
    let settings = &plan.settings;
    let training = GrapeTraining::new(translator, discriminator, settings.loss, settings.adam());
    Ok(Box::new(training.with_table_adam(settings.table_adam())))
}

/// The first cells of some classes from all over their list, controls first; each is to become of the next one's class.
fn followed(classes: &Classes, (rows, labels): &(Vec<usize>, Vec<usize>), loader: &Loader<'_>) -> Result<Samples> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|&class| !classes.controls[class]);
    let count = FOLLOWED.min(order.len());
    let first = |class: usize| labels.iter().position(|&label| label == class).map(|at| (rows[at], class));
    let cells: Vec<(usize, usize)> = (0..count).filter_map(|i| first(order[i * order.len() / count])).collect();
    let rows: Vec<usize> = cells.iter().map(|(row, _)| *row).collect();
    let targets = (0..cells.len()).map(|i| cells[(i + 1) % cells.len()].1).collect();
    Ok(Samples { images: loader.read(&rows)?, rows, targets, seen: Vec::new() })
}
