//! What stands at the cursor: a path, a method, a plain name, or nothing to complete.

use std::ops::Range;

use super::lex::{Kind, Token, lex};
use super::text::Text;

/// Names after which a new name is made up.
const NEW_NAME: &[&str] = &["let", "fn", "struct", "enum", "trait", "mod", "type", "const", "static", "union"];

/// What a name at the cursor follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Inside a string, comment, number, lifetime, or where a new name is declared.
    Nothing,
    /// `a::b::` with these names in front; a leading `::` is an empty name.
    Path(Vec<String>),
    /// `receiver.` with the receiver at these bytes.
    Method(Range<usize>),
    /// Nothing that says more.
    Name,
}

/// The name at the cursor and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the name follows.
    pub place: Place,
    /// The name's bytes; empty where none is typed yet.
    pub name: Range<usize>,
    /// The cursor itself, within the text and between characters.
    pub at: usize,
    /// True within a `use` declaration.
    pub in_use: bool,
    /// True right after `let`, `fn` and the like.
    pub declared: bool,
    /// Tokens of the whole text, without comments.
    pub tokens: Vec<Token>,
    /// How many of them stand in front of the name.
    pub before: usize,
}

impl Cursor {
    /// Looks at `cursor` in `code`, for completion.
    pub fn find(code: &str, cursor: usize) -> Self {
        let at = inside(code, cursor);
        let all = lex(code);
        let touching = all.iter().find(|token| token.start < at && at <= token.end);
        let nothing = touching.is_some_and(|token| match token.kind {
            Kind::Comment(open) | Kind::Text(open) => {
                let open = if matches!(token.kind, Kind::Text(_)) { !open } else { open };
                at < token.end || open
            }
            Kind::Number | Kind::Lifetime => true,
            _ => false,
        });
        let name = touching.filter(|token| token.kind == Kind::Ident).map_or(at..at, Token::range);
        let mut cursor = Self::around(code, all, name, at);
        if nothing || cursor.declared {
            cursor.place = Place::Nothing;
        }
        cursor
    }

    /// Looks for the name at or just before `cursor`, or the function whose call has just been opened.
    pub fn name_at(code: &str, cursor: usize) -> Option<Self> {
        let at = inside(code, cursor);
        let all = lex(code);
        let ident = |token: &&Token| token.kind == Kind::Ident;
        let touched = all.iter().filter(ident).find(|token| token.start <= at && at <= token.end).map(Token::range);
        let name = touched.or_else(|| {
            let mut before = all.iter().filter(|token| token.end <= at).rev();
            before.next().filter(|token| token.is('('))?;
            before.find(|token| !token.is('!')).filter(ident).map(Token::range)
        })?;
        Some(Self::around(code, all, name, at))
    }

    fn around(code: &str, all: Vec<Token>, name: Range<usize>, at: usize) -> Self {
        let tokens: Vec<Token> = all.into_iter().filter(|token| !matches!(token.kind, Kind::Comment(_))).collect();
        let before = tokens.iter().take_while(|token| token.end <= name.start).count();
        let text = Text { code, tokens: &tokens };
        let in_use = text.in_use(before);
        let place = text.place(before, in_use);
        let declared = match before.checked_sub(1).map(|last| text.text(last)) {
            Some("mut") => before >= 2 && text.text(before - 2) == "let",
            Some(word) => NEW_NAME.contains(&word),
            None => false,
        };
        Self { place, name, at, in_use, declared, tokens, before }
    }

    /// The code up to the name, as tokens.
    pub fn text<'a>(&'a self, code: &'a str) -> Text<'a> {
        Text { code, tokens: &self.tokens[..self.before] }
    }
}

