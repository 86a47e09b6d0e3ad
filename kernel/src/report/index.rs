//! The index: all notebooks of a run on one page.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::html::escape;
use super::markdown::{self, Ids};
use super::{PageMeta, output, page, timing};
use crate::notebook::text;

/// What the index says of one notebook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Every cell succeeded.
    pub passed: bool,
    name: String,
    title: String,
    seconds: f64,
    summary: String,
    thumbnail: Option<String>,
}

/// Takes from an executed notebook what the index shows: its title, its first sentence of prose, its first image.
pub fn index_entry(notebook: &Value, meta: &PageMeta, passed: bool) -> IndexEntry {
    let cells = || notebook["cells"].as_array().into_iter().flatten();
    let (mut title, mut summary) = (None, String::new());
    for cell in cells().filter(|cell| cell["cell_type"] == "markdown") {
        let prose = markdown::render(&text(&cell["source"]), "", &Value::Null, &mut Ids::default());
        title = title.or_else(|| prose.headings.into_iter().find(|heading| heading.level == 1).map(|h| h.plain));
        if summary.is_empty() {
            summary = first_sentence(&prose.first_paragraph).to_owned();
        }
    }
    let mut outputs = cells().filter_map(|cell| cell["outputs"].as_array()).flatten();
    IndexEntry {
        passed,
        name: meta.name.clone(),
        title: title.unwrap_or_else(|| meta.name.clone()),
        seconds: meta.seconds,
        summary,
        thumbnail: outputs.find_map(|output| output::image_uri(&output["data"])),
    }
}

/// The index page; entries stand in the order given and lead to `NAME.html`.
pub fn index(entries: &[IndexEntry]) -> String {
    let failed = entries.iter().filter(|entry| !entry.passed).count();
    let verdict = match (entries.len(), failed) {
        (0, _) => "No notebook was run".to_owned(),
        (1, 0) => "The notebook passed".to_owned(),
        (1, _) => "The notebook failed".to_owned(),
        (all, 0) => format!("All {all} notebooks passed"),
        (all, failed) => format!("{failed} of {all} notebooks failed"),
    };
    let seconds = timing::words(entries.iter().map(|entry| entry.seconds).sum());
    let mut out = page::head("Notebooks", false);
    let class = if failed == 0 { "verdict" } else { "verdict failed" };
    let _ = writeln!(
        out,
        "<main class=\"index\">\n<h1>Notebooks</h1>\n<p class=\"{class}\">{verdict}, in {seconds}.</p>\n<ul class=\"cards\">"
    );
    for entry in entries {
        let (class, word) = if entry.passed { ("passed", "✓ passed") } else { ("failed", "✗ failed") };
        let href = escape(&entry.name);
        let picture = entry.thumbnail.as_ref().map_or_else(
            || "<span class=\"thumbnail\"></span>".to_owned(),
            |uri| format!("<span class=\"thumbnail\"><img src=\"{}\" alt=\"\"></span>", escape(uri)),
        );
        let _ = writeln!(
            out,
            "<li class=\"card\">{picture}<h2><a href=\"{href}.html\">{}</a></h2><p>{}</p>\
             <p class=\"status\"><span class=\"{class}\">{word}</span> in {}</p></li>",
            escape(&entry.title),
            escape(&entry.summary),
            timing::words(entry.seconds)
        );
    }
    out + "</ul>\n</main>\n</body>\n</html>\n"
}

/// Up to the first full stop (or question or exclamation mark) before a space and a capital letter that does not end
/// an abbreviation.
fn first_sentence(paragraph: &str) -> &str {
    let ends = paragraph.char_indices().filter(|(_, c)| matches!(c, '.' | '?' | '!')).map(|(at, _)| at + 1);
    let mut ends = ends.filter(|&at| {
        let mut after = paragraph[at..].chars();
        let word = paragraph[..at - 1].rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        let abbreviated = word.contains('.') || matches!(word, "al" | "cf" | "Fig" | "vs");
        after.next().is_some_and(char::is_whitespace) && after.next().is_some_and(char::is_uppercase) && !abbreviated
    });
    ends.next().map_or(paragraph, |at| &paragraph[..at])
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn a_sentence_does_not_end_at_an_abbreviation_or_a_decimal_point() {
        assert_eq!(
            first_sentence("Genes (e.g. TP53) 1.5 Mb away look alike. Why?"),
            "Genes (e.g. TP53) 1.5 Mb away look alike."
        );
        assert_eq!(first_sentence("One clause"), "One clause");
    }
}
