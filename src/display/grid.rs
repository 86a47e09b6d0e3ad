//! Rows and columns of text, written as an HTML table or as aligned plain text.
//!
//! Every table of this crate (figures, data frames, arrays) goes through here, so that escaping and alignment are
//! decided once.

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

/// One column: its heading, its cells, how they are aligned and shaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// Heading lines: the name, below it perhaps a unit or a type.
    pub head: Vec<String>,
    /// Text of each row.
    pub cells: Vec<String>,
    /// Numbers stand right, text left.
    pub right: bool,
    /// Background of each row as a CSS colour; empty when the column is not shaded.
    pub shade: Vec<String>,
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

    /// Adds a left-aligned column.
    #[must_use]
    pub fn text<S: Into<String>>(self, head: &str, cells: impl IntoIterator<Item = S>) -> Self {
        let cells = cells.into_iter().map(Into::into).collect();
        self.column(Column { head: vec![head.to_owned()], cells, ..Column::default() })
    }

    /// Adds a right-aligned column.
    #[must_use]
    pub fn right<S: Into<String>>(self, head: &str, cells: impl IntoIterator<Item = S>) -> Self {
        let cells = cells.into_iter().map(Into::into).collect();
        self.column(Column { head: vec![head.to_owned()], cells, right: true, ..Column::default() })
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

    fn rows(&self) -> usize {
        self.columns.iter().map(|c| c.cells.len()).max().unwrap_or(0)
    }

    /// Aligned text, one line per row, a rule below the heading.
    pub fn plain(&self) -> String {
        let one_line = |text: &str| text.replace(['\n', '\r', '\t'], " ");
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> =
            self.columns.iter().map(|c| c.head.iter().chain(&c.cells).map(|t| width(t)).max().unwrap_or(0)).collect();
        let line = |texts: Vec<&str>| {
            let padded: Vec<String> = texts
                .iter()
                .zip(&self.columns)
                .zip(&widths)
                .map(|((text, column), &to)| {
                    let (text, pad) = (one_line(text), " ".repeat(to - width(text)));
                    if column.right { pad + &text } else { text + &pad }
                })
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.title.iter().cloned().collect();
        if !self.columns.is_empty() {
            let heads = self.columns.iter().map(|c| c.head.len()).max().unwrap_or(0);
            lines.extend((0..heads).map(|i| line(self.columns.iter().map(|c| at(&c.head, i)).collect())));
            lines.push(widths.iter().map(|&w| "─".repeat(w)).collect::<Vec<_>>().join("  "));
        }
        lines.extend((0..self.rows()).map(|row| line(self.columns.iter().map(|c| at(&c.cells, row)).collect())));
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    /// An HTML table that takes its colours from the page, so that it reads in light and dark themes.
    pub fn html(&self) -> String {
        let cell = |tag: &str, column: &Column, text: &str, extra: &str| {
            let align = if column.right { "right" } else { "left" };
            let text = escape(text);
            format!("<{tag} style=\"text-align:{align};padding:2px 10px;{extra}\">{text}</{tag}>")
        };
        let style = "border-collapse:collapse;margin:0;font-variant-numeric:tabular-nums";
        let mut out = format!("<div style=\"overflow-x:auto\"><table style=\"{style}\">");
        if let Some(title) = &self.title {
            let style = "text-align:left;caption-side:top;padding:4px 10px;font-weight:bold";
            out += &format!("<caption style=\"{style}\">{}</caption>", escape(title));
        }
        let heads = self.columns.iter().map(|c| c.head.len()).max().unwrap_or(0);
        out += "<thead>";
        for i in 0..heads {
            let style = if i == 0 { "" } else { "font-weight:normal;opacity:0.65;" };
            let rule = if i + 1 == heads { "border-bottom:1px solid currentColor;" } else { "" };
            let cells: String =
                self.columns.iter().map(|c| cell("th", c, at(&c.head, i), &format!("{style}{rule}"))).collect();
            out += &format!("<tr>{cells}</tr>");
        }
        out += "</thead><tbody>";
        for row in 0..self.rows() {
            let cells: String = self
                .columns
                .iter()
                .map(|c| {
                    let shade = c.shade.get(row).map_or(String::new(), |s| format!("background:{s};color:#111;"));
                    cell("td", c, at(&c.cells, row), &shade)
                })
                .collect();
            out += &format!("<tr>{cells}</tr>");
        }
        out += "</tbody></table>";
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.iter().map(|note| escape(note)).collect();
            let style = "padding:4px 10px;font-size:90%;line-height:1.4;opacity:0.75";
            out += &format!("<div style=\"{style}\">{}</div>", notes.join("<br>"));
        }
        out + "</div>"
    }

    /// Both forms as a bundle.
    pub fn bundle(&self) -> super::Bundle {
        super::Bundle::text(self.plain()).with("text/html", self.html())
    }
}

fn at(texts: &[String], i: usize) -> &str {
    texts.get(i).map_or("", String::as_str)
}
