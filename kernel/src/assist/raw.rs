//! What the sources say, before names are resolved: modules, items, `use` declarations and `impl` blocks as written.

use super::index::Kind;

/// How far an item is visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vis {
    /// Its own module only.
    Private,
    /// The crate, or a part of it.
    Crate,
    /// Everyone.
    Public,
}

/// A crate: its modules, the root first.
#[derive(Debug, Default)]
pub struct RawCrate {
    /// Its name in Rust.
    pub name: String,
    /// All modules.
    pub modules: Vec<RawModule>,
}

/// The content of a module.
#[derive(Debug, Default)]
pub struct RawModule {
    /// The number of the module around it; the root is its own parent.
    pub parent: usize,
    /// The module as an item of its parent.
    pub item: RawItem,
    /// What it defines.
    pub items: Vec<RawItem>,
    /// What it imports.
    pub uses: Vec<RawUse>,
    /// Its `impl` blocks.
    pub impls: Vec<RawImpl>,
}

/// An item; types and traits have their members with them.
#[derive(Debug, Clone)]
pub struct RawItem {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Who sees it.
    pub vis: Vis,
    /// True when marked `#[doc(hidden)]`.
    pub hidden: bool,
    /// As written.
    pub signature: String,
    /// Its documentation.
    pub docs: String,
    /// Members.
    pub children: Vec<RawItem>,
    /// Derived traits, or what a trait builds on.
    pub traits: Vec<Vec<String>>,
    /// The type of a field, constant or alias, or what a function returns.
    pub of: Option<RawType>,
}

impl Default for RawItem {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: Kind::Module,
            vis: Vis::Public,
            hidden: false,
            signature: String::new(),
            docs: String::new(),
            children: Vec::new(),
            traits: Vec::new(),
            of: None,
        }
    }
}

/// One name, or `*`, of a `use` declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct RawUse {
    /// Where it is; for `*` the module.
    pub path: Vec<String>,
    /// The name it has here; `None` for `*`.
    pub name: Option<String>,
    /// Who sees it.
    pub vis: Vis,
    /// True when marked `#[doc(hidden)]`.
    pub hidden: bool,
}

/// An `impl` block.
#[derive(Debug, Clone)]
pub struct RawImpl {
    /// The trait, if it is of one.
    pub of: Option<Vec<String>>,
    /// The type.
    pub for_: RawType,
    /// When the type is one of the block's own parameters: the traits it must implement.
    pub blanket: Option<Vec<Vec<String>>>,
    /// Functions and constants.
    pub children: Vec<RawItem>,
    /// `type Target` of an `impl Deref`.
    pub target: Option<RawType>,
}

/// A type without its references: the path to its name, and its generic arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawType {
    /// Path segments; `[]` for slices and arrays, `()` for tuples, empty for what has no name. A leading empty
    /// segment stands for `::`.
    pub path: Vec<String>,
    /// Types among the generic arguments, or the parts of a tuple or slice.
    pub args: Vec<RawType>,
}

impl RawType {
    /// Reads a type as rustc prints it or as a user wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        syn::parse_str::<syn::Type>(text.trim()).ok().map(|ty| Self::of(&ty))
    }

    /// The last segment of its path.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// What `ty` says.
    pub fn of(ty: &syn::Type) -> Self {
        match ty {
            syn::Type::Path(path) => Self::of_path(&path.path),
            syn::Type::Reference(reference) => Self::of(&reference.elem),
            syn::Type::Paren(inner) => Self::of(&inner.elem),
            syn::Type::Group(inner) => Self::of(&inner.elem),
            syn::Type::Slice(slice) => Self { path: vec!["[]".into()], args: vec![Self::of(&slice.elem)] },
            syn::Type::Array(array) => Self { path: vec!["[]".into()], args: vec![Self::of(&array.elem)] },
            syn::Type::Tuple(tuple) => {
                Self { path: vec!["()".into()], args: tuple.elems.iter().map(Self::of).collect() }
            }
            syn::Type::TraitObject(object) => Self::of_bounds(object.bounds.iter()),
            syn::Type::ImplTrait(object) => Self::of_bounds(object.bounds.iter()),
            _ => Self::default(),
        }
    }

    fn of_bounds<'a>(bounds: impl Iterator<Item = &'a syn::TypeParamBound>) -> Self {
        let mut traits = bounds.filter_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => Some(Self::of_path(&bound.path)),
            _ => None,
        });
        traits.next().unwrap_or_default()
    }

    fn of_path(path: &syn::Path) -> Self {
        let args = match path.segments.last().map(|segment| &segment.arguments) {
            Some(syn::PathArguments::AngleBracketed(arguments)) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    syn::GenericArgument::Type(ty) => Some(Self::of(ty)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        Self { path: segments(path), args }
    }
}

/// The names of a path; a leading `::` is an empty name.
pub fn segments(path: &syn::Path) -> Vec<String> {
    let leading = path.leading_colon.iter().map(|_| String::new());
    leading.chain(path.segments.iter().map(|segment| plain(&segment.ident))).collect()
}

/// A name without `r#`.
pub fn plain(ident: &syn::Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(text: &str) -> (String, Vec<String>) {
        let ty = RawType::parse(text).unwrap();
        (ty.path.join("::"), ty.args.iter().map(|arg| arg.path.join("::")).collect())
    }

    #[test]
    fn types_as_rustc_prints_them() {
        assert_eq!(heads("&'static str"), ("str".into(), vec![]));
        assert_eq!(
            heads("::perturbook::burn::Tensor<::perturbook::burn::Dispatch, 2>"),
            ("::perturbook::burn::Tensor".into(), vec!["::perturbook::burn::Dispatch".into()])
        );
        assert_eq!(heads("&mut [u8; 4]"), ("[]".into(), vec!["u8".into()]));
        assert_eq!(heads("Box<dyn a::Show + Send>"), ("Box".into(), vec!["a::Show".into()]));
        assert_eq!(heads("(u8, std::string::String)"), ("()".into(), vec!["u8".into(), "std::string::String".into()]));
        assert_eq!(RawType::parse("{closure@cell.rs:1}"), None);
    }
}
