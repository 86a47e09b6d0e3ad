//! Notebooks beside each other, each run by a process of its own: evcxr keeps a kernel's settings in the environment of its
//! process, so that one process can have but one kernel at work.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::Options;
use super::stop::{Running, Stop};
use crate::report::IndexEntry;

/// Runs the notebooks, so many at a time. What the index says of them, in their order, and whether all passed.
pub(super) fn run(paths: &[PathBuf], jobs: usize, options: &Options, stop: &Stop) -> Result<(Vec<IndexEntry>, bool)> {
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    let left = Mutex::new(paths.iter().enumerate());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = |number: usize| -> Result<Vec<(usize, bool, Option<IndexEntry>)>> {
        let mut done = Vec::new();
        while let Some((place, path)) = next() {
            if stop.requested() {
                eprintln!("stopped as asked: {} was not run", path.display());
                done.push((place, false, None));
                continue;
            }
            let entry = scratch.path().join(place.to_string());
            let passed = process(path, &entry, options, number, stop)?;
            // A process that could not even start its kernel has said so and leaves no entry.
            let entry = std::fs::read(&entry).ok().map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
            done.push((place, passed, entry));
        }
        Ok(done)
    };
    let done = std::thread::scope(|scope| {
        let worker = &worker;
        let workers: Vec<_> = (0..jobs).map(|number| scope.spawn(move || worker(number))).collect();
        let results =
            workers.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results.collect::<Result<Vec<_>>>()
    })?;
    let mut all: Vec<_> = done.into_iter().flatten().collect();
    all.sort_by_key(|(place, ..)| *place);
    let passed = all.iter().all(|(_, passed, _)| *passed);
    Ok((all.into_iter().filter_map(|(.., entry)| entry).collect(), passed))
}

/// Runs one notebook as this program was asked to run all; what the index says of it is written to `entry`.
fn process(path: &Path, entry: &Path, options: &Options, number: usize, stop: &Stop) -> Result<bool> {
    let own = std::env::current_exe().context("this program has no path")?;
    let mut command = Command::new(own);
    command.arg("run").arg(path).arg("--out").arg(&options.out).arg("--entry").arg(entry);
    for (name, value) in &options.settings {
        command.args(["--set", &format!("{name}={value}")]);
    }
    for (flag, given) in [("--quick", options.quick), ("--in-place", options.in_place)] {
        if given {
            command.arg(flag);
        }
    }
    // Ctrl-C reaches it from here, once.
    let mut child = command.process_group(0).spawn().context("cannot start another process of this program")?;
    stop.watch(number, Running::Process(rustix::process::Pid::from_child(&child)));
    let status = child.wait();
    stop.forget(number);
    Ok(status?.success())
}
