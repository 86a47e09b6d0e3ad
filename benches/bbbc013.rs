//! What Multi-ContrastiveVAE and its baselines know of two drugs on a real plate, over several seeds:
//! `cargo bench --profile dev -p perturbook --bench bbbc013 -- [SEEDS [EPOCHS [VARIANT...]]] [key=value...]`.
//!
//! BBBC013: rows A and E are learned from, rows B and F measured. Printed as mean and range over seeds, for each space: the
//! rank correlation of dose and distance to untreated cells for each drug; the area under the ROC curve of positive controls
//! against untreated cells; and that of the plate's row among untreated cells (`evaluate::DrugPlate`). Keys: see
//! `benches/common/variants.rs`.

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spread.rs"]
mod spread;
#[path = "common/variants.rs"]
mod variants;

use std::time::Instant;

use asked::Asked;
use perturbook::Result;
use perturbook::datasets::bbbc013;
use perturbook::evaluate::DrugPlate;
use perturbook::methods::Method;
use perturbook::methods::mcvae::{McVae, Variant};
use perturbook::tensor::cpu;
use perturbook::train::Silent;
use spread::Readings;

fn main() -> Result<()> {
    let Some(asked) = Asked::here() else { return Ok(()) };
    let [seeds, epochs] = asked.numbers([3, 39]);
    let plate = bbbc013(48)?.value.in_memory()?;
    let cells = DrugPlate::of_bbbc013(plate.table())?;
    let learned = plate.select(&cells.learned)?;
    for variant in asked.variants(&[Variant::Mcvae]) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let mut plan = McVae::plate();
            plan.settings.variant = variant;
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            asked.change(&mut plan.settings);
            let started = Instant::now();
            let model = McVae::fit(&learned, &plan, &cpu(), &mut Silent)?;
            let seconds = ("seconds".to_owned(), started.elapsed().as_secs_f64());
            for (name, value) in cells.read(&model.embed(&plate)?)?.numbers().into_iter().chain([seconds]) {
                found.add(name, value);
            }
        }
        found.print(&format!("{}, {epochs} epochs, {seeds} seeds", variant.name()));
    }
    Ok(())
}
