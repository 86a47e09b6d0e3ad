//! Where the project lies and where cargo builds it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The project this binary was built from.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The checkout that `cargo book` runs in, else the one this binary was compiled in.
    pub fn find() -> Result<Self> {
        let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let given = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let roots = given.iter().chain([&own]).filter_map(|manifest| manifest.parent());
        let root = roots.into_iter().find(|root| root.join("kernel/facade/Cargo.toml").is_file());
        let Some(root) = root.map(Path::to_owned) else {
            bail!("the checkout that this program was built from is gone: run `cargo book` inside one");
        };
        // target/debug/perturbook, or target/debug/deps/... for tests and benches.
        let exe = std::env::current_exe()?;
        let mut folders = exe.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
        let target = folders.nth(1).context("the binary lies in no target folder")?.to_owned();
        Ok(Self { root, target })
    }

    /// A project that lies and is built elsewhere.
    #[cfg(test)]
    pub(crate) fn at(root: &Path, target: &Path) -> Self {
        Self { root: root.to_owned(), target: target.to_owned() }
    }

    /// The folder with `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The notebooks meant by paths to notebooks and to folders of them, in order of their names within a folder; all
    /// of the project's when no path is given.
    ///
    /// # Errors
    /// When a folder cannot be listed, or there is no notebook.
    pub fn notebooks(&self, given: &[PathBuf]) -> Result<Vec<PathBuf>> {
        let default = [self.root.join("notebooks")];
        let given = if given.is_empty() { &default } else { given };
        let mut found = Vec::new();
        for path in given {
            if path.is_dir() {
                let entries = std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
                let mut inside: Vec<PathBuf> = entries
                    .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                    .filter(|path| path.extension().is_some_and(|extension| extension == "ipynb"))
                    .collect();
                inside.sort();
                found.extend(inside);
            } else {
                found.push(path.clone());
            }
        }
        if found.is_empty() {
            bail!("no notebook (.ipynb) in {given:?}");
        }
        Ok(found)
    }

    /// cargo's target folder, shared by the runner, the tests and the kernel.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// cargo, run in the project on the shared target folder.
    ///
    /// What `cargo run` put into our environment is taken out again: some build scripts (ring's, for one) watch
    /// those variables, and everything above them would be compiled anew.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (name, _) in std::env::vars_os() {
            let set_by_cargo = name.to_str().is_some_and(|name| {
                name == "CARGO"
                    || ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
                        .iter()
                        .any(|prefix| name.starts_with(prefix))
            });
            if set_by_cargo {
                cargo.env_remove(name);
            }
        }
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}
