//! Image grid: cells in rows and columns, channels laid over each other in colours, with a scale bar.
//!
//! A pixel's colour is the sum over channels of `colour * clip((value - low) / (high - low), 0, 1)`, cut at white.

use ndarray::{Array3, ArrayView3};

use super::axis::{Axis, Tick};
use super::density::{quantile, sorted};
use super::figure::{Figure, Panel, Shape};
use super::layer::{Beside, Dash, Layer, Marker, Paint, Picture, Stroke, Words};
use super::palette::{ON_DARK, Rgb};
use super::raster;
use crate::{Error, Result};

/// Gap between images, in image widths.
const GAP: f64 = 0.04;
/// Pixels of a channel that its automatic contrast is taken from, at most.
const SAMPLE: usize = 200_000;
/// Pixels of all images together; larger ones are averaged over blocks.
const MOST: usize = 262_144;

/// A channel of a fluorescence image: its stain, the colour it is shown in, and its contrast.
#[derive(Clone, Debug)]
#[must_use]
pub struct Channel {
    name: String,
    colour: Rgb,
    range: Option<(f32, f32)>,
}

impl Channel {
    /// A channel in this colour, with the contrast from the 1st to the 99.8th percentile of all its pixels.
    pub fn new(name: &str, colour: Rgb) -> Self {
        Self { name: name.to_owned(), colour, range: None }
    }

    /// Black at `low` and below, full colour at `high` and above.
    pub fn range(mut self, low: f32, high: f32) -> Self {
        self.range = Some((low, high));
        self
    }
}

/// A grid of images under construction: rows such as *real*, *reconstruction* and *style transfer*, one column a cell.
///
/// ```
/// use ndarray::Array3;
/// use perturbook::figures::{Channel, ImageGrid, Rgb};
///
/// let cell = Array3::from_shape_fn((2, 8, 8), |(c, y, x)| (c + x + y) as f32);
/// let channels = [Channel::new("DNA", Rgb(64, 128, 255)), Channel::new("actin", Rgb(255, 96, 0)).range(0.0, 9.0)];
/// let figure = ImageGrid::new("One cell", &channels)
///     .row("real", [&cell, &cell])
///     .scale_bar(0.65, 2.0)
///     .figure()?;
/// assert!(figure.summary().contains("real, column 2"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ImageGrid<'a> {
    title: String,
    channels: Vec<Channel>,
    rows: Vec<(String, Vec<ArrayView3<'a, f32>>)>,
    columns: Vec<String>,
    bar: Option<(f64, f64)>,
    separate: bool,
    most: usize,
}

impl<'a> ImageGrid<'a> {
    /// A grid without images.
    pub fn new(title: &str, channels: &[Channel]) -> Self {
        let (rows, columns) = (Vec::new(), Vec::new());
        let (title, channels) = (title.to_owned(), channels.to_vec());
        Self { title, channels, rows, columns, bar: None, separate: false, most: MOST }
    }

    /// Adds a row of images, each `channels x height x width`: arrays or views of arrays.
    pub fn row(mut self, name: &str, images: impl IntoIterator<Item: Into<ArrayView3<'a, f32>>>) -> Self {
        self.rows.push((name.to_owned(), images.into_iter().map(Into::into).collect()));
        self
    }

    /// Names the columns.
    pub fn columns<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        self.columns = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// Draws a bar of `length` µm on the last image, where a pixel is `pixel` µm wide.
    pub fn scale_bar(mut self, pixel: f64, length: f64) -> Self {
        self.bar = Some((pixel, length));
        self
    }

    /// Shows the channels of each image one after the other in grey, instead of over each other in colours.
    pub fn separate(mut self) -> Self {
        self.separate = true;
        self
    }

