//! The command `perturbook data`: which datasets there are, getting and checking them, and what a file is.
//!
//! ```text
//! perturbook data list
//! perturbook data info NAME
//! perturbook data get NAME [--dir FOLDER]
//! perturbook data verify NAME [--dir FOLDER]
//! perturbook data inspect FILE...
//! ```
//!
//! Results go to standard output, progress and errors to standard error; the exit code is 1 when something is wrong.

mod datasets;
mod inspect;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::{Error, Result};

const USAGE: &str = "\
Public datasets, and what files are

usage: perturbook data list                        the datasets there are
       perturbook data info NAME                   one of them: licence, citation, files, what opens it
       perturbook data get NAME [--dir FOLDER]     download it; an interrupted download goes on where it broke off
       perturbook data verify NAME [--dir FOLDER]  compare what is there with the published checksums
       perturbook data inspect FILE...             what a file holds, and which screen it would make

Without --dir, files are kept in the user's cache, where notebooks look for them.
";

/// Runs the command with the arguments behind `perturbook data`; the process's exit code.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    crate::stop::listen();
    let arguments: Vec<String> = arguments.into_iter().collect();
    let mut out = std::io::stdout().lock();
    match run(&arguments, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command and writes its result to `out`; false when something that was looked at is wrong.
///
/// ```
/// let mut out = Vec::new();
/// assert!(perturbook::datasets::command::run(&["info".into(), "relations".into()], &mut out)?);
/// assert!(String::from_utf8_lossy(&out).contains("CC BY-NC 4.0"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the arguments are not those of the command, or what was asked for cannot be done.
pub fn run(arguments: &[String], out: &mut dyn Write) -> Result<bool> {
    let Some((verb, rest)) = arguments.split_first() else {
        return Err(usage("no verb given"));
    };
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (verb.as_str(), &words[..]) {
        ("-h" | "--help" | "help", _) => say(out, USAGE.trim_end()),
        ("list", []) => say(out, &datasets::list()),
        ("info", [name]) => say(out, &datasets::info(name)?),
        ("get", _) => {
            let (name, folder) = name_and_folder(&words)?;
            say(out, &datasets::get(name, &folder)?)
        }
        ("verify", _) => {
            let (name, folder) = name_and_folder(&words)?;
            let (text, right) = datasets::verify(name, &folder)?;
            say(out, &text).map(|_| right)
        }
        ("inspect", [_, ..]) => inspect::inspect(&words, out),
        ("list" | "info" | "inspect", _) => Err(usage(&format!("wrong arguments for {verb}"))),
        (other, _) => Err(usage(&format!("{other:?} is no verb"))),
    }
}

/// `NAME [--dir FOLDER]`, in any order.
fn name_and_folder<'a>(words: &[&'a str]) -> Result<(&'a str, PathBuf)> {
    let (mut name, mut folder) = (None, None);
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--dir" => folder = Some(PathBuf::from(words.next().ok_or_else(|| usage("--dir names no folder"))?)),
            _ if word.starts_with("--dir=") => folder = Some(PathBuf::from(&word["--dir=".len()..])),
            _ if word.starts_with('-') => return Err(usage(&format!("{word:?} is no option"))),
            _ if name.is_none() => name = Some(word),
            _ => return Err(usage("more than one name given")),
        }
    }
    let name = name.ok_or_else(|| usage("no dataset named"))?;
    let cache = || super::Places::from_env().map(|places| places.cache);
    let folder = match folder {
        Some(folder) => folder,
        None => cache()?.ok_or_else(|| usage("there is no cache folder: name one with --dir"))?,
    };
    Ok((name, folder))
}

fn usage(what: &str) -> Error {
    Error::new(what).at("perturbook data").fix(format!("see how it is called:\n\n{USAGE}"))
}

/// Writes lines; true.
fn say(out: &mut dyn Write, text: &str) -> Result<bool> {
    writeln!(out, "{text}").map_err(|e| Error::new(format!("cannot write the result: {e}")).caused_by(e))?;
    Ok(true)
}
