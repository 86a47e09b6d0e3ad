//! Static drawing: a laid-out page as an SVG document that needs nothing but a viewer.

use std::fmt::Write;

use super::layer::{Cells, Dash, Layer, Marker, Paint, Picture, Stroke, Words};
use super::measure;
use super::page::{BAR, LABEL, LEGEND_LINE, Page, Placed, Rect, SMALL, SWATCH, TICK};
use super::palette::{GREY, INK, MISSING, PALE, PAPER, Rgb, Theme};
use super::raster;
use crate::display::escape;

/// Above this many, cells are drawn as a picture.
const VECTOR_CELLS: usize = 1_024;
/// Above this many, points are drawn as a picture.
const VECTOR_POINTS: usize = 2_000;

pub(super) const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// The page as an SVG document; `summary` becomes its description for screen readers.
pub(super) fn render(page: &Page<'_>, summary: &str, theme: Theme) -> String {
    let (w, h) = (num(page.width), num(page.height));
    let out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
         font-family=\"{FONTS}\"><title>{}</title><desc>{}</desc><rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>",
        escape(&page.title),
        escape(summary),
        theme.hex(PAPER)
    );
    let mut drawing = Drawing { out, theme };
    for line in &page.lines {
        let colour = if line.bold { INK } else { GREY };
        let style = Text { size: line.font, colour, anchor: "start", bold: line.bold, ..PLAIN };
        drawing.text(line.x, line.y, &line.text, style);
    }
    for placed in &page.panels {
        drawing.panel(placed);
    }
    drawing.out + "</svg>"
}

#[derive(Clone, Copy)]
struct Text {
    size: f64,
    colour: Rgb,
    anchor: &'static str,
    bold: bool,
    /// Degrees.
    turn: f64,
    /// Set off from what lies below it.
    halo: bool,
}

const PLAIN: Text = Text { size: TICK, colour: INK, anchor: "middle", bold: false, turn: 0.0, halo: false };

