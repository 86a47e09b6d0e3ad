//! Jupyter, and whether it knows our kernel.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Check, State, output};

/// One line without Jupyter, else one for it and one for the kernel.
pub fn checks() -> Vec<Check> {
    let Some(versions) = output("jupyter", &["--version"]) else {
        let text = "not installed: `pip install jupyterlab`; `cargo book run` works without it";
        return vec![("Jupyter", State::Optional(text.to_owned()))];
    };
    let lab = lab_version(&versions).map(str::to_owned);
    let lab = lab.or_else(|| output("jupyter", &["lab", "--version"]).map(|version| version.trim().to_owned()));
    let jupyter = match lab {
        Some(lab) => State::Fine(format!("JupyterLab {lab}")),
        None => State::Optional("without JupyterLab: `pip install jupyterlab`".to_owned()),
    };
    let listed = output("jupyter", &["kernelspec", "list", "--json"]).unwrap_or_default();
    let this = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    vec![("Jupyter", jupyter), ("kernel", kernel(ours(&listed), &this))]
}

/// JupyterLab's version in the answer to `jupyter --version`, which is a table of packages.
fn lab_version(versions: &str) -> Option<&str> {
    let mut packages = versions.lines().filter_map(|line| line.split_once(':'));
    let (_, version) = packages.find(|(package, _)| package.trim() == "jupyterlab")?;
    Some(version.trim()).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// The folder of our kernel and the program that it starts, from the answer to `jupyter kernelspec list --json`.
fn ours(listed: &str) -> Option<(PathBuf, PathBuf)> {
    let listed: Value = serde_json::from_str(listed).ok()?;
    let kernels = listed["kernelspecs"].as_object()?.values();
    let mut ours = kernels.filter_map(|kernel| {
        let (program, command) = (kernel["spec"]["argv"][0].as_str()?, kernel["spec"]["argv"][1].as_str()?);
        // By what it starts: its name is the user's choice.
        let is_ours = command == "kernel" && Path::new(program).file_name()? == "perturbook";
        is_ours.then(|| Some((PathBuf::from(kernel["resource_dir"].as_str()?), PathBuf::from(program))))?
    });
    ours.next()
}

fn kernel(ours: Option<(PathBuf, PathBuf)>, this: &Path) -> State {
    let Some((folder, program)) = ours else {
        return State::Optional(
            "not known to Jupyter: `cargo book install`, or `cargo book lab` without it".to_owned(),
        );
    };
    let (folder, shown) = (folder.display(), program.display());
    if !program.is_file() {
        return State::Optional(format!("{folder} starts {shown}, which is gone: `cargo book install`"));
    }
    if program != this {
        return State::Optional(format!("{folder} starts {shown}, another build: `cargo book install` for this one"));
    }
    State::Fine(folder.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_jupyterlab_is_read() {
        let table = "Selected Jupyter core packages...\nIPython          : 8.12.3\njupyterlab       : 4.6.6\n";
        assert_eq!(lab_version(table), Some("4.6.6"));
        assert_eq!(lab_version("jupyterlab       : not installed\n"), None);
        assert_eq!(lab_version("jupyterlab_server : 2.0\n"), None);
    }

    #[test]
    fn our_kernel_is_found_by_what_it_starts() {
        let listed = r#"{"kernelspecs": {
            "python3": {"resource_dir": "/p", "spec": {"argv": ["python", "-m", "ipykernel_launcher"]}},
            "empty": {"resource_dir": "/e", "spec": {"argv": []}},
            "mine": {"resource_dir": "/k/mine", "spec": {"argv": ["/t/debug/perturbook", "kernel", "-f"]}}
        }}"#;
        assert_eq!(ours(listed), Some(("/k/mine".into(), "/t/debug/perturbook".into())));
        assert_eq!(ours(r#"{"kernelspecs": {}}"#), None);
        assert_eq!(ours(""), None);
    }

    #[test]
    fn a_kernel_that_does_not_start_this_build_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("perturbook");
        let kernel = |this: &Path| kernel(Some(("/k".into(), program.clone())), this);
        assert!(matches!(kernel(&program), State::Optional(text) if text.contains("gone")));
        std::fs::write(&program, "").unwrap();
        assert_eq!(kernel(&program), State::Fine("/k".to_owned()));
        assert!(matches!(kernel(Path::new("/o")), State::Optional(text) if text.contains("another build")));
        assert!(matches!(super::kernel(None, &program), State::Optional(text) if text.contains("cargo book install")));
    }
}
