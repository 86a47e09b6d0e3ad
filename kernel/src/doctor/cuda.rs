//! The GPU: driver, run-time compiler (NVRTC) and headers. Kernels for the GPU are compiled as they are first used.

use std::path::{Path, PathBuf};

use super::{Check, State, output, variable};

/// One line without a driver, since nothing else matters then; else one for each part.
pub fn checks() -> Vec<Check> {
    let module = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    if module.is_none() && !Path::new("/dev/nvidiactl").exists() {
        return vec![("CUDA driver", State::Optional("no NVIDIA driver: models run on the CPU".to_owned()))];
    }
    let version = module.as_deref().and_then(driver_version).unwrap_or("of unknown version");
    let toolkit = toolkit();
    vec![
        ("CUDA driver", State::Fine(format!("NVIDIA driver {version}"))),
        ("NVRTC", nvrtc(toolkit.as_deref())),
        ("CUDA headers", headers(toolkit.as_deref())),
    ]
}

/// The version in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 ...`.
fn driver_version(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("NVRM version:"))?;
    line.split_whitespace().find(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The folder of the CUDA toolkit, looked for as the GPU's runtime looks for it.
fn toolkit() -> Option<PathBuf> {
    let usual = ["/usr/local/cuda", "/opt/cuda"].map(PathBuf::from);
    let packaged = Path::new("/usr/bin/nvcc").exists().then(|| PathBuf::from("/usr"));
    variable("CUDA_PATH").map(PathBuf::from).or_else(|| usual.into_iter().find(|folder| folder.exists())).or(packaged)
}

fn nvrtc(toolkit: Option<&Path>) -> State {
    let path = variable("LD_LIBRARY_PATH").unwrap_or_default();
    // `ldconfig` is not on every user's PATH.
    let cache = output("ldconfig", &["-p"]).or_else(|| output("/sbin/ldconfig", &["-p"])).unwrap_or_default();
    let loadable = std::env::split_paths(&path).find_map(|folder| nvrtc_in(&folder)).or_else(|| nvrtc_cached(&cache));
    if let Some(library) = loadable {
        return State::Fine(library.display().to_string());
    }
    let installed: Vec<PathBuf> = toolkit.iter().flat_map(|cuda| [cuda.join("lib64"), cuda.join("lib")]).collect();
    match installed.into_iter().find(|folder| nvrtc_in(folder).is_some()) {
        Some(folder) => State::Optional(format!(
            "{0} holds it, but programs do not look there: export LD_LIBRARY_PATH={0}",
            folder.display()
        )),
        None => State::Optional(
            "no libnvrtc.so: install the CUDA toolkit, or put its folder into LD_LIBRARY_PATH; until then, the CPU"
                .to_owned(),
        ),
    }
}

/// The library in a folder, with whatever version at the end of its name.
fn nvrtc_in(folder: &Path) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.filter_map(|file| Some(file.ok()?.path())).collect();
    found.retain(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnvrtc.so")));
    found.into_iter().min()
}

/// The library in the answer to `ldconfig -p`.
fn nvrtc_cached(cache: &str) -> Option<PathBuf> {
    let line = cache.lines().find(|line| line.trim_start().starts_with("libnvrtc.so"))?;
    Some(PathBuf::from(line.split_once("=> ")?.1.trim()))
}

fn headers(toolkit: Option<&Path>) -> State {
    match toolkit {
        Some(folder) if folder.join("include/cuda_runtime.h").is_file() => {
            State::Fine(folder.join("include").display().to_string())
        }
        Some(folder) => State::Optional(format!(
            "no cuda_runtime.h in {}/include: install the CUDA toolkit's headers, or set CUDA_PATH",
            folder.display()
        )),
        None => State::Optional("no CUDA toolkit: install it, or set CUDA_PATH; until then, the CPU".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_version_is_read() {
        let closed = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n\
                      GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n";
        assert_eq!(driver_version(closed), Some("550.54.15"));
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build  (root@h)\n";
        assert_eq!(driver_version(open), Some("570.124.06"));
        assert_eq!(driver_version("GCC version:  gcc version 12.3.0\n"), None);
    }

    #[test]
    fn the_compiler_is_found_in_the_loaders_cache() {
        let cache = "589 libs found in cache `/etc/ld.so.cache'\n\
                     \tlibnvrtc-builtins.so.12.4 (libc6,x86-64) => /usr/lib/libnvrtc-builtins.so.12.4\n\
                     \tlibnvrtc.so.12 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnvrtc.so.12\n";
        assert_eq!(nvrtc_cached(cache), Some(PathBuf::from("/usr/lib/x86_64-linux-gnu/libnvrtc.so.12")));
        assert_eq!(nvrtc_cached("\tlibz.so (libc6) => /lib/libz.so\n"), None);
    }

    #[test]
    fn the_compiler_is_found_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["libnvrtc-builtins.so.12.4", "libnvrtc_static.a"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(nvrtc_in(folder.path()), None);
        std::fs::write(folder.path().join("libnvrtc.so.12"), "").unwrap();
        assert_eq!(nvrtc_in(folder.path()), Some(folder.path().join("libnvrtc.so.12")));
        assert_eq!(nvrtc_in(Path::new("/no/such")), None);
    }

    #[test]
    fn headers_belong_to_the_toolkit() {
        let cuda = tempfile::tempdir().unwrap();
        assert!(matches!(headers(Some(cuda.path())), State::Optional(text) if text.contains("cuda_runtime.h")));
        std::fs::create_dir(cuda.path().join("include")).unwrap();
        std::fs::write(cuda.path().join("include/cuda_runtime.h"), "").unwrap();
        assert!(matches!(headers(Some(cuda.path())), State::Fine(_)));
        assert!(matches!(headers(None), State::Optional(text) if text.contains("CUDA_PATH")));
    }
}
