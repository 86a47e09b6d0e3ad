//! A figure: panels of labelled axes and layers, described once and drawn by every renderer from that description.

use std::path::Path;

use serde_json::Value;

use super::axis::Axis;
use super::layer::{ColourScale, Layer};
use super::{page, plotly, save, summary, svg};
use crate::Result;
use crate::display::{Bundle, Show};

/// One pair of axes with what is drawn between them.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub title: String,
    pub caption: String,
    /// Said below the title: what marks and triangles mean.
    pub note: String,
    pub x: Axis,
    pub y: Axis,
    pub layers: Vec<Layer>,
    pub shape: Shape,
}

/// How the plot area is proportioned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// As wide as there is room, of the usual height.
    Wide,
    /// As wide as there is room, this high in px.
    High(f64),
    /// A closed frame whose width is this many times its height, without a grid.
    Frame(f64),
}

impl Panel {
    /// A panel whose axes are fitted to the layers, with `pad` (fractions of the extent) to spare along x and y.
    pub fn new(title: &str, x: Axis, y: Axis, layers: Vec<Layer>, pad: (f64, f64)) -> Result<Self> {
        let extents: Vec<_> = layers.iter().map(Layer::extent).collect();
        Ok(Self {
            title: title.to_owned(),
            caption: String::new(),
            note: String::new(),
            x: x.fitted(extents.iter().flat_map(|e| e.0.iter().copied()), pad.0)?,
            y: y.fitted(extents.iter().flat_map(|e| e.1.iter().copied()), pad.1)?,
            layers,
            shape: Shape::Wide,
        })
    }

    /// True when the plot area is a closed frame without a grid.
    pub fn framed(&self) -> bool {
        matches!(self.shape, Shape::Frame(_))
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
                Some((_, entry)) if matches!(entry, Layer::Band { .. }) => *entry = layer,
                Some(_) => {}
                None => entries.push((name, layer)),
            }
        }
        if entries.len() > 1 { entries } else { Vec::new() }
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
/// Built by [`Heatmap`](super::Heatmap), [`Curves`](super::Curves), [`Bars`](super::Bars) and
/// [`Scatter`](super::Scatter). Shown in a notebook it is an interactive plotly figure, a static SVG and a text that
/// says the same, whichever the front end can draw.
///
/// ```
/// use perturbook::figures::Curves;
///
/// let a = Curves::new("Loss", "epoch", "loss").line("train", &[1.0, 2.0], &[3.0, 2.5]).figure()?;
/// let b = Curves::new("Accuracy", "epoch", "accuracy").line("test", &[1.0, 2.0], &[0.3, 0.5]).figure()?;
/// let both = a.beside(b).caption("A run of two epochs");
/// assert!(both.svg().contains("Accuracy"));
/// assert!(both.summary().starts_with("A run of two epochs"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Figure {
    pub(super) panels: Vec<Panel>,
    /// Said above several panels.
    pub(super) heading: String,
}

impl From<Panel> for Figure {
    fn from(panel: Panel) -> Self {
        Self { panels: vec![panel], heading: String::new() }
    }
}

impl Figure {
    /// Says where the figure comes from or which published figure it corresponds to; above all panels when there
    /// are several, else below the title.
    #[must_use]
    pub fn caption(mut self, text: &str) -> Self {
        match &mut self.panels[..] {
            [only] => text.clone_into(&mut only.caption),
            _ => text.clone_into(&mut self.heading),
        }
        self
    }

    /// This figure's panels and then the other's, two to a row.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.panels.extend(other.panels);
        if self.heading.is_empty() {
            self.heading = other.heading;
        }
        self
    }

    /// The figure as a stand-alone SVG document.
    pub fn svg(&self) -> String {
        svg::render(&page::lay_out(self), &self.summary())
    }

    /// The figure for plotly.js 3: an object with `data`, `layout` and `config`.
    pub fn plotly(&self) -> Value {
        plotly::render(&page::lay_out(self))
    }

    /// The figure in words: titles, axes with their ranges, series with their sizes and end values.
    pub fn summary(&self) -> String {
        summary::render(self)
    }

    /// Writes the figure to a file: `.svg`, `.json` (plotly) or `.html` (interactive when plotly.js can be fetched,
    /// static otherwise). A reader never sees half a file: it is written under another name and then renamed.
    ///
    /// # Errors
    /// When the extension is another one or the file cannot be written.
    ///
    /// ```
    /// # use perturbook::figures::Curves;
    /// let figure = Curves::new("Loss", "epoch", "loss").figure()?;
    /// assert!(figure.save("loss.pdf").unwrap_err().to_string().contains(".svg"));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save::save(self, path.as_ref())
    }
}

impl Show for Figure {
    fn bundle(&self) -> Bundle {
        let (page, summary) = (page::lay_out(self), self.summary());
        let svg = svg::render(&page, &summary);
        Bundle::text(summary).with("image/svg+xml", svg).with("application/vnd.plotly.v1+json", plotly::render(&page))
    }
}
