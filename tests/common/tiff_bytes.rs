//! Writes TIFF files entry by entry, so that tests can make every variant and every kind of damage.

#![allow(dead_code)] // each test file uses its own part

use std::io::Write;

/// One page's numbers, `samples x height x width`, and how they are laid out.
#[derive(Clone)]
pub struct PageSpec {
    pub samples: usize,
    pub height: usize,
    pub width: usize,
    /// 1 unsigned, 2 signed, 3 float.
    pub format: u16,
    pub bits: u16,
    pub planar: bool,
    /// Height and width of tiles, or rows of strips and 0.
    pub chunk: (usize, usize),
    /// 1 none, 5 is not offered here, 8 deflate, 32773 PackBits.
    pub compression: u16,
    /// 1 none, 2 horizontal, 3 floating point.
    pub predictor: u16,
    pub photometric: u16,
    pub description: String,
}

impl PageSpec {
    pub fn grey(height: usize, width: usize, bits: u16) -> Self {
        Self {
            samples: 1,
            height,
            width,
            format: if bits == 32 { 3 } else { 1 },
            bits,
            planar: false,
            chunk: (height, 0),
            compression: 1,
            predictor: 1,
            photometric: 1,
            description: String::new(),
        }
    }

    /// The value at a place: whole numbers that fit every type but differ everywhere nearby.
    pub fn value(&self, page: usize, sample: usize, y: usize, x: usize) -> f64 {
        let raw = (page * 89 + sample * 53 + y * 31 + x * 7) % 251;
        match self.format {
            1 => raw as f64,
            2 => raw as f64 - 125.0,
            _ => raw as f64 / 4.0 - 20.0,
        }
    }

    fn number(&self, value: f64, big: bool) -> Vec<u8> {
        let mut bytes = match (self.format, self.bits) {
            (1, 8) => vec![value as u8],
            (1, 16) => (value as u16).to_be_bytes().to_vec(),
            (1, 32) => (value as u32).to_be_bytes().to_vec(),
            (1, 64) => (value as u64).to_be_bytes().to_vec(),
            (2, 8) => vec![value as i8 as u8],
            (2, 16) => (value as i16).to_be_bytes().to_vec(),
            (2, 32) => (value as i32).to_be_bytes().to_vec(),
            (3, 16) => half::f16::from_f64(value).to_be_bytes().to_vec(),
            (3, 32) => (value as f32).to_be_bytes().to_vec(),
            (3, 64) => value.to_be_bytes().to_vec(),
            other => panic!("no numbers {other:?}"),
        };
        if !big {
            bytes.reverse();
        }
        bytes
    }

    /// The packed chunks of a page.
    fn chunks(&self, page: usize, big: bool) -> Vec<Vec<u8>> {
        let (rows, columns) = (self.chunk.0, if self.chunk.1 == 0 { self.width } else { self.chunk.1 });
        let mut chunks = Vec::new();
        let planes: Vec<Vec<usize>> =
            if self.planar { (0..self.samples).map(|s| vec![s]).collect() } else { vec![(0..self.samples).collect()] };
        for samples in &planes {
            for top in (0..self.height).step_by(rows) {
                for left in (0..self.width).step_by(columns) {
                    // Strips end with the image, tiles are padded.
                    let height = if self.chunk.1 == 0 { rows.min(self.height - top) } else { rows };
                    let mut bytes = Vec::new();
                    for y in top..top + height {
                        let pixels = (left..left + columns).flat_map(|x| samples.iter().map(move |&s| (x, s)));
                        let inside = |x: usize| y < self.height && x < self.width;
                        let values: Vec<f64> =
                            pixels.map(|(x, s)| if inside(x) { self.value(page, s, y, x) } else { 0.0 }).collect();
                        bytes.extend(self.row(&values, samples.len(), big));
                    }
                    chunks.push(self.pack(&bytes));
                }
            }
        }
        chunks
    }

    fn row(&self, values: &[f64], samples: usize, big: bool) -> Vec<u8> {
        let size = usize::from(self.bits) / 8;
        match self.predictor {
            1 => values.iter().flat_map(|&v| self.number(v, big)).collect(),
            2 => {
                let wide = |v: f64| self.number(v, true).iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
                let differences = values.iter().enumerate().map(|(i, &v)| {
                    let before = if i < samples { 0 } else { wide(values[i - samples]) };
                    wide(v).wrapping_sub(before)
                });
                let bytes = differences.flat_map(|d| {
                    let mut bytes = d.to_be_bytes()[8 - size..].to_vec();
                    if !big {
                        bytes.reverse();
                    }
                    bytes
                });
                bytes.collect()
            }
            _ => {
                let numbers: Vec<Vec<u8>> = values.iter().map(|&v| self.number(v, true)).collect();
                let sorted: Vec<u8> = (0..size).flat_map(|byte| numbers.iter().map(move |n| n[byte])).collect();
                let before = |i: usize| if i < samples { 0 } else { sorted[i - samples] };
                (0..sorted.len()).map(|i| sorted[i].wrapping_sub(before(i))).collect()
            }
        }
    }

