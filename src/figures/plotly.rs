//! Interactive drawing: a laid-out page as data and layout for plotly.js 3.
//!
//! Domains, legends and colour bars stand where the static renderer puts them, in fractions of the page. Long columns
//! of numbers are written as base64 typed arrays (`dtype`, `bdata`, `shape`), a third shorter than their digits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::axis::{Axis, Scale, Tick};
use super::layer::{Cells, ColourScale, Dash, Layer, Marker, Paint, Picture, Words};
use super::measure;
use super::page::{BAR, LABEL, Page, Placed, SMALL, TICK};
use super::palette::{GREY, INK, MISSING, PALE, PAPER, Rgb, Theme};
use super::svg::{FONTS, leads};
use crate::display::escape;

/// Above this many, points are a picture here too.
const MOST_POINTS: usize = 8_000;
/// Above this many, numbers are written as typed arrays.
const MOST_DIGITS: usize = 2_500;
/// Above this many, points are drawn by the graphics card: a page has few of its contexts to give away.
const MOST_DRAWN: usize = 5_000;

/// The page as `{"data": ..., "layout": ..., "config": ...}`, drawn for a theme.
///
/// A light figure says in `layout.meta.dark` what differs on a dark ground, as a list of `[path, value]`, so that a page
/// can follow its reader.
pub(super) fn themed(page: &Page<'_>, theme: Theme) -> Value {
    let mut figure = render(page, theme);
    if theme == Theme::Light {
        let mut differences = Vec::new();
        difference(&figure, &render(page, Theme::Dark), &mut Vec::new(), &mut differences);
        figure["layout"]["meta"] = json!({ "dark": differences });
    }
    figure
}

/// What is to be set in `from` to make it `to`, which has the same keys; pictures stay, since the points in them do too.
fn difference(from: &Value, to: &Value, path: &mut Vec<Value>, found: &mut Vec<Value>) {
    let mut step = |key: Value, from: &Value, to: &Value| {
        path.push(key);
        difference(from, to, path, found);
        path.pop();
    };
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => {
            from.iter().zip(to.values()).for_each(|((key, from), to)| step(json!(key), from, to));
        }
        (Value::Array(from), Value::Array(to)) => {
            from.iter().zip(to).enumerate().for_each(|(i, (from, to))| step(json!(i), from, to));
        }
        _ if from != to => found.push(json!([path, to])),
        _ => {}
    }
}

fn render(page: &Page<'_>, theme: Theme) -> Value {
    let mut plot =
        Plot { page, theme, data: Vec::new(), layout: Map::new(), notes: Vec::new(), shapes: vec![], images: vec![] };
    for line in &page.lines {
        let text = if line.bold { format!("<b>{}</b>", markup(&line.text)) } else { markup(&line.text) };
        let colour = if line.bold { INK } else { GREY };
        plot.notes.push(json!({
            "text": text, "x": plot.x(line.x), "y": plot.y(line.y), "xref": "paper", "yref": "paper",
            "xanchor": "left", "yanchor": "bottom", "align": "left", "showarrow": false, "borderpad": 0,
            "font": {"size": line.font, "color": theme.hex(colour)},
        }));
    }
    for (i, placed) in page.panels.iter().enumerate() {
        plot.panel(placed, i);
    }
    plot.finish()
}

/// Plotly reads a little HTML and, between dollar signs, TeX in every text: neither is meant here.
fn markup(text: &str) -> String {
    escape(text).replace("&quot;", "&#34;").replace('$', "&#36;")
}

/// Six significant digits; NaN and infinities become null.
fn numbers(values: &[f64]) -> Value {
    if values.len() > MOST_DIGITS {
        let floats: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        return typed(&floats, None);
    }
    values.iter().map(|&v| short(v)).collect()
}

fn short(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    // whole numbers without ".0"
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { json!(rounded as i64) } else { json!(rounded) }
}

fn typed(values: &[f32], shape: Option<(usize, usize)>) -> Value {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut object = json!({"dtype": "f4", "bdata": STANDARD.encode(bytes)});
    if let Some((rows, columns)) = shape {
        object["shape"] = json!(format!("{rows}, {columns}"));
    }
    object
}

/// `x`, `x2`, ... : plotly numbers everything but the first.
fn numbered(name: &str, i: usize) -> String {
    if i == 0 { name.to_owned() } else { format!("{name}{}", i + 1) }
}

