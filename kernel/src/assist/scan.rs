//! From sources to the index: reads the files of each crate, then resolves names across all of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use syn::{Expr, Item, Lit, Meta};

use super::Source;
use super::attributes::{docs, hidden, kept};
use super::index::{Kind, Library};
use super::link::link;
use super::raw::{RawCrate, RawItem, RawModule, Vis, plain};
use super::reader::Reader;

/// Parsed files of one crate that may follow each other by `mod`.
const DEEPEST: usize = 64;
/// Large expressions nest deeply.
const STACK: usize = 64 << 20;

impl Library {
    /// Parses the sources and makes the index of what they offer. What cannot be parsed is left out.
    pub fn scan(sources: &[Source]) -> Self {
        let next = AtomicUsize::new(0);
        let crates = Mutex::new(Vec::new());
        let work = || {
            while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                let read = read_crate(source);
                crates.lock().unwrap_or_else(PoisonError::into_inner).push(read);
            }
        };
        // On threads of its own: the parser keeps every text it has seen until its thread ends.
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get().min(8)) {
                // A thread that cannot start leaves its work to the others.
                let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            }
        });
        let mut crates = crates.into_inner().unwrap_or_else(PoisonError::into_inner);
        let order = |krate: &RawCrate| sources.iter().position(|source| source.name == krate.name);
        crates.sort_by_key(order);
        link(crates)
    }
}

/// All modules of a crate.
fn read_crate(source: &Source) -> RawCrate {
    let mut krate = RawCrate { name: source.name.clone(), modules: Vec::new() };
    let root = RawModule { item: RawItem { name: source.name.clone(), ..RawItem::default() }, ..RawModule::default() };
    krate.modules.push(root);
    let folder = source.root.parent().unwrap_or(Path::new(".")).to_owned();
    Walk { krate: &mut krate }.file(&source.root, &folder, 0, 0);
    krate
}

struct Walk<'a> {
    krate: &'a mut RawCrate,
}

impl Walk<'_> {
    /// Reads a file as the content of `module`; its own modules lie in `folder`.
    fn file(&mut self, path: &Path, folder: &Path, module: usize, depth: usize) {
        let Ok(mut source) = std::fs::read_to_string(path) else { return };
        let file = syn::parse_file(&source).or_else(|_| {
            source = without_unstable(&source);
            syn::parse_file(&source)
        });
        let Ok(file) = file else { return };
        if !kept(&file.attrs) {
            return;
        }
        let item = &mut self.krate.modules[module].item;
        item.hidden |= hidden(&file.attrs);
        let inner = docs(&file.attrs);
        item.docs = if item.docs.is_empty() { inner } else { format!("{}\n\n{inner}", item.docs).trim().to_owned() };
        let reader = Reader { source: &source, everything: false };
        let beside = path.parent().unwrap_or(folder);
        self.items(&reader, &file.items, &Place { folder, beside }, module, depth);
    }

    fn items(&mut self, reader: &Reader<'_>, items: &[Item], place: &Place<'_>, module: usize, depth: usize) {
        for item in items {
            match item {
                Item::Mod(inner) if kept(&inner.attrs) && depth < DEEPEST => {
                    let number = self.open(inner, module);
                    let folder = place.folder.join(plain(&inner.ident));
                    let explicit = path_attribute(&inner.attrs);
                    if explicit.as_ref().is_some_and(|path| path.starts_with("../..")) {
                        // Another project's sources: thousands of processor instructions in `core`.
                        continue;
                    }
                    match &inner.content {
                        Some((_, items)) => {
                            let folder = explicit.map_or(folder, |path| place.beside.join(path));
                            let place = Place { folder: &folder, beside: &folder };
                            self.items(reader, items, &place, number, depth + 1);
                        }
                        None => {
                            let (file, folder) = match explicit {
                                Some(path) => {
                                    let file = place.beside.join(path);
                                    let folder = file.parent().unwrap_or(place.beside).to_owned();
                                    (file, folder)
                                }
                                None => (find(&folder), folder),
                            };
                            self.file(&file, &folder, number, depth + 1);
                        }
                    }
                }
                Item::Mod(_) => {}
                Item::Macro(item) => {
                    // An exported macro lives at the root of its crate.
                    let made = reader.macro_rules(item);
                    let at = if made.as_ref().is_some_and(|made| made.vis == Vis::Public) { 0 } else { module };
                    self.krate.modules[at].items.extend(made);
                }
                _ => reader.read(item, &mut self.krate.modules[module]),
            }
        }
    }

    fn open(&mut self, inner: &syn::ItemMod, parent: usize) -> usize {
        let vis = match inner.vis {
            syn::Visibility::Public(_) => Vis::Public,
            syn::Visibility::Restricted(_) => Vis::Crate,
            syn::Visibility::Inherited => Vis::Private,
        };
        let item = RawItem {
            name: plain(&inner.ident),
            kind: Kind::Module,
            vis,
            hidden: hidden(&inner.attrs),
            docs: docs(&inner.attrs),
            ..RawItem::default()
        };
        self.krate.modules.push(RawModule { parent, item, ..RawModule::default() });
        self.krate.modules.len() - 1
    }
}

