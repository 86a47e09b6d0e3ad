//! Matrix Market files: a sparse matrix as lines of text, row and column counted from 1.
//!
//! ```text
//! %%MatrixMarket matrix coordinate integer general
//! % a comment
//! 507 1107 23866          rows, columns, entries
//! 458 1 3                 row, column, value; no value in a `pattern`, where it is 1
//! ```
//!
//! Source: the format's description at NIST, <https://math.nist.gov/MatrixMarket/formats.html>.

use std::io::{BufRead, Read};

use crate::io::limit;
use crate::live::Bar;
use crate::{Error, Result};

/// Comments of Cell Ranger hold a few hundred characters.
const LONGEST_LINE: u64 = 1 << 16;
/// Entries between two moves of the bar.
const STEP: usize = 1 << 20;

/// Entries in the order of the file, counted from 0.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) row: Vec<u32>,
    pub(super) column: Vec<u32>,
    pub(super) value: Vec<f32>,
}

/// Reads a matrix of the given shape from a file of `bytes` bytes, which may be compressed.
pub(super) fn read(from: impl BufRead, bytes: u64, shape: (usize, usize)) -> Result<Entries> {
    let mut lines = Lines { from, line: Vec::new(), number: 0 };
    let fix = "copy or download the file again";
    if !lines.next()? {
        return Err(Error::new("the file is empty").fix(fix));
    }
    let pattern = check_banner(lines.text()?)?;
    loop {
        if !lines.next()? {
            return Err(Error::new("the file was cut short: it does not say its size").fix(fix));
        }
        if !lines.line.starts_with(b"%") && !lines.blank() {
            break;
        }
    }
    let sizes: Vec<usize> = lines.text()?.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
    let &[rows, columns, stored] = &sizes[..] else {
        return Err(lines.wrong("the size should be three numbers: rows, columns, entries"));
    };
    if (rows, columns) != shape {
        let (features, cells) = shape;
        let turned = if (columns, rows) == shape { "; it is turned around: transpose it" } else { "" };
        return Err(lines.wrong(&format!(
            "the matrix is {rows} x {columns}, but there are {features} features and {cells} barcodes{turned}"
        )));
    }
    if rows.checked_mul(columns).is_some_and(|most| stored > most) {
        return Err(lines.wrong(&format!("{stored} entries in a matrix of {rows} x {columns}")));
    }
    limit::check((stored as u64).saturating_mul(12), bytes)?;
    let mut bar = (stored > 4 * STEP).then(|| Bar::new("entries", Some(stored as u64)));
    let mut entries = Entries::default();
    for entry in 0..stored {
        loop {
            if !lines.next()? {
                return Err(Error::new(format!("the file was cut short: {entry} of {stored} entries")).fix(fix));
            }
            if !lines.blank() {
                break;
            }
        }
        let Some((row, column, value)) = parse(&lines.line, pattern) else {
            return Err(lines.wrong("an entry should be a row, a column and a value"));
        };
        if row == 0 || column == 0 || row as usize > rows || column as usize > columns {
            return Err(lines.wrong(&format!("the entry ({row}, {column}) is outside of {rows} x {columns}, from 1")));
        }
        entries.row.push(row - 1);
        entries.column.push(column - 1);
        entries.value.push(value);
        if let Some(bar) = bar.as_mut().filter(|_| entry % STEP == STEP - 1) {
            if bar.stopped() {
                return Err(Error::new("reading was stopped as asked"));
            }
            bar.advance(STEP as u64);
        }
    }
    while lines.next()? {
        if !lines.blank() {
            return Err(lines.wrong(&format!("there are more than the {stored} entries announced")));
        }
    }
    Ok(entries)
}

/// Whether entries have no value. Matrices that store half of themselves are refused.
fn check_banner(banner: &str) -> Result<bool> {
    let words: Vec<String> = banner.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let no = |what: &str, fix: &str| Err(Error::new(what).at(format!("first line: {banner:?}")).fix(fix));
    match &words[..] {
        ["%%matrixmarket", "matrix", "coordinate", "integer" | "real", "general"] => Ok(false),
        ["%%matrixmarket", "matrix", "coordinate", "pattern", "general"] => Ok(true),
        ["%%matrixmarket", "matrix", "array", ..] => {
            no("the matrix is dense (array), counts are sparse (coordinate)", "write it as a sparse matrix")
        }
        ["%%matrixmarket", "matrix", "coordinate", "complex", _] => {
            no("the matrix holds complex numbers, which are no counts", "keep the real part")
        }
        ["%%matrixmarket", "matrix", "coordinate", _, "symmetric" | "skew-symmetric" | "hermitian"] => no(
            "the matrix is symmetric, so it is not cells x genes: it relates cells to cells or genes to genes",
            "check that this is the file of counts",
        ),
        _ => no("this is not a Matrix Market file of coordinates", "it starts with %%MatrixMarket matrix coordinate"),
    }
}

