//! A trained autoencoder as one safetensors file: weights under the reference's names, and beside them as text the plan, the
//! history and what the model knows of its screen.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::{McVae, McVaeSettings};
use crate::methods::{Method, Plan, saved};
use crate::tensor::Device;
use crate::train::History;
use crate::{Error, Result};

#[derive(Serialize, Deserialize)]
struct Head {
    plan: Plan<McVaeSettings>,
    facts: Facts,
    history: History,
}

pub(super) fn write(model: &McVae, path: &Path) -> Result<()> {
    let head = Head { plan: model.plan.clone(), facts: model.facts.clone(), history: model.history.clone() };
    saved::write(path, McVae::NAME, &head, &model.net.state())
}

pub(super) fn read(path: &Path, device: &Device) -> Result<McVae> {
    let place = || path.display().to_string();
    let (Head { plan, facts, history }, state) = saved::read(path, McVae::NAME)?;
    plan.settings.check().map_err(|e| Error::new(format!("{}: {e}", place())))?;
    if facts.labels.is_empty() || facts.channels.is_empty() {
        return Err(Error::new("the description of the model names no labels or channels")
            .at(place())
            .fix("save it again"));
    }
    McVae::of_state(&state, plan, history, facts, device).map_err(|e| Error::new(format!("{}: {e}", place())))
}
