//! JSON: what its top level holds, and whether that is named sets of genes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Inspection, Probe, makes_no_screen};
use crate::display::Grid;
use crate::display::Show;
use crate::io::parquet::count;
use crate::{Error, Result};

/// Bytes of the largest file that is looked at.
const LARGEST: u64 = 64 << 20;
/// Entries that are listed.
const LISTED: usize = 8;

/// Text that starts with a brace or bracket.
pub(super) const JSON: Probe = Probe {
    format: "JSON",
    recognises: |start| {
        let text = start.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start.bytes).trim_ascii_start();
        start.named(&[".json"]) || text.starts_with(b"{\"") || text.starts_with(b"{\n") || text.starts_with(b"[{")
    },
    inspect,
    open: |path| makes_no_screen(path, "JSON holds no cells"),
};

fn inspect(path: &Path) -> Result<Inspection> {
    let size = fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
    if size > LARGEST {
        return Err(Error::new(format!("JSON of {size} bytes is too large to be looked at"))
            .at(path.display().to_string())
            .fix("large tables belong into parquet"));
    }
    let text = fs::read_to_string(path).map_err(|e| Error::file(path, e))?;
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| {
        Error::new(format!("this is no JSON: {e}"))
            .at(path.display().to_string())
            .fix("fetch or write it again")
            .caused_by(e)
    })?;
    let (shape, rows) = match &value {
        Value::Object(fields) => {
            let rows = fields.iter().map(|(name, value)| (name.clone(), kind(value))).collect();
            (format!("object of {}", count(fields.len(), "field")), rows)
        }
        Value::Array(items) => {
            let rows = items.iter().enumerate().map(|(i, value)| (i.to_string(), kind(value))).collect();
            (format!("list of {}", count(items.len(), "item")), rows)
        }
        other => (kind(other), Vec::new()),
    };
    let mut facts = vec![("shape".to_owned(), shape)];
    facts.extend(gene_sets(&value).map(|sets| ("gene sets".to_owned(), sets)));
    let rows: Vec<(String, String)> = rows;
    let more = rows.len().saturating_sub(LISTED);
    let shown = || rows.iter().take(LISTED);
    let grid = Grid::new()
        .labels("name", shown().map(|(name, _)| name.as_str()))
        .text("holds", shown().map(|(_, kind)| kind.as_str()));
    let grid = if more > 0 { grid.note(format!("and {more} more")) } else { grid };
    Ok(Inspection {
        path: path.to_owned(),
        format: "JSON".to_owned(),
        facts,
        preview: Some(grid.bundle()),
        screen: Err("JSON is no table of cells".to_owned()),
    })
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
        Value::Array(items) => format!("list of {}", count(items.len(), "item")),
        Value::Object(fields) => format!("object of {}", count(fields.len(), "field")),
    }
}

/// `17 sets of 412 names` where every field is a list of texts, `412 names in 17 sets` where every field is one text.
fn gene_sets(value: &Value) -> Option<String> {
    let fields = value.as_object().filter(|fields| !fields.is_empty())?;
    let groups: Option<BTreeSet<&str>> = fields.values().map(Value::as_str).collect();
    if let Some(groups) = groups {
        return Some(format!("{} in {}", count(fields.len(), "name"), count(groups.len(), "set")));
    }
    let mut names = BTreeSet::new();
    for list in fields.values() {
        for item in list.as_array()? {
            names.insert(item.as_str()?);
        }
    }
    Some(format!("{} of {}", count(fields.len(), "set"), count(names.len(), "name")))
}
