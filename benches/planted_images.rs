//! What Multi-ContrastiveVAE and its baselines find of the truth of simulated screens of cell images, over several seeds of
//! screen and model: `cargo bench --profile dev -p perturbook --bench planted_images -- [SEEDS [EPOCHS [VARIANT...]]]`.
//!
//! Screens have 32 genes, 5,760 cells in six batches; five phenotypes add a structure, three shift the mix of phases. Printed
//! for each model and space as mean and range: see `evaluate::planted_images`. Keys: `effect`, `cells` of a guide, `vignetting` of the
//! field, `gain` of batches, and those of `benches/common/variants.rs`.

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spread.rs"]
mod spread;
#[path = "common/variants.rs"]
mod variants;

use std::time::Instant;

use asked::Asked;
use perturbook::Result;
use perturbook::evaluate::planted_images;
use perturbook::methods::Method;
use perturbook::methods::mcvae::{McVae, Variant};
use perturbook::simulate::{OpsConfig, ops_images};
use perturbook::tensor::cpu;
use perturbook::train::{Phase, Silent};
use spread::Readings;

fn main() -> Result<()> {
    let Some(asked) = Asked::here() else { return Ok(()) };
    let [seeds, epochs] = asked.numbers([3, 20]);
    let key = |name: &str| asked.key(name);
    for variant in asked.variants(&[Variant::Mcvae, Variant::Cvae, Variant::Vae]) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let usual = OpsConfig::default();
            let design = OpsConfig {
                effect: key("effect").unwrap_or(2.0),
                cells_per_guide: key("cells").map_or(72, |cells| cells as usize),
                control_guides: 16,
                vignetting: key("vignetting").unwrap_or(usual.vignetting),
                gain: key("gain").unwrap_or(usual.gain),
                seed,
                ..usual
            };
            let simulated = ops_images(&design)?;
            let screen = simulated.screen()?;
            let mut plan = McVae::quick();
            let settings = &mut plan.settings;
            settings.variant = variant;
            asked.change(settings);
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            let started = Instant::now();
            let model = McVae::fit(&screen, &plan, &cpu(), &mut Silent)?;
            let mut add = |name: String, value: f64| found.add(name, value);
            add("seconds".to_owned(), started.elapsed().as_secs_f64());
            if let Some(distance) = model.history().last(Phase::Training, "Wasserstein") {
                add("salient posterior of controls to 0".to_owned(), distance);
            }
            for space in planted_images(&model.embed(&screen)?, &simulated.truth)?.spaces {
                space.numbers().into_iter().for_each(|(name, value)| add(format!("{}: {name}", space.space), value));
                let kinds = space.by_phenotype.into_iter();
                kinds.for_each(|(kind, share)| add(format!("{}: added structure, {kind}", space.space), share));
            }
        }
        found.print(&format!("{}, {epochs} epochs, {seeds} seeds", variant.name()));
    }
    Ok(())
}
