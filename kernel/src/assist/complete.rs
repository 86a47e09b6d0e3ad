//! Completion: everything that could stand at the cursor, the best first.

use std::collections::HashSet;

use super::cursor::{Cursor, Place};
use super::index::{Id, Kind, Library};
use super::subject::{Subject, apart};
use super::words::{KEYWORDS, MACROS, PRELUDE};
use super::{Completions, Match, Request};

/// No list is longer.
const MOST: usize = 400;

/// What could stand at the cursor.
///
/// `type_of` gives the type of the last `let` binding of a piece of cell, `None` when it does not compile; it is
/// called at most once, and not at all where the receiver is a variable whose type is known.
pub fn complete(
    library: &Library,
    request: &Request<'_>,
    type_of: &mut dyn FnMut(&str) -> Option<String>,
) -> Completions {
    let prepared = apart(|| {
        let cursor = Cursor::find(request.code, request.cursor);
        let nothing = cursor.place == Place::Nothing;
        let empty = Completions { matches: Vec::new(), start: cursor.name.start, end: cursor.name.end };
        if nothing {
            return (None, None, empty);
        }
        let subject = Subject::new(library, request, cursor);
        let question = match &subject.cursor.place {
            Place::Method(receiver) if !subject.is_variable(&request.code[receiver.clone()]) => {
                subject.question(receiver)
            }
            _ => None,
        };
        (Some(subject), question, empty)
    });
    let Some((subject, question, empty)) = prepared else {
        return Completions { matches: Vec::new(), start: request.cursor, end: request.cursor };
    };
    let Some(subject) = subject else { return empty };
    let answer = question.and_then(|question| type_of(&question));
    let matches = apart(|| {
        let mut list = List::new(&subject);
        list.fill(answer.as_deref());
        list.sorted()
    });
    let mut end = empty.end;
    // `println|!` is a macro already.
    if request.code[end..].starts_with('!') && !request.code[end..].starts_with("!=") {
        end += 1;
    }
    let matches = matches.unwrap_or_default();
    if end != empty.end && !matches.iter().any(|found| found.kind == "macro") {
        end = empty.end;
    }
    Completions { matches, start: empty.start, end }
}

/// Matches with what orders them.
struct List<'a> {
    subject: &'a Subject<'a>,
    prefix: String,
    found: Vec<(u8, Match)>,
}

