//! Named groups of columns, such as the `salient` and `background` halves of a contrastive embedding.

use std::ops::Range;

use crate::{Error, Result};

/// Names of column ranges, in the order they were added. Ranges may overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks(Vec<(String, Range<usize>)>);

impl Blocks {
    /// Names the columns `range` of `dims` columns; refuses ranges that are not there and names that are taken.
    pub(super) fn add(&mut self, name: &str, range: Range<usize>, dims: usize) -> Result<()> {
        if range.is_empty() || range.end > dims {
            return Err(Error::new(format!("columns {range:?} do not exist"))
                .at(format!("block {name:?}"))
                .fix(format!("choose a range inside 0..{dims}")));
        }
        if self.0.iter().any(|(taken, _)| taken == name) {
            return Err(Error::new(format!("a block {name:?} exists already")).fix("choose another name"));
        }
        self.0.push((name.to_owned(), range));
        Ok(())
    }

    /// The columns of the named block.
    pub(super) fn range(&self, name: &str) -> Result<Range<usize>> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, range)| range.clone()).ok_or_else(|| {
            Error::new(format!("no block {name:?}")).fix(match self.names()[..] {
                [] => "name the columns first, with with_block".to_owned(),
                ref names => format!("choose one of {names:?}"),
            })
        })
    }

    /// The first block that this column belongs to.
    pub(super) fn of(&self, column: usize) -> Option<&str> {
        self.0.iter().find(|(_, range)| range.contains(&column)).map(|(name, _)| name.as_str())
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}
