//! Reads parsed items: signatures are cut from the source as they were written.

use std::ops::Range;

use proc_macro2::Span;
use syn::{Attribute, Fields, Item, UseTree, Visibility};

use super::attributes::{derives, docs, hidden, kept, procedural};
use super::derived;
use super::index::Kind;
use super::lex::one_line;
use super::members::{first, returned};
use super::raw::{RawItem, RawModule, RawType, RawUse, Vis, plain};

/// Values of constants longer than this are not part of the signature.
const LONG: usize = 100;
/// Tokens of an arm of `macro_rules!`: pattern, `=`, `>`, body, `;`.
const ARM: usize = 5;

/// Reads the items of one source text. Spans must be those of that text.
pub struct Reader<'a> {
    /// The text.
    pub source: &'a str,
    /// True when private items count as public ones: in a notebook everything is at hand.
    pub everything: bool,
}

impl Reader<'_> {
    /// Adds an item to `module`. Modules are left to the caller.
    pub fn read(&self, item: &Item, module: &mut RawModule) {
        match item {
            Item::Fn(item) if kept(&item.attrs) => module.items.push(self.free_function(item)),
            Item::Struct(item) if kept(&item.attrs) => {
                let start = start(&item.vis, item.struct_token.span);
                let end = match (&item.fields, item.semi_token) {
                    (Fields::Named(fields), _) => fields.brace_token.span.open().byte_range().start,
                    (_, Some(semi)) => semi.span.byte_range().start,
                    _ => end(item.ident.span()),
                };
                let mut children = self.fields(&item.fields, false);
                children.extend(derived::functions(item, &children));
                let made = self.item(&item.ident, Kind::Struct, &item.vis, &item.attrs, self.cut(start..end));
                let made = RawItem { children, traits: derives(&item.attrs), ..made };
                for name in derived::names(item) {
                    let signature = made.signature.replace(&made.name, &name);
                    module.items.push(RawItem { name, signature, ..made.clone() });
                }
            }
            Item::Union(item) if kept(&item.attrs) => {
                let end = item.fields.brace_token.span.open().byte_range().start;
                let signature = self.cut(start(&item.vis, item.union_token.span)..end);
                module.items.push(self.item(&item.ident, Kind::Struct, &item.vis, &item.attrs, signature));
            }
            Item::Enum(item) if kept(&item.attrs) => {
                let end = item.brace_token.span.open().byte_range().start;
                let signature = self.cut(start(&item.vis, item.enum_token.span)..end);
                let children = item.variants.iter().filter(|v| kept(&v.attrs)).map(|v| self.variant(v)).collect();
                let made = self.item(&item.ident, Kind::Enum, &item.vis, &item.attrs, signature);
                module.items.push(RawItem { children, traits: derives(&item.attrs), ..made });
            }
            Item::Trait(item) if kept(&item.attrs) => module.items.push(self.trait_item(item)),
            Item::Type(item) if kept(&item.attrs) => {
                let range = start(&item.vis, item.type_token.span)..item.semi_token.span.byte_range().start;
                let made = self.item(&item.ident, Kind::Alias, &item.vis, &item.attrs, self.cut(range));
                module.items.push(RawItem { of: Some(RawType::of(&item.ty)), ..made });
            }
            Item::Const(item) if kept(&item.attrs) => {
                let start = start(&item.vis, item.const_token.span);
                let signature = self.valued(start, item.eq_token.span, item.semi_token.span);
                let made = self.item(&item.ident, Kind::Constant, &item.vis, &item.attrs, signature);
                module.items.push(RawItem { of: Some(RawType::of(&item.ty)), ..made });
            }
            Item::Static(item) if kept(&item.attrs) => {
                let range = start(&item.vis, item.static_token.span)..item.eq_token.span.byte_range().start;
                let made = self.item(&item.ident, Kind::Constant, &item.vis, &item.attrs, self.cut(range));
                module.items.push(RawItem { of: Some(RawType::of(&item.ty)), ..made });
            }
            Item::Use(item) if kept(&item.attrs) => {
                let base = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
                let vis = self.vis(&item.vis);
                imports(&item.tree, base, &mut |path, name| {
                    module.uses.push(RawUse { path, name, vis, hidden: hidden(&item.attrs) });
                });
            }
            Item::ExternCrate(item) if kept(&item.attrs) => {
                let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
                let (path, vis) = (vec![String::new(), plain(&item.ident)], self.vis(&item.vis));
                module.uses.push(RawUse { path, name: Some(plain(name)), vis, hidden: hidden(&item.attrs) });
            }
            Item::Impl(item) if kept(&item.attrs) => module.impls.extend(self.implementation(item)),
            _ => {}
        }
    }

    /// A `macro_rules!`, if it is one; public when exported.
    pub fn macro_rules(&self, item: &syn::ItemMacro) -> Option<RawItem> {
        let name = item.ident.as_ref().filter(|_| kept(&item.attrs) && item.mac.path.is_ident("macro_rules"))?;
        let exported = self.everything || item.attrs.iter().any(|a| a.path().is_ident("macro_export"));
        let patterns: Vec<String> = item
            .mac
            .tokens
            .clone()
            .into_iter()
            .step_by(ARM)
            .filter_map(|token| match token {
                proc_macro2::TokenTree::Group(group) => Some(group.span().byte_range()),
                _ => None,
            })
            .map(|range| self.cut(range))
            .take_while(|pattern| !pattern.contains('@'))
            .map(|pattern| format!("{name}!{pattern}"))
            .collect();
        Some(RawItem {
            name: plain(name),
            kind: Kind::Macro,
            vis: if exported { Vis::Public } else { Vis::Private },
            hidden: hidden(&item.attrs),
            signature: patterns.join("\n"),
            docs: docs(&item.attrs),
            ..RawItem::default()
        })
    }

    fn free_function(&self, item: &syn::ItemFn) -> RawItem {
        let range = start_of(&item.vis, &item.sig)..item.block.brace_token.span.open().byte_range().start;
        let made = self.item(&item.sig.ident, Kind::Function, &item.vis, &item.attrs, self.cut(range));
        match procedural(&item.attrs) {
            Some(name) => {
                let name = if name.is_empty() { made.name.clone() } else { name };
                RawItem { kind: Kind::Macro, signature: format!("macro {name}"), name, ..made }
            }
            None => RawItem { of: returned(&item.sig), ..made },
        }
    }

    pub(super) fn item(
        &self,
        ident: &syn::Ident,
        kind: Kind,
        vis: &Visibility,
        attrs: &[Attribute],
        signature: String,
    ) -> RawItem {
        let (name, vis) = (plain(ident), self.vis(vis));
        RawItem { name, kind, vis, hidden: hidden(attrs), signature, docs: docs(attrs), ..RawItem::default() }
    }

    pub(super) fn vis(&self, vis: &Visibility) -> Vis {
        match vis {
            _ if self.everything => Vis::Public,
            Visibility::Public(_) => Vis::Public,
            Visibility::Restricted(_) => Vis::Crate,
            Visibility::Inherited => Vis::Private,
        }
    }

    pub(super) fn cut(&self, range: Range<usize>) -> String {
        one_line(self.source.get(range).unwrap_or_default()).trim_end_matches([',', ' ']).to_owned()
    }

    /// A constant with its value, unless that is long.
    pub(super) fn valued(&self, start: usize, eq: Span, semi: Span) -> String {
        let whole = self.cut(start..semi.byte_range().start);
        if whole.len() <= LONG { whole } else { self.cut(start..eq.byte_range().start) }
    }
}

