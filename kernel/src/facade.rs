//! The preloaded library: one shared object that every cell links, built once by cargo.
//!
//! A cell that links the library statically gets its own copy of every static in it: counters restart and a
//! gradient cannot be taken of a graph built one cell before. Linked as one shared object there is one copy, and
//! a cell's own object shrinks from megabytes to kilobytes. Cells get it by `--extern` and search paths rather
//! than as a cargo dependency, so that neither cargo nor rust-analyzer walks the dependency graph in every cell.
//!
//! A kernel must not see the library change under it: what cargo built is linked into a folder of its own, named
//! after what it was built from, and a kernel holds a lock on that folder while it runs. Whether the library is up to
//! date is decided from that name alone, without cargo, so that a kernel starts at once.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

const SHARED_OBJECT: &str = "libperturbook_facade.so";
/// A folder without a lock is left alone for so long.
const OLD: Duration = Duration::from_secs(600);
/// Names the file that names the folder of Rust's own shared library.
const STD: &str = "std.txt";

/// The built library, held as long as this value lives.
#[derive(Debug, Clone)]
pub struct Facade {
    /// Folder of the shared object and of the library's own metadata.
    folder: PathBuf,
    /// Folder of the metadata of all dependencies.
    dependencies: PathBuf,
    /// Folder of Rust's own shared library.
    std: PathBuf,
    _lock: Arc<File>,
}

/// Whether the library is built from the sources as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Fresh,
    /// It was built from other sources or by another compiler: which.
    Stale(String),
    /// It was never built.
    Missing,
}

/// Whether the library is built, and from what is there now.
pub fn freshness(workspace: &Workspace) -> Result<Freshness> {
    Ok(Inputs::read(workspace)?.freshness(workspace))
}

impl Facade {
    /// The library, built first where it is missing or out of date; `say` hears why, and cargo's progress.
    ///
    /// # Errors
    /// When the library does not build: cargo's messages.
    pub fn open(workspace: &Workspace, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let inputs = Inputs::read(workspace)?;
        match inputs.freshness(workspace) {
            Freshness::Fresh => {
                if let Ok(facade) = Self::at(&inputs.folder(workspace), workspace) {
                    return Ok(facade);
                }
            }
            Freshness::Stale(why) => say(&format!("{why}: building the library anew\n")),
            Freshness::Missing => {
                say("building the library for the first time; that takes about half an hour on two cores\n");
            }
        }
        inputs.build(workspace, say)
    }

    /// Builds what is missing; `say` hears cargo's progress, line by line.
    ///
    /// # Errors
    /// When the library does not build: cargo's messages.
    pub fn build(workspace: &Workspace, say: &mut dyn FnMut(&str)) -> Result<Self> {
        Inputs::read(workspace)?.build(workspace, say)
    }

    /// The library in this folder, locked.
    fn at(folder: &Path, workspace: &Workspace) -> Result<Self> {
        // In a folder that only others may write to, the file is there already.
        let lock = File::create(folder.join("lock")).or_else(|_| File::open(folder.join("lock")))?;
        lock.lock_shared()?;
        if !folder.join(SHARED_OBJECT).is_file() {
            bail!("{} was removed", folder.display());
        }
        let dependencies = workspace.target().join("debug/deps");
        let std = PathBuf::from(fs::read_to_string(folder.join(STD))?);
        Ok(Self { folder: folder.to_owned(), dependencies, std, _lock: Arc::new(lock) })
    }

    /// The folder of this library, which no other build changes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the evaluating process looks for shared libraries: it links Rust's own, which is on no system path.
    pub fn library_path(&self) -> OsString {
        let set = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let folders = std::iter::once(self.std.clone()).chain(std::env::split_paths(&set));
        std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty())).unwrap_or(set)
    }

    /// The flags with which cells are compiled.
    pub fn flags(&self) -> Vec<String> {
        let folder = self.folder.display();
        vec![
            "-Cprefer-dynamic".to_owned(),
            "--extern".to_owned(),
            format!("perturbook={folder}/{SHARED_OBJECT}"),
            format!("-Ldependency={folder}"),
            format!("-Ldependency={}", self.dependencies.display()),
            format!("-Clink-arg=-Wl,-rpath,{folder}"),
        ]
    }

    /// Environment of the cargo that compiles cells.
    pub fn build_environment(&self) -> Vec<(&'static str, String)> {
        let mut flags = self.flags();
        // Full paths and full types in messages: the types of variables are read from them.
        flags.extend(["-Ztrim-diagnostic-paths=no".to_owned(), "-Zwrite-long-types-to-disk=no".to_owned()]);
        // An optimised cell, too, takes generic code that the library has compiled instead of compiling it again.
        flags.push("-Zshare-generics=y".to_owned());
        vec![
            ("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")),
            // What incremental compilation saves between two different cells is less than it costs.
            ("CARGO_INCREMENTAL", "0".to_owned()),
            ("RUSTC_BOOTSTRAP", "1".to_owned()),
            ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false".to_owned()),
            ("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false".to_owned()),
        ]
    }
}

