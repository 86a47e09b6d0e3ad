//! Hashes of a notebook's cells, which tell whether its outputs still belong to them.
//!
//! ```json
//! "perturbook": { "sources": "SHA-256 of all cells", "cells": ["the first digits of each cell's own", ...] }
//! ```

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::notebook::text;

/// Where a notebook's metadata keep them.
const KEY: &str = "perturbook";
/// Hexadecimal digits that tell the cells of a notebook apart.
const SHORT: usize = 12;

/// What a notebook's cells were made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// SHA-256 of all cells' hashes, in order.
    whole: String,
    /// The first digits of each cell's hash.
    cells: Vec<String>,
}

impl Sources {
    /// Those of the cells as they are: type and text of each.
    pub fn of(notebook: &Value) -> Self {
        let mut whole = Sha256::new();
        let mut cells = Vec::new();
        for cell in notebook["cells"].as_array().into_iter().flatten() {
            let kind = cell["cell_type"].as_str().unwrap_or_default();
            let hash = Sha256::digest(format!("{kind}\0{}", text(&cell["source"])));
            whole.update(hash);
            cells.push(hex(&hash)[..SHORT].to_owned());
        }
        Self { whole: hex(&whole.finalize()), cells }
    }

    /// Those that the notebook was executed from; `None` when its metadata hold none.
    pub fn stored(notebook: &Value) -> Option<Self> {
        let stored = &notebook["metadata"][KEY];
        let cells = stored["cells"].as_array()?.iter().map(|hash| hash.as_str().map(str::to_owned));
        Some(Self { whole: stored["sources"].as_str()?.to_owned(), cells: cells.collect::<Option<_>>()? })
    }

    /// Puts them into a notebook's metadata.
    pub fn store(&self, notebook: &mut Value) {
        notebook["metadata"][KEY] = json!({ "sources": self.whole, "cells": self.cells });
    }

    /// The number of the first cell, counted from 0, that is not as it was in `earlier`: changed, new, or in the place of
    /// one that is gone. It lies behind the last cell when those at the end are gone.
    pub fn first_change(&self, earlier: &Self) -> Option<usize> {
        let same = self.cells.iter().zip(&earlier.cells).take_while(|(now, then)| now == then).count();
        (self != earlier).then_some(same)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(cells: &[(&str, Value)]) -> Sources {
        let cells: Vec<Value> =
            cells.iter().map(|(kind, source)| json!({ "cell_type": kind, "source": source })).collect();
        Sources::of(&json!({ "cells": cells }))
    }

    #[test]
    fn the_hash_is_that_of_type_and_text_however_the_text_is_stored() {
        let lines = sources(&[("code", json!(["a\n", "b"]))]);
        assert_eq!(lines, sources(&[("code", json!("a\nb"))]));
        assert_ne!(lines, sources(&[("markdown", json!("a\nb"))]));
        // printf 'code\0a\nb' | sha256sum
        assert_eq!(lines.cells, ["aaa4bfe4cf72"]);
    }

    #[test]
    fn the_first_cell_that_is_changed_new_or_gone_is_found() {
        let all = |texts: &[&str]| sources(&texts.iter().map(|text| ("code", json!(text))).collect::<Vec<_>>());
        let before = all(&["a", "b", "c"]);
        assert_eq!(all(&["a", "b", "c"]).first_change(&before), None);
        assert_eq!(all(&["a", "x", "c"]).first_change(&before), Some(1));
        assert_eq!(all(&["n", "a", "b", "c"]).first_change(&before), Some(0));
        assert_eq!(all(&["a", "c"]).first_change(&before), Some(1));
        assert_eq!(all(&["a", "b"]).first_change(&before), Some(2));
    }

    #[test]
    fn what_is_stored_is_read_back_and_anything_else_counts_as_nothing() {
        let sources = sources(&[("code", json!("1")), ("raw", json!("r"))]);
        let mut notebook = json!({ "metadata": {} });
        assert_eq!(Sources::stored(&notebook), None);
        sources.store(&mut notebook);
        assert_eq!(Sources::stored(&notebook), Some(sources));
        notebook["metadata"]["perturbook"]["cells"][0] = json!(1);
        assert_eq!(Sources::stored(&notebook), None);
    }
}
