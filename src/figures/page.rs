//! Where everything goes: one layout in px, shared by the static and the interactive renderer.
//!
//! Margins follow from the estimated widths of tick labels, legends and colour bars, so that nothing is clipped.

use std::cell::OnceCell;

use super::axis::{Axis, Tick};
use super::figure::{Block, Figure, Panel, Shape};
use super::layer::{Layer, Words};
use super::measure::{shortened, width, wrapped};
use super::palette::Theme;
use super::{raster, spread};

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

/// Width of a page of one panel, and of several side by side: what a notebook shows without scrolling.
const WIDTHS: [f64; 2] = [700.0, 830.0];
/// Height of a plot area where one, two, three and more stand side by side, unless the panel asks for another.
const HEIGHTS: [f64; 4] = [340.0, 250.0, 190.0, 150.0];
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
    pub right_ticks: Vec<Tick>,
    /// Baseline of the x axis title and x of the y axis titles' centre lines, left and right.
    pub titles: (f64, f64, f64),
    /// Top left corner of the legend.
    pub legend: (f64, f64),
    /// Legend labels, in lines.
    pub entries: Vec<Vec<String>>,
    pub bar: Rect,
    /// Points of the whole figure, and panels among which they are divided.
    pub crowd: (usize, usize),
    picture: OnceCell<String>,
}

impl Placed<'_> {
    /// True when this panel has points and the figure more than `most`.
    pub fn crowded(&self, most: usize) -> bool {
        self.crowd.0 > most && self.panel.crowd() > 0
    }

    /// All points as a picture, made once for both renderers.
    pub fn picture(&self, theme: Theme) -> &str {
        self.picture.get_or_init(|| raster::points(self, theme))
    }

    /// Where the middle of each text goes, in px: `None` where it is left out.
    pub fn words(&self, words: &Words) -> Vec<Option<(f64, f64)>> {
        spread::places(self, words)
    }

    /// Place of a data point in px.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.plot.x + self.panel.x.fraction(x) * self.plot.w, self.height(&self.panel.y, y))
    }

    /// Place of a point of a layer in px, on the axes that it belongs to.
    pub fn place_of(&self, layer: &Layer, x: f64, y: f64) -> (f64, f64) {
        (self.place(x, 0.0).0, self.height(self.panel.y_of(layer), y))
    }

    /// Place of a value of a y axis in px.
    pub fn height(&self, axis: &Axis, y: f64) -> f64 {
        self.plot.y + (1.0 - axis.fraction(y)) * self.plot.h
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
    right: f64,
    colours: f64,
    legend: f64,
    y_ticks: Vec<Tick>,
    right_ticks: Vec<Tick>,
    entries: Vec<Vec<String>>,
}

fn surroundings(panel: &Panel, slot: f64, height: f64) -> Surroundings {
    let widest = |ticks: &[Tick]| ticks.iter().map(|t| width(&t.label, TICK)).fold(0.0, f64::max);
    let along = |axis: &Axis| {
        let mut ticks = axis.ticks((height / 55.0).clamp(2.0, 8.0) as usize);
        for tick in &mut ticks {
            tick.label = shortened(&tick.label, TICK, slot * 0.3);
        }
        keep_apart(&mut ticks, axis, height, |_| TICK * 1.1);
        ticks
    };
    let y_ticks = along(&panel.y);
    let right_ticks = panel.right.as_ref().map(along).unwrap_or_default();
    let beside = |ticks: &[Tick], title: &str| 8.0 + widest(ticks) + if title.is_empty() { 6.0 } else { 12.0 + LABEL };
    let right = panel.right.as_ref().map_or(0.0, |axis| beside(&right_ticks, &axis.title()));
    let entries: Vec<Vec<String>> = panel.legend().iter().map(|(name, _)| wrapped(name, SMALL, slot * 0.28)).collect();
    let legend = entries.iter().flatten().map(|line| width(line, SMALL) + SWATCH + 30.0).fold(0.0, f64::max);
    let colours = panel.colours().map_or(0.0, |scale| 16.0 + BAR + 10.0 + widest(&scale.axis.ticks(5)) + LABEL + 16.0);
    let left = EDGE + beside(&y_ticks, &panel.y.title());
    Surroundings { left, right, colours, legend, y_ticks, right_ticks, entries }
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

/// Lays the panels out, each under its heading.
pub(super) fn lay_out(figure: &Figure) -> Page<'_> {
    let columns = figure.block.columns();
    let width = WIDTHS[columns.clamp(1, WIDTHS.len()) - 1];
    let mut titles: Vec<&str> = figure.block.panels().iter().map(|p| p.title.as_str()).collect();
    titles.retain(|title| !title.is_empty());
    let mut page = Page { width, height: 0.0, title: titles.join("; "), lines: Vec::new(), panels: Vec::new() };
    let mut top = EDGE;
    for text in wrapped(&figure.heading, LABEL, width - 2.0 * EDGE) {
        top += LABEL * 1.35;
        page.lines.push(Line { x: EDGE, y: top, font: LABEL, bold: false, text });
    }
    if !page.lines.is_empty() {
        top += 10.0;
    }
    let usual = HEIGHTS[columns.clamp(1, HEIGHTS.len()) - 1];
    let slot = Slot { left: 0.0, top, width, usual, head: 0.0 };
    page.height = page.fill(&figure.block, slot).ceil();
    let crowds: Vec<usize> = page.panels.iter().map(|placed| placed.panel.crowd()).filter(|&n| n > 0).collect();
    for placed in &mut page.panels {
        placed.crowd = (crowds.iter().sum(), crowds.len());
    }
    page
}

