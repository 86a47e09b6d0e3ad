//! `cargo book run nb.ipynb --set epochs=20 --set device=cuda`: the parameters of a notebook, set from outside.
//!
//! A notebook declares its parameters as `let` statements in the cell with the tag `parameters`. What is set becomes
//! a cell of its own that runs right after that one and binds the same names again:
//!
//! ```text
//! let epochs: usize = 10;        // Set from the command line.
//! let mut device = "auto";       let epochs: usize = 20;
//!                                let mut device: &str = "cuda";
//! ```
//!
//! A parameter has the type that is written at it, or else that of its literal. What a later line of the notebook's
//! own cell computed from a parameter keeps the notebook's value.

use anyhow::{Result, anyhow, bail};
use serde_json::Value;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Expr, Lit, Pat, Stmt, Type};

/// The tag of the cell that declares a notebook's parameters, as papermill has it.
const TAG: &str = "parameters";

/// Reads one `name=value`, for clap. The value is taken as it is, blanks included.
///
/// # Errors
/// When there is no `=`, or no name in front of it.
pub fn parse_setting(text: &str) -> Result<(String, String)> {
    let named = text.split_once('=').map(|(name, value)| (name.trim(), value));
    match named {
        Some((name, value)) if syn::parse_str::<syn::Ident>(name).is_ok() => Ok((name.to_owned(), value.to_owned())),
        Some((name, _)) => bail!("{name:?} is no name of a parameter: write name=value, for instance epochs=20"),
        None => bail!("{text:?} has no value: write name=value, for instance epochs=20"),
    }
}

/// The number of the cell that declares the parameters: the first code cell with the tag `parameters`.
///
/// # Errors
/// When the notebook has none.
pub fn cell(notebook: &Value) -> Result<usize> {
    let tagged = |cell: &Value| {
        let mut tags = cell["metadata"]["tags"].as_array().into_iter().flatten();
        cell["cell_type"] == "code" && tags.any(|tag| tag == TAG)
    };
    notebook["cells"].as_array().into_iter().flatten().position(tagged).ok_or_else(|| {
        anyhow!(
            "the notebook has no parameters to set: give the cell with their `let` statements the tag `{TAG}` \
             (JupyterLab: Property Inspector, Cell Tags)"
        )
    })
}

