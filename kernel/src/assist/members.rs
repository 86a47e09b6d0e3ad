//! Members of types and traits: fields, variants, functions, `impl` blocks.

use std::ops::Range;

use syn::{Attribute, Fields, ImplItem, TraitItem, Visibility};

use super::attributes::{docs, hidden, kept};
use super::index::Kind;
use super::raw::{RawImpl, RawItem, RawType, Vis, plain, segments};
use super::reader::{Reader, end, start, start_of};

impl Reader<'_> {
    pub(super) fn trait_item(&self, item: &syn::ItemTrait) -> RawItem {
        let token = item.unsafety.map_or(item.trait_token.span, |token| token.span);
        let end = item.brace_token.span.open().byte_range().start;
        let signature = self.cut(start(&item.vis, token)..end);
        let children = item.items.iter().filter_map(|member| match member {
            TraitItem::Fn(function) if kept(&function.attrs) => {
                let end = match &function.default {
                    Some(block) => block.brace_token.span.open().byte_range().start,
                    None => function.semi_token.map_or(0, |semi| semi.span.byte_range().start),
                };
                Some(self.method(&function.sig, &function.attrs, Vis::Public, first(&function.sig)..end))
            }
            TraitItem::Type(ty) if kept(&ty.attrs) => {
                let signature = self.cut(ty.type_token.span.byte_range().start..ty.semi_token.span.byte_range().start);
                Some(self.item(&ty.ident, Kind::AssociatedType, &Visibility::Inherited, &ty.attrs, signature))
                    .map(|made| RawItem { vis: Vis::Public, ..made })
            }
            TraitItem::Const(constant) if kept(&constant.attrs) => {
                let end = constant.semi_token.span.byte_range().start;
                let signature = self.cut(constant.const_token.span.byte_range().start..end);
                Some(self.item(&constant.ident, Kind::Constant, &Visibility::Inherited, &constant.attrs, signature))
                    .map(|made| RawItem { vis: Vis::Public, of: Some(RawType::of(&constant.ty)), ..made })
            }
            _ => None,
        });
        let made = self.item(&item.ident, Kind::Trait, &item.vis, &item.attrs, signature);
        RawItem { children: children.collect(), traits: bounds(item.supertraits.iter()), ..made }
    }

    pub(super) fn implementation(&self, item: &syn::ItemImpl) -> Option<RawImpl> {
        if item.trait_.as_ref().is_some_and(|(not, _, _)| not.is_some()) || hidden(&item.attrs) {
            return None;
        }
        let of = item.trait_.as_ref().map(|(_, path, _)| segments(path));
        let for_ = RawType::of(&item.self_ty);
        let blanket = blanket(item, &for_);
        if blanket.is_some() && !matches!(*item.self_ty, syn::Type::Path(_)) {
            // `impl<T> Trait for &T` says nothing of any one type.
            return None;
        }
        let mut target = None;
        let mut children = Vec::new();
        for member in &item.items {
            match member {
                ImplItem::Type(ty) if ty.ident == "Target" => target = Some(RawType::of(&ty.ty)),
                // The trait documents the functions of its implementations.
                _ if of.is_some() => {}
                ImplItem::Fn(function) if kept(&function.attrs) => {
                    let range = start_of(&function.vis, &function.sig)
                        ..function.block.brace_token.span.open().byte_range().start;
                    children.push(self.method(&function.sig, &function.attrs, self.vis(&function.vis), range));
                }
                ImplItem::Const(constant) if kept(&constant.attrs) => {
                    let start = start(&constant.vis, constant.const_token.span);
                    let signature = self.valued(start, constant.eq_token.span, constant.semi_token.span);
                    let made = self.item(&constant.ident, Kind::Constant, &constant.vis, &constant.attrs, signature);
                    children.push(RawItem { of: Some(RawType::of(&constant.ty)), ..made });
                }
                _ => {}
            }
        }
        Some(RawImpl { of, blanket, for_, children, target })
    }

    fn method(&self, sig: &syn::Signature, attrs: &[Attribute], vis: Vis, range: Range<usize>) -> RawItem {
        let kind = if sig.receiver().is_some() { Kind::Method } else { Kind::Associated };
        let made = self.item(&sig.ident, kind, &Visibility::Inherited, attrs, self.cut(range));
        RawItem { vis, of: returned(sig), ..made }
    }

    pub(super) fn variant(&self, variant: &syn::Variant) -> RawItem {
        let start = variant.ident.span().byte_range().start;
        let end = match &variant.fields {
            Fields::Named(fields) => end(fields.brace_token.span.close()),
            Fields::Unnamed(fields) => end(fields.paren_token.span.close()),
            Fields::Unit => end(variant.ident.span()),
        };
        let signature = self.cut(start..end);
        let made = self.item(&variant.ident, Kind::Variant, &Visibility::Inherited, &variant.attrs, signature);
        RawItem { vis: Vis::Public, children: self.fields(&variant.fields, true), ..made }
    }

    pub(super) fn fields(&self, fields: &Fields, all: bool) -> Vec<RawItem> {
        let mut found = Vec::new();
        for (number, field) in fields.iter().enumerate().filter(|(_, field)| kept(&field.attrs)) {
            let vis = if all { Vis::Public } else { self.vis(&field.vis) };
            let name = field.ident.as_ref().map_or(number.to_string(), plain);
            let signature = format!("{name}: {}", self.type_text(&field.ty));
            found.push(RawItem {
                name,
                kind: Kind::Field,
                vis,
                hidden: hidden(&field.attrs),
                signature,
                docs: docs(&field.attrs),
                of: Some(RawType::of(&field.ty)),
                ..RawItem::default()
            });
        }
        found
    }

    fn type_text(&self, ty: &syn::Type) -> String {
        use syn::spanned::Spanned;
        self.cut(ty.span().byte_range())
    }
}

