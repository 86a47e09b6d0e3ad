//! Cells: prose as it reads, code that folds, with number, duration and outputs.

use anyhow::{Result, bail};
use serde_json::Value;

use super::html::escape;
use super::markdown::{self, Heading, Ids};
use super::{code, output, timing};
use crate::notebook::text;

/// Rendered cells and what the page around them needs to know.
#[derive(Debug, Default)]
pub struct Cells {
    /// HTML of all cells.
    pub html: String,
    /// Headings of all markdown cells.
    pub headings: Vec<Heading>,
    /// Some cell draws a plotly figure.
    pub plots: bool,
    /// Some figure needs plotly.js to compile code at run time.
    pub compiles_code: bool,
    /// Label of the first cell that ended in an error it is not meant to end in.
    pub failed: Option<String>,
    ids: Ids,
}

impl Cells {
    /// Appends the `number`-th cell of the notebook, counted from 1.
    pub fn push(&mut self, number: usize, cell: &Value) -> Result<()> {
        let source = text(&cell["source"]);
        let scope = format!("cell-{number}");
        match cell["cell_type"].as_str().unwrap_or_default() {
            "markdown" => {
                let prose = markdown::render(&source, &scope, &cell["attachments"], &mut self.ids);
                self.html += &format!("<div class=\"prose\">\n{}</div>\n", prose.html);
                self.headings.extend(prose.headings);
            }
            "raw" => self.html += &format!("<pre class=\"raw scroll\">{}</pre>\n", escape(&source)),
            "code" => self.code(cell, source.trim_end(), &scope)?,
            kind => bail!("it is of unknown type {kind:?}; nbformat 4 knows code, markdown and raw"),
        }
        Ok(())
    }

    fn code(&mut self, cell: &Value, source: &str, scope: &str) -> Result<()> {
        let outputs = cell["outputs"].as_array().map(Vec::as_slice).unwrap_or_default();
        if source.is_empty() && outputs.is_empty() {
            return Ok(());
        }
        self.plots |= output::has_plot(outputs);
        self.compiles_code |= output::compiles_code(outputs);
        let count = cell["execution_count"].as_u64().map_or_else(|| "[ ]".to_owned(), |count| format!("[{count}]"));
        let mut anchor = "";
        let failed = outputs.iter().any(|output| output["output_type"] == "error") && !tagged(cell, "raises-exception");
        if failed && self.failed.is_none() {
            self.failed = Some(count.clone());
            anchor = " id=\"error\"";
        }
        let open = if tagged(cell, "hide-input") { "" } else { " open" };
        let took = match timing::seconds(cell) {
            Some(seconds) => timing::words(seconds),
            None if cell["execution_count"].is_null() => "not run".to_owned(),
            None => String::new(),
        };
        self.html += &format!(
            "<div class=\"cell\"{anchor}>\n<details class=\"code\"{open}><summary><span class=\"count\">{count}</span>\
             <span class=\"first\">{}</span><span class=\"took\">{took}</span></summary>\
             <pre class=\"scroll\"><code>{}</code></pre></details>\n",
            escape(source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()),
            code::rust(source)
        );
        let outputs = output::render(outputs, scope, &mut self.ids)?;
        if !outputs.is_empty() {
            self.html += &format!("<div class=\"outputs\">\n{outputs}</div>\n");
        }
        self.html += "</div>\n";
        Ok(())
    }
}

fn tagged(cell: &Value, tag: &str) -> bool {
    cell["metadata"]["tags"].as_array().into_iter().flatten().any(|known| known == tag)
}
