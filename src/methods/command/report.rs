//! A run as one page that needs nothing else: what ran and where, how the loss went, what the embedding looks like, and all
//! settings. Pictures are inside the page, and nothing in it runs.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::ArrayView2;
use serde_json::Value;

use super::run::Told;
use crate::Result;
use crate::display::escape;
use crate::figures::{Figure, Scatter};
use crate::io::part_file::write_bytes;
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Embedding, Role, Screen};
use crate::train::History;

/// Terms of the loss that are drawn.
const TERMS: usize = 6;

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin-bottom: .2em; }
h2 { font-size: 1.2em; margin-top: 2em; }
img { max-width: 100%; height: auto; background: #fff; }
pre { white-space: pre-wrap; }
table { border-collapse: collapse; font-size: .9em; }
td { padding: .15em 1.2em .15em 0; border-bottom: 1px solid #8884; vertical-align: top; }
td:first-child { font-family: ui-monospace, monospace; }
";

/// Writes the page; the path never holds half of it.
pub(super) fn write(path: &Path, told: &Told<'_>, screen: &Screen, embedding: Option<&Embedding>) -> Result<()> {
    write_bytes(path, page(told, screen, embedding).as_bytes())
}

fn page(told: &Told<'_>, screen: &Screen, embedding: Option<&Embedding>) -> String {
    let title = format!("Run of {}", told.method);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n<p>{1}.</p>\n",
        escape(&title),
        escape(&capital(told.end))
    );
    let device = format!("device: {}", told.device);
    let memory = told.memory.as_ref().map(|memory| format!("memory: {memory}"));
    let version = format!("perturbook {}", env!("CARGO_PKG_VERSION"));
    out += "<h2>What ran</h2>\n<ul>\n";
    for line in told.cells.iter().chain([&device]).chain(memory.iter()).chain([&version]) {
        let _ = writeln!(out, "<li>{}</li>", escape(line));
    }
    out += "</ul>\n<h2>Training</h2>\n";
    out += &pictured(history(told.history));
    if let Some(embedding) = embedding {
        let (n, d) = (embedding.len(), embedding.dims());
        let _ = writeln!(out, "<h2>Embedding</h2>\n<p>{n} cells, {d} dimensions; file embedding.parquet.</p>");
        out += &pictured(preview(embedding, screen));
    }
    out += "<h2>Settings</h2>\n<table>\n";
    settings("", &told.plan, &mut out);
    out + "</table>\n</main>\n</body>\n</html>\n"
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The whole loss, and beside it its parts where there are some.
fn history(history: &History) -> Result<Figure> {
    let terms = history.terms();
    let loss = history.figure(&terms[..terms.len().min(1)])?;
    if terms.len() < 2 {
        return Ok(loss);
    }
    Ok(loss / history.figure(&terms[1..terms.len().min(TERMS + 1)])?)
}

/// The first two principal components of each block of an embedding, controls above perturbed cells.
fn preview(embedding: &Embedding, screen: &Screen) -> Result<Figure> {
    let names: Vec<String> = embedding.block_names().into_iter().map(str::to_owned).collect();
    if names.len() < 2 {
        return components("Embedding", embedding.values(), screen);
    }
    let figures: Result<Vec<Figure>> = names
        .iter()
        .map(|name| components(&format!("Embedding, {name}"), embedding.block(name)?.values(), screen))
        .collect();
    Figure::grid(figures?, 2)
}

fn components(title: &str, values: ArrayView2<'_, f32>, screen: &Screen) -> Result<Figure> {
    let axes = values.ncols().min(values.nrows()).min(2);
    let pca = Pca::fit(values, Components::Count(axes))?;
    let scores = pca.transform(values)?;
    let share = pca.explained_variance_ratio();
    let axis = |at: usize| match share.get(at) {
        Some(share) => format!("component {} ({:.0} % of the variance)", at + 1, 100.0 * share),
        None => "there is one component only".to_owned(),
    };
    let title = format!("{title}: principal components");
    let mut scatter = Scatter::new(&title, axis(0).as_str(), axis(1).as_str());
    for (role, name) in [(Role::Other, "set aside"), (Role::Perturbed, "perturbed"), (Role::Control, "control")] {
        let cells = scores.nrows().min(screen.len());
        let rows: Vec<usize> = (0..cells).filter(|&row| screen.role(row) == role).collect();
        let along = |at: usize| -> Vec<f64> {
            rows.iter().map(|&row| if at < axes { scores[[row, at]] } else { 0.0 }).collect()
        };
        let (x, y) = (along(0), along(1));
        if !rows.is_empty() {
            scatter = scatter.points(name, &x, &y);
        }
    }
    scatter.figure()
}

/// A figure as an image that says itself in words, or why there is none.
fn pictured(figure: Result<Figure>) -> String {
    match figure {
        Ok(figure) => {
            let svg = STANDARD.encode(figure.svg());
            format!("<p><img src=\"data:image/svg+xml;base64,{svg}\" alt=\"{}\"></p>\n", escape(&figure.summary()))
        }
        Err(error) => format!("<pre>{}</pre>\n", escape(&error.to_string())),
    }
}

/// A line for each setting, with its full name.
fn settings(path: &str, value: &Value, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                settings(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, out);
            }
        }
        value => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if value.is_null() { "none".to_owned() } else { text };
            let _ = writeln!(out, "<tr><td>{}</td><td>{}</td></tr>", escape(path), escape(&text));
        }
    }
}