/// The source of the cell that sets parameters; `cell_source` is that of the cell that declares them.
///
/// # Errors
/// When the cell is not Rust, or with a line for each setting that has no parameter, does not fit its parameter's
/// type, or is there twice.
pub fn inject(cell_source: &str, settings: &[(String, String)]) -> Result<String> {
    let parameters = declared(cell_source)?;
    let mut lines = vec!["// Set from the command line.".to_owned()];
    let mut problems: Vec<String> = Vec::new();
    for (number, (name, value)) in settings.iter().enumerate() {
        if settings[..number].iter().any(|(earlier, _)| earlier == name) {
            problems.push(format!("{name} is set twice: keep one of them"));
            continue;
        }
        // Of two bindings of one name, what follows sees the later.
        match parameters.iter().rev().find(|parameter| parameter.name == *name) {
            Some(parameter) => match parameter.set(value) {
                Ok(line) => lines.push(line),
                Err(problem) => problems.push(problem),
            },
            None => problems.push(unknown(name, &parameters)),
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(lines.join("\n"))
}

/// A `let` statement of the cell.
#[derive(Debug)]
struct Parameter {
    name: String,
    mutable: bool,
    /// As written, or as the literal has it; `None` where neither says.
    written: Option<String>,
    /// `None` for a type whose values cannot be written on a command line.
    kind: Option<Kind>,
}

impl Parameter {
    fn set(&self, value: &str) -> Result<String, String> {
        let Self { name, written, .. } = self;
        let (Some(kind), Some(written)) = (&self.kind, written) else {
            let of =
                written.as_ref().map_or("without a written type".to_owned(), |written| format!("of type {written}"));
            return Err(format!(
                "{name} is {of} and cannot be set this way: that takes bool, numbers, char, &str, String, \
                 and Option and Vec of them"
            ));
        };
        let literal = kind.literal(value).ok_or_else(|| {
            let range = kind.range().map(|range| format!(" ({range})")).unwrap_or_default();
            let none = if matches!(kind, Kind::Option(_)) { format!(" or {name}=none") } else { String::new() };
            let example = kind.example();
            format!(
                "{name} is of type {written}{range}, which {value:?} is not: write for instance {name}={example}{none}"
            )
        })?;
        let mutable = if self.mutable { "mut " } else { "" };
        Ok(format!("let {mutable}{name}: {written} = {literal};"))
    }
}

/// All plain `let` statements at the top level of a cell.
fn declared(source: &str) -> Result<Vec<Parameter>> {
    // Commands, shell lines and magics are no Rust.
    let plain: Vec<&str> =
        source.split('\n').map(|line| if line.starts_with([':', '!', '%']) { "" } else { line }).collect();
    let plain = plain.join("\n");
    let statements = syn::Block::parse_within.parse_str(&plain).map_err(|error| {
        anyhow!("the cell with the tag `{TAG}` is not Rust: line {}: {error}", error.span().start().line)
    })?;
    let parameter = |statement: &Stmt| {
        let Stmt::Local(local) = statement else { return None };
        let (pattern, annotation) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pattern => (pattern, None),
        };
        let Pat::Ident(name) = pattern else { return None };
        let (written, kind) = match annotation {
            Some(ty) => (plain.get(ty.span().byte_range()).map(str::to_owned), Kind::of_type(ty)),
            None => {
                let kind = local.init.as_ref().and_then(|init| Kind::of_value(&init.expr));
                (kind.as_ref().map(Kind::name), kind)
            }
        };
        Some(Parameter { name: name.ident.to_string(), mutable: name.mutability.is_some(), written, kind })
    };
    Ok(statements.iter().filter_map(parameter).collect())
}

fn unknown(name: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return format!("there is no parameter {name}: the cell with the tag `{TAG}` has no `let` statement");
    }
    let listed: Vec<_> = parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, parameter.written.as_deref().unwrap_or("_")))
        .collect();
    let near = parameters
        .iter()
        .map(|parameter| (distance(name, &parameter.name), &parameter.name))
        .min()
        .filter(|&(distance, nearest)| distance <= (name.len().max(nearest.len()) / 3).max(1))
        .map(|(_, nearest)| format!(" Did you mean {nearest}?"));
    format!("there is no parameter {name}.{} There are {}", near.unwrap_or_default(), listed.join(", "))
}

/// The edits (a character more, less or another) that lead from one name to the other; case does not count.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for c in from.to_lowercase().chars() {
        let mut diagonal = row[0];
        row[0] += 1;
        for (i, &d) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(c != d);
            diagonal = row[i + 1];
            row[i + 1] = replaced.min(diagonal + 1).min(row[i] + 1);
        }
    }
    row[to.len()]
}

/// A type whose values can be written on a command line.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Bool,
    Char,
    Integer(&'static Integer),
    F32,
    F64,
    Str,
    String,
    Option(Box<Kind>),
    Vec(Box<Kind>),
}

/// An integer type.
#[derive(Debug, PartialEq)]
struct Integer {
    name: &'static str,
    min: i128,
    max: u128,
}

