//! Settings for evcxr on its own that would reach the evcxr in our kernels.

use std::path::{Path, PathBuf};

use super::{State, variable};

pub fn settings() -> State {
    let home = variable("HOME").map(|home| Path::new(&home).join(".config"));
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).or(home).map(|config| config.join("evcxr"));
    let config = variable("EVCXR_CONFIG_DIR").map(PathBuf::from).or(config);
    let folders = std::env::current_dir().ok().into_iter().chain(config);
    found(variable("EVCXR_TMPDIR").is_some(), folders)
}

/// evcxr reads the first `evcxr.toml` in these folders.
fn found(shared_folder: bool, mut folders: impl Iterator<Item = PathBuf>) -> State {
    if shared_folder {
        return State::Optional("EVCXR_TMPDIR is set: two kernels would share one folder; unset it".to_owned());
    }
    match folders.find(|folder| folder.join("evcxr.toml").is_file()) {
        Some(folder) => State::Optional(format!(
            "{} changes how cells are compiled: move it away if cells fail",
            folder.join("evcxr.toml").display()
        )),
        None => State::Fine("no settings of its own".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_where_evcxr_looks() {
        let folder = tempfile::tempdir().unwrap();
        let folders = || [PathBuf::from("/no/such"), folder.path().to_owned()].into_iter();
        assert_eq!(found(false, folders()), State::Fine("no settings of its own".to_owned()));
        assert!(matches!(found(true, folders()), State::Optional(text) if text.starts_with("EVCXR_TMPDIR")));
        std::fs::write(folder.path().join("evcxr.toml"), "").unwrap();
        assert!(matches!(found(false, folders()), State::Optional(text) if text.contains("evcxr.toml changes")));
    }
}
