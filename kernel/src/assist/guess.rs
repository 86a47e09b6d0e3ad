//! The type of an expression by signatures alone, for when rustc has no answer: the cell around does not compile.

use syn::{Expr, Lit};

use super::index::Kind;
use super::locals::Local;
use super::raw::{plain, segments};
use super::scope::Scope;
use super::types::Type;

/// Expressions and the values of variables in them are followed so far.
const DEEPEST: usize = 40;
/// Methods that give what an `Option` or `Result` holds.
const UNWRAP: &[&str] = &["unwrap", "expect", "unwrap_or", "unwrap_or_else", "unwrap_or_default"];
/// Methods that give a value of the same type, near enough.
const SAME: &[&str] = &["clone", "to_owned", "as_ref", "as_mut", "borrow", "by_ref"];

/// What is known of variables.
pub struct Guess<'a> {
    /// Names in scope.
    pub scope: &'a Scope<'a>,
    /// The cell.
    pub code: &'a str,
    /// Variables of the cell, the latest last.
    pub locals: &'a [Local],
    /// Types of the variables of earlier cells.
    pub variables: &'a std::collections::BTreeMap<String, String>,
}

impl Guess<'_> {
    /// The type of a source text.
    pub fn text(&self, text: &str, depth: usize) -> Option<Type> {
        self.of(&syn::parse_str(text).ok()?, depth)
    }

    /// The type of a variable whose type is written or was told.
    pub fn variable(&self, name: &str, depth: usize) -> Option<Type> {
        let Some(at) = self.locals.iter().rposition(|local| local.name == name) else {
            return self.scope.type_of_text(self.variables.get(name)?);
        };
        let local = &self.locals[at];
        match (&local.ty, &local.value) {
            (Some(ty), _) => self.scope.type_of_text(ty),
            (None, Some(value)) => {
                // The value was computed when later variables did not exist.
                let earlier = Guess { locals: &self.locals[..at], ..*self };
                earlier.text(self.code.get(value.clone())?, depth + 1)
            }
            (None, None) => None,
        }
    }

    fn of(&self, expr: &Expr, depth: usize) -> Option<Type> {
        if depth > DEEPEST {
            return None;
        }
        let next = |expr: &Expr| self.of(expr, depth + 1);
        match expr {
            Expr::Paren(inner) => next(&inner.expr),
            Expr::Group(inner) => next(&inner.expr),
            Expr::Reference(inner) => next(&inner.expr),
            Expr::Unary(inner) => next(&inner.expr),
            Expr::Await(inner) => next(&inner.base),
            Expr::Try(inner) => next(&inner.expr)?.args.into_iter().next(),
            Expr::Index(inner) => next(&inner.expr)?.args.into_iter().next(),
            Expr::Cast(cast) => self.scope.type_of_text(&segments(type_path(&cast.ty)?).join("::")),
            Expr::Struct(made) => self.scope.type_of_text(&segments(&made.path).join("::")),
            Expr::Lit(literal) => self.scope.type_of_text(match &literal.lit {
                Lit::Str(_) => "str",
                Lit::Bool(_) => "bool",
                Lit::Char(_) => "char",
                Lit::Float(number) => or(number.suffix(), "f64"),
                Lit::Int(number) => or(number.suffix(), "i32"),
                _ => return None,
            }),
            Expr::Macro(call) => match segments(&call.mac.path).last()?.as_str() {
                "vec" => self.scope.type_of_text("Vec"),
                "format" => self.scope.type_of_text("String"),
                _ => None,
            },
            Expr::Path(path) => match path.path.get_ident() {
                Some(ident) => self.variable(&plain(ident), depth).or_else(|| self.path(&path.path)),
                None => self.path(&path.path),
            },
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => self.path(&path.path),
                _ => None,
            },
            Expr::MethodCall(call) => {
                let on = next(&call.receiver)?;
                self.method(&on, &plain(&call.method))
            }
            Expr::Field(field) => {
                let on = next(&field.base)?;
                match &field.member {
                    syn::Member::Named(name) => self.member(&on, &plain(name), Kind::Field),
                    syn::Member::Unnamed(number) if self.scope.type_name(&on) == "()" => {
                        on.args.into_iter().nth(number.index as usize)
                    }
                    syn::Member::Unnamed(number) => self.member(&on, &number.index.to_string(), Kind::Field),
                }
            }
            _ => None,
        }
    }

    fn method(&self, on: &Type, name: &str) -> Option<Type> {
        if UNWRAP.contains(&name) && matches!(self.scope.type_name(on), "Option" | "Result") {
            return on.args.first().cloned();
        }
        self.member(on, name, Kind::Method).or_else(|| SAME.contains(&name).then(|| on.clone()))
    }

    fn member(&self, on: &Type, name: &str, kind: Kind) -> Option<Type> {
        let members = self.scope.values(on).into_iter();
        let mut named =
            members.map(|(_, id)| self.scope.item(id)).filter(|item| item.name == name && item.kind == kind);
        self.scope.result(named.next()?)
    }

    /// A constant, what a function returns, or the type that a variant or a tuple struct makes.
    fn path(&self, path: &syn::Path) -> Option<Type> {
        self.scope.resolve(&segments(path)).into_iter().find_map(|id| {
            let item = self.scope.item(id);
            match item.kind {
                Kind::Function | Kind::Associated | Kind::Method | Kind::Constant => self.scope.result(item),
                Kind::Variant => Some(Type { head: item.home, args: Vec::new() }),
                Kind::Struct => Some(Type { head: id, args: Vec::new() }),
                _ => None,
            }
        })
    }
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn type_path(ty: &syn::Type) -> Option<&syn::Path> {
    match ty {
        syn::Type::Path(path) => Some(&path.path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::crates_of;
    use super::*;

    #[test]
    fn signatures_tell_types() {
        let library = crates_of(&[
            ("perturbook_facade/lib.rs", "pub use demo; pub mod prelude { pub use demo::*; }"),
            (
                "demo/lib.rs",
                "pub type Result<T> = std::result::Result<T, E>; pub struct E; pub struct A { pub b: B, pub all: Vec<B> }\n\
                 pub struct B; pub fn load(path: &str) -> Result<A> { Ok(A) } impl A { pub fn new() -> Self { A }\n\
                 pub fn b(&self) -> Option<B> { None } } pub enum Shade { Dark } impl B { pub fn back(&self) -> A { A } }",
            ),
        ]);
        let scope = Scope::new(&library, std::iter::empty());
        let variables = [("v".to_owned(), "std::vec::Vec<::perturbook::demo::B>".to_owned())].into();
        let guess = Guess { scope: &scope, code: "", locals: &[], variables: &variables };
        let name = |text: &str| guess.text(text, 0).map(|ty| scope.type_name(&ty).to_owned());
        assert_eq!(name("load(\"x\")?").as_deref(), Some("A"));
        assert_eq!(name("load(\"x\")?.b").as_deref(), Some("B"));
        assert_eq!(name("A::new().b().unwrap().back()").as_deref(), Some("A"));
        assert_eq!(name("(&v[0]).clone()").as_deref(), Some("B"));
        assert_eq!(name("load(\"x\").unwrap().all[0]").as_deref(), Some("B"));
        assert_eq!(name("Shade::Dark").as_deref(), Some("Shade"));
        assert_eq!(name("\"text\"").as_deref(), Some("str"));
        assert_eq!(name("unknown(1)"), None);
        assert_eq!(name("load("), None);
    }
}
