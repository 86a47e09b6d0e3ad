//! Is what was typed a whole input? The answer to Jupyter's `is_complete_request`.
//!
//! A console asks after each line whether to run the input or to wait for more. A scan of the text comes first: it
//! finds what is still open (delimiters, strings, block comments) and blanks what is not Rust (commands, magics,
//! requests for help). Where nothing is open, the parser decides: an input that it could follow to the very end, but
//! not beyond, goes on; an input that it could not follow that far is wrong.

use syn::parse::{ParseStream, Parser};

/// What is to be done with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More must follow; the next line starts with this indent.
    Incomplete {
        /// Spaces for the next line.
        indent: String,
    },
    /// No continuation makes it right.
    Invalid,
    /// Nested too deeply to be parsed.
    Unknown,
}

/// The parser recurses; an input that nests deeper than this is not given to it.
const DEEPEST: usize = 128;

/// What the parser meets behind the end of the input, and cannot take.
const BEYOND: char = '$';

/// Decides whether `code` is a whole input.
pub fn is_complete(code: &str) -> Completeness {
    if is_help(code) {
        return Completeness::Complete;
    }
    let scan = match Scan::of(code) {
        Ok(scan) => scan,
        Err(Mismatch) => return Completeness::Invalid,
    };
    let indent = " ".repeat(4 * scan.open.len());
    match scan.ends_in {
        // Spaces would become part of the string.
        Inside::Str => return Completeness::Incomplete { indent: String::new() },
        Inside::Comment => return Completeness::Incomplete { indent },
        Inside::Code if !scan.open.is_empty() => return Completeness::Incomplete { indent },
        Inside::Code if scan.deepest > DEEPEST => return Completeness::Unknown,
        Inside::Code => {}
    }
    if cell.parse_str(&scan.rust).is_ok() {
        return Completeness::Complete;
    }
    // The same once more with something behind its end: did the parser come that far?
    let end = scan.rust.len() + 1;
    match cell.parse_str(&format!("{}\n{BEYOND}", scan.rust)) {
        Err(error) if error.span().byte_range().start == end => Completeness::Incomplete { indent },
        _ => Completeness::Invalid,
    }
}

/// Statements, perhaps with inner attributes before them.
fn cell(input: ParseStream<'_>) -> syn::Result<()> {
    input.call(syn::Attribute::parse_inner)?;
    input.call(syn::Block::parse_within)?;
    Ok(())
}

/// A delimiter was closed that was not open.
#[derive(Debug)]
struct Mismatch;

/// Where the input ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Str,
    Comment,
}

/// What one pass over the text finds.
#[derive(Debug)]
struct Scan {
    /// The text without commands, magics and requests for help.
    rust: String,
    /// The closers that are still missing.
    open: Vec<char>,
    /// The most delimiters that were open at once.
    deepest: usize,
    ends_in: Inside,
}

impl Scan {
    fn of(code: &str) -> Result<Self, Mismatch> {
        let mut scan = Self { rust: String::new(), open: Vec::new(), deepest: 0, ends_in: Inside::Code };
        // True until the first line of Rust: magics lead a cell.
        let mut leading = true;
        // True where a statement may start.
        let mut between = true;
        let mut rest = code;
        while !rest.is_empty() {
            let line_starts = scan.rust.is_empty() || scan.rust.ends_with('\n');
            if line_starts && scan.open.is_empty() {
                let line = rest.split('\n').next().unwrap_or_default();
                if is_command(line) || (leading && line.starts_with('%')) || (between && is_help(line)) {
                    rest = &rest[line.len()..];
                    // An empty line, so that the end of this line ends nothing else.
                    scan.rust.push(' ');
                    continue;
                }
                leading &= line.trim().is_empty();
            }
            let token = Token::first(rest);
            match token.kind {
                Kind::Opener(closer) => {
                    scan.open.push(closer);
                    scan.deepest = scan.deepest.max(scan.open.len());
                }
                Kind::Closer(closer) => {
                    if scan.open.pop() != Some(closer) {
                        return Err(Mismatch);
                    }
                }
                Kind::Open(inside) => scan.ends_in = inside,
                Kind::Blank | Kind::Other => {}
            }
            let text = &rest[..token.length];
            if !matches!(token.kind, Kind::Blank) {
                between = matches!(text, ";" | "}");
            }
            scan.rust.push_str(text);
            rest = &rest[token.length..];
        }
        Ok(scan)
    }
}

/// `:command` or `!shell`.
fn is_command(line: &str) -> bool {
    (line.starts_with(':') && !line.starts_with("::")) || line.starts_with('!')
}

/// `?name`, `name?` and `name??`, for a path, a macro or a method.
fn is_help(line: &str) -> bool {
    let line = line.trim();
    let name = line.trim_matches('?');
    let name_of = name.trim().strip_suffix('!').unwrap_or(name.trim());
    name.len() < line.len()
        && name_of.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name_of.chars().all(|c| c.is_alphanumeric() || "_:.".contains(c))
}

