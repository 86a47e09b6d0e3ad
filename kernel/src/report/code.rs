//! Rust source, coloured.
//!
//! A scanner splits the text into tokens and gives each a one-letter class: `k` keyword, `t` type, `f` function,
//! `m` macro, `s` string or character, `n` number, `l` lifetime, `a` attribute, `c` comment. It never fails: text
//! that is not Rust just gets fewer colours, and every character of the source is in the result.

use super::html::push_escaped;

const KEYWORDS: [&str; 40] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "union", "unsafe", "use", "where", "while", "yield",
];

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16", "u32", "u64", "u128",
    "usize",
];

/// HTML of Rust source, for use inside `<pre><code>`.
pub fn rust(source: &str) -> String {
    let mut out = String::with_capacity(2 * source.len());
    let mut rest = source;
    while !rest.is_empty() {
        let (length, class) = token(rest);
        let (text, after) = rest.split_at(length);
        if let Some(class) = class {
            out += &format!("<span class=\"{class}\">");
            push_escaped(&mut out, text);
            out.push_str("</span>");
        } else {
            push_escaped(&mut out, text);
        }
        rest = after;
    }
    out
}

/// Length in bytes and class of the token that `rest` (which is not empty) begins with.
fn token(rest: &str) -> (usize, Option<char>) {
    let first = rest.chars().next().unwrap_or_default();
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Some('c'));
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Some('c'));
    }
    if rest.starts_with("#[") || rest.starts_with("#![") {
        return (attribute(rest), Some('a'));
    }
    if let Some(length) = string(rest) {
        return (length, Some('s'));
    }
    if first == '\'' {
        return character_or_lifetime(rest);
    }
    if first.is_ascii_digit() {
        return (number(rest), Some('n'));
    }
    if is_word(first) {
        let length = while_chars(rest, is_word);
        return (length, word(&rest[..length], &rest[length..]));
    }
    // Everything up to where another token can begin.
    let begins = |c: char| is_word(c) || matches!(c, '/' | '#' | '"' | '\'');
    (first.len_utf8() + while_chars(&rest[first.len_utf8()..], |c| !begins(c)), None)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Bytes of the leading characters that satisfy a condition.
fn while_chars(text: &str, condition: impl Fn(char) -> bool) -> usize {
    text.find(|c| !condition(c)).unwrap_or(text.len())
}

fn word(word: &str, after: &str) -> Option<char> {
    let after = after.trim_start_matches(' ');
    if KEYWORDS.contains(&word) {
        Some('k')
    } else if after.starts_with('!') && !after.starts_with("!=") {
        Some('m')
    } else if PRIMITIVES.contains(&word) {
        Some('t')
    } else if word.starts_with(char::is_uppercase) {
        // GENES is a constant, Genes a type.
        (word.len() == 1 || word.contains(char::is_lowercase)).then_some('t')
    } else {
        (after.starts_with('(') || after.starts_with("::<")).then_some('f')
    }
}

/// Comments of this kind nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn attribute(rest: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return at + 1,
            b']' => depth -= 1,
            _ => {}
        }
    }
    rest.len()
}

/// Length of a string literal of any kind: plain, byte, C, raw.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|after| {
            after.starts_with('"') || prefix.ends_with('r') && after.trim_start_matches('#').starts_with('"')
        })
    })?;
    if prefix.ends_with('r') {
        let hashes = while_chars(&rest[prefix.len()..], |c| c == '#');
        let open = prefix.len() + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(rest[open..].find(&close).map_or(rest.len(), |at| open + at + close.len()));
    }
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(prefix.len() + 1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn character_or_lifetime(rest: &str) -> (usize, Option<char>) {
    let mut inside = rest.chars().skip(1);
    let (first, second) = (inside.next(), inside.next());
    match (first, second) {
        (Some('\\'), Some(escaped)) => {
            let known = 2 + escaped.len_utf8();
            match rest[known..].find(['\'', '\n']) {
                Some(at) if rest[known + at..].starts_with('\'') => (known + at + 1, Some('s')),
                _ => (1, None),
            }
        }
        (Some(c), Some('\'')) => (c.len_utf8() + 2, Some('s')),
        (Some(c), _) if is_word(c) => (1 + while_chars(&rest[1..], is_word), Some('l')),
        _ => (1, None),
    }
}

/// Digits, prefix, suffix, point and exponent; the points of a range or a method call stay outside.
fn number(rest: &str) -> usize {
    let mut length = while_chars(rest, is_word);
    let after = &rest[length..];
    if let Some(fraction) = after.strip_prefix('.') {
        match fraction.chars().next() {
            Some(c) if c.is_ascii_digit() => length += 1 + while_chars(fraction, is_word),
            Some(c) if c == '.' || is_word(c) => return length,
            _ => length += 1,
        }
    }
    let signed = rest[length..].strip_prefix(['-', '+']).map(|after| while_chars(after, |c| c.is_ascii_digit()));
    let decimal = !rest.starts_with("0x");
    match signed {
        Some(digits) if digits > 0 && decimal && rest[..length].ends_with(['e', 'E']) => length + 1 + digits,
        _ => length,
    }
}

#[cfg(test)]
mod tests {
    use super::rust;

    /// Tokens as `class:text`, plain text left out.
    fn tokens(source: &str) -> Vec<String> {
        let html = rust(source);
        let spans = html.split("<span class=\"").skip(1);
        spans.filter_map(|span| Some(span.split_once("</span>")?.0.replacen("\">", ":", 1))).collect()
    }

    #[test]
    fn tokens_get_their_class() {
        assert_eq!(
            tokens("let mut screen: Screen<'a, f32> = datasets::load(\"x\\\" {}\", 1_000.5e-3)?; // why"),
            [
                "k:let",
                "k:mut",
                "t:Screen",
                "l:'a",
                "t:f32",
                "f:load",
                "s:&quot;x\\&quot; {}&quot;",
                "n:1_000.5e-3",
                "c:// why"
            ]
        );
        assert_eq!(tokens("println!(\"{GENES:?}\");"), ["m:println!".trim_end_matches('!'), "s:&quot;{GENES:?}&quot;"]);
        assert_eq!(tokens("#[derive(Debug)] struct A;"), ["a:#[derive(Debug)]", "k:struct", "t:A"]);
        assert_eq!(
            tokens("for i in 0..10 { x[0].sum::<f64>() }"),
            ["k:for", "k:in", "n:0", "n:10", "n:0", "f:sum", "t:f64"]
        );
        assert_eq!(tokens("a != b"), [""; 0]);
        assert_eq!(tokens("'x' '\\'' '\\u{1f}' b'c'"), ["s:'x'", "s:'\\''", "s:'\\u{1f}'", "s:'c'"]);
        assert_eq!(
            tokens("r#\"a \"quote\" b\"# /* a /* b */ c */ fn"),
            ["s:r#&quot;a &quot;quote&quot; b&quot;#", "c:/* a /* b */ c */", "k:fn"]
        );
    }

    #[test]
    fn whatever_is_put_in_comes_out() {
        for source in
            ["é'ü\"", "\"open", "/* open", "#[open", "r##\"open\"#", "'", "'\\", "0x", "1.", "1..2", "b", "α(β)"]
        {
            let plain = rust(source).replace("&quot;", "\"");
            let text: String =
                plain.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
            assert_eq!(text, source);
        }
    }
}
