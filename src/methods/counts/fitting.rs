//! From a screen and a plan to a trained network.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::learner::CountLearner;
use super::reader::{CellReader, counts_of, require_raw};
use super::sampler::{CellSampler, validation};
use super::{CountModel, CountNetwork, CountSettings, Learning, Vocabulary};
use crate::methods::Plan;
use crate::screen::{Label, Screen, Split};
use crate::tensor::Device;
use crate::train::{Data, Observer, Purpose, Sampler, fit, stream};
use crate::{Error, Result};

impl Learning {
    /// The split that a fit to this screen makes: the same shares of the control and of every perturbation, at random.
    ///
    /// # Errors
    /// When cells lack labels or a part gets no cell.
    pub fn split(&self, screen: &Screen) -> Result<Split> {
        screen.split_stratified(Label::Gene, self.split_shares()?, self.split_seed)
    }
}

/// The device without a record of gradients.
pub(super) fn plain(device: &Device) -> Device {
    match device {
        Device::Autodiff(recording) => Device::clone(recording),
        other => other.clone(),
    }
}

/// A network of these sizes that takes up weights next.
pub(super) fn blank<N: CountNetwork>(config: &N::Config, device: &Device) -> N {
    N::build(config, &mut ChaCha8Rng::seed_from_u64(0), device)
}

pub(super) fn trained<N: CountNetwork>(
    screen: &Screen,
    plan: &Plan<N::Settings>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<CountModel<N>> {
    let (learning, run, device) = (plan.settings.learning(), &plan.run, plain(device));
    learning.check()?;
    plan.settings.check()?;
    require_raw(counts_of(screen)?)?;
    if N::CONTRASTIVE {
        screen.controls()?;
        screen.perturbed()?;
    }
    let split = learning.split(screen)?;
    let genes = learning.genes.choose(&split.train)?;
    let vocabulary = Vocabulary::of(screen, genes, learning.batch_covariate)?;
    let train = CellReader::labelled(&split.train, &vocabulary)?;
    let held_out = CellReader::labelled(&split.validation, &vocabulary)?;
    let sampler = CellSampler::new(&learning, train.classes(), run.seed)?;
    let validation = validation(&learning, held_out.classes(), train.len())?;
    let interval = ((sampler.steps() as f64 * run.validate_every).round() as u64).max(1);

    let config = N::config(&plan.settings, &vocabulary);
    let mut first = stream(run.seed, Purpose::Weights, 0);
    let network = N::build(&config, &mut first, &Device::autodiff(device.clone()));
    let memory = N::memory(&plan.settings, interval);
    let mut learner = CountLearner::new(network, config.clone(), &plan.settings, memory, &device);

    let cells = train.and(held_out.clone());
    let load = |places: &Vec<usize>, _: &mut ChaCha8Rng| Ok(cells.batch(places));
    let data = Data { sampler: &sampler, load: &load, validation, fingerprint: cells.fingerprint() };
    let history = fit(&mut learner, &data, run, observer)?;

    let network = learner
        .kept()
        .load_into(blank::<N>(&config, &device))
        .map_err(|e| Error::new(format!("the trained weights cannot be taken over: {e}")).at(N::NAME))?;
    let mut model = CountModel::new(network, config, plan.clone(), vocabulary, history, device);
    let controls: Vec<usize> = if model.vocabulary().control.is_some() {
        (0..held_out.len()).filter(|&place| held_out.classes()[place] == 0).collect()
    } else {
        Vec::new()
    };
    model.calibrate(&held_out, &controls)?;
    Ok(model)
}
