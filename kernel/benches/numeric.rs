//! Numeric code in a cell beside the same code under `--release`: the workloads of `benches/numeric` in both.
//!
//! ```text
//! cargo bench --profile dev -p perturbook-kernel --bench numeric
//! ```
//!
//! Prints the seconds of each workload and the ratio release / cell: at 1 a cell computes as fast, at 0.95 and above it
//! is as it should be. The two run alternately and the best of each counts, since a machine that does something else
//! besides slows down both. The library is compiled once more, for `--release`, when it has changed.

#[path = "../tests/client/mod.rs"]
mod client;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use client::{Kernel, stdout_of};
use perturbook_kernel::workspace::Workspace;
use serde_json::Value;

const ROUNDS: usize = 12;
const WORKLOADS: &str = include_str!("../../benches/numeric/workloads.rs");

/// The best seconds of a workload.
struct Best {
    name: String,
    release: f64,
    cell: f64,
}

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let bench = release()?;
    let mut best: Vec<Best> =
        in_release(&bench)?.into_iter().map(|(name, release)| Best { name, release, cell: f64::INFINITY }).collect();
    let mut kernel = Kernel::start();
    kernel.execute(WORKLOADS).ok();
    for _ in 0..ROUNDS {
        for workload in &mut best {
            workload.cell = workload.cell.min(in_cell(&mut kernel, &workload.name)?);
        }
        for (workload, (_, seconds)) in best.iter_mut().zip(in_release(&bench)?) {
            workload.release = workload.release.min(seconds);
        }
    }
    println!("{:<20} {:>11} {:>11} {:>7}", "", "release", "cell", "ratio");
    for Best { name, release, cell } in best {
        println!("{:<20} {release:>9.4} s {cell:>9.4} s {:>7.2}", name.replace('_', " "), release / cell);
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    println!();
    println!("best of {} runs and {ROUNDS} cells, 8 repetitions in each; ratio: release / cell", ROUNDS + 1);
    println!("{} cores; load average {load} after, this bench included", std::thread::available_parallelism()?);
    Ok(())
}

/// The program of the release bench, compiled where that is needed.
fn release() -> Result<PathBuf> {
    let mut cargo = Workspace::find()?.cargo();
    cargo.args(["bench", "--package", "perturbook", "--bench", "numeric", "--no-run"]);
    let output = cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the release bench does not compile: {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let mut messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let bench = messages.find(|message| message["target"]["name"] == "numeric" && message["executable"].is_string());
    let bench = bench.context("cargo did not say where the release bench was built")?;
    Ok(PathBuf::from(bench["executable"].as_str().unwrap_or_default()))
}

/// The seconds of every workload under `--release`, by name.
fn in_release(bench: &Path) -> Result<Vec<(String, f64)>> {
    let output = Command::new(bench).arg("--bench").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the release bench failed: {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let named = |line: &str| {
        let (name, seconds) = line.split_once(' ').with_context(|| format!("no `name seconds`: {line:?}"))?;
        Ok((name.to_owned(), seconds.trim().parse()?))
    };
    text.lines().map(named).collect()
}

/// The seconds of a workload in a cell.
fn in_cell(kernel: &mut Kernel, name: &str) -> Result<f64> {
    let cell = kernel.execute_within(&format!("println!(\"{{:.6}}\", {name}());"), Duration::from_secs(600)).ok();
    let said = stdout_of(&cell);
    said.trim().parse().with_context(|| format!("{name} printed {said:?}"))
}
