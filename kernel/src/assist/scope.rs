//! What names mean in a cell: the prelude, imports, and what earlier cells and this one define, over the library.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::index::{Id, Item, Kind, Library};
use super::lex::significant;
use super::piece::{first_word, statements};
use super::raw::{RawItem, RawModule, RawType};
use super::reader::Reader;
use super::text::Text;
use super::words::PRELUDE;

/// First words of what defines or imports names.
const ITEMS: &[&str] = &[
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "macro_rules",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
];

/// The library as a cell sees it.
pub struct Scope<'a> {
    /// The index.
    pub library: &'a Library,
    /// Items of the cells; numbered on from those of the library.
    own: Vec<Item>,
    /// Names in scope; of one name, at most one item for each namespace.
    pub names: BTreeMap<String, Vec<Id>>,
    /// Names that came by `use ..::*` of a cell: many, and most of them not meant.
    pub globbed: HashSet<String>,
    /// Members and traits that cells give to types of the library.
    added: HashMap<Id, Item>,
    /// Types of own items as written.
    written: Vec<(Id, RawType, Option<Id>)>,
}

impl<'a> Scope<'a> {
    /// The prelude, and what the cells define, in their order.
    pub fn new<'t>(library: &'a Library, cells: impl Iterator<Item = &'t str>) -> Self {
        let (own, names, added, written) = (Vec::new(), BTreeMap::new(), HashMap::new(), Vec::new());
        let mut scope = Self { library, own, names, globbed: HashSet::new(), added, written };
        scope.import_all(&["perturbook".to_owned(), "prelude".to_owned()]);
        scope.globbed.clear();
        let modules: Vec<RawModule> = cells.map(read).collect();
        for raw in modules.iter().flat_map(|module| &module.items) {
            let id = scope.define(raw, None);
            scope.name(&raw.name, id);
        }
        for import in modules.iter().flat_map(|module| &module.uses) {
            match &import.name {
                Some(name) => {
                    for id in scope.resolve(&import.path) {
                        scope.name(name, id);
                        scope.globbed.remove(name);
                    }
                }
                None => scope.import_all(&import.path),
            }
        }
        for block in modules.iter().flat_map(|module| &module.impls) {
            let Some(id) = scope.head(&block.for_) else { continue };
            let children: Vec<Id> = block.children.iter().map(|child| scope.define(child, Some(id))).collect();
            let of = block.of.iter().flat_map(|path| scope.resolve(path));
            let traits: Vec<Id> = of.filter(|&of| scope.item(of).kind == Kind::Trait).collect();
            let added = scope.added.entry(id).or_default();
            added.children.extend(children);
            added.traits.extend(traits);
        }
        for (id, ty, owner) in std::mem::take(&mut scope.written) {
            let head = |ty: &RawType| if ty.path == ["Self"] { owner } else { scope.head(ty) };
            let (of, inner) = (head(&ty), ty.args.first().and_then(head));
            let item = &mut scope.own[id as usize - library.items.len()];
            (item.of, item.inner) = (of, inner);
        }
        scope
    }

    fn define(&mut self, raw: &RawItem, owner: Option<Id>) -> Id {
        let id = Id::try_from(self.library.items.len() + self.own.len()).unwrap_or(Id::MAX);
        let (name, signature, docs) = (raw.name.clone(), raw.signature.clone(), raw.docs.clone());
        let home = owner.unwrap_or(id);
        self.own.push(Item { name, kind: raw.kind, home, signature, docs, ..Item::default() });
        self.written.extend(raw.of.iter().map(|of| (id, of.clone(), owner)));
        let children: Vec<Id> = raw.children.iter().map(|child| self.define(child, Some(id))).collect();
        self.own[id as usize - self.library.items.len()].children = children;
        id
    }

    /// Gives an item a name; what had it in the same namespace is shadowed.
    fn name(&mut self, name: &str, id: Id) {
        let space = self.item(id).kind.namespace();
        let mut ids = self.names.remove(name).unwrap_or_default();
        ids.retain(|&other| self.item(other).kind.namespace() != space);
        ids.push(id);
        self.names.insert(name.to_owned(), ids);
    }

    fn import_all(&mut self, path: &[String]) {
        let of = self.resolve(path);
        let members: Vec<(String, Id)> = of
            .into_iter()
            .flat_map(|id| self.members(id))
            .filter(|(_, id)| !matches!(self.item(*id).kind, Kind::Field | Kind::Method | Kind::Associated))
            .collect();
        for (name, id) in members {
            // What is imported by name is not shadowed by what a glob brings in.
            let space = self.item(id).kind.namespace();
            let named = self.names.get(&name).into_iter().flatten();
            if named.clone().all(|&other| self.item(other).kind.namespace() != space) {
                if named.count() == 0 {
                    self.globbed.insert(name.clone());
                }
                self.name(&name, id);
            }
        }
    }

    /// The item with this number.
    pub fn item(&self, id: Id) -> &Item {
        let id = id as usize;
        self.library.items.get(id).unwrap_or_else(|| &self.own[id - self.library.items.len()])
    }

    /// True for a trait whose methods can be called here: under any name.
    pub fn in_scope(&self, of: Id) -> bool {
        let prelude = || PRELUDE.iter().any(|(word, _)| *word == self.item(of).name);
        self.is_own(of) || self.names.values().any(|ids| ids.contains(&of)) || self.is_standard(of) && prelude()
    }

    /// True for what the standard library defines.
    pub fn is_standard(&self, id: Id) -> bool {
        matches!(self.item(self.item(id).root).name.as_str(), "std" | "core" | "alloc")
    }

    /// True for what a cell defines.
    pub fn is_own(&self, id: Id) -> bool {
        id as usize >= self.library.items.len()
    }

    /// Members of a module, type or trait, under the names they have there.
    pub fn members(&self, id: Id) -> Vec<(String, Id)> {
        let item = self.item(id);
        let added = self.added.get(&id).into_iter().flat_map(|added| &added.children);
        let own = item.children.iter().chain(added).map(|&child| (self.item(child).name.clone(), child));
        own.chain(item.renamed.iter().cloned()).collect()
    }

    /// Traits that a type implements, or that a trait builds on.
    pub fn traits(&self, id: Id) -> Vec<Id> {
        let added = self.added.get(&id).into_iter().flat_map(|added| &added.traits);
        self.item(id).traits.iter().chain(added).copied().collect()
    }

    /// What an alias stands for; anything else is itself.
    pub fn behind(&self, mut id: Id) -> Id {
        for _ in 0..8 {
            match self.item(id) {
                Item { kind: Kind::Alias, of: Some(of), .. } => id = *of,
                _ => break,
            }
        }
        id
    }

    /// What a path means in a cell, in every namespace.
    pub fn resolve(&self, path: &[String]) -> Vec<Id> {
        let (mut at, rest) = match path {
            [] => return Vec::new(),
            [empty, name, rest @ ..] if empty.is_empty() => (self.krate(name), rest),
            [word, rest @ ..] if matches!(word.as_str(), "crate" | "self") && !rest.is_empty() => {
                return self.resolve(rest);
            }
            [name, rest @ ..] => {
                let known = self.names.get(name).cloned();
                (known.unwrap_or_else(|| self.krate(name)), rest)
            }
        };
        for name in rest {
            let members = at.iter().flat_map(|&id| self.members(self.behind(id)));
            at = members.filter(|(member, _)| member == name).map(|(_, id)| id).collect();
        }
        at
    }

    fn krate(&self, name: &str) -> Vec<Id> {
        self.library.crates.get(name).copied().into_iter().collect()
    }

    /// The type that `ty` names. rustc prints paths that no cell could write: their last name still tells.
    pub fn head(&self, ty: &RawType) -> Option<Id> {
        let is_type = |id: &Id| self.item(*id).kind.is_type();
        let found = self.resolve(&ty.path).into_iter().find(is_type);
        found.or_else(|| self.by_name(&ty.path)).map(|id| self.behind(id))
    }

    fn by_name(&self, path: &[String]) -> Option<Id> {
        let name = path.last()?;
        let foreign = self.library.foreign.get(name).copied();
        let krate = path.iter().find(|part| !part.is_empty() && *part != "perturbook")?;
        if path.len() == 1 || matches!(krate.as_str(), "std" | "core" | "alloc") {
            let mut items = (0..).zip(&self.library.items);
            let mut standard =
                || items.find(|(id, item)| item.name == *name && item.kind.is_type() && self.is_standard(*id));
            return foreign.or_else(|| standard().map(|(id, _)| id));
        }
        let family = krate.split('_').next().unwrap_or(krate);
        let closeness = |id: Id| {
            let root = self.item(self.item(id).root).name.as_str();
            (path.iter().any(|part| part == root), root.split('_').next() == Some(family))
        };
        let items = (0..).zip(&self.library.items);
        let named = items.filter(|(_, item)| item.name == *name && item.kind.is_type() && item.kind != Kind::Foreign);
        let best = named.map(|(id, _)| (closeness(id), id)).max_by_key(|(closeness, id)| (*closeness, u32::MAX - id));
        best.map(|(_, id)| id).or(foreign)
    }

    /// Where a user finds an item: `perturbook::evaluate::recall`.
    pub fn path(&self, id: Id) -> String {
        let mut names = Vec::new();
        let mut at = id;
        for _ in 0..32 {
            let item = self.item(at);
            let renamed = self.item(item.home).renamed.iter().find(|(_, member)| *member == at).map(|(name, _)| name);
            let plain = self.item(item.home).children.contains(&at);
            names.push(renamed.filter(|_| !plain).unwrap_or(&item.name).clone());
            if item.home == at {
                break;
            }
            at = item.home;
        }
        names.reverse();
        names.join("::")
    }
}

/// The items of a cell, each parsed alone: what does not parse is left out.
fn read(cell: &str) -> RawModule {
    let mut module = RawModule::default();
    let tokens = significant(cell);
    let text = Text { code: cell, tokens: &tokens };
    for statement in statements(text, 0..tokens.len()) {
        if statement.is_empty() || !ITEMS.contains(&first_word(text, statement.clone())) {
            continue;
        }
        let start = tokens[statement.start].start;
        // Comments in front of an item may be its documentation.
        let before = statement.start.checked_sub(1).map_or(0, |last| tokens[last].end);
        let source = &cell[before..tokens[statement.end - 1].end];
        let source = if source.contains("///") { source } else { &cell[start..tokens[statement.end - 1].end] };
        let reader = Reader { source, everything: true };
        match syn::parse_str::<syn::Item>(source) {
            Ok(syn::Item::Macro(item)) => module.items.extend(reader.macro_rules(&item)),
            Ok(item) => reader.read(&item, &mut module),
            Err(_) => {}
        }
    }
    module
}
