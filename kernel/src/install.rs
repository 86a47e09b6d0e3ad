//! `cargo book install`: makes the kernel known to Jupyter and VS Code.
//!
//! Jupyter knows a kernel by a folder `kernels/NAME` in one of its data folders. `kernel.json` in it says how the
//! kernel is started, and with which environment: Jupyter may be started from a desktop that knows nothing of what a
//! shell sets up. References such as `${PATH}` are not for us, since VS Code does not replace them.

mod logo;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::notebook::write_whole;

/// The kernel's name, unless another is asked for.
pub const NAME: &str = "perturbook";

/// What `cargo book install` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Install for this user (the default)
    #[arg(long, conflicts_with = "prefix")]
    user: bool,
    /// Install in DIR/share/jupyter, for instance into a Python environment
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Name of the kernel, for a second one beside the first
    #[arg(long, default_value = NAME, value_parser = kernel_name)]
    name: String,
}

/// Writes the kernel's folder, and says where it is and who finds it there.
///
/// # Errors
/// When there is no place for it, or it cannot be written.
pub fn install(options: &Options) -> Result<bool> {
    let data = match &options.prefix {
        Some(prefix) => std::path::absolute(prefix)?.join("share/jupyter"),
        None => {
            user_data(&variable).context("no folder for the user's kernels: set HOME, or say where with --prefix")?
        }
    };
    let folder = write(&data, &options.name)?;
    println!("wrote {}", folder.display());
    println!("it starts {}", program()?.display());
    println!("{}", jupyter_finds(&data, jupyter_data().as_deref(), &display_name(&options.name)));
    println!("{}", vscode_finds(&data, &variable, &display_name(&options.name)));
    Ok(true)
}

/// Writes the kernel's folder into a Jupyter data folder, in place of one that is there; returns the folder.
///
/// # Errors
/// When it cannot be written.
pub fn write(data: &Path, name: &str) -> Result<PathBuf> {
    let program = program()?;
    let env = environment(&variable, Path::new("/usr/local/cuda"), &program, rust_libraries().as_deref());
    let kernel = kernel_json(&program, &display_name(name), env)?;
    let folder = data.join("kernels").join(name);
    let place = || -> Result<()> {
        std::fs::create_dir_all(data.join("kernels"))?;
        // Readable to all that the user's umask lets read; beside `kernels`, where nobody takes it for a kernel.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        let mut builder = tempfile::Builder::new();
        let (new, old) = (builder.permissions(permissions).tempdir_in(data)?, tempfile::tempdir_in(data)?);
        write_whole(&new.path().join("kernel.json"), format!("{kernel:#}\n").as_bytes())?;
        write_whole(&new.path().join("logo-32x32.png"), &logo::png(32)?)?;
        write_whole(&new.path().join("logo-64x64.png"), &logo::png(64)?)?;
        write_whole(&new.path().join("logo-svg.svg"), logo::svg().as_bytes())?;
        let replaces = folder.symlink_metadata().is_ok();
        if replaces {
            std::fs::rename(&folder, old.path().join(name))?;
        }
        if let Err(error) = std::fs::rename(new.path(), &folder) {
            if replaces {
                std::fs::rename(old.path().join(name), &folder)?;
            }
            return Err(error.into());
        }
        Ok(())
    };
    place().with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(folder)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What Jupyter allows as the name of a kernel's folder.
fn kernel_name(name: &str) -> Result<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        bail!("a kernel's name is made of ASCII letters, digits, `-`, `_` and `.`");
    }
    Ok(name.to_owned())
}

fn display_name(name: &str) -> String {
    format!("Rust ({name})")
}

/// This binary.
fn program() -> Result<PathBuf> {
    std::env::current_exe().and_then(std::fs::canonicalize).context("cannot find this program's own file")
}

