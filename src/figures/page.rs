//! Where everything goes: one layout in px, shared by the static and the interactive renderer.
//!
//! Margins follow from the estimated widths of tick labels, legends and colour bars, so that nothing is clipped.

use std::cell::OnceCell;

use super::axis::{Axis, Tick};
use super::figure::{Figure, Panel, Shape};
use super::measure::{shortened, width, wrapped};
use super::raster;

/// Font sizes in px.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const SMALL: f64 = 12.0;
pub(super) const TICK: f64 = 11.0;

/// Height of a line of legend.
pub(super) const LEGEND_LINE: f64 = 18.0;
/// Width of the swatch in front of a legend entry.
pub(super) const SWATCH: f64 = 26.0;
/// Width of a colour bar.
pub(super) const BAR: f64 = 14.0;

const WIDTH: f64 = 700.0;
const SLOT: f64 = 470.0;
const EDGE: f64 = 14.0;
/// Largest side of a framed plot area.
const MOST: f64 = 540.0;

/// A rectangle in px, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// A whole figure, laid out.
pub(super) struct Page<'a> {
    pub width: f64,
    pub height: f64,
    pub title: String,
    pub lines: Vec<Line>,
    pub panels: Vec<Placed<'a>>,
}

/// A line of heading text: its left end and baseline.
pub(super) struct Line {
    pub x: f64,
    pub y: f64,
    pub font: f64,
    pub bold: bool,
    pub text: String,
}

/// One panel, laid out.
pub(super) struct Placed<'a> {
    pub panel: &'a Panel,
    pub plot: Rect,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    /// 0, 45 or 90: how far the labels under the plot are turned, in degrees.
    pub turned: f64,
    /// Baseline of the x axis title and x of the y axis title's centre line.
    pub titles: (f64, f64),
    /// Top left corner of the legend.
    pub legend: (f64, f64),
    /// Legend labels, in lines.
    pub entries: Vec<Vec<String>>,
    pub bar: Rect,
    picture: OnceCell<String>,
}

impl Placed<'_> {
    /// All points as a picture, made once for both renderers.
    pub fn picture(&self) -> &str {
        self.picture.get_or_init(|| raster::points(self))
    }

    /// Place of a data point in px.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.plot.x + self.panel.x.fraction(x) * self.plot.w,
            self.plot.y + (1.0 - self.panel.y.fraction(y)) * self.plot.h,
        )
    }
}

/// Heading lines of a panel in the given width, with their heights.
fn heading(panel: &Panel, x: f64, limit: f64) -> (Vec<Line>, f64) {
    let mut lines = Vec::new();
    let mut y = 0.0;
    for (text, font, bold) in [(&panel.title, TITLE, true), (&panel.caption, SMALL, false), (&panel.note, SMALL, false)]
    {
        let font_width = if bold { font * 1.08 } else { font };
        for text in wrapped(text, font_width, limit) {
            y += font * 1.35;
            lines.push(Line { x, y, font, bold, text });
        }
    }
    (lines, if y > 0.0 { y + 10.0 } else { 0.0 })
}

/// What stands around a plot area, with its widths in px.
struct Surroundings {
    left: f64,
    colours: f64,
    legend: f64,
    y_ticks: Vec<Tick>,
    entries: Vec<Vec<String>>,
}

fn surroundings(panel: &Panel, slot: f64, height: f64) -> Surroundings {
    let widest = |ticks: &[Tick]| ticks.iter().map(|t| width(&t.label, TICK)).fold(0.0, f64::max);
    let mut y_ticks = panel.y.ticks((height / 55.0).clamp(2.0, 8.0) as usize);
    for tick in &mut y_ticks {
        tick.label = shortened(&tick.label, TICK, slot * 0.3);
    }
    keep_apart(&mut y_ticks, &panel.y, height, |_| TICK * 1.1);
    let entries: Vec<Vec<String>> = panel.legend().iter().map(|(name, _)| wrapped(name, SMALL, slot * 0.28)).collect();
    let legend = entries.iter().flatten().map(|line| width(line, SMALL) + SWATCH + 30.0).fold(0.0, f64::max);
    let colours = panel.colours().map_or(0.0, |scale| 16.0 + BAR + 10.0 + widest(&scale.axis.ticks(5)) + LABEL + 16.0);
    Surroundings { left: EDGE + LABEL + 12.0 + widest(&y_ticks) + 8.0, colours, legend, y_ticks, entries }
}

/// Takes labels away until those left stand apart; the longest groups keep theirs.
fn keep_apart(ticks: &mut Vec<Tick>, axis: &Axis, length: f64, room: impl Fn(&Tick) -> f64) {
    let mut order: Vec<usize> = (0..ticks.len()).collect();
    order.sort_by(|&a, &b| ticks[b].span.total_cmp(&ticks[a].span));
    if ticks.iter().all(|t| t.span == 0.0) && ticks.len() > 1 {
        // equal ranks: keep every k-th, so that the labels left are evenly spaced
        let gap = (axis.fraction(ticks[1].at) - axis.fraction(ticks[0].at)).abs() * length;
        let need = ticks.iter().map(&room).fold(0.0, f64::max);
        let every = (need / gap.max(1e-9)).ceil().max(1.0) as usize;
        order.sort_by_key(|&i| (i % every != 0, i));
    }
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for i in order {
        let (centre, half) = (axis.fraction(ticks[i].at) * length, room(&ticks[i]) / 2.0);
        if kept.iter().any(|&(from, to)| centre - half < to && centre + half > from) {
            ticks[i].label.clear();
        } else if !ticks[i].label.is_empty() {
            kept.push((centre - half, centre + half));
        }
    }
    // a group keeps its mark without the label
    ticks.retain(|t| !t.label.is_empty() || t.span > 0.0);
}

