//! scVI as a method: settings, loss and presets of the network.

use rand_chacha::ChaCha8Rng;

use super::{ScVi, ScViConfig, ScViDraws, Settings};
use crate::Result;
use crate::methods::Plan;
use crate::methods::counts::{
    CountModel, CountNetwork, GeneChoice, NoMemory, Optimiser, StepInput, StepLoss, Vocabulary,
};
use crate::nn::counts::{Cells, CountDecoder};
use crate::tensor::{Device, Tensor};
use crate::train::FitConfig;

/// scVI that has learned from a screen, which need have no controls. Its embeddings have one block, `latent`.
///
/// ```
/// use perturbook::methods::counts::Code;
/// use perturbook::methods::{Method, sc_vi};
/// use perturbook::screen::{Counts, Screen};
/// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
/// use perturbook::tensor::cpu;
/// use perturbook::train::Silent;
///
/// let simulated = perturb_seq(&PerturbSeqConfig::quick())?;
/// let counts = Counts::new(simulated.genes, simulated.indptr, simulated.indices, simulated.values)?;
/// let screen = Screen::new(simulated.cells, counts)?;
/// let mut plan = sc_vi::Model::quick();
/// plan.run.epochs = 1;
/// let model = sc_vi::Model::fit(&screen, &plan, &cpu(), &mut Silent)?;
/// assert_eq!(model.embed(&screen)?.dims(), 10);
/// let shares = model.expression(&screen.controls()?, Code::Inferred)?;
/// assert!((shares.row(0).sum() - 1.0).abs() < 1e-4);
/// # Ok::<(), perturbook::Error>(())
/// ```
pub type Model = CountModel<ScVi>;

impl CountNetwork for ScVi {
    type Settings = Settings;
    type Config = ScViConfig;
    type Memory = NoMemory;

    const NAME: &'static str = "sc_vi";
    const CONTRASTIVE: bool = false;

    /// 26 epochs, what scvi-tools gives to the 310,385 cells of the K562 screen; see
    /// [`default_epochs`](crate::methods::counts::default_epochs) for others. The warm-up of 400 epochs then ends at 0.065.
    fn paper() -> Plan<Settings> {
        Plan { settings: Settings::default(), run: FitConfig { epochs: 26, workers: 2, ..FitConfig::default() } }
    }

    /// For about a thousand cells of a few hundred genes: a smaller network at a higher rate, a warm-up of ten epochs.
    fn quick() -> Plan<Settings> {
        let settings = Settings {
            latent: 10,
            hidden: 64,
            genes: GeneChoice::Variable(500),
            warm_up: 10.0,
            optimiser: Optimiser { rate: 5e-3, ..Optimiser::default() },
            ..Settings::default()
        };
        Plan { settings, run: FitConfig { epochs: 60, ..FitConfig::default() } }
    }

    fn config(settings: &Settings, vocabulary: &Vocabulary) -> ScViConfig {
        ScViConfig {
            genes: vocabulary.genes.len(),
            hidden: settings.hidden,
            latent: settings.latent,
            batches: vocabulary.batches.len(),
            likelihood: settings.likelihood,
            dropout: settings.dropout,
        }
    }

    fn build(config: &ScViConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self::new(config, rng, device)
    }

    fn blocks(config: &ScViConfig) -> Vec<(&'static str, usize)> {
        vec![("latent", config.latent)]
    }

    fn memory(_: &Settings, _: u64) -> NoMemory {
        NoMemory
    }

    fn step(&mut self, _: &Settings, config: &ScViConfig, _: &NoMemory, input: StepInput<'_>) -> Result<StepLoss> {
        let StepInput { cells, kl, training, noise, device, .. } = input;
        let draws = ScViDraws::new(config, cells.len(), noise, device);
        let output = match training {
            true => self.forward_training(&cells, &draws)?,
            false => self.forward(&cells, &draws)?,
        };
        let loss = self.loss(&output, kl);
        let terms = vec![("reconstruction", loss.recon.mean()), ("kl", loss.kl.mean())];
        Ok(StepLoss { total: loss.total, terms, known: Vec::new() })
    }

    fn means(&self, cells: &Cells) -> Result<Tensor<2>> {
        self.embed(cells)
    }

    fn decoder(&self) -> &CountDecoder {
        &self.decoder
    }

    fn log_dispersion(&self) -> Tensor<1> {
        self.px_r.val()
    }
}