const INTEGERS: [Integer; 12] = {
    macro_rules! integers {
        ($($name:ident)*) => {
            [$(Integer { name: stringify!($name), min: $name::MIN as i128, max: $name::MAX as u128 }),*]
        };
    }
    integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize)
};

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "char" => Self::Char,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "str" => Self::Str,
            "String" => Self::String,
            _ => Self::Integer(INTEGERS.iter().find(|integer| integer.name == name)?),
        })
    }

    fn of_type(ty: &Type) -> Option<Self> {
        match ty {
            Type::Reference(reference) if reference.mutability.is_none() => {
                Self::of_type(&reference.elem).filter(|kind| *kind == Self::Str)
            }
            Type::Path(path) => {
                let last = path.path.segments.last()?;
                let arguments = match &last.arguments {
                    syn::PathArguments::None => return Self::named(&last.ident.to_string()),
                    syn::PathArguments::AngleBracketed(arguments) => &arguments.args,
                    syn::PathArguments::Parenthesized(_) => return None,
                };
                let syn::GenericArgument::Type(inner) = arguments.first()? else { return None };
                Self::holding(&last.ident.to_string(), Self::of_type(inner)?)
            }
            _ => None,
        }
    }

    /// `Option` and `Vec` hold what is neither.
    fn holding(outer: &str, inner: Self) -> Option<Self> {
        match (outer, &inner) {
            (_, Self::Option(_) | Self::Vec(_)) => None,
            ("Option", _) => Some(Self::Option(Box::new(inner))),
            ("Vec", _) => Some(Self::Vec(Box::new(inner))),
            _ => None,
        }
    }

    fn of_value(value: &Expr) -> Option<Self> {
        match value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(_) => Some(Self::Bool),
                Lit::Char(_) => Some(Self::Char),
                Lit::Str(_) => Some(Self::Str),
                Lit::Byte(_) => Self::named("u8"),
                Lit::Int(integer) => Self::named(if integer.suffix().is_empty() { "i32" } else { integer.suffix() }),
                Lit::Float(float) => Self::named(if float.suffix().is_empty() { "f64" } else { float.suffix() }),
                _ => None,
            },
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => Self::of_value(&unary.expr),
            Expr::MethodCall(call) if ["to_string", "to_owned", "into"].iter().any(|name| call.method == name) => {
                Self::of_value(&call.receiver).filter(|kind| *kind == Self::Str).map(|_| Self::String)
            }
            Expr::Call(call) => {
                let Expr::Path(function) = &*call.func else { return None };
                let names: Vec<_> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    [.., "String", "from" | "new"] => Some(Self::String),
                    [.., "Some"] => Self::holding("Option", Self::of_value(call.args.first()?)?),
                    _ => None,
                }
            }
            Expr::Macro(call) if call.mac.path.is_ident("vec") => {
                let values = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
                Self::holding("Vec", Self::of_value(call.mac.parse_body_with(values).ok()?.first()?)?)
            }
            _ => None,
        }
    }

    /// The type, as Rust writes it.
    fn name(&self) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::Char => "char".to_owned(),
            Self::Integer(integer) => integer.name.to_owned(),
            Self::F32 => "f32".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::Str => "&str".to_owned(),
            Self::String => "String".to_owned(),
            Self::Option(inner) => format!("Option<{}>", inner.name()),
            Self::Vec(inner) => format!("Vec<{}>", inner.name()),
        }
    }

    /// A value, as it is written on a command line.
    fn example(&self) -> &'static str {
        match self {
            Self::Bool => "true",
            Self::Char => "a",
            Self::Integer(_) => "20",
            Self::F32 | Self::F64 => "0.5",
            Self::Str | Self::String => "text",
            Self::Option(inner) => inner.example(),
            Self::Vec(inner) => match **inner {
                Self::Bool => "true,false",
                Self::Char => "a,b",
                Self::Integer(_) => "10,20",
                Self::F32 | Self::F64 => "0.5,2",
                _ => "a,b",
            },
        }
    }

    /// What an integer type holds, where that says more than its name.
    fn range(&self) -> Option<String> {
        match self {
            Self::Integer(Integer { min, max, .. }) if *max <= u128::from(u32::MAX) => Some(format!("{min} to {max}")),
            Self::Integer(Integer { min: 0, .. }) => Some("0 or more".to_owned()),
            Self::Option(inner) | Self::Vec(inner) => inner.range(),
            _ => None,
        }
    }

    /// The value of this type that `text` stands for, as Rust writes it.
    fn literal(&self, text: &str) -> Option<String> {
        let trimmed = text.trim();
        match self {
            Self::Bool => trimmed.parse::<bool>().ok().map(|value| value.to_string()),
            Self::Char => {
                // A blank is a character too.
                let mut characters = if trimmed.is_empty() { text.chars() } else { trimmed.chars() };
                characters.next().filter(|_| characters.next().is_none()).map(|c| format!("{c:?}"))
            }
            Self::Integer(integer) => integer.literal(trimmed),
            Self::F32 => decimal(trimmed)?.parse().ok().filter(|x: &f32| x.is_finite()).map(|x| format!("{x:?}")),
            Self::F64 => decimal(trimmed)?.parse().ok().filter(|x: &f64| x.is_finite()).map(|x| format!("{x:?}")),
            Self::Str => Some(format!("{text:?}")),
            Self::String => Some(format!("String::from({text:?})")),
            Self::Option(_) if matches!(trimmed, "none" | "None") => Some("None".to_owned()),
            Self::Option(inner) => inner.literal(text).map(|value| format!("Some({value})")),
            Self::Vec(_) if trimmed.is_empty() => Some("vec![]".to_owned()),
            Self::Vec(inner) => {
                let values: Option<Vec<_>> = text.split(',').map(|part| inner.literal(part.trim())).collect();
                values.map(|values| format!("vec![{}]", values.join(", ")))
            }
        }
    }
}

