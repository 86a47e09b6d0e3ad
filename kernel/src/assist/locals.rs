//! Variables in sight of the cursor: `let`, parameters of closures and functions, `for`, `if let`, arms of a `match`.
//!
//! Tokens are enough: the text need not parse, and blocks that are closed take their variables with them.

use std::ops::Range;

use super::text::Text;

/// A variable that the cell binds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Its type as written.
    pub ty: Option<String>,
    /// Where the expression it is bound to stands, for a plain `let`.
    pub value: Option<Range<usize>>,
}

/// Variables bound before the end of `text`, the latest last.
pub fn locals(text: Text<'_>) -> Vec<Local> {
    let mut reader = Reader { text, found: Vec::new(), pending: Vec::new(), scopes: Vec::new(), owner: None };
    let mut at = 0;
    while at < text.tokens.len() {
        at = reader.step(at);
    }
    reader.found.append(&mut reader.pending);
    reader.found
}

struct Reader<'a> {
    text: Text<'a>,
    found: Vec<Local>,
    /// Bound for the block that comes next.
    pending: Vec<Local>,
    /// How many variables there were when each open bracket was opened.
    scopes: Vec<usize>,
    /// The type of the `impl` around, and how many brackets were open there.
    owner: Option<(String, usize)>,
}

impl Reader<'_> {
    /// Reads what starts at a token; returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        let text = self.text;
        match text.text(at) {
            "{" | "(" | "[" => {
                self.scopes.push(self.found.len());
                if text.is(at, '{') {
                    self.found.append(&mut self.pending);
                }
            }
            "}" | ")" | "]" => {
                let depth = self.scopes.pop().unwrap_or(0);
                self.found.truncate(depth);
                self.owner.take_if(|(_, depth)| self.scopes.len() <= *depth && text.is(at, '}'));
            }
            "let" => return self.bind(at),
            "for" if !self.in_type(at) => {
                let end = self.find(at + 1, &["in", "{", ";"]);
                let names = self.names(at + 1..end);
                self.pending.extend(names);
                return end;
            }
            "impl" => {
                let end = self.find(at + 1, &["{", ";", "where"]);
                let start = (at..end).rev().find(|&n| text.text(n) == "for").unwrap_or(at) + 1;
                self.owner = self.slice(start..end).map(|ty| (strip_parameters(&ty), self.scopes.len()));
                return end;
            }
            "fn" => return self.function(at),
            "|" if self.opens_closure(at) => return self.closure(at),
            "=" if text.is(at + 1, '>') => {
                let start = (0..at).rev().find(|&n| matches!(text.text(n), "," | "{" | "}")).map_or(0, |n| n + 1);
                let names = self.names(start..at);
                self.found.extend(names);
                return at + 2;
            }
            _ => {}
        }
        at + 1
    }

    /// `let PATTERN: TYPE = VALUE`, also behind `if` and `while`.
    fn bind(&mut self, at: usize) -> usize {
        let text = self.text;
        let end = self.find(at + 1, &["=", ";"]);
        let colon = (at + 1..end).find(|&n| text.is(n, ':') && self.depth(at + 1..n) == 0 && !self.in_path(n));
        let mut names = self.names(at + 1..colon.unwrap_or(end));
        let conditional = at > 0 && matches!(text.text(at - 1), "if" | "while" | "&");
        if let [only] = names.as_mut_slice() {
            only.ty = colon.and_then(|colon| self.slice(colon + 1..end));
            let plain = text.text(at + 1) == only.name || text.text(at + 2) == only.name && text.text(at + 1) == "mut";
            if plain && !conditional && text.is(end, '=') {
                let stop = self.find(end + 1, &[";"]);
                only.value = self.range(end + 1..stop);
            }
        }
        match conditional {
            true => self.pending.extend(names),

            false => {
                // Within its own value, which is not finished, the name still means what it meant before.
                let stop = self.find(end, &[";"]);
                if stop < text.tokens.len() {
                    self.found.extend(names);
                    return stop;
                }
            }
        }
        end + 1
    }

    fn function(&mut self, at: usize) -> usize {
        let open = self.find(at + 1, &["(", "{", ";"]);
        if !self.text.is(open, '(') {
            return open;
        }
        let close = self.close(open);
        for part in self.split(open + 1..close) {
            if part.clone().any(|n| self.text.text(n) == "self") {
                let ty = self.owner.as_ref().map(|(ty, _)| ty.clone());
                self.pending.push(Local { name: "self".to_owned(), ty, value: None });
            } else {
                let parameter = self.parameter(part);
                self.pending.extend(parameter);
            }
        }
        close + 1
    }

    fn closure(&mut self, at: usize) -> usize {
        let end = (at + 1..self.text.tokens.len()).find(|&n| self.text.is(n, '|'));
        let Some(end) = end else { return at + 1 };
        for part in self.split(at + 1..end) {
            let parameter = self.parameter(part);
            self.found.extend(parameter);
        }
        end + 1
    }

    /// `PATTERN: TYPE`
    fn parameter(&self, part: Range<usize>) -> Vec<Local> {
        let colon = part.clone().find(|&n| self.text.is(n, ':') && !self.in_path(n) && self.depth(part.start..n) == 0);
        let mut names = self.names(part.start..colon.unwrap_or(part.end));
        if let ([only], Some(colon)) = (names.as_mut_slice(), colon) {
            only.ty = self.slice(colon + 1..part.end);
        }
        names
    }

    /// Names that a pattern binds.
    fn names(&self, range: Range<usize>) -> Vec<Local> {
        let text = self.text;
        let mut found = Vec::new();
        for n in range.clone() {
            // The condition of an arm binds nothing.
            if text.text(n) == "if" {
                break;
            }
            let word = text.text(n);
            let follows = text.text(n + 1);
            let bound = text.is_ident(n)
                && word.starts_with(|c: char| c.is_lowercase() || c == '_')
                && word != "_"
                && !super::words::KEYWORDS.contains(&word)
                && !(n + 1 < range.end && matches!(follows, "(" | "{" | "!" | ":"))
                && !(n > 0 && text.is(n - 1, ':') && self.in_path(n - 1));
            if bound {
                found.push(Local { name: word.to_owned(), ..Local::default() });
            }
        }
        found
    }

    /// The first of `stops` from `from` on that is not inside brackets; the end where there is none.
    fn find(&self, from: usize, stops: &[&str]) -> usize {
        let text = self.text;
        let mut depth = 0_usize;
        for n in from..text.tokens.len() {
            let word = text.text(n);
            if depth == 0 && stops.contains(&word) {
                let longer =
                    word == "=" && (text.is(n + 1, '=') || n > 0 && matches!(text.text(n - 1), "=" | "." | "!"));
                if !longer {
                    return n;
                }
            }
            match word {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return n,
                },
                _ => {}
            }
        }
        text.tokens.len()
    }

    fn close(&self, open: usize) -> usize {
        self.find(open + 1, &[")"])
    }

    /// How many brackets are open behind a range, angle brackets included.
    fn depth(&self, range: Range<usize>) -> usize {
        range.fold(0_usize, |depth, n| match self.text.text(n) {
            "(" | "[" | "{" | "<" => depth + 1,
            ">" if n > 0 && self.text.is(n - 1, '-') => depth,
            ")" | "]" | "}" | ">" => depth.saturating_sub(1),
            _ => depth,
        })
    }

    /// The parts of a range between its commas.
    fn split(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = range.start;
        for n in range.clone() {
            if self.text.is(n, ',') && self.depth(range.start..n) == 0 {
                parts.push(start..n);
                start = n + 1;
            }
        }
        parts.push(start..range.end);
        parts
    }

    /// True for a colon of `::`.
    fn in_path(&self, n: usize) -> bool {
        self.text.is_path(n) || n > 0 && self.text.is_path(n - 1)
    }

    /// True for the `for` of `impl A for B` and `for<'a>`.
    fn in_type(&self, at: usize) -> bool {
        self.text.is(at + 1, '<') || at > 0 && (self.text.is(at - 1, '>') || self.text.is_ident(at - 1))
    }

    fn opens_closure(&self, at: usize) -> bool {
        if self.text.is(at + 1, '|') || at == 0 {
            return false;
        }
        let before = self.text.text(at - 1);
        matches!(before, "(" | "," | "=" | "{" | ";" | "[" | "move" | "return" | "else" | "&")
            || before == ">" && at > 1 && self.text.is(at - 2, '=')
    }

    fn range(&self, tokens: Range<usize>) -> Option<Range<usize>> {
        let first = self.text.tokens.get(tokens.start).filter(|_| !tokens.is_empty())?;
        Some(first.start..self.text.tokens[tokens.end.min(self.text.tokens.len()) - 1].end)
    }

    fn slice(&self, tokens: Range<usize>) -> Option<String> {
        let text = self.range(tokens).map(|range| self.text.code[range].trim().to_owned());
        text.filter(|text| !text.is_empty() && text != "_")
    }
}

