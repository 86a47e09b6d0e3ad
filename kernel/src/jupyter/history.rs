//! Input history, kept from kernel to kernel: the answer to Jupyter's `history_request`.
//!
//! The file holds one JSON object a line: `{"session": 3, "line": 7, "source": "..."}`. Kernels share it. A lock on
//! the file `history.jsonl.lock` beside it orders their writes, and a kernel takes its session number under that lock
//! with its first input, so that no two kernels count as one session and a kernel without input counts as none.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::notebook::write_whole;

/// More entries than this are cut off, the oldest first, when a kernel starts.
const MOST: usize = 10_000;

/// Cells may hold passwords: nobody else reads them.
const PRIVATE: u32 = 0o600;

/// What Jupyter is told of an input: session, line (the execution count), source.
pub type Input = (usize, usize, String);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    session: usize,
    line: usize,
    source: String,
}

impl Entry {
    fn input(&self) -> Input {
        (self.session, self.line, self.source.clone())
    }
}

/// The inputs of this kernel and of those before it.
#[derive(Debug, Default)]
pub struct History {
    path: Option<PathBuf>,
    /// Oldest first.
    entries: Vec<Entry>,
    /// This kernel's session, once it has an input.
    session: Option<usize>,
}

impl History {
    /// The history in the file at `path`, which need not exist; without a path one that ends with the kernel.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or is too long and cannot be shortened.
    pub fn open(path: Option<PathBuf>) -> Result<Self> {
        let mut history = Self { path, ..Self::default() };
        let Some(path) = &history.path else { return Ok(history) };
        history.entries = read(path)?;
        if history.entries.len() > MOST {
            let _lock = lock(path)?;
            // Again, now that nobody adds to it.
            history.entries = read(path)?;
            history.entries.drain(..history.entries.len().saturating_sub(MOST));
            let lines = history.entries.iter().map(json_line).collect::<Result<Vec<_>>>()?;
            write_whole(path, lines.concat().as_bytes())?;
            std::fs::set_permissions(path, Permissions::from_mode(PRIVATE))?;
        }
        Ok(history)
    }

    /// Adds an input with its execution count. White space alone is no input.
    ///
    /// # Errors
    /// When the file cannot be written. This kernel remembers the input all the same.
    pub fn add(&mut self, line: usize, source: &str) -> Result<()> {
        if source.trim().is_empty() {
            return Ok(());
        }
        let Some(path) = self.path.clone() else {
            self.remember(line, source);
            return Ok(());
        };
        let locked = lock(&path);
        if self.session.is_none()
            && let Ok(entries) = read(&path)
        {
            // What other kernels added since this one started: their sessions are taken.
            self.entries = entries;
        }
        let entry = self.remember(line, source).clone();
        let _lock = locked?;
        append(&path, &json_line(&entry)?)
    }

    fn remember(&mut self, line: usize, source: &str) -> &Entry {
        let session = self.current();
        self.session = Some(session);
        self.entries.push(Entry { session, line, source: source.to_owned() });
        &self.entries[self.entries.len() - 1]
    }

    /// The number of this kernel's session, or the one it would get now.
    fn current(&self) -> usize {
        let last = self.entries.iter().map(|entry| entry.session).max().unwrap_or(0);
        self.session.unwrap_or(last.saturating_add(1))
    }

    /// The last `n` inputs, of whatever session.
    pub fn tail(&self, n: usize) -> Vec<Input> {
        self.entries[self.entries.len().saturating_sub(n)..].iter().map(Entry::input).collect()
    }

    /// The inputs of one session from line `start` up to, without, line `stop`, or to the session's end.
    ///
    /// A positive `session` is a session's number, 0 is this kernel's, and -1, -2, ... are those before it.
    pub fn range(&self, session: i64, start: usize, stop: Option<usize>) -> Vec<Input> {
        let number = match usize::try_from(session) {
            Ok(0) => Some(self.current()),
            Ok(number) => Some(number),
            Err(_) => usize::try_from(session.unsigned_abs()).ok().and_then(|back| self.current().checked_sub(back)),
        };
        let within = |entry: &&Entry| {
            Some(entry.session) == number && entry.line >= start && stop.is_none_or(|stop| entry.line < stop)
        };
        self.entries.iter().filter(within).map(Entry::input).collect()
    }

