//! Rows and columns of text, written as an HTML table or as aligned plain text.
//!
//! Every table of this crate (figures, data frames, arrays) goes through here, so that escaping and alignment are
//! decided once.

use super::column::{Cell, Column, Look};
use super::{Bundle, Show};

/// Bytes of full texts that a table keeps beside the cut ones.
const FULL_TEXTS: usize = 12_000;

/// Characters of one full text.
const FULL_TEXT: usize = 400;

/// Escapes the five characters that HTML, SVG and XML attributes give a meaning to.
///
/// ```
/// assert_eq!(perturbook::display::escape("<script>\"A&B\""), "&lt;script&gt;&quot;A&amp;B&quot;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no place for other control characters, even escaped
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A table of text cells.
///
/// ```
/// use perturbook::display::Grid;
///
/// let grid = Grid::new().text("gene", ["TP53", "MYC"]).right("n", ["7", "12"]).note("2 rows");
/// assert_eq!(grid.plain(), "gene   n\n────  ──\nTP53   7\nMYC   12\n2 rows");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Grid {
    title: Option<String>,
    columns: Vec<Column>,
    notes: Vec<String>,
    one_line: bool,
}

impl Grid {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A heading above the table.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    /// Adds a column that names the rows.
    #[must_use]
    pub fn labels<S: Into<String>>(self, head: &str, cells: impl IntoIterator<Item = S>) -> Self {
        self.column(Column::new(head, cells.into_iter().map(Into::into)).labels())
    }

    /// Adds a left-aligned column.
    #[must_use]
    pub fn text<S: Into<String>>(self, head: &str, cells: impl IntoIterator<Item = S>) -> Self {
        self.column(Column::new(head, cells.into_iter().map(Into::into)))
    }

    /// Adds a right-aligned column.
    #[must_use]
    pub fn right<S: Into<String>>(self, head: &str, cells: impl IntoIterator<Item = S>) -> Self {
        self.column(Column::new(head, cells.into_iter().map(Into::into)).right())
    }

    pub(crate) fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Adds a line below the table.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Cells are short: a narrow page scrolls rather than break them into lines.
    pub(crate) fn one_line(self) -> Self {
        Self { one_line: true, ..self }
    }

    fn rows(&self) -> usize {
        self.columns.iter().map(|c| c.cells.len()).max().unwrap_or(0)
    }

    /// Lines of headings.
    fn heads(&self) -> usize {
        self.columns.iter().map(|c| c.head.len()).max().unwrap_or(0)
    }

    /// Neighbours under one heading: its text and how many columns it spans. Empty when no column has one.
    fn groups(&self) -> Vec<(&str, usize)> {
        if self.columns.iter().all(|c| c.group.is_empty()) {
            return Vec::new();
        }
        self.columns.chunk_by(|a, b| a.group == b.group).map(|run| (run[0].group.as_str(), run.len())).collect()
    }

    /// Characters of each column; a group that needs more than its columns widens its first.
    fn widths(&self) -> Vec<usize> {
        let width = |text: &str| text.chars().count();
        let heads = |c: &Column| c.head.iter().map(|text| width(text)).max().unwrap_or(0);
        let cells = |c: &Column| c.cells.iter().map(|cell| width(&cell.text)).max().unwrap_or(0);
        let mut widths: Vec<usize> = self.columns.iter().map(|c| heads(c).max(cells(c))).collect();
        let mut first = 0;
        for (group, span) in self.groups() {
            let have = widths[first..first + span].iter().sum::<usize>() + 2 * (span - 1);
            widths[first] += width(group).saturating_sub(have);
            first += span;
        }
        widths
    }

