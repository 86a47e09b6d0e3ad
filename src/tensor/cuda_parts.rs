//! What CUDA needs on this machine: the driver, the run-time compiler (NVRTC) and headers. Kernels for the GPU are compiled
//! as they are first used.
//!
//! Also compiled into the kernel's program, which does not link the library.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of the NVIDIA driver, `of unknown version` where it does not say; none without a driver.
pub fn driver() -> Option<String> {
    let module = std::fs::read_to_string("/proc/driver/nvidia/version").ok();
    if module.is_none() && !Path::new("/dev/nvidiactl").exists() {
        return None;
    }
    Some(module.as_deref().and_then(driver_version).unwrap_or("of unknown version").to_owned())
}

/// The version in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 ...`.
fn driver_version(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("NVRM version:"))?;
    line.split_whitespace().find(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The file of the run-time compiler, or what to do about it.
///
/// # Errors
/// When it is not where programs look.
pub fn nvrtc() -> Result<PathBuf, String> {
    let path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    // `ldconfig` is not on every user's PATH.
    let cache = output("ldconfig", &["-p"]).or_else(|| output("/sbin/ldconfig", &["-p"])).unwrap_or_default();
    let loadable = std::env::split_paths(&path).find_map(|folder| nvrtc_in(&folder)).or_else(|| nvrtc_cached(&cache));
    if let Some(library) = loadable {
        return Ok(library);
    }
    let toolkit = toolkit();
    let installed: Vec<PathBuf> = toolkit.iter().flat_map(|cuda| [cuda.join("lib64"), cuda.join("lib")]).collect();
    Err(match installed.into_iter().find(|folder| nvrtc_in(folder).is_some()) {
        Some(folder) => {
            format!("{0} holds it, but programs do not look there: export LD_LIBRARY_PATH={0}", folder.display())
        }
        None => "no libnvrtc.so: install the CUDA toolkit, or put its folder into LD_LIBRARY_PATH; until then, the CPU"
            .to_owned(),
    })
}

/// The folder of the headers, or what to do about it.
///
/// # Errors
/// When there is none.
pub fn headers() -> Result<PathBuf, String> {
    headers_of(toolkit().as_deref())
}

/// Name, memory and compute capability of each GPU, as far as `nvidia-smi` says them.
pub fn gpus() -> Vec<String> {
    let query = ["--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader"];
    output("nvidia-smi", &query).map_or_else(Vec::new, |text| text.lines().filter_map(described).collect())
}

/// A line of `nvidia-smi` in words.
fn described(line: &str) -> Option<String> {
    let [name, memory, capability] = line.split(", ").collect::<Vec<_>>().try_into().ok()?;
    Some(format!("{name}, {memory}, compute capability {capability}"))
}

/// The folder of the CUDA toolkit, looked for as the GPU's runtime looks for it.
fn toolkit() -> Option<PathBuf> {
    let usual = ["/usr/local/cuda", "/opt/cuda"].map(PathBuf::from);
    let packaged = Path::new("/usr/bin/nvcc").exists().then(|| PathBuf::from("/usr"));
    let named = std::env::var_os("CUDA_PATH").map(PathBuf::from);
    named.or_else(|| usual.into_iter().find(|folder| folder.exists())).or(packaged)
}

fn headers_of(toolkit: Option<&Path>) -> Result<PathBuf, String> {
    match toolkit {
        Some(folder) if folder.join("include/cuda_runtime.h").is_file() => Ok(folder.join("include")),
        Some(folder) => Err(format!(
            "no cuda_runtime.h in {}/include: install the CUDA toolkit's headers, or set CUDA_PATH",
            folder.display()
        )),
        None => Err("no CUDA toolkit: install it, or set CUDA_PATH; until then, the CPU".to_owned()),
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

/// What a program prints on stdout; none when it is missing or fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
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
        assert!(matches!(headers_of(Some(cuda.path())), Err(text) if text.contains("cuda_runtime.h")));
        std::fs::create_dir(cuda.path().join("include")).unwrap();
        std::fs::write(cuda.path().join("include/cuda_runtime.h"), "").unwrap();
        assert!(headers_of(Some(cuda.path())).is_ok());
        assert!(matches!(headers_of(None), Err(text) if text.contains("CUDA_PATH")));
    }
}
