//! The index: every public item of the preloaded library as one graph of numbered nodes, in a JSON file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The number of an item in [`Library::items`].
pub type Id = u32;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Kind {
    /// A module or the root of a crate.
    #[default]
    Module,
    /// A struct or union.
    Struct,
    /// An enum.
    Enum,
    /// A trait.
    Trait,
    /// A `type` alias; [`Item::of`] is what it stands for.
    Alias,
    /// A type without a definition in the index, such as `str` or, without the sources of `std`, `Vec`.
    Foreign,
    /// A free function.
    Function,
    /// A function of a type or trait that takes `self`.
    Method,
    /// A function of a type or trait that does not.
    Associated,
    /// A macro, named without its `!`.
    Macro,
    /// A constant or static.
    Constant,
    /// A field of a struct.
    Field,
    /// A variant of an enum.
    Variant,
    /// A type that a trait asks for.
    AssociatedType,
}

impl Kind {
    /// The word that a notebook shows beside a completion.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Module => "module",
            Kind::Struct | Kind::Alias | Kind::Foreign | Kind::AssociatedType => "struct",
            Kind::Enum => "enum",
            Kind::Trait => "trait",
            Kind::Function | Kind::Associated => "function",
            Kind::Method => "method",
            Kind::Macro => "macro",
            Kind::Constant => "constant",
            Kind::Field => "field",
            Kind::Variant => "variant",
        }
    }

    /// True for what has methods.
    pub fn is_type(self) -> bool {
        matches!(self, Kind::Struct | Kind::Enum | Kind::Alias | Kind::Foreign | Kind::Trait)
    }

    /// Types, values and macros may share a name.
    pub fn namespace(self) -> u8 {
        match self {
            Kind::Macro => 2,
            Kind::Function | Kind::Constant | Kind::Method | Kind::Associated | Kind::Field => 1,
            _ => 0,
        }
    }
}

/// One item. Empty parts are left out of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Its name where it is defined.
    #[serde(rename = "n")]
    pub name: String,
    /// What it is.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// The module, type or trait in which a user finds it; the root of a crate is its own home.
    #[serde(rename = "h")]
    pub home: Id,
    /// The root of the crate that defines it.
    #[serde(rename = "c", skip_serializing_if = "is_zero")]
    pub root: Id,
    /// As written, on one line.
    #[serde(rename = "s", skip_serializing_if = "String::is_empty")]
    pub signature: String,
    /// Its documentation, in markdown.
    #[serde(rename = "d", skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Members: of a module, fields and functions of a type, variants, functions of a trait.
    #[serde(rename = "m", skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Id>,
    /// Members of a module under names that are not their own.
    #[serde(rename = "a", skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(String, Id)>,
    /// Traits that a type implements; what a trait builds on.
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<Id>,
    /// The type that this one dereferences to.
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub deref: Option<Id>,
    /// The type of a field, constant or alias, or what a function returns, without its generic arguments.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub of: Option<Id>,
    /// The first generic argument of that type: `T` of `Result<T>`.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub inner: Option<Id>,
}

fn is_zero(id: &Id) -> bool {
    *id == 0
}

/// `impl<T: A + B> Trait for T`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Blanket {
    /// The trait that is implemented.
    pub of: Id,
    /// What a type must implement for it.
    pub bounds: Vec<Id>,
}

/// The index of the preloaded library. The default one is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Library {
    /// All items.
    pub items: Vec<Item>,
    /// Roots of crates by name; `perturbook` is what cells know by that name.
    pub crates: BTreeMap<String, Id>,
    /// Items of kind [`Kind::Foreign`] by name; `[]` is a slice, `()` a tuple.
    pub foreign: BTreeMap<String, Id>,
    /// Traits implemented for every type that implements others.
    pub blankets: Vec<Blanket>,
}

impl Library {
    /// Reads the file that [`Library::write`] wrote.
    ///
    /// # Errors
    /// When it cannot be read, or is not an index of this version.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let library: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not an index of the library; delete it", path.display()))?;
        anyhow::ensure!(library.is_whole(), "{} is not whole; delete it", path.display());
        Ok(library)
    }

    /// Writes under a temporary name beside `path`, then renames.
    ///
    /// # Errors
    /// When the file or its folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let what = || format!("cannot write {}", path.display());
        std::fs::create_dir_all(folder).with_context(what)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).with_context(what)?;
        file.write_all(&serde_json::to_vec(self)?).with_context(what)?;
        file.persist(path).with_context(what)?;
        Ok(())
    }

    /// Every number in it is the number of an item.
    fn is_whole(&self) -> bool {
        let known = |id: &Id| usize::try_from(*id).is_ok_and(|id| id < self.items.len());
        self.items.iter().all(|item| {
            [item.home, item.root].iter().chain(&item.children).chain(&item.traits).all(known)
                && item.renamed.iter().all(|(_, id)| known(id))
                && [item.deref, item.of, item.inner].iter().flatten().all(known)
        }) && self.crates.values().chain(self.foreign.values()).all(known)
            && self.blankets.iter().all(|blanket| known(&blanket.of) && blanket.bounds.iter().all(known))
    }

    /// Members of a module or type under the names they have there.
    #[cfg(test)]
    pub fn members(&self, id: Id) -> impl Iterator<Item = (&str, Id)> {
        let item = &self.items[id as usize];
        let own = item.children.iter().map(|&child| (self.items[child as usize].name.as_str(), child));
        own.chain(item.renamed.iter().map(|(name, child)| (name.as_str(), *child)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Library {
        let root = Item { name: "a".into(), children: vec![1], renamed: vec![("z".into(), 1)], ..Item::default() };
        let item = Item { name: "f".into(), kind: Kind::Function, docs: "Docs.".into(), ..Item::default() };
        Library { items: vec![root, item], crates: [("a".to_owned(), 0)].into(), ..Library::default() }
    }

    #[test]
    fn a_written_index_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/index.json");
        small().write(&path).unwrap();
        let read = Library::read(&path).unwrap();
        assert_eq!(read, small());
        assert_eq!(read.members(0).collect::<Vec<_>>(), [("f", 1), ("z", 1)]);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_is_not_an_index_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.json");
        assert!(Library::read(&path).unwrap_err().to_string().contains("cannot read"));
        std::fs::write(&path, "{").unwrap();
        assert!(Library::read(&path).unwrap_err().to_string().contains("not an index"));
        let mut broken = small();
        broken.items[0].children.push(7);
        broken.write(&path).unwrap();
        assert!(Library::read(&path).unwrap_err().to_string().contains("not whole"));
    }
}
