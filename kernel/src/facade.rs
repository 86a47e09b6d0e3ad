//! The preloaded library: one shared object that every cell links, built once by cargo.
//!
//! A cell that links the library statically gets its own copy of every static in it: counters restart and a
//! gradient cannot be taken of a graph built one cell before. Linked as one shared object there is one copy, and
//! a cell's own object shrinks from megabytes to kilobytes. Cells get it by `--extern` and search paths rather
//! than as a cargo dependency, so that neither cargo nor rust-analyzer walks the dependency graph in every cell.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// The built facade.
#[derive(Debug, Clone)]
pub struct Facade {
    shared_object: PathBuf,
    dependencies: PathBuf,
}

impl Facade {
    /// Builds what is missing and says where it is. cargo's own progress goes to stderr.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        let output = workspace
            .cargo()
            .args(["rustc", "--package", "perturbook-facade", "--lib"])
            .arg("--message-format=json-render-diagnostics")
            .args(["--", "-Cprefer-dynamic"])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo to build the library")?;
        if !output.status.success() {
            bail!("the library does not build (cargo's messages are above)");
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let shared_object = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "perturbook_facade")
            .filter_map(|message| message["filenames"][0].as_str().map(PathBuf::from))
            .next_back()
            .context("cargo did not say where the library was built")?;
        // cargo links the finished object one folder up; its neighbours are in `deps`.
        let dependencies = shared_object.parent().unwrap_or(Path::new(".")).join("deps");
        Ok(Self { shared_object, dependencies })
    }

    /// Environment of the cargo that compiles cells.
    pub fn build_environment(&self) -> Vec<(&'static str, String)> {
        let folder = self.shared_object.parent().unwrap_or(Path::new(".")).display();
        let flags = [
            "-Cprefer-dynamic".to_owned(),
            "--extern".to_owned(),
            format!("perturbook={}", self.shared_object.display()),
            format!("-Ldependency={}", self.dependencies.display()),
            format!("-Clink-arg=-Wl,-rpath,{folder}"),
            // Full paths and full types in messages: the types of variables are read from them.
            "-Ztrim-diagnostic-paths=no".to_owned(),
            "-Zwrite-long-types-to-disk=no".to_owned(),
        ];
        vec![
            ("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")),
            ("RUSTC_BOOTSTRAP", "1".to_owned()),
            ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false".to_owned()),
            ("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false".to_owned()),
        ]
    }
}
