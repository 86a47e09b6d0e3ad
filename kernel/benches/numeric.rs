//! Numeric code in a cell beside the same code under `--release`: the workloads of `benches/numeric` in both.
//!
//! ```text
//! cargo bench --profile dev -p perturbook-kernel --bench numeric
//! ```
//!
//! Prints the seconds of each workload and the ratio release / cell: at 1 a cell computes as fast, at 0.95 and above it
//! is as it should be. The two run alternately, each round in processes of its own, since where a process's memory lies
//! changes its speed; on a machine that does something else besides, the median of the rounds' ratios says more than the
//! ratio of the best. The library is compiled once more, for `--release`, when it has changed.

#[path = "../tests/client/mod.rs"]
mod client;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use client::{Kernel, stdout_of};
use perturbook_kernel::workspace::Workspace;
use serde_json::{Value, json};

const ROUNDS: usize = 12;
const WORKLOADS: &str = include_str!("../../benches/numeric/workloads.rs");

/// The seconds of a workload, one for each round.
struct Measured {
    name: String,
    release: Vec<f64>,
    cell: Vec<f64>,
}

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let bench = release()?;
    let named = |(name, _)| Measured { name, release: Vec::new(), cell: Vec::new() };
    let mut measured: Vec<Measured> = in_release(&bench)?.into_iter().map(named).collect();
    wait_for_the_index()?;
    for _ in 0..ROUNDS {
        let mut kernel = Kernel::start();
        kernel.execute(WORKLOADS).ok();
        for workload in &mut measured {
            workload.cell.push(in_cell(&mut kernel, &workload.name)?);
        }
        drop(kernel);
        for (workload, (_, seconds)) in measured.iter_mut().zip(in_release(&bench)?) {
            workload.release.push(seconds);
        }
    }
    println!("{:<20} {:>11} {:>11} {:>14} {:>14}", "", "release", "cell", "ratio of best", "median ratio");
    for Measured { name, release, cell } in measured {
        let best = |seconds: &[f64]| seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let mut ratios: Vec<f64> = release.iter().zip(&cell).map(|(release, cell)| release / cell).collect();
        ratios.sort_by(f64::total_cmp);
        let (release, cell, median) = (best(&release), best(&cell), ratios[ratios.len() / 2]);
        let name = name.replace('_', " ");
        println!("{name:<20} {release:>9.4} s {cell:>9.4} s {:>14.2} {median:>14.2}", release / cell);
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    println!();
    println!("{ROUNDS} rounds, in each the best of 8 repetitions in a process of its own; ratio: release / cell");
    println!("{} cores; load average {load} after, this bench included", std::thread::available_parallelism()?);
    Ok(())
}

/// A kernel reads the sources in the background after the library was built, which would slow down what is measured.
fn wait_for_the_index() -> Result<()> {
    let mut kernel = Kernel::start();
    for _ in 0..60 {
        let reply = kernel.ask("complete_request", &json!({ "code": "Curves::ne", "cursor_pos": 10 }));
        if reply["matches"].as_array().is_some_and(|matches| !matches.is_empty()) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    bail!("the kernel completes nothing after a minute: is the library's index built?")
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