fn num(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thin(colour: Rgb) -> Stroke {
    Stroke { colour, width: 1.0, dash: Dash::Solid }
}

/// An SVG document being written.
struct Drawing {
    out: String,
    theme: Theme,
}

impl Drawing {
    fn fill(&self, colour: Rgb) -> String {
        format!("fill=\"{}\"", self.theme.hex(colour))
    }

    /// No filling, a thin outline.
    fn outline(&self) -> String {
        format!("fill=\"none\" stroke=\"{}\"", self.theme.hex(INK))
    }

    fn text(&mut self, x: f64, y: f64, content: &str, style: Text) {
        if content.is_empty() {
            return;
        }
        let (x, y) = (num(x), num(y));
        let turn =
            if style.turn == 0.0 { String::new() } else { format!(" transform=\"rotate({} {x} {y})\"", style.turn) };
        let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
        let halo = if style.halo {
            format!(
                " stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
                self.theme.hex(PAPER)
            )
        } else {
            String::new()
        };
        let (size, fill, anchor) = (style.size, self.fill(style.colour), style.anchor);
        let _ = write!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" {fill} text-anchor=\"{anchor}\"{weight}{turn}{halo}>{}</text>",
            escape(content)
        );
    }

    fn rect(&mut self, r: Rect, paint: &str) {
        let (x, y, w, h) = (num(r.x), num(r.y), num(r.w), num(r.h));
        let _ = write!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {paint}/>");
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(&format!("M{} {}L{} {}", num(from.0), num(from.1), num(to.0), num(to.1)), stroke);
    }

    fn path(&mut self, d: &str, stroke: Stroke) {
        let dash = match stroke.dash {
            Dash::Solid => String::new(),
            dash => format!(" stroke-dasharray=\"{}\"", dash.pattern()),
        };
        let (colour, width) = (self.theme.hex(stroke.colour), num(stroke.width));
        let _ = write!(
            self.out,
            "<path d=\"{d}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}/>"
        );
    }

    fn marker(&mut self, (x, y): (f64, f64), size: f64, shape: Marker, paint: &str) {
        let r = size / 2.0;
        match shape {
            Marker::Circle => {
                let _ = write!(self.out, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {paint}/>", num(x), num(y), num(r));
            }
            Marker::Square => self.rect(Rect { x: x - 0.88 * r, y: y - 0.88 * r, w: 1.76 * r, h: 1.76 * r }, paint),
            Marker::Diamond => {
                let (r, x, y) = (num(1.1 * r), num(x), num(y));
                let _ = write!(self.out, "<path d=\"M{x} {y}m-{r} 0l{r} -{r}l{r} {r}l-{r} {r}z\" {paint}/>");
            }
        }
    }

    fn image(&mut self, r: Rect, uri: &str, style: &str) {
        let (x, y, w, h) = (num(r.x), num(r.y), num(r.w), num(r.h));
        let _ = write!(
            self.out,
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\"{style} href=\"{uri}\"/>"
        );
    }

    fn panel(&mut self, placed: &Placed<'_>) {
        let (r, panel) = (placed.plot, placed.panel);
        let framed = panel.framed();
        let (left, right, top, bottom) = (r.x, r.x + r.w, r.y, r.y + r.h);
        if !framed {
            for tick in placed.x_ticks.iter().filter(|_| panel.x.named.is_none()) {
                let x = placed.place(tick.at, 0.0).0;
                self.line((x, top), (x, bottom), thin(PALE));
            }
            for tick in placed.y_ticks.iter().filter(|_| panel.y.named.is_none()) {
                let y = placed.height(&panel.y, tick.at);
                self.line((left, y), (right, y), thin(PALE));
            }
        }
        // an inner svg clips what it holds, without an id that could clash between figures of one page; points on an
        // open edge stay whole
        let spare = if framed { 0.0 } else { 4.0 };
        let (x, y, w, h) = (num(r.x - spare), num(r.y - spare), num(r.w + 2.0 * spare), num(r.h + 2.0 * spare));
        let _ = write!(self.out, "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\">");
        let picture = placed.crowded(VECTOR_POINTS);
        if picture {
            self.image(r, placed.picture(self.theme), "");
        }
        for l in panel.layers.iter().filter(|l| !(picture && matches!(l, Layer::Points { .. }))) {
            self.layer(placed, l);
        }
        self.out.push_str("</svg>");
        if panel.is_empty() {
            let style = Text { size: LABEL, colour: GREY, ..PLAIN };
            self.text(r.x + r.w / 2.0, r.y + r.h / 2.0, "no data", style);
        }
        if framed && !panel.bare() {
            let outline = self.outline();
            self.rect(r, &outline);
        }
        if !framed {
            self.line((left, top), (left, bottom), thin(INK));
            self.line((left, bottom), (right, bottom), thin(INK));
            if panel.right.is_some() {
                self.line((right, top), (right, bottom), thin(INK));
            }
        }
        self.ticks(placed);
        let (x_title, y_title, right_title) = placed.titles;
        let style = Text { size: LABEL, ..PLAIN };
        self.text(left + r.w / 2.0, x_title, &panel.x.title(), style);
        let turned = Text { turn: -90.0, ..style };
        self.text(y_title + LABEL * 0.35, top + r.h / 2.0, &panel.y.title(), turned);
        if let Some(axis) = &panel.right {
            self.text(right_title + LABEL * 0.35, top + r.h / 2.0, &axis.title(), turned);
        }
        self.legend(placed);
        self.colour_bar(placed);
    }

    fn ticks(&mut self, placed: &Placed<'_>) {
        let (r, length) = (placed.plot, if placed.panel.bare() { 0.0 } else { 4.0 });
        let (right, bottom) = (r.x + r.w, r.y + r.h);
        for tick in &placed.x_ticks {
            let x = placed.place(tick.at, 0.0).0;
            if length > 0.0 {
                self.line((x, bottom), (x, bottom + length), thin(INK));
            }
            match placed.turned {
                0.0 => self.text(x, bottom + 8.0 + TICK * 0.8, &tick.label, PLAIN),
                turned => {
                    let (dx, dy) = if turned == 45.0 { (4.0, 12.0) } else { (TICK * 0.35, 8.0) };
                    self.text(x + dx, bottom + dy, &tick.label, Text { anchor: "end", turn: -turned, ..PLAIN });
                }
            }
        }
        for tick in &placed.y_ticks {
            let y = placed.height(&placed.panel.y, tick.at);
            if length > 0.0 {
                self.line((r.x - length, y), (r.x, y), thin(INK));
            }
            self.text(r.x - 8.0, y + TICK * 0.35, &tick.label, Text { anchor: "end", ..PLAIN });
        }
        for (tick, axis) in placed.right_ticks.iter().zip(placed.panel.right.iter().cycle()) {
            let y = placed.height(axis, tick.at);
            self.line((right, y), (right + length, y), thin(INK));
            self.text(right + 8.0, y + TICK * 0.35, &tick.label, Text { anchor: "start", ..PLAIN });
        }
    }

    fn layer(&mut self, placed: &Placed<'_>, layer: &Layer) {
        let places = |x: &[f64], y: &[f64]| -> Vec<(f64, f64)> {
            x.iter().zip(y).map(|(&x, &y)| placed.place_of(layer, x, y)).collect()
        };
        let there = |(x, y): (f64, f64)| x.is_finite() && y.is_finite();
        match layer {
            Layer::Line { x, y, stroke, markers, .. } => {
                let places = places(x, y);
                let (mut d, mut pen_down) = (String::new(), false);
                for &(x, y) in &places {
                    if there((x, y)) {
                        let _ = write!(d, "{}{} {}", if pen_down { 'L' } else { 'M' }, num(x), num(y));
                    }
                    pen_down = there((x, y));
                }
                self.path(&d, *stroke);
                if *markers || places.len() == 1 {
                    let fill = self.fill(stroke.colour);
                    for at in places.into_iter().filter(|&at| there(at)) {
                        self.marker(at, 6.0, Marker::Circle, &fill);
                    }
                }
            }
            Layer::Area { x, y, colour, opacity, edge, .. } => {
                let places = places(x, y);
                let mut d = String::new();
                for outline in places.split(|&at| !there(at)).filter(|outline| !outline.is_empty()) {
                    for (i, &(x, y)) in outline.iter().enumerate() {
                        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, num(x), num(y));
                    }
                    d.push('Z');
                }
                let edge = match *edge > 0.0 {
                    true => format!("stroke=\"{}\" stroke-width=\"{}\"", self.theme.hex(*colour), num(*edge)),
                    false => "stroke=\"none\"".to_owned(),
                };
                let fill = self.fill(*colour);
                let _ = write!(self.out, "<path d=\"{d}\" {fill} fill-opacity=\"{}\" {edge}/>", num(*opacity));
            }
            Layer::Points { x, y, paint, marker: shape, size, .. } => {
                for (i, at) in places(x, y).into_iter().enumerate().filter(|&(_, at)| there(at)) {
                    let fill = match paint {
                        Paint::One(colour) => self.fill(*colour),
                        Paint::Scaled { values, scale } => self.scaled(scale.colour(values[i])),
                    };
                    self.marker(at, *size, *shape, &fill);
                }
            }
            Layer::Bars { at, base, values, thickness, colour, horizontal, .. } => {
                let fill = self.fill(*colour);
                for (&at, &value) in at.iter().zip(values).filter(|(_, v)| v.is_finite()) {
                    let corner = |along: f64, value: f64| {
                        if *horizontal { placed.place(value, along) } else { placed.place(along, value) }
                    };
                    let (a, b) = (corner(at - thickness / 2.0, *base), corner(at + thickness / 2.0, value));
                    let (x, y) = (a.0.min(b.0), a.1.min(b.1));
                    self.rect(Rect { x, y, w: (a.0 - b.0).abs(), h: (a.1 - b.1).abs() }, &fill);
                }
            }
            Layer::Cells(c) => self.cells(placed, c),
            Layer::Picture(p) => self.picture(placed, p),
            Layer::Words(w) => self.words(placed, w),
        }
    }

    /// Filled with a colour that stands for a number; only the one for a missing number depends on the theme.
    fn scaled(&self, colour: Rgb) -> String {
        if colour == MISSING { self.fill(colour) } else { format!("fill=\"{}\"", colour.hex()) }
    }

    fn cells(&mut self, placed: &Placed<'_>, cells: &Cells) {
        let ((left, low), (dx, dy)) = (cells.origin, cells.size);
        let area = |row: usize, column: usize, rows: usize, columns: usize| {
            between(
                placed.place(left + column as f64 * dx, low + row as f64 * dy),
                placed.place(left + (column + columns) as f64 * dx, low + (row + rows) as f64 * dy),
            )
        };
        if cells.values.len() > VECTOR_CELLS {
            let upward = !placed.panel.y.reversed;
            let uri = raster::cells(cells, upward, self.theme);
            self.image(area(0, 0, cells.rows, cells.columns), &uri, PIXELS);
            return;
        }
        for (i, &value) in cells.values.iter().enumerate() {
            let colour = if value.is_nan() { MISSING } else { cells.scale.colour(f64::from(value)) };
            let r = area(i / cells.columns, i % cells.columns, 1, 1);
            let fill = self.scaled(colour);
            self.rect(r, &format!("{fill} shape-rendering=\"crispEdges\""));
        }
    }

    fn picture(&mut self, placed: &Placed<'_>, picture: &Picture) {
        let (x, y) = picture.at;
        let r = between(placed.place(x, y), placed.place(x + picture.size.0, y + picture.size.1));
        self.image(r, &picture.uri, PIXELS);
    }

    fn words(&mut self, placed: &Placed<'_>, words: &Words) {
        let halo = words.beside.seeks();
        for (i, place) in placed.words(words).into_iter().enumerate() {
            let Some((x, y)) = place else { continue };
            let point = placed.place(words.x[i], words.y[i]);
            if halo && leads(point, (x, y), measure::width(&words.text[i], words.font), words.font) {
                self.line(point, (x, y), Stroke { width: 0.6, ..thin(GREY) });
            }
            let colour = words.colours.get(i).copied().unwrap_or(INK);
            let style = Text { size: words.font, colour, halo, ..PLAIN };
            self.text(x, y + words.font * 0.35, &words.text[i], style);
        }
    }

    fn legend(&mut self, placed: &Placed<'_>) {
        let (x, mut y) = placed.legend;
        for ((_, layer), lines) in placed.panel.legend().iter().zip(&placed.entries) {
            let middle = y + LEGEND_LINE / 2.0;
            match layer {
                Layer::Line { stroke, markers, .. } => {
                    self.line((x, middle), (x + SWATCH - 4.0, middle), *stroke);
                    if *markers {
                        let fill = self.fill(stroke.colour);
                        self.marker((x + SWATCH / 2.0 - 2.0, middle), 6.0, Marker::Circle, &fill);
                    }
                }
                Layer::Points { paint: Paint::One(colour), marker: shape, .. } => {
                    let fill = self.fill(*colour);
                    self.marker((x + SWATCH / 2.0, middle), 8.0, *shape, &fill);
                }
                Layer::Bars { colour, .. } => {
                    let fill = self.fill(*colour);
                    self.rect(swatch(x, middle), &fill);
                }
                Layer::Area { colour, opacity, .. } => {
                    let fill = self.fill(*colour);
                    self.rect(swatch(x, middle), &format!("{fill} fill-opacity=\"{}\"", num(*opacity)));
                }
                _ => {}
            }
            for content in lines {
                let style = Text { size: SMALL, anchor: "start", ..PLAIN };
                self.text(x + SWATCH + 2.0, y + LEGEND_LINE / 2.0 + SMALL * 0.35, content, style);
                y += LEGEND_LINE;
            }
        }
    }

    fn colour_bar(&mut self, placed: &Placed<'_>) {
        let Some(scale) = placed.panel.colours() else { return };
        let r = placed.bar;
        self.image(r, &raster::ramp(scale), "");
        let outline = self.outline();
        self.rect(r, &format!("{outline} stroke-width=\"0.7\""));
        let ticks = scale.axis.ticks(5);
        let mut widest = 0.0f64;
        for tick in &ticks {
            let y = r.y + (1.0 - scale.axis.fraction(tick.at)) * r.h;
            self.line((r.x + BAR, y), (r.x + BAR + 4.0, y), thin(INK));
            self.text(r.x + BAR + 7.0, y + TICK * 0.35, &tick.label, Text { anchor: "start", ..PLAIN });
            widest = widest.max(measure::width(&tick.label, TICK));
        }
        let style = Text { size: SMALL, turn: -90.0, ..PLAIN };
        self.text(r.x + BAR + 12.0 + widest + LABEL, r.y + r.h / 2.0, &scale.axis.title(), style);
    }
}

/// Pixels stay squares however large they are drawn.
const PIXELS: &str = " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\"";

fn swatch(x: f64, middle: f64) -> Rect {
    Rect { x: x + 6.0, y: middle - 5.0, w: SWATCH - 14.0, h: 10.0 }
}

/// The rectangle with these corners.
fn between(a: (f64, f64), b: (f64, f64)) -> Rect {
    Rect { x: a.0.min(b.0), y: a.1.min(b.1), w: (a.0 - b.0).abs(), h: (a.1 - b.1).abs() }
}

/// True when text stands so far from its point that a line should join them.
pub(super) fn leads(point: (f64, f64), middle: (f64, f64), width: f64, font: f64) -> bool {
    let gap_x = (point.0 - middle.0).abs() - width / 2.0;
    let gap_y = (point.1 - middle.1).abs() - font * 0.6;
    gap_x.max(gap_y) > 10.0
}
