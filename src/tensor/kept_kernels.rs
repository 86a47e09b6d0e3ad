//! Compiled kernels of the GPU, kept in the user's cache.
//!
//! A kernel is compiled when it first occurs; a step of training needs about a hundred. Kept, they are there when the next
//! notebook starts. A kernel belongs to a kind of GPU and a driver, and so does the folder.

use std::path::{Path, PathBuf};

use cubecl_runtime::config::cache::CacheConfig;
use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};

/// Keeps what is compiled from now on, and finds what was kept. Does nothing where the runtime has started already, the
/// user's own `cubecl.toml` names another folder, or GPUs are of several kinds.
pub(super) fn keep(gpus: &[String], driver: &str) {
    let Some((kind, others)) = gpus.split_first() else { return };
    if let Some(cache) = dirs::cache_dir()
        && others.iter().all(|gpu| gpu == kind)
    {
        keep_in(&folder(&cache, kind, driver));
    }
}

fn folder(cache: &Path, gpu: &str, driver: &str) -> PathBuf {
    let name: String =
        format!("{gpu} {driver}").chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect();
    cache.join("perturbook").join("gpu").join(name)
}

fn keep_in(folder: &Path) {
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    config.compilation.cache.get_or_insert_with(|| CacheConfig::File(folder.to_owned()));
    // `target` stands for nothing said: it would be a folder beside the notebook.
    if matches!(config.autotune.cache, CacheConfig::Target) {
        config.autotune.cache = CacheConfig::File(folder.to_owned());
    }
    CubeClRuntimeConfig::storage().lock().get_or_insert_with(|| config.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_gpu_and_driver_has_its_folder() {
        let of = |gpu, driver| folder(Path::new("/cache"), gpu, driver);
        let h100 = of("NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0", "580.159.04");
        assert!(h100.starts_with("/cache/perturbook/gpu"), "{}", h100.display());
        assert_eq!(h100.components().count(), 5, "{}", h100.display());
        assert_ne!(h100, of("NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0", "550.54.15"));
    }
}
