//! The fields of a configuration, or of anything that serde can write, as a table of names and values.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serialize;

use super::column::{Cell, Column};
use super::{Bundle, Grid, Show, number};

/// Entries of a list that are written out.
const LIST: usize = 6;

/// Characters of a value.
const TEXT: usize = 80;

/// Fields that are listed.
const ROWS: usize = 200;

/// Names and values.
#[derive(Clone, Debug)]
pub struct Fields {
    title: Option<String>,
    rows: Vec<(String, Cell)>,
    refused: Option<String>,
}

/// The fields of `value` in the order of its declaration; those of a struct within have dotted names.
///
/// ```
/// use perturbook::display::{Show, fields};
/// use perturbook::simulate::GeneEmbeddingConfig;
///
/// let table = fields(&GeneEmbeddingConfig::quick()).bundle();
/// assert!(table.get("text/plain").unwrap().as_str().unwrap().starts_with("field                  value"));
/// ```
pub fn fields(value: &impl Serialize) -> Fields {
    // Through text, which keeps the order that serde_json's own values do not.
    let node = serde_json::to_string(value).and_then(|json| serde_json::from_str::<Node>(&json));
    let mut fields = Fields { title: None, rows: Vec::new(), refused: None };
    match node {
        Ok(node) => node.flatten("", &mut fields.rows),
        Err(error) => fields.refused = Some(format!("these fields cannot be listed: {error}")),
    }
    fields
}

impl Fields {
    /// With a heading, such as the name of the type.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }
}

impl Show for Fields {
    fn bundle(&self) -> Bundle {
        let mut grid = self.title.iter().fold(Grid::new(), |grid, title| grid.title(title));
        let rows = || self.rows.iter().take(ROWS);
        if !self.rows.is_empty() {
            grid = grid
                .labels("field", rows().map(|(name, _)| name.as_str()))
                .column(Column::new("value", rows().map(|(_, value)| value.clone())));
        }
        let rest = self.rows.len().saturating_sub(ROWS);
        grid = match &self.refused {
            Some(reason) => grid.note(reason),
            None if self.rows.is_empty() => grid.note("no fields"),
            None if rest > 0 => grid.note(format!("and {rest} more fields")),
            None => grid,
        };
        grid.bundle()
    }
}

/// A value as serde wrote it, fields in order.
enum Node {
    Nothing,
    Text(String),
    List(Vec<Node>),
    Fields(Vec<(String, Node)>),
}

impl Node {
    fn flatten(self, name: &str, rows: &mut Vec<(String, Cell)>) {
        match self {
            Self::Fields(fields) if !fields.is_empty() => {
                for (field, node) in fields {
                    let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                    node.flatten(&name, rows);
                }
            }
            Self::Fields(_) if name.is_empty() => {}
            node => {
                let cell =
                    if matches!(node, Self::Nothing) { Cell::muted("none") } else { Cell::cut(&node.text(), TEXT) };
                rows.push((if name.is_empty() { "value".to_owned() } else { name.to_owned() }, cell));
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Nothing => "none".to_owned(),
            Self::Text(text) => text.clone(),
            Self::List(nodes) => {
                let mut texts: Vec<String> = nodes.iter().take(LIST).map(Self::text).collect();
                if nodes.len() > LIST {
                    texts.push(format!("… ({} in all)", nodes.len()));
                }
                format!("[{}]", texts.join(", "))
            }
            Self::Fields(fields) => {
                let texts = fields.iter().take(LIST).map(|(name, node)| format!("{name}: {}", node.text()));
                format!("{{{}}}", texts.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Text(super::numbers::minus(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Text(number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Fields(fields))
    }
}
