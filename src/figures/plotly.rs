//! Interactive drawing: a laid-out page as data and layout for plotly.js 3.
//!
//! Domains, legends and colour bars stand where the static renderer puts them, in fractions of the page. Long columns
//! of numbers are written as base64 typed arrays (`dtype`, `bdata`, `shape`), a third shorter than their digits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::axis::{Axis, Scale, Tick};
use super::layer::{Cells, ColourScale, Dash, Layer, Marker, Paint};
use super::page::{BAR, LABEL, Page, Placed, SMALL, TICK};
use super::palette::{GREY, INK, MISSING, PALE};
use super::svg::FONTS;
use crate::display::escape;

/// Above this many, points are a picture here too.
const MOST_POINTS: usize = 8_000;
/// Above this many, numbers are written as typed arrays.
const MOST_DIGITS: usize = 2_500;

/// The page as `{"data": ..., "layout": ..., "config": ...}`.
pub(super) fn render(page: &Page<'_>) -> Value {
    let mut plot =
        Plot { page, data: Vec::new(), layout: Map::new(), notes: Vec::new(), shapes: vec![], images: vec![] };
    for line in &page.lines {
        let text = if line.bold { format!("<b>{}</b>", markup(&line.text)) } else { markup(&line.text) };
        let colour = if line.bold { INK } else { GREY };
        plot.notes.push(json!({
            "text": text, "x": plot.x(line.x), "y": plot.y(line.y), "xref": "paper", "yref": "paper",
            "xanchor": "left", "yanchor": "bottom", "align": "left", "showarrow": false, "borderpad": 0,
            "font": {"size": line.font, "color": colour.hex()},
        }));
    }
    for (i, placed) in page.panels.iter().enumerate() {
        plot.panel(placed, i);
    }
    plot.finish()
}