/// As much of Rust's lexer as tells where delimiters count.
struct Token {
    kind: Kind,
    /// In bytes; never 0.
    length: usize,
}

enum Kind {
    /// `(`, `[` or `{`, with what closes it.
    Opener(char),
    Closer(char),
    /// A string or a comment that the end of the text cuts off.
    Open(Inside),
    /// White space or a comment.
    Blank,
    /// Whatever else, a whole string or a whole word included.
    Other,
}

impl Token {
    /// The token that `text`, which is not empty, starts with.
    fn first(text: &str) -> Self {
        let first = text.chars().next().unwrap_or_default();
        let (kind, length) = match first {
            '(' => (Kind::Opener(')'), 1),
            '[' => (Kind::Opener(']'), 1),
            '{' => (Kind::Opener('}'), 1),
            ')' | ']' | '}' => (Kind::Closer(first), 1),
            '/' if text.starts_with("//") => (Kind::Blank, text.find('\n').unwrap_or(text.len())),
            '/' if text.starts_with("/*") => match block_comment(text) {
                Some(length) => (Kind::Blank, length),
                None => (Kind::Open(Inside::Comment), text.len()),
            },
            '"' => string(text, 0),
            '\'' => (Kind::Other, quote(text)),
            _ if first.is_whitespace() => (Kind::Blank, first.len_utf8()),
            _ if first.is_alphanumeric() || first == '_' => word(text),
            _ => (Kind::Other, first.len_utf8()),
        };
        Self { kind, length }
    }
}

/// The length of a block comment, those inside it included; `None` where it does not end.
fn block_comment(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// A string whose opening quote is at `quote`.
fn string(text: &str, quote: usize) -> (Kind, usize) {
    let mut escaped = false;
    for (at, c) in text[quote + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (Kind::Other, quote + 1 + at + 1),
            _ => {}
        }
    }
    (Kind::Open(Inside::Str), text.len())
}

/// A raw string whose hashes start at `hashes`; `None` where no string follows them.
fn raw_string(text: &str, hashes: usize) -> Option<(Kind, usize)> {
    let count = text[hashes..].chars().take_while(|&c| c == '#').count();
    let body = hashes + count + 1;
    if !text[hashes + count..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(count));
    Some(match text[body..].find(&end) {
        Some(at) => (Kind::Other, body + at + end.len()),
        None => (Kind::Open(Inside::Str), text.len()),
    })
}

/// A word or a number; a string when the word is a string's prefix.
fn word(text: &str) -> (Kind, usize) {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let string = match &text[..length] {
        "r" | "br" | "cr" => raw_string(text, length),
        "b" | "c" if text[length..].starts_with('"') => Some(string(text, length)),
        _ => None,
    };
    string.unwrap_or((Kind::Other, length))
}

