//! The file of an image store: header, records, groups.
//!
//! ```text
//! 0        "PBCELLS\0", version u32, storage u32, channels, height, width u32, 0 u32, cells u64,
//!          start of the records u64, start of the groups u64, length of the groups u64, stamp of the table's file u64,
//!          per channel: scale f32, offset f32, length of the name u16, name; padded to 4096 bytes, single floats to 4112
//! records  cells * record bytes: channels x height x width in C order, little-endian
//! groups   names of the batch columns, of the perturbation column, of the batches, of the perturbations (each list: u32, then
//!          u32 and bytes per name), number of groups u64, per group: batch u32, perturbation u32, first cell u64, cells u64
//! end      the first 8 bytes of the SHA-256 of header and groups
//! ```
//!
//! Groups are sorted by batch and perturbation and tile the cells without gaps, so the whole index is 24 bytes per group and
//! nothing per cell.

use sha2::{Digest, Sha256};

use super::layout::{StoreLayout, record_bytes};
use super::storage::{Scale, Storage};
use crate::Result;
use crate::io::positioned::PositionedFile;

pub(crate) const MARK: &[u8; 8] = b"PBCELLS\0";
const VERSION: u32 = 1;
/// Bytes of the header before the channels.
const FIXED: usize = 72;
/// Headers are padded to this.
const PAGE: usize = 4096;
/// Single floats, which are read straight into arrays, start where large arrays do: see [`aligned`](crate::io::aligned).
const SINGLES: usize = 16;
/// Longest header and longest list of groups that are believed.
const LONGEST: u64 = 1 << 30;

/// The cells of one perturbation in one batch: `cells` rows from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) batch: u32,
    pub(super) perturbation: u32,
    pub(super) first: u64,
    pub(super) cells: u64,
}

/// Everything a store's file says beside its pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    pub(super) layout: StoreLayout,
    pub(super) cells: u64,
    pub(super) table_stamp: u64,
    pub(super) batches: Vec<String>,
    pub(super) perturbations: Vec<String>,
    pub(super) spans: Vec<Span>,
}

impl Format {
    /// Where the records of a new store start: after the padded header.
    pub(super) fn data_start(layout: &StoreLayout) -> u64 {
        let names: usize = layout.channels.iter().map(|name| 10 + name.len()).sum();
        let within = if layout.storage == Storage::F32 { SINGLES } else { 0 };
        ((FIXED + names).next_multiple_of(PAGE) + within) as u64
    }