/// Plotly reads a little HTML and, between dollar signs, TeX in every text: neither is meant here.
fn markup(text: &str) -> String {
    escape(text).replace('$', "&#36;")
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

struct Plot<'a> {
    page: &'a Page<'a>,
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
                trace["yaxis"] = json!(numbered("y", i));
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
        if panel.crowd() > MOST_POINTS {
            self.images.push(picture_of_points(placed, i));
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
                "text": "no data", "showarrow": false, "xanchor": "center", "yanchor": "middle", "font": {"size": LABEL, "color": GREY.hex()},
                "xref": "paper", "yref": "paper", "x": self.x(r.x + r.w / 2.0), "y": self.y(r.y + r.h / 2.0),
            }));
        }
        if panel.framed() && !panel.is_empty() {
            self.shapes.push(json!({
                "type": "rect", "layer": "below", "fillcolor": MISSING.hex(), "line": {"width": 0},
                "xref": "paper", "yref": "paper", "x0": self.x(r.x), "x1": self.x(r.x + r.w),
                "y0": self.y(r.y + r.h), "y1": self.y(r.y),
            }));
        }
        let x = self.axis(placed, &panel.x, &placed.x_ticks, [self.x(r.x), self.x(r.x + r.w)], numbered("y", i));
        let y = self.axis(placed, &panel.y, &placed.y_ticks, [self.y(r.y + r.h), self.y(r.y)], numbered("x", i));
        self.layout.insert(numbered("xaxis", i), x);
        self.layout.insert(numbered("yaxis", i), y);
        self.layout[&numbered("xaxis", i)]["tickangle"] = json!(-placed.turned);
    }

    fn axis(&self, placed: &Placed<'_>, axis: &Axis, ticks: &[Tick], domain: [f64; 2], anchor: String) -> Value {
        let framed = placed.panel.framed();
        let ends = on_axis(axis, axis.range());
        let mut object = json!({
            "title": {"text": markup(&axis.title()), "font": {"size": LABEL}, "standoff": 10},
            "type": if axis.scale == Scale::Log { "log" } else { "linear" },
            "range": if axis.reversed { [ends.1, ends.0] } else { [ends.0, ends.1] },
            "domain": domain, "anchor": anchor,
            "tickfont": {"size": TICK}, "ticks": "outside", "ticklen": 4, "tickcolor": INK.hex(),
            "showline": true, "linecolor": INK.hex(), "mirror": framed,
            "showgrid": !framed && axis.named.is_none(), "gridcolor": PALE.hex(), "zeroline": false,
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
                    "line": {"color": stroke.colour.hex(), "width": stroke.width, "dash": dash},
                });
                if *data {
                    trace["hovertemplate"] = json!(format!("{x_title}: %{{x}}<br>{y_title}: %{{y}}"));
                } else {
                    trace["hoverinfo"] = json!("skip");
                }
                self.data.push(trace);
            }
            Layer::Band { x, low, high, colour, .. } => {
                let there_and_back: Vec<f64> = x.iter().chain(x.iter().rev()).copied().collect();
                let edge: Vec<f64> = high.iter().chain(low.iter().rev()).copied().collect();
                self.data.push(json!({
                    "type": "scatter", "mode": "lines", "x": numbers(&there_and_back), "y": numbers(&edge),
                    "fill": "toself", "fillcolor": format!("rgba({},{},{},0.2)", colour.0, colour.1, colour.2),
                    "line": {"width": 0, "color": colour.hex()}, "hoverinfo": "skip",
                }));
            }
            Layer::Points { x, y, paint, marker, size, labels, .. } => {
                let picture = placed.panel.crowd() > MOST_POINTS;
                let symbol = match marker {
                    Marker::Circle => "circle",
                    Marker::Square => "square",
                    Marker::Diamond => "diamond",
                };
                let (xs, ys) = if picture { (json!([null]), json!([null])) } else { (numbers(x), numbers(y)) };
                let mut trace = json!({
                    "type": if !picture && x.len() > MOST_DIGITS { "scattergl" } else { "scatter" },
                    "mode": "markers", "x": xs, "y": ys, "marker": {"size": size, "symbol": symbol},
                });
                let mut hover = format!("{x_title}: %{{x}}<br>{y_title}: %{{y}}");
                match paint {
                    Paint::One(colour) => trace["marker"]["color"] = json!(colour.hex()),
                    Paint::Scaled { values, scale } => {
                        let (low, high) = scale.axis.range();
                        let shown = if picture { json!([null]) } else { numbers(values) };
                        trace["marker"]["color"] = shown;
                        trace["marker"]["colorscale"] = colour_stops(scale);
                        trace["marker"]["cmin"] = json!(low);
                        trace["marker"]["cmax"] = json!(high);
                        trace["marker"]["colorbar"] = self.colour_bar(placed, scale);
                        hover += &format!("<br>{}: %{{marker.color}}", markup(&scale.axis.title()));
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
                    "marker": {"color": colour.hex()},
                    "hovertext": labels.iter().zip(values).map(said).collect::<Vec<_>>(), "hoverinfo": "text+name",
                }));
            }
            Layer::Cells(cells) => {
                let (low, high) = cells.scale.axis.range();
                let colour = markup(&cells.scale.axis.title());
                self.data.push(json!({
                    "type": "heatmap", "z": matrix(cells), "zmin": low, "zmax": high,
                    "x0": cells.size.0 / 2.0, "dx": cells.size.0, "y0": cells.size.1 / 2.0, "dy": cells.size.1,
                    "colorscale": colour_stops(&cells.scale), "colorbar": self.colour_bar(placed, &cells.scale),
                    "hoverongaps": false,
                    "hovertemplate":
                        format!("{x_title}: %{{x}}<br>{y_title}: %{{y}}<br>{colour}: %{{z:.3~g}}<extra></extra>"),
                }));
            }
            Layer::Text { x, y, text, right } => {
                let (x_anchor, y_anchor, shift) = if *right { ("left", "middle", 4) } else { ("center", "bottom", 0) };
                for ((x, y), text) in x.iter().zip(y).zip(text) {
                    self.notes.push(json!({
                        "text": markup(text), "showarrow": false, "font": {"size": LABEL}, "borderpad": 0,
                        "xref": numbered("x", i), "yref": numbered("y", i), "x": x, "y": y,
                        "xanchor": x_anchor, "yanchor": y_anchor, "xshift": shift,
                    }));
                }
            }
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
            "tickvals": ticks.iter().map(|t| t.at).collect::<Vec<_>>(),
            "ticktext": ticks.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(),
        })
    }

    fn finish(self) -> Value {
        let mut layout = json!({
            "width": self.page.width, "height": self.page.height, "autosize": false,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
            "paper_bgcolor": "#ffffff", "plot_bgcolor": "rgba(0,0,0,0)", "barmode": "overlay", "hovermode": "closest",
            "font": {"family": FONTS, "color": INK.hex()}, "showlegend": true,
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

fn matrix(cells: &Cells) -> Value {
    if cells.values.len() > MOST_DIGITS {
        return typed(&cells.values, Some((cells.rows, cells.columns)));
    }
    let row = |row: &[f32]| row.iter().map(|&v| short(f64::from(v))).collect::<Value>();
    cells.values.chunks(cells.columns.max(1)).map(row).collect()
}

fn picture_of_points(placed: &Placed<'_>, i: usize) -> Value {
    let x = on_axis(&placed.panel.x, placed.panel.x.range());
    let y = on_axis(&placed.panel.y, placed.panel.y.range());
    json!({
        "source": placed.picture(), "xref": numbered("x", i), "yref": numbered("y", i),
        "x": x.0, "y": y.1, "sizex": x.1 - x.0, "sizey": y.1 - y.0, "sizing": "stretch", "layer": "above",
    })
}