/// The length of a character literal, or of the quote that starts a lifetime.
fn quote(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => {
            // The escaped character is no end, whatever it is.
            characters.next();
            let end = characters.find(|&(_, c)| c == '\'' || c == '\n');
            end.map_or(1, |(at, c)| if c == '\'' { at + 1 } else { 1 })
        }
        Some(_) => characters.next().filter(|&(_, c)| c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indent(spaces: usize) -> Completeness {
        Completeness::Incomplete { indent: " ".repeat(spaces) }
    }

    #[track_caller]
    fn all(expected: &Completeness, codes: &[&str]) {
        for code in codes {
            assert_eq!(is_complete(code), *expected, "{code}");
        }
    }

    #[test]
    fn whole_inputs_are_complete() {
        all(
            &Completeness::Complete,
            &[
                "",
                "  \n\n",
                "// only a comment",
                "/* a /* nested */ comment */",
                "1 + 1",
                "let x = 1;",
                "let x = 1; // and why (because",
                "let x = 1; /* ( */",
                "x;",
                "screen.load()?",
                "screen\n    .rows()\n    .filter(|row| row.kept)",
                "println!(\"{}\", x)",
                "vec![1, 2]",
                "fn f() -> u8 {\n    1\n}",
                "struct A;\nstruct B { c: u8 }",
                "#[derive(Debug)]\nstruct A;",
                "#![allow(dead_code)]",
                "use std::fs;",
                "let a: Vec<Vec<u8>> = vec![];",
                "let f = |x: u8| x + 1;",
                "1..",
                "return",
                "'outer: loop { break 'outer; }",
                "macro_rules! m { ($x:expr) => { $x }; }",
                "let r#type = 1;",
            ],
        );
    }

    #[test]
    fn what_the_user_may_but_need_not_continue_is_complete() {
        let inputs = ["if x {}", "if x { 1 } else if y { 2 }", "match x {}", "foo\n    .bar()", "struct A {}", "x\n"];
        all(&Completeness::Complete, &inputs);
    }

    #[test]
    fn an_error_at_the_very_end_asks_for_more() {
        all(
            &indent(0),
            &[
                "let x =",
                "let x",
                "let",
                "let x = 1",
                "let x: Vec<",
                "fn",
                "fn f()",
                "fn f() -> u8",
                "x +",
                "x &&\n",
                "&",
                "foo.",
                "foo\n    .",
                "foo::",
                "if a",
                "if a {} else",
                "if let Some(x) =",
                "for x in",
                "for x in y",
                "while x",
                "loop",
                "match x",
                "|x|",
                "x as",
                "x =",
                "let x = if a { 1 }",
                "#[derive(Debug)]",
                "#[derive(Debug)] // for the figure",
                "pub",
                "pub struct",
                "struct A",
                "struct A<T>",
                "enum A",
                "impl A",
                "impl A for",
                "trait A",
                "use std",
                "use std::",
                "mod m",
                "const A: u8 =",
                "type A =",
                "unsafe",
                "async fn f()",
                "macro_rules! m",
                "println!",
                "'outer:",
                "let x = 1;\nlet y =",
                "fn f()\nwhere",
            ],
        );
    }

    #[test]
    fn the_next_line_is_indented_by_what_is_open() {
        let cases = [
            ("fn f() {", 4),
            ("fn f() {\n    if x {", 8),
            ("fn f() {\n    if x {\n        y();\n    }", 4),
            ("foo(", 4),
            ("let v = vec![", 4),
            ("let v = vec![\n    (1, 2),", 4),
            ("rows.map(|row| {", 8),
            ("match x {\n    1 => {}", 4),
            ("let x = '{'; f(", 4),
            ("f( // )", 4),
            ("f( /* )", 4),
            ("/* ( [ {", 0),
            ("/* /* */", 0),
        ];
        for (code, spaces) in cases {
            assert_eq!(is_complete(code), indent(spaces), "{code}");
        }
    }

    #[test]
    fn an_open_string_asks_for_more_without_indent() {
        all(&indent(0), &["let x = \"a", "f(\"a\\\"", "r\"a\\", "r#\"a\"", "br##\"a\"#", "b\"a", "c\"a", "\"a\nb"]);
    }

    #[test]
    fn delimiters_in_strings_and_characters_do_not_count() {
        all(
            &Completeness::Complete,
            &[
                "let x = \"(\";",
                "let x = \"\\\"(\";",
                "let x = r\"\\\";",
                "let x = r#\"\"(\"#;",
                "let x = b\"{\";",
                "let x = c\"{\";",
                "let x = br#\"\"{\"#;",
                "let x = '(';",
                "let x = '\\'';",
                "let x = '\"';",
                "let x = b'{';",
                "let x = '\\u{7b}';",
                "let x = 'µ';",
                "let x: &'static str = \"a\";",
                "fn f<'a>(x: &'a str, y: &'a str) -> &'a str { x }",
                "let x = (1 /* ) */);",
            ],
        );
    }

    #[test]
    fn what_no_continuation_repairs_is_invalid() {
        all(
            &Completeness::Invalid,
            &[
                ")",
                "f())",
                "(]",
                "fn f() { ) }",
                "let = 1;",
                "let y = ;",
                "x = = 1",
                "else {}",
                "let x = 1 2;",
                "fn f(x: ) {}",
                "f(1 +)",
                "let x = 1;\nlet y = ;\nlet z =",
                "let x = 'ab';",
                "`ls`",
            ],
        );
    }

    #[test]
    fn commands_shell_lines_and_magics_are_complete() {
        all(
            &Completeness::Complete,
            &[
                ":vars",
                ":dep serde = { version = \"1\"",
                "!echo \"it's (",
                "!ls\n!pwd",
                ":dep serde = \"1\"\nlet x = 1;",
                "let x = 1;\n:vars",
                "%%time",
                "%%time\nlet x = 1;",
                "\n%%time (\nlet x = 1;",
            ],
        );
        all(&indent(4), &["%%time\nfor x in y {", ":vars\nf("]);
        all(&indent(0), &["%%time\nlet x ="]);
        // An operator at the start of a line within delimiters, and a path.
        all(&Completeness::Complete, &["f(a &&\n!b)", "::std::mem::drop(1)"]);
    }

    #[test]
    fn requests_for_help_are_complete() {
        all(
            &Completeness::Complete,
            &[
                "Screen?",
                "Screen??",
                "?Screen",
                "??Screen",
                "? Screen",
                "screen.load?",
                "?evaluate::recall",
                "println!?",
                "?Screen\nlet x = 1;",
                "Screen?\nlet x = 1;",
                "let x = 1;\n?x",
            ],
        );
        all(&Completeness::Invalid, &["?", "x ? y"]);
        // The operator, where it is no request.
        all(&indent(4), &["fn f() {\n    x?"]);
        all(&Completeness::Complete, &["a +\nb?"]);
    }

    #[test]
    fn depth_that_would_exhaust_the_parser_is_not_parsed() {
        let deep = |n| format!("{}{}", "(".repeat(n), ")".repeat(n));
        assert_eq!(is_complete(&deep(100)), Completeness::Complete);
        assert_eq!(is_complete(&deep(100_000)), Completeness::Unknown);
    }
}
