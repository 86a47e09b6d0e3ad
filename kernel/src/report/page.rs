//! One notebook as one HTML file.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

use super::PageMeta;
use super::cell::Cells;
use super::html::{escape, forbidden};
use super::markdown::Heading;
use super::timing;

const STYLE: &str = include_str!("style.css");
const CONTROLS: &str = include_str!("controls.js");
const FIGURES: &str = include_str!("figures.js");

/// A self-contained page of an executed notebook of nbformat 4.
///
/// # Errors
/// When `notebook` is not of nbformat 4, or a cell or an output of it is of no known type; the message names the cell.
pub fn page(notebook: &Value, meta: &PageMeta) -> Result<String> {
    let mut cells = Cells::default();
    let all = notebook["cells"]
        .as_array()
        .with_context(|| format!("{} is not a notebook of nbformat 4: it has no list of cells", meta.name))?;
    for (at, cell) in all.iter().enumerate() {
        let number = at + 1;
        cells.push(number, cell).with_context(|| format!("{}: cell {number} cannot be shown", meta.name))?;
    }

    let title = cells.headings.iter().find(|heading| heading.level == 1).map(|heading| heading.plain.as_str());
    let mut out = head(title.unwrap_or(&meta.name), cells.compiles_code);
    out += "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n";
    out += &format!(
        "<header class=\"bar\"><a href=\"index.html\">All notebooks</a><span class=\"name\">{}</span>\
         <button type=\"button\" id=\"fold\" aria-pressed=\"false\" hidden>Hide all code</button></header>\n",
        escape(&meta.name)
    );
    out += "<div class=\"columns\">\n";
    out += &contents(&cells.headings);
    out += "<main id=\"content\" tabindex=\"-1\">\n";
    if title.is_none() {
        out += &format!("<h1>{}</h1>\n", escape(&meta.name));
    }
    if let Some(cell) = &cells.failed {
        out += &format!(
            "<p class=\"failed\"><strong>This run failed.</strong> <a href=\"#error\">Cell {cell} ended in an error</a>.</p>\n"
        );
    }
    out += &cells.html;
    out += "</main>\n</div>\n";
    out += &footer(meta);
    out += &format!("<script>\n{CONTROLS}</script>\n");
    if cells.plots {
        out += &format!("<script>{}</script>\n<script>\n{FIGURES}</script>\n", plotly_js()?);
    }
    Ok(out + "</body>\n</html>\n")
}

/// Everything up to and with `<body>`.
pub fn head(title: &str, compiles_code: bool) -> String {
    let eval = if compiles_code { " 'unsafe-eval'" } else { "" };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'{eval}; \
         style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data:; base-uri 'none'; \
         form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(title)
    )
}

/// The side column: headings of levels 1 to 3, without the title if there is one title alone.
fn contents(headings: &[Heading]) -> String {
    let titles = headings.iter().filter(|heading| heading.level == 1).count();
    let shown: Vec<_> = headings.iter().filter(|h| h.level <= 3 && (h.level > 1 || titles > 1)).collect();
    let Some(top) = shown.iter().map(|heading| heading.level).min() else {
        return String::new();
    };
    let mut out = String::from("<nav aria-label=\"Contents\"><details open><summary>Contents</summary>\n<ul>\n");
    for heading in shown {
        let depth = heading.level - top;
        let _ =
            writeln!(out, "<li class=\"depth{depth}\"><a href=\"#{}\">{}</a></li>", escape(&heading.id), heading.html);
    }
    out + "</ul>\n</details></nav>\n"
}

fn footer(meta: &PageMeta) -> String {
    let mut out = String::from("<footer>\n<h2>This run</h2>\n<dl>\n");
    let run = [("started", meta.started.clone()), ("took", timing::words(meta.seconds))];
    let run = run.iter().map(|(label, value)| (*label, value.as_str()));
    for (label, value) in run.chain(meta.environment.iter().map(|(label, value)| (label.as_str(), value.as_str()))) {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(label), escape(value));
    }
    out + "</dl>\n</footer>\n"
}

/// plotly.js itself, out of the scripts that the plotly crate carries; its other one draws LaTeX, which pages do not
/// need. Characters that HTML may not hold, which it has in strings, are escaped.
fn plotly_js() -> Result<String> {
    let scripts = plotly::Plot::offline_js_sources();
    let inside = scripts.split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    let (script, _) = inside.context("the plotly crate carries no plotly.js")?;
    let mut out = String::with_capacity(script.len());
    for part in script.split_inclusive(forbidden) {
        let text = part.trim_end_matches(forbidden);
        out += text;
        part[text.len()..].chars().for_each(|c| out += &format!("\\x{:02x}", u32::from(c)));
    }
    Ok(out)
}
