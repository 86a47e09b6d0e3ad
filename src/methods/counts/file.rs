//! Models in files: weights under their own names in safetensors, and beside them what the model was made by.

use std::path::Path;

use ndarray::{ArrayView2, Ix2};
use serde::{Deserialize, Serialize};

use super::fitting::blank;
use super::{CountModel, CountNetwork, Vocabulary};
use crate::Result;
use crate::methods::{Method, Plan, saved};
use crate::nn::State;
use crate::tensor::Device;
use crate::train::History;

/// The name of what calls are calibrated on; no weight has it.
const CALIBRATION: &str = "calibration.held_out_controls";

/// Everything but numbers.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de> + Default"))]
struct Head<S> {
    plan: Plan<S>,
    vocabulary: Vocabulary,
    history: History,
}

pub(super) fn save<N: CountNetwork>(
    model: &CountModel<N>,
    calibration: Option<ArrayView2<'_, f32>>,
    path: &Path,
) -> Result<()> {
    let (plan, vocabulary) = (model.plan().clone(), model.vocabulary().clone());
    let head = Head { plan, vocabulary, history: model.history().clone() };
    let mut state = State::of(model.network());
    if let Some(calibration) = calibration {
        state.insert(CALIBRATION, calibration.to_owned().into_dyn());
    }
    saved::write(path, N::NAME, &head, &state)
}

pub(super) fn load<N: CountNetwork>(path: &Path, device: &Device) -> Result<CountModel<N>> {
    let (Head { plan, vocabulary, history }, state) = saved::read::<Head<N::Settings>>(path, N::NAME)?;
    let calibration = state.get(CALIBRATION).cloned().and_then(|array| array.into_dimensionality::<Ix2>().ok());
    let weights = state.renamed(|name| (name != CALIBRATION).then(|| name.to_owned()));
    let config = N::config(&plan.settings, &vocabulary);
    let network = weights.load_into(blank::<N>(&config, device)).map_err(|e| e.at(path.display().to_string()))?;
    let model = CountModel::new(network, config, plan, vocabulary, history, device.clone());
    Ok(model.with_calibration(calibration))
}
