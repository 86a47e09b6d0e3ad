//! Resolves what the sources say: each module gets what it exports, each type its methods and traits; what no user
//! can reach is left out.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::index::{Blanket, Id, Item, Kind, Library};
use super::names::Names;
use super::raw::{RawCrate, RawImpl, RawType};
use super::words::FOREIGN;

/// The library that cells link, and what they call it.
const FACADE: &str = "perturbook_facade";
const LIBRARY: &str = "perturbook";
/// Where users look first: the shortest path from one of these is an item's path.
const ROOTS: [&str; 8] = [LIBRARY, "burn", "ndarray", "plotly", "polars", "std", "core", "alloc"];
const STANDARD: [&str; 3] = ["std", "alloc", "core"];

/// Makes the index.
pub fn link(crates: Vec<RawCrate>) -> Library {
    let mut names = Names::default();
    let starts: Vec<usize> = crates.iter().map(|krate| names.add(krate)).collect();
    let mut linker = Linker { standard: standard(&names, &crates, &starts), names, ..Linker::default() };
    for name in FOREIGN {
        if !linker.standard.contains_key(*name) {
            linker.foreign(name);
        }
    }
    for (krate, start) in crates.iter().zip(&starts) {
        for (number, module) in krate.modules.iter().enumerate() {
            for implementation in &module.impls {
                linker.implementation(implementation, start + number);
            }
        }
    }
    linker.types();
    linker.modules();
    linker.drop_empty();
    let mut roots: BTreeMap<String, Id> = crates
        .iter()
        .zip(&starts)
        .map(|(krate, &start)| (krate.name.clone(), linker.names.modules[start].item))
        .collect();
    if let Some(&facade) = roots.get(FACADE) {
        roots.insert(LIBRARY.to_owned(), facade);
        linker.names.items[facade as usize].name = LIBRARY.to_owned();
    }
    linker.finish(roots)
}

/// Types of the standard library that need no `use`.
fn standard(names: &Names, crates: &[RawCrate], starts: &[usize]) -> HashMap<String, Id> {
    let mut found = HashMap::new();
    let roots: Vec<Id> = crates
        .iter()
        .zip(starts)
        .filter(|(krate, _)| STANDARD.contains(&krate.name.as_str()))
        .map(|(_, &start)| names.modules[start].item)
        .collect();
    for (id, item) in (0..).zip(&names.items) {
        if roots.contains(&item.root) && item.kind.is_type() && names.is_public(id) {
            found.entry(item.name.clone()).or_insert(id);
        }
    }
    found.retain(|name, _| FOREIGN.contains(&name.as_str()) || name.ends_with("Iterator") || name == "Clone");
    found
}

/// `impl [u8]` and its like: slices of other types have no such methods.
fn is_special_slice(ty: &RawType) -> bool {
    ty.path == ["[]"]
        && ty.args.first().is_some_and(|element| !matches!(element.path.as_slice(), [name] if name.len() == 1))
}

#[derive(Default)]
struct Linker {
    names: Names,
    foreign: BTreeMap<String, Id>,
    standard: HashMap<String, Id>,
    blankets: Vec<Blanket>,
}

impl Linker {
    fn item(&mut self, id: Id) -> &mut Item {
        &mut self.names.items[id as usize]
    }

    /// The type that `ty` names in `module`. Types that are not in the sources are known by their names alone.
    fn head(&mut self, ty: &RawType, module: usize, owner: Option<Id>, make: bool) -> Option<Id> {
        match ty.path.as_slice() {
            [] => return None,
            [name] if name == "Self" => return owner,
            _ => {}
        }
        let found = self.names.resolve(module, &ty.path);
        if let Some(id) = found.into_iter().find(|&id| self.names.items[id as usize].kind.is_type()) {
            return Some(id);
        }
        let name = ty.name();
        if let Some(&id) = self.standard.get(name).or_else(|| self.foreign.get(name)) {
            return Some(id);
        }
        if !make && !FOREIGN.contains(&name) {
            return None;
        }
        self.foreign(name)
    }