/// Where a signature without its visibility starts.
pub(super) fn first(sig: &syn::Signature) -> usize {
    let spans = [
        sig.constness.map(|token| token.span),
        sig.asyncness.map(|token| token.span),
        sig.unsafety.map(|token| token.span),
        sig.abi.as_ref().map(|abi| abi.extern_token.span),
    ];
    spans.into_iter().flatten().next().unwrap_or(sig.fn_token.span).byte_range().start
}

pub(super) fn returned(sig: &syn::Signature) -> Option<RawType> {
    match &sig.output {
        syn::ReturnType::Type(_, ty) => Some(RawType::of(ty)),
        syn::ReturnType::Default => None,
    }
}

fn bounds<'a>(bounds: impl Iterator<Item = &'a syn::TypeParamBound>) -> Vec<Vec<String>> {
    bounds
        .filter_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) if matches!(bound.modifier, syn::TraitBoundModifier::None) => {
                // Every type of a variable is `Sized`.
                Some(segments(&bound.path)).filter(|path| path.last().is_none_or(|name| name != "Sized"))
            }
            _ => None,
        })
        .collect()
}

/// What `T` must implement in `impl<T: ..> Trait for T`.
fn blanket(item: &syn::ItemImpl, for_: &RawType) -> Option<Vec<Vec<String>>> {
    let [name] = for_.path.as_slice() else { return None };
    let parameter = item.generics.type_params().find(|parameter| parameter.ident == name)?;
    let mut needed = bounds(parameter.bounds.iter());
    for predicate in item.generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
        if let syn::WherePredicate::Type(predicate) = predicate
            && RawType::of(&predicate.bounded_ty).path == for_.path
        {
            needed.extend(bounds(predicate.bounds.iter()));
        }
    }
    Some(needed)
}

#[cfg(test)]
mod tests {
    use super::super::raw::RawModule;
    use super::*;

    #[test]
    fn functions_of_traits_and_fields_of_variants() {
        let source = "pub trait T: A + Sized { const N: u8; type Out; /// Does.\nfn f(&self, a: u8) -> Self::Out { g() } fn n(); }\n\
                      pub enum E { V { x: u8 }, W(u8) }";
        let mut module = RawModule::default();
        for item in syn::parse_file(source).unwrap().items {
            Reader { source, everything: false }.read(&item, &mut module);
        }
        let members: Vec<_> = module.items[0].children.iter().map(|m| (m.kind, m.signature.as_str())).collect();
        assert_eq!(
            members,
            [
                (Kind::Constant, "const N: u8"),
                (Kind::AssociatedType, "type Out"),
                (Kind::Method, "fn f(&self, a: u8) -> Self::Out"),
                (Kind::Associated, "fn n()"),
            ]
        );
        assert_eq!(module.items[0].traits, [vec!["A".to_owned()]]);
        assert_eq!(module.items[0].children[2].docs, "Does.");
        assert_eq!(module.items[1].children[0].children[0].signature, "x: u8");
    }
}
