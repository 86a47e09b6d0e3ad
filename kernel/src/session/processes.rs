//! Which processes came from which, read from `/proc`.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// The processes whose parent is `parent`.
pub fn children(parent: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw);
    pids.filter(|&pid| parent_of(pid) == Some(parent)).collect()
}

/// A process and all that came from it.
pub fn tree(root: Pid) -> Vec<Pid> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// Ends a process and all that came from it.
pub fn end(root: Pid) {
    for process in tree(root) {
        // One that has ended by itself is as good.
        let _ = kill_process(process, Signal::KILL);
    }
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let after_name = &stat[stat.rfind(')')? + 1..];
    Pid::from_raw(after_name.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found_below_this_process() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let here = rustix::process::getpid();
        assert!(children(here).contains(&pid));
        assert!(tree(here).contains(&pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children(here).contains(&pid));
    }
}