impl Integer {
    /// An integer as Rust writes it, if this type holds it.
    fn literal(&self, text: &str) -> Option<String> {
        let negative = text.starts_with('-');
        let body = text.strip_prefix('-').unwrap_or(text);
        // A comment behind the number would parse as well.
        let digits: syn::LitInt =
            syn::parse_str(body).ok().filter(|digits: &syn::LitInt| digits.to_string() == body)?;
        let size: u128 = digits.base10_parse().ok()?;
        let fits = if negative { self.min < 0 && size <= self.min.unsigned_abs() } else { size <= self.max };
        let suffix_fits = digits.suffix().is_empty() || digits.suffix() == self.name;
        (fits && suffix_fits).then(|| text.to_owned())
    }
}

/// A number without the underscores that Rust allows between its digits.
fn decimal(text: &str) -> Option<String> {
    let outside = text.starts_with('_') || text.ends_with('_');
    (!outside).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str = "// What to train.\n\
        let epochs: usize = 10;\n\
        let device = \"auto\";\n\
        let mut rate = 1e-3;\n\
        let genes: Option<usize> = None;\n\
        let names: Vec<&'static str> = vec![\"a\"];\n\
        let screen = load();\n\
        let graph: Graph<f64> = Graph::new();";

    fn settings(of: &[&str]) -> Vec<(String, String)> {
        of.iter().map(|text| parse_setting(text).unwrap()).collect()
    }

    /// The statement that sets `x` in a cell that declares it.
    fn set(declaration: &str, value: &str) -> Option<String> {
        let injected = inject(declaration, &settings(&[&format!("x={value}")])).ok()?;
        Some(injected.lines().nth(1).unwrap().to_owned())
    }

    /// The value given to an `x` of a type.
    fn literal(ty: &str, value: &str) -> Option<String> {
        let line = set(&format!("let x: {ty} = y;"), value)?;
        Some(line.strip_prefix(&format!("let x: {ty} = ")).unwrap().strip_suffix(';').unwrap().to_owned())
    }

    fn errors(cell: &str, set: &[&str]) -> String {
        inject(cell, &settings(set)).unwrap_err().to_string()
    }

    #[test]
    fn what_is_set_is_bound_again_with_its_type() {
        let source =
            inject(CELL, &settings(&["epochs=20", "device=cuda", "rate=0.1", "genes=500", "names=b, c"])).unwrap();
        assert_eq!(
            source,
            "// Set from the command line.\n\
             let epochs: usize = 20;\n\
             let device: &str = \"cuda\";\n\
             let mut rate: f64 = 0.1;\n\
             let genes: Option<usize> = Some(500);\n\
             let names: Vec<&'static str> = vec![\"b\", \"c\"];"
        );
        syn::Block::parse_within.parse_str(&source).unwrap();
    }

    #[test]
    fn integers_are_checked_against_their_range() {
        for (ty, value) in [
            ("u8", "255"),
            ("i8", "-128"),
            ("usize", "1_000"),
            ("u32", "0x10"),
            ("u128", "340282366920938463463374607431768211455"),
            ("i128", "-170141183460469231731687303715884105728"),
            ("u8", "7u8"),
            ("isize", "-0"),
        ] {
            assert_eq!(literal(ty, value).as_deref(), Some(value), "{ty}");
        }
        for (ty, value) in [
            ("usize", "-1"),
            ("u8", "300"),
            ("u8", "256"),
            ("i8", "128"),
            ("i8", "-129"),
            ("u8", "-0"),
            ("u128", "340282366920938463463374607431768211456"),
            ("usize", "1e3"),
            ("usize", "1.0"),
            ("usize", ""),
            ("usize", "--1"),
            ("usize", "ten"),
            ("usize", "_1"),
            ("usize", "7u8"),
            ("usize", "1 // c"),
        ] {
            assert_eq!(literal(ty, value), None, "{ty} {value}");
        }
        assert_eq!(literal("i64", " 5 ").as_deref(), Some("5"));
    }

    #[test]
    fn floats_are_written_as_floats() {
        for (value, written) in [
            ("20", "20.0"),
            ("0.001", "0.001"),
            ("-1e-7", "-1e-7"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1_000.5", "1000.5"),
        ] {
            assert_eq!(literal("f64", value).as_deref(), Some(written), "{value}");
        }
        assert_eq!(literal("f32", "0.1").as_deref(), Some("0.1"));
        for value in ["", "x", "1e999", "inf", "nan", "_1", "1_", "0.1 0.2"] {
            assert_eq!(literal("f64", value), None, "{value}");
        }
        assert_eq!(literal("f32", "1e39"), None);
    }

    #[test]
    fn text_is_escaped_and_otherwise_taken_as_it_is() {
        assert_eq!(literal("&str", "a \"b\" \\ c\n").as_deref(), Some(r#""a \"b\" \\ c\n""#));
        assert_eq!(literal("&'static str", " a=b ").as_deref(), Some("\" a=b \""));
        assert_eq!(literal("String", "").as_deref(), Some("String::from(\"\")"));
        assert_eq!(literal("std::string::String", "µ").as_deref(), Some("String::from(\"µ\")"));
        assert_eq!(literal("char", "'").as_deref(), Some("'\\''"));
        assert_eq!(literal("char", " ").as_deref(), Some("' '"));
        assert_eq!(literal("char", "ab"), None);
        assert_eq!(literal("bool", "true").as_deref(), Some("true"));
        assert_eq!(literal("bool", "yes"), None);
    }

    #[test]
    fn options_and_vectors_hold_the_simple_types() {
        assert_eq!(literal("Option<f64>", "none").as_deref(), Some("None"));
        assert_eq!(literal("Option<f64>", "None").as_deref(), Some("None"));
        assert_eq!(literal("Option<f64>", "2").as_deref(), Some("Some(2.0)"));
        assert_eq!(literal("Option<String>", "a").as_deref(), Some("Some(String::from(\"a\"))"));
        assert_eq!(literal("std::option::Option<u8>", "300"), None);
        assert_eq!(literal("Vec<i8>", "1, -2").as_deref(), Some("vec![1, -2]"));
        assert_eq!(literal("Vec<String>", "a,b").as_deref(), Some("vec![String::from(\"a\"), String::from(\"b\")]"));
        assert_eq!(literal("Vec<u8>", "").as_deref(), Some("vec![]"));
        assert_eq!(literal("Vec<u8>", "1,,2"), None);
        assert_eq!(literal("Vec<Vec<u8>>", "1"), None);
        assert_eq!(literal("Option<Vec<u8>>", "1"), None);
    }

    #[test]
    fn without_a_written_type_the_literal_has_one() {
        for (declaration, value, statement) in [
            ("let x = 1;", "2", "let x: i32 = 2;"),
            ("let x = -1;", "2", "let x: i32 = 2;"),
            ("let x = 1u8;", "2", "let x: u8 = 2;"),
            ("let mut x = 1.0;", "2", "let mut x: f64 = 2.0;"),
            ("let x = 1f32;", "2", "let x: f32 = 2.0;"),
            ("let x = true;", "false", "let x: bool = false;"),
            ("let x = 'a';", "b", "let x: char = 'b';"),
            ("let x = \"a\";", "b", "let x: &str = \"b\";"),
            ("let x = String::from(\"a\");", "b", "let x: String = String::from(\"b\");"),
            ("let x = String::new();", "b", "let x: String = String::from(\"b\");"),
            ("let x = \"a\".to_string();", "b", "let x: String = String::from(\"b\");"),
            ("let x = \"a\".to_owned();", "b", "let x: String = String::from(\"b\");"),
            ("let x: String = \"a\".into();", "b", "let x: String = String::from(\"b\");"),
            ("let x = Some(1);", "none", "let x: Option<i32> = None;"),
            ("let x = vec![1.5];", "2,3", "let x: Vec<f64> = vec![2.0, 3.0];"),
            ("let x: u8;", "2", "let x: u8 = 2;"),
            ("let x = 1;\nlet x = \"a\";", "b", "let x: &str = \"b\";"),
            (":dep a = \"1\"\n%%time\nlet x = 1;", "2", "let x: i32 = 2;"),
        ] {
            assert_eq!(set(declaration, value).as_deref(), Some(statement), "{declaration}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_parameters_there_are() {
        let error = errors(CELL, &["epoch=3"]);
        assert!(
            error.starts_with("there is no parameter epoch. Did you mean epochs? There are epochs: usize,"),
            "{error}"
        );
        assert!(error.ends_with("names: Vec<&'static str>, screen: _, graph: Graph<f64>"), "{error}");
        assert!(errors(CELL, &["Device=cpu"]).contains("Did you mean device?"));
        assert!(!errors(CELL, &["quality=1"]).contains("Did you mean"));
        assert!(errors("// nothing\nlet (a, b) = (1, 2);", &["a=1"]).contains("has no `let` statement"));
    }

    #[test]
    fn a_wrong_value_is_answered_with_type_range_and_example() {
        assert_eq!(
            errors("let x: u8 = 1;", &["x=300"]),
            "x is of type u8 (0 to 255), which \"300\" is not: write for instance x=20"
        );
        assert!(errors("let x: Vec<usize> = vec![];", &["x=-1"]).starts_with("x is of type Vec<usize> (0 or more), "));
        assert!(errors("let x = 1_i64;", &["x=a"]).starts_with("x is of type i64, "));
        assert_eq!(
            errors("let x: Vec<f64> = vec![];", &["x=a"]),
            "x is of type Vec<f64>, which \"a\" is not: write for instance x=0.5,2"
        );
        assert_eq!(
            errors("let x: Option<bool> = None;", &["x=maybe"]),
            "x is of type Option<bool>, which \"maybe\" is not: write for instance x=true or x=none"
        );
    }

    #[test]
    fn a_type_that_cannot_be_set_is_named() {
        assert!(errors(CELL, &["graph=1"]).starts_with("graph is of type Graph<f64> and cannot be set this way"));
        assert!(errors(CELL, &["screen=1"]).starts_with("screen is without a written type and cannot be set this way"));
        assert!(errors("let x: &mut str = y;", &["x=1"]).contains("cannot be set"));
        assert!(errors("let x: &u8 = &1;", &["x=1"]).contains("cannot be set"));
        assert!(errors("let x: [u8; 2] = y;", &["x=1"]).contains("cannot be set"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = errors(CELL, &["epochs=-1", "epoch=3", "device=a", "graph=1", "epochs=2"]);
        let starts = ["epochs is of type", "there is no parameter epoch.", "graph is of type", "epochs is set twice"];
        assert_eq!(error.lines().count(), starts.len());
        for (line, start) in error.lines().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    }

    #[test]
    fn a_cell_that_is_not_rust_is_an_error_with_its_line() {
        assert!(errors("let a = 1;\nlet b = ;", &["a=1"]).contains("line 2: "));
    }

    #[test]
    fn a_setting_is_a_name_and_a_value() {
        assert_eq!(parse_setting("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert_eq!(parse_setting(" a = 1").unwrap(), ("a".to_owned(), " 1".to_owned()));
        assert_eq!(parse_setting("a=").unwrap(), ("a".to_owned(), String::new()));
        for text in ["a", "=1", "1a=2", "let=1", "a b=1"] {
            assert!(parse_setting(text).unwrap_err().to_string().contains("write name=value"), "{text}");
        }
    }

    #[test]
    fn the_cell_is_found_by_its_tag() {
        let cell_of =
            |kind: &str, tags: &[&str]| serde_json::json!({ "cell_type": kind, "metadata": { "tags": tags } });
        let cells = [cell_of("markdown", &[TAG]), cell_of("code", &["other"]), cell_of("code", &["other", TAG])];
        assert_eq!(cell(&serde_json::json!({ "cells": cells })).unwrap(), 2);
        let without = serde_json::json!({ "cells": [{ "cell_type": "code", "metadata": {} }] });
        assert!(cell(&without).unwrap_err().to_string().contains("the tag `parameters`"));
    }
}