    /// Averages pixels over blocks until all images together have no more than `most`.
    pub(crate) fn most(mut self, most: usize) -> Self {
        self.most = self.most.min(most).max(1);
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When images differ in shape or in their number of channels, a contrast is no range, or the scale bar is longer than
    /// an image.
    pub fn figure(self) -> Result<Figure> {
        let (height, width) = self.check()?;
        let ranges = self.ranges();
        let per_image = if self.separate { self.channels.len() } else { 1 };
        let columns = self.rows.iter().map(|(_, images)| images.len() * per_image).max().unwrap_or(0);
        let shown = self.pictures() * height * width;
        let block = (1..).find(|block| shown <= self.most * block * block).unwrap_or(1);
        let aspect = if width > 0 { height as f64 / width as f64 } else { 1.0 };
        let mut layers = Vec::new();
        for (r, (row, images)) in self.rows.iter().enumerate() {
            for (i, image) in images.iter().enumerate() {
                for part in 0..per_image {
                    let only = self.separate.then_some(part);
                    let at = (i * per_image + part, r);
                    let column = self.columns.get(at.0).cloned().unwrap_or_else(|| format!("column {}", at.0 + 1));
                    let channel = only.map_or(String::new(), |c| format!(", {}", self.channels[c].name));
                    let label = format!("{row}, {column}{channel}");
                    layers.push(self.picture(shrunk(*image, block).view(), &ranges, only, at, aspect, label));
                }
            }
        }
        if let (Some((pixel, length)), Some((_, images))) = (self.bar, self.rows.last()) {
            let last = (images.len() * per_image, self.rows.len());
            layers.extend(scale_bar(length / (pixel * width.max(1) as f64), length, last, aspect));
        }
        if !self.separate {
            // nothing but entries of the legend
            layers.extend(self.channels.iter().map(|channel| Layer::Points {
                name: Some(channel.name.clone()),
                x: Vec::new(),
                y: Vec::new(),
                paint: Paint::One(channel.colour),
                marker: Marker::Square,
                size: 8.0,
                labels: Vec::new(),
            }));
        }
        let across = Tick::along(self.columns.iter().take(columns), |i| i + 0.5);
        let down = Tick::along(self.rows.iter().map(|(name, _)| name), |i| (i + 0.5) * aspect);
        let x = Axis::new("").named(across).limits(0.0, columns.max(1) as f64);
        let rows = self.rows.len().max(1) as f64 * aspect;
        let y = Axis::new("").named(down).limits(0.0, rows).reversed();
        let mut panel = Panel::new(&self.title, x, y, layers, (0.0, 0.0))?;
        panel.shape = Shape::Bare((columns.max(1) as f64 / rows).clamp(0.2, 8.0));
        panel.note = self.contrast(&ranges);
        if block > 1 {
            panel.note += &format!("; each pixel is the mean of {block} x {block}");
        }
        Ok(panel.into())
    }

    /// Height and width of the images, which are the same for all.
    fn check(&self) -> Result<(usize, usize)> {
        let mut size = None;
        for (row, images) in &self.rows {
            for (i, image) in images.iter().enumerate() {
                let (channels, height, width) = image.dim();
                let place = || format!("image grid {:?}, row {row:?}, image {}", self.title, i + 1);
                if channels != self.channels.len() {
                    return Err(Error::new(format!(
                        "{channels} channels in the image but {} named",
                        self.channels.len()
                    ))
                    .at(place())
                    .fix("name a channel for each layer of the images, channels first"));
                }
                let (h, w) = *size.get_or_insert((height, width));
                if (h, w) != (height, width) {
                    return Err(Error::new(format!("an image of {height} x {width} among images of {h} x {w}"))
                        .at(place())
                        .fix("crop or resize all images to one size"));
                }
            }
        }
        let (height, width) = size.unwrap_or((0, 0));
        for channel in &self.channels {
            if let Some((low, high)) = channel.range
                && !(low.is_finite() && high.is_finite() && low < high)
            {
                return Err(Error::new(format!("the contrast cannot run from {low} to {high}"))
                    .at(format!("channel {:?}", channel.name))
                    .fix("give two finite values, the lower first"));
            }
        }
        if let Some((pixel, length)) = self.bar
            && !(pixel > 0.0 && length > 0.0 && length <= 0.9 * pixel * width as f64)
        {
            return Err(Error::new(format!(
                "a bar of {length} µm does not fit an image {width} pixels of {pixel} µm wide"
            ))
            .at(format!("image grid {:?}", self.title))
            .fix("give the width of a pixel in µm and a shorter bar"));
        }
        Ok((height, width))
    }

    /// The contrast of each channel.
    fn ranges(&self) -> Vec<(f32, f32)> {
        let automatic = |channel: usize| {
            let images = || self.rows.iter().flat_map(|(_, images)| images);
            let pixels: usize = images().map(|image| image.dim().1 * image.dim().2).sum();
            let step = pixels.div_ceil(SAMPLE).max(1);
            let all = images().flat_map(|image| image.index_axis_move(ndarray::Axis(0), channel).into_iter().copied());
            let sample = sorted(all.step_by(step).map(f64::from));
            if sample.is_empty() {
                return (0.0, 1.0);
            }
            let (low, high) = (quantile(&sample, 0.01) as f32, quantile(&sample, 0.998) as f32);
            if high > low { (low, high) } else { (low, low + 1.0) }
        };
        self.channels.iter().enumerate().map(|(i, c)| c.range.unwrap_or_else(|| automatic(i))).collect()
    }

    fn contrast(&self, ranges: &[(f32, f32)]) -> String {
        let of = |(channel, (low, high)): (&Channel, &(f32, f32))| {
            // to a thousandth of the range
            let step = 10f64.powf(f64::from(high - low).log10().floor() - 3.0);
            let shown = |v: f32| crate::display::number((f64::from(v) / step).round() * step);
            format!("{} {} to {}", channel.name, shown(*low), shown(*high))
        };
        let all: Vec<String> = self.channels.iter().zip(ranges).map(of).collect();
        if all.is_empty() { String::new() } else { format!("contrast: {}", all.join(", ")) }
    }

    /// Number of pictures in the grid.
    fn pictures(&self) -> usize {
        let images: usize = self.rows.iter().map(|(_, images)| images.len()).sum();
        images * if self.separate { self.channels.len() } else { 1 }
    }

    fn picture(
        &self,
        image: ArrayView3<'_, f32>,
        ranges: &[(f32, f32)],
        only: Option<usize>,
        (column, row): (usize, usize),
        aspect: f64,
        label: String,
    ) -> Layer {
        let (channels, height, width) = image.dim();
        let mut pixels = Vec::with_capacity(3 * height * width);
        for y in 0..height {
            for x in 0..width {
                let mut sum = [0.0f32; 3];
                for c in only.map_or(0..channels, |c| c..c + 1) {
                    let (low, high) = ranges[c];
                    let level = ((image[[c, y, x]] - low) / (high - low)).clamp(0.0, 1.0);
                    let Rgb(red, green, blue) = if only.is_some() { ON_DARK } else { self.channels[c].colour };
                    for (part, of) in sum.iter_mut().zip([red, green, blue]) {
                        // a missing pixel stays black
                        *part += if level.is_nan() { 0.0 } else { level * f32::from(of) };
                    }
                }
                pixels.extend(sum.map(|part| part.round().min(255.0) as u8));
            }
        }
        Layer::Picture(Picture {
            uri: raster::picture(width, height, &pixels, self.pictures()),
            at: (column as f64 + GAP / 2.0, (row as f64 + GAP / 2.0) * aspect),
            size: (1.0 - GAP, (1.0 - GAP) * aspect),
            label,
        })
    }
}

/// An image whose pixels are means over `block x block` ones.
fn shrunk(image: ArrayView3<'_, f32>, block: usize) -> Array3<f32> {
    if block == 1 {
        return image.to_owned();
    }
    let (channels, height, width) = image.dim();
    Array3::from_shape_fn((channels, height.div_ceil(block), width.div_ceil(block)), |(c, y, x)| {
        let part = |at: usize, end: usize| at * block..((at + 1) * block).min(end);
        image.slice(ndarray::s![c, part(y, height), part(x, width)]).mean().unwrap_or(f32::NAN)
    })
}

/// A bar of `share` of an image's width in the lower right corner of the last image, with its length above it.
fn scale_bar(share: f64, length: f64, (columns, rows): (usize, usize), aspect: f64) -> [Layer; 2] {
    let right = columns as f64 - GAP / 2.0 - 0.06;
    let (left, y) = (right - share * (1.0 - GAP), (rows as f64 - GAP / 2.0 - 0.07) * aspect);
    let stroke = Stroke { colour: ON_DARK, width: 3.0, dash: Dash::Solid };
    let text = ((left + right) / 2.0, y - 0.03 * aspect, format!("{} µm", crate::display::number(length)));
    let words = Words { colours: vec![ON_DARK], ..Words::new(vec![text], Beside::Above, 11.0) };
    [Layer::stroke(vec![left, right], vec![y, y], stroke), Layer::Words(words)]
}
