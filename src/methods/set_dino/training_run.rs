//! From a screen and a plan to a trained model: which cells are drawn, in what pairs, and the loop around it.

use rand_chacha::ChaCha8Rng;

use super::{Distillation, Model, Normalisation, SetDino, Settings, Start, Trainer, Viewer, Views};
use crate::methods::Plan;
use crate::methods::pixels::{ControlStatistics, both_devices, fingerprint};
use crate::nn::State;
use crate::screen::{Label, Labels, Role, Screen};
use crate::tensor::Device;
use crate::train::{Data, Observer, Purpose, Sampler, SetPair, Sets, fit, stream};
use crate::{Error, Result};

/// Steps of validation, at most.
const VALIDATION_STEPS: u64 = 8;

/// Sets of some rows of a screen.
struct OfRows {
    sets: Sets,
    rows: Vec<usize>,
}

impl OfRows {
    fn new(rows: Vec<usize>, labels: [&Labels; 2], settings: &Settings, seed: u64) -> Result<Self> {
        let codes = |labels: &Labels| -> Vec<usize> { rows.iter().map(|&row| labels.codes()[row] as usize).collect() };
        let [units, batches] = labels.map(codes);
        let fewest = settings.fewest.max(settings.cells);
        let (between, step) = (settings.strategy.between(), (settings.units(), settings.repeated()));
        let sets =
            Sets::repeating(&units, &batches, between, settings.cells, step, seed)?.groups_of_at_least(fewest)?;
        Ok(Self { sets, rows })
    }
}

impl Sampler for OfRows {
    type Rows = Vec<SetPair>;

    fn steps(&self) -> u64 {
        self.sets.steps()
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<SetPair> {
        let mut pairs = self.sets.rows(epoch, step);
        for row in pairs.iter_mut().flat_map(|pair| &mut pair.rows).flatten() {
            *row = self.rows[*row];
        }
        pairs
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
    let (units, batches) = (screen.labels(settings.unit.label())?, screen.labels(Label::Batch)?);
    let [train, held_out] = parts(screen, &batches, &settings.validation)?;
    let sampler = OfRows::new(train, [&units, &batches], settings, plan.run.seed)?;
    let validation = match held_out.is_empty() {
        true => Vec::new(),
        false => {
            let sets = OfRows::new(held_out, [&units, &batches], settings, plan.run.seed.wrapping_add(1))
                .map_err(|e| Error::new(format!("the validation batches hold too little\n{e}")))?;
            (0..sets.steps().min(VALIDATION_STEPS)).map(|step| sets.rows(0, step)).collect()
        }
    };
    let statistics = match settings.normalisation {
        Normalisation::ZScore => None,
        Normalisation::Ntc => Some(ControlStatistics::of(screen, &settings.pixels())?),
    };
    if let Some(statistics) = &statistics {
        statistics.covers(screen)?;
    }

    let (_, recording) = both_devices(device);
    let mut rng = stream(plan.run.seed, Purpose::Weights, 0);
    let training = settings.training(plan.run.epochs, sampler.steps());
    let student = SetDino::new(&settings.vit, &settings.head, &mut rng, &recording)?;
    let student = student.aggregated(settings.aggregation, &mut rng);
    let student = if settings.start == Start::ByInputs { student.started_by_inputs() } else { student };
    let distillation = Distillation::of(student, &settings.head, &training, &mut rng, &recording);
    let mut trainer = Trainer::new(distillation, settings, &recording);

    let viewer = Viewer::new(screen, settings, statistics.as_ref())?;
    let load = |pairs: &Vec<SetPair>, rng: &mut ChaCha8Rng| -> Result<Views> { viewer.views(pairs, rng) };
    let fingerprint = fingerprint(screen, &[&units, &batches], &settings.pixels())?;
    let data = Data { sampler: &sampler, load: &load, validation, fingerprint };
    let history = fit(&mut trainer, &data, &plan.run, observer)?;
    let Distillation { student, teacher, .. } = &trainer.distillation;
    let states = [State::of(student), State::of(teacher)];
    Model::new(plan.clone(), history, [&states[0], &states[1]], statistics.unwrap_or_default(), device)
}

/// Rows to train on and rows to validate on; cells that are set aside are in neither.
fn parts(screen: &Screen, batches: &Labels, validation: &[String]) -> Result<[Vec<usize>; 2]> {
    let counts = batches.counts();
    let there = |name: &String| batches.names().iter().zip(&counts).any(|(known, &n)| known == name && n > 0);
    if let Some(unknown) = validation.iter().find(|name| !there(name)) {
        return Err(Error::new(format!("no cell is of the batch {unknown:?}"))
            .at("settings, validation")
            .fix(format!("the batches there are: {}", batches.names()[..batches.names().len().min(12)].join(", "))));
    }
    let rows = (0..screen.len()).filter(|&row| screen.role(row) != Role::Other);
    let (held_out, train) = rows.partition(|&row| validation.iter().any(|name| name == batches.of(row)));
    Ok([train, held_out])
}