/// The source without the syntax that only the standard library uses: `const trait`, `[const] Trait`.
fn without_unstable(source: &str) -> String {
    let mut out = source.replace("[const] ", "").replace("const unsafe ", "unsafe ");
    for word in ["trait ", "impl ", "impl<"] {
        out = out.replace(&format!("const {word}"), word);
    }
    out
}

/// Where the files of modules are looked for: in `folder` by name, beside the file by `#[path]`.
struct Place<'a> {
    folder: &'a Path,
    beside: &'a Path,
}

/// `folder.rs` or `folder/mod.rs`.
fn find(folder: &Path) -> PathBuf {
    let mut file = folder.as_os_str().to_owned();
    file.push(".rs");
    let file = PathBuf::from(file);
    if file.is_file() { file } else { folder.join("mod.rs") }
}

fn path_attribute(attrs: &[syn::Attribute]) -> Option<String> {
    attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::crate_of;
    use super::*;

    fn names(library: &Library, path: &[&str]) -> Vec<String> {
        let mut at = library.crates["demo"];
        for name in path {
            at = library.members(at).find(|(member, _)| member == name).expect("a member").1;
        }
        let mut names: Vec<String> = library.members(at).map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn modules_in_files_folders_and_elsewhere() {
        let library = crate_of(&[
            (
                "lib.rs",
                "pub mod a; pub mod b; #[path = \"odd/name.rs\"] pub mod c; pub mod d { pub mod e; } mod private;",
            ),
            ("a.rs", "//! Docs of a.\npub mod inner; pub fn f() {}"),
            ("a/inner.rs", "pub struct Deep;"),
            ("b/mod.rs", "pub mod inner;"),
            ("b/inner.rs", "pub const N: u8 = 1;"),
            ("odd/name.rs", "pub mod beside;"),
            ("odd/beside.rs", "pub fn g() {}"),
            ("d/e.rs", "pub fn h() {}"),
            ("private.rs", "pub fn unseen() {}"),
        ]);
        assert_eq!(names(&library, &[]), ["a", "b", "c", "d"]);
        assert_eq!(names(&library, &["a"]), ["f", "inner"]);
        assert_eq!(names(&library, &["a", "inner"]), ["Deep"]);
        assert_eq!(names(&library, &["b", "inner"]), ["N"]);
        assert_eq!(names(&library, &["c", "beside"]), ["g"]);
        assert_eq!(names(&library, &["d", "e"]), ["h"]);
        assert!(library.items.iter().any(|item| item.name == "a" && item.docs == "Docs of a."));
        assert!(!library.items.iter().any(|item| item.name == "unseen"));
    }

    #[test]
    fn syntax_of_the_standard_library_is_read() {
        let library = crate_of(&[("lib.rs", "pub const trait Add: [const] Sized { fn add(self); }")]);
        assert_eq!(names(&library, &["Add"]), ["add"]);
    }

    #[test]
    fn what_users_do_not_see_is_left_out() {
        let library = crate_of(&[
            (
                "lib.rs",
                "#[doc(hidden)] pub fn hidden() {} pub mod empty {} pub(crate) fn inside() {} #[cfg(test)] pub fn test() {}\n\
             #[cfg(feature = \"x\")] pub fn feature() {} #[macro_export] macro_rules! m { () => {} } pub mod broken;",
            ),
            ("broken.rs", "pub fn ("),
        ]);
        assert_eq!(names(&library, &[]), ["feature", "m"]);
    }
}