    /// The header and, to be written after the records, the groups with the checksum.
    pub(super) fn to_bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let mut groups = Vec::new();
        names_to(&mut groups, &self.layout.batch);
        names_to(&mut groups, std::slice::from_ref(&self.layout.perturbation));
        names_to(&mut groups, &self.batches);
        names_to(&mut groups, &self.perturbations);
        groups.extend((self.spans.len() as u64).to_le_bytes());
        for span in &self.spans {
            groups.extend(span.batch.to_le_bytes());
            groups.extend(span.perturbation.to_le_bytes());
            groups.extend(span.first.to_le_bytes());
            groups.extend(span.cells.to_le_bytes());
        }
        let start = Self::data_start(&self.layout);
        let (channels, height, width) = self.layout.shape;
        let mut header = MARK.to_vec();
        for number in [VERSION, self.layout.storage.code(), channels as u32, height as u32, width as u32, 0] {
            header.extend(number.to_le_bytes());
        }
        let end = start + self.cells * self.layout.record_bytes() as u64;
        for number in [self.cells, start, end, groups.len() as u64, self.table_stamp] {
            header.extend(number.to_le_bytes());
        }
        for (scale, name) in self.layout.scales.iter().zip(&self.layout.channels) {
            header.extend(scale.scale.to_le_bytes());
            header.extend(scale.offset.to_le_bytes());
            header.extend((name.len() as u16).to_le_bytes());
            header.extend(name.as_bytes());
        }
        header.resize(start as usize, 0);
        let sum = checksum(&header, &groups);
        groups.extend(sum);
        (header, groups)
    }

    /// Reads and checks header and groups, and says where the records start.
    pub(super) fn read(file: &PositionedFile) -> Result<(Self, u64)> {
        let fixed = file.start(FIXED as u64)?;
        if !fixed.starts_with(MARK) {
            return Err(file
                .error("this is not an image store: it does not start with the mark PBCELLS")
                .fix("give the path under which StoreWriter wrote it"));
        }
        let mut fields = Reader { bytes: &fixed[MARK.len()..], file };
        let version = fields.u32()?;
        if version != VERSION {
            return Err(file
                .error(format!("this image store has version {version}, and {VERSION} is read here"))
                .fix("read it with the perturbook that wrote it, or a newer one"));
        }
        let storage = fields.u32()?;
        let storage =
            Storage::from_code(storage).ok_or_else(|| file.damaged(format!("its numbers are of kind {storage}")))?;
        let shape = (fields.u32()? as usize, fields.u32()? as usize, fields.u32()? as usize);
        fields.u32()?;
        let [cells, start, end, groups, table_stamp] =
            [fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?];
        let record = record_bytes(shape, storage).filter(|&bytes| bytes > 0 && bytes <= 1 << 30 && shape.0 <= 4096);
        let expected = record
            .and_then(|record| cells.checked_mul(record as u64))
            .and_then(|bytes| bytes.checked_add(start))
            .filter(|_| start >= FIXED as u64 && start <= LONGEST && groups <= LONGEST);
        if expected != Some(end) || end.checked_add(groups).and_then(|n| n.checked_add(8)) != Some(file.len()) {
            return Err(file.damaged(format!(
                "its header promises {cells} images of {shape:?}, which does not fit its {} bytes",
                file.len()
            )));
        }
        let (header, groups) = (file.bytes(0, start)?, file.bytes(end, groups)?);
        if file.bytes(end + groups.len() as u64, 8)? != checksum(&header, &groups) {
            return Err(file.damaged("the checksum of its header and groups is wrong"));
        }
        let mut layout = StoreLayout::new(shape, storage)?;
        let mut fields = Reader { bytes: &header[FIXED..], file };
        for channel in 0..shape.0 {
            let (scale, offset) = (f32::from_bits(fields.u32()?), f32::from_bits(fields.u32()?));
            layout.scales[channel] = Scale { scale, offset };
            let length = fields.take(2)?;
            layout.channels[channel] = fields.text(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
        }
        if Self::data_start(&layout) != start {
            return Err(file.damaged(format!("its images start at {start}, not behind the names of its channels")));
        }
        let mut fields = Reader { bytes: &groups, file };
        layout.batch = fields.names()?;
        layout.perturbation = fields.names()?.pop().ok_or_else(|| file.damaged("it names no perturbation column"))?;
        let (batches, perturbations) = (fields.names()?, fields.names()?);
        let count = fields.u64()?;
        if count.checked_mul(24) != Some(fields.bytes.len() as u64) {
            return Err(
                file.damaged(format!("it promises {count} groups and holds {} bytes of them", fields.bytes.len()))
            );
        }
        let mut spans = Vec::with_capacity(count as usize);
        let mut next = 0u64;
        for _ in 0..count {
            let span =
                Span { batch: fields.u32()?, perturbation: fields.u32()?, first: fields.u64()?, cells: fields.u64()? };
            let known = (span.batch as usize) < batches.len() && (span.perturbation as usize) < perturbations.len();
            if !known || span.first != next {
                return Err(file.damaged("its groups do not follow each other"));
            }
            next = next.saturating_add(span.cells);
            spans.push(span);
        }
        if next != cells {
            return Err(file.damaged(format!("its groups hold {next} cells, and its header promises {cells}")));
        }
        Ok((Self { layout, cells, table_stamp, batches, perturbations, spans }, start))
    }
}

fn names_to(bytes: &mut Vec<u8>, names: &[String]) {
    bytes.extend((names.len() as u32).to_le_bytes());
    for name in names {
        bytes.extend((name.len() as u32).to_le_bytes());
        bytes.extend(name.as_bytes());
    }
}

fn checksum(header: &[u8], groups: &[u8]) -> [u8; 8] {
    let sum = Sha256::new().chain_update(header).chain_update(groups).finalize();
    std::array::from_fn(|i| sum[i])
}

/// Takes numbers and names off the front of some bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    file: &'a PositionedFile,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.bytes.split_at_checked(len).ok_or_else(|| self.file.damaged("its header or groups end too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes(std::array::from_fn(|i| bytes[i])))
    }

    fn u64(&mut self) -> Result<u64> {
        let bytes = self.take(8)?;
        Ok(u64::from_le_bytes(std::array::from_fn(|i| bytes[i])))
    }

    fn text(&mut self, len: usize) -> Result<String> {
        let bytes = self.take(len)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.file.damaged("a name in it is not UTF-8"))
    }

    fn names(&mut self) -> Result<Vec<String>> {
        let count = self.u32()? as usize;
        // Each name needs its length at least.
        if count > self.bytes.len() / 4 {
            return Err(self.file.damaged(format!("it promises {count} names")));
        }
        (0..count).map(|_| self.u32().and_then(|len| self.text(len as usize))).collect()
    }
}