/// The folder of all libraries built so far.
fn shelf(workspace: &Workspace) -> PathBuf {
    workspace.target().join("debug/notebook")
}

/// The file that says what the latest library was built from.
fn latest(workspace: &Workspace) -> PathBuf {
    shelf(workspace).join("latest.json")
}

/// What a library is built from: the compiler, and names, sizes and times of all source files.
struct Inputs {
    rustc: String,
    files: u64,
}

impl Inputs {
    fn read(workspace: &Workspace) -> Result<Self> {
        let root = workspace.root();
        // The project's toolchain, whatever the notebook's folder asks for.
        let output = Command::new("rustc").arg("-vV").current_dir(root).output();
        let output = output.context("cannot run rustc: is Rust on the PATH?")?;
        let rustc = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut hash = Fnv::default();
        for name in ["Cargo.toml", "Cargo.lock", "src", "kernel/facade"] {
            hash.tree(&root.join(name))?;
        }
        hash.add(std::env::var("RUSTFLAGS").unwrap_or_default().as_bytes());
        Ok(Self { rustc, files: hash.0 })
    }

    fn folder(&self, workspace: &Workspace) -> PathBuf {
        let mut hash = Fnv(self.files);
        hash.add(self.rustc.as_bytes());
        shelf(workspace).join(format!("{:016x}", hash.0))
    }

