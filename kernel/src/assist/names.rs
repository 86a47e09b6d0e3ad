//! Names of all crates together, and what a path means in a module: `use` declarations, globs and renames followed.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::index::{Id, Item, Kind};
use super::raw::{RawCrate, RawItem, RawType, RawUse, Vis};

/// A name and what it stands for.
pub type Exports = Rc<Vec<(String, Id)>>;

/// Every item of every crate, and the modules to look them up in.
#[derive(Default)]
pub struct Names {
    /// Items by number.
    pub items: Vec<Item>,
    /// What an item's type was written as, and the module it was written in.
    pub written: Vec<(Id, RawType, usize, Option<Id>)>,
    /// Traits that an item derives or builds on.
    pub derived: Vec<(Id, Vec<String>, usize)>,
    /// All modules.
    pub modules: Vec<Module>,
    /// Root modules by the name of their crate.
    pub crates: HashMap<String, usize>,
    module_of: HashMap<Id, usize>,
    visible: Vec<(Vis, bool)>,
    found: HashMap<(usize, String, Vis), Vec<Id>>,
    partial: HashMap<(usize, String, Vis), Vec<Id>>,
    exported: HashMap<usize, Exports>,
    exported_partly: HashMap<usize, Exports>,
    busy: HashSet<(usize, String, Vis)>,
    exporting: HashSet<usize>,
    /// How often a question led back to itself.
    circles: usize,
}

/// A module: what it defines and imports.
#[derive(Default)]
pub struct Module {
    /// The module as an item.
    pub item: Id,
    parent: usize,
    root: usize,
    own: HashMap<String, Vec<Id>>,
    order: Vec<Id>,
    uses: Vec<Rc<RawUse>>,
    named: HashMap<String, Vec<usize>>,
    globs: Vec<Rc<RawUse>>,
}

impl Names {
    /// Adds the modules and items of a crate; returns the number of its first module.
    pub fn add(&mut self, krate: &RawCrate) -> usize {
        let first = self.modules.len();
        self.crates.insert(krate.name.clone(), first);
        for raw in &krate.modules {
            let item = self.allocate(&raw.item);
            self.module_of.insert(item, self.modules.len());
            let parent = first + raw.parent;
            let mut module = Module { item, parent, root: first, ..Module::default() };
            for (number, import) in raw.uses.iter().enumerate() {
                let import = Rc::new(import.clone());
                match &import.name {
                    Some(name) => module.named.entry(name.clone()).or_default().push(number),
                    None => module.globs.push(import.clone()),
                }
                module.uses.push(import);
            }
            let number = self.modules.len();
            self.modules.push(module);
            if number != first {
                self.define(parent, item);
            }
            self.items[item as usize].home = self.modules[parent].item;
            self.items[item as usize].root = self.modules[first].item;
        }
        for (number, raw) in krate.modules.iter().enumerate() {
            for item in &raw.items {
                let id = self.member(item, first + number, None);
                self.items[id as usize].home = self.modules[first + number].item;
                self.define(first + number, id);
            }
        }
        first
    }

    /// Adds an item with its members, which are not names of the module; `owner` is what `Self` means.
    pub fn member(&mut self, raw: &RawItem, module: usize, owner: Option<Id>) -> Id {
        let root = self.modules[module].root;
        let id = self.allocate(raw);
        self.items[id as usize].root = self.modules[root].item;
        if let Some(of) = &raw.of {
            self.written.push((id, of.clone(), module, owner));
        }
        self.derived.extend(raw.traits.iter().map(|path| (id, path.clone(), module)));
        let owner = (raw.kind != Kind::Trait).then_some(id);
        for child in raw.children.iter().filter(|child| child.vis == Vis::Public && !child.hidden) {
            let child = self.member(child, module, owner);
            self.items[child as usize].home = id;
            self.items[id as usize].children.push(child);
        }
        id
    }

