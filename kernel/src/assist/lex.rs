//! Tokens of a source that need not be complete: strings, comments and brackets may be open, nothing is an error.

use std::ops::Range;

/// What a token is. Punctuation is one token for each character; `::` is two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Identifiers and keywords, raw ones (`r#type`) included.
    Ident,
    /// `'a`
    Lifetime,
    /// `1`, `0x1f`, `1.5e-3`
    Number,
    /// Strings and characters of every form; false when the end is missing.
    Text(bool),
    /// Comments, and lines of kernel commands (`:dep`, `!ls`); true when the end of the text belongs to it.
    Comment(bool),
    /// Any other character.
    Punct(char),
}

/// A token and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Byte behind the last one.
    pub end: usize,
}

impl Token {
    /// Its bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// True for this one character of punctuation.
    pub fn is(&self, punct: char) -> bool {
        self.kind == Kind::Punct(punct)
    }
}

/// All tokens of `code`, comments included.
pub fn lex(code: &str) -> Vec<Token> {
    let mut lexer = Lexer { code, at: 0 };
    let mut tokens = Vec::new();
    while let Some(c) = lexer.peek() {
        let start = lexer.at;
        if c.is_whitespace() {
            lexer.bump();
            continue;
        }
        let kind = lexer.token(c);
        tokens.push(Token { kind, start, end: lexer.at });
    }
    tokens
}

/// Tokens without comments.
pub fn significant(code: &str) -> Vec<Token> {
    lex(code).into_iter().filter(|token| !matches!(token.kind, Kind::Comment(_))).collect()
}

