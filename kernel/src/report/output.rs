//! Outputs of a code cell: streams, errors, and mime bundles in their richest form that a page can show.

use anyhow::{Result, bail};
use serde_json::Value;

use super::ansi;
use super::html::{base64_uri, escape, script_json, svg_uri};
use super::markdown::{self, Ids};
use crate::notebook::text;

const PLOTLY: &str = "application/vnd.plotly.v1+json";

/// HTML of all outputs of a cell, in order; `scope` is the cell's own prefix for ids.
pub fn render(outputs: &[Value], scope: &str, ids: &mut Ids) -> Result<String> {
    let mut out = String::new();
    let mut rest = outputs.iter().enumerate().peekable();
    while let Some((number, output)) = rest.next() {
        let kind = output["output_type"].as_str().unwrap_or_default();
        match kind {
            "stream" => {
                let name = &output["name"];
                let mut written = text(&output["text"]);
                while let Some((_, more)) =
                    rest.next_if(|(_, next)| next["output_type"] == "stream" && next["name"] == *name)
                {
                    written += &text(&more["text"]);
                }
                out += &stream(name == "stderr", &written);
            }
            "error" => out += &error(output),
            "display_data" | "execute_result" => {
                if !output["data"].is_object() {
                    bail!("output {} has no data: execute the notebook again", number + 1);
                }
                out += &bundle(&output["data"], scope, ids);
            }
            _ => bail!("output {} is of unknown type {kind:?}: execute the notebook again", number + 1),
        }
    }
    Ok(out)
}

/// Whether a cell draws a plotly figure.
pub fn has_plot(outputs: &[Value]) -> bool {
    outputs.iter().any(|output| plot(&output["data"]).is_some())
}

/// Whether a cell draws traces for which plotly.js compiles code at run time (its regl traces).
pub fn compiles_code(outputs: &[Value]) -> bool {
    let traces = outputs.iter().filter_map(|output| plot(&output["data"])?["data"].as_array()).flatten();
    traces
        .filter_map(|trace| trace["type"].as_str())
        .any(|kind| kind.ends_with("gl") || kind == "splom" || kind == "parcoords")
}

/// The first image of an output's bundle as the source of an `<img>`.
pub fn image_uri(data: &Value) -> Option<String> {
    if let Some(svg) = data.get("image/svg+xml") {
        return Some(svg_uri(&text(svg)));
    }
    ["image/png", "image/jpeg"].into_iter().find_map(|mime| Some(base64_uri(mime, &text(data.get(mime)?))))
}

fn stream(stderr: bool, written: &str) -> String {
    let class = if stderr { "stream stderr" } else { "stream" };
    format!("<pre class=\"{class} scroll\">{}</pre>\n", ansi::html(written.trim_end_matches('\n')))
}

fn error(output: &Value) -> String {
    let (name, value) = (text(&output["ename"]), text(&output["evalue"]));
    let lines: Vec<&str> = output["traceback"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let first = value.lines().next().unwrap_or_default();
    let separator = if name.is_empty() || first.is_empty() { "" } else { ": " };
    // Most kernels begin the traceback with what the heading says already.
    let said = lines.first().is_some_and(|line| !line.contains('\n') && line.contains(&name) && line.contains(first));
    let traceback = if lines.is_empty() { value.clone() } else { lines[usize::from(said)..].join("\n") };
    let traceback = if traceback.is_empty() {
        traceback
    } else {
        format!("<pre class=\"scroll\">{}</pre>", ansi::html(&traceback))
    };
    format!(
        "<div class=\"error\" role=\"group\" aria-label=\"Error\"><p><strong>{}{separator}</strong>{}</p>\
         {traceback}</div>\n",
        escape(&name),
        ansi::html(first),
    )
}

fn bundle(data: &Value, scope: &str, ids: &mut Ids) -> String {
    let plain = data.get("text/plain").map(text);
    if let Some(plot) = plot(data) {
        return interactive(plot, data, plain.as_deref());
    }
    if let Some(html) = data.get("text/html") {
        return format!("<div class=\"html scroll\">{}</div>\n", text(html));
    }
    if let Some(uri) = image_uri(data) {
        return format!("<figure class=\"image scroll\">{}</figure>\n", image(&uri, plain.as_deref()));
    }
    if let Some(markdown) = data.get("text/markdown") {
        return format!(
            "<div class=\"prose\">{}</div>\n",
            markdown::render(&text(markdown), scope, &Value::Null, ids).html
        );
    }
    if let Some(plain) = plain {
        return format!("<pre class=\"result scroll\">{}</pre>\n", ansi::html(plain.trim_end_matches('\n')));
    }
    let mimes: Vec<&str> = data.as_object().into_iter().flatten().map(|(mime, _)| mime.as_str()).collect();
    format!("<p class=\"note\">An output that a page cannot show: {}</p>\n", escape(&mimes.join(", ")))
}

fn plot(data: &Value) -> Option<&Value> {
    data.get(PLOTLY).filter(|plot| plot["data"].is_array())
}

/// A plotly figure. Its image (or text) stands in for it until it is drawn, in print, and where scripts are off.
fn interactive(plot: &Value, data: &Value, plain: Option<&str>) -> String {
    let still = image_uri(data);
    let class = if still.is_some() { "interactive with-image" } else { "interactive" };
    let still = match (&still, plain) {
        (Some(uri), _) => image(uri, plain),
        (None, Some(plain)) => format!("<pre class=\"result\">{}</pre>", escape(plain)),
        (None, None) => "<p class=\"note\">An interactive figure, drawn where scripts may run.</p>".to_owned(),
    };
    format!(
        "<figure class=\"{class}\"><div class=\"drawing scroll\"><div class=\"plot\" role=\"img\" aria-label=\"{}\"></div></div>\
         <div class=\"still scroll\">{still}</div>\
         <script type=\"application/json\">{}</script></figure>\n",
        escape(described(plain)),
        script_json(plot)
    )
}

fn image(uri: &str, plain: Option<&str>) -> String {
    format!("<img src=\"{}\" alt=\"{}\">", escape(uri), escape(described(plain)))
}

fn described(plain: Option<&str>) -> &str {
    plain.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("Figure without a description")
}
