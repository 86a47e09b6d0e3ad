//! The kernel's logo, drawn from one description: a heatmap of 4 by 4 genes on the page of a notebook.

use anyhow::Result;

/// Width and height that the description is written in.
const SIDE: f64 = 64.0;

/// A rectangle with round corners.
struct Shape {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    radius: f64,
    color: [u8; 3],
}

const COVER: [u8; 3] = [38, 50, 72];
const PAGE: [u8; 3] = [250, 250, 247];

/// Similarities from -1 (blue) over 0 (white) to 1 (orange).
const PALETTE: [[u8; 3]; 5] = [[33, 102, 172], [146, 197, 222], [232, 234, 236], [253, 184, 99], [224, 108, 10]];

/// Two complexes along the diagonal, against each other; indices into the palette.
const HEATMAP: [[usize; 4]; 4] = [[4, 3, 1, 0], [3, 4, 2, 1], [1, 2, 4, 3], [0, 1, 3, 4]];

/// All shapes, the hindmost first.
fn shapes() -> Vec<Shape> {
    let mut shapes = vec![
        Shape { x: 2.0, y: 2.0, width: 60.0, height: 60.0, radius: 10.0, color: COVER },
        Shape { x: 12.0, y: 6.0, width: 46.0, height: 52.0, radius: 6.0, color: PAGE },
    ];
    // The rings of the binding.
    for y in [14.0, 29.0, 44.0] {
        shapes.push(Shape { x: 6.0, y, width: 10.0, height: 6.0, radius: 3.0, color: PALETTE[1] });
    }
    for (row, levels) in HEATMAP.iter().enumerate() {
        for (column, &level) in levels.iter().enumerate() {
            let (x, y) = (19.0 + 9.0 * column as f64, 14.0 + 9.0 * row as f64);
            shapes.push(Shape { x, y, width: 8.5, height: 8.5, radius: 1.5, color: PALETTE[level] });
        }
    }
    shapes
}

impl Shape {
    fn contains(&self, x: f64, y: f64) -> bool {
        // From the rectangle within, as far as the corners are round.
        let outside = |at: f64, start: f64, length: f64| {
            let (low, high) = (start + self.radius, start + length - self.radius);
            (low - at).max(at - high).max(0.0)
        };
        outside(x, self.x, self.width).hypot(outside(y, self.y, self.height)) <= self.radius
    }
}

/// The logo as SVG.
pub fn svg() -> String {
    let mut svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\">\n");
    for Shape { x, y, width, height, radius, color: [r, g, b] } in shapes() {
        svg.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" \
             fill=\"#{r:02x}{g:02x}{b:02x}\"/>\n"
        ));
    }
    svg + "</svg>\n"
}

/// The logo as PNG with `side` pixels a side.
///
/// # Errors
/// When the encoder fails, which it has no reason to.
pub fn png(side: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels(side))?;
    writer.finish()?;
    Ok(bytes)
}

/// Samples along each side of a pixel.
const FINE: u32 = 4;

fn pixels(side: u32) -> Vec<u8> {
    let shapes = shapes();
    let step = SIDE / f64::from(side * FINE);
    let at = |pixel: u32, sample: u32| (f64::from(pixel * FINE + sample) + 0.5) * step;
    let mut pixels = Vec::with_capacity((side * side * 4) as usize);
    for y in 0..side {
        for x in 0..side {
            let samples = (0..FINE * FINE).filter_map(|sample| {
                let (x, y) = (at(x, sample % FINE), at(y, sample / FINE));
                shapes.iter().rev().find(|shape| shape.contains(x, y)).map(|shape| shape.color)
            });
            let (mut sum, mut count) = ([0_u32; 3], 0);
            for color in samples {
                count += 1;
                for (sum, channel) in sum.iter_mut().zip(color) {
                    *sum += u32::from(channel);
                }
            }
            pixels.extend(sum.map(|sum| (sum / count.max(1)) as u8));
            pixels.push((count * 255 / (FINE * FINE)) as u8);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_transparent_around_the_notebook_and_opaque_on_it() {
        let pixels = pixels(64);
        let pixel = |x: usize, y: usize| &pixels[(y * 64 + x) * 4..][..4];
        assert_eq!(pixel(0, 0)[3], 0);
        assert_eq!(pixel(4, 32), [COVER[0], COVER[1], COVER[2], 255]);
        let [r, g, b] = PALETTE[HEATMAP[0][0]];
        assert_eq!(pixel(23, 18), [r, g, b, 255]);
        let [r, g, b] = PALETTE[HEATMAP[0][3]];
        assert_eq!(pixel(50, 18), [r, g, b, 255]);
    }

    #[test]
    fn the_png_has_the_size_asked_for() {
        for side in [32, 64] {
            let bytes = png(side).unwrap();
            let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
            assert_eq!((reader.info().width, reader.info().height), (side, side));
        }
    }

    #[test]
    fn both_pictures_have_the_same_shapes() {
        assert_eq!(svg().matches("<rect ").count(), shapes().len());
        assert_eq!(shapes().len(), 2 + 3 + 16);
    }
}