/// True for what may start an identifier.
pub fn starts_ident(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn continues_ident(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// `source` on one line: no comments, single spaces, no comma before a closing bracket.
pub fn one_line(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let (mut end, mut attribute) = (0, 0_usize);
    let tokens = significant(source);
    for (number, token) in tokens.iter().enumerate() {
        let text = &source[token.range()];
        // Attributes of parameters say nothing to a reader.
        let opens = text == "#" && tokens.get(number + 1).is_some_and(|next| next.is('['));
        if opens || attribute > 0 {
            attribute = match text {
                "#" if attribute == 0 => 1,
                "[" => attribute + 1,
                "]" if attribute == 2 => 0,
                "]" => attribute - 1,
                _ => attribute,
            };
            continue;
        }
        let opened = out.ends_with(['(', '[']);
        if matches!(text, ")" | "]" | "}" | ">") && out.ends_with(',') {
            out.pop();
        }
        if token.start > end && !out.is_empty() && !opened && !matches!(text, ")" | "]" | "," | ";") {
            // Chains of calls and generics that were broken over lines close up again.
            let broken = source[end..token.start].contains('\n') && (text == ">" || out.ends_with('<'));
            if !broken {
                out.push(' ');
            }
        }
        out.push_str(text);
        end = token.end;
    }
    out
}

struct Lexer<'a> {
    code: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.code[self.at..].chars().next()
    }

    fn second(&self) -> Option<char> {
        self.code[self.at..].chars().nth(1)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&keep) {
            self.bump();
        }
    }

    /// Moves behind `pattern`; to the end, and false, where it does not come.
    fn skip_past(&mut self, pattern: &str) -> bool {
        match self.code[self.at..].find(pattern) {
            Some(found) => self.at += found + pattern.len(),
            None => {
                self.at = self.code.len();
                return false;
            }
        }
        true
    }

    fn token(&mut self, c: char) -> Kind {
        let rest = &self.code[self.at..];
        let line_start = self.at == 0 || self.code[..self.at].ends_with('\n');
        let command = c == '!' || (c == ':' && !rest.starts_with("::"));
        if rest.starts_with("//") || (line_start && command) {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return Kind::Comment(true);
        }
        if rest.starts_with("/*") {
            return self.block_comment();
        }
        if let Some(kind) = self.prefixed_text(rest) {
            return kind;
        }
        match c {
            '"' => {
                self.bump();
                self.quoted('"')
            }
            '\'' => self.quote(),
            _ if c.is_ascii_digit() => self.number(),
            _ if starts_ident(c) => {
                if rest.starts_with("r#") {
                    self.at += 2;
                }
                self.skip_while(continues_ident);
                Kind::Ident
            }
            _ => {
                self.bump();
                Kind::Punct(c)
            }
        }
    }

    fn block_comment(&mut self) -> Kind {
        let mut depth = 0;
        while !self.code[self.at..].is_empty() {
            let rest = &self.code[self.at..];
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Kind::Comment(false);
                }
            } else {
                self.bump();
            }
        }
        Kind::Comment(true)
    }

    /// `r"`, `r#"`, `b"`, `br#"`, `c"`, `b'` and their kin.
    fn prefixed_text(&mut self, rest: &str) -> Option<Kind> {
        let letters = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|&n| (1..=2).contains(&n))?;
        let (prefix, after) = rest.split_at(letters);
        let raw = prefix.ends_with('r');
        let hashes = if raw { after.len() - after.trim_start_matches('#').len() } else { 0 };
        match after[hashes..].chars().next()? {
            '"' => {
                self.at += letters + hashes + 1;
                Some(match raw {
                    true => Kind::Text(self.skip_past(&format!("\"{}", "#".repeat(hashes)))),
                    false => self.quoted('"'),
                })
            }
            '\'' if prefix == "b" => {
                self.at += 2;
                Some(self.quoted('\''))
            }
            _ => None,
        }
    }

    /// The rest of a string or character, behind its first quote.
    fn quoted(&mut self, quote: char) -> Kind {
        while let Some(c) = self.bump() {
            if c == '\\' {
                self.bump();
            } else if c == quote {
                return Kind::Text(true);
            }
        }
        Kind::Text(false)
    }

    /// A lifetime or a character.
    fn quote(&mut self) -> Kind {
        self.bump();
        let lifetime = self.peek().is_some_and(starts_ident) && self.second() != Some('\'');
        if lifetime {
            self.skip_while(continues_ident);
            return Kind::Lifetime;
        }
        // An open quote does not swallow the lines that follow.
        let line_end = self.code[self.at..].find('\n').map_or(self.code.len(), |n| self.at + n);
        let at = self.at;
        let kind = self.quoted('\'');
        if self.at > line_end {
            self.at = at.max(line_end);
            return Kind::Text(false);
        }
        kind
    }

    fn number(&mut self) -> Kind {
        let hex = self.code[self.at..].starts_with("0x");
        loop {
            let before = self.at;
            self.skip_while(continues_ident);
            let exponent = !hex && self.code[before..self.at].ends_with(['e', 'E']);
            match self.peek() {
                Some('+' | '-') if exponent && self.second().is_some_and(|c| c.is_ascii_digit()) => {}
                Some('.') if self.second().is_some_and(|c| c.is_ascii_digit()) => {}
                _ => return Kind::Number,
            }
            self.bump();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(code: &str) -> Vec<&str> {
        lex(code).iter().map(|t| &code[t.range()]).collect()
    }

    #[test]
    fn tokens_of_everyday_code() {
        assert_eq!(texts("a.b(1.5, 'x', \"y\\\"z\")"), ["a", ".", "b", "(", "1.5", ",", "'x'", ",", "\"y\\\"z\"", ")"]);
        assert_eq!(
            texts("0..n; 1.max(2); 1e-3"),
            ["0", ".", ".", "n", ";", "1", ".", "max", "(", "2", ")", ";", "1e-3"]
        );
        assert_eq!(texts("&'a str r#type b'\\'' r#\"a\"b\"#"), ["&", "'a", "str", "r#type", "b'\\''", "r#\"a\"b\"#"]);
        assert_eq!(texts("x /* a /* b */ c */ y // z"), ["x", "/* a /* b */ c */", "y", "// z"]);
    }

    #[test]
    fn open_ends_are_tokens_too() {
        assert_eq!(lex("\"abc").last().unwrap().kind, Kind::Text(false));
        assert_eq!(lex("r#\"abc\"").last().unwrap().kind, Kind::Text(false));
        assert_eq!(lex("/* abc").last().unwrap().kind, Kind::Comment(true));
        assert_eq!(lex("'").last().unwrap().kind, Kind::Text(false));
        assert_eq!(texts("'\nlet µ"), ["'", "let", "µ"]);
    }

    #[test]
    fn kernel_commands_are_comments() {
        assert_eq!(significant(":dep serde = \"1\"\n!ls 'x\n::a").len(), 3);
    }

    #[test]
    fn signatures_close_up() {
        let source = "pub fn f<\n    A, // the first\n    B,\n>(\n    a: &A,\n    b: [B; 2],\n) -> Result<(A, B)>";
        assert_eq!(one_line(source), "pub fn f<A, B>(a: &A, b: [B; 2]) -> Result<(A, B)>");
        assert_eq!(one_line("struct M<K, #[unstable(feature = \"x\")] A = [K; 2]>"), "struct M<K, A = [K; 2]>");
    }
}
