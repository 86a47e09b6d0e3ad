//! The GPU: driver, run-time compiler (NVRTC) and headers.

#[path = "../../../src/tensor/cuda_parts.rs"]
mod parts;

use std::path::PathBuf;

use super::{Check, State};

/// One line without a driver, since nothing else matters then; else one for each part.
pub fn checks() -> Vec<Check> {
    let Some(version) = parts::driver() else {
        return vec![("CUDA driver", State::Optional("no NVIDIA driver: models run on the CPU".to_owned()))];
    };
    let gpu = parts::gpus().first().map_or_else(String::new, |gpu| format!(", {gpu}"));
    vec![
        ("CUDA driver", State::Fine(format!("NVIDIA driver {version}{gpu}"))),
        ("NVRTC", found(parts::nvrtc())),
        ("CUDA headers", found(parts::headers())),
    ]
}

fn found(part: Result<PathBuf, String>) -> State {
    part.map_or_else(State::Optional, |path| State::Fine(path.display().to_string()))
}