    /// Aligned text, one line per row, a rule below the heading.
    pub fn plain(&self) -> String {
        let widths = self.widths();
        let line = |text_of: &dyn Fn(&Column) -> String| {
            let padded = self.columns.iter().zip(&widths).map(|(column, &to)| {
                let text = text_of(column).replace(['\n', '\r', '\t'], " ");
                if column.right { format!("{text:>to$}") } else { format!("{text:<to$}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.title.iter().cloned().collect();
        if !self.columns.is_empty() {
            let mut first = 0;
            let groups = self.groups().into_iter().map(|(group, span)| {
                let to = widths[first..first + span].iter().sum::<usize>() + 2 * (span - 1);
                first += span;
                format!("{group:<to$}")
            });
            let groups = groups.collect::<Vec<_>>().join("  ");
            lines.extend((!groups.is_empty()).then(|| groups.trim_end().to_owned()));
            lines.extend((0..self.heads()).map(|i| line(&|c| c.head(i).to_owned())));
            lines.push(widths.iter().map(|&w| "─".repeat(w)).collect::<Vec<_>>().join("  "));
        }
        lines.extend((0..self.rows()).map(|row| line(&|c| c.text(row).to_owned())));
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    /// An HTML table that takes its colours from the page, so that it reads in light and dark themes.
    pub fn html(&self) -> String {
        let mut out = "<div style=\"overflow-x:auto\">".to_owned();
        if !self.columns.is_empty() || self.title.is_some() {
            let style = "border-collapse:collapse;margin:0;font-variant-numeric:tabular-nums";
            let lines = if self.one_line { ";white-space:nowrap" } else { "" };
            out += &format!("<table style=\"{style}{lines}\">");
            if let Some(title) = &self.title {
                let style = "text-align:left;caption-side:top;padding:4px 10px;font-weight:bold";
                out += &format!("<caption style=\"{style}\">{}</caption>", escape(title));
            }
            out += &self.html_head();
            out += "<tbody>";
            let mut full_texts = FULL_TEXTS;
            for row in 0..self.rows() {
                out += "<tr>";
                self.columns.iter().for_each(|column| out += &html_cell(column, row, &mut full_texts));
                out += "</tr>";
            }
            out += "</tbody></table>";
        }
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.iter().map(|note| escape(note)).collect();
            let style = "padding:4px 10px;font-size:90%;line-height:1.4;opacity:0.75";
            out += &format!("<div style=\"{style}\">{}</div>", notes.join("<br>"));
        }
        out + "</div>"
    }

    fn html_head(&self) -> String {
        let groups = self.groups();
        let mut out: String = groups.iter().map(|(_, span)| format!("<colgroup span=\"{span}\"></colgroup>")).collect();
        out += "<thead>";
        if !groups.is_empty() {
            let cells = groups.iter().map(|(group, span)| match *group {
                "" => format!("<td colspan=\"{span}\"></td>"),
                group => {
                    let style = "text-align:center;padding:2px 10px;font-weight:normal;opacity:0.65";
                    format!("<th scope=\"colgroup\" colspan=\"{span}\" style=\"{style}\">{}</th>", escape(group))
                }
            });
            out += &format!("<tr>{}</tr>", cells.collect::<String>());
        }
        let cells = self.columns.iter().map(|column| {
            let align = if column.right { "right" } else { "left" };
            let style =
                format!("text-align:{align};vertical-align:top;padding:2px 10px;border-bottom:1px solid currentColor");
            let lines = column.head.iter().skip(1).filter(|line| !line.is_empty());
            let lines = lines
                .map(|line| format!("<br><span style=\"font-weight:normal;opacity:0.65\">{}</span>", escape(line)));
            match column.head(0) {
                // A heading without text would be read out as such.
                "" => format!("<td style=\"{style}\"></td>"),
                name => {
                    format!("<th scope=\"col\" style=\"{style}\">{}{}</th>", escape(name), lines.collect::<String>())
                }
            }
        });
        out + &format!("<tr>{}</tr></thead>", cells.collect::<String>())
    }
}

impl Show for Grid {
    fn bundle(&self) -> Bundle {
        Bundle::text(self.plain()).with("text/html", self.html())
    }
}

/// One cell; the full text of a cut one takes its part of what `full_texts` leaves.
fn html_cell(column: &Column, row: usize, full_texts: &mut usize) -> String {
    let empty = Cell::default();
    let cell = column.cells.get(row).unwrap_or(&empty);
    let align = if column.right { "right" } else { "left" };
    let mut style = format!("text-align:{align};padding:2px 10px;");
    style += match cell.look {
        Look::Plain if column.labels => "font-weight:normal;",
        Look::Plain => "",
        Look::Muted if column.labels => "font-weight:normal;opacity:0.6;",
        Look::Muted => "opacity:0.6;",
        Look::Strong => "font-weight:bold;",
    };
    if let Some(shade) = column.shade.get(row).filter(|shade| !shade.is_empty()) {
        style += &format!("background:{shade};color:#111;");
    }
    let full = cell.full.as_ref().map(|full| escape(&Cell::cut(full, FULL_TEXT).text));
    let title = match full.filter(|full| full.len() <= *full_texts) {
        Some(full) => {
            *full_texts -= full.len();
            format!(" title=\"{full}\"")
        }
        None => String::new(),
    };
    let text = escape(&cell.text);
    match column.labels && !cell.text.is_empty() {
        true => format!("<th scope=\"row\" style=\"{style}\"{title}>{text}</th>"),
        false => format!("<td style=\"{style}\"{title}>{text}</td>"),
    }
}
