//! PNG images: grey, grey with alpha, RGB and RGBA of 8 or 16 bits; palettes are looked up, and grey of less than 8 bits is
//! stretched to 0..=255.
//!
//! The size in the header is checked against the file's length before memory is taken; of an animation the first frame is
//! read.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ndarray::Array4;
use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use crate::images::{Picture, PixelType, fair_size, numbered};
use crate::{Error, Result};

/// Reads an image into one frame, with the channels `red`, `green`, `blue` and `alpha`, or `"0"` for grey.
///
/// ```no_run
/// let picture = perturbook::io::png::read("well_A01.png")?;
/// println!("{:?} in {}", picture.size(), picture.pixel());
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, is not PNG, was cut short or damaged, or claims more than 32 times its own length (and more
/// than 256 MB) of pixels.
pub fn read(path: impl AsRef<Path>) -> Result<Picture> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path and the permissions"))?;
    let limit = fair_size(file.metadata().map_err(|e| Error::file(path, e))?.len());
    let place = |e: Error| e.at(path.display().to_string());
    match catch_unwind(AssertUnwindSafe(|| decode(BufReader::new(file), limit))) {
        Ok(read) => read.map_err(place),
        Err(_) => Err(place(Error::new("the PNG file is damaged: it cannot be decoded"))),
    }
}

fn decode(file: BufReader<File>, limit: u64) -> Result<Picture> {
    let damaged = |e: png::DecodingError| {
        Error::new(format!("the PNG file is damaged or is none: {e}"))
            .fix("download or write the file again, and compare its size with the original")
            .caused_by(e)
    };
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes: usize::try_from(limit).unwrap_or(usize::MAX) });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(damaged)?;
    // The decoder panics on colours that are cut off or too many.
    if let Some(odd) =
        reader.info().palette.as_ref().map(|palette| palette.len()).filter(|bytes| bytes % 3 != 0 || *bytes > 768)
    {
        return Err(Error::new(format!(
            "the PNG file is damaged: its palette has {odd} bytes, not three for each of 256 colours"
        ))
        .fix("download or write the file again, and compare its size with the original"));
    }
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let (colour, depth) = reader.output_color_type();
    let samples = colour.samples();
    let values = width.checked_mul(height).and_then(|n| n.checked_mul(samples));
    let Some((values, size)) = values.filter(|&n| n as u64 <= limit / 4).zip(reader.output_buffer_size()) else {
        return Err(Error::new(format!(
            "the PNG file claims {height} x {width} pixels, which need more than the {} MB allowed for its length",
            limit >> 20
        ))
        .fix("the file is likely damaged; if it is not, convert it to TIFF"));
    };
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes).map_err(damaged)?;
    bytes.truncate(info.buffer_size());
    reader.finish().map_err(damaged)?;
    let mut planes = vec![0.0; values];
    let plane = (width * height).max(1);
    let mut place = |i: usize, value: f32| planes[i % samples * plane + i / samples] = value;
    let pixel = match depth {
        BitDepth::Sixteen => {
            let words = bytes.as_chunks::<2>().0.iter().take(values);
            words.enumerate().for_each(|(i, word)| place(i, f32::from(u16::from_be_bytes(*word))));
            PixelType::U16
        }
        _ => {
            bytes.iter().take(values).enumerate().for_each(|(i, &byte)| place(i, f32::from(byte)));
            PixelType::U8
        }
    };
    let names = match colour {
        ColorType::Rgb => ["red", "green", "blue"].map(str::to_owned).to_vec(),
        ColorType::Rgba => ["red", "green", "blue", "alpha"].map(str::to_owned).to_vec(),
        ColorType::GrayscaleAlpha => ["grey", "alpha"].map(str::to_owned).to_vec(),
        _ => numbered(samples),
    };
    let planes = Array4::from_shape_vec((1, samples, height, width), planes)
        .map_err(|e| Error::new(format!("the planes do not make an image: {e}")))?;
    Picture::new(planes, pixel, names)
}