    /// The type that is known by this name alone.
    fn foreign(&mut self, name: &str) -> Option<Id> {
        let id = Id::try_from(self.names.items.len()).ok()?;
        self.names.items.push(Item { name: name.to_owned(), kind: Kind::Foreign, home: id, ..Item::default() });
        self.foreign.insert(name.to_owned(), id);
        Some(id)
    }

    fn trait_of(&mut self, path: &[String], module: usize) -> Option<Id> {
        let found = self.names.resolve(module, path);
        let named = path.last().and_then(|name| self.standard.get(name).copied());
        found.into_iter().chain(named).find(|&id| self.names.items[id as usize].kind == Kind::Trait)
    }

    fn implementation(&mut self, block: &RawImpl, module: usize) {
        if let (Some(bounds), Some(path)) = (&block.blanket, &block.of) {
            let Some(of) = self.trait_of(path, module) else { return };
            let bounds: Option<Vec<Id>> = bounds.iter().map(|path| self.trait_of(path, module)).collect();
            self.blankets.extend(bounds.map(|bounds| Blanket { of, bounds }));
            return;
        }
        if block.of.is_none() && is_special_slice(&block.for_) {
            return;
        }
        let Some(mut id) = self.head(&block.for_, module, None, true) else { return };
        while let (Kind::Alias, Some((_, ty, at, _))) =
            (self.names.items[id as usize].kind, self.names.written.iter().find(|(alias, ..)| *alias == id).cloned())
        {
            match self.head(&ty, at, None, true).filter(|&next| next != id) {
                Some(next) => id = next,
                None => break,
            }
        }
        for child in block.children.iter().filter(|child| child.vis == super::raw::Vis::Public && !child.hidden) {
            let child = self.names.member(child, module, Some(id));
            self.item(child).home = id;
            self.item(id).children.push(child);
        }
        if let Some(path) = &block.of {
            if let Some(of) = self.trait_of(path, module)
                && !self.item(id).traits.contains(&of)
            {
                self.item(id).traits.push(of);
            }
            if let (Some("Deref"), Some(target)) = (path.last().map(String::as_str), &block.target) {
                let target = self.head(target, module, Some(id), false).filter(|&target| target != id);
                let deref = self.item(id).deref.or(target);
                self.item(id).deref = deref;
            }
        }
    }

    /// Types of fields, constants and aliases, what functions return, derived traits.
    fn types(&mut self) {
        for (id, ty, module, owner) in std::mem::take(&mut self.names.written) {
            let of = self.head(&ty, module, owner, false).filter(|&of| of != id);
            let inner = ty.args.first().and_then(|ty| self.head(ty, module, owner, false));
            let item = self.item(id);
            (item.of, item.inner) = (of, inner);
        }
        for (id, path, module) in std::mem::take(&mut self.names.derived) {
            if let Some(of) = self.trait_of(&path, module)
                && !self.item(id).traits.contains(&of)
            {
                self.item(id).traits.push(of);
            }
        }
    }

    fn modules(&mut self) {
        for module in 0..self.names.modules.len() {
            let id = self.names.modules[module].item;
            for (name, member) in self.names.exports(module).iter() {
                if self.item(*member).name == *name {
                    self.item(id).children.push(*member);
                } else {
                    self.item(id).renamed.push((name.clone(), *member));
                }
            }
        }
    }

    /// Modules of features that are off re-export crates that are not there.
    fn drop_empty(&mut self) {
        let empty = |item: &Item| item.kind == Kind::Module && item.children.is_empty() && item.renamed.is_empty();
        let empty: Vec<bool> = self.names.items.iter().map(empty).collect();
        for item in &mut self.names.items {
            item.children.retain(|&id| !empty[id as usize]);
            item.renamed.retain(|(_, id)| !empty[*id as usize]);
        }
    }

