//! A trained model in one safetensors file: arrays by their published names, and beside them in JSON what made them.

use std::collections::HashMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::io::numbers::Stored;
use crate::io::safetensors::{self, SafeTensors};
use crate::nn::State;
use crate::{Error, Result};

/// The key of the JSON.
const KEY: &str = "perturbook.model";
/// The layout of what is written here.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope<H> {
    version: u32,
    method: String,
    head: H,
}

/// Only what is needed to tell files apart.
#[derive(Deserialize)]
struct Kind {
    version: u32,
    method: String,
}

/// Writes a model of networks; the path never holds half of it.
pub(super) fn write<H: Serialize>(path: &Path, method: &str, head: &H, state: &State) -> Result<()> {
    let arrays: Vec<(&str, Stored)> = state.iter().map(|(name, array)| (name, array.into())).collect();
    write_arrays(path, method, head, &arrays)
}

/// The same of arrays of any type.
pub(super) fn write_arrays<H: Serialize>(path: &Path, method: &str, head: &H, arrays: &[(&str, Stored)]) -> Result<()> {
    let envelope = Envelope { version: VERSION, method: method.to_owned(), head };
    let text = serde_json::to_string(&envelope)
        .map_err(|e| Error::new("cannot describe the model").at(path.display().to_string()).caused_by(e))?;
    safetensors::write_with(path, arrays, Some(HashMap::from([(KEY.to_owned(), text)])))
}

/// Reads a model of networks.
pub(super) fn read<H: DeserializeOwned>(path: &Path, method: &str) -> Result<(H, State)> {
    Ok((read_head(path, method)?, State::read(path)?))
}

/// Reads what stands beside the arrays of a model of this method.
pub(super) fn read_head<H: DeserializeOwned>(path: &Path, method: &str) -> Result<H> {
    let place = || path.display().to_string();
    let text = SafeTensors::open(path)?.metadata().remove(KEY).ok_or_else(|| {
        Error::new("this file holds arrays, but no model of ours: no trained model is described in it")
            .at(place())
            .fix("give a file that `save` wrote")
    })?;
    let damaged = |e: serde_json::Error| {
        Error::new(format!("the description of the model is damaged: {e}"))
            .at(place())
            .fix("use another copy of the file")
            .caused_by(e)
    };
    let kind: Kind = serde_json::from_str(&text).map_err(damaged)?;
    if kind.method != method || kind.version != VERSION {
        return Err(Error::new(format!(
            "the file holds a model of {:?}, layout {}, and not of {method:?}, layout {VERSION}",
            kind.method, kind.version
        ))
        .at(place())
        .fix(format!("load it as a model of {:?}", kind.method)));
    }
    let envelope: Envelope<H> = serde_json::from_str(&text).map_err(damaged)?;
    Ok(envelope.head)
}
