//! A figure: panels of labelled axes and layers, described once and drawn by every renderer from that description.

use std::path::Path;

use serde_json::Value;

use super::axis::Axis;
use super::layer::{ColourScale, Layer};
use super::palette::{self, Theme};
use super::{page, plotly, save, summary, svg};
use crate::display::{Bundle, Show};
use crate::{Error, Result};

/// Cells of all heatmaps of a composed figure.
const MOST_CELLS: usize = 45_000;

/// One pair of axes with what is drawn between them.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub title: String,
    pub caption: String,
    /// Said below the title: what marks and triangles mean.
    pub note: String,
    pub x: Axis,
    pub y: Axis,
    /// A second y axis, for the layers that say so.
    pub right: Option<Axis>,
    pub layers: Vec<Layer>,
    pub shape: Shape,
    /// The names of the series stand along an axis: they need no legend.
    pub named_along: bool,
}

/// How the plot area is proportioned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// As wide as there is room, of the usual height.
    Wide,
    /// As wide as there is room, this high in px.
    High(f64),
    /// As wide as there is room, somewhat higher than usual.
    Tall,
    /// As wide as high, with a grid.
    Square,
    /// A closed frame whose width is this many times its height, without a grid.
    Frame(f64),
    /// Names alone along the sides, without lines; the width is this many times the height.
    Bare(f64),
}

impl Panel {
    /// A panel whose axes are fitted to the layers, with `pad` (fractions of the extent) to spare along x and y.
    pub fn new(title: &str, x: Axis, y: Axis, layers: Vec<Layer>, pad: (f64, f64)) -> Result<Self> {
        let extents: Vec<_> = layers.iter().filter(|l| !l.on_the_right()).map(Layer::extent).collect();
        Ok(Self {
            title: title.to_owned(),
            caption: String::new(),
            note: String::new(),
            x: x.fitted(extents.iter().flat_map(|e| e.0.iter().copied()), pad.0)?,
            y: y.fitted(extents.iter().flat_map(|e| e.1.iter().copied()), pad.1)?,
            right: None,
            layers,
            shape: Shape::Wide,
            named_along: false,
        })
    }

    /// Adds a y axis on the right, fitted to the layers that belong to it.
    pub fn with_right(mut self, axis: Axis, pad: f64) -> Result<Self> {
        let extents = self.layers.iter().filter(|l| l.on_the_right()).map(|l| l.extent().1);
        let axis = axis.fitted(extents.flatten().collect::<Vec<_>>().into_iter(), pad)?;
        self.right = Some(axis);
        Ok(self)
    }

    /// The y axis that a layer belongs to.
    pub fn y_of(&self, layer: &Layer) -> &Axis {
        self.right.as_ref().filter(|_| layer.on_the_right()).unwrap_or(&self.y)
    }

    /// True when the plot area has no grid.
    pub fn framed(&self) -> bool {
        matches!(self.shape, Shape::Frame(_) | Shape::Bare(_))
    }

    /// True when nothing is drawn around the plot area but names.
    pub fn bare(&self) -> bool {
        matches!(self.shape, Shape::Bare(_))
    }

    pub fn is_empty(&self) -> bool {
        self.layers.iter().all(Layer::is_empty)
    }

    /// The layers that stand in the legend, one for each name; one series alone needs none.
    pub fn legend(&self) -> Vec<(&str, &Layer)> {
        let mut entries: Vec<(&str, &Layer)> = Vec::new();
        for (name, layer) in self.layers.iter().filter_map(|layer| Some((layer.name()?, layer))) {
            match entries.iter_mut().find(|(known, _)| *known == name) {
                // a line stands for its band
                Some((_, entry)) if matches!(entry, Layer::Area { .. }) => *entry = layer,
                Some(_) => {}
                None => entries.push((name, layer)),
            }
        }
        if entries.len() > 1 && !self.named_along { entries } else { Vec::new() }
    }

    /// How many points are scattered over the panel.
    pub fn crowd(&self) -> usize {
        self.layers.iter().map(|layer| if let Layer::Points { x, .. } = layer { x.len() } else { 0 }).sum()
    }