    /// Says where users find each item, and drops what they cannot reach.
    fn finish(mut self, roots: BTreeMap<String, Id>) -> Library {
        let reached = self.homes(&roots);
        let public = |id: &Id| reached[*id as usize];
        for item in &mut self.names.items {
            item.traits.retain(public);
        }
        self.blankets.retain(|blanket| public(&blanket.of));
        let mut kept = vec![false; self.names.items.len()];
        let mut waiting: Vec<Id> = (0..).zip(&reached).filter(|(_, reached)| **reached).map(|(id, _)| id).collect();
        waiting.extend(self.foreign.values().chain(roots.values()));
        waiting.extend(self.blankets.iter().flat_map(|blanket| &blanket.bounds));
        while let Some(id) = waiting.pop() {
            if std::mem::replace(&mut kept[id as usize], true) {
                continue;
            }
            let item = &mut self.names.items[id as usize];
            if item.kind == Kind::Module && !reached[id as usize] {
                // Only the name of something else's path.
                (item.children, item.renamed) = (Vec::new(), Vec::new());
            }
            waiting.extend([item.home, item.root]);
            waiting.extend(item.children.iter().chain(&item.traits));
            waiting.extend(item.renamed.iter().map(|(_, id)| id));
            waiting.extend([item.deref, item.of, item.inner].iter().flatten());
        }
        self.renumber(&kept, roots)
    }

    /// Breadth first from the roots: the shortest path is the home, preludes last. True for what is reached.
    fn homes(&mut self, roots: &BTreeMap<String, Id>) -> Vec<bool> {
        let mut reached = vec![false; self.names.items.len()];
        let mut queue: VecDeque<Id> = ROOTS.iter().filter_map(|name| roots.get(*name).copied()).collect();
        for &root in &queue {
            reached[root as usize] = true;
            self.names.items[root as usize].home = root;
        }
        let mut preludes = VecDeque::new();
        while let Some(id) = queue.pop_front().or_else(|| preludes.pop_front()) {
            let item = self.names.items[id as usize].clone();
            for member in item.children.into_iter().chain(item.renamed.into_iter().map(|(_, id)| id)) {
                if std::mem::replace(&mut reached[member as usize], true) {
                    continue;
                }
                self.names.items[member as usize].home = id;
                match self.names.module_of(member) {
                    Some(_) if self.names.items[member as usize].name == "prelude" => preludes.push_back(member),
                    Some(_) => queue.push_back(member),
                    None => {
                        // Members of a type or trait live in it, wherever else a name for them may be.
                        for child in self.names.items[member as usize].children.clone() {
                            reached[child as usize] = true;
                            self.names.items[child as usize].home = member;
                        }
                    }
                }
            }
        }
        reached
    }

    fn renumber(self, kept: &[bool], roots: BTreeMap<String, Id>) -> Library {
        let mut numbers = vec![0; kept.len()];
        let old = numbers.iter_mut().zip(kept).filter(|(_, kept)| **kept);
        (0..).zip(old).for_each(|(new, (number, _)): (Id, _)| *number = new);
        let number = |id: &mut Id| *id = numbers[*id as usize];
        let kept_items = self.names.items.into_iter().zip(kept).filter(|(_, kept)| **kept);
        let mut items: Vec<Item> = kept_items.map(|(item, _)| item).collect();
        for item in &mut items {
            number(&mut item.home);
            number(&mut item.root);
            item.children.iter_mut().chain(&mut item.traits).for_each(number);
            item.renamed.iter_mut().for_each(|(_, id)| number(id));
            [&mut item.deref, &mut item.of, &mut item.inner].into_iter().flatten().for_each(number);
        }
        let mut library = Library { items, crates: roots, foreign: self.foreign, blankets: self.blankets };
        library.crates.values_mut().chain(library.foreign.values_mut()).for_each(number);
        for blanket in &mut library.blankets {
            number(&mut blanket.of);
            blanket.bounds.iter_mut().for_each(number);
        }
        library
    }
}