    /// Whether the library of these inputs is built; if not, what differs from the latest.
    fn freshness(&self, workspace: &Workspace) -> Freshness {
        if self.folder(workspace).join(SHARED_OBJECT).is_file() {
            return Freshness::Fresh;
        }
        let latest = fs::read_to_string(latest(workspace)).ok();
        match latest.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
            None => Freshness::Missing,
            Some(built) if built["rustc"] != self.rustc.as_str() => {
                Freshness::Stale("the Rust toolchain changed".to_owned())
            }
            Some(_) => Freshness::Stale("the library's source changed".to_owned()),
        }
    }

    /// Has cargo build what is missing; `say` hears its progress.
    fn build(&self, workspace: &Workspace, say: &mut dyn FnMut(&str)) -> Result<Facade> {
        let mut cargo = workspace
            .cargo()
            .args(["rustc", "--package", "perturbook-facade", "--lib"])
            .arg("--message-format=json-render-diagnostics")
            .args(["--", "-Cprefer-dynamic"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run cargo to build the library")?;
        let stdout = cargo.stdout.take().context("cargo has no stdout")?;
        let messages = std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()).collect::<Vec<_>>()
        });
        let mut said = String::new();
        for line in BufReader::new(cargo.stderr.take().context("cargo has no stderr")?).lines().map_while(Result::ok) {
            say(&format!("{line}\n"));
            said.push_str(&line);
            said.push('\n');
        }
        let messages = messages.join().unwrap_or_default();
        if !cargo.wait()?.success() {
            bail!("the library does not build:\n{}", said.trim_end());
        }
        self.keep(workspace, &messages)
    }

    /// Links what cargo says it built into the folder of these inputs, and removes older ones that nobody uses.
    fn keep(&self, workspace: &Workspace, messages: &[Value]) -> Result<Facade> {
        let folder = self.folder(workspace);
        fs::create_dir_all(shelf(workspace))?;
        let part = tempfile::Builder::new().prefix("part").tempdir_in(shelf(workspace))?;
        let built = messages.iter().filter(|message| message["reason"] == "compiler-artifact");
        for message in built {
            let name = message["target"]["name"].as_str().unwrap_or_default();
            if !["perturbook", "perturbook_facade"].contains(&name) {
                continue;
            }
            for file in message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(Path::new) {
                link(file, part.path())?;
            }
        }
        if !part.path().join(SHARED_OBJECT).is_file() {
            bail!("cargo did not say where the library was built");
        }
        let output = Command::new("rustc").args(["--print", "target-libdir"]).current_dir(workspace.root()).output()?;
        fs::write(part.path().join(STD), String::from_utf8_lossy(&output.stdout).trim())?;
        // A build that was needed for another reason may have led to the same folder, which a kernel may be using.
        if Facade::at(&folder, workspace).is_err() {
            let _ = fs::remove_dir_all(&folder);
            fs::rename(part.keep(), &folder)?;
        }
        let facade = Facade::at(&folder, workspace)?;
        let said = serde_json::json!({ "rustc": self.rustc, "folder": folder });
        crate::notebook::write_whole(&latest(workspace), said.to_string().as_bytes())?;
        for entry in fs::read_dir(shelf(workspace))?.flatten().filter(|entry| entry.path() != folder) {
            let lock = File::open(entry.path().join("lock"));
            // The lock is held until the folder is gone. A part of a build that was broken off has none.
            let unused = match &lock {
                Ok(lock) => lock.try_lock().is_ok(),
                Err(_) => {
                    entry.metadata().and_then(|m| m.modified()).is_ok_and(|t| t.elapsed().is_ok_and(|age| age > OLD))
                }
            };
            if unused {
                // Left for the next build when something is in the way.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(facade)
    }
}

/// A hard link: it stays what it is when cargo builds a new file in its place.
fn link(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("an artifact without a name")?;
    let target = folder.join(name);
    if fs::hard_link(file, &target).is_err() {
        fs::copy(file, &target).with_context(|| format!("cannot keep {}", file.display()))?;
    }
    Ok(())
}

/// The FNV-1a hash: a name for a state of the sources, not a proof of it.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn tree(&mut self, path: &Path) -> Result<()> {
        let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.add(path.as_os_str().as_encoded_bytes());
        if meta.is_dir() {
            let mut inside: Vec<PathBuf> = fs::read_dir(path)?.filter_map(|e| e.ok().map(|e| e.path())).collect();
            inside.sort();
            return inside.iter().try_for_each(|path| self.tree(path));
        }
        let modified = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.add(&meta.len().to_le_bytes());
        self.add(&modified.as_nanos().to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A project with one source file.
    fn project(folder: &Path) -> Workspace {
        let root = folder.join("a project");
        for name in ["Cargo.toml", "Cargo.lock", "src/lib.rs", "kernel/facade/Cargo.toml"] {
            write(&root.join(name), name);
        }
        Workspace::at(&root, &root.join("target"))
    }

    /// What cargo says after it has built a library with this content.
    fn built(workspace: &Workspace, content: &str) -> Vec<Value> {
        let file = workspace.target().join("debug").join(SHARED_OBJECT);
        let _ = fs::remove_file(&file);
        write(&file, content);
        vec![json!({ "reason": "compiler-artifact", "target": { "name": "perturbook_facade" }, "filenames": [file] })]
    }

    #[test]
    fn a_change_of_the_source_is_noticed_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = project(folder.path());
        assert_eq!(freshness(&workspace).unwrap(), Freshness::Missing);
        Inputs::read(&workspace).unwrap().keep(&workspace, &built(&workspace, "one")).unwrap();
        assert_eq!(freshness(&workspace).unwrap(), Freshness::Fresh);
        write(&workspace.root().join("src/new/file.rs"), "");
        assert_eq!(freshness(&workspace).unwrap(), Freshness::Stale("the library's source changed".to_owned()));
        let other = Inputs { rustc: "rustc 9".to_owned(), ..Inputs::read(&workspace).unwrap() };
        other.keep(&workspace, &built(&workspace, "two")).unwrap();
        assert_eq!(freshness(&workspace).unwrap(), Freshness::Stale("the Rust toolchain changed".to_owned()));
    }

    #[test]
    fn a_kernel_keeps_its_library_while_another_is_built_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = project(folder.path());
        let first = Inputs::read(&workspace).unwrap().keep(&workspace, &built(&workspace, "one")).unwrap();
        write(&workspace.root().join("src/lib.rs"), "changed");
        let second = Inputs::read(&workspace).unwrap().keep(&workspace, &built(&workspace, "two")).unwrap();
        let content = |facade: &Facade| fs::read_to_string(facade.folder().join(SHARED_OBJECT)).unwrap_or_default();
        assert_eq!([content(&first), content(&second)], ["one", "two"]);
        let unused = first.folder().to_owned();
        drop(first);
        write(&workspace.root().join("src/lib.rs"), "changed again");
        Inputs::read(&workspace).unwrap().keep(&workspace, &built(&workspace, "three")).unwrap();
        assert!(!unused.exists() && second.folder().exists());
    }
}
