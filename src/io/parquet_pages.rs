//! A parquet file's footer and the headers of its pages, looked at before the decoder takes memory for what they claim.
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
/// Structs and lists within each other.
const DEPTH: u32 = 16;

/// Types of Thrift's compact encoding.
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const TEXT: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// The structs of a footer that hold lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    File,
    Group,
    Chunk,
    Column,
    Else,
}

impl Part {
    /// The type that a field must have (the decoder never asks), the type of its items, and what struct is in it.
    fn field(self, number: i64) -> Option<(u8, u8, Self)> {
        let plain = |kind| Some((kind, 0, Self::Else));
        match (self, number) {
            (Self::File, 1) => plain(I32),
            (Self::File, 2) => Some((LIST, STRUCT, Self::Else)),
            (Self::File, 4) => Some((LIST, STRUCT, Self::Group)),
            (Self::File, 5 | 7) | (Self::Group, 4) | (Self::Column, 8 | 13) => Some((LIST, STRUCT, Self::Else)),
            (Self::Group, 1) => Some((LIST, STRUCT, Self::Chunk)),
            (Self::Group, 7) => plain(I16),
            (Self::Chunk, 3) => Some((STRUCT, 0, Self::Column)),
            (Self::Column, 2) => Some((LIST, I32, Self::Else)),
            (Self::Column, 3) => Some((LIST, TEXT, Self::Else)),
            (Self::File, 6 | 9) | (Self::Chunk, 1 | 9) => plain(TEXT),
            (Self::File, 8) | (Self::Chunk, 8) | (Self::Column, 12 | 16 | 17) => plain(STRUCT),
            (Self::Chunk, 5 | 7) | (Self::Column, 1 | 4 | 15) => plain(I32),
            (Self::File, 3) | (Self::Group, 2 | 3 | 5 | 6) => plain(I64),
            (Self::Chunk, 2 | 4 | 6) | (Self::Column, 5..=7 | 9..=11 | 14) => plain(I64),
            _ => None,
        }
    }
}

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

/// Whether a footer can be taken apart, its fields have the types they must have, and no list claims more items than
/// bytes are left.
pub(super) fn is_footer(bytes: &[u8]) -> bool {
    Fields { bytes, left: bytes }.part(Part::File, DEPTH).is_some()
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
            0 if head != 0 => i64::from(self.number()? as i16), // as the decoder cuts it
            more => last + i64::from(more),
        };
        (number <= i64::from(i16::MAX)).then_some((number, head & 15))
    }

    fn header(&mut self) -> Option<Header> {
        let (mut unpacked, mut packed, mut values, mut field) = (None, None, 0, 0);
        loop {
            let (number, kind) = self.field(field)?;
            field = number;
            match (number, kind) {
                (_, 0) => break,
                (2, I32) => unpacked = Some(u64::try_from(self.number()?).ok()?),
                (3, I32) => packed = Some(u64::try_from(self.number()?).ok()?),
                (5 | 8, STRUCT) => values = self.first()?,
                (1 | 4, I32) | (6 | 7, STRUCT) => self.pass(kind, DEPTH)?,
                (1..=8, _) => return None,
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
                (1, I32) => first = u64::try_from(self.number()?).ok()?,
                (1, _) => return None,
                (_, kind) => self.pass(kind, DEPTH)?,
            }
        }
    }

    /// Passes over a struct of the footer.
    fn part(&mut self, part: Part, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut field = 0;
        loop {
            let (number, kind) = self.field(field)?;
            field = number;
            match part.field(number) {
                _ if kind == 0 => return Some(()),
                None => self.pass(kind, depth)?,
                Some((due, ..)) if due != kind => return None,
                Some((STRUCT, _, inner)) => self.part(inner, depth)?,
                Some((LIST, STRUCT, inner)) => {
                    let (count, kind) = self.list()?;
                    (count == 0 || kind == STRUCT).then_some(())?;
                    (0..count).try_for_each(|_| self.part(inner, depth))?;
                }
                Some((LIST, item, _)) => {
                    let (count, kind) = self.list()?;
                    (count == 0 || kind == item).then_some(())?;
                    (0..count).try_for_each(|_| self.pass(kind, depth))?;
                }
                Some(_) => self.pass(kind, depth)?,
            }
        }
    }

    /// Number and type of a list's items.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        (count <= self.left.len() as u64).then_some((count, head & 15))
    }

    /// Passes over a value of this type.
    fn pass(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()), // the type is the value
            3 => self.skip(1),
            I16 | I32 | I64 => self.varint().map(drop),
            7 => self.skip(8),
            TEXT => {
                let length = self.varint()?;
                self.skip(length)
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                // Truth values take a byte in lists, of which parquet has none.
                (count == 0 || kind > 2).then_some(())?;
                (0..count).try_for_each(|_| self.pass(kind, depth))
            }
            STRUCT => {
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

    #[test]
    fn lists_longer_than_the_footer_and_fields_of_a_wrong_type_are_refused() {
        // version 1, a list of one struct whose field 1 is 3, 5 rows, no row groups
        let good = [0x15, 0x02, 0x19, 0x1c, 0x15, 0x06, 0x00, 0x16, 0x0a, 0x19, 0x0c, 0x00];
        assert!(is_footer(&good));
        assert!((0..good.len()).all(|cut| !is_footer(&good[..cut])));
        let changed = |at: usize, value: u8| {
            let mut bytes = good;
            bytes[at] = value;
            is_footer(&bytes)
        };
        assert!(!changed(2, 0x15), "a number where the schema is due");
        assert!(!changed(3, 0xfc), "a list of 21 structs");
        assert!(!is_footer(&[0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 0x00]), "two billion structs");
    }
}