    fn allocate(&mut self, raw: &RawItem) -> Id {
        let id = Id::try_from(self.items.len()).unwrap_or(Id::MAX);
        self.items.push(Item {
            name: raw.name.clone(),
            kind: raw.kind,
            signature: raw.signature.clone(),
            docs: raw.docs.clone(),
            ..Item::default()
        });
        self.visible.push((raw.vis, raw.hidden));
        id
    }

    fn define(&mut self, module: usize, id: Id) {
        let name = self.items[id as usize].name.clone();
        self.modules[module].own.entry(name).or_default().push(id);
        self.modules[module].order.push(id);
    }

    /// What `path` means in `module`, in every namespace.
    pub fn resolve(&mut self, module: usize, path: &[String]) -> Vec<Id> {
        let root = self.modules[module].root;
        let (mut at, rest) = match path {
            [] => return Vec::new(),
            [empty, name, rest @ ..] if empty.is_empty() => (self.krate(module, name), rest),
            [name, rest @ ..] => match name.as_str() {
                "crate" | "$crate" => (vec![self.modules[root].item], rest),
                "self" => (vec![self.modules[module].item], rest),
                "super" => (vec![self.modules[self.modules[module].parent].item], rest),
                _ => (self.first(module, name), rest),
            },
        };
        for name in rest {
            let mut next = Vec::new();
            for id in at {
                match self.module_of.get(&id).copied() {
                    Some(inner) if name == "super" => next.push(self.modules[self.modules[inner].parent].item),
                    Some(inner) => next.extend(self.lookup(inner, name, self.least(module, inner))),
                    None => next.extend(self.children(id, name)),
                }
            }
            at = next;
        }
        at
    }

    /// The first name of a path: the module's own, then a crate, then what globs bring in.
    fn first(&mut self, module: usize, name: &str) -> Vec<Id> {
        let here = &self.modules[module];
        if !here.own.contains_key(name) && !here.named.contains_key(name) {
            let krate = self.krate(module, name);
            if !krate.is_empty() {
                return krate;
            }
        }
        let found = self.lookup(module, name, Vis::Private);
        // `pub use burn;` names the crate by the name it has here.
        if found.is_empty() { self.krate(module, name) } else { found }
    }

    /// A crate by name; `arrow` is `polars_arrow` within the crates of polars.
    fn krate(&self, module: usize, name: &str) -> Vec<Id> {
        let own = &self.items[self.modules[self.modules[module].root].item as usize].name;
        let family = own.split('_').next().unwrap_or_default();
        let found = self.crates.get(name).or_else(|| self.crates.get(&format!("{family}_{name}")));
        found.map(|&root| self.modules[root].item).into_iter().collect()
    }

    /// What `name` means in a module, among what is visible at least as far as `least`.
    fn lookup(&mut self, module: usize, name: &str, least: Vis) -> Vec<Id> {
        let key = (module, name.to_owned(), least);
        if let Some(known) = self.found.get(&key).or_else(|| self.partial.get(&key)) {
            return known.clone();
        }
        let own = self.modules[module].own.get(name).into_iter().flatten().copied();
        let mut found: Vec<Id> = own.filter(|&id| self.visible[id as usize].0 >= least).collect();
        if !self.busy.insert(key.clone()) {
            self.circles += 1;
            return found;
        }
        let circles = self.circles;
        let here = &self.modules[module];
        let named: Vec<_> = here.named.get(name).into_iter().flatten().map(|&n| here.uses[n].clone()).collect();
        for import in named.iter().filter(|import| import.vis >= least) {
            let meant = self.resolve(module, &import.path);
            self.merge(&mut found, &meant);
        }
        let globs = self.modules[module].globs.clone();
        for import in globs.iter().filter(|import| import.vis >= least) {
            for target in self.resolve(module, &import.path) {
                let meant = match self.module_of.get(&target).copied() {
                    Some(inner) => self.lookup(inner, name, self.least(module, inner)),
                    None => self.children(target, name),
                };
                self.merge(&mut found, &meant);
            }
        }
        self.busy.remove(&key);
        // What was met in a circle is the whole answer only for the question that came first.
        if self.busy.is_empty() {
            self.partial.clear();
        }
        match self.circles == circles || self.busy.is_empty() {
            true => self.found.insert(key, found.clone()),
            false => self.partial.insert(key, found.clone()),
        };
        found
    }

