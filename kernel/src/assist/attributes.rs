//! What attributes say about an item: documentation, `hidden`, tests, derives.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Expr, Lit, Meta};

use super::raw::segments;

/// The lines of documentation, without the space that `///` leaves in front of each.
pub fn docs(attrs: &[Attribute]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for attribute in attrs {
        if let Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) = &meta.value
        {
            lines.extend(text.value().lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()));
            if text.value().is_empty() {
                lines.push(String::new());
            }
        }
    }
    lines.join("\n").trim_matches('\n').to_owned()
}

/// True for `#[doc(hidden)]`, and for what only a nightly compiler offers.
pub fn hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("unstable") => true,
        Meta::List(list) if list.path.is_ident("doc") => {
            list.tokens.clone().into_iter().any(|token| token.to_string() == "hidden")
        }
        _ => false,
    })
}

/// False for what only tests compile.
pub fn kept(attrs: &[Attribute]) -> bool {
    !attrs.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => needs_test(list.tokens.clone()),
        Meta::Path(path) => path.is_ident("test"),
        _ => false,
    })
}

/// `test` or `all(test, ..)`; not `not(test)` or `any(test, ..)`.
fn needs_test(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "all" => {
            let mut parts = vec![TokenStream::new()];
            for token in group.stream() {
                match (&token, parts.last_mut()) {
                    (TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(Default::default()),
                    (_, Some(part)) => part.extend([token]),
                    _ => {}
                }
            }
            parts.into_iter().any(needs_test)
        }
        [TokenTree::Ident(name)] => name == "test",
        _ => false,
    }
}

/// Traits named by `#[derive(..)]`.
pub fn derives(attrs: &[Attribute]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for attribute in attrs.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        // What cannot be read is not derived.
        let _ = attribute.parse_nested_meta(|meta| {
            found.push(segments(&meta.path));
            Ok(())
        });
    }
    found
}

/// The name of a derive macro, empty for other procedural macros, which are named as their functions.
pub fn procedural(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("proc_macro_derive") => {
            list.tokens.clone().into_iter().next().map(|token| token.to_string())
        }
        Meta::Path(path) if path.is_ident("proc_macro") || path.is_ident("proc_macro_attribute") => Some(String::new()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(source: &str) -> Vec<Attribute> {
        syn::parse_str::<syn::ItemStruct>(&format!("{source}\nstruct S;")).unwrap().attrs
    }

    #[test]
    fn documentation_keeps_its_lines() {
        let attrs = attributes("/// One.\n///\n///     code\n#[doc = \" Two.\"]");
        assert_eq!(docs(&attrs), "One.\n\n    code\nTwo.");
        assert_eq!(docs(&attributes("/** A\n B */")), "A\nB");
    }

    #[test]
    fn only_what_tests_need_is_left_out() {
        assert!(!kept(&attributes("#[cfg(test)]")));
        assert!(!kept(&attributes("#[cfg(all(test, feature = \"x\"))]")));
        assert!(kept(&attributes("#[cfg(any(test, feature = \"x\"))]")));
        assert!(kept(&attributes("#[cfg(not(test))]")));
        assert!(kept(&attributes("#[cfg(feature = \"test\")]")));
    }

    #[test]
    fn hidden_items_and_derives() {
        assert!(hidden(&attributes("#[doc(hidden)]")));
        assert!(!hidden(&attributes("/// hidden")));
        assert_eq!(derives(&attributes("#[derive(Clone, serde::Serialize)]")).len(), 2);
        let derive = attributes("#[proc_macro_derive(Module, attributes(module))]");
        assert_eq!(procedural(&derive).as_deref(), Some("Module"));
    }
}
