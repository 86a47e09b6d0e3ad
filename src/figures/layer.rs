//! The primitives every figure is made of; each renderer draws these seven and nothing else.

use super::axis::Axis;
use super::palette::{Palette, Rgb};
use crate::Result;

/// Pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

impl Dash {
    /// Lengths of strokes and gaps in px, empty for an unbroken line.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Solid => "",
            Self::Dashed => "7,4",
            Self::Dotted => "2,3",
        }
    }
}

/// How a line is drawn; width in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub colour: Rgb,
    pub width: f64,
    pub dash: Dash,
}

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Diamond,
}

impl Marker {
    /// The shape of category `i`, so that categories beyond the eight colours stay distinct.
    pub fn of(i: usize) -> Self {
        [Self::Circle, Self::Square, Self::Diamond][i / super::palette::CATEGORIES.len() % 3]
    }
}

/// A colour for each value: a palette stretched over the range of an axis.
#[derive(Clone, Debug)]
pub(super) struct ColourScale {
    pub axis: Axis,
    pub palette: Palette,
}

impl ColourScale {
    /// The palette over the axis' limits or, without, over the values; a diverging one has its middle at zero.
    pub fn fitted(mut axis: Axis, palette: Palette, values: impl Iterator<Item = f64>) -> Result<Self> {
        if axis.limits.is_none() && palette == Palette::Diverging {
            let most = values.filter(|v| v.is_finite()).map(f64::abs).fold(0.0, f64::max);
            let most = if most > 0.0 { most } else { 1.0 };
            return Ok(Self { axis: axis.limits(-most, most).fitted(std::iter::empty(), 0.0)?, palette });
        }
        axis = axis.fitted(values, 0.0)?;
        Ok(Self { axis, palette })
    }

    pub fn colour(&self, value: f64) -> Rgb {
        self.palette.at(self.axis.fraction(value))
    }
}

/// One colour for all points, or one for each.
#[derive(Clone, Debug)]
pub(super) enum Paint {
    One(Rgb),
    Scaled { values: Vec<f64>, scale: ColourScale },
}

/// A matrix of coloured cells.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub rows: usize,
    pub columns: usize,
    /// `rows x columns`, row by row; NaN is drawn grey.
    pub values: Vec<f32>,
    /// Where cell (0, 0) starts, in data units.
    pub origin: (f64, f64),
    /// Extent of one cell in data units along x and y.
    pub size: (f64, f64),
    pub scale: ColourScale,
}

impl Cells {
    /// Half as many rows and columns, each cell the mean of four; missing values are left out.
    pub fn halved(&self) -> Self {
        let (rows, columns) = (self.rows.div_ceil(2), self.columns.div_ceil(2));
        let mean = |i: usize| {
            let (row, column) = (i / columns * 2, i % columns * 2);
            let near = (row..(row + 2).min(self.rows))
                .flat_map(|r| (column..(column + 2).min(self.columns)).map(move |c| r * self.columns + c));
            let known: Vec<f32> = near.map(|at| self.values[at]).filter(|v| v.is_finite()).collect();
            if known.is_empty() { f32::NAN } else { known.iter().sum::<f32>() / known.len() as f32 }
        };
        let values = (0..rows * columns).map(mean).collect();
        Self { rows, columns, values, size: (2.0 * self.size.0, 2.0 * self.size.1), ..self.clone() }
    }
}

/// A picture.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// The picture itself as a data URI; empty when it has no pixels.
    pub uri: String,
    /// Its corner with the smallest x and y, in data units.
    pub at: (f64, f64),
    /// Its extent in data units.
    pub size: (f64, f64),
    /// Said when it is pointed at.
    pub label: String,
}

/// Where text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Above,
    Right,
    /// On the point.
    On,
    /// Beside the point, wherever it hides no other label; left out where there is no such place.
    Near,
    /// On the point or, where another label is, near it.
    Over,
}

impl Beside {
    /// True when the text has to find its place, and may lie over points.
    pub fn seeks(self) -> bool {
        matches!(self, Self::Near | Self::Over)
    }
}

/// Short texts at points.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub text: Vec<String>,
    /// One colour each, or none for ink.
    pub colours: Vec<Rgb>,
    pub beside: Beside,
    pub font: f64,
}