/// Tick labels under the plot, how far they are turned, and the room they take.
fn under(axis: &Axis, length: f64) -> (Vec<Tick>, f64, f64) {
    let mut ticks = axis.ticks((length / 75.0).clamp(2.0, 8.0) as usize);
    for tick in &mut ticks {
        tick.label = shortened(&tick.label, TICK, 180.0);
    }
    let widest = ticks.iter().map(|t| width(&t.label, TICK)).fold(0.0, f64::max);
    let gap = match &ticks[..] {
        [a, b, ..] => (axis.fraction(b.at) - axis.fraction(a.at)).abs() * length,
        _ => length,
    };
    let grouped = ticks.iter().any(|t| t.span > 0.0);
    let turned = if grouped || axis.named.is_none() || gap >= widest + 6.0 {
        0.0
    } else if gap >= 18.0 {
        45.0
    } else {
        90.0
    };
    let room = match turned {
        0.0 => TICK * 1.2,
        45.0 => (widest + TICK) * 0.72,
        _ => widest,
    };
    keep_apart(&mut ticks, axis, length, |t| if turned == 0.0 { width(&t.label, TICK) + 3.0 } else { TICK });
    (ticks, turned, room)
}

/// Lays the panels out, two to a row, each under its heading.
pub(super) fn lay_out(figure: &Figure) -> Page<'_> {
    let columns = figure.panels.len().min(2);
    let (total, slot) = if columns < 2 { (WIDTH, WIDTH) } else { (2.0 * SLOT, SLOT) };
    let mut lines: Vec<Line> = Vec::new();
    let mut top = EDGE;
    for text in wrapped(&figure.heading, LABEL, total - 2.0 * EDGE) {
        top += LABEL * 1.35;
        lines.push(Line { x: EDGE, y: top, font: LABEL, bold: false, text });
    }
    if !lines.is_empty() {
        top += 10.0;
    }
    let mut panels = Vec::new();
    for row in figure.panels.chunks(2) {
        let headings: Vec<_> = row
            .iter()
            .enumerate()
            .map(|(i, panel)| heading(panel, i as f64 * slot + EDGE, slot - 2.0 * EDGE))
            .collect();
        let head = headings.iter().map(|h| h.1).fold(0.0, f64::max);
        for mut line in headings.into_iter().flat_map(|h| h.0) {
            line.y += top;
            lines.push(line);
        }
        let plot_top = top + head + 6.0;
        let mut bottom = plot_top;
        for (i, panel) in row.iter().enumerate() {
            let placed = place_panel(panel, i as f64 * slot, plot_top, slot, columns);
            let legend = placed.entries.iter().flatten().count() as f64 * LEGEND_LINE;
            bottom = bottom.max(placed.titles.0 + 6.0).max(plot_top + legend);
            panels.push(placed);
        }
        top = bottom + EDGE;
    }
    let mut titles: Vec<&str> = figure.panels.iter().map(|p| p.title.as_str()).collect();
    titles.retain(|title| !title.is_empty());
    Page { width: total, height: top.ceil(), title: titles.join("; "), lines, panels }
}

fn place_panel(panel: &Panel, left: f64, top: f64, slot: f64, columns: usize) -> Placed<'_> {
    let usual = if columns < 2 { 340.0 } else { 270.0 };
    let height = match panel.shape {
        Shape::Wide => usual,
        Shape::High(height) => height,
        Shape::Frame(ratio) => (slot - 170.0) / ratio,
    };
    let around = surroundings(panel, slot, height);
    let right = (around.colours + around.legend).max(EDGE);
    let mut plot = Rect { x: left + around.left, y: top, w: slot - around.left - right, h: height };
    if let Shape::Frame(ratio) = panel.shape {
        plot.w = plot.w.min(MOST * ratio);
        plot.h = plot.w / ratio;
    }
    let (x_ticks, turned, below) = under(&panel.x, plot.w);
    if let (true, Some(first)) = (turned == 45.0, x_ticks.first()) {
        // the first slanted label leans out to the left: it must not leave the page
        let lean = width(&first.label, TICK) * 0.72 + EDGE - around.left - panel.x.fraction(first.at) * plot.w;
        plot.x += lean.max(0.0);
        plot.w -= lean.max(0.0);
    }
    let end = plot.x + plot.w;
    Placed {
        panel,
        plot,
        x_ticks,
        y_ticks: around.y_ticks,
        turned,
        titles: (top + plot.h + 8.0 + below + 5.0 + LABEL, left + EDGE + LABEL / 2.0),
        legend: (end + around.colours + 16.0, top),
        entries: around.entries,
        bar: Rect { x: end + 16.0, y: top + 0.1 * plot.h, w: BAR, h: 0.8 * plot.h },
        picture: OnceCell::new(),
    }
}