/// Room for a block: its left edge, its top, its width, the usual height of a plot area, and how far below the top plot
/// areas start at least.
#[derive(Clone, Copy)]
struct Slot {
    left: f64,
    top: f64,
    width: f64,
    usual: f64,
    head: f64,
}

impl Slot {
    /// The slots of blocks side by side, as wide as they have columns, their uppermost plot areas in one line.
    fn split(self, row: &[Block]) -> Vec<Self> {
        let all: usize = row.iter().map(Block::columns).sum();
        let mut slots = Vec::new();
        let mut left = self.left;
        for block in row {
            let width = self.width * block.columns() as f64 / all as f64;
            slots.push(Self { left, width, ..self });
            left += width;
        }
        let head = row.iter().zip(&slots).map(|(block, slot)| slot.head_of(block)).fold(self.head, f64::max);
        slots.iter().map(|slot| Self { head, ..*slot }).collect()
    }

    /// Height of the headings above the uppermost plot areas of a block.
    fn head_of(self, block: &Block) -> f64 {
        match block {
            Block::One(panel) => heading(panel, 0.0, self.width - 2.0 * EDGE).1,
            Block::Row(row) => self.split(row)[0].head,
            Block::Column(column) => column.first().map_or(0.0, |first| self.head_of(first)),
        }
    }
}

impl<'a> Page<'a> {
    /// Places a block; returns where it ends.
    fn fill(&mut self, block: &'a Block, slot: Slot) -> f64 {
        match block {
            Block::One(panel) => {
                let (mut lines, height) = heading(panel, slot.left + EDGE, slot.width - 2.0 * EDGE);
                for line in &mut lines {
                    line.y += slot.top;
                }
                self.lines.append(&mut lines);
                let plot_top = slot.top + height.max(slot.head) + 6.0;
                let placed = place_panel(panel, plot_top, slot);
                let legend = placed.entries.iter().flatten().count() as f64 * LEGEND_LINE;
                let bottom = plot_top.max(placed.titles.0 + 6.0).max(plot_top + legend);
                self.panels.push(placed);
                bottom + EDGE
            }
            Block::Row(row) => {
                let slots = slot.split(row);
                row.iter().zip(slots).map(|(block, slot)| self.fill(block, slot)).fold(slot.top, f64::max)
            }
            Block::Column(column) => {
                let mut here = slot;
                for block in column {
                    here = Slot { top: self.fill(block, here), head: 0.0, ..slot };
                }
                here.top
            }
        }
    }
}

fn place_panel(panel: &Panel, top: f64, slot: Slot) -> Placed<'_> {
    let height = match panel.shape {
        Shape::Wide => slot.usual,
        Shape::High(height) => height,
        Shape::Tall => slot.usual * 1.18,
        Shape::Square => slot.usual * 1.1,
        Shape::Frame(ratio) | Shape::Bare(ratio) => (slot.width - 170.0) / ratio,
    };
    let around = surroundings(panel, slot.width, height);
    let right = (around.right + around.colours + around.legend).max(EDGE);
    let mut plot = Rect { x: slot.left + around.left, y: top, w: slot.width - around.left - right, h: height };
    match panel.shape {
        Shape::Wide | Shape::Tall | Shape::High(_) => {}
        Shape::Square => plot.w = plot.w.min(height),
        Shape::Frame(ratio) | Shape::Bare(ratio) => {
            plot.w = plot.w.min(MOST * ratio);
            plot.h = plot.w / ratio;
        }
    }
    let (x_ticks, turned, below) = under(&panel.x, plot.w);
    if let (true, Some(first)) = (turned == 45.0, x_ticks.first()) {
        // the first slanted label leans out to the left: it must not leave the page
        let lean = width(&first.label, TICK) * 0.72 + EDGE - around.left - panel.x.fraction(first.at) * plot.w;
        plot.x += lean.max(0.0);
        plot.w -= lean.max(0.0);
    }
    let edge = plot.x + plot.w;
    let end = edge + around.right;
    let title = if panel.x.title().is_empty() { 0.0 } else { 5.0 + LABEL };
    Placed {
        panel,
        plot,
        x_ticks,
        y_ticks: around.y_ticks,
        right_ticks: around.right_ticks,
        turned,
        titles: (top + plot.h + 8.0 + below + title, slot.left + EDGE + LABEL / 2.0, end - LABEL / 2.0),
        legend: (end + around.colours + 16.0, top),
        entries: around.entries,
        bar: Rect { x: end + 16.0, y: top + 0.1 * plot.h, w: BAR, h: 0.8 * plot.h },
        crowd: (0, 0),
        picture: OnceCell::new(),
    }
}
