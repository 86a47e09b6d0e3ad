//! Arrays of text: entries of one fixed length, or of a length of their own in a heap of the file.

use hdf5_pure::{Datatype, StringPadding};
use rayon::prelude::*;

use super::{Array, FIX, Kind, guard};
use crate::io::limit;
use crate::{Error, Result};

/// Entries of the heap that are resolved together; the library searches its blocks one after the other.
const TOGETHER: u64 = 1024;

impl Array {
    /// All texts; missing ones are empty.
    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        self.readable()?;
        let bytes = self.entries()?.saturating_mul(self.entry_bytes.max(size_of::<String>() as u64));
        limit::check(bytes, self.origin.bytes).map_err(|e| e.at(self.place()))?;
        match self.kind() {
            Kind::Text { fixed: Some(_) } => self.fixed(),
            Kind::Text { fixed: None } => self.heap(),
            other => Err(Error::new(format!("text was expected, but the array holds {}", other.name()))
                .at(self.place())
                .fix("convert the array in Python before saving, for example with .astype(str)")),
        }
    }

    fn fixed(&self) -> Result<Vec<String>> {
        let (raw, datatype) = guard(&self.place(), || Ok((self.dataset.read_raw()?, self.dataset.datatype()?)))?;
        let Datatype::String { size, padding, .. } = datatype else { return Ok(Vec::new()) };
        raw.chunks_exact((size as usize).max(1))
            .enumerate()
            .map(|(entry, bytes)| {
                std::str::from_utf8(trimmed(bytes, &padding)).map(str::to_owned).map_err(|_| self.not_text(entry))
            })
            .collect()
    }

    fn heap(&self) -> Result<Vec<String>> {
        let place = self.place();
        if self.entries()? == 0 {
            return Ok(Vec::new()); // of however many rows
        }
        // Every text stands in the file once, so that together they cannot be longer than it is.
        let length = guard(&place, || self.dataset.vlen_string_payload_size())?;
        if length > self.origin.bytes {
            return Err(Error::new(format!("the texts claim {length} bytes in a file of {}", self.origin.bytes))
                .at(place)
                .fix(FIX));
        }
        let rows = self.shape().first().copied().unwrap_or(1);
        let parts: Vec<Vec<String>> = self
            .windows(0..rows, TOGETHER)
            .into_par_iter()
            .map(|window| guard(&place, || self.dataset.read_string_rows(window.start, window.end - window.start)))
            .collect::<Result<_>>()?;
        let texts: Vec<String> = parts.into_iter().flatten().collect();
        match texts.iter().position(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
            Some(entry) => Err(self.not_text(entry)),
            None => Ok(texts),
        }
    }

    fn not_text(&self, entry: usize) -> Error {
        Error::new("a text is not valid UTF-8")
            .at(format!("{}, entry {entry}", self.place()))
            .fix("decode the column in Python before saving, for example with .str.decode(\"latin-1\")")
    }
}

/// Without the padding that fills an entry up.
pub(super) fn trimmed<'a>(bytes: &'a [u8], padding: &StringPadding) -> &'a [u8] {
    let end = match padding {
        StringPadding::NullTerminate => bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len()),
        StringPadding::NullPad => bytes.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1),
        StringPadding::SpacePad => bytes.iter().rposition(|&b| b != 0 && b != b' ').map_or(0, |last| last + 1),
    };
    &bytes[..end]
}
