//! The header of a `.npy` array: eight bytes of mark and version, a length, and a Python dictionary as text
//!
//! ```text
//! {'descr': '<f4', 'fortran_order': False, 'shape': (384, 64), }
//! ```
//!
//! Source: the format's description in numpy, `numpy.lib.format` (versions 1.0, 2.0 and 3.0).

use std::io::Read;

use super::super::numbers::{Dtype, byte_length};
use crate::{Error, Result};

const MARK: &[u8] = b"\x93NUMPY";
/// numpy writes less than a hundred characters for arrays of numbers.
const LONGEST: usize = 1 << 16;

/// What a stored array is, before any of its numbers is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of the numbers.
    pub dtype: Dtype,
    /// Whether a number's first byte is its most significant one.
    pub big_endian: bool,
    /// Whether the first axis runs fastest in the file.
    pub fortran_order: bool,
    /// The length of every axis; empty for a single number.
    pub shape: Vec<usize>,
}

impl Header {
    /// Bytes of the numbers.
    pub(super) fn data_bytes(&self) -> Result<u64> {
        byte_length(&self.shape, self.dtype).ok_or_else(|| {
            Error::new(format!("the header claims a shape of {:?}, more than any memory holds", self.shape))
                .fix("the file is damaged; write it again")
        })
    }

    /// Reads the header at the start of `from`; also how many bytes it took.
    pub(super) fn read(mut from: impl Read) -> Result<(Self, u64)> {
        let cut = |e: std::io::Error| {
            Error::new(format!("the npy header was cut short: {e}")).fix("write or download the file again")
        };
        let mut start = [0; 8];
        let got = read_up_to(&mut from, &mut start).map_err(cut)?;
        if !start.starts_with(MARK) {
            let n = got.min(MARK.len());
            let what = match got {
                0 => "the file is empty",
                _ if n < MARK.len() && start[..n] == MARK[..n] => "the npy header was cut short",
                _ if start.starts_with(b"PK") => "this is a zip archive of arrays (.npz), not a single .npy array",
                _ => "this is not an npy file: it does not start with the mark \\x93NUMPY",
            };
            return Err(Error::new(what).fix("check the path; .npz files are read with io::npy::Npz"));
        }
        let (version, width) = (start[6], if start[6] == 1 { 2 } else { 4 });
        if got < 8 || !(1..=3).contains(&version) {
            return Err(Error::new(format!("the npy format version {version} is unknown")).fix("known are 1, 2 and 3"));
        }
        let mut length = [0; 4];
        from.read_exact(&mut length[..width]).map_err(cut)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(Error::new(format!("the npy header claims to be {length} bytes long"))
                .fix("headers of arrays of numbers are far shorter: the file is damaged or no array of numbers"));
        }
        let mut text = vec![0; length];
        from.read_exact(&mut text).map_err(cut)?;
        let text = std::str::from_utf8(&text)
            .map_err(|e| Error::new(format!("the npy header is not text: {e}")).fix("the file is damaged"))?;
        Ok((Self::parse(text)?, (8 + width + length) as u64))
    }

    /// The header as numpy writes it, version 1, padded so that the numbers start at a multiple of 64 bytes.
    pub(super) fn bytes(dtype: Dtype, shape: &[usize]) -> Result<Vec<u8>> {
        let descr = match dtype {
            Dtype::Bool => "|b1",
            Dtype::I8 => "|i1",
            Dtype::U8 => "|u1",
            Dtype::I16 => "<i2",
            Dtype::I32 => "<i4",
            Dtype::I64 => "<i8",
            Dtype::U16 => "<u2",
            Dtype::U32 => "<u4",
            Dtype::U64 => "<u8",
            Dtype::F16 => "<f2",
            Dtype::F32 => "<f4",
            Dtype::F64 => "<f8",
            Dtype::Bf16 => {
                return Err(Error::new("the npy format has no bf16").fix("convert to f32, or write safetensors"));
            }
        };
        let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
        let axes = if shape.len() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
        let padding = (64 - (10 + text.len() + 1) % 64) % 64;
        text.extend(std::iter::repeat_n(' ', padding));
        text.push('\n');
        let length = u16::try_from(text.len())
            .map_err(|_| Error::new("too many axes for an npy header").fix("give the array fewer axes"))?;
        let mut bytes = [MARK, &[1, 0], &length.to_le_bytes()].concat();
        bytes.extend(text.bytes());
        Ok(bytes)
    }

    fn parse(text: &str) -> Result<Self> {
        let damaged = || {
            let start: String = text.chars().take(80).collect();
            Error::new(format!("the npy header is damaged: {start:?}")).fix("write or download the file again")
        };
        let mut rest = Cursor(text.trim());
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        rest.take('{').ok_or_else(damaged)?;
        while rest.take('}').is_none() {
            let key = rest.quoted().ok_or_else(damaged)?;
            rest.take(':').ok_or_else(damaged)?;
            match key {
                "descr" => match rest.quoted() {
                    Some(name) => descr = Some(name),
                    None => {
                        return Err(Error::new("the array holds records of several fields, not numbers")
                            .fix("save each field as an array of its own"));
                    }
                },
                "fortran_order" => fortran_order = Some(rest.truth().ok_or_else(damaged)?),
                "shape" => shape = Some(rest.tuple().ok_or_else(damaged)?),
                _ => return Err(damaged()),
            }
            if rest.take(',').is_none() && !rest.0.starts_with('}') {
                return Err(damaged());
            }
        }
        let (Some(descr), Some(fortran_order), Some(shape), "") = (descr, fortran_order, shape, rest.0) else {
            return Err(damaged());
        };
        let (dtype, big_endian) = dtype_of(descr)?;
        Ok(Self { dtype, big_endian, fortran_order, shape })
    }
}

