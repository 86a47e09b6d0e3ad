//! A trained autoencoder as one safetensors file: weights under the reference's names, and beside them as text the plan, the
//! history and what the model knows of its screen.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::{McVae, McVaeSettings};
use crate::io::numbers::Stored;
use crate::io::safetensors::{SafeTensors, write_with};
use crate::methods::{Method, Plan};
use crate::nn::State;
use crate::tensor::Device;
use crate::train::History;
use crate::{Error, Result};

/// The key of the text.
const KEY: &str = "perturbook.method";
/// The layout of the text.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Text {
    version: u32,
    method: String,
    plan: Plan<McVaeSettings>,
    facts: Facts,
    history: History,
}

pub(super) fn write(model: &McVae, path: &Path) -> Result<()> {
    let text = Text {
        version: VERSION,
        method: McVae::NAME.to_owned(),
        plan: model.plan.clone(),
        facts: model.facts.clone(),
        history: model.history.clone(),
    };
    let text = serde_json::to_string(&text)
        .map_err(|e| Error::new("the model cannot be described").at(path.display().to_string()).caused_by(e))?;
    let state = model.net.state();
    let arrays: Vec<(&str, Stored)> = state.iter().map(|(name, array)| (name, array.into())).collect();
    write_with(path, &arrays, Some(HashMap::from([(KEY.to_owned(), text)])))
}

pub(super) fn read(path: &Path, device: &Device) -> Result<McVae> {
    let place = || path.display().to_string();
    let text = SafeTensors::open(path)?.metadata().remove(KEY).ok_or_else(|| {
        Error::new("this file holds numbers, but no trained model").at(place()).fix("give a file that `save` wrote")
    })?;
    #[derive(Deserialize)]
    struct Kind {
        version: u32,
        method: String,
    }
    let damaged = |e: serde_json::Error| {
        Error::new(format!("the description of the model is damaged: {e}"))
            .at(place())
            .fix("save the model again, or use another copy")
            .caused_by(e)
    };
    let kind: Kind = serde_json::from_str(&text).map_err(damaged)?;
    if kind.method != McVae::NAME || kind.version != VERSION {
        return Err(Error::new(format!("a model of {:?}, layout {}", kind.method, kind.version))
            .at(place())
            .fix(format!("load it with the method that wrote it; this is {:?}, layout {VERSION}", McVae::NAME)));
    }
    let Text { plan, facts, history, .. } = serde_json::from_str(&text).map_err(damaged)?;
    plan.settings.check().map_err(|e| Error::new(format!("{}: {e}", place())))?;
    if facts.labels.is_empty() || facts.channels.is_empty() {
        return Err(Error::new("the description of the model names no labels or channels")
            .at(place())
            .fix("save it again"));
    }
    McVae::of_state(&State::read(path)?, plan, history, facts, device)
        .map_err(|e| Error::new(format!("{}: {e}", place())))
}
