//! Static drawing: a laid-out page as an SVG document that needs nothing but a viewer.

use std::fmt::Write;

use super::layer::{Cells, Dash, Layer, Marker, Paint, Stroke};
use super::page::{BAR, LABEL, LEGEND_LINE, Page, Placed, Rect, SMALL, SWATCH, TICK};
use super::palette::{GREY, INK, MISSING, PALE, Rgb};
use super::raster;
use crate::display::escape;

/// Above this many, cells are drawn as a picture.
const VECTOR_CELLS: usize = 1_024;
/// Above this many, points are drawn as a picture.
const VECTOR_POINTS: usize = 2_000;

pub(super) const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// The page as an SVG document; `summary` becomes its description for screen readers.
pub(super) fn render(page: &Page<'_>, summary: &str) -> String {
    let (w, h) = (num(page.width), num(page.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
         font-family=\"{FONTS}\"><title>{}</title><desc>{}</desc><rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>",
        escape(&page.title),
        escape(summary)
    );
    for line in &page.lines {
        let colour = if line.bold { INK } else { GREY };
        let style = Text { size: line.font, colour, anchor: "start", bold: line.bold, turn: 0.0 };
        text(&mut out, line.x, line.y, &line.text, style);
    }
    for placed in &page.panels {
        panel(&mut out, placed);
    }
    out + "</svg>"
}

#[derive(Clone, Copy)]
struct Text {
    size: f64,
    colour: Rgb,
    anchor: &'static str,
    bold: bool,
    turn: f64,
}

const PLAIN: Text = Text { size: TICK, colour: INK, anchor: "middle", bold: false, turn: 0.0 };

fn num(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn text(out: &mut String, x: f64, y: f64, content: &str, style: Text) {
    if content.is_empty() {
        return;
    }
    let (x, y) = (num(x), num(y));
    let turn = if style.turn == 0.0 { String::new() } else { format!(" transform=\"rotate({} {x} {y})\"", style.turn) };
    let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
    let (size, fill, anchor) = (style.size, style.colour.hex(), style.anchor);
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\"{weight}{turn}>{}</text>",
        escape(content)
    );
}

fn rect(out: &mut String, r: Rect, paint: &str) {
    let (x, y, w, h) = (num(r.x), num(r.y), num(r.w), num(r.h));
    let _ = write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {paint}/>");
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
    path(out, &format!("M{} {}L{} {}", num(from.0), num(from.1), num(to.0), num(to.1)), stroke);
}

fn path(out: &mut String, d: &str, stroke: Stroke) {
    let dash = match stroke.dash {
        Dash::Solid => String::new(),
        dash => format!(" stroke-dasharray=\"{}\"", dash.pattern()),
    };
    let (colour, width) = (stroke.colour.hex(), num(stroke.width));
    let _ = write!(
        out,
        "<path d=\"{d}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}/>"
    );
}

fn marker(out: &mut String, (x, y): (f64, f64), size: f64, shape: Marker, paint: &str) {
    let r = size / 2.0;
    match shape {
        Marker::Circle => {
            let _ = write!(out, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {paint}/>", num(x), num(y), num(r));
        }
        Marker::Square => rect(out, Rect { x: x - 0.88 * r, y: y - 0.88 * r, w: 1.76 * r, h: 1.76 * r }, paint),
        Marker::Diamond => {
            let (r, x, y) = (num(1.1 * r), num(x), num(y));
            let _ = write!(out, "<path d=\"M{x} {y}m-{r} 0l{r} -{r}l{r} {r}l-{r} {r}z\" {paint}/>");
        }
    }
}

fn panel(out: &mut String, placed: &Placed<'_>) {
    let (r, panel) = (placed.plot, placed.panel);
    let framed = panel.framed();
    let thin = |colour| Stroke { colour, width: 1.0, dash: Dash::Solid };
    let (left, right, top, bottom) = (r.x, r.x + r.w, r.y, r.y + r.h);
    if !framed {
        for tick in &placed.x_ticks {
            let x = placed.place(tick.at, 0.0).0;
            if panel.x.named.is_none() {
                line(out, (x, top), (x, bottom), thin(PALE));
            }
        }
        for tick in &placed.y_ticks {
            let y = placed.place(0.0, tick.at).1;
            if panel.y.named.is_none() {
                line(out, (left, y), (right, y), thin(PALE));
            }
        }
    }
    // an inner svg clips what it holds, without an id that could clash between figures of one page; points on an
    // open edge stay whole
    let spare = if framed { 0.0 } else { 4.0 };
    let (x, y, w, h) = (num(r.x - spare), num(r.y - spare), num(r.w + 2.0 * spare), num(r.h + 2.0 * spare));
    let _ = write!(out, "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\">");
    let picture = placed.panel.crowd() > VECTOR_POINTS;
    if picture {
        image(out, r, placed.picture(), "");
    }
    for l in panel.layers.iter().filter(|l| !(picture && matches!(l, Layer::Points { .. }))) {
        layer(out, placed, l);
    }
    out.push_str("</svg>");
    if panel.is_empty() {
        let style = Text { size: LABEL, colour: GREY, ..PLAIN };
        text(out, r.x + r.w / 2.0, r.y + r.h / 2.0, "no data", style);
    }
    if framed {
        rect(out, r, &format!("fill=\"none\" stroke=\"{}\"", INK.hex()));
    } else {
        line(out, (left, top), (left, bottom), thin(INK));
        line(out, (left, bottom), (right, bottom), thin(INK));
    }
    ticks(out, placed);
    let (x_title, y_title) = placed.titles;
    let style = Text { size: LABEL, ..PLAIN };
    text(out, left + r.w / 2.0, x_title, &panel.x.title(), style);
    let turned = Text { turn: -90.0, ..style };
    text(out, y_title + LABEL * 0.35, top + r.h / 2.0, &panel.y.title(), turned);
    legend(out, placed);
    colour_bar(out, placed);
}

fn ticks(out: &mut String, placed: &Placed<'_>) {
    let (r, thin) = (placed.plot, Stroke { colour: INK, width: 1.0, dash: Dash::Solid });
    let bottom = r.y + r.h;
    for tick in &placed.x_ticks {
        let x = placed.place(tick.at, 0.0).0;
        line(out, (x, bottom), (x, bottom + 4.0), thin);
        match placed.turned {
            0.0 => text(out, x, bottom + 8.0 + TICK * 0.8, &tick.label, PLAIN),
            turned => {
                let (dx, dy) = if turned == 45.0 { (4.0, 12.0) } else { (TICK * 0.35, 8.0) };
                text(out, x + dx, bottom + dy, &tick.label, Text { anchor: "end", turn: -turned, ..PLAIN });
            }
        }
    }
    for tick in &placed.y_ticks {
        let y = placed.place(0.0, tick.at).1;
        line(out, (r.x - 4.0, y), (r.x, y), thin);
        text(out, r.x - 8.0, y + TICK * 0.35, &tick.label, Text { anchor: "end", ..PLAIN });
    }
}

fn layer(out: &mut String, placed: &Placed<'_>, layer: &Layer) {
    match layer {
        Layer::Line { x, y, stroke, markers, .. } => {
            let places: Vec<_> = x.iter().zip(y).map(|(&x, &y)| placed.place(x, y)).collect();
            let (mut d, mut pen_down) = (String::new(), false);
            for &(x, y) in &places {
                let here = x.is_finite() && y.is_finite();
                if here {
                    let _ = write!(d, "{}{} {}", if pen_down { 'L' } else { 'M' }, num(x), num(y));
                }
                pen_down = here;
            }
            path(out, &d, *stroke);
            if *markers || places.len() == 1 {
                let fill = format!("fill=\"{}\"", stroke.colour.hex());
                for &at in places.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
                    marker(out, at, 6.0, Marker::Circle, &fill);
                }
            }
        }
        Layer::Band { x, low, high, colour, .. } => {
            let edge = |(&x, &y): (&f64, &f64)| placed.place(x, y);
            let there = x.iter().zip(high).map(edge);
            let back = x.iter().zip(low).map(edge).rev();
            let corners: Vec<String> = there
                .chain(back)
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .map(|(x, y)| format!("{},{}", num(x), num(y)))
                .collect();
            let (points, fill) = (corners.join(" "), colour.hex());
            let _ = write!(out, "<polygon points=\"{points}\" fill=\"{fill}\" fill-opacity=\"0.2\"/>");
        }
        Layer::Points { x, y, paint, marker: shape, size, .. } => {
            let places: Vec<_> = x.iter().zip(y).map(|(&x, &y)| placed.place(x, y)).collect();
            for (i, &at) in places.iter().enumerate().filter(|(_, (x, y))| x.is_finite() && y.is_finite()) {
                let colour = match paint {
                    Paint::One(colour) => *colour,
                    Paint::Scaled { values, scale } => scale.colour(values[i]),
                };
                marker(out, at, *size, *shape, &format!("fill=\"{}\"", colour.hex()));
            }
        }
        Layer::Bars { at, base, values, thickness, colour, horizontal, .. } => {
            let fill = format!("fill=\"{}\"", colour.hex());
            for (&at, &value) in at.iter().zip(values).filter(|(_, v)| v.is_finite()) {
                let corner = |along: f64, value: f64| {
                    if *horizontal { placed.place(value, along) } else { placed.place(along, value) }
                };
                let (a, b) = (corner(at - thickness / 2.0, *base), corner(at + thickness / 2.0, value));
                let (x, y) = (a.0.min(b.0), a.1.min(b.1));
                rect(out, Rect { x, y, w: (a.0 - b.0).abs(), h: (a.1 - b.1).abs() }, &fill);
            }
        }
        Layer::Cells(c) => cells(out, placed, c),
        Layer::Text { x, y, text: texts, right } => {
            for ((&x, &y), content) in x.iter().zip(y).zip(texts) {
                let (x, y) = placed.place(x, y);
                let (dx, dy, anchor) = if *right { (4.0, LABEL * 0.35, "start") } else { (0.0, -1.0, "middle") };
                text(out, x + dx, y + dy, content, Text { size: LABEL, anchor, ..PLAIN });
            }
        }
    }
}

fn image(out: &mut String, r: Rect, uri: &str, style: &str) {
    let (x, y, w, h) = (num(r.x), num(r.y), num(r.w), num(r.h));
    let _ = write!(
        out,
        "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\"{style} href=\"{uri}\"/>"
    );
}

fn cells(out: &mut String, placed: &Placed<'_>, cells: &Cells) {
    let area = |row: usize, column: usize, rows: usize, columns: usize| {
        let (x0, y0) = placed.place(column as f64 * cells.size.0, row as f64 * cells.size.1);
        let (x1, y1) = placed.place((column + columns) as f64 * cells.size.0, (row + rows) as f64 * cells.size.1);
        Rect { x: x0, y: y0.min(y1), w: x1 - x0, h: (y1 - y0).abs() }
    };
    if cells.values.len() > VECTOR_CELLS {
        let pixels = " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\"";
        image(out, area(0, 0, cells.rows, cells.columns), &raster::cells(cells), pixels);
        return;
    }
    for (i, &value) in cells.values.iter().enumerate() {
        let colour = if value.is_nan() { MISSING } else { cells.scale.colour(f64::from(value)) };
        let r = area(i / cells.columns, i % cells.columns, 1, 1);
        rect(out, r, &format!("fill=\"{}\" shape-rendering=\"crispEdges\"", colour.hex()));
    }
}

fn legend(out: &mut String, placed: &Placed<'_>) {
    let (x, mut y) = placed.legend;
    for ((_, layer), lines) in placed.panel.legend().iter().zip(&placed.entries) {
        let middle = y + LEGEND_LINE / 2.0;
        match layer {
            Layer::Line { stroke, markers, .. } => {
                line(out, (x, middle), (x + SWATCH - 4.0, middle), *stroke);
                if *markers {
                    let at = (x + SWATCH / 2.0 - 2.0, middle);
                    marker(out, at, 6.0, Marker::Circle, &format!("fill=\"{}\"", stroke.colour.hex()));
                }
            }
            Layer::Points { paint: Paint::One(colour), marker: shape, .. } => {
                let at = (x + SWATCH / 2.0, middle);
                marker(out, at, 8.0, *shape, &format!("fill=\"{}\"", colour.hex()));
            }
            Layer::Bars { colour, .. } | Layer::Band { colour, .. } => {
                let opacity = if matches!(layer, Layer::Band { .. }) { " fill-opacity=\"0.2\"" } else { "" };
                let r = Rect { x: x + 6.0, y: middle - 5.0, w: SWATCH - 14.0, h: 10.0 };
                rect(out, r, &format!("fill=\"{}\"{opacity}", colour.hex()));
            }
            _ => {}
        }
        for content in lines {
            let style = Text { size: SMALL, anchor: "start", ..PLAIN };
            text(out, x + SWATCH + 2.0, y + LEGEND_LINE / 2.0 + SMALL * 0.35, content, style);
            y += LEGEND_LINE;
        }
    }
}

fn colour_bar(out: &mut String, placed: &Placed<'_>) {
    let Some(scale) = placed.panel.colours() else { return };
    let r = placed.bar;
    image(out, r, &raster::ramp(scale), "");
    rect(out, r, &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"0.7\"", INK.hex()));
    let ticks = scale.axis.ticks(5);
    let mut widest = 0.0f64;
    for tick in &ticks {
        let y = r.y + (1.0 - scale.axis.fraction(tick.at)) * r.h;
        let stroke = Stroke { colour: INK, width: 1.0, dash: Dash::Solid };
        line(out, (r.x + BAR, y), (r.x + BAR + 4.0, y), stroke);
        text(out, r.x + BAR + 7.0, y + TICK * 0.35, &tick.label, Text { anchor: "start", ..PLAIN });
        widest = widest.max(super::measure::width(&tick.label, TICK));
    }
    let style = Text { size: SMALL, turn: -90.0, ..PLAIN };
    text(out, r.x + BAR + 12.0 + widest + LABEL, r.y + r.h / 2.0, &scale.axis.title(), style);
}
