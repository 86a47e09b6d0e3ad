//! A cell's source, read once: which `let` bindings need a type, where its statements start, where `?` stands.
//!
//! evcxr keeps variables between cells and must be able to write each one's type. Types that the user left to
//! inference are asked of rustc: [`Cell::with_probes`] appends, for each such binding `x`, the statement
//! `{ let _: Probe0 = (x,); }`, whose error message names the type; [`Cell::instrumented`] then writes the types
//! into the source. It also marks the line of every statement and of every `?`, so that a panic or an `Err` can
//! be reported with the line that caused it. Line numbers stay as they are: text is only inserted within lines.

use std::collections::BTreeMap;

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Expr, MacroDelimiter, Pat, Stmt};

/// The name of a probe type; followed by the number of the binding.
pub const PROBE: &str = "PerturbookProbe";

/// A variable bound at the top level of a cell without a written type.
#[derive(Debug, Clone, PartialEq)]
struct Binding {
    name: String,
    mutable: bool,
    /// Where `: Type` goes for a plain `let x`; `None` for patterns, which are bound again after the statement.
    annotate_at: Option<usize>,
    /// End of the `let` statement.
    end: usize,
    /// Where the binding can still be named: just before the next `let` of the same name, or the end of the cell.
    probe_at: usize,
}

/// A parsed cell. Offsets are bytes into the source.
#[derive(Debug)]
pub struct Cell<'a> {
    source: &'a str,
    bindings: Vec<Binding>,
    /// Offset and line of each top-level statement.
    statements: Vec<(usize, usize)>,
    /// Start, end (before the `?`) and line of each expression that `?` follows.
    tries: Vec<(usize, usize, usize)>,
    /// End of the last statement.
    end: usize,
    /// True when the last statement is an expression without a semicolon.
    open_tail: bool,
    /// True when that expression can be shown by the library.
    shown_tail: bool,
    /// True when loops, closures or functions stand in each other.
    computes: bool,
    /// Names of the functions that it defines.
    functions: Vec<String>,
}

impl<'a> Cell<'a> {
    /// Reads a cell.
    ///
    /// # Errors
    /// When it is not a sequence of Rust statements: what is wrong, and in which line.
    pub fn parse(source: &'a str) -> Result<Self, (String, usize)> {
        let plain = without_commands(source);
        let statements = syn::parse::Parser::parse_str(syn::Block::parse_within, &plain)
            .map_err(|error| (error.to_string(), error.span().start().line))?;
        let (bindings, lines, tried) = (vec![], vec![], vec![]);
        let (open_tail, shown_tail) = (false, false);
        let mut cell = Self {
            source,
            bindings,
            statements: lines,
            tries: tried,
            end: 0,
            open_tail,
            shown_tail,
            computes: false,
            functions: Vec::new(),
        };
        let (mut tries, mut repeats) = (Tries::default(), Repeats::default());
        for statement in &statements {
            repeats.visit_stmt(statement);
            let range = statement.span().byte_range();
            cell.end = range.end;
            if !matches!(statement, Stmt::Item(_)) {
                cell.statements.push((range.start, statement.span().start().line));
                tries.visit_stmt(statement);
            }
            if let Stmt::Local(local) = statement {
                cell.bind(&local.pat, range.start, range.end);
            }
            cell.open_tail = match statement {
                // Loops have no value to show.
                Stmt::Expr(Expr::ForLoop(_) | Expr::While(_), _) => false,
                Stmt::Expr(_, None) | Stmt::Macro(syn::StmtMacro { semi_token: None, .. }) => true,
                _ => false,
            };
            // A macro with braces may stand for items.
            let items =
                matches!(statement, Stmt::Macro(call) if matches!(call.mac.delimiter, MacroDelimiter::Brace(_)));
            cell.shown_tail = cell.open_tail && !items;
        }
        for binding in &mut cell.bindings {
            binding.probe_at = binding.probe_at.min(cell.end);
        }
        cell.tries = tries.found;
        (cell.computes, cell.functions) = (repeats.deepest > 1, repeats.functions);
        Ok(cell)
    }

