//! ContrastiveVI as a method: settings, loss and presets of the network.

use rand_chacha::ChaCha8Rng;

use super::{ContrastiveVi, ContrastiveViConfig, ContrastiveViDraws, ContrastiveViWeights, Settings};
use crate::methods::Plan;
use crate::methods::counts::{
    CountModel, CountNetwork, GeneChoice, NoMemory, Optimiser, StepInput, StepLoss, Vocabulary,
};
use crate::nn::counts::{Cells, CountDecoder};
use crate::tensor::{Device, Tensor, cat};
use crate::train::FitConfig;
use crate::{Error, Result};

/// ContrastiveVI that has learned from a screen. Its embeddings have the blocks `background` and `salient`.
pub type Model = CountModel<ContrastiveVi>;

impl CountNetwork for ContrastiveVi {
    type Settings = Settings;
    type Config = ContrastiveViConfig;
    type Memory = NoMemory;

    const NAME: &'static str = "contrastive_vi";
    const CONTRASTIVE: bool = true;

    /// 26 epochs, what scvi-tools gives to the 310,385 cells of the K562 screen; see
    /// [`default_epochs`](crate::methods::counts::default_epochs) for others. The warm-up of 400 epochs then ends at 0.065.
    fn paper() -> Plan<Settings> {
        Plan { settings: Settings::default(), run: FitConfig { epochs: 26, workers: 2, ..FitConfig::default() } }
    }

    /// For about a thousand cells of a few hundred genes: a smaller network at a higher rate, a warm-up of ten epochs.
    fn quick() -> Plan<Settings> {
        let settings = Settings {
            background: 5,
            salient: 5,
            hidden: 64,
            genes: GeneChoice::Variable(500),
            warm_up: 10.0,
            optimiser: Optimiser { rate: 5e-3, ..Optimiser::default() },
            ..Settings::default()
        };
        Plan { settings, run: FitConfig { epochs: 60, ..FitConfig::default() } }
    }

    fn config(settings: &Settings, vocabulary: &Vocabulary) -> ContrastiveViConfig {
        ContrastiveViConfig {
            genes: vocabulary.genes.len(),
            hidden: settings.hidden,
            background: settings.background,
            salient: settings.salient,
            batches: vocabulary.batches.len(),
            likelihood: settings.likelihood,
            dropout: settings.dropout,
        }
    }

    fn build(config: &ContrastiveViConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self::new(config, rng, device)
    }

    fn blocks(config: &ContrastiveViConfig) -> Vec<(&'static str, usize)> {
        vec![("background", config.background), ("salient", config.salient)]
    }

    fn memory(_: &Settings, _: u64) -> NoMemory {
        NoMemory
    }

    fn step(
        &mut self,
        settings: &Settings,
        config: &ContrastiveViConfig,
        _: &NoMemory,
        input: StepInput<'_>,
    ) -> Result<StepLoss> {
        let StepInput { cells, kl, training, noise, device, .. } = input;
        let Some([controls, perturbed]) = cells.halves() else {
            return Err(
                Error::new(format!("{} cells are no pairs", cells.len())).fix("give controls first, as many of both")
            );
        };
        let draws = ContrastiveViDraws::new(config, controls.len(), noise, device);
        let output = match training {
            true => self.forward_training(&controls, &perturbed, &draws)?,
            false => self.forward(&controls, &perturbed, &draws)?,
        };
        let loss = self.loss(&output, &ContrastiveViWeights { kl, wasserstein: settings.wasserstein });
        let terms = vec![
            ("reconstruction_control", loss.recon_background.mean()),
            ("reconstruction_perturbed", loss.recon_target.mean()),
            ("kl_background_control", loss.kl_z_background.mean()),
            ("kl_background_perturbed", loss.kl_z_target.mean()),
            ("kl_salient_perturbed", loss.kl_s_target.mean()),
            ("wasserstein_control", loss.wasserstein_background.mean()),
        ];
        Ok(StepLoss { total: loss.total, terms, known: Vec::new() })
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
}
