//! The environment that a kernel needs, set by starting this program once more.
//!
//! evcxr reads two of its settings from the environment only: where it compiles cells, and where rust-analyzer finds the
//! standard library. We give it a folder of our own, which is removed at the end (and, after a kernel that was killed,
//! at the start of the next one), and an empty standard library: rust-analyzer's work is then a matter of milliseconds,
//! and none of ours, since types come from rustc and completions from an index of our own.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

const HOME: &str = "PERTURBOOK_HOME";
const PREFIX: &str = "perturbook-kernel-";

/// A kernel's folder, removed when this value goes.
#[derive(Debug)]
pub struct Home(PathBuf);

/// Gives this process the environment of a kernel; called before anything else is started.
///
/// The first time it replaces the running program by itself, with the environment set.
///
/// # Errors
/// When the folder for temporary files cannot be written.
pub fn enter() -> Result<Home> {
    // The number of a process stays the same when it starts another program.
    let home = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    if std::env::var_os(HOME).is_some_and(|set| set == home.as_os_str()) {
        return Ok(Home(home));
    }
    sweep(&std::env::temp_dir());
    // What lies there under our number is left over, and must not be somebody else's.
    let _ = fs::remove_dir_all(&home);
    let create = |folder: PathBuf| {
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("cannot create {}: set TMPDIR to a folder of yours", folder.display()))?;
        Ok::<_, anyhow::Error>(folder)
    };
    create(home.clone())?;
    let cells = create(home.join("cells"))?;
    let library = create(home.join("library"))?;
    create(library.join("core"))?;
    let error = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(HOME, &home)
        .env("EVCXR_TMPDIR", cells)
        .env("RUST_SRC_PATH", library)
        .exec();
    Err(error).context("cannot start this program again")
}

impl Home {
    /// The folder, which only this user can read.
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left the next kernel sweeps.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of kernels that are no more.
fn sweep(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).exists() {
            // Another user's folder stays: it is not ours to remove.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_dead_kernels_are_swept_and_no_others() {
        let temp = tempfile::tempdir().unwrap();
        // No process has so large a number.
        let dead = temp.path().join(format!("{PREFIX}4294967295"));
        let living = temp.path().join(format!("{PREFIX}{}", std::process::id()));
        let other = temp.path().join("perturbook-notes");
        for folder in [&dead, &living, &other] {
            fs::create_dir(folder).unwrap();
        }
        sweep(temp.path());
        assert!(!dead.exists() && living.exists() && other.exists());
    }
}
