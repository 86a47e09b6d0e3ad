//! The headers of a parquet file's pages, looked at before the decoder takes memory for what they claim.
//!
//! ```text
//! column chunk  page | page | ...
//! page          header in Thrift's compact encoding | packed bytes
//! header        1: kind, 2: bytes unpacked, 3: bytes packed, 5, 7, 8: a struct per kind, whose field 1 is its number of values
//! ```
//!
//! Source: the format's Thrift definition, <https://github.com/apache/parquet-format>.

use std::ops::Range;

use super::positioned::PositionedFile;
use crate::Result;

/// What a page may unpack to whatever its size, and how many times that beyond: Zstandard packs one value 32,768 times.
const FREE: u64 = 16 << 20;
const RATIO: u64 = 33_000;
/// Bytes of a header, which may quote the smallest and largest text of its page.
const SHORT: u64 = 256;
const LONGEST: u64 = 1 << 20;
/// Structs within structs.
const DEPTH: u32 = 8;

/// What the pages of a column chunk claim together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Claim {
    /// Bytes once unpacked.
    pub(super) bytes: u64,
    /// Values, those of dictionaries left out.
    pub(super) values: u64,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    unpacked: u64,
    packed: u64,
    values: u64,
    length: u64,
}

/// Walks the pages in a range of the file, until they have given so many values.
///
/// # Errors
/// When the range leaves the file, a header is damaged, or a page claims to unpack to more than its bytes can give.
pub(super) fn claim(file: &PositionedFile, range: Range<u64>, values: u64) -> Result<Claim> {
    if range.end < range.start || !file.holds(range.start, range.end - range.start) {
        return Err(file.damaged(format!("a column lies at {} to {}", range.start, range.end)));
    }
    let (mut at, mut claim) = (range.start, Claim::default());
    while at < range.end && claim.values < values {
        let header = read(file, at, range.end)?;
        if header.unpacked > FREE.saturating_add(RATIO.saturating_mul(header.packed)) {
            return Err(
                file.damaged(format!("a page of {} bytes claims to unpack to {}", header.packed, header.unpacked))
            );
        }
        claim.bytes = claim.bytes.saturating_add(header.unpacked);
        claim.values = claim.values.saturating_add(header.values);
        at = at.saturating_add(header.length).saturating_add(header.packed);
    }
    Ok(claim)
}

fn read(file: &PositionedFile, at: u64, end: u64) -> Result<Header> {
    for most in [SHORT, LONGEST] {
        let bytes = file.bytes(at, most.min(end - at))?;
        let mut fields = Fields { bytes: &bytes, left: &bytes };
        if let Some(header) = fields.header() {
            return Ok(header);
        }
    }
    Err(file.damaged(format!("the header of the page at {at} cannot be taken apart")))
}

/// Thrift's compact encoding, as far as headers need it.
struct Fields<'a> {
    bytes: &'a [u8],
    left: &'a [u8],
}

impl Fields<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(first)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.left = self.left.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number that may be negative, as all are stored.
    fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The next field's number and type; 0 is the end of a struct.
    fn field(&mut self, last: i64) -> Option<(i64, u8)> {
        let head = self.byte()?;
        let number = match head >> 4 {
            0 if head != 0 => self.number()?,
            more => last.checked_add(i64::from(more))?,
        };
        Some((number, head & 15))
    }

    fn header(&mut self) -> Option<Header> {
        let (mut unpacked, mut packed, mut values, mut field) = (None, None, 0, 0);
        loop {
            let (number, kind) = self.field(field)?;
            field = number;
            match (number, kind) {
                (_, 0) => break,
                (2, 5) => unpacked = Some(u64::try_from(self.number()?).ok()?),
                (3, 5) => packed = Some(u64::try_from(self.number()?).ok()?),
                (5 | 8, 12) => values = self.first()?,
                (_, kind) => self.pass(kind, DEPTH)?,
            }
        }
        let length = (self.bytes.len() - self.left.len()) as u64;
        Some(Header { unpacked: unpacked?, packed: packed?, values, length })
    }

    /// Field 1 of a struct.
    fn first(&mut self) -> Option<u64> {
        let (mut first, mut field) = (0, 0);
        loop {
            let (number, kind) = self.field(field)?;
            field = number;
            match (number, kind) {
                (_, 0) => return Some(first),
                (1, 5) => first = u64::try_from(self.number()?).ok()?,
                (_, kind) => self.pass(kind, DEPTH)?,
            }
        }
    }

    /// Passes over a value of this type.
    fn pass(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()), // the type is the value
            3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                // Truth values in lists take a byte, too.
                let kind = if matches!(head & 15, 1 | 2) { 3 } else { head & 15 };
                (0..count).try_for_each(|_| self.pass(kind, depth))
            }
            12 => {
                let mut field = 0;
                loop {
                    let (number, kind) = self.field(field)?;
                    field = number;
                    if kind == 0 {
                        return Some(());
                    }
                    self.pass(kind, depth)?;
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_taken_apart_and_what_is_not_needed_passed_over() {
        // kind 0, 300 bytes unpacked, 40 packed, checksum, a struct whose field 1 is 7 and which holds a text and a list
        let bytes = [
            0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0x50, 0x15, 0x02, 0x1c, 0x15, 0x0e, 0x18, 0x02, b'a', b'b', 0x19, 0x25,
            0x02, 0x04, 0x00, 0x00, 0xff,
        ];
        let header = Fields { bytes: &bytes, left: &bytes }.header().unwrap();
        assert_eq!((header.unpacked, header.packed, header.values, header.length), (300, 40, 7, 22));
        for cut in 0..22 {
            assert!(Fields { bytes: &bytes[..cut], left: &bytes[..cut] }.header().is_none());
        }
    }
}
