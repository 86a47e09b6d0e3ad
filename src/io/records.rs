//! Records of a delimited text file, one after the other, in memory that does not grow with the file.
//!
//! The rules are those of [`Delimited`](super::delimited::Delimited): a field that starts with `"` ends at the next single
//! `"`, and a doubled one within stands for one quote; blank lines are skipped; a byte order mark and the `\r` of line
//! ends from Windows are dropped.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::delimited::separator_of;
use super::gzip;
use crate::{Error, Result};

/// Bytes of the longest record.
const LONGEST: usize = 16 << 20;
/// Fields of the widest record.
const WIDEST: usize = 1 << 17;

/// A file that is read record by record.
pub(crate) struct Records {
    reader: Box<dyn BufRead>,
    path: PathBuf,
    separator: u8,
    /// The line at which the reader stands, from 1.
    at: usize,
    /// The line at which the current record starts.
    line: usize,
    /// The fields of the current record behind each other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the start of a field.
    Start,
    /// Within a field.
    Plain,
    /// Within quotes.
    Quoted,
    /// Behind a quote that ends the quoted text, or is the first of two.
    Closing,
}

impl Records {
    /// Opens a file, compressed or not; the separator follows from name and first line.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut reader = gzip::open(path)?;
        let start = reader.fill_buf().map_err(|e| gzip::damaged(path, e))?;
        let bom = start.starts_with(b"\xef\xbb\xbf");
        let separator = separator_of(path, &String::from_utf8_lossy(start)) as u8;
        if bom {
            reader.consume(3);
        }
        let (text, ends) = (Vec::new(), Vec::new());
        Ok(Self { reader, path: path.to_owned(), separator, at: 1, line: 1, text, ends })
    }

    /// Goes to the next record that is not blank; false at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read, a quote is never closed, or a record is longer than 16 MB or wider than 131,072
    /// fields.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        loop {
            self.text.clear();
            self.ends.clear();
            self.line = self.at;
            if !self.read_record()? {
                return Ok(false);
            }
            if self.ends.len() > 1 || !self.text.iter().all(u8::is_ascii_whitespace) {
                return Ok(true);
            }
        }
    }

    fn read_record(&mut self) -> Result<bool> {
        let Self { reader, path, separator, at, line, text, ends } = self;
        let mut state = State::Start;
        let mut any = false;
        loop {
            let block = reader.fill_buf().map_err(|e| gzip::damaged(path, e))?;
            let mut over = block.is_empty();
            if over && state == State::Quoted {
                return Err(Error::new("a quoted field is never closed")
                    .at(format!("{}, line {line}, field {}", path.display(), ends.len() + 1))
                    .fix("close the quote, or double a quote that belongs to the text"));
            }
            if over && !any {
                return Ok(false);
            }
            any = true;
            let mut used = 0;
            for &byte in block {
                used += 1;
                match (state, byte) {
                    (State::Start, b'"') => state = State::Quoted,
                    (State::Quoted, b'"') => state = State::Closing,
                    (State::Closing, b'"') => {
                        text.push(b'"');
                        state = State::Quoted;
                    }
                    (State::Quoted, byte) => {
                        *at += usize::from(byte == b'\n');
                        text.push(byte);
                    }
                    (_, byte) if byte == *separator => {
                        ends.push(text.len());
                        state = State::Start;
                    }
                    (_, b'\n') => {
                        *at += 1;
                        over = true;
                        break;
                    }
                    (_, byte) => {
                        text.push(byte);
                        state = State::Plain;
                    }
                }
            }
            reader.consume(used);
            if ends.len() > WIDEST {
                return Err(Error::new(format!("a line has more than {WIDEST} fields: this is no table"))
                    .at(format!("{}, line {line}", path.display()))
                    .fix("check the separator; tables wider than this belong into parquet"));
            }
            if text.len() + ends.len() > LONGEST {
                return Err(Error::new("a line is longer than 16 MB: this is no table")
                    .at(format!("{}, line {line}", path.display()))
                    .fix("check what the file holds, and that its quotes are closed"));
            }
            if over {
                if text.last() == Some(&b'\r') && text.len() > ends.last().copied().unwrap_or(0) {
                    text.pop();
                }
                ends.push(text.len());
                return Ok(true);
            }
        }
    }

    /// The number of fields of the record.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The line at which the record starts, from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// A field as it stands.
    pub(crate) fn bytes(&self, field: usize) -> &[u8] {
        let start = if field == 0 { 0 } else { self.ends[field - 1] };
        &self.text[start..self.ends[field]]
    }

    /// A field as text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(crate) fn field(&self, field: usize) -> Result<&str> {
        std::str::from_utf8(self.bytes(field)).map_err(|e| {
            Error::new("the text is not UTF-8")
                .at(format!("{}, line {}, field {}", self.path.display(), self.line, field + 1))
                .fix("save the table as UTF-8")
                .caused_by(e)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn all(name: &str, content: &[u8]) -> Result<Vec<Vec<String>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let mut records = Records::open(&path)?;
        let mut all = Vec::new();
        while records.advance()? {
            all.push((0..records.len()).map(|i| records.field(i).map(str::to_owned)).collect::<Result<_>>()?);
        }
        Ok(all)
    }

    #[test]
    fn the_rules_are_those_of_delimited_tables() {
        let text = "\u{feff}a,b\r\n\r\n\"x, \"\"y\"\"\",\"two\nlines\"\nsee \"Z\",\n,last";
        let streamed = all("t.csv", text.as_bytes()).unwrap();
        let parsed = super::super::delimited::Delimited::parse("t.csv", text, ',').unwrap();
        let whole: Vec<Vec<String>> = parsed.records().iter().map(|record| record.fields.clone()).collect();
        assert_eq!(streamed[0], parsed.columns());
        assert_eq!(streamed[1..], whole);
        assert_eq!(streamed[1], ["x, \"y\"", "two\nlines"]);
    }

    #[test]
    fn unclosed_quotes_and_bytes_that_are_no_text_are_named_with_their_line() {
        let error = all("t.csv", b"a,b\n1,\"2\n3").unwrap_err().to_string();
        assert!(error.contains("never closed") && error.contains("line 2, field 2"), "{error}");
        let error = all("t.csv", b"a\n\xff\xfe\n").unwrap_err().to_string();
        assert!(error.contains("not UTF-8") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let error = all("t.csv", &vec![b'x'; LONGEST + (1 << 20)]).unwrap_err().to_string();
        assert!(error.contains("longer than 16 MB"), "{error}");
    }
}