    /// What the colour bar shows, if colours stand for numbers.
    pub fn colours(&self) -> Option<&ColourScale> {
        self.layers.iter().find_map(Layer::scale)
    }
}

/// A finished figure.
///
/// Built by the builders of [`figures`](super). Shown in a notebook it is an interactive plotly figure, a static SVG and
/// a text that says the same, whichever the front end can draw. `a | b` puts figures side by side, `a / b` one below the
/// other.
///
/// ```
/// use perturbook::figures::Curves;
///
/// let a = Curves::new("Loss", "epoch", "loss").line("train", &[1.0, 2.0], &[3.0, 2.5]).figure()?;
/// let b = Curves::new("Accuracy", "epoch", "accuracy").line("test", &[1.0, 2.0], &[0.3, 0.5]).figure()?;
/// let both = (a | b).caption("A run of two epochs");
/// assert!(both.svg().contains("Accuracy"));
/// assert!(both.summary().starts_with("A run of two epochs"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Figure {
    pub(super) block: Block,
    /// Said above several panels.
    pub(super) heading: String,
    theme: Option<Theme>,
}

/// Panels and how they are put together.
#[derive(Clone, Debug)]
pub(super) enum Block {
    One(Box<Panel>),
    /// Side by side.
    Row(Vec<Block>),
    /// One below the other.
    Column(Vec<Block>),
}

impl Block {
    /// All panels, in reading order.
    pub fn panels(&self) -> Vec<&Panel> {
        match self {
            Self::One(panel) => vec![panel],
            Self::Row(blocks) | Self::Column(blocks) => blocks.iter().flat_map(Self::panels).collect(),
        }
    }

    /// Averages large heatmaps further until all of them together are of the size that one may have.
    fn keep_small(&mut self) {
        let cells = |layer: &Layer| if let Layer::Cells(cells) = layer { cells.values.len() } else { 0 };
        let mut changed = true;
        while changed && self.panels().iter().flat_map(|panel| &panel.layers).map(cells).sum::<usize>() > MOST_CELLS {
            changed = false;
            self.each(&mut |panel| {
                for layer in &mut panel.layers {
                    if let Layer::Cells(cells) = layer
                        && cells.values.len() > MOST_CELLS / 16
                    {
                        *cells = cells.halved();
                        changed = true;
                        let note = "averaged 2 x 2 beside other figures";
                        panel.note =
                            if panel.note.is_empty() { note.to_owned() } else { format!("{}; {note}", panel.note) };
                    }
                }
            });
        }
    }

    /// Changes every panel.
    fn each(&mut self, change: &mut impl FnMut(&mut Panel)) {
        match self {
            Self::One(panel) => change(panel),
            Self::Row(blocks) | Self::Column(blocks) => blocks.iter_mut().for_each(|block| block.each(change)),
        }
    }

    /// How many panels stand side by side at most.
    pub fn columns(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Row(blocks) => blocks.iter().map(Self::columns).sum(),
            Self::Column(blocks) => blocks.iter().map(Self::columns).max().unwrap_or(1),
        }
    }
}

impl From<Panel> for Figure {
    fn from(panel: Panel) -> Self {
        Self { block: Block::One(Box::new(panel)), heading: String::new(), theme: None }
    }
}

/// `a | b`: side by side.
impl std::ops::BitOr for Figure {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.joined(other, Block::Row, |block| if let Block::Row(row) = block { Ok(row) } else { Err(block) })
    }
}

/// `a / b`: one below the other.
impl std::ops::Div for Figure {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        self.joined(other, Block::Column, |block| if let Block::Column(all) = block { Ok(all) } else { Err(block) })
    }
}

impl Figure {
    /// Says where the figure comes from or which published figure it corresponds to; above all panels when there
    /// are several, else below the title.
    #[must_use]
    pub fn caption(mut self, text: &str) -> Self {
        match &mut self.block {
            Block::One(only) => text.clone_into(&mut only.caption),
            _ => text.clone_into(&mut self.heading),
        }
        self
    }