/// The folder of the Rust standard library that cells link.
fn rust_libraries() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output().ok()?;
    output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn kernel_json(program: &Path, display_name: &str, env: Map<String, Value>) -> Result<Value> {
    let program = program.to_str().with_context(|| format!("{} is not UTF-8", program.display()))?;
    Ok(json!({
        "argv": [program, "kernel", "--connection-file", "{connection_file}"],
        "display_name": display_name,
        "language": "rust",
        "interrupt_mode": "message",
        "env": env,
        "metadata": { "debugger": false },
    }))
}

/// Where programs lie that every process finds.
const STANDARD: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The environment that the kernel needs and that whoever starts it may not have.
fn environment(
    variable: &dyn Fn(&str) -> Option<String>,
    cuda: &Path,
    program: &Path,
    libraries: Option<&Path>,
) -> Map<String, Value> {
    let mut env = Map::new();
    let path = variable("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let tools: Vec<PathBuf> = ["cargo", "rustc"]
        .iter()
        .filter_map(|tool| folders.iter().find(|folder| folder.join(tool).is_file()).cloned())
        .filter(|folder| !STANDARD.iter().any(|standard| folder == Path::new(standard)))
        .collect();
    if !tools.is_empty() {
        env.extend(joined("PATH", tools.into_iter().chain(folders)));
    }

    let cuda = variable("CUDA_PATH").map(PathBuf::from).or_else(|| cuda.is_dir().then(|| cuda.to_owned()));
    if let Some(cuda) = cuda.as_ref().and_then(|cuda| cuda.to_str()) {
        env.insert("CUDA_PATH".to_owned(), cuda.into());
    }
    // Without what `cargo run` adds for its own build.
    let built = program.parent().unwrap_or(program);
    let set = variable("LD_LIBRARY_PATH").unwrap_or_default();
    let set = std::env::split_paths(&set).filter(|folder| !folder.starts_with(built));
    let cuda = cuda.map(|cuda| cuda.join("lib64")).filter(|folder| folder.is_dir());
    env.extend(joined("LD_LIBRARY_PATH", set.chain(cuda).chain(libraries.map(Path::to_owned))));

    for name in ["CARGO_HOME", "RUSTUP_HOME", "PERTURBOOK_DATA", "PERTURBOOK_SHARED"] {
        // The kernel works in another folder than this command.
        let folder = variable(name).and_then(|folder| std::path::absolute(folder).ok());
        if let Some(folder) = folder.as_ref().and_then(|folder| folder.to_str()) {
            env.insert(name.to_owned(), folder.into());
        }
    }
    env
}

/// A search path of the folders, each once; nothing where there are none.
fn joined(name: &str, folders: impl Iterator<Item = PathBuf>) -> Option<(String, Value)> {
    let mut once: Vec<PathBuf> = Vec::new();
    for folder in folders.filter(|folder| !folder.as_os_str().is_empty()) {
        if !once.contains(&folder) {
            once.push(folder);
        }
    }
    let joined = std::env::join_paths(once).ok()?.into_string().ok().filter(|joined| !joined.is_empty())?;
    Some((name.to_owned(), joined.into()))
}

/// Jupyter's data folder of this user.
fn user_data(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(folder) = variable("JUPYTER_DATA_DIR") {
        return std::path::absolute(folder).ok();
    }
    match variable("XDG_DATA_HOME") {
        Some(folder) if cfg!(not(target_os = "macos")) => Some(Path::new(&folder).join("jupyter")),
        _ => home_data(variable),
    }
}

/// The same as long as nothing is set.
fn home_data(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let below = if cfg!(target_os = "macos") { "Library/Jupyter" } else { ".local/share/jupyter" };
    Some(Path::new(&variable("HOME")?).join(below))
}

/// The data folders that Jupyter looks into; `None` without Jupyter.
fn jupyter_data() -> Option<Vec<PathBuf>> {
    let output = Command::new("jupyter").args(["--paths", "--json"]).output().ok()?;
    output.status.success().then(|| data_of(&output.stdout)).flatten()
}

/// The data folders in the answer to `jupyter --paths --json`.
fn data_of(paths: &[u8]) -> Option<Vec<PathBuf>> {
    let paths: Value = serde_json::from_slice(paths).ok()?;
    Some(paths["data"].as_array()?.iter().filter_map(|path| path.as_str().map(PathBuf::from)).collect())
}

fn jupyter_finds(data: &Path, searched: Option<&[PathBuf]>, kernel: &str) -> String {
    match searched {
        Some(searched) if searched.iter().any(|folder| folder == data) => {
            format!("Jupyter finds it there: start `jupyter lab` and choose {kernel}")
        }
        Some(_) => format!("Jupyter does not look there: start it with JUPYTER_PATH={}", data.display()),
        None => "Jupyter is not installed, or not on the PATH: `cargo book lab` says how to get it".to_owned(),
    }
}

fn vscode_finds(data: &Path, variable: &dyn Fn(&str) -> Option<String>, kernel: &str) -> String {
    let shared = ["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from);
    let path = variable("JUPYTER_PATH").unwrap_or_default();
    let searched = std::env::split_paths(&path).chain(home_data(variable)).chain(shared);
    if searched.into_iter().any(|folder| folder == data) {
        return format!("VS Code with its extension Jupyter finds it there: Select Kernel, Jupyter Kernel, {kernel}");
    }
    // DIR/share/jupyter of a Python environment
    match data.ancestors().nth(2).filter(|prefix| prefix.join("bin/python").exists()) {
        Some(prefix) => format!("VS Code finds it there once it knows the Python environment {}", prefix.display()),
        None => format!("VS Code does not look there: start it with JUPYTER_PATH={}", data.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look-up in a fixed environment.
    fn set(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        move |name| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
    }

    fn env(pairs: &[(&str, &str)], cuda: &Path) -> Map<String, Value> {
        environment(&set(pairs), cuda, Path::new("/t/debug/perturbook"), Some(Path::new("/rust/lib")))
    }

    const NO_CUDA: &str = "/no/cuda";

    #[test]
    fn the_kernel_is_started_with_the_connection_file_and_interrupted_by_message() {
        let kernel = kernel_json(Path::new("/bin/perturbook"), "Rust (perturbook)", Map::new()).unwrap();
        assert_eq!(kernel["argv"], json!(["/bin/perturbook", "kernel", "--connection-file", "{connection_file}"]));
        assert_eq!(kernel["interrupt_mode"], "message");
        assert_eq!(kernel["language"], "rust");
        assert_eq!(kernel["metadata"], json!({ "debugger": false }));
    }

    #[test]
    fn rust_outside_the_standard_folders_is_put_in_front() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        for tool in ["cargo", "rustc"] {
            std::fs::write(bin.join(tool), "").unwrap();
        }
        let bin = bin.to_str().unwrap();
        let path = format!("/nothing:{bin}:/usr/bin:{bin}");
        assert_eq!(env(&[("PATH", &path)], Path::new(NO_CUDA))["PATH"], format!("{bin}:/nothing:/usr/bin"));
        assert!(!env(&[("PATH", "/nothing")], Path::new(NO_CUDA)).contains_key("PATH"));
    }

    #[test]
    fn cuda_is_named_where_it_is_set_or_in_its_usual_place() {
        let none = env(&[], Path::new(NO_CUDA));
        assert!(!none.contains_key("CUDA_PATH"));
        assert_eq!(none["LD_LIBRARY_PATH"], "/rust/lib");

        let cuda = tempfile::tempdir().unwrap();
        std::fs::create_dir(cuda.path().join("lib64")).unwrap();
        let place = cuda.path().to_str().unwrap();
        let usual = env(&[], cuda.path());
        assert_eq!(usual["CUDA_PATH"], place);
        assert_eq!(usual["LD_LIBRARY_PATH"], format!("{place}/lib64:/rust/lib"));

        let set = env(&[("CUDA_PATH", "/c"), ("LD_LIBRARY_PATH", "/a::/t/debug/deps:/a:/b")], cuda.path());
        assert_eq!(set["CUDA_PATH"], "/c");
        assert_eq!(set["LD_LIBRARY_PATH"], "/a:/b:/rust/lib");
    }

    #[test]
    fn data_folders_are_passed_on_as_absolute_paths() {
        let env = env(&[("PERTURBOOK_DATA", "data"), ("PERTURBOOK_SHARED", "/s")], Path::new(NO_CUDA));
        assert!(Path::new(env["PERTURBOOK_DATA"].as_str().unwrap()).is_absolute());
        assert_eq!(env["PERTURBOOK_SHARED"], "/s");
    }

    #[test]
    fn the_users_folder_is_jupyters() {
        let of = |pairs: &[(&str, &str)]| user_data(&set(pairs));
        assert_eq!(of(&[("JUPYTER_DATA_DIR", "/j"), ("HOME", "/h")]), Some("/j".into()));
        if cfg!(target_os = "linux") {
            assert_eq!(of(&[("HOME", "/h")]), Some("/h/.local/share/jupyter".into()));
            assert_eq!(of(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]), Some("/x/jupyter".into()));
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn an_earlier_kernel_is_replaced_and_nothing_else_is_left() {
        let data = tempfile::tempdir().unwrap();
        let folder = write(data.path(), NAME).unwrap();
        std::fs::write(folder.join("stale"), "").unwrap();
        assert_eq!(write(data.path(), NAME).unwrap(), folder);
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).unwrap();
            let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&folder), ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]);
        assert_eq!(names(&data.path().join("kernels")), [NAME]);
        assert_eq!(names(data.path()), ["kernels"]);
        let kernel: Value = serde_json::from_slice(&std::fs::read(folder.join("kernel.json")).unwrap()).unwrap();
        assert_eq!(kernel["display_name"], "Rust (perturbook)");
        assert!(Path::new(kernel["argv"][0].as_str().unwrap()).is_file());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = write(&folder.path().join("file"), NAME).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.ends_with("/file/kernels/perturbook"), "{error}");
    }

    #[test]
    fn names_are_those_that_jupyter_takes() {
        for name in ["perturbook", "Rust-2.b_c"] {
            assert_eq!(kernel_name(name).unwrap(), name);
        }
        for name in ["", "a b", "../a", ".hidden", "µ"] {
            assert!(kernel_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn it_is_said_who_finds_the_kernel() {
        let data = Path::new("/h/.local/share/jupyter");
        let searched = data_of(br#"{"data": ["/h/.local/share/jupyter"], "config": []}"#).unwrap();
        assert!(jupyter_finds(data, Some(&searched), "K").contains("finds it there"));
        assert!(jupyter_finds(Path::new("/p"), Some(&searched), "K").ends_with("JUPYTER_PATH=/p"));
        assert!(jupyter_finds(data, None, "K").contains("not installed"));
        assert_eq!(data_of(b"Traceback"), None);

        if cfg!(target_os = "linux") {
            assert!(vscode_finds(data, &set(&[("HOME", "/h")]), "K").contains("finds it there: Select Kernel"));
        }
        assert!(vscode_finds(Path::new("/p"), &set(&[("JUPYTER_PATH", "/o:/p")]), "K").contains("finds it there: "));
        assert!(vscode_finds(Path::new("/p"), &set(&[]), "K").ends_with("JUPYTER_PATH=/p"));
        let python = tempfile::tempdir().unwrap();
        std::fs::create_dir(python.path().join("bin")).unwrap();
        std::fs::write(python.path().join("bin/python"), "").unwrap();
        assert!(vscode_finds(&python.path().join("share/jupyter"), &set(&[]), "K").contains("Python environment"));
    }
}
