//! Many cells or points as one PNG: a picture of colour indices is far smaller than as many vector shapes.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::layer::{Cells, ColourScale, Layer, Marker, Paint};
use super::page::Placed;
use super::palette::{MISSING, PAPER, Rgb, Theme};

/// Colours of a stretched palette; index 0 stands for what is missing.
const LEVELS: usize = 255;

fn index(scale: &ColourScale, value: f64) -> u8 {
    let t = scale.axis.fraction(value);
    if t.is_nan() { 0 } else { 1 + (t.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as u8 }
}

fn levels(scale: &ColourScale) -> impl Iterator<Item = Rgb> {
    (0..LEVELS).map(|i| scale.palette.at(i as f64 / (LEVELS - 1) as f64))
}

/// An indexed PNG as a data URI; `clear` makes colour 0 transparent.
fn encode(width: usize, height: usize, indices: &[u8], palette: &[Rgb], clear: bool) -> String {
    data_uri(width, height, indices, |encoder| {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.iter().flat_map(|c| [c.0, c.1, c.2]).collect::<Vec<u8>>());
        if clear {
            encoder.set_trns(vec![0u8]);
        }
        encoder.set_filter(png::Filter::NoFilter);
    })
}

fn data_uri(width: usize, height: usize, data: &[u8], set: impl FnOnce(&mut png::Encoder<&mut Vec<u8>>)) -> String {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    set(&mut encoder);
    let written = encoder.write_header().and_then(|mut png| {
        png.write_image_data(data)?;
        png.finish()
    });
    // writing to memory fails only for an empty picture, which shows nothing anyway
    written.map_or_else(|_| String::new(), |()| format!("data:image/png;base64,{}", STANDARD.encode(&bytes)))
}

/// Bytes up to which a picture stays as it is, alone and with all that are shown beside it; larger ones become JPEG of a
/// quality at which no difference is seen.
const EXACT: usize = 9_000;
const EXACT_TOGETHER: usize = 120_000;
const QUALITY: u8 = 90;

/// A picture of `width x height` pixels, red, green and blue of each row by row from the top, as a data URI; one of
/// `together` in a figure.
pub(super) fn picture(width: usize, height: usize, pixels: &[u8], together: usize) -> String {
    let exact = data_uri(width, height, pixels, |encoder| encoder.set_color(png::ColorType::Rgb));
    let large = exact.len() > EXACT.min(EXACT_TOGETHER / together.max(1));
    let (Ok(w), Ok(h), true) = (u16::try_from(width), u16::try_from(height), large) else { return exact };
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, QUALITY);
    match encoder.encode(pixels, w, h, jpeg_encoder::ColorType::Rgb) {
        Ok(()) => format!("data:image/jpeg;base64,{}", STANDARD.encode(&bytes)),
        Err(_) => exact,
    }
}

/// The colours of a scale from high to low, one pixel wide, as a data URI.
pub(super) fn ramp(scale: &ColourScale) -> String {
    let indices: Vec<u8> = (0..LEVELS).rev().map(|level| level as u8).collect();
    encode(1, LEVELS, &indices, &levels(scale).collect::<Vec<_>>(), false)
}

/// The cells as a data URI, one pixel each; `upward` puts the first row at the bottom.
pub(super) fn cells(cells: &Cells, upward: bool, theme: Theme) -> String {
    let mut indices: Vec<u8> = cells.values.iter().map(|&v| index(&cells.scale, f64::from(v))).collect();
    if upward {
        indices = indices.chunks(cells.columns.max(1)).rev().flatten().copied().collect();
    }
    let palette: Vec<Rgb> = std::iter::once(theme.of(MISSING)).chain(levels(&cells.scale)).collect();
    encode(cells.columns, cells.rows, &indices, &palette, false)
}

/// Fineness in pixels per px, and colours per scale, from the finest; the first that is small enough is taken.
const TRIES: [(f64, f64); 6] = [(2.0, 100.0), (1.5, 100.0), (1.0, 100.0), (1.0, 16.0), (0.7, 16.0), (0.5, 16.0)];
/// Bytes of all such pictures of a figure that are small enough.
const SMALL_ENOUGH: usize = 95_000;

/// All points of a panel over a transparent ground the size of its plot area, as a data URI.
pub(super) fn points(placed: &Placed<'_>, theme: Theme) -> String {
    let mut uri = String::new();
    for (fineness, levels) in TRIES {
        uri = points_at(placed, fineness, levels, theme);
        if uri.len() < SMALL_ENOUGH / placed.crowd.1.max(1) {
            break;
        }
    }
    uri
}

fn points_at(placed: &Placed<'_>, fineness: f64, levels: f64, theme: Theme) -> String {
    let plot = placed.plot;
    let (w, h) = ((plot.w * fineness).ceil() as usize, (plot.h * fineness).ceil() as usize);
    let mut indices = vec![0u8; w * h];
    let mut palette = vec![theme.of(PAPER)];
    let mut known: HashMap<Rgb, u8> = HashMap::new();
    for layer in &placed.panel.layers {
        let Layer::Points { x, y, paint, marker, size, .. } = layer else { continue };
        for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
            let colour = match paint {
                Paint::One(colour) => theme.of(*colour),
                Paint::Scaled { values, scale } => {
                    scale.palette.at((scale.axis.fraction(values[i]) * levels).round() / levels)
                }
            };
            let index = *known.entry(colour).or_insert_with(|| {
                if palette.len() < 256 {
                    palette.push(colour);
                }
                (palette.len() - 1) as u8
            });
            let (x, y) = placed.place(x, y);
            let at = ((x - plot.x) * fineness, (y - plot.y) * fineness);
            stamp(&mut indices, (w, h), at, size / 2.0 * fineness, *marker, index);
        }
    }
    encode(w, h, &indices, &palette, true)
}

fn stamp(indices: &mut [u8], (w, h): (usize, usize), (x, y): (f64, f64), radius: f64, marker: Marker, colour: u8) {
    if !(x.is_finite() && y.is_finite()) {
        return;
    }
    let span = |centre: f64, size: usize| {
        let from = (centre - radius).floor().clamp(0.0, size as f64) as usize;
        let to = (centre + radius).ceil().clamp(0.0, size as f64) as usize;
        from..to
    };
    for row in span(y, h) {
        for column in span(x, w) {
            let (dx, dy) = ((column as f64 + 0.5 - x).abs() / radius, (row as f64 + 0.5 - y).abs() / radius);
            let inside = match marker {
                Marker::Circle => dx * dx + dy * dy <= 1.0,
                Marker::Square => dx.max(dy) <= 0.88,
                Marker::Diamond => dx + dy <= 1.1,
            };
            if inside {
                indices[row * w + column] = colour;
            }
        }
    }
}
