//! SC-VAE as a method: settings, loss and presets of the network.

use rand_chacha::ChaCha8Rng;

use super::{Balance, ControlSalient, HsicWeight, ScVae, ScVaeConfig, ScVaeDraws, ScVaeWeights, Settings};
use crate::Result;
use crate::methods::Plan;
use crate::methods::counts::{
    CountModel, CountNetwork, GeneChoice, Optimiser, Sampling, StepInput, StepLoss, Vocabulary,
};
use crate::nn::counts::{Cells, CountDecoder};
use crate::tensor::{Device, Tensor, cat};
use crate::train::FitConfig;

/// SC-VAE that has learned from a screen. Its embeddings have the blocks `background` and `salient`.
///
/// ```no_run
/// use perturbook::methods::{Method, sc_vae};
/// use perturbook::screen::Screen;
/// use perturbook::tensor::choose_device;
/// use perturbook::train::Watch;
///
/// let screen = Screen::open("K562_essential_raw_singlecell_01.h5ad")?;
/// let model = sc_vae::Model::fit(&screen, &sc_vae::Model::paper(), &choose_device()?.device, &mut Watch::loss())?;
/// let salient = model.embed(&screen)?.block("salient")?;
/// # Ok::<(), perturbook::Error>(())
/// ```
pub type Model = CountModel<ScVae>;

impl CountNetwork for ScVae {
    type Settings = Settings;
    type Config = ScVaeConfig;
    type Memory = Balance;

    const NAME: &'static str = "sc_vae";
    const CONTRASTIVE: bool = true;

    /// 50 epochs, or until ten validations have brought nothing.
    fn paper() -> Plan<Settings> {
        let run = FitConfig { epochs: 50, patience: Some(10), workers: 2, ..FitConfig::default() };
        Plan { settings: Settings::default(), run }
    }

    /// For some thousand cells of a few hundred genes: a smaller network, small steps at a higher rate, and HSIC with the
    /// weight 5. By the paper's loss it is all the same whether the spaces hold what they should (models that do and models
    /// that don't end within two nats of each other, `--bench planted`), so perturbations are seen equally often, KL terms
    /// grow, and the classifier weighs 7. With 10 and a dropout of 0.1 it learned the cells of a small screen by heart.
    fn quick() -> Plan<Settings> {
        let settings = Settings {
            hidden: 64,
            dropout: 0.25,
            classification: 7.0,
            genes: GeneChoice::Variable(500),
            batch_size: 128,
            hsic: HsicWeight::Fixed(5.0),
            warm_up: 20.0,
            sampling: Sampling::Balanced,
            optimiser: Optimiser { rate: 5e-3, ..Optimiser::default() },
            ..Settings::default()
        };
        Plan { settings, run: FitConfig { epochs: 80, patience: Some(20), ..FitConfig::default() } }
    }

    fn config(settings: &Settings, vocabulary: &Vocabulary) -> ScVaeConfig {
        ScVaeConfig {
            genes: vocabulary.genes.len(),
            classes: vocabulary.classes.len(),
            control: 0,
            hidden: settings.hidden,
            background: settings.background,
            salient: settings.salient,
            batches: vocabulary.batches.len(),
            likelihood: settings.likelihood,
            dropout: settings.dropout,
        }
    }

    fn build(config: &ScVaeConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self::new(config, rng, device)
    }

    fn blocks(config: &ScVaeConfig) -> Vec<(&'static str, usize)> {
        vec![("background", config.background), ("salient", config.salient)]
    }

    fn memory(settings: &Settings, interval: u64) -> Balance {
        Balance::new(settings.hsic, interval)
    }

    fn step(
        &mut self,
        settings: &Settings,
        config: &ScVaeConfig,
        memory: &Balance,
        input: StepInput<'_>,
    ) -> Result<StepLoss> {
        let StepInput { cells, classes, kl, training, noise, device } = input;
        let mut draws = ScVaeDraws::new(config, cells.len(), noise, device);
        if settings.control_salient == ControlSalient::Zero {
            draws.prior = draws.prior.zeros_like();
        }
        let output = match training {
            true => self.forward_training(&cells, classes, &draws)?,
            false => self.forward(&cells, classes, &draws)?,
        };
        let hsic = memory.weight();
        let Settings { classification, hsic_of, bandwidth, .. } = *settings;
        let weights = ScVaeWeights { kl, classification, hsic, hsic_of, bandwidth };
        let loss = self.loss(&output, &weights);
        let mut terms = vec![
            ("reconstruction", loss.recon.mean()),
            ("classification", loss.cross_entropy.mean()),
            ("kl_background", loss.kl_z.mean()),
            ("kl_salient", loss.kl_s.mean()),
        ];
        terms.extend(loss.hsic_times_n.map(|hsic| ("hsic", hsic)));
        let known = hsic.map(|weight| ("hsic_weight", weight)).into_iter().collect();
        Ok(StepLoss { total: loss.total, terms, known })
    }

    fn means(&self, cells: &Cells) -> Result<Tensor<2>> {
        Ok(cat(self.embed(cells)?.to_vec(), 1))
    }

    fn decoder(&self) -> &CountDecoder {
        &self.decoder
    }

    fn log_dispersion(&self) -> Tensor<1> {
        self.px_r.val()
    }

    /// The classifier's logits.
    fn calibration(&self, settings: &Settings, code: Tensor<2>) -> Option<Tensor<2>> {
        (settings.classification > 0.0).then(|| self.logits(code, settings.background))
    }
}

impl ScVae {
    /// Logits of the classifier at posterior means, `n x classes`.
    pub(super) fn logits(&self, code: Tensor<2>, background: usize) -> Tensor<2> {
        let [n, width] = code.dims();
        self.classifier.forward(code.slice([0..n, background..width]))
    }
}