/// `<T> Name<T>` without the parameters in front.
fn strip_parameters(ty: &str) -> String {
    let Some(rest) = ty.strip_prefix('<') else { return ty.to_owned() };
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return rest[at + 1..].trim().to_owned();
        }
    }
    ty.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::lex::significant;
    use super::*;

    fn names(code: &str) -> Vec<String> {
        let tokens = significant(code);
        let found = locals(Text { code, tokens: &tokens });
        found
            .into_iter()
            .map(|local| match (local.ty, local.value) {
                (Some(ty), _) => format!("{}: {ty}", local.name),
                (None, Some(value)) => format!("{} = {}", local.name, &code[value]),
                (None, None) => local.name,
            })
            .collect()
    }

    #[test]
    fn bindings_in_sight() {
        assert_eq!(names("let a = f(1)?; let mut b: Vec<u8> = c(); "), ["a = f(1)?", "b: Vec<u8>"]);
        assert_eq!(
            names("let (a, mut b) = c; let Point { x, y: z } = p; let Some(s) = o else { return };"),
            ["a", "b", "x", "z", "s"]
        );
        assert_eq!(names("{ let hidden = 1; } let a = 1; if a == 1 { let b = 2; "), ["a = 1", "b = 2"]);
        assert_eq!(names("let a = 1; let a2 = a."), ["a = 1"], "a name is not in its own value");
    }

    #[test]
    fn names_of_blocks_and_closures() {
        assert_eq!(names("for (i, x) in xs.iter() { "), ["i", "x"]);
        assert_eq!(names("for i in xs { } "), Vec::<String>::new());
        assert_eq!(names("if let Some(x) = y { "), ["x"]);
        assert_eq!(names("xs.map(|x: &f64, (a, b)| a."), ["x: &f64", "a", "b"]);
        assert_eq!(names("xs.map(|x| x + 1).sum("), Vec::<String>::new());
        assert_eq!(names("match v { Some(x) => x."), ["x"]);
    }

    #[test]
    fn parameters_and_self() {
        assert_eq!(names("fn f(a: &Profiles, b: [u8; 2]) -> u8 { "), ["a: &Profiles", "b: [u8; 2]"]);
        assert_eq!(names("impl<T> Show for Mine<T> { fn bundle(&self, n: u8) { "), ["self: Mine<T>", "n: u8"]);
        assert_eq!(names("impl Mine { fn f(&self) {} } "), Vec::<String>::new());
    }

    #[test]
    fn open_brackets_and_odd_texts() {
        for code in ["let", "let (", "fn", "fn f(", "for", "|", "impl", "=>", "let x: = ;", "}}}", "if let", "let |x"] {
            let _ = names(code);
        }
    }
}
