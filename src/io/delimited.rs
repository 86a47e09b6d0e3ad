//! Tables in text files: comma or tab separated, with a header line, plain or gzip compressed.
//!
//! A field may be quoted with `"` (a doubled `""` stands for one quote, separators and line ends inside are kept).
//! Quotes count only at the start of a field, so a comment such as `see "STX12"` needs no escaping. Compression is
//! recognised by the first two bytes, the separator by the file name (`.csv`, `.tsv`, `.tab`, each also with `.gz`)
//! or, for any other name, by whether the first line holds a tab.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::gzip;
use crate::{Error, Result};

/// Fields that a file may hold, each of which needs 50 bytes; larger files may hold so many for each of their bytes.
const FIELDS: u64 = 4 << 20;
const RATIO: u64 = 4;

/// The whole text of a file; gzip is undone where the content starts with its two magic bytes.
///
/// # Errors
/// When the file cannot be read, its compression is damaged, or it is not UTF-8.
pub fn read_text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    gzip::open(path)?.read_to_end(&mut bytes).map_err(|e| gzip::damaged(path, e))?;
    String::from_utf8(bytes).map_err(|e| {
        Error::new(format!("the text is not UTF-8 (byte {})", e.utf8_error().valid_up_to()))
            .at(path.display().to_string())
            .fix("convert the file to UTF-8")
    })
}

/// One line of a table (more than one where a quoted field holds line ends).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line of the file where the record starts, from 1.
    pub line: usize,
    /// As many fields as the table has columns.
    pub fields: Vec<String>,
}

/// A table with named columns, held as text.
///
/// ```
/// use perturbook::io::delimited::Delimited;
///
/// let table = Delimited::parse("pairs.csv", "entity1,entity2\nA,\"B, beta\"\n", ',')?;
/// let second = table.column("entity2")?;
/// assert_eq!(table.records()[0].fields[second], "B, beta");
/// assert_eq!(table.records()[0].line, 2);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Delimited {
    path: PathBuf,
    columns: Vec<String>,
    records: Vec<Record>,
}

impl Delimited {
    /// Reads a file whose first line names the columns.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, or unpacks to far more fields than its size makes likely, a line has more or
    /// fewer fields than the header, or a quote is never closed; the message gives the line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = read_text(path)?;
        let separator = separator_of(path, &text);
        let fields = text.bytes().filter(|&byte| byte == separator as u8 || byte == b'\n').count() as u64;
        let bytes = std::fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
        if fields > FIELDS.max(bytes.saturating_mul(RATIO)) {
            return Err(Error::new(format!("{fields} fields in a file of {bytes} bytes"))
                .at(path.display().to_string())
                .fix("the file is damaged or a compression bomb; compare its size with the original"));
        }
        Self::parse(path, &text, separator)
    }

    /// The same for text that is in memory already; `path` is the name that messages give.
    ///
    /// # Errors
    /// As [`Delimited::read`].
    pub fn parse(path: impl AsRef<Path>, text: &str, separator: char) -> Result<Self> {
        let path = path.as_ref();
        let mut records = split(path, text, separator)?.into_iter();
        let header = records.next().ok_or_else(|| {
            Error::new("the file is empty").at(path.display().to_string()).fix("the first line names the columns")
        })?;
        Self::checked(path, header.fields, records.collect())
    }

    /// Text without a header line, whose columns are named by the caller.
    ///
    /// # Errors
    /// As [`Delimited::read`].
    pub fn parse_headerless(path: impl AsRef<Path>, text: &str, separator: char, columns: &[&str]) -> Result<Self> {
        let path = path.as_ref();
        let columns = columns.iter().map(|&c| c.to_owned()).collect();
        Self::checked(path, columns, split(path, text, separator)?)
    }

    fn checked(path: &Path, mut columns: Vec<String>, records: Vec<Record>) -> Result<Self> {
        if let Some(first) = columns.first_mut() {
            // Tables exported from genome browsers mark their header line with a `#`.
            *first = first.trim_start_matches('#').to_owned();
        }
        if let Some(odd) = records.iter().find(|r| r.fields.len() != columns.len()) {
            return Err(Error::new(format!(
                "{} fields where the table has {} columns",
                odd.fields.len(),
                columns.len()
            ))
            .at(format!("{}, line {}", path.display(), odd.line))
            .fix("check the separator, and quote fields that contain it"));
        }
        Ok(Self { path: path.to_owned(), columns, records })
    }

    /// Position of a column.
    ///
    /// # Errors
    /// When there is no such column; the message lists the columns there are.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.column_any(&[name])
    }

    /// Position of the first of several alternative names that the table has.
    ///
    /// # Errors
    /// When it has none of them; the message lists the columns there are.
    pub fn column_any(&self, names: &[&str]) -> Result<usize> {
        names.iter().find_map(|name| self.columns.iter().position(|column| column == name)).ok_or_else(|| {
            Error::new(format!("no column {}", names.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(" or ")))
                .at(self.path.display().to_string())
                .fix(format!("choose one of the columns there are: {}", self.columns.join(", ")))
        })
    }

    /// True when the table has this column.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// Column names, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The records, in file order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The file the table came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A field as a whole number.
    ///
    /// # Errors
    /// When it is not one; file, line and column are named.
    pub fn integer(&self, record: &Record, column: usize) -> Result<i64> {
        let text = record.fields[column].trim();
        text.parse().map_err(|_| {
            Error::new(format!("{text:?} is not a whole number"))
                .at(format!("{}, line {}, column {:?}", self.path.display(), record.line, self.columns[column]))
                .fix("correct the value or remove the line")
        })
    }
}

/// The separator a file of this name and content uses.
pub(crate) fn separator_of(path: &Path, text: &str) -> char {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    match name.trim_end_matches(".gz").rsplit('.').next() {
        Some("csv") => ',',
        Some("tsv" | "tab") => '\t',
        _ if text.lines().next().is_some_and(|line| line.contains('\t')) => '\t',
        _ => ',',
    }
}

/// Cuts text into records; blank lines are skipped.
fn split(path: &Path, text: &str, separator: char) -> Result<Vec<Record>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    while chars.peek().is_some() {
        let start = line;
        let mut fields = Vec::new();
        loop {
            let mut field = String::new();
            if chars.next_if_eq(&'"').is_some() {
                loop {
                    match chars.next() {
                        Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                        Some('"') => break,
                        Some(c) => {
                            line += usize::from(c == '\n');
                            field.push(c);
                        }
                        None => {
                            return Err(Error::new("a quoted field is never closed")
                                .at(format!("{}, line {start}, field {}", path.display(), fields.len() + 1))
                                .fix("close the quote, or double a quote that belongs to the text"));
                        }
                    }
                }
            }
            while let Some(c) = chars.next_if(|&c| c != separator && c != '\n') {
                field.push(c);
            }
            let last = chars.next() != Some(separator);
            if last && field.ends_with('\r') {
                field.pop();
            }
            fields.push(field);
            if last {
                line += 1;
                break;
            }
        }
        if fields.len() > 1 || !fields[0].trim().is_empty() {
            records.push(Record { line: start, fields });
        }
    }
    Ok(records)
}