    fn bind(&mut self, pattern: &Pat, start: usize, end: usize) {
        let plain = match pattern {
            // evcxr takes no type from a pattern of several names, nor one with a blank such as `Vec<_>`.
            Pat::Type(typed) if !matches!(*typed.pat, Pat::Ident(_)) || has_blank(&typed.ty) => None,
            Pat::Type(_) => {
                // The user wrote the type; a binding of the same name before it still ends here.
                let mut names = Names::default();
                names.visit_pat(pattern);
                for (name, _) in names.found {
                    self.shadow(&name, start);
                }
                return;
            }
            Pat::Ident(ident) if ident.subpat.is_none() => Some(ident.span().byte_range().end),
            _ => None,
        };
        let mut names = Names { plain: plain.is_some(), ..Names::default() };
        names.visit_pat(pattern);
        for (name, mutable) in names.found {
            self.shadow(&name, start);
            self.bindings.push(Binding { name, mutable, annotate_at: plain, end, probe_at: usize::MAX });
        }
    }

    fn shadow(&mut self, name: &str, at: usize) {
        if let Some(before) = self.bindings.iter_mut().rev().find(|b| b.name == name) {
            before.probe_at = before.probe_at.min(at);
        }
    }

    /// What was parsed.
    pub fn source(&self) -> &str {
        self.source
    }

    /// The name of a binding and the line where its statement ends.
    pub fn binding(&self, number: usize) -> Option<(&str, usize)> {
        let binding = self.bindings.get(number)?;
        let line = self.source[..binding.end].lines().count();
        Some((&binding.name, line))
    }

    /// True when code of the cell's own may run so many times that it is worth optimising, which takes half a second: where
    /// loops, closures and functions stand in each other. One loop alone costs less than that up to a million rounds.
    pub fn computes(&self) -> bool {
        self.computes
    }

    /// Names of the functions and methods that the cell defines.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// Whether the cell has this word in it.
    pub fn mentions(&self, name: &str) -> bool {
        self.source.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
    }

    /// True when a binding's type must be asked of rustc.
    pub fn needs_types(&self) -> bool {
        !self.bindings.is_empty()
    }

    /// The cell with one probe for each binding without a type.
    pub fn with_probes(&self) -> String {
        let mut insert = Insertions::default();
        let mut types = String::new();
        for (number, binding) in self.bindings.iter().enumerate() {
            types.push_str(&format!("struct {PROBE}{number}; "));
            insert.add(binding.probe_at, format!(" {{ let _: {PROBE}{number} = ({},); }} ", binding.name));
        }
        if self.open_tail {
            let end = self.bindings.iter().map(|b| b.probe_at).max().unwrap_or(0);
            insert.first(end, ";");
        }
        // On the last line of its own: a comment may end the cell.
        format!("{}\n{types}", insert.into(self.source))
    }

    /// Whether the cell ends in a value that the library can show.
    pub fn has_value(&self) -> bool {
        self.shown_tail
    }

    /// The cell with the given types written in (by the number of their probe) and its lines marked; it says its own
    /// `number` when it begins.
    ///
    /// With `show` its value is shown by the library: evcxr would compile the cell again for every value that has only
    /// `Debug`, and for one whose making consumes a variable. A `match` keeps what the value borrows from until then.
    pub fn instrumented(&self, types: &BTreeMap<usize, String>, number: usize, show: bool) -> String {
        let mut insert = Insertions::default();
        if let Some(&(first, _)) = self.statements.first() {
            insert.open(first, format!("perturbook::cell::begin({number}); "));
        }
        for &(at, line) in &self.statements {
            insert.open(at, format!("perturbook::cell::at({line}); "));
        }
        if let (true, Some(&(tail, _))) = (show && self.shown_tail, self.statements.last()) {
            insert.open(tail, "match (".to_owned());
            insert.add(
                self.end,
                ") { ref perturbook_value => { use perturbook::cell::DebugValue as _; \
                 perturbook_value.evcxr_display(); perturbook::cell::end(); } };"
                    .to_owned(),
            );
        } else if !self.open_tail && !self.statements.is_empty() {
            // A displayed value flushes what was printed before it; nothing else would.
            insert.add(self.end, " perturbook::cell::end();".to_owned());
        }
        for &(start, end, line) in &self.tries {
            insert.first(start, &format!("perturbook::cell::tried({line}, "));
            insert.first(end, ")");
        }
        for (number, binding) in self.bindings.iter().enumerate() {
            let Some(ty) = types.get(&number) else { continue };
            match binding.annotate_at {
                Some(at) => insert.add(at, format!(": {ty}")),
                None => {
                    let mutable = if binding.mutable { "mut " } else { "" };
                    insert.add(binding.end, format!(" let {mutable}{0}: {ty} = {0};", binding.name));
                }
            }
        }
        insert.into(self.source)
    }
}

