//! What the peer (`images_peer.py`) measured on the same files in the same run.

use std::path::Path;
use std::process::Command;

/// Seconds by name; empty where the peer cannot run.
pub struct Peer(Vec<(String, f64)>);

impl Peer {
    /// Runs the peer, which writes its files into `folder`.
    pub fn run(folder: &Path, numbers: &[usize]) -> Self {
        let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/images_peer.py");
        let numbers = numbers.iter().map(|n| n.to_string());
        let Ok(output) = Command::new(python).arg(script).arg(folder).args(numbers).output() else {
            return Self(Vec::new());
        };
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            eprintln!("the peer did not run to its end: {}", errors.lines().last().unwrap_or_default());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.rsplit_once('\t'));
        Self(lines.filter_map(|(name, seconds)| Some((name.to_owned(), seconds.parse().ok()?))).collect())
    }

    /// The seconds under a name.
    pub fn seconds(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, seconds)| *seconds)
    }

    /// Names that begin so, without that beginning.
    pub fn names(&self, start: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |(name, _)| name.strip_prefix(start))
    }
}

/// Two columns, what the peer needs or does and how many times faster we are; dashes where it did not run.
pub fn beside(theirs: Option<(String, f64)>) -> String {
    theirs.map_or_else(|| format!("{:>10} {:>5}", "-", "-"), |(what, ratio)| format!("{what:>10} {ratio:>5.1}"))
}
