//! Types and their members: fields, methods, those of traits, and what a type passes on by dereferencing.

use std::collections::HashSet;

use super::index::{Blanket, Id, Item, Kind};
use super::raw::RawType;
use super::scope::Scope;
use super::words::{ITERATORS, POINTERS};

/// A type: the item it names, and its generic arguments as far as they are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// The item.
    pub head: Id,
    /// Types among the arguments.
    pub args: Vec<Type>,
}

/// A member and how near it is: 0 for fields and own methods, 1 for those of traits in scope, 2 for other traits.
pub type Member = (u8, Id);

impl Scope<'_> {
    /// The type that a text names.
    pub fn type_of_text(&self, text: &str) -> Option<Type> {
        self.known(&RawType::parse(text)?)
    }

    fn known(&self, ty: &RawType) -> Option<Type> {
        Some(Type { head: self.head(ty)?, args: ty.args.iter().filter_map(|ty| self.known(ty)).collect() })
    }

    /// The type of a field or constant, or what a function returns.
    pub fn result(&self, item: &Item) -> Option<Type> {
        let plain = |id: Id| Type { head: self.behind(id), args: Vec::new() };
        let args = item.inner.map(plain).into_iter().collect();
        Some(Type { args, ..plain(item.of?) })
    }

    /// The name of a type.
    pub fn type_name(&self, ty: &Type) -> &str {
        &self.item(ty.head).name
    }

    /// Fields and methods of a value of this type, the nearest first.
    pub fn values(&self, ty: &Type) -> Vec<Member> {
        let mut found = Found::default();
        self.collect(ty, &mut found);
        let mut traits: Vec<Id> = found.seen.iter().flat_map(|&id| self.traits(id)).collect();
        if found.seen.iter().any(|&id| self.is_standard(id) && ITERATORS.contains(&self.item(id).name.as_str())) {
            traits.extend(self.resolve(&["std", "iter", "Iterator"].map(str::to_owned)));
        }
        traits.extend(self.blanket(&found.seen, &traits));
        let known = found.seen.iter().all(|&id| self.item(id).kind != Kind::Foreign && !self.is_standard(id));
        for of in traits {
            match self.in_scope(of) {
                true => self.of_trait(of, 1, &mut found),
                // Every crate implements traits for `Vec` and its like.
                false if known => self.of_trait(of, 2, &mut found),
                false => {}
            }
        }
        found.members.retain(|&(_, id)| matches!(self.item(id).kind, Kind::Field | Kind::Method));
        found.members.sort_by_key(|(rank, _)| *rank);
        found.members
    }

    fn collect(&self, ty: &Type, found: &mut Found) {
        let head = self.behind(ty.head);
        if !found.seen.insert(head) {
            return;
        }
        let item = self.item(head);
        match item.kind {
            Kind::Trait => self.of_trait(head, 0, found),
            // Fields of variants are no fields of the enum.
            _ => found.members.extend(self.members(head).into_iter().map(|(_, id)| (0, id))),
        }
        let foreign = |name: &str| self.library.foreign.get(name).map(|&head| Type { head, args: Vec::new() });
        let mut next: Vec<Type> = item.deref.map(|head| Type { head, args: Vec::new() }).into_iter().collect();
        match item.name.as_str() {
            name if POINTERS.contains(&name) => next.extend(ty.args.iter().cloned()),
            "Vec" => next.extend(foreign("[]")),
            "String" => next.extend(foreign("str")),
            _ => {}
        }
        for ty in next {
            self.collect(&ty, found);
        }
    }

    fn of_trait(&self, of: Id, rank: u8, found: &mut Found) {
        if found.traits.insert(of) {
            found.members.extend(self.members(of).into_iter().map(|(_, id)| (rank, id)));
            for base in self.traits(of) {
                self.of_trait(base, rank, found);
            }
        }
    }

    /// Traits that are implemented for whatever implements others.
    fn blanket(&self, types: &HashSet<Id>, traits: &[Id]) -> Vec<Id> {
        let has = |bound: &Id| traits.contains(bound) || types.contains(bound);
        let blankets = self.library.blankets.iter();
        let fits = |blanket: &&Blanket| match blanket.bounds.is_empty() {
            true => self.in_scope(blanket.of),
            false => blanket.bounds.iter().all(has),
        };
        blankets.filter(fits).map(|blanket| blanket.of).collect()
    }

    /// What may follow `Type::` or `module::`.
    pub fn associated(&self, id: Id) -> Vec<(u8, String, Id)> {
        let id = self.behind(id);
        let mut found: Vec<(u8, String, Id)> = self.members(id).into_iter().map(|(name, id)| (0, name, id)).collect();
        if self.item(id).kind.is_type() {
            for of in self.traits(id) {
                found.extend(self.members(of).into_iter().map(|(name, id)| (1, name, id)));
            }
        }
        found.retain(|(_, _, id)| self.item(*id).kind != Kind::Field);
        found
    }
}

