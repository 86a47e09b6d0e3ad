//! Models in files: weights under their own names in safetensors, and beside them what the model was made by.

use std::collections::HashMap;
use std::path::Path;

use ndarray::{ArrayView2, Ix2};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fitting::blank;
use super::{CountModel, CountNetwork, Vocabulary};
use crate::io::safetensors::{SafeTensors, write_with};
use crate::methods::{Method, Plan};
use crate::nn::State;
use crate::tensor::Device;
use crate::train::History;
use crate::{Error, Result};

/// The layout of what is written here.
const VERSION: u32 = 1;
/// The key of the text.
const KEY: &str = "perturbook.model";
/// The name of what calls are calibrated on; no weight has it.
const CALIBRATION: &str = "calibration.held_out_controls";

/// Everything but numbers.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de> + Default"))]
struct Saved<S> {
    version: u32,
    method: String,
    plan: Plan<S>,
    vocabulary: Vocabulary,
    history: History,
}

pub(super) fn save<N: CountNetwork>(
    model: &CountModel<N>,
    calibration: Option<ArrayView2<'_, f32>>,
    path: &Path,
) -> Result<()> {
    let saved = Saved {
        version: VERSION,
        method: N::NAME.to_owned(),
        plan: model.plan().clone(),
        vocabulary: model.vocabulary().clone(),
        history: model.history().clone(),
    };
    let text = serde_json::to_string(&saved).map_err(|e| {
        Error::new(format!("cannot describe the model: {e}")).at(path.display().to_string()).caused_by(e)
    })?;
    let mut state = State::of(model.network());
    if let Some(calibration) = calibration {
        state.insert(CALIBRATION, calibration.to_owned().into_dyn());
    }
    let arrays: Vec<(&str, _)> = state.iter().map(|(name, array)| (name, array.into())).collect();
    write_with(path, &arrays, Some(HashMap::from([(KEY.to_owned(), text)])))
}

pub(super) fn load<N: CountNetwork>(path: &Path, device: &Device) -> Result<CountModel<N>> {
    let place = path.display().to_string();
    let damaged = |e: serde_json::Error| {
        Error::new(format!("the description of the model is damaged: {e}"))
            .at(place.clone())
            .fix("use another copy of the file")
            .caused_by(e)
    };
    let text = SafeTensors::open(path)?.metadata().remove(KEY).ok_or_else(|| {
        Error::new("this file holds numbers, but no model")
            .at(place.clone())
            .fix("give a file that a model was saved to")
    })?;
    let value: Value = serde_json::from_str(&text).map_err(damaged)?;
    let version = value.get("version").and_then(Value::as_u64);
    if version != Some(VERSION.into()) {
        let version = version.map_or_else(|| "unknown".to_owned(), |version| version.to_string());
        return Err(Error::new(format!("the layout of this model is {version}, and {VERSION} is read"))
            .at(place)
            .fix("save the model again with this version"));
    }
    let method = value.get("method").and_then(Value::as_str).unwrap_or_default();
    if method != N::NAME {
        return Err(Error::new(format!("this is a model of {method:?}, and not of {:?}", N::NAME))
            .at(place)
            .fix("load it as a model of its own method"));
    }
    let Saved { plan, vocabulary, history, .. } =
        serde_json::from_value::<Saved<N::Settings>>(value).map_err(damaged)?;
    let state = State::read(path)?;
    let calibration = state.get(CALIBRATION).cloned().and_then(|array| array.into_dimensionality::<Ix2>().ok());
    let weights = state.renamed(|name| (name != CALIBRATION).then(|| name.to_owned()));
    let config = N::config(&plan.settings, &vocabulary);
    let network = weights.load_into(blank::<N>(&config, device)).map_err(|e| e.at(place))?;
    let model = CountModel::new(network, config, plan, vocabulary, history, device.clone());
    Ok(model.with_calibration(calibration))
}
