//! Completion and inspection: what could stand at the cursor, and what the name at the cursor is.
//!
//! Both know the preloaded library from an index of its public items, which [`Library::scan`] makes from the sources
//! of its crates. Names are resolved as rustc does: modules, `use`, globs and renames followed. The types of
//! variables come from the caller, those of longer expressions from the rustc that compiles cells, through a
//! callback; where it has no answer they are guessed from signatures.
//!
//! ```text
//! sources -> scan -> link -> Library      once, kept in a file
//! cursor -> scope -> types -> complete, inspect      for each request
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

mod attributes;
mod complete;
mod cursor;
mod derived;
mod guess;
mod index;
mod inspect;
mod lex;
mod link;
mod locals;
mod members;
mod names;
mod piece;
mod raw;
mod reader;
mod scan;
mod scope;
mod sources;
mod subject;
mod text;
mod types;
mod words;

pub use complete::complete;
pub use index::Library;
pub use inspect::inspect;
pub use sources::sources;

/// A crate to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name in Rust, such as `burn_core`.
    pub name: String,
    /// Its root file, `lib.rs`.
    pub root: PathBuf,
}

/// Where help is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The cell, as far as it is written.
    pub code: &'a str,
    /// Byte offset of the cursor in `code`.
    pub cursor: usize,
    /// Types of the variables of earlier cells.
    pub variables: &'a BTreeMap<String, String>,
    /// Sources of earlier cells, for the functions, types and imports in them.
    pub items: &'a [String],
}

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What replaces the text at the cursor.
    pub text: String,
    /// What it is: `function`, `method`, `struct`, `module`, `trait`, `macro`, `constant`, `field`, `variable`,
    /// `keyword`, `enum` or `variant`.
    pub kind: &'static str,
    /// Its signature or type; empty when unknown.
    pub signature: String,
}

/// All completions at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// The best first.
    pub matches: Vec<Match>,
    /// First byte of the text that a match replaces.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// What is known of the name at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Its signature or type.
    pub signature: String,
    /// Where it lives, such as `perturbook::evaluate::recall`; empty for a variable.
    pub path: String,
    /// Its documentation, in markdown.
    pub docs: String,
}

#[cfg(test)]
mod tests;