/// The y axis on the right of panel `i`.
fn right_of(i: usize) -> String {
    format!("y{}", 101 + i)
}

struct Plot<'a> {
    page: &'a Page<'a>,
    theme: Theme,
    data: Vec<Value>,
    layout: Map<String, Value>,
    notes: Vec<Value>,
    shapes: Vec<Value>,
    images: Vec<Value>,
}

impl Plot<'_> {
    fn x(&self, px: f64) -> f64 {
        round(px / self.page.width)
    }

    fn y(&self, px: f64) -> f64 {
        round(1.0 - px / self.page.height)
    }

    fn panel(&mut self, placed: &Placed<'_>, i: usize) {
        let (panel, r) = (placed.panel, placed.plot);
        let legend = panel.legend();
        for layer in &panel.layers {
            let first = self.data.len();
            self.layer(placed, layer, i);
            for trace in &mut self.data[first..] {
                trace["xaxis"] = json!(numbered("x", i));
                trace["yaxis"] = if layer.on_the_right() { json!(right_of(i)) } else { json!(numbered("y", i)) };
                let Some(name) = layer.name() else {
                    trace["showlegend"] = json!(false);
                    continue;
                };
                let entry = legend.iter().position(|(known, _)| *known == name);
                let lines = entry.map_or_else(|| vec![name.to_owned()], |at| placed.entries[at].clone());
                trace["name"] = json!(lines.iter().map(|l| markup(l)).collect::<Vec<_>>().join("<br>"));
                trace["legend"] = json!(numbered("legend", i));
                trace["legendgroup"] = json!(markup(name));
                trace["showlegend"] = json!(legend.iter().any(|(_, shown)| std::ptr::eq(*shown, layer)));
            }
        }
        if placed.crowded(MOST_POINTS) {
            self.images.push(picture_of_points(placed, i, self.theme));
        }
        if !legend.is_empty() {
            let (x, y) = (self.x(placed.legend.0), self.y(placed.legend.1));
            self.layout.insert(
                numbered("legend", i),
                json!({
                    "x": x, "y": y, "xanchor": "left", "yanchor": "top", "font": {"size": SMALL},
                    "tracegroupgap": 0, "bgcolor": "rgba(255,255,255,0)",
                }),
            );
        }
        if panel.is_empty() {
            // axes without a trace are not drawn
            let (x, y) = (numbered("x", i), numbered("y", i));
            self.data.push(
                json!({"type": "scatter", "x": [null], "y": [null], "xaxis": x, "yaxis": y, "showlegend": false}),
            );
            self.notes.push(json!({
                "text": "no data", "showarrow": false, "xanchor": "center", "yanchor": "middle", "font": {"size": LABEL, "color": self.theme.hex(GREY)},
                "xref": "paper", "yref": "paper", "x": self.x(r.x + r.w / 2.0), "y": self.y(r.y + r.h / 2.0),
            }));
        }
        if panel.layers.iter().any(|layer| matches!(layer, Layer::Cells(_))) {
            self.shapes.push(json!({
                "type": "rect", "layer": "below", "fillcolor": self.theme.hex(MISSING), "line": {"width": 0},
                "xref": "paper", "yref": "paper", "x0": self.x(r.x), "x1": self.x(r.x + r.w),
                "y0": self.y(r.y + r.h), "y1": self.y(r.y),
            }));
        }
        let x = self.axis(placed, &panel.x, &placed.x_ticks, [self.x(r.x), self.x(r.x + r.w)], numbered("y", i));
        let y = self.axis(placed, &panel.y, &placed.y_ticks, [self.y(r.y + r.h), self.y(r.y)], numbered("x", i));
        self.layout.insert(numbered("xaxis", i), x);
        self.layout.insert(numbered("yaxis", i), y);
        self.layout[&numbered("xaxis", i)]["tickangle"] = json!(-placed.turned);
        if let Some(axis) = &panel.right {
            let domain = [self.y(r.y + r.h), self.y(r.y)];
            let mut right = self.axis(placed, axis, &placed.right_ticks, domain, numbered("x", i));
            right["overlaying"] = json!(numbered("y", i));
            right["side"] = json!("right");
            right["showgrid"] = json!(false);
            self.layout.insert(right_of(i).replace('y', "yaxis"), right);
        }
    }

    fn axis(&self, placed: &Placed<'_>, axis: &Axis, ticks: &[Tick], domain: [f64; 2], anchor: String) -> Value {
        let (framed, bare) = (placed.panel.framed(), placed.panel.bare());
        let (ink, pale) = (self.theme.hex(INK), self.theme.hex(PALE));
        let ends = on_axis(axis, axis.range());
        let mut object = json!({
            "title": {"text": markup(&axis.title()), "font": {"size": LABEL}, "standoff": 10},
            "type": if axis.scale == Scale::Log { "log" } else { "linear" },
            "range": if axis.reversed { [ends.1, ends.0] } else { [ends.0, ends.1] },
            "domain": domain, "anchor": anchor,
            "tickfont": {"size": TICK}, "ticks": if bare { "" } else { "outside" }, "ticklen": 4, "tickcolor": ink,
            "showline": !bare, "linecolor": ink, "mirror": framed && !bare,
            "showgrid": !framed && axis.named.is_none(), "gridcolor": pale, "zeroline": false,
            "exponentformat": "power",
        });
        if axis.named.is_some() {
            object["tickmode"] = json!("array");
            object["tickvals"] = ticks.iter().map(|t| t.at).collect();
            object["ticktext"] = ticks.iter().map(|t| markup(&t.label)).collect();
        } else {
            object["nticks"] = json!(ticks.len() + 1);
            if axis.by_decades() {
                object["dtick"] = json!(1);
            }
        }
        object
    }

    fn layer(&mut self, placed: &Placed<'_>, layer: &Layer, i: usize) {
        let (x_title, y_title) = (markup(&placed.panel.x.title()), markup(&placed.panel.y.title()));
        match layer {
            Layer::Line { x, y, stroke, markers, data, .. } => {
                let dash = match stroke.dash {
                    Dash::Solid => "solid".to_owned(),
                    dash => dash.pattern().replace(',', "px,") + "px",
                };
                let mut trace = json!({
                    "type": "scatter", "mode": if *markers || x.len() == 1 { "lines+markers" } else { "lines" },
                    "x": numbers(x), "y": numbers(y),
                    "line": {"color": self.theme.hex(stroke.colour), "width": stroke.width, "dash": dash},
                });
                if *data {
                    trace["hovertemplate"] = json!(format!("{x_title}: %{{x}}<br>{y_title}: %{{y}}"));
                } else {
                    trace["hoverinfo"] = json!("skip");
                }
                self.data.push(trace);
            }
            Layer::Area { x, y, colour, opacity, edge, said, .. } => {
                let Rgb(r, g, b) = self.theme.of(*colour);
                self.data.push(json!({
                    "type": "scatter", "mode": "lines", "x": numbers(x), "y": numbers(y),
                    "fill": "toself", "fillcolor": format!("rgba({r},{g},{b},{opacity})"),
                    "line": {"width": edge, "color": self.theme.hex(*colour)},
                    "hoveron": "fills", "hoverinfo": "name+text", "text": markup(said),
                }));
            }
            Layer::Points { x, y, paint, marker, size, labels, .. } => {
                let picture = placed.crowded(MOST_POINTS);
                let symbol = match marker {
                    Marker::Circle => "circle",
                    Marker::Square => "square",
                    Marker::Diamond => "diamond",
                };
                // a trace without points has no place in the legend
                let none = picture || x.is_empty();
                let (xs, ys) = if none { (json!([null]), json!([null])) } else { (numbers(x), numbers(y)) };
                let mut trace = json!({
                    "type": if !picture && x.len() > MOST_DRAWN { "scattergl" } else { "scatter" },
                    "mode": "markers", "x": xs, "y": ys, "marker": {"size": size, "symbol": symbol},
                });
                let mut hover = format!("{x_title}: %{{x}}<br>{y_title}: %{{y}}");
                match paint {
                    Paint::One(colour) => trace["marker"]["color"] = json!(self.theme.hex(*colour)),
                    Paint::Scaled { values, scale } => {
                        let (low, high) = on_axis(&scale.axis, scale.axis.range());
                        let shown: Vec<f64> = values.iter().map(|&v| on_axis(&scale.axis, (v, 1.0)).0).collect();
                        trace["marker"]["color"] = if none { json!([null]) } else { numbers(&shown) };
                        if !none && scale.axis.scale == Scale::Log {
                            trace["customdata"] = numbers(values);
                        }
                        trace["marker"]["colorscale"] = colour_stops(scale);
                        trace["marker"]["cmin"] = json!(low);
                        trace["marker"]["cmax"] = json!(high);
                        trace["marker"]["colorbar"] = self.colour_bar(placed, scale);
                        let value = if scale.axis.scale == Scale::Log { "customdata" } else { "marker.color" };
                        hover += &format!("<br>{}: %{{{value}}}", markup(&scale.axis.title()));
                    }
                }
                if !labels.is_empty() && !picture {
                    trace["text"] = labels.iter().map(|l| markup(l)).collect();
                    hover = format!("<b>%{{text}}</b><br>{hover}");
                }
                trace["hovertemplate"] = json!(hover);
                self.data.push(trace);
            }
            Layer::Bars { at, base, values, thickness, colour, horizontal, labels, .. } => {
                let lengths: Vec<f64> = values.iter().map(|v| v - base).collect();
                let (x, y) = if *horizontal { (&lengths, at) } else { (at, &lengths) };
                let said = |(label, value): (&String, &f64)| format!("{}: {}", markup(label), short(*value));
                self.data.push(json!({
                    "type": "bar", "orientation": if *horizontal { "h" } else { "v" },
                    "x": numbers(x), "y": numbers(y), "base": base, "width": thickness,
                    "marker": {"color": self.theme.hex(*colour)},
                    "hovertext": labels.iter().zip(values).map(said).collect::<Vec<_>>(), "hoverinfo": "text+name",
                }));
            }
            Layer::Cells(cells) => {
                let axis = &cells.scale.axis;
                let (low, high) = on_axis(axis, axis.range());
                let (colour, log) = (markup(&axis.title()), axis.scale == Scale::Log);
                let mut trace = json!({
                    "type": "heatmap", "zmin": low, "zmax": high,
                    "x0": cells.origin.0 + cells.size.0 / 2.0, "dx": cells.size.0,
                    "y0": cells.origin.1 + cells.size.1 / 2.0, "dy": cells.size.1,
                    "colorscale": colour_stops(&cells.scale), "colorbar": self.colour_bar(placed, &cells.scale),
                    "hoverongaps": false,
                });
                let value = if log { "customdata" } else { "z" };
                trace["hovertemplate"] = json!(format!(
                    "{x_title}: %{{x}}<br>{y_title}: %{{y}}<br>{colour}: %{{{value}:.3~g}}<extra></extra>"
                ));
                if log {
                    let exponent = |&v: &f32| if v > 0.0 { v.log10() } else { f32::NAN };
                    trace["z"] = matrix(&cells.values.iter().map(exponent).collect::<Vec<_>>(), cells);
                    trace["customdata"] = matrix(&cells.values, cells);
                } else {
                    trace["z"] = matrix(&cells.values, cells);
                }
                self.data.push(trace);
            }
            Layer::Picture(picture) => self.picture(placed, picture, i),
            Layer::Words(words) => self.words(placed, words, i),
        }
    }

    /// A picture, and in its middle something to point at.
    fn picture(&mut self, placed: &Placed<'_>, picture: &Picture, i: usize) {
        let ((x, y), (w, h)) = (picture.at, picture.size);
        let top = if placed.panel.y.reversed { y } else { y + h };
        self.images.push(json!({
            "source": picture.uri, "xref": numbered("x", i), "yref": numbered("y", i),
            "x": x, "y": top, "sizex": w, "sizey": h, "sizing": "stretch", "layer": "below",
        }));
        let across = w * placed.plot.w / (placed.panel.x.range().1 - placed.panel.x.range().0);
        self.data.push(json!({
            "type": "scatter", "mode": "markers", "x": [x + w / 2.0], "y": [y + h / 2.0],
            "marker": {"size": across * 0.7, "opacity": 0, "symbol": "square"},
            "text": [markup(&picture.label)], "hoverinfo": if picture.label.is_empty() { "skip" } else { "text" },
        }));
    }

    fn words(&mut self, placed: &Placed<'_>, words: &Words, i: usize) {
        let ground = match self.theme.of(PAPER) {
            Rgb(r, g, b) if words.beside.seeks() => format!("rgba({r},{g},{b},0.6)"),
            _ => "rgba(0,0,0,0)".to_owned(),
        };
        for (k, place) in placed.words(words).into_iter().enumerate() {
            let Some(middle) = place else { continue };
            let point = placed.place(words.x[k], words.y[k]);
            let text = &words.text[k];
            let lead = words.beside.seeks() && leads(point, middle, measure::width(text, words.font), words.font);
            let colour = words.colours.get(k).copied().unwrap_or(INK);
            let mut note = json!({
                "text": markup(text), "showarrow": lead, "borderpad": 0, "bgcolor": ground,
                "font": {"size": words.font, "color": self.theme.hex(colour)},
                "xref": numbered("x", i), "yref": numbered("y", i),
                "x": on_axis(&placed.panel.x, (words.x[k], 1.0)).0, "y": on_axis(&placed.panel.y, (words.y[k], 1.0)).0,
                "xanchor": "center", "yanchor": "middle",
            });
            let (dx, dy) = (round(middle.0 - point.0), round(middle.1 - point.1));
            if lead {
                note["ax"] = json!(dx);
                note["ay"] = json!(dy);
                note["arrowhead"] = json!(0);
                note["arrowwidth"] = json!(0.6);
                note["arrowcolor"] = json!(self.theme.hex(GREY));
            } else {
                note["xshift"] = json!(dx);
                note["yshift"] = json!(-dy);
            }
            self.notes.push(note);
        }
    }

    fn colour_bar(&self, placed: &Placed<'_>, scale: &ColourScale) -> Value {
        let bar = placed.bar;
        let ticks = scale.axis.ticks(5);
        json!({
            "x": self.x(bar.x), "xanchor": "left", "xpad": 0, "thickness": BAR, "outlinewidth": 0.7,
            "y": self.y(bar.y + bar.h / 2.0), "yanchor": "middle", "ypad": 0,
            "lenmode": "fraction", "len": round(bar.h / self.page.height),
            "title": {"text": markup(&scale.axis.title()), "side": "right", "font": {"size": SMALL}},
            "tickfont": {"size": TICK}, "ticks": "outside", "ticklen": 4, "tickmode": "array",
            "tickvals": ticks.iter().map(|t| on_axis(&scale.axis, (t.at, 1.0)).0).collect::<Vec<_>>(),
            "ticktext": ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(),
        })
    }

    fn finish(self) -> Value {
        let mut layout = json!({
            "width": self.page.width, "height": self.page.height, "autosize": false,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
            "paper_bgcolor": self.theme.hex(PAPER), "plot_bgcolor": "rgba(0,0,0,0)", "barmode": "overlay", "hovermode": "closest",
            "font": {"family": FONTS, "color": self.theme.hex(INK)}, "showlegend": true,
            "annotations": self.notes, "shapes": self.shapes, "images": self.images,
        });
        if let Value::Object(object) = &mut layout {
            object.extend(self.layout);
        }
        json!({"data": self.data, "layout": layout, "config": {"displaylogo": false}})
    }
}