impl Words {
    /// Texts in ink at these points.
    pub fn new(placed: Vec<(f64, f64, String)>, beside: Beside, font: f64) -> Self {
        Self {
            x: placed.iter().map(|p| p.0).collect(),
            y: placed.iter().map(|p| p.1).collect(),
            text: placed.into_iter().map(|p| p.2).collect(),
            colours: Vec::new(),
            beside,
            font,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A line through the points; NaN breaks it. `right`: its y belongs to the axis on the right.
    Line {
        name: Option<String>,
        x: Vec<f64>,
        y: Vec<f64>,
        stroke: Stroke,
        markers: bool,
        data: bool,
        right: bool,
    },
    /// Filled outlines, one after the other, NaN between them; `said` is what the series is, in words.
    Area {
        name: Option<String>,
        x: Vec<f64>,
        y: Vec<f64>,
        colour: Rgb,
        opacity: f64,
        /// Width of the outline, 0 for none.
        edge: f64,
        said: String,
        right: bool,
    },
    /// Points, `size` px across; `labels` (one each, or none) are shown when pointed at.
    Points {
        name: Option<String>,
        x: Vec<f64>,
        y: Vec<f64>,
        paint: Paint,
        marker: Marker,
        size: f64,
        labels: Vec<String>,
    },
    /// Bars from `base` to `values`, centred at `at`, `thickness` wide, along y unless `horizontal`.
    Bars {
        name: Option<String>,
        at: Vec<f64>,
        base: f64,
        values: Vec<f64>,
        thickness: f64,
        colour: Rgb,
        horizontal: bool,
        labels: Vec<String>,
    },
    /// A heatmap.
    Cells(Cells),
    Picture(Picture),
    Words(Words),
}

impl Layer {
    /// A line that is part of a drawing, not a series of its own.
    pub fn stroke(x: Vec<f64>, y: Vec<f64>, stroke: Stroke) -> Self {
        Self::Line { name: None, x, y, stroke, markers: false, data: false, right: false }
    }

    /// The area between `low` and `high` over `x`.
    pub fn band(name: &str, x: &[f64], low: &[f64], high: &[f64], colour: Rgb, right: bool) -> Self {
        let finite = |i: &usize| x[*i].is_finite() && low[*i].is_finite() && high[*i].is_finite();
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let rows: Vec<usize> = (0..x.len()).collect();
        for run in rows.split(|i| !finite(i)).filter(|run| !run.is_empty()) {
            if !xs.is_empty() {
                xs.push(f64::NAN);
                ys.push(f64::NAN);
            }
            xs.extend(run.iter().chain(run.iter().rev()).map(|&i| x[i]));
            ys.extend(run.iter().map(|&i| high[i]).chain(run.iter().rev().map(|&i| low[i])));
        }
        let (name, said) = (Some(name.to_owned()), "shaded band".to_owned());
        Self::Area { name, x: xs, y: ys, colour, opacity: 0.2, edge: 0.0, said, right }
    }

    /// A guide without a name, in this colour.
    pub fn unnamed(&mut self, ink: Rgb) {
        if let Self::Line { name, stroke, .. } = self {
            (*name, stroke.colour) = (None, ink);
        }
    }

    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Line { name, .. } | Self::Area { name, .. } | Self::Points { name, .. } | Self::Bars { name, .. } => {
                name.as_deref()
            }
            Self::Cells(_) | Self::Picture(_) | Self::Words(_) => None,
        }
    }

    pub fn scale(&self) -> Option<&ColourScale> {
        match self {
            Self::Cells(cells) => Some(&cells.scale),
            Self::Points { paint: Paint::Scaled { scale, .. }, .. } => Some(scale),
            _ => None,
        }
    }

    /// True when its y belongs to the axis on the right.
    pub fn on_the_right(&self) -> bool {
        matches!(self, Self::Line { right: true, .. } | Self::Area { right: true, .. })
    }

    /// Every x and every y the layer covers.
    pub fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        let box_of = |at: (f64, f64), w: f64, h: f64| (vec![at.0, at.0 + w], vec![at.1, at.1 + h]);
        match self {
            Self::Line { x, y, .. } | Self::Points { x, y, .. } | Self::Area { x, y, .. } => (x.clone(), y.clone()),
            Self::Bars { at, base, values, thickness, horizontal, .. } => {
                let along = at.iter().flat_map(|a| [a - thickness / 2.0, a + thickness / 2.0]).collect();
                let values = values.iter().copied().chain([*base]).collect();
                if *horizontal { (values, along) } else { (along, values) }
            }
            Self::Cells(c) => box_of(c.origin, c.columns as f64 * c.size.0, c.rows as f64 * c.size.1),
            Self::Picture(p) => box_of(p.at, p.size.0, p.size.1),
            Self::Words(_) => (Vec::new(), Vec::new()),
        }
    }

    /// True when there is nothing to see; guides (reference lines, frames) do not count as data.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Line { data: false, .. } | Self::Words(_) => true,
            Self::Bars { values, .. } => !values.iter().any(|v| v.is_finite()),
            Self::Cells(cells) => cells.values.is_empty(),
            Self::Picture(picture) => picture.uri.is_empty(),
            _ => {
                let (x, y) = self.extent();
                !x.iter().zip(&y).any(|(x, y)| x.is_finite() && y.is_finite())
            }
        }
    }
}