/// The number and type in rustc's message about a probe, as in
/// ``expected `PerturbookProbe3`, found `(Vec<u8>,)` `` or its two-line form; the type is `Err` when nobody can write it
/// down.
pub fn probed_type(message: &str) -> Option<(usize, Result<String, String>)> {
    let after = &message[message.find(PROBE)? + PROBE.len()..];
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let number = digits.parse().ok()?;
    let found = &after[after.find("found tuple `(")? + "found tuple `(".len()..];
    let ty = found[..found.rfind(",)`")?]
        .replace("perturbook_facade::", "::perturbook::")
        // rustc prints burn's renamed re-exports (`backend::autodiff`, ...) under the names of their crates.
        .replace("::burn::backend::burn_", "::burn::backend::")
        // Numbers that nothing in the cell decides fall back to these types.
        .replace("{integer}", "i32")
        .replace("{float}", "f64");
    let ty = without_elision(&without_function_names(&ty));
    // Closures, unnamed iterators and unfinished inference have no type that can be written down.
    let writable = !["{closure", "impl ", "{async", "fn item", "_>", "_,"].iter().any(|mark| ty.contains(mark));
    Some((number, if writable && ty != "_" { Ok(ty) } else { Err(ty) }))
}

/// Functions by their signature: rustc prints `fn(i32) -> i32 {double}`.
fn without_function_names(ty: &str) -> String {
    let mut out = String::new();
    let mut rest = ty;
    while let Some(at) = rest.find(" {") {
        let (before, braces) = rest.split_at(at);
        out.push_str(before);
        let end = braces.find('}').map_or(braces.len(), |end| end + 1);
        if braces.starts_with(" {closure") || braces.starts_with(" {async") {
            out.push_str(&braces[..end]);
        }
        rest = &braces[end..];
    }
    out + rest
}

/// Lifetimes that are left out written as `'static`: nothing shorter can be kept from cell to cell.
fn without_elision(ty: &str) -> String {
    let mut out = String::with_capacity(ty.len());
    let mut rest = ty;
    while let Some(at) = rest.find('&') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        if !after.starts_with('\'') {
            out.push_str("'static ");
        }
        rest = after;
    }
    (out + rest).replace("'_", "'static")
}

/// `:commands` and `!shell` lines blanked out, all offsets kept. They come before the first line of Rust.
fn without_commands(source: &str) -> String {
    let mut rust = false;
    source
        .split_inclusive('\n')
        .map(|line| {
            let text = line.trim_start_matches(' ');
            let command = (text.starts_with(':') && !text.starts_with("::")) || text.starts_with('!');
            rust |= !command && !text.trim().is_empty() && !text.starts_with("//");
            if command && !rust {
                line.chars().map(|c| if c == '\n' { '\n' } else { ' ' }.to_string().repeat(c.len_utf8())).collect()
            } else {
                line.to_owned()
            }
        })
        .collect()
}

/// Names bound by a pattern, and whether they are `mut`.
#[derive(Default)]
struct Names {
    found: Vec<(String, bool)>,
    /// The pattern is a name alone: it binds whatever its letters.
    plain: bool,
}

impl Visit<'_> for Names {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        // A long upper-case name in a pattern is a constant or a unit variant; `let (A, b)` binds a matrix.
        let name = pattern.ident.to_string();
        let constant = name.starts_with(char::is_uppercase) && name.len() > 2;
        if pattern.by_ref.is_none() && (!constant || self.plain) {
            self.found.push((name, pattern.mutability.is_some()));
        }
        syn::visit::visit_pat_ident(self, pattern);
    }
}

/// `?` whose error leaves the cell: not those inside closures, functions and `async` blocks.
#[derive(Default)]
struct Tries {
    found: Vec<(usize, usize, usize)>,
}