/// `cursor`, moved into the text and to the start of a character.
fn inside(code: &str, cursor: usize) -> usize {
    let mut at = cursor.min(code.len());
    while !code.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place at `|`: `.` and the receiver, `::` and the path, or the name.
    fn place(marked: &str) -> String {
        let at = marked.find('|').unwrap();
        let code = marked.replacen('|', "", 1);
        let cursor = Cursor::find(&code, at);
        let name = &code[cursor.name.clone()];
        match cursor.place {
            Place::Nothing => "nothing".to_owned(),
            Place::Path(path) => format!("{}::{name}", path.join("::")),
            Place::Method(receiver) => format!("{} . {name}", &code[receiver]),
            Place::Name => format!("name {name}"),
        }
    }

    #[test]
    fn receivers_reach_back_to_the_start_of_their_expression() {
        assert_eq!(place("let x = df.he|"), "df . he");
        assert_eq!(place("f(a, b.c(1)?.d[2].|"), "b.c(1)?.d[2] . ");
        assert_eq!(place("return a::B::new(x)?\n.m|"), "a::B::new(x)?\n . m");
        assert_eq!(place("for x in xs.i|ter() {"), "xs . iter");
        assert_eq!(place("-x.|"), "x . ");
        assert_eq!(place("vec![1, 2].|"), "vec![1, 2] . ");
        assert_eq!(place("x.collect::<Vec<_>>().|"), "x.collect::<Vec<_>>() . ");
        assert_eq!(place("Vec::<u8>::new().|"), "Vec::<u8>::new() . ");
        assert_eq!(place("(a + b).|"), "(a + b) . ");
        assert_eq!(place("if (a + b).|"), "(a + b) . ");
        assert_eq!(place("Config { a: 1 }.|"), "Config { a: 1 } . ");
        assert_eq!(place("\"text\".|"), "\"text\" . ");
        assert_eq!(place("a => b.|"), "b . ");
    }

    #[test]
    fn paths_and_uses() {
        assert_eq!(place("perturbook::evaluate::|"), "perturbook::evaluate::");
        assert_eq!(place("let c = Convention::Two|"), "Convention::Two");
        assert_eq!(place("Tensor::<2>::fr|"), "Tensor::fr");
        assert_eq!(place("Vec<u8>::|"), "Vec::");
        assert_eq!(place("::std::|"), "::std::");
        assert_eq!(place("use pol|"), "name pol");
        assert_eq!(place("use perturbook::eval|"), "perturbook::eval");
        assert_eq!(place("use polars::{prelude::*, lazy::{dsl::|"), "polars::lazy::dsl::");
        assert_eq!(place("use polars::{prelude::*, la|"), "polars::la");
        assert_eq!(place("use a::b;\nTab|"), "name Tab");
    }

    #[test]
    fn nothing_is_completed_in_text_and_new_names() {
        for marked in
            ["\"a b|c\"", "// se|", "/* a| */", "let re|", "let mut x|", "fn f|", "1|", "'a|", "\"open |", "1|"]
        {
            assert_eq!(place(marked), "nothing", "{marked}");
        }
        assert_eq!(place("\"done\" + x|"), "name x");
        assert_eq!(place("0..n|"), "name n");
        assert_eq!(place("|"), "name ");
    }

    #[test]
    fn odd_positions_do_no_harm() {
        assert_eq!(Cursor::find("µ", 1).at, 0);
        assert_eq!(Cursor::find("ab", 99).at, 2);
        for marked in [").|", "}.|", "?.|", ">::|", "::|", "..|", ".|", "<>::|", "!().|", "a..b.|"] {
            let _ = place(marked);
        }
    }

    #[test]
    fn the_name_to_inspect() {
        let name = |marked: &str| {
            let at = marked.find('|').unwrap();
            let code = marked.replacen('|', "", 1);
            Cursor::name_at(&code, at).map(|cursor| code[cursor.name].to_owned())
        };
        assert_eq!(name("rec|all(x)").as_deref(), Some("recall"));
        assert_eq!(name("recall|").as_deref(), Some("recall"));
        assert_eq!(name("recall(|").as_deref(), Some("recall"));
        assert_eq!(name("println!(|").as_deref(), Some("println"));
        assert_eq!(name("1 + |2"), None);
    }
}
