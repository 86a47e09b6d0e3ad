//! Networks, losses and optimisers against reference cases.
//!
//! They run on the CPU, or on the device that `PERTURBOOK_DEVICE` asks for; on a GPU with `PERTURBOOK_PRODUCTS=exact`, since
//! products are rounded there otherwise. `throughput` is not run unless it is asked for: `--ignored --nocapture throughput`
//! prints how many training steps a second the device does.

#[path = "../common/mod.rs"]
mod common;
mod count_losses;
mod counts;
mod dino;
mod grape;
mod mcvae;
#[path = "../common/nets.rs"]
mod nets;
mod proximity;
#[path = "../../benches/train/steps.rs"]
mod steps;
mod throughput;

use std::sync::OnceLock;

use perturbook::tensor::{Device, DeviceChoice};

/// The device that all checks here run on.
fn chosen() -> Device {
    static CHOSEN: OnceLock<DeviceChoice> = OnceLock::new();
    let choose = || {
        let asked = std::env::var("PERTURBOOK_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
        let chosen = DeviceChoice::of(&asked).expect("the device that PERTURBOOK_DEVICE asks for");
        println!("{chosen}");
        chosen
    };
    CHOSEN.get_or_init(choose).device.clone()
}

/// The same, recording what gradients need.
fn recording() -> Device {
    Device::autodiff(chosen())
}