/// `12 7 3`; the value may be anything Rust reads as a finite number.
fn parse(line: &[u8], pattern: bool) -> Option<(u32, u32, f32)> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (row, column) = (whole(words.next()?)?, whole(words.next()?)?);
    let value = match words.next() {
        None if pattern => 1.0,
        Some(word) if !pattern => match whole(word) {
            Some(number) => number as f32,
            None => std::str::from_utf8(word).ok()?.parse().ok().filter(|value: &f32| value.is_finite())?,
        },
        _ => return None,
    };
    words.next().is_none().then_some((row, column, value))
}

fn whole(word: &[u8]) -> Option<u32> {
    word.iter().try_fold(0u32, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// Lines, none of them longer than is sensible.
struct Lines<R> {
    from: R,
    line: Vec<u8>,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<bool> {
        self.line.clear();
        self.number += 1;
        let got = (&mut self.from).take(LONGEST_LINE).read_until(b'\n', &mut self.line).map_err(|e| {
            Error::new(format!("the file was cut short or is damaged at line {}: {e}", self.number))
                .fix("copy or download the file again")
        })?;
        if got as u64 == LONGEST_LINE {
            return Err(self.wrong("the line is longer than 65,535 characters"));
        }
        Ok(got > 0)
    }

    fn blank(&self) -> bool {
        self.line.iter().all(u8::is_ascii_whitespace)
    }

    fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.line).map(str::trim).map_err(|_| self.wrong("the line is not text"))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::new(format!("{what} (line {})", self.number)).fix("the file is damaged or belongs to another screen")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text.as_bytes(), text.len() as u64, (2, 3)).unwrap_err().to_string()
    }

    #[test]
    fn whole_real_and_pattern_entries_are_read() {
        let text = "%%MatrixMarket matrix coordinate real general\n% note\n\n2 3 2\n1 3 2.5\n 2\t1  1e1 \n\n";
        let entries = read(text.as_bytes(), 80, (2, 3)).unwrap();
        assert_eq!((entries.row, entries.column, entries.value), (vec![0, 1], vec![2, 0], vec![2.5, 10.0]));
        let text = "%%MatrixMarket matrix coordinate pattern general\n2 3 1\n2 3";
        assert_eq!(read(text.as_bytes(), 60, (2, 3)).unwrap().value, [1.0]);
    }

    #[test]
    fn what_is_no_matrix_of_counts_is_refused_with_the_reason() {
        let head = "%%MatrixMarket matrix coordinate integer general\n";
        assert!(error("%%MatrixMarket matrix coordinate integer symmetric\n2 3 0\n").contains("symmetric"));
        assert!(error("%%MatrixMarket matrix array real general\n2 3\n").contains("dense"));
        assert!(error("1 1 1\n").contains("not a Matrix Market file"));
        assert!(error(&format!("{head}2 3 2\n1 1 1\n")).contains("1 of 2 entries"));
        assert!(error(&format!("{head}2 3 1\n0 1 1\n")).contains("outside"));
        assert!(error(&format!("{head}2 3 1\n3 1 1\n")).contains("outside"));
        assert!(error(&format!("{head}2 3 1\n1 1 1\n2 2 2\n")).contains("more than"));
        assert!(error(&format!("{head}2 3 1\n1 1\n")).contains("an entry"));
        assert!(error(&format!("{head}2 3 1\n1 1 nan\n")).contains("an entry"));
        assert!(error(&format!("{head}2 3 1\n4294967297 1 1\n")).contains("an entry"));
        assert!(error(&format!("{head}2 3 7\n")).contains("7 entries"));
        assert!(error(&format!("{head}3 2 1\n1 1 1\n")).contains("transpose"));
    }
}
