//! Questions to the reader of a notebook.

use std::io::{IsTerminal, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::display::Transport;
use crate::{Error, Result};

/// What the kernel answers when the front end takes no input.
const NO_INPUT: &str = "\u{2}PERTURBOOK no input";

/// Asks the reader and waits for the answer, a line without its end.
///
/// In a notebook the front end shows a field below the cell; in a terminal the prompt is printed.
///
/// # Errors
/// When nobody can answer: the notebook runs headless, or standard input is closed.
pub fn input(prompt: &str) -> Result<String> {
    ask(prompt, "EVCXR_INPUT_REQUEST")
}

/// As [`input`], for a password: the answer is not shown while it is typed.
///
/// # Errors
/// As [`input`]; also in a terminal, which would show it.
pub fn password(prompt: &str) -> Result<String> {
    if Transport::current() == Transport::Terminal {
        return Err(Error::new("a password is asked for only in a notebook")
            .fix("outside of notebooks pass it by an environment variable"));
    }
    ask(prompt, "EVCXR_INPUT_REQUEST_PASSWORD")
}

fn ask(prompt: &str, command: &str) -> Result<String> {
    let nobody = || {
        Error::new(format!("nobody is there to answer {prompt:?}"))
            .fix("run the notebook in JupyterLab or VS Code, or give the value a `parameters` cell and `--set`")
    };
    let mut out = std::io::stdout().lock();
    let asked = match Transport::current() {
        // The protocol splits its line at colons: ours hides the prompt from that.
        Transport::Kernel => writeln!(out, "{command}:\u{2}{}", STANDARD.encode(prompt)),
        Transport::Evcxr => writeln!(out, "{command}:{}", prompt.replace([':', '\n'], " ")),
        Transport::Terminal if std::io::stdin().is_terminal() => write!(out, "{prompt}"),
        Transport::Terminal => Ok(()),
    };
    asked.and_then(|()| out.flush()).map_err(|e| Error::new(format!("cannot ask {prompt:?}: {e}")))?;
    drop(out);
    let mut answer = String::new();
    let read =
        std::io::stdin().read_line(&mut answer).map_err(|e| Error::new(format!("cannot read the answer: {e}")))?;
    let answer = answer.trim_end_matches(['\n', '\r']);
    if read == 0 || answer == NO_INPUT { Err(nobody()) } else { Ok(answer.to_owned()) }
}