    /// Small multiples: the figures row by row, `columns` to a row.
    ///
    /// # Errors
    /// When there is no figure or no column.
    pub fn grid(figures: Vec<Self>, columns: usize) -> Result<Self> {
        let refused = || {
            Error::new(format!("{} figures in {columns} columns make no grid", figures.len()))
                .at("grid of figures")
                .fix("give at least one figure and one column")
        };
        if figures.is_empty() || columns == 0 {
            return Err(refused());
        }
        let mut blocks = figures.into_iter().map(|figure| figure.block);
        let mut rows = Vec::new();
        loop {
            let row: Vec<Block> = blocks.by_ref().take(columns).collect();
            if row.is_empty() {
                let mut block = Block::Column(rows);
                block.keep_small();
                return Ok(Self { block, heading: String::new(), theme: None });
            }
            rows.push(Block::Row(row));
        }
    }

    /// Gives all panels that measure the same the same range, as small multiples need to be compared.
    #[must_use]
    pub fn same_axes(mut self) -> Self {
        let mut ranges: Vec<((bool, String), (f64, f64))> = Vec::new();
        let key = |upright: bool, axis: &Axis| (upright, format!("{:?} {}", axis.scale, axis.title()));
        for panel in self.block.panels() {
            for (upright, axis) in [(false, &panel.x), (true, &panel.y)] {
                let (key, (low, high)) = (key(upright, axis), axis.range());
                match ranges.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, range)) => *range = (range.0.min(low), range.1.max(high)),
                    None => ranges.push((key, (low, high))),
                }
            }
        }
        self.block.each(&mut |panel| {
            for (upright, axis) in [(false, &mut panel.x), (true, &mut panel.y)] {
                let key = key(upright, axis);
                axis.limits = ranges.iter().find(|(known, _)| *known == key).map(|(_, range)| *range);
            }
        });
        self
    }

    /// Both figures in one row or column, `whole`; a figure that is one already adds its `parts`.
    fn joined(
        self,
        other: Self,
        whole: fn(Vec<Block>) -> Block,
        parts: fn(Block) -> std::result::Result<Vec<Block>, Block>,
    ) -> Self {
        let heading = if self.heading.is_empty() { other.heading } else { self.heading };
        let blocks = [self.block, other.block].into_iter().flat_map(|b| parts(b).unwrap_or_else(|one| vec![one]));
        let mut block = whole(blocks.collect());
        block.keep_small();
        Self { block, heading, theme: self.theme.or(other.theme) }
    }

    /// Draws this figure for a light or dark ground, whatever [`set_theme`](super::set_theme) says.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    fn drawn_for(&self) -> Theme {
        self.theme.unwrap_or_else(palette::theme)
    }

    /// The figure as a stand-alone SVG document.
    pub fn svg(&self) -> String {
        svg::render(&page::lay_out(self), &self.summary(), self.drawn_for())
    }

    /// The figure for plotly.js 3: an object with `data`, `layout` and `config`.
    pub fn plotly(&self) -> Value {
        plotly::themed(&page::lay_out(self), self.drawn_for())
    }

    /// The figure in words: titles, axes with their ranges, series with their sizes and end values.
    pub fn summary(&self) -> String {
        summary::render(self)
    }

    /// Writes the figure to a file: `.svg`, `.png`, `.pdf`, `.json` (plotly) or `.html` (interactive, in itself
    /// complete). A reader never sees half a file: it is written under another name and then renamed.
    ///
    /// # Errors
    /// When the extension is another one or the file cannot be written.
    ///
    /// ```
    /// # use perturbook::figures::Curves;
    /// let figure = Curves::new("Loss", "epoch", "loss").figure()?;
    /// assert!(figure.save("loss.bmp").unwrap_err().to_string().contains(".svg"));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save::save(self, path.as_ref())
    }
}

impl Show for Figure {
    fn bundle(&self) -> Bundle {
        let (page, summary, theme) = (page::lay_out(self), self.summary(), self.drawn_for());
        let svg = svg::render(&page, &summary, theme);
        let plotly = plotly::themed(&page, theme);
        Bundle::text(summary).with("image/svg+xml", svg).with("application/vnd.plotly.v1+json", plotly)
    }
}