pub(super) fn end(span: Span) -> usize {
    span.byte_range().end
}

pub(super) fn start(vis: &Visibility, token: Span) -> usize {
    match vis {
        Visibility::Public(token) => token.span.byte_range().start,
        Visibility::Restricted(vis) => vis.pub_token.span.byte_range().start,
        Visibility::Inherited => token.byte_range().start,
    }
}

pub(super) fn start_of(vis: &Visibility, sig: &syn::Signature) -> usize {
    if matches!(vis, Visibility::Inherited) { first(sig) } else { start(vis, sig.fn_token.span) }
}

fn imports(tree: &UseTree, mut path: Vec<String>, found: &mut dyn FnMut(Vec<String>, Option<String>)) {
    match tree {
        UseTree::Path(next) => {
            path.push(plain(&next.ident));
            imports(&next.tree, path, found);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, path.clone(), found)),
        UseTree::Glob(_) => found(path, None),
        UseTree::Name(name) if name.ident == "self" => {
            let last = path.last().cloned();
            found(path, last);
        }
        UseTree::Name(name) => {
            path.push(plain(&name.ident));
            found(path, Some(plain(&name.ident)));
        }
        UseTree::Rename(rename) => {
            if rename.ident != "self" {
                path.push(plain(&rename.ident));
            }
            found(path, Some(plain(&rename.rename)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> RawModule {
        let mut module = RawModule::default();
        let reader = Reader { source, everything: false };
        for item in syn::parse_file(source).unwrap().items {
            reader.read(&item, &mut module);
            if let Item::Macro(item) = &item {
                module.items.extend(reader.macro_rules(item));
            }
        }
        module
    }

    fn signatures(items: &[RawItem]) -> Vec<&str> {
        items.iter().map(|item| item.signature.as_str()).collect()
    }

    #[test]
    fn signatures_are_as_written() {
        let module = read(
            "pub(crate) const fn f<T: Into<String>>(\n    a: T, // first\n    b: &[f64],\n) -> Result<u8> where T: Copy { 1 }\n\
             pub struct P<T>(pub T, u8);\npub enum E { A, B(u8), C { x: i8 } }\npub type V = Vec<u8>;\n\
             pub const N: usize = 1 + 2;\n#[macro_export]\nmacro_rules! m { ($a:expr) => { 1 }; ($a:expr, $b:expr) => { 2 }; }",
        );
        assert_eq!(
            signatures(&module.items),
            [
                "pub(crate) const fn f<T: Into<String>>(a: T, b: &[f64]) -> Result<u8> where T: Copy",
                "pub struct P<T>(pub T, u8)",
                "pub enum E",
                "pub type V = Vec<u8>",
                "pub const N: usize = 1 + 2",
                "m!($a:expr)\nm!($a:expr, $b:expr)",
            ]
        );
        assert_eq!(signatures(&module.items[2].children), ["A", "B(u8)", "C { x: i8 }"]);
        assert_eq!(module.items[0].vis, Vis::Crate);
        assert_eq!(module.items[5].vis, Vis::Public);
        assert_eq!(module.items[1].children[0].vis, Vis::Public);
        assert_eq!(module.items[1].children[1].vis, Vis::Private);
    }

    #[test]
    fn imports_are_taken_apart() {
        let module = read("pub use a::{self, b::*, c as d}; use ::x::y;");
        let uses: Vec<_> = module.uses.iter().map(|u| (u.path.join("::"), u.name.as_deref(), u.vis)).collect();
        assert_eq!(
            uses,
            [
                ("a".to_owned(), Some("a"), Vis::Public),
                ("a::b".to_owned(), None, Vis::Public),
                ("a::c".to_owned(), Some("d"), Vis::Public),
                ("::x::y".to_owned(), Some("y"), Vis::Private),
            ]
        );
    }

    #[test]
    fn methods_traits_and_blanket_implementations() {
        let module = read(
            "impl<T> P<T> { pub fn new() -> Self { todo() } pub fn get(&self) -> &T { &self.0 } fn own(&self) {} }\n\
             impl Deref for P<u8> { type Target = [u8]; fn deref(&self) -> &[u8] { &[] } }\n\
             impl<T: A + ?Sized> B for T where T: C {}\nimpl !Send for P<u8> {}",
        );
        assert_eq!(module.impls.len(), 3);
        let kinds: Vec<_> = module.impls[0].children.iter().map(|c| (c.kind, c.vis)).collect();
        assert_eq!(kinds, [(Kind::Associated, Vis::Public), (Kind::Method, Vis::Public), (Kind::Method, Vis::Private)]);
        assert_eq!(module.impls[1].target.as_ref().unwrap().name(), "[]");
        assert_eq!(module.impls[2].blanket, Some(vec![vec!["A".to_owned()], vec!["C".to_owned()]]));
    }
}
