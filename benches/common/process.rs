//! Programs that print what they measured, and the memory of this one.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// A peer in this folder, run by `PERTURBOOK_PYTHON`; as it comes, without the memory settings that cargo gives ours.
pub fn peer(script: &str) -> Command {
    let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut peer = Command::new(python);
    peer.env_remove("GLIBC_TUNABLES").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(script));
    peer
}

/// The `name number` lines that a program prints; none where it cannot run.
pub fn answers(command: &mut Command) -> HashMap<String, f64> {
    let Ok(output) = command.output() else { return HashMap::new() };
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        eprintln!("{:?} did not run: {}", command.get_program(), error.lines().last().unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(name, number)| Some((name.to_owned(), number.parse().ok()?))).collect()
}

/// The most memory that this process ever held, in MiB, where the system says.
#[allow(dead_code)] // not every bench asks
pub fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}