impl Visit<'_> for Tries {
    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => {}
            Expr::Try(tried) => {
                // The inner ones first: what starts at the same place is wrapped from the inside out.
                syn::visit::visit_expr_try(self, tried);
                let range = tried.expr.span().byte_range();
                self.found.push((range.start, range.end, tried.question_token.span().start().line));
            }
            _ => syn::visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &syn::Item) {}

    fn visit_macro(&mut self, call: &syn::Macro) {
        for argument in arguments(call) {
            self.visit_expr(&argument);
        }
    }
}

/// The arguments of a macro that takes expressions, such as `println!` and `vec!`.
fn arguments(call: &syn::Macro) -> impl Iterator<Item = Expr> {
    let list = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
    call.parse_body_with(list).into_iter().flatten()
}

/// Whether a written type leaves something to inference.
fn has_blank(ty: &syn::Type) -> bool {
    struct Blanks(bool);
    impl Visit<'_> for Blanks {
        fn visit_type_infer(&mut self, _: &syn::TypeInfer) {
            self.0 = true;
        }
    }
    let mut blanks = Blanks(false);
    blanks.visit_type(ty);
    blanks.0
}

/// How deeply things that may run many times stand in each other: loops, and bodies that others call.
#[derive(Default)]
struct Repeats {
    depth: usize,
    deepest: usize,
    /// Names of the functions that were passed.
    functions: Vec<String>,
}

impl Repeats {
    fn inside(&mut self, depth: usize, visit: impl FnOnce(&mut Self)) {
        self.depth += depth;
        self.deepest = self.deepest.max(self.depth);
        visit(self);
        self.depth -= depth;
    }
}

impl Visit<'_> for Repeats {
    fn visit_expr(&mut self, expr: &Expr) {
        let depth = match expr {
            Expr::ForLoop(_) | Expr::Closure(_) => 1,
            // Nobody knows how often.
            Expr::While(_) | Expr::Loop(_) => 2,
            _ => 0,
        };
        self.inside(depth, |repeats| syn::visit::visit_expr(repeats, expr));
    }

    fn visit_signature(&mut self, signature: &syn::Signature) {
        self.functions.push(signature.ident.to_string());
    }

    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.inside(1, |repeats| syn::visit::visit_item_fn(repeats, function));
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.inside(1, |repeats| syn::visit::visit_impl_item_fn(repeats, function));
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        for argument in arguments(call) {
            self.visit_expr(&argument);
        }
    }
}

/// Text to insert at byte offsets of a source: statements that open another one, then everything else.
#[derive(Default)]
struct Insertions(BTreeMap<usize, (String, String)>);

impl Insertions {
    fn open(&mut self, at: usize, text: String) {
        self.0.entry(at).or_default().0.push_str(&text);
    }

    fn add(&mut self, at: usize, text: String) {
        self.0.entry(at).or_default().1.push_str(&text);
    }

    /// In front of what is inserted at the same place already.
    fn first(&mut self, at: usize, text: &str) {
        self.0.entry(at).or_default().1.insert_str(0, text);
    }