#[derive(Default)]
struct Found {
    members: Vec<Member>,
    seen: HashSet<Id>,
    traits: HashSet<Id>,
}

#[cfg(test)]
mod tests {
    use super::super::tests::crates_of;
    use super::*;

    fn names(scope: &Scope<'_>, ty: &str) -> Vec<String> {
        let ty = scope.type_of_text(ty).expect("a known type");
        scope.values(&ty).into_iter().map(|(_, id)| scope.item(id).name.clone()).collect()
    }

    #[test]
    fn members_come_from_everywhere_a_call_would_look() {
        let library = crates_of(&[
            ("perturbook_facade/lib.rs", "pub use demo; pub mod prelude { pub use demo::*; }"),
            (
                "demo/lib.rs",
                "pub struct A { pub field: u8, secret: u8 } impl A { pub fn new() -> A {} pub fn own(&self) {} }\n\
                 pub struct B; impl B { pub fn far(&self) {} } impl std::ops::Deref for A { type Target = B; }\n\
                 pub trait T { fn of_trait(&self); } pub trait S: T { fn of_s(&self); } impl S for A {}\n\
                 pub trait Every { fn of_every(&self) {} } impl<X: S> Every for X {} impl<X: Other> Never for X {}\n\
                 pub trait Never { fn never(&self); } pub trait Other {} impl Every for Vec<u8> {}\n\
                 pub type Alias = A; impl T for [u8] {}",
            ),
        ]);
        let scope = Scope::new(&library, std::iter::empty());
        let all = ["field", "own", "far", "of_s", "of_trait", "of_every"];
        assert_eq!(names(&scope, "::perturbook::demo::A"), all);
        assert_eq!(names(&scope, "&mut Alias"), all);
        assert_eq!(names(&scope, "std::sync::Arc<demo::hidden::A>"), all);
        let mut of_vec = names(&scope, "std::vec::Vec<u8>");
        of_vec.sort();
        assert_eq!(of_vec, ["of_every", "of_trait"], "a vector is a slice, too");
        assert_eq!(names(&scope, "Box<dyn demo::T>"), ["of_trait"]);
    }

    #[test]
    fn of_two_types_with_one_name_the_one_of_the_named_crate_is_meant() {
        let library = crates_of(&[
            ("perturbook_facade/lib.rs", "pub use {aa, bb};"),
            ("aa/lib.rs", "mod x { pub struct S; impl S { pub fn a(&self) {} } } pub fn f() -> x::S { x::S }"),
            ("bb/lib.rs", "mod x { pub struct S; impl S { pub fn b(&self) {} } } pub fn f() -> x::S { x::S }"),
            ("burn/lib.rs", "pub use aa::f as fa; pub use bb::f as fb;"),
        ]);
        let scope = Scope::new(&library, std::iter::empty());
        assert_eq!(names(&scope, "::perturbook::aa::x::S"), ["a"]);
        assert_eq!(names(&scope, "bb::x::S"), ["b"]);
    }
}