    /// The last `n` inputs, or all, that match the whole of `pattern`, in which `*` stands for any text and `?` for
    /// one character. With `unique`, of equal inputs only the last.
    pub fn search(&self, pattern: &str, n: Option<usize>, unique: bool) -> Vec<Input> {
        let pattern: Vec<char> = pattern.chars().collect();
        let mut seen = std::collections::HashSet::new();
        let mut found: Vec<Input> = self
            .entries
            .iter()
            .rev()
            .filter(|entry| matches(&pattern, &entry.source))
            .filter(|entry| !unique || seen.insert(&entry.source))
            .take(n.unwrap_or(usize::MAX))
            .map(Entry::input)
            .collect();
        found.reverse();
        found
    }
}

/// Where the user's history lies: `perturbook/history.jsonl` in `$XDG_DATA_HOME` or `~/.local/share`.
pub fn default_path() -> Option<PathBuf> {
    path_in(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
}

fn path_in(data: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    // A relative path here is to be ignored, says the XDG specification.
    let data = data.map(PathBuf::from).filter(|data| data.is_absolute());
    let home = home.map(PathBuf::from).filter(|home| home.is_absolute());
    Some(data.or_else(|| Some(home?.join(".local/share")))?.join("perturbook/history.jsonl"))
}

/// Holds back other kernels until it is dropped.
fn lock(path: &Path) -> Result<File> {
    let path = path.with_added_extension("lock");
    let open = || -> std::io::Result<File> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(&path)?;
        match file.lock() {
            // Some network file systems have no locks. A line is one write, which is good enough there.
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            _ => Ok(file),
        }
    };
    open().with_context(|| format!("cannot lock {}", path.display()))
}

