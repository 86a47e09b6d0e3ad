//! TIFF's LZW: codes of 9 to 12 bits, the highest bit first, which grow one code early.
//!
//! ```text
//! code    below 256 that byte, 256 empty the table, 257 end, above 257 a run of bytes that was written before
//! run n   the run of the code before, and the first byte of the run that follows it
//! ```
//!
//! Every run stands in the output already, so the table says where; its first eight bytes are kept beside that, since most
//! runs are no longer and are then written with a single store.

const EMPTY: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const CODES: usize = 1 << 12;
/// Bits of the shortest and longest codes.
const BITS: (u32, u32) = (9, 12);

/// A run of bytes.
#[derive(Clone, Copy)]
struct Run {
    /// Its first eight bytes, the first one lowest; zeros after its end.
    start: u64,
    /// Where it begins in the output, times 65,536, plus its length.
    place: u64,
}

impl Run {
    const NONE: Self = Self { start: 0, place: 0 };

    fn new(start: u64, at: usize, len: usize) -> Self {
        Self { start, place: (at as u64) << 16 | len as u64 }
    }

    fn at(self) -> usize {
        (self.place >> 16) as usize
    }

    /// At most the number of codes.
    fn len(self) -> usize {
        (self.place & 0xffff) as usize
    }

    /// This run and one byte more.
    fn longer(self, byte: u8) -> Self {
        let next = if self.len() < 8 { u64::from(byte) << (8 * self.len()) } else { 0 };
        Self { start: self.start | next, place: self.place + 1 }
    }

    /// Writes the run at `at`, as far as there is room.
    fn write(self, out: &mut [u8], at: usize) {
        if let Some(room) = out[at..].first_chunk_mut::<8>()
            && self.len() <= 8
        {
            // What is written too much is overwritten by the next run.
            *room = self.start.to_le_bytes();
            return;
        }
        let len = self.len().min(out.len() - at);
        if self.len() <= 8 {
            out[at..at + len].copy_from_slice(&self.start.to_le_bytes()[..len]);
            return;
        }
        // A run that is made by its own code ends where it is written: its last byte is its first.
        let known = len.min(at - self.at());
        out.copy_within(self.at()..self.at() + known, at);
        out[at + known..at + len].fill(self.start as u8);
    }
}

/// The table of runs, to be used again.
pub(super) struct Lzw {
    runs: Box<[Run; CODES]>,
}

impl Default for Lzw {
    fn default() -> Self {
        let mut runs = Box::new([Run::NONE; CODES]);
        (0..).zip(runs[..EMPTY].iter_mut()).for_each(|(byte, run)| *run = Run::new(byte, 0, 1));
        Self { runs }
    }
}

impl Lzw {
    /// Unpacks into `out` and says how many bytes it filled: fewer where the codes end or make no sense.
    pub(super) fn unpack(&mut self, packed: &[u8], out: &mut [u8]) -> usize {
        let mut codes = Codes { packed, bits: 0, count: 0 };
        let mut at = 0;
        while at < out.len() {
            // The first code after the table was emptied is a byte.
            let byte = match codes.take(BITS.0) {
                Some(EMPTY) => continue,
                Some(byte) if byte < EMPTY => byte,
                _ => return at,
            };
            out[at] = byte as u8;
            let mut before = Run::new(byte as u64, at, 1);
            at += 1;
            let (mut next, mut width) = (FIRST, BITS.0);
            while at < out.len() {
                let Some(code) = codes.take(width) else { return at };
                if code >= EMPTY && (code <= END || code > next) {
                    if code == EMPTY {
                        break;
                    }
                    return at;
                }
                let run = if code == next { before.longer(before.start as u8) } else { self.runs[code % CODES] };
                if next < CODES {
                    self.runs[next] = before.longer(run.start as u8);
                    next += 1;
                    width += u32::from(next + 1 == 1 << width && width < BITS.1);
                }
                run.write(out, at);
                before = Run::new(run.start, at, run.len());
                at = out.len().min(at + run.len());
            }
        }
        at
    }
}

/// The codes of a chunk.
struct Codes<'a> {
    packed: &'a [u8],
    /// The next bits, the first one highest; below the first `count` are zeros or what follows in `packed`.
    bits: u64,
    count: u32,
}

impl Codes<'_> {
    /// The next code of `width` bits; `None` where fewer are left.
    fn take(&mut self, width: u32) -> Option<usize> {
        if self.count < width {
            self.fill();
            if self.count < width {
                return None;
            }
        }
        let code = (self.bits >> (64 - width)) as usize;
        self.bits <<= width;
        self.count -= width;
        Some(code)
    }

    /// Takes as many whole bytes as fit.
    fn fill(&mut self) {
        let bytes = ((63 - self.count) / 8) as usize;
        if let Some(word) = self.packed.first_chunk::<8>() {
            self.bits |= u64::from_be_bytes(*word) >> self.count;
            self.packed = &self.packed[bytes..];
            self.count += 8 * bytes as u32;
            return;
        }
        let (taken, rest) = self.packed.split_at(bytes.min(self.packed.len()));
        self.packed = rest;
        for &byte in taken {
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use weezl::{BitOrder, decode, encode};

    use super::*;

    /// Bytes that repeat more or less: `kind` 0 is one value, higher ones have more values.
    fn bytes(kind: u64, len: usize) -> Vec<u8> {
        let mut state = kind.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..len).map(|i| if kind == 7 { (i / 300) as u8 } else { (next() % (1 << kind)) as u8 }).collect()
    }

    #[test]
    fn what_another_library_packs_comes_back() {
        let mut lzw = Lzw::default();
        for kind in 0..=8 {
            for len in (0..40).chain([255, 256, 257, 4_000, 4_097, 70_001]) {
                let want = bytes(kind, len);
                let packed = encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&want).unwrap();
                for room in [len, len / 2, len.saturating_sub(3), len.saturating_sub(9)] {
                    let mut out = vec![0xAA; room];
                    assert_eq!(lzw.unpack(&packed, &mut out), room, "kind {kind}, {len} bytes into {room}");
                    assert_eq!(out, want[..room], "kind {kind}, {len} bytes into {room}");
                }
                let mut more = vec![0; len + 20];
                assert_eq!(lzw.unpack(&packed, &mut more), len);
                for part in 0..10 {
                    let filled = lzw.unpack(&packed[..packed.len() * part / 10], &mut more);
                    assert_eq!(more[..filled], want[..filled]);
                }
            }
        }
    }

    #[test]
    fn damaged_codes_fill_what_another_library_fills() {
        let mut lzw = Lzw::default();
        for kind in [1, 3, 8] {
            let want = bytes(kind, 9_000);
            let packed = encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&want).unwrap();
            for at in 0..packed.len() {
                let mut changed = packed.clone();
                changed[at] ^= 1 << (at % 8);
                let (mut ours, mut theirs) = (vec![0; 9_000], vec![0; 9_000]);
                let filled = lzw.unpack(&changed, &mut ours);
                let mut decoder = decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
                let known = decoder.decode_bytes(&changed, &mut theirs).consumed_out.min(filled);
                assert_eq!(ours[..known], theirs[..known], "byte {at} of kind {kind}");
            }
        }
    }
}
