//! Figures as files.

use std::path::Path;

use super::Figure;
use crate::display::escape;
use crate::io::part_file::write_text;
use crate::{Error, Result};

/// The plotly.js that a saved page asks for; without a network the static figure stays.
const PLOTLY: &str = "https://cdn.plot.ly/plotly-3.0.1.min.js";

pub(super) fn save(figure: &Figure, path: &Path) -> Result<()> {
    let content = match path.extension().and_then(|e| e.to_str()) {
        Some("svg") => figure.svg(),
        Some("json") => figure.plotly().to_string(),
        Some("html") => html(figure),
        _ => {
            return Err(Error::new("a figure cannot be saved under this extension")
                .at(path.display().to_string())
                .fix("end the name in .svg, .json (plotly) or .html"));
        }
    };
    write_text(path, &content)
}

fn html(figure: &Figure) -> String {
    let svg = figure.svg();
    let title = figure.panels.iter().map(|p| p.title.as_str()).collect::<Vec<_>>().join("; ");
    // "</script>" inside a JSON string would end the script element
    let json = figure.plotly().to_string().replace("</", "<\\/");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\n\
         <div id=\"figure\">{svg}</div>\n<script type=\"application/json\" id=\"plot\">{json}</script>\n\
         <script src=\"{PLOTLY}\" async onload=\"const plot = JSON.parse(document.getElementById('plot').textContent); \
         const figure = document.getElementById('figure'); figure.textContent = ''; \
         Plotly.newPlot(figure, plot.data, plot.layout, plot.config)\"></script>\n</body></html>\n",
        escape(&title)
    )
}