    fn children(&self, id: Id, name: &str) -> Vec<Id> {
        let children = self.items[id as usize].children.iter().copied();
        children.filter(|&child| self.items[child as usize].name == name).collect()
    }

    /// How far an item of module `there` must be visible to be seen in module `here`.
    fn least(&self, here: usize, there: usize) -> Vis {
        if self.modules[here].root != self.modules[there].root {
            return Vis::Public;
        }
        let mut around = here;
        while around != there {
            let parent = self.modules[around].parent;
            if parent == around {
                return Vis::Crate;
            }
            around = parent;
        }
        Vis::Private
    }

    /// Adds what is of a namespace that has no item yet.
    fn merge(&self, found: &mut Vec<Id>, more: &[Id]) {
        for &id in more {
            let space = self.items[id as usize].kind.namespace();
            if !found.iter().any(|&other| self.items[other as usize].kind.namespace() == space) {
                found.push(id);
            }
        }
    }

    /// What a module offers to everyone, under the names it has there.
    pub fn exports(&mut self, module: usize) -> Exports {
        if let Some(known) = self.exported.get(&module).or_else(|| self.exported_partly.get(&module)) {
            return known.clone();
        }
        if !self.exporting.insert(module) {
            self.circles += 1;
            return Exports::default();
        }
        let circles = self.circles;
        let mut offered: Vec<(String, Id)> = Vec::new();
        let mut taken: HashSet<(String, u8)> = HashSet::new();
        let mut offer = |items: &[Item], name: &str, id: Id| {
            if taken.insert((name.to_owned(), items[id as usize].kind.namespace())) {
                offered.push((name.to_owned(), id));
            }
        };
        for &id in &self.modules[module].order {
            if self.visible[id as usize] == (Vis::Public, false) {
                offer(&self.items, &self.items[id as usize].name, id);
            }
        }
        let public = |import: &&Rc<RawUse>| import.vis == Vis::Public && !import.hidden;
        let uses = self.modules[module].uses.clone();
        for import in uses.iter().filter(public) {
            let Some(name) = import.name.as_ref().filter(|name| *name != "_") else { continue };
            for id in self.resolve(module, &import.path) {
                let (vis, hidden) = self.visible[id as usize];
                // `pub use recall::recall` means the function, not the private module it came by.
                if !hidden && (vis == Vis::Public || self.module_of.get(&id).is_none_or(|m| self.is_root(*m))) {
                    offer(&self.items, name, id);
                }
            }
        }
        for import in uses.iter().filter(public).filter(|import| import.name.is_none()) {
            for target in self.resolve(module, &import.path) {
                match self.module_of.get(&target).copied() {
                    Some(inner) => {
                        for (name, id) in self.exports(inner).iter() {
                            offer(&self.items, name, *id);
                        }
                    }
                    None => {
                        let children = self.items[target as usize].children.iter();
                        let variants = children.filter(|&&child| self.items[child as usize].kind == Kind::Variant);
                        variants.for_each(|&child| offer(&self.items, &self.items[child as usize].name, child));
                    }
                }
            }
        }
        self.exporting.remove(&module);
        let offered = Exports::new(offered);
        if self.exporting.is_empty() {
            self.exported_partly.clear();
        }
        match self.circles == circles || self.exporting.is_empty() {
            true => self.exported.insert(module, offered.clone()),
            false => self.exported_partly.insert(module, offered.clone()),
        };
        offered
    }

    fn is_root(&self, module: usize) -> bool {
        self.modules[module].root == module
    }

    /// True when everyone may see the item, where it is defined.
    pub fn is_public(&self, id: Id) -> bool {
        self.visible[id as usize] == (Vis::Public, false)
    }

    /// The number of the module that this item is.
    pub fn module_of(&self, id: Id) -> Option<usize> {
        self.module_of.get(&id).copied()
    }
}