fn dtype_of(descr: &str) -> Result<(Dtype, bool)> {
    let (order, name) = match descr.chars().next() {
        Some(order @ ('<' | '>' | '|' | '=')) => (order, &descr[1..]),
        _ => ('=', descr),
    };
    let dtype = match name {
        "b1" | "?" => Dtype::Bool,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        _ => {
            let (what, fix) = match name.chars().next() {
                Some('O') => (
                    "pickled Python objects, which are never loaded: unpickling runs code of the file's author",
                    "save it in Python as an array of numbers, for example np.save(path, np.asarray(list, float))",
                ),
                Some('U' | 'S' | 'a') => ("text", "save text as a column of a CSV or parquet table"),
                Some('M' | 'm') => ("times", "save them as numbers, for example seconds"),
                Some('c') => ("complex numbers", "save the real and the imaginary part as two arrays"),
                _ => ("a type that is not read here", "save it as float32 or float64"),
            };
            return Err(Error::new(format!("the array holds {what} ({descr:?})")).fix(fix));
        }
    };
    Ok((dtype, order == '>'))
}

fn read_up_to(mut from: impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < into.len() {
        match from.read(&mut into[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// The part of the text that was not read yet.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn take(&mut self, c: char) -> Option<()> {
        self.0 = self.0.trim_start();
        self.0 = self.0.strip_prefix(c)?.trim_start();
        Some(())
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.0.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (word, rest) = self.0[1..].split_once(quote)?;
        self.0 = rest.trim_start();
        Some(word)
    }

    fn truth(&mut self) -> Option<bool> {
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.strip_prefix(word) {
                self.0 = rest.trim_start();
                return Some(value);
            }
        }
        None
    }

    /// `(3, 4)`; Python 2 wrote `(3L, 4L)`.
    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.take('(')?;
        let (inside, rest) = self.0.split_once(')')?;
        self.0 = rest.trim_start();
        let inside = inside.trim().trim_end_matches(',');
        if inside.is_empty() {
            return Some(Vec::new());
        }
        inside.split(',').map(|axis| axis.trim().trim_end_matches('L').parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_several_numpy_versions_are_understood() {
        let plain = Header::parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n").unwrap();
        assert_eq!((plain.dtype, plain.shape), (Dtype::F32, vec![3, 4]));
        let old = Header::parse("{\"shape\": (7L,), \"fortran_order\": True, \"descr\": \">i8\"}").unwrap();
        assert_eq!((old.dtype, old.big_endian, old.fortran_order), (Dtype::I64, true, true));
        assert_eq!(old.shape, [7]);
        assert!(Header::parse("{'descr': '|b1', 'fortran_order': False, 'shape': ()}").unwrap().shape.is_empty());
    }

    #[test]
    fn what_numpy_reads_as_a_header_is_what_is_written() {
        let bytes = Header::bytes(Dtype::F64, &[5]).unwrap();
        assert_eq!(bytes.len() % 64, 0);
        assert!(bytes.windows(14).any(|w| w == b"'shape': (5,),"));
        let (back, length) = Header::read(&bytes[..]).unwrap();
        assert_eq!((back.shape, length), (vec![5], bytes.len() as u64));
    }

    #[test]
    fn objects_records_and_text_are_refused_by_name() {
        for (header, word) in [
            ("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "pickled"),
            ("{'descr': '<U8', 'fortran_order': False, 'shape': (3,), }", "text"),
            ("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,), }", "records"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", "damaged"),
            ("{'descr': '<f4', 'shape': (3,), }", "damaged"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "complex"),
        ] {
            let error = Header::parse(header).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("fix:"), "{error}");
        }
    }
}
