//! Training steps beside PyTorch, in one run on the CPU: `cargo bench --profile dev -p perturbook --bench train`.
//!
//! Prints how many images or cells a second each learns from, with the same architecture, batch and number of threads.
//! Without Python and PyTorch the peer's column stays empty. Names of workloads as arguments (`-- vit stargan`) leave out
//! the others.

#[path = "common/process.rs"]
mod process;
#[path = "train/steps.rs"]
mod steps;

use std::collections::HashMap;

use perturbook::tensor::{Device, cpu};
use process::answers;

fn main() {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let peer = peer(threads, &chosen);
    println!("{:<12} {:>16} {:>16} {:>7}   items/s, {threads} threads", "", "ours", "PyTorch", "ratio");
    for mut workload in steps::workloads(&Device::autodiff(cpu())) {
        if !(chosen.is_empty() || chosen.iter().any(|name| name == workload.name)) {
            continue;
        }
        let ours = workload.items as f64 / workload.best(8).0;
        let theirs = peer.get(workload.name).map(|s| workload.items as f64 / s);
        let (ratio, theirs) = theirs.map_or_else(Default::default, |t| (format!("{:.2}", ours / t), format!("{t:.0}")));
        println!("{:<12} {ours:>16.0} {theirs:>16} {ratio:>7}", workload.name);
    }
}

/// The peer's seconds of a step by name; empty where it cannot run.
fn peer(threads: usize, chosen: &[String]) -> HashMap<String, f64> {
    answers(process::peer("train_peer.py").arg(threads.to_string()).args(chosen))
}
