//! The piece of a cell that tells rustc what a receiver is: the finished statements before it, the blocks around it
//! opened up, and the receiver bound to a name.
//!
//! The cursor stands within blocks that are still open: `for x in xs { f(x.`. Such a piece is compiled, never run,
//! so the heads of blocks become bindings: `let x = IntoIterator::into_iter(xs).next().unwrap();`.

use std::ops::Range;

use super::text::Text;

/// What the receiver is bound to.
const NAME: &str = "perturbook_receiver";
/// First words of statements that end with their block.
const BLOCKS: &[&str] = &[
    "async",
    "enum",
    "extern",
    "fn",
    "for",
    "if",
    "impl",
    "loop",
    "macro_rules",
    "match",
    "mod",
    "pub",
    "struct",
    "trait",
    "union",
    "unsafe",
    "while",
    "{",
    "#",
];
/// First words of items whose blocks hold no statements.
const ITEMS: &[&str] = &["enum", "impl", "mod", "struct", "trait", "union", "use"];

/// The statements in a range of tokens, the last one perhaps unfinished.
pub fn statements(text: Text<'_>, range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (range.start, 0_usize);
    for n in range.clone() {
        let mut ends = false;
        match text.text(n) {
            "{" | "(" | "[" => depth += 1,
            word @ ("}" | ")" | "]") => {
                depth = depth.saturating_sub(1);
                let next = text.text(n + 1);
                ends = depth == 0
                    && word == "}"
                    && BLOCKS.contains(&text.text(start))
                    && (n + 1 == range.end || !matches!(next, "else" | "." | "?"));
            }
            ";" => ends = depth == 0,
            _ => {}
        }
        if ends {
            found.push(start..n + 1);
            start = n + 1;
        }
    }
    found.push(start..range.end);
    found
}

/// The code whose last binding is the receiver at these bytes; `text` is what stands before it.
pub fn piece(text: Text<'_>, receiver: &str) -> String {
    let mut out = String::new();
    let mut block = Block { start: 0, kind: Inside::Statements };
    let end = text.tokens.len();
    for open in open_braces(text) {
        let head = block.keep(text, open, &mut out);
        block = Block { start: open + 1, kind: inside(text, head, &mut out) };
    }
    block.keep(text, end, &mut out);
    out.push_str(&format!("let {NAME} = {receiver};"));
    out
}

/// What a block holds.
enum Inside {
    Statements,
    /// Arms, and the value that they match.
    Arms(String),
    /// Fields of a value, functions of an `impl`.
    Other,
}

struct Block {
    start: usize,
    kind: Inside,
}

impl Block {
    /// Keeps what is finished before token `end`; returns the statement that is not.
    fn keep(&self, text: Text<'_>, end: usize, out: &mut String) -> Range<usize> {
        let statements = statements(text, self.start..end);
        let last = statements.last().cloned().unwrap_or(end..end);
        match &self.kind {
            Inside::Statements => {
                if let Some(kept) = slice(text, self.start..last.start) {
                    out.push_str(kept);
                    out.push('\n');
                }
            }
            Inside::Arms(value) => {
                let arrow = (self.start..end).rev().find(|&n| text.is(n, '=') && text.is(n + 1, '>') && n + 1 < end);
                if let Some(arrow) = arrow {
                    let start = (self.start..arrow).rev().find(|&n| matches!(text.text(n), "," | "}"));
                    let start = start.map_or(self.start, |n| n + 1);
                    let guard = (start..arrow).find(|&n| text.text(n) == "if").unwrap_or(arrow);
                    let pattern = slice(text, start..guard).unwrap_or("_");
                    out.push_str(&format!("let {pattern} = {value} else {{ panic!() }};\n"));
                    return arrow + 2..end;
                }
            }
            Inside::Other => {}
        }
        last
    }
}

/// Turns the head of a block into bindings.
fn inside(text: Text<'_>, head: Range<usize>, out: &mut String) -> Inside {
    let first = first_word(text, head.clone());
    if ITEMS.contains(&first) {
        return Inside::Other;
    }
    let outside = outside_brackets(text, head.clone());
    let last = |words: &[&str]| outside.iter().rev().copied().find(|&n| words.contains(&text.text(n)));
    let Some(word) = last(&["for", "if", "while", "match", "fn", "loop", "else"]) else {
        let before = head.end.checked_sub(1).map_or("", |n| text.text(n));
        let named = before.starts_with(char::is_uppercase) && !head.clone().any(|n| text.is(n, '|'));
        return if named { Inside::Other } else { Inside::Statements };
    };
    let after = |stop: &str| outside.iter().copied().find(|&n| n > word && text.text(n) == stop);
    match text.text(word) {
        "for" => {
            if let Some(middle) = after("in")
                && let (Some(pattern), Some(values)) =
                    (slice(text, word + 1..middle), slice(text, middle + 1..head.end))
            {
                out.push_str(&format!(
                    "let {pattern} = ::std::iter::IntoIterator::into_iter({values}).next().unwrap();\n"
                ));
            }
        }
        "if" | "while" if text.text(word + 1) == "let" => {
            if let Some(middle) = after("=")
                && let (Some(pattern), Some(value)) = (slice(text, word + 2..middle), slice(text, middle + 1..head.end))
            {
                out.push_str(&format!("let {pattern} = {value} else {{ panic!() }};\n"));
            }
        }
        "match" => return Inside::Arms(slice(text, word + 1..head.end).unwrap_or("()").to_owned()),
        "fn" => {
            let open = (word..head.end).find(|&n| text.is(n, '('));
            let close = open.and_then(|open| outside.iter().copied().find(|&n| n > open && text.is(n, ')')));
            if let (Some(open), Some(close)) = (open, close) {
                parameters(text, open + 1..close, out);
            }
        }
        _ => {}
    }
    Inside::Statements
}

