//! `cargo book lab`: JupyterLab in the current folder, with our kernel and nothing installed.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::install;
use crate::workspace::Workspace;

/// What `cargo book lab` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Passed on to JupyterLab, for instance a notebook or --port 8889
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Becomes JupyterLab, whose exit status is then this command's; returns false where JupyterLab is not installed.
///
/// # Errors
/// When the kernel's folder cannot be written, or JupyterLab not be started.
pub fn lab(options: &Options) -> Result<bool> {
    let data = Workspace::find()?.target().join("jupyter");
    install::write(&data, install::NAME)?;
    let path = jupyter_path(&data, std::env::var_os("JUPYTER_PATH"))?;
    let Some(mut lab) = jupyter_lab() else {
        eprintln!("{}", how_to_get(&path, runs(Command::new("uvx"))));
        return Ok(false);
    };
    let error = lab.args(&options.args).env("JUPYTER_PATH", path).exec();
    Err(error).context("cannot start JupyterLab")
}

/// JupyterLab, by whichever name it has here.
fn jupyter_lab() -> Option<Command> {
    let lab = || Command::new("jupyter-lab");
    let subcommand = || {
        let mut jupyter = Command::new("jupyter");
        jupyter.arg("lab");
        jupyter
    };
    if runs(lab()) { Some(lab()) } else { runs(subcommand()).then(subcommand) }
}

/// Whether a program is there and tells its version.
fn runs(mut program: Command) -> bool {
    let status = program.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Jupyter's search path with our folder in front.
fn jupyter_path(data: &Path, set: Option<OsString>) -> Result<OsString> {
    let set = set.unwrap_or_default();
    let before = std::env::split_paths(&set).filter(|folder| !folder.as_os_str().is_empty());
    let folders: Vec<PathBuf> = std::iter::once(data.to_owned()).chain(before).collect();
    std::env::join_paths(folders).with_context(|| format!("{} cannot be part of JUPYTER_PATH", data.display()))
}

fn how_to_get(path: &OsString, uv: bool) -> String {
    let way = if uv {
        format!("JUPYTER_PATH={} uvx --from jupyterlab jupyter-lab", path.display())
    } else {
        "pip install jupyterlab".to_owned()
    };
    format!("JupyterLab is not installed, or not on the PATH. This gets it: {way}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_folder_comes_before_what_is_set() {
        let path = |set: Option<&str>| jupyter_path(Path::new("/t/jupyter"), set.map(Into::into)).unwrap();
        assert_eq!(path(None), "/t/jupyter");
        assert_eq!(path(Some("")), "/t/jupyter");
        assert_eq!(path(Some("/a:/b")), "/t/jupyter:/a:/b");
        assert!(jupyter_path(Path::new("/t:u"), None).unwrap_err().to_string().contains("/t:u"));
    }

    #[test]
    fn a_program_that_is_missing_does_not_run() {
        assert!(!runs(Command::new("/no/such/program")));
        assert!(!runs(Command::new("false")));
        assert!(runs(Command::new("true")));
    }

    #[test]
    fn one_line_says_how_to_get_it() {
        let path = OsString::from("/t/jupyter");
        assert!(how_to_get(&path, false).ends_with("pip install jupyterlab"));
        assert!(how_to_get(&path, true).ends_with("JUPYTER_PATH=/t/jupyter uvx --from jupyterlab jupyter-lab"));
        assert_eq!(how_to_get(&path, true).lines().count(), 1);
    }

    #[test]
    fn everything_behind_the_command_is_passed_on() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            options: Options,
        }
        let cli: Cli = clap::Parser::try_parse_from(["lab", "--port", "8889", "a.ipynb", "--no-browser"]).unwrap();
        assert_eq!(cli.options.args, ["--port", "8889", "a.ipynb", "--no-browser"]);
    }
}