/// The entries of a file, without the lines that are none; nothing where there is no file.
fn read(path: &Path) -> Result<Vec<Entry>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    Ok(bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

fn json_line(entry: &Entry) -> Result<String> {
    Ok(serde_json::to_string(entry)? + "\n")
}

/// One write at the end of the file, on a line of its own even where the last one was cut off.
fn append(path: &Path, line: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(PRIVATE).open(path)?;
        let mut last = [b'\n'];
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let start = if last == [b'\n'] { "" } else { "\n" };
        file.write_all(format!("{start}{line}").as_bytes())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Whether the whole text matches a pattern of `*`, `?` and characters that stand for themselves.
fn matches(pattern: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Behind the last `*`, and where the text that it takes ends so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                // The last `*` takes one character more.
                let Some((behind, end)) = star else { return false };
                p = behind;
                t = end + 1;
                star = Some((behind, t));
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/history.jsonl");
        (folder, path)
    }

    fn with(inputs: &[&str]) -> History {
        let mut history = History::open(None).unwrap();
        for (number, source) in inputs.iter().enumerate() {
            history.add(number + 1, source).unwrap();
        }
        history
    }

    fn sources(inputs: Vec<Input>) -> Vec<String> {
        inputs.into_iter().map(|(_, _, source)| source).collect()
    }

    #[test]
    fn a_later_kernel_finds_what_earlier_ones_added() {
        let (_folder, path) = file();
        for session in 1..=3 {
            let mut history = History::open(Some(path.clone())).unwrap();
            history.add(1, &format!("let s = {session};")).unwrap();
            history.add(2, "two\nlines").unwrap();
            history.add(3, "  \n").unwrap();
        }
        let history = History::open(Some(path)).unwrap();
        assert_eq!(history.tail(2), [(3, 1, "let s = 3;".to_owned()), (3, 2, "two\nlines".to_owned())]);
        assert_eq!(history.tail(100).len(), 6);
        assert_eq!(history.range(-1, 1, Some(2)), [(3, 1, "let s = 3;".to_owned())]);
        assert_eq!(history.range(-3, 0, None).len(), 2);
        assert_eq!(history.range(2, 2, None), [(2, 2, "two\nlines".to_owned())]);
        assert_eq!(history.range(0, 0, None), []);
        assert_eq!(history.range(-4, 0, None), []);
        assert_eq!(history.range(i64::MIN, 0, None), []);
    }

    #[test]
    fn this_session_is_number_0() {
        let history = with(&["a", "b", "c"]);
        assert_eq!(sources(history.range(0, 2, None)), ["b", "c"]);
        assert_eq!(sources(history.range(0, 1, Some(3))), ["a", "b"]);
        assert_eq!(history.range(-1, 0, None), []);
    }

    #[test]
    fn kernels_that_run_at_once_are_two_sessions() {
        let (_folder, path) = file();
        let mut one = History::open(Some(path.clone())).unwrap();
        let mut two = History::open(Some(path.clone())).unwrap();
        one.add(1, "a").unwrap();
        two.add(1, "b").unwrap();
        one.add(2, "c").unwrap();
        let all = History::open(Some(path)).unwrap().tail(9);
        assert_eq!(all, [(1, 1, "a".to_owned()), (2, 1, "b".to_owned()), (1, 2, "c".to_owned())]);
        assert_eq!(sources(one.range(0, 0, None)), ["a", "c"]);
        assert_eq!(sources(two.range(-1, 0, None)), ["a"]);
    }

    #[test]
    fn no_line_is_lost_or_torn_when_many_write() {
        let (_folder, path) = file();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut history = History::open(Some(path.clone())).unwrap();
                    for line in 1..=50 {
                        history.add(line, &"x".repeat(5_000)).unwrap();
                    }
                });
            }
        });
        let history = History::open(Some(path.clone())).unwrap();
        assert_eq!(history.tail(usize::MAX).len(), 200);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 200);
        for session in 1..=4 {
            assert_eq!(history.range(session, 0, None).len(), 50);
        }
    }

    #[test]
    fn unreadable_lines_are_skipped_and_a_torn_one_spoils_nothing() {
        let (_folder, path) = file();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let good = r#"{"session":7,"line":1,"source":"kept"}"#;
        std::fs::write(&path, [b"\xff\xfe\nnot json\n[1]\n", good.as_bytes(), b"\n{\"session\":8,\"li"].concat())
            .unwrap();
        let mut history = History::open(Some(path.clone())).unwrap();
        assert_eq!(sources(history.tail(9)), ["kept"]);
        history.add(1, "new").unwrap();
        let again = History::open(Some(path)).unwrap();
        assert_eq!(again.tail(9), [(7, 1, "kept".to_owned()), (8, 1, "new".to_owned())]);
    }

    #[test]
    fn a_long_file_is_cut_to_its_end() {
        let (_folder, path) = file();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lines: Vec<_> =
            (0..MOST + 5).map(|line| format!("{{\"session\":1,\"line\":{line},\"source\":\"s\"}}\n")).collect();
        std::fs::write(&path, lines.concat()).unwrap();
        let history = History::open(Some(path.clone())).unwrap();
        assert_eq!(history.tail(usize::MAX).len(), MOST);
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written.lines().count(), MOST);
        assert_eq!(written.lines().next(), Some("{\"session\":1,\"line\":5,\"source\":\"s\"}"));
    }

    #[test]
    fn what_cannot_be_written_is_still_remembered() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let mut history = History::open(None).unwrap();
        history.path = Some(folder.path().join("file/history.jsonl"));
        assert!(history.add(1, "a").unwrap_err().to_string().contains("cannot lock"));
        assert!(history.add(2, "b").is_err());
        assert_eq!(sources(history.range(0, 0, None)), ["a", "b"]);
    }

    #[test]
    fn search_is_chronological_and_takes_the_last() {
        let history = with(&["let a", "let b", "fn f", "let a"]);
        assert_eq!(sources(history.search("let*", None, false)), ["let a", "let b", "let a"]);
        assert_eq!(sources(history.search("let*", Some(2), false)), ["let b", "let a"]);
        assert_eq!(history.search("let*", None, true), [(1, 2, "let b".to_owned()), (1, 4, "let a".to_owned())]);
        assert_eq!(sources(history.search("let*", Some(1), true)), ["let a"]);
        assert_eq!(history.search("let", None, false), []);
    }

    #[test]
    fn patterns_match_whole_texts() {
        let matches = |pattern: &str, text| matches(&pattern.chars().collect::<Vec<_>>(), text);
        for (pattern, text) in
            [("*", ""), ("*", "a\nb"), ("a?c", "aµc"), ("*b*", "abc"), ("a*a*b", "aaab"), ("", ""), ("**c", "abc")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("b*", "ab"), ("?", ""), ("a?c", "ac"), ("*ab", "abc"), ("[a]", "a")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn the_file_lies_in_the_users_data_folder() {
        let path = |data: Option<&str>, home: Option<&str>| path_in(data.map(Into::into), home.map(Into::into));
        let at_home = Some(PathBuf::from("/h/.local/share/perturbook/history.jsonl"));
        assert_eq!(path(None, Some("/h")), at_home);
        assert_eq!(path(Some("relative"), Some("/h")), at_home);
        assert_eq!(path(Some("/d"), Some("/h")), Some(PathBuf::from("/d/perturbook/history.jsonl")));
        assert_eq!(path(None, None), None);
    }
}
