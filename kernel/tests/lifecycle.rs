//! Kernels side by side, kernels one after the other, and what is left of them.

mod client;

use std::path::Path;
use std::time::Duration;

use client::{Kernel, is_running, stdout_of, until, value_of};

/// A kernel that takes this folder for its temporary files.
fn start_in(temporary: &Path) -> Kernel {
    Kernel::start_with(|command| {
        command.env("TMPDIR", temporary);
    })
}

/// The names in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |metadata| metadata.len()),
            _ => 0,
        })
        .sum()
}

/// The shared folder for temporary files outlives the kernels in it, which end first when a test fails.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn two_kernels_run_different_notebooks_at_once() {
    let temporary = folder();
    let mut squares = start_in(temporary.path());
    let mut words = start_in(temporary.path());
    for (kernel, code) in [
        (
            &mut squares,
            "let data: Vec<u64> = (1..=10).map(|x| x * x).collect();\nfn sum(x: &[u64]) -> u64 {\n    x.iter().sum()\n}",
        ),
        (&mut words, "let data = vec![\"b\", \"a\", \"c\"];\nfn sum(x: &[&str]) -> String {\n    x.concat()\n}"),
    ] {
        kernel.execute(code).ok();
    }
    for round in 0..4 {
        // Both run before either is looked at.
        let of_squares =
            squares.begin(&format!("println!(\"{{}}\", sum(&data) + {round});\ndisplay(&ndarray::array![1.0, 2.0]);"));
        let of_words = words.begin(&format!("println!(\"{{}}{round}\", sum(&data));"));
        assert_eq!(stdout_of(&squares.finish(&of_squares).ok()), format!("{}\n", 385 + round));
        assert_eq!(stdout_of(&words.finish(&of_words).ok()), format!("bac{round}\n"));
    }
    words.execute("panic!(\"of one\")").failed("Panic");
    assert!(words.shutdown(false).1.success());
    assert_eq!(value_of(&squares.execute("sum(&data)").ok()), "385");
}

#[test]
fn kernels_that_start_and_stop_leave_nothing() {
    let cycles = if std::env::var_os("PERTURBOOK_TEST_LONG").is_some() { 50 } else { 10 };
    let (temporary, cache) = (folder(), folder());
    let mut after_first = 0;
    for cycle in 0..cycles {
        let mut kernel = Kernel::start_with(|command| {
            command.env("TMPDIR", temporary.path()).env("XDG_CACHE_HOME", cache.path());
        });
        kernel.execute("let x = 1;").ok();
        let below = kernel.children();
        assert!(kernel.shutdown(cycle % 2 == 0).1.success());
        let gone = until(Duration::from_secs(5), || !below.iter().any(|&pid| is_running(pid)));
        assert!(gone, "cycle {cycle}: processes are left");
        assert_eq!(listing(temporary.path()), [""; 0], "cycle {cycle}: temporary files are left");
        let kept = size(cache.path());
        if cycle == 0 {
            after_first = kept;
        }
        assert!(kept < after_first + 3_000_000, "cycle {cycle}: the cache grew from {after_first} to {kept} bytes");
    }
    println!("{cycles} starts and stops");
}

#[test]
fn a_killed_kernel_leaves_no_process_and_the_next_one_removes_its_files() {
    let temporary = folder();
    let mut killed = start_in(temporary.path());
    let mut living = start_in(temporary.path());
    killed.execute("let x = 1;").ok();
    let of_living = listing(temporary.path());
    let id =
        killed.begin("println!(\"begun\");\nloop {\n    std::thread::sleep(std::time::Duration::from_millis(10))\n}");
    killed.wait_for_print(&id, "begun");
    let below = killed.children();
    assert!(!below.is_empty(), "something evaluates the cell");
    killed.kill();
    assert!(until(Duration::from_secs(5), || !below.iter().any(|&pid| is_running(pid))), "processes are left");
    let with_dead = listing(temporary.path());

    let mut next = start_in(temporary.path());
    let with_next = listing(temporary.path()).len();
    assert!(with_next <= with_dead.len().max(of_living.len()), "{with_dead:?}, then {:?}", listing(temporary.path()));
    assert_eq!(value_of(&next.execute("6 * 7").ok()), "42");
    assert_eq!(value_of(&living.execute("6 * 7").ok()), "42", "the files of a living kernel stay");
    next.shutdown(false);
    living.shutdown(false);
    assert_eq!(listing(temporary.path()), [""; 0]);
}

#[test]
fn an_interrupted_and_a_crashed_cell_leave_nothing_either() {
    let temporary = folder();
    let mut kernel = start_in(temporary.path());
    // The kernel answers before its evaluating process has started; a cell waits for that.
    kernel.execute("let before = 1;").ok();
    let before = (listing(temporary.path()).len(), kernel.children().len());
    kernel.execute("std::process::abort();").failed("Crash");
    let id =
        kernel.begin("println!(\"begun\");\nloop {\n    std::thread::sleep(std::time::Duration::from_millis(10))\n}");
    kernel.wait_for_print(&id, "begun");
    kernel.interrupt();
    kernel.interrupt();
    kernel.finish(&id).failed("Interrupted");
    kernel.execute("let x = 1;").ok();
    let same = until(Duration::from_secs(5), || kernel.children().len() <= before.1);
    assert!(same, "{} processes, then {:?}", before.1, kernel.children());
    let names = listing(temporary.path());
    assert!(names.len() <= before.0, "{} folders, then {names:?}", before.0);
    kernel.shutdown(false);
    assert_eq!(listing(temporary.path()), [""; 0]);
}
