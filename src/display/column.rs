//! One column of a table: headings, cells, alignment, shades.

/// A cell: its text, and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// What is written.
    pub text: String,
    /// All of it, where `text` is only the beginning: shown when the pointer rests on the cell.
    pub full: Option<String>,
    /// Weight.
    pub look: Look,
}

/// How much a cell stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Look {
    /// As the page's text.
    #[default]
    Plain,
    /// Greyed: a missing value, something left out.
    Muted,
    /// Bold: a sum.
    Strong,
}

impl Cell {
    /// A greyed cell.
    pub fn muted(text: &str) -> Self {
        Self { text: text.to_owned(), look: Look::Muted, ..Self::default() }
    }

    /// A bold cell.
    pub fn strong(text: impl Into<String>) -> Self {
        Self { text: text.into(), look: Look::Strong, ..Self::default() }
    }

    /// At most this many characters of a text.
    pub fn cut(text: &str, most: usize) -> Self {
        if text.chars().nth(most).is_none() {
            return text.into();
        }
        let start: String = text.chars().take(most - 1).collect();
        Self { text: start + "…", full: Some(text.to_owned()), look: Look::Plain }
    }
}

impl<S: Into<String>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// One column: its heading, its cells, how they are aligned and shaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// Heading lines: the name, below it perhaps a unit or a type.
    pub head: Vec<String>,
    /// What this column and its neighbours with the same group are part of; written once above them.
    pub group: String,
    /// Each row.
    pub cells: Vec<Cell>,
    /// Numbers stand right, text left.
    pub right: bool,
    /// Whether the cells name their rows.
    pub labels: bool,
    /// Background of each row as a CSS colour; empty where there is none.
    pub shade: Vec<String>,
}

impl Column {
    /// A left-aligned column.
    pub fn new<C: Into<Cell>>(head: &str, cells: impl IntoIterator<Item = C>) -> Self {
        let cells = cells.into_iter().map(Into::into).collect();
        Self { head: vec![head.to_owned()], cells, ..Self::default() }
    }

    /// Of numbers.
    pub fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// Of names of rows.
    pub fn labels(self) -> Self {
        Self { labels: true, ..self }
    }

    /// Under a heading that it shares with its neighbours.
    pub fn grouped(self, group: &str) -> Self {
        Self { group: group.to_owned(), ..self }
    }

    /// A column of dots, for columns left out.
    pub fn gap(rows: usize) -> Self {
        Self::new("…", vec![Cell::muted("…"); rows])
    }

    /// The heading at line `i`.
    pub fn head(&self, i: usize) -> &str {
        self.head.get(i).map_or("", String::as_str)
    }

    /// The text in row `i`.
    pub fn text(&self, i: usize) -> &str {
        self.cells.get(i).map_or("", |cell| &cell.text)
    }
}

/// A dot in each column, for rows left out.
pub(crate) fn gap_cell() -> Cell {
    Cell::muted("⋮")
}
