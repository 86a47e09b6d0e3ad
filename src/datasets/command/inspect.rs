//! `inspect`: what files hold.

use std::io::Write;

use super::say;
use crate::Result;
use crate::display::Show;
use crate::io;

/// Writes what each file is, or why it cannot be read; false when one cannot.
pub(super) fn inspect(files: &[&str], out: &mut dyn Write) -> Result<bool> {
    let mut readable = true;
    for (i, file) in files.iter().enumerate() {
        if i > 0 {
            say(out, "")?;
        }
        match io::inspect(file) {
            Ok(inspection) => {
                let bundle = inspection.bundle();
                say(out, bundle.get("text/plain").and_then(|text| text.as_str()).unwrap_or_default())?;
            }
            Err(error) => {
                readable = false;
                out.flush().ok();
                eprintln!("error: {file}: {error}");
            }
        }
    }
    Ok(readable)
}
