//! What a request is about: the name at the cursor, what is in scope there, and the type of the receiver.

use super::Request;
use super::cursor::Cursor;
use super::guess::Guess;
use super::index::Library;
use super::locals::{Local, locals};
use super::piece::{piece, statements};
use super::scope::Scope;
use super::text::Text;
use super::types::Type;

/// Everything that is known at the cursor.
pub struct Subject<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The name at the cursor.
    pub cursor: Cursor,
    /// Names in scope.
    pub scope: Scope<'a>,
    /// Variables of the cell, the latest last.
    pub locals: Vec<Local>,
}

/// Runs `work` on a thread of its own: the parser keeps every text it has seen until its thread ends.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work);
        thread.ok()?.join().ok()
    })
}

impl<'a> Subject<'a> {
    /// Looks around the cursor.
    pub fn new(library: &'a Library, request: &Request<'a>, cursor: Cursor) -> Self {
        let cells = request.items.iter().map(String::as_str).chain([request.code]);
        let scope = Scope::new(library, cells);
        let locals = locals(cursor.text(request.code));
        Self { request: *request, cursor, scope, locals }
    }

    fn guess(&self) -> Guess<'_> {
        let (code, variables) = (self.request.code, self.request.variables);
        Guess { scope: &self.scope, code, locals: &self.locals, variables }
    }

    /// The code that asks rustc for the type of an expression at these bytes; `None` where the answer is known.
    pub fn question(&self, receiver: &std::ops::Range<usize>) -> Option<String> {
        let code = self.request.code;
        let text = &code[receiver.clone()];
        if self.told(text).is_some() {
            return None;
        }
        let tokens = &self.cursor.tokens;
        let before = tokens.iter().take_while(|token| token.end <= receiver.start).count();
        Some(piece(Text { code, tokens: &tokens[..before] }, text))
    }

    /// The code that asks for the type of a variable behind the statement that binds it at the cursor.
    pub fn question_of_binding(&self, name: &str) -> String {
        let (code, tokens) = (self.request.code, &self.cursor.tokens);
        let all = Text { code, tokens };
        let mut end = self.cursor.before;
        for statement in statements(all, 0..tokens.len()) {
            if statement.contains(&self.cursor.before) {
                end = statement.end;
            }
        }
        piece(Text { code, tokens: &tokens[..end] }, name)
    }

    /// The type of a variable, or of fields of one, that needs no asking.
    fn told(&self, text: &str) -> Option<Type> {
        let mut names = text.split('.').map(str::trim);
        let first = names.next()?;
        let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
        if !plain(first) || first.starts_with(|c: char| c.is_ascii_digit()) || !names.all(plain) {
            return None;
        }
        let local = self.locals.iter().rev().find(|local| local.name == first);
        match local {
            Some(Local { ty: None, .. }) => None,
            // The type is known even where the index has nothing about it: asking again would not help.
            _ => self.guess().text(text, 0),
        }
    }

    /// True for a variable of an earlier cell that this one does not bind anew.
    pub fn is_variable(&self, text: &str) -> bool {
        self.request.variables.contains_key(text) && !self.locals.iter().any(|local| local.name == text)
    }

    /// The type of an expression, by rustc's answer if there is one.
    pub fn receiver(&self, text: &str, answer: Option<&str>) -> Option<Type> {
        answer.and_then(|answer| self.scope.type_of_text(answer)).or_else(|| self.guess().text(text, 0))
    }
}
