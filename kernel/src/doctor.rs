//! `cargo book doctor`: what a notebook needs, what is there, and how to get the rest.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;

enum State {
    /// There, with what was found.
    Fine(String),
    /// Missing, but notebooks run without it: what is lost or how to get it.
    Optional(String),
    /// Missing, and nothing runs without it: how to get it.
    Needed(String),
}

/// Prints one line for each check; true when nothing that is needed is missing.
pub fn run() -> Result<bool> {
    let mut passed = true;
    for (name, state) in checks() {
        let (mark, text) = match state {
            State::Fine(text) => ("ok     ", text),
            State::Optional(text) => ("without", text),
            State::Needed(text) => {
                passed = false;
                ("MISSING", text)
            }
        };
        println!("{mark}  {name:<10}  {text}");
    }
    Ok(passed)
}

fn checks() -> Vec<(&'static str, State)> {
    vec![
        ("rustc", program("rustc", "install Rust 1.95 or newer with rustup")),
        ("cargo", program("cargo", "install Rust 1.95 or newer with rustup")),
        ("linker", program("cc", "install a C compiler, for instance Debian's package gcc")),
        ("project", project()),
        ("memory", memory()),
        ("CUDA", cuda()),
        ("data", data()),
        ("evcxr", evcxr()),
        ("Jupyter", jupyter()),
    ]
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

fn program(name: &str, fix: &str) -> State {
    version(name).map_or_else(|| State::Needed(fix.to_owned()), State::Fine)
}

fn project() -> State {
    match Workspace::find() {
        Ok(workspace) => {
            let built = workspace.target().join("debug/libperturbook_facade.so").is_file();
            let note = if built { "library built" } else { "library not built yet: the first run builds it" };
            State::Fine(format!("{} ({note})", workspace.root().display()))
        }
        Err(error) => State::Needed(error.to_string()),
    }
}

fn memory() -> State {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    match kib.map(|kib| kib / f64::from(1 << 20)) {
        Some(gib) if gib >= 4.0 => State::Fine(format!("{gib:.1} GiB free")),
        Some(gib) => State::Optional(format!("{gib:.1} GiB free; building wants 4 GiB: close other programs")),
        None => State::Optional("cannot be read on this system; building wants 4 GiB".to_owned()),
    }
}

fn cuda() -> State {
    let driver = ["/proc/driver/nvidia/version", "/dev/nvidiactl"].iter().any(|path| Path::new(path).exists());
    if !driver {
        return State::Optional("no NVIDIA driver: models run on the CPU".to_owned());
    }
    let headers = std::env::var("CUDA_PATH").unwrap_or_else(|_| "/usr/local/cuda".to_owned());
    if Path::new(&headers).join("include/cuda_runtime.h").is_file() {
        State::Fine(format!("driver found, headers in {headers}"))
    } else {
        State::Optional(format!(
            "driver found, but no CUDA headers in {headers}/include: install the CUDA toolkit or set CUDA_PATH"
        ))
    }
}

fn data() -> State {
    match std::env::var("PERTURBOOK_DATA") {
        Ok(folder) if Path::new(&folder).is_dir() => State::Fine(format!("PERTURBOOK_DATA = {folder}")),
        Ok(folder) => State::Optional(format!("PERTURBOOK_DATA names no folder: {folder}")),
        Err(_) => State::Fine(
            "PERTURBOOK_DATA is not set: cache, shared/data, download, simulation, in this order".to_owned(),
        ),
    }
}

/// Settings of evcxr that would reach our kernels.
fn evcxr() -> State {
    if std::env::var_os("EVCXR_TMPDIR").is_some() {
        return State::Optional("EVCXR_TMPDIR is set: two kernels would share one folder; unset it".to_owned());
    }
    State::Fine("no settings of its own".to_owned())
}

fn jupyter() -> State {
    version("jupyter").map_or_else(
        || State::Optional("`cargo book run` works without it".to_owned()),
        |_| State::Fine("found".to_owned()),
    )
}