    fn into(self, source: &str) -> String {
        let mut out = String::with_capacity(source.len() + 64);
        let mut from = 0;
        for (at, (opening, text)) in self.0 {
            out.push_str(&source[from..at]);
            out.push_str(&opening);
            out.push_str(&text);
            from = at;
        }
        out.push_str(&source[from..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(source: &str, types: &[(usize, &str)]) -> String {
        let types = types.iter().map(|&(n, t)| (n, t.to_owned())).collect();
        let marked = Cell::parse(source).unwrap().instrumented(&types, 7, false);
        // Without the line marks, which have a test of their own.
        let mut plain = String::new();
        let mut rest = marked.as_str();
        while let Some(at) = rest.find("perturbook::cell::at(") {
            plain.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find("; ").unwrap() + 2..];
        }
        (plain + rest).replace(" perturbook::cell::end();", "").replace("perturbook::cell::begin(7); ", "")
    }

    #[test]
    fn inferred_types_are_written_into_plain_bindings() {
        assert_eq!(typed("let x = 1;\nlet y: u8 = 2;", &[(0, "i32")]), "let x: i32 = 1;\nlet y: u8 = 2;");
        assert_eq!(typed("let mut x = 1;", &[(0, "i32")]), "let mut x: i32 = 1;");
    }

    #[test]
    fn patterns_are_bound_again_with_their_types() {
        assert_eq!(
            typed("let (a, mut b) = f();", &[(0, "u8"), (1, "u16")]),
            "let (a, mut b) = f(); let a: u8 = a; let mut b: u16 = b;"
        );
    }

    #[test]
    fn functions_are_known_by_name() {
        let cell = Cell::parse("fn f(x: u8) {}\nstruct A; impl A { fn g(&self) { f_2(1) } }").unwrap();
        assert_eq!(cell.functions(), ["f", "g"]);
        assert!(cell.mentions("f_2") && cell.mentions("A") && !cell.mentions("f_"));
    }

    #[test]
    fn half_written_types_are_completed() {
        assert_eq!(
            typed("let (a, b): (u8, u16) = f();", &[(0, "u8"), (1, "u16")]),
            "let (a, b): (u8, u16) = f(); let a: u8 = a; let b: u16 = b;"
        );
        assert_eq!(typed("let v: Vec<_> = f();", &[(0, "Vec<u8>")]), "let v: Vec<_> = f(); let v: Vec<u8> = v;");
    }

    #[test]
    fn loops_within_loops_and_within_functions_are_worth_optimising() {
        let computes = |source| Cell::parse(source).unwrap().computes();
        for source in [
            "for i in 0..9 { for j in 0..9 { f(i, j) } }",
            "let s: Vec<f64> = v.iter().map(|x| w.iter().map(|y| x * y).sum()).collect();",
            "while error > 1e-6 { error = step(); }",
            "fn f(v: &[f64]) -> f64 { v.iter().map(|x| x * x).sum() }",
            "struct A; impl A { fn f(&self) { for i in 0..9 { g(i) } } }",
            "println!(\"{}\", v.iter().filter(|x| w.iter().any(|y| x < y)).count());",
        ] {
            assert!(computes(source), "{source}");
        }
        for source in [
            "let x = a.matmul(b) + 1;",
            "pub struct Net { pub w: u8 }",
            "for epoch in progress(\"epochs\", 0..9) { train(epoch) }",
            "let s: f64 = v.iter().map(|x| x * x).sum();",
            "fn double(x: u8) -> u8 { 2 * x }",
        ] {
            assert!(!computes(source), "{source}");
        }
    }

    #[test]
    fn a_shadowed_binding_is_probed_before_it_is_shadowed() {
        let cell = Cell::parse("let x = 1;\nlet x = \"a\";").unwrap();
        let probed = cell.with_probes();
        let first = probed.find("PerturbookProbe0 = (x,)").unwrap();
        assert!(first < probed.find("let x = \"a\"").unwrap(), "{probed}");
    }

    #[test]
    fn probes_come_after_the_last_statement_so_that_inference_is_finished() {
        let probed = Cell::parse("let mut v = Vec::new();\nv.push(1u8);\nv.len() // how many").unwrap().with_probes();
        assert!(probed.contains("v.len(); { let _: PerturbookProbe0 = (v,); }  // how many"), "{probed}");
    }

    #[test]
    fn statements_and_question_marks_are_marked_with_their_lines() {
        let source = "// comment\nlet a: u8 =\n    f(g()?)?;\na";
        assert_eq!(
            Cell::parse(source).unwrap().instrumented(&BTreeMap::new(), 7, false),
            "// comment\nperturbook::cell::begin(7); perturbook::cell::at(2); let a: u8 =\n    perturbook::cell::tried(3, f(\
             perturbook::cell::tried(3, g())?))?;\nperturbook::cell::at(4); a"
        );
    }

    #[test]
    fn a_question_mark_at_the_start_of_a_statement_stays_inside_it() {
        assert_eq!(
            Cell::parse("f()?;").unwrap().instrumented(&BTreeMap::new(), 7, false),
            "perturbook::cell::begin(7); perturbook::cell::at(1); perturbook::cell::tried(1, f())?; perturbook::cell::end();"
        );
        assert_eq!(
            Cell::parse("f()?.g()?;").unwrap().instrumented(&BTreeMap::new(), 7, false),
            "perturbook::cell::begin(7); perturbook::cell::at(1); perturbook::cell::tried(1, perturbook::cell::tried(1, f())?.g())?; \
             perturbook::cell::end();"
        );
    }

    #[test]
    fn a_value_is_shown_by_the_library_and_keeps_its_line() {
        let marked = Cell::parse("let a: u8 = 1;\nf(a)? // why").unwrap().instrumented(&BTreeMap::new(), 7, true);
        let tail = marked.lines().nth(1).unwrap();
        assert!(tail.starts_with("perturbook::cell::at(2); match (perturbook::cell::tried(2, f(a))?) { ref"), "{tail}");
        assert!(tail.ends_with("perturbook::cell::end(); } }; // why"), "{tail}");
        for code in ["thread_local! { static A: u8 = 1 }", "for _ in 0..3 {}", "f();", "fn f() {}"] {
            assert!(!Cell::parse(code).unwrap().has_value(), "{code}");
        }
    }

    #[test]
    fn each_question_mark_of_a_chain_has_its_own_line() {
        let marked = Cell::parse("f()?\n.g()?;").unwrap().instrumented(&BTreeMap::new(), 7, false);
        assert!(marked.contains("tried(2, perturbook::cell::tried(1, f())?\n.g())?;"), "{marked}");
    }

    #[test]
    fn question_marks_inside_macros_are_marked_too() {
        let marked = Cell::parse("println!(\"{}\", f()?);").unwrap().instrumented(&BTreeMap::new(), 7, false);
        assert!(marked.contains("println!(\"{}\", perturbook::cell::tried(1, f())?);"), "{marked}");
    }

    #[test]
    fn closures_items_commands_and_broken_code_are_left_alone() {
        let closure = "let f: Box<dyn Fn()> = Box::new(|| { g()?; });";
        assert!(!Cell::parse(closure).unwrap().instrumented(&BTreeMap::new(), 7, false).contains("tried"));
        let item = "fn f() -> Option<u8> { None?; None }";
        assert_eq!(Cell::parse(item).unwrap().instrumented(&BTreeMap::new(), 7, false), item);
        let command = ":dep serde = \"1\"\nlet µ = 1;";
        assert!(
            Cell::parse(command)
                .unwrap()
                .instrumented(&BTreeMap::new(), 7, false)
                .starts_with(":dep serde = \"1\"\nperturbook::")
        );
        assert_eq!(Cell::parse("let x = 1;\nlet y = ;").unwrap_err(), ("expected an expression".to_owned(), 2));
    }

    #[test]
    fn types_are_read_from_the_compiler_message() {
        let message = "expected struct `PerturbookProbe3`\n  found tuple `(perturbook_facade::screen::Profiles,)`";
        assert_eq!(probed_type(message), Some((3, Ok("::perturbook::screen::Profiles".to_owned()))));
        let nested = "expected struct `ctx::PerturbookProbe12`\n found tuple `(Vec<(u8, f32)>,)`";
        assert_eq!(probed_type(nested), Some((12, Ok("Vec<(u8, f32)>".to_owned()))));
        let renamed =
            "expected struct `PerturbookProbe0`\n found tuple `(perturbook_facade::burn::backend::burn_flex::F,)`";
        assert_eq!(probed_type(renamed), Some((0, Ok("::perturbook::burn::backend::flex::F".to_owned()))));
        let open = "expected struct `PerturbookProbe1`\n found tuple `(Vec<({integer}, {float})>,)`";
        assert_eq!(probed_type(open), Some((1, Ok("Vec<(i32, f64)>".to_owned()))));
        let borrowed = "expected struct `PerturbookProbe1`\n found tuple `(Vec<&str>, std::slice::Iter<'_, &'a u8>,)`";
        let kept = "Vec<&'static str>, std::slice::Iter<'static, &'a u8>";
        assert_eq!(probed_type(borrowed), Some((1, Ok(kept.to_owned()))));
        let closure = "expected `PerturbookProbe0`\n found tuple `({closure@src/lib.rs:1:1},)`";
        assert_eq!(probed_type(closure), Some((0, Err("{closure@src/lib.rs:1:1}".to_owned()))));
        let lazy = "expected `PerturbookProbe0`\n found tuple `(Map<Range<i32>, {closure@src/lib.rs:1:1}>,)`";
        assert!(matches!(probed_type(lazy), Some((0, Err(ty))) if ty.contains("{closure")));
        let function = "expected `PerturbookProbe0`\n found tuple `(fn(i32) -> i32 {double},)`";
        assert_eq!(probed_type(function), Some((0, Ok("fn(i32) -> i32".to_owned()))));
    }
}