    fn pack(&self, bytes: &[u8]) -> Vec<u8> {
        match self.compression {
            1 => bytes.to_vec(),
            8 => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            32773 => {
                let mut packed = Vec::new();
                let mut at = 0;
                while at < bytes.len() {
                    let run = bytes[at..].iter().take(128).take_while(|&&b| b == bytes[at]).count();
                    if run > 1 {
                        packed.extend([(257 - run) as u8, bytes[at]]);
                        at += run;
                    } else {
                        let n = bytes[at..].len().min(5);
                        packed.push(n as u8 - 1);
                        packed.extend(&bytes[at..at + n]);
                        packed.push(128); // does nothing
                        at += n;
                    }
                }
                packed
            }
            other => panic!("no compression {other}"),
        }
    }
}

/// A file of pages alike.
pub fn tiff(spec: &PageSpec, pages: usize, big_endian: bool, big_tiff: bool) -> Vec<u8> {
    let mut file = Bytes { big: big_endian, wide: big_tiff, bytes: Vec::new() };
    file.bytes.extend(if big_endian { b"MM" } else { b"II" });
    file.short(if big_tiff { 43 } else { 42 });
    if big_tiff {
        file.short(8);
        file.short(0);
    }
    let mut link = file.bytes.len();
    file.offset(0);
    for page in 0..pages {
        let chunks = spec.chunks(page, big_endian);
        let offsets: Vec<u64> = chunks
            .iter()
            .map(|chunk| {
                let at = file.bytes.len() as u64;
                file.bytes.extend(chunk);
                at
            })
            .collect();
        let counts: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
        let mut entries: Vec<(u16, u16, Vec<u64>)> = vec![
            (256, 4, vec![spec.width as u64]),
            (257, 3, vec![spec.height as u64]),
            (258, 3, vec![u64::from(spec.bits); spec.samples]),
            (259, 3, vec![u64::from(spec.compression)]),
            (262, 3, vec![u64::from(spec.photometric)]),
        ];
        if page == 0 && !spec.description.is_empty() {
            entries.push((270, 2, spec.description.bytes().chain([0]).map(u64::from).collect()));
        }
        let kind = if big_tiff { 16 } else { 4 };
        if spec.chunk.1 == 0 {
            entries.push((273, kind, offsets));
            entries.push((277, 3, vec![spec.samples as u64]));
            entries.push((278, 4, vec![spec.chunk.0 as u64]));
            entries.push((279, kind, counts));
        } else {
            entries.push((277, 3, vec![spec.samples as u64]));
            entries.push((322, 4, vec![spec.chunk.1 as u64]));
            entries.push((323, 4, vec![spec.chunk.0 as u64]));
            entries.push((324, kind, offsets));
            entries.push((325, kind, counts));
        }
        entries.push((284, 3, vec![if spec.planar { 2 } else { 1 }]));
        entries.push((317, 3, vec![u64::from(spec.predictor)]));
        entries.push((339, 3, vec![u64::from(spec.format); spec.samples]));
        entries.sort_by_key(|entry| entry.0);
        link = file.directory(link, &entries);
    }
    file.bytes
}

/// A file with one directory of the given entries (tag, type, values) and bytes behind it, whose offset is 1000.
pub fn raw(entries: &[(u16, u16, Vec<u64>)], behind: &[u8]) -> Vec<u8> {
    let mut file = Bytes { big: false, wide: false, bytes: Vec::new() };
    file.bytes.extend(b"II");
    file.short(42);
    file.offset(0);
    file.directory(4, entries);
    assert!(file.bytes.len() <= 1000);
    file.bytes.resize(1000, 0);
    file.bytes.extend(behind);
    file.bytes
}

struct Bytes {
    big: bool,
    wide: bool,
    bytes: Vec<u8>,
}

impl Bytes {
    fn number(&mut self, value: u64, size: usize) {
        let bytes = value.to_be_bytes();
        let mut part = bytes[8 - size..].to_vec();
        if !self.big {
            part.reverse();
        }
        self.bytes.extend(part);
    }

    fn short(&mut self, value: u64) {
        self.number(value, 2);
    }

    fn offset(&mut self, value: u64) {
        self.number(value, if self.wide { 8 } else { 4 });
    }

    /// Appends a directory, points to it from `link`, and says where its own link lies.
    fn directory(&mut self, link: usize, entries: &[(u16, u16, Vec<u64>)]) -> usize {
        let size = |kind: u16| match kind {
            2 => 1,
            3 => 2,
            16 => 8,
            _ => 4,
        };
        let inline = if self.wide { 8 } else { 4 };
        let mut places = Vec::new();
        for (_, kind, values) in entries {
            places.push(self.bytes.len() as u64);
            if values.len() * size(*kind) > inline {
                values.iter().for_each(|&value| self.number(value, size(*kind)));
            }
        }
        let at = self.bytes.len() as u64;
        let end = std::mem::take(&mut self.bytes);
        self.offset(at);
        let pointer = std::mem::replace(&mut self.bytes, end);
        self.bytes[link..link + pointer.len()].copy_from_slice(&pointer);
        self.number(entries.len() as u64, if self.wide { 8 } else { 2 });
        for ((tag, kind, values), place) in entries.iter().zip(places) {
            self.short(u64::from(*tag));
            self.short(u64::from(*kind));
            self.offset(values.len() as u64);
            if values.len() * size(*kind) > inline {
                self.offset(place);
            } else {
                let start = self.bytes.len();
                values.iter().for_each(|&value| self.number(value, size(*kind)));
                self.bytes.resize(start + inline, 0);
            }
        }
        let link = self.bytes.len();
        self.offset(0);
        link
    }
}
