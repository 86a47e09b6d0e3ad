//! A source as tokens, read backwards from the cursor: paths, receivers, brackets, `use` declarations.

use super::cursor::Place;
use super::lex::{Kind, Token};
use super::words::KEYWORDS;

/// Keywords that are part of an expression.
const VALUES: &[&str] = &["self", "Self", "crate", "super", "await", "true", "false"];

/// A source and its tokens.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    /// The source.
    pub code: &'a str,
    /// Its tokens, without comments.
    pub tokens: &'a [Token],
}

impl<'a> Text<'a> {
    /// The text of a token; empty where there is none.
    pub fn text(&self, number: usize) -> &'a str {
        self.tokens.get(number).map_or("", |token| &self.code[token.range()])
    }

    /// True when the token is this character.
    pub fn is(&self, number: usize, punct: char) -> bool {
        self.tokens.get(number).is_some_and(|token| token.is(punct))
    }

    /// True when the token is an identifier or keyword.
    pub fn is_ident(&self, number: usize) -> bool {
        self.tokens.get(number).is_some_and(|token| token.kind == Kind::Ident)
    }

    /// True when tokens `number` and the next are `::`.
    pub fn is_path(&self, number: usize) -> bool {
        self.is(number, ':') && self.is(number + 1, ':') && self.tokens[number].end == self.tokens[number + 1].start
    }

    /// The token that opens what token `close` closes.
    pub fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for number in (0..=close).rev() {
            match self.tokens[number].kind {
                Kind::Punct(')' | ']' | '}') => depth += 1,
                Kind::Punct('(' | '[' | '{') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(number);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The `<` of the `>` at `close`.
    fn opening_angle(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for number in (0..=close).rev() {
            match self.tokens[number].kind {
                Kind::Punct('>') if number > 0 && self.is(number - 1, '-') => {}
                Kind::Punct('>') => depth += 1,
                Kind::Punct('<') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(number);
                    }
                }
                Kind::Punct(';' | '{' | '}') => return None,
                _ => {}
            }
        }
        None
    }

    /// What a name behind token `before` follows.
    pub fn place(&self, before: usize, in_use: bool) -> Place {
        if before >= 2 && self.is_path(before - 2) {
            return match self.path(before - 2) {
                Some((_, path)) if in_use => Place::Path(self.use_prefix(before).into_iter().chain(path).collect()),
                Some((_, path)) => Place::Path(path),
                None => Place::Nothing,
            };
        }
        if in_use {
            let prefix = self.use_prefix(before);
            return if prefix.is_empty() { Place::Name } else { Place::Path(prefix) };
        }
        if before >= 1 && self.is(before - 1, '.') {
            if before >= 2 && self.is(before - 2, '.') {
                return Place::Name;
            }
            let end = self.tokens[before - 1].start;
            return match self.receiver(before - 1) {
                Some(start) => Place::Method(self.tokens[start].start..end),
                None => Place::Nothing,
            };
        }
        Place::Name
    }

    /// The names of the path that ends with the `::` at token `colons`, and its first token.
    fn path(&self, colons: usize) -> Option<(usize, Vec<String>)> {
        let mut names = Vec::new();
        let mut at = colons;
        loop {
            let Some(mut last) = at.checked_sub(1) else {
                names.push(String::new());
                break;
            };
            if self.is(last, '>') && !(last > 0 && self.is(last - 1, '=')) {
                let open = self.opening_angle(last)?;
                if open >= 2 && self.is_path(open - 2) {
                    last = (open - 2).checked_sub(1)?;
                } else if open >= 1 && self.is_ident(open - 1) {
                    last = open - 1;
                } else {
                    // `<T as Trait>::` and `<T>::`: the type counts.
                    let inside = self.tokens[open + 1..last].iter();
                    let inside = inside.filter(|token| token.kind == Kind::Ident);
                    names.extend(inside.take(1).map(|token| self.code[token.range()].to_owned()));
                    at = open;
                    break;
                }
            }
            let word = self.text(last);
            if !self.is_ident(last) || (KEYWORDS.contains(&word) && !VALUES.contains(&word)) {
                names.push(String::new());
                break;
            }
            names.push(word.strip_prefix("r#").unwrap_or(word).to_owned());
            at = last;
            match last.checked_sub(2).filter(|&two| self.is_path(two)) {
                Some(two) => at = two,
                None => break,
            }
        }
        names.reverse();
        Some((at, names))
    }

    /// The path that ends before token `end`, and its first token.
    pub fn path_before(&self, end: usize) -> Option<(usize, Vec<String>)> {
        let last = end.checked_sub(1).filter(|&last| self.is_ident(last))?;
        let (start, mut path) = match last.checked_sub(2).filter(|&two| self.is_path(two)) {
            Some(two) => self.path(two)?,
            None => (last, Vec::new()),
        };
        path.push(self.text(last).to_owned());
        Some((start, path))
    }

    /// The first token of the expression that ends before token `dot`.
    fn receiver(&self, dot: usize) -> Option<usize> {
        let mut at = dot.checked_sub(1)?;
        loop {
            while self.is(at, '?') {
                at = at.checked_sub(1)?;
            }
            match self.tokens[at].kind {
                Kind::Punct(')' | ']') => {
                    let open = self.opening(at)?;
                    match open.checked_sub(1) {
                        Some(before) if self.called(before) => {
                            at = before;
                            continue;
                        }
                        _ => at = open,
                    }
                }
                Kind::Punct('}') => {
                    let open = self.opening(at)?;
                    let named = open
                        .checked_sub(1)
                        .filter(|&name| self.is_ident(name) && self.text(name).starts_with(char::is_uppercase));
                    at = named.unwrap_or(open);
                }
                Kind::Punct('>') => {
                    let open = self.opening_angle(at)?;
                    let name = open.checked_sub(3).filter(|&name| self.is_path(name + 1))?;
                    at = name;
                }
                Kind::Punct('!') => at = at.checked_sub(1).filter(|&name| self.is_ident(name))?,
                Kind::Ident | Kind::Number | Kind::Text(_) => {}
                _ => return None,
            }
            if self.is_ident(at) && at >= 2 && self.is_path(at - 2) {
                at = self.path(at - 2)?.0;
            }
            match at.checked_sub(1) {
                Some(point) if self.is(point, '.') && !(point > 0 && self.is(point - 1, '.')) => {
                    at = point.checked_sub(1)?;
                }
                _ => return Some(at),
            }
        }
    }

    /// True when brackets behind this token call or index it.
    fn called(&self, number: usize) -> bool {
        match self.tokens[number].kind {
            Kind::Ident => {
                let word = self.text(number);
                !KEYWORDS.contains(&word) || VALUES.contains(&word)
            }
            Kind::Punct(')' | ']' | '?') => true,
            Kind::Punct('>') => self.opening_angle(number).is_some_and(|open| open >= 2 && self.is_path(open - 2)),
            Kind::Punct('!') => number > 0 && self.is_ident(number - 1),
            _ => false,
        }
    }

    /// True when the statement that contains token `before` is a `use`.
    pub fn in_use(&self, before: usize) -> bool {
        for number in (0..before).rev() {
            match self.text(number) {
                ";" => return false,
                "use" => return true,
                ":" | "," | "{" | "}" | "*" | "as" => {}
                _ if self.is_ident(number) => {}
                _ => return false,
            }
        }
        false
    }

    /// What stands in front of the braces around token `before`, within a `use`.
    fn use_prefix(&self, before: usize) -> Vec<String> {
        let mut depth = 0_usize;
        for number in (0..before).rev() {
            match self.text(number) {
                "}" => depth += 1,
                "{" if depth > 0 => depth -= 1,
                "{" => {
                    let path = number.checked_sub(2).filter(|&two| self.is_path(two)).and_then(|two| self.path(two));
                    let outer = self.use_prefix(number.saturating_sub(2));
                    return outer.into_iter().chain(path.map(|(_, path)| path).unwrap_or_default()).collect();
                }
                "use" | ";" => break,
                _ => {}
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::significant;
    use super::*;

    #[test]
    fn brackets_and_paths_are_found_backwards() {
        let code = "f(a[1], g::<B>::h { x";
        let tokens = significant(code);
        let text = Text { code, tokens: &tokens };
        let at = |word: &str| (0..tokens.len()).find(|&n| text.text(n) == word).unwrap();
        assert_eq!(text.opening(at("]")), Some(at("[")));
        assert_eq!(text.opening(at("x")), None);
        assert_eq!(text.path_before(at("{")), Some((at("g"), vec!["g".to_owned(), "h".to_owned()])));
        assert_eq!(text.path_before(at("(")), Some((0, vec!["f".to_owned()])));
        assert!(!text.in_use(at("x")));
    }
}
