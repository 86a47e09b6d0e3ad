//! The environment that a kernel needs, set by starting this program once more.
//!
//! evcxr reads two of its settings from the environment only: where it compiles cells, and where rust-analyzer finds the
//! standard library. We give it a folder of our own, which is removed at the end (and, after a kernel that was killed,
//! at the start of the next one), and an empty standard library: rust-analyzer's work is then a matter of milliseconds,
//! and none of ours, since types come from rustc and completions from an index of our own.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

const HOME: &str = "PERTURBOOK_HOME";
/// The process that the folder belongs to: what cells start inherits the environment, and is no kernel of ours.
const OWNER: &str = "PERTURBOOK_HOME_OWNER";
const PREFIX: &str = "perturbook-kernel-";
const LOCK: &str = "lock";
/// Names of sockets may not be long, and evcxr takes no path with a blank.
const LONGEST: usize = 60;
/// A folder whose kernel has not locked it yet is left alone for so long.
const NEW: Duration = Duration::from_secs(60);

/// How crates of the user's own are compiled, however the cells are: once.
const CRATES: &str = "[profile.dev.package.\"*\"]\nopt-level = 3\n";

/// How glibc keeps memory: blocks of up to 256 MiB, and up to 1 GiB of them, are used again instead of being handed back to
/// the system, whose new pages cost a third of a training step; and pages are large. The same stands in
/// `.cargo/config.toml`, for what cargo starts.
const MEMORY: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=268435456:glibc.malloc.trim_threshold=1073741824:glibc.malloc.hugetlb=1",
);

/// Lets a program of the library keep memory for its next step, unless the user has settings of their own.
pub fn keep_memory(program: &mut Command) {
    let (name, value) = MEMORY;
    if std::env::var_os(name).is_none() {
        program.env(name, value);
    }
}

/// A kernel's folder, locked while this value lives and removed when it goes.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    _lock: File,
}

/// Gives this process the environment of a kernel; called before anything else is started.
///
/// The first time it replaces the running program by itself, with the environment set.
///
/// # Errors
/// When the folder for temporary files cannot be written.
pub fn enter() -> Result<Home> {
    // The number of a process stays the same when it starts another program.
    let own = std::process::id().to_string();
    if let (Some(home), true) = (std::env::var_os(HOME), std::env::var_os(OWNER).is_some_and(|set| set == *own)) {
        let folder = PathBuf::from(home);
        let lock = File::create(folder.join(LOCK))?;
        lock.lock()?;
        return Ok(Home { folder, _lock: lock });
    }
    let temp = place(std::env::temp_dir());
    sweep(&temp);
    let cannot = || format!("cannot create a folder in {}: set TMPDIR to one of yours", temp.display());
    // Only this user can look into it.
    let home = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&temp).with_context(cannot)?.keep();
    let (cells, library) = (home.join("cells"), home.join("library"));
    for folder in [&cells, &library, &library.join("core")] {
        fs::create_dir(folder).with_context(cannot)?;
    }
    let cargo = home.join(".cargo");
    fs::create_dir(&cargo).with_context(cannot)?;
    fs::write(cargo.join("config.toml"), CRATES).with_context(cannot)?;
    let error = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(HOME, &home)
        .env(OWNER, own)
        .env("EVCXR_TMPDIR", cells)
        .env("RUST_SRC_PATH", library)
        .exec();
    Err(error).context("cannot start this program again")
}

/// The user's folder for temporary files, or the system's where that one will not do.
fn place(wanted: PathBuf) -> PathBuf {
    let fits = wanted.to_str().is_some_and(|path| path.len() <= LONGEST && !path.contains(char::is_whitespace));
    if fits { wanted } else { PathBuf::from("/tmp") }
}

impl Home {
    /// The folder, which only this user can read.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left the next kernel sweeps.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the folders of kernels that are no more: nobody holds their lock. Process numbers would not tell, since a
/// kernel in another container may use the same folder.
fn sweep(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let lock = File::open(entry.path().join(LOCK));
        let dead = match &lock {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(_) => {
                let made = entry.metadata().and_then(|meta| meta.modified());
                made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > NEW))
            }
        };
        if dead {
            // Another user's folder stays: it is not ours to remove.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_and_the_kernel_keep_memory_alike() {
        let config = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../.cargo/config.toml")).expect("a file");
        assert!(config.contains(&format!("{} = {:?}", MEMORY.0, MEMORY.1)), "{config}");
        let mut program = Command::new("true");
        keep_memory(&mut program);
        // Cargo has set it for this test; a kernel of its own sets it.
        assert!(program.get_envs().all(|(name, _)| name == MEMORY.0));
    }

    #[test]
    fn folders_of_dead_kernels_are_swept_and_no_others() {
        let temp = tempfile::tempdir().unwrap();
        let [dead, living, new, other] = ["dead", "living", "new"]
            .map(|name| temp.path().join(format!("{PREFIX}{name}")))
            .into_iter()
            .chain([temp.path().join("perturbook-notes")])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        for folder in [&dead, &living, &new, &other] {
            fs::create_dir(folder).unwrap();
        }
        File::create(dead.join(LOCK)).unwrap();
        let lock = File::create(living.join(LOCK)).unwrap();
        lock.lock().unwrap();
        sweep(temp.path());
        assert_eq!([&dead, &living, &new, &other].map(|folder| folder.exists()), [false, true, true, true]);
    }

    #[test]
    fn folders_that_sockets_or_evcxr_cannot_use_are_not_used() {
        assert_eq!(place("/tmp/mine".into()), Path::new("/tmp/mine"));
        assert_eq!(place("/tmp/my files".into()), Path::new("/tmp"));
        assert_eq!(place(format!("/scratch/{}", "x".repeat(80)).into()), Path::new("/tmp"));
    }
}
