//! The primitives every figure is made of; each renderer draws these six and nothing else.

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
    /// Extent of one cell in data units along x and y; cell (0, 0) starts at the origin.
    pub size: (f64, f64),
    pub scale: ColourScale,
}

#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A line through the points; NaN breaks it.
    Line { name: Option<String>, x: Vec<f64>, y: Vec<f64>, stroke: Stroke, markers: bool, data: bool },
    /// The area between `low` and `high`.
    Band { name: Option<String>, x: Vec<f64>, low: Vec<f64>, high: Vec<f64>, colour: Rgb },
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
    /// Text above points, or to their right.
    Text { x: Vec<f64>, y: Vec<f64>, text: Vec<String>, right: bool },
}

impl Layer {
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Line { name, .. } | Self::Band { name, .. } | Self::Points { name, .. } | Self::Bars { name, .. } => {
                name.as_deref()
            }
            Self::Cells(_) | Self::Text { .. } => None,
        }
    }

    pub fn scale(&self) -> Option<&ColourScale> {
        match self {
            Self::Cells(cells) => Some(&cells.scale),
            Self::Points { paint: Paint::Scaled { scale, .. }, .. } => Some(scale),
            _ => None,
        }
    }

    /// Every x and every y the layer covers.
    pub fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Line { x, y, .. } | Self::Points { x, y, .. } => (x.clone(), y.clone()),
            Self::Band { x, low, high, .. } => (x.clone(), [low.clone(), high.clone()].concat()),
            Self::Bars { at, base, values, thickness, horizontal, .. } => {
                let along = at.iter().flat_map(|a| [a - thickness / 2.0, a + thickness / 2.0]).collect();
                let values = values.iter().copied().chain([*base]).collect();
                if *horizontal { (values, along) } else { (along, values) }
            }
            Self::Cells(c) => (vec![0.0, c.columns as f64 * c.size.0], vec![0.0, c.rows as f64 * c.size.1]),
            Self::Text { .. } => (Vec::new(), Vec::new()),
        }
    }

    /// True when there is nothing to see; guides (reference lines, frames) do not count as data.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Line { data: false, .. } | Self::Text { .. } => true,
            Self::Bars { values, .. } => !values.iter().any(|v| v.is_finite()),
            Self::Cells(cells) => cells.values.is_empty(),
            _ => {
                let (x, y) = self.extent();
                !x.iter().zip(&y).any(|(x, y)| x.is_finite() && y.is_finite())
            }
        }
    }
}