fn parameters(text: Text<'_>, range: Range<usize>, out: &mut String) {
    let (mut start, mut depth) = (range.start, 0_usize);
    for n in range.clone() {
        match text.text(n) {
            "(" | "[" | "<" => depth += 1,
            ")" | "]" | ">" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if n + 1 == range.end || (depth == 0 && text.is(n, ',')) {
            let end = if text.is(n, ',') { n } else { n + 1 };
            let parameter = slice(text, start..end).filter(|parameter| parameter.contains(':'));
            out.extend(parameter.map(|parameter| format!("let {parameter} = unreachable!();\n")));
            start = n + 1;
        }
    }
}

/// The first word of a statement, behind attributes and `pub`.
pub fn first_word<'a>(text: Text<'a>, statement: Range<usize>) -> &'a str {
    let mut at = statement.start;
    loop {
        let close = |open: usize| statement.clone().find(|&n| n > open && text.opening(n) == Some(open));
        at = match text.text(at) {
            "#" => match close(at + 1) {
                Some(end) => end + 1,
                None => return "",
            },
            "pub" if text.is(at + 1, '(') => match close(at + 1) {
                Some(end) => end + 1,
                None => return "",
            },
            "pub" => at + 1,
            _ if at >= statement.end => return "",
            word => return word,
        };
    }
}

/// Braces that are open at the end.
fn open_braces(text: Text<'_>) -> Vec<usize> {
    let mut open = Vec::new();
    for n in 0..text.tokens.len() {
        match text.text(n) {
            "{" | "(" | "[" => open.push(n),
            "}" | ")" | "]" => drop(open.pop()),
            _ => {}
        }
    }
    open.retain(|&n| text.is(n, '{'));
    open
}

/// Tokens of a range that are in no brackets of it; closing brackets count as outside.
fn outside_brackets(text: Text<'_>, range: Range<usize>) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for n in range {
        match text.text(n) {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            found.push(n);
        }
    }
    found
}

fn slice<'a>(text: Text<'a>, tokens: Range<usize>) -> Option<&'a str> {
    if tokens.is_empty() {
        return None;
    }
    Some(&text.code[text.tokens.get(tokens.start)?.start..text.tokens.get(tokens.end - 1)?.end])
}

#[cfg(test)]
mod tests {
    use super::super::lex::significant;
    use super::*;

    fn of(before: &str) -> String {
        let tokens = significant(before);
        piece(Text { code: before, tokens: &tokens }, "R").replace('\n', " ")
    }

    #[test]
    fn finished_statements_are_kept_and_the_open_one_is_not() {
        assert_eq!(of("let a = f()?; a.b(); let c = g("), "let a = f()?; a.b(); let perturbook_receiver = R;");
        assert_eq!(of("for x in y { z(x); } w("), "for x in y { z(x); } let perturbook_receiver = R;");
        assert_eq!(
            of("let a = if b { c } else { d }; "),
            "let a = if b { c } else { d }; let perturbook_receiver = R;"
        );
        assert_eq!(of("fn f() {} let x = "), "fn f() {} let perturbook_receiver = R;");
        assert_eq!(of(""), "let perturbook_receiver = R;");
    }

    #[test]
    fn heads_of_open_blocks_become_bindings() {
        assert_eq!(
            of("let a = 1; for (i, x) in xs.iter() { let b = 2; f(x, "),
            "let a = 1; let (i, x) = ::std::iter::IntoIterator::into_iter(xs.iter()).next().unwrap(); let b = 2; \
             let perturbook_receiver = R;"
        );
        assert_eq!(of("if let Some(x) = y { "), "let Some(x) = y else { panic!() }; let perturbook_receiver = R;");
        assert_eq!(
            of("fn f(a: &Profiles, b: [u8; 2]) -> u8 { "),
            "let a: &Profiles = unreachable!(); let b: [u8; 2] = unreachable!(); let perturbook_receiver = R;"
        );
        assert_eq!(
            of("match v { None => 1, Some(x) if x > 1 => "),
            "let Some(x) = v else { panic!() }; let perturbook_receiver = R;"
        );
        assert_eq!(of("let c = Config { a: 1, b: "), "let perturbook_receiver = R;");
        assert_eq!(of("xs.map(|x| { let y = 1; "), "let y = 1; let perturbook_receiver = R;");
    }

    #[test]
    fn first_words() {
        let code = "#[derive(Debug)] pub(crate) struct S;";
        let tokens = significant(code);
        assert_eq!(first_word(Text { code, tokens: &tokens }, 0..tokens.len()), "struct");
    }
}