impl<'a> List<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let typed = subject.cursor.name.start..subject.cursor.at.max(subject.cursor.name.start);
        let prefix = subject.request.code[typed].trim_start_matches("r#").to_owned();
        Self { subject, prefix, found: Vec::new() }
    }

    fn fill(&mut self, answer: Option<&str>) {
        let subject = self.subject;
        let scope = &subject.scope;
        match &subject.cursor.place {
            Place::Nothing => {}
            Place::Method(receiver) => {
                let Some(ty) = subject.receiver(&subject.request.code[receiver.clone()], answer) else { return };
                for (rank, id) in scope.values(&ty) {
                    self.item(rank, &scope.item(id).name, id);
                }
            }
            Place::Path(path) => self.path(path),
            Place::Name if subject.cursor.in_use => {
                for name in ["perturbook", "std", "core", "alloc"] {
                    if let Some(&id) = scope.library.crates.get(name) {
                        self.item(0, name, id);
                    } else if name == "std" {
                        self.word(1, name, "module", "");
                    }
                }
                self.names(true);
            }
            Place::Name => {
                self.variables();
                self.names(false);
                self.fields_of_literal();
                if let Some(&id) = scope.library.crates.get("perturbook") {
                    self.item(0, "perturbook", id);
                }
                KEYWORDS.iter().for_each(|word| self.word(1, word, "keyword", ""));
                MACROS.iter().for_each(|(word, what)| self.word(1, &format!("{word}!"), "macro", what));
                PRELUDE.iter().for_each(|(word, kind)| self.word(1, word, kind, ""));
            }
        }
    }

    fn path(&mut self, path: &[String]) {
        let scope = &self.subject.scope;
        if path.len() == 1 && path[0].is_empty() {
            scope.library.crates.get("perturbook").iter().for_each(|id| self.item(0, "perturbook", **id));
            return self.word(1, "std", "module", "");
        }
        let of_self = || {
            let owner = self.subject.locals.iter().rev().find(|local| local.name == "self")?;
            Some(scope.type_of_text(owner.ty.as_deref()?)?.head)
        };
        let mut at = scope.resolve(path);
        if path == ["Self"] {
            at = of_self().into_iter().collect();
        }
        if at.is_empty() {
            at.extend(scope.type_of_text(&path.join("::")).map(|ty| ty.head));
        }
        for id in at {
            for (rank, name, member) in scope.associated(id) {
                self.item(rank, &name, member);
            }
        }
    }

    fn variables(&mut self) {
        let subject = self.subject;
        for local in subject.locals.iter().rev() {
            self.word(0, &local.name, "variable", local.ty.as_deref().unwrap_or_default());
        }
        for (name, ty) in subject.request.variables {
            self.word(0, name, "variable", ty.trim_start_matches("::"));
        }
    }

    fn names(&mut self, modules_first: bool) {
        for (name, ids) in &self.subject.scope.names {
            for &id in ids {
                let module = self.subject.scope.item(id).kind == Kind::Module;
                let rank = match () {
                    () if self.subject.scope.globbed.contains(name) => 2,
                    () => u8::from(modules_first && !module),
                };
                self.item(rank, name, id);
            }
        }
    }

    /// Fields of the struct whose literal the cursor is in.
    fn fields_of_literal(&mut self) {
        let subject = self.subject;
        let text = subject.cursor.text(subject.request.code);
        let Some(last) = subject.cursor.before.checked_sub(1).filter(|&n| matches!(text.text(n), "{" | ",")) else {
            return;
        };
        let mut depth = 0_usize;
        for n in (0..=last).rev() {
            match text.text(n) {
                "}" | ")" | "]" => depth += 1,
                "{" if depth == 0 => {
                    let Some((head, path)) = text.path_before(n) else { return };
                    let head = head.checked_sub(1).map_or("", |n| text.text(n));
                    if matches!(head, "struct" | "enum" | "impl" | "trait" | "for" | "match") {
                        return;
                    }
                    let scope = &subject.scope;
                    let ids = scope.resolve(&path);
                    for member in ids.into_iter().flat_map(|id| scope.members(scope.behind(id))) {
                        if scope.item(member.1).kind == Kind::Field {
                            self.item(0, &member.0, member.1);
                        }
                    }
                    return;
                }
                "{" | "(" | "[" => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return,
                },
                ";" if depth == 0 => return,
                _ => {}
            }
        }
    }

    fn item(&mut self, rank: u8, name: &str, id: Id) {
        let item = self.subject.scope.item(id);
        if item.kind == Kind::Field && name.starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        let alias = item.kind == Kind::Alias;
        let kind = if alias { self.subject.scope.item(self.subject.scope.behind(id)).kind } else { item.kind };
        let kind = if alias && kind == Kind::Alias { Kind::Struct } else { kind };
        let text = match item.kind {
            Kind::Macro if !self.subject.cursor.in_use && !item.signature.starts_with("macro ") => format!("{name}!"),
            _ => name.to_owned(),
        };
        self.word(rank, &text, kind.word(), &item.signature);
    }

    fn word(&mut self, rank: u8, text: &str, kind: &'static str, signature: &str) {
        let fits = text.len() >= self.prefix.len()
            && text.is_char_boundary(self.prefix.len())
            && text[..self.prefix.len()].to_lowercase() == self.prefix.to_lowercase();
        if fits {
            let signature = signature.lines().next().unwrap_or_default().to_owned();
            self.found.push((rank, Match { text: text.to_owned(), kind, signature }));
        }
    }

    fn sorted(mut self) -> Vec<Match> {
        let prefix = &self.prefix;
        self.found.sort_by_cached_key(|(rank, found)| {
            let private = found.text.starts_with('_') && !prefix.starts_with('_');
            (private, !found.text.starts_with(prefix.as_str()), *rank, found.text.to_lowercase(), found.text.clone())
        });
        let mut seen = HashSet::new();
        self.found.retain(|(_, found)| seen.insert(found.text.clone()));
        self.found.truncate(MOST);
        self.found.into_iter().map(|(_, found)| found).collect()
    }
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