fn round(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

/// Plotly places things on a logarithmic axis by their exponents.
fn on_axis(axis: &Axis, (low, high): (f64, f64)) -> (f64, f64) {
    if axis.scale == Scale::Log { (low.log10(), high.log10()) } else { (low, high) }
}

fn colour_stops(scale: &ColourScale) -> Value {
    let points = scale.palette.points();
    let stop = |(i, colour): (usize, &super::Rgb)| json!([i as f64 / (points.len() - 1) as f64, colour.hex()]);
    points.iter().enumerate().map(stop).collect()
}

/// Values in the rows and columns of `cells`.
fn matrix(values: &[f32], cells: &Cells) -> Value {
    if values.len() > MOST_DIGITS {
        return typed(values, Some((cells.rows, cells.columns)));
    }
    let row = |row: &[f32]| row.iter().map(|&v| short(f64::from(v))).collect::<Value>();
    values.chunks(cells.columns.max(1)).map(row).collect()
}

fn picture_of_points(placed: &Placed<'_>, i: usize, theme: Theme) -> Value {
    let x = on_axis(&placed.panel.x, placed.panel.x.range());
    let y = on_axis(&placed.panel.y, placed.panel.y.range());
    json!({
        "source": placed.picture(theme), "xref": numbered("x", i), "yref": numbered("y", i),
        "x": x.0, "y": y.1, "sizex": x.1 - x.0, "sizey": y.1 - y.0, "sizing": "stretch", "layer": "above",
    })
}
