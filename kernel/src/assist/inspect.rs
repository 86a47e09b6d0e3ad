//! Inspection: the signature, home and documentation of the name at the cursor.

use super::cursor::{Cursor, Place};
use super::index::{Id, Kind, Library};
use super::lex::significant;
use super::subject::{Subject, apart};
use super::words::MACROS;
use super::{Info, Request};

/// Signatures longer than this are broken into lines.
const LONG: usize = 100;

/// What is known of the name at the cursor, or of the function whose call has just been opened; `type_of` as for
/// [`complete`](super::complete).
pub fn inspect(
    library: &Library,
    request: &Request<'_>,
    type_of: &mut dyn FnMut(&str) -> Option<String>,
) -> Option<Info> {
    let (subject, question) = apart(|| {
        let cursor = Cursor::name_at(request.code, request.cursor)?;
        let subject = Subject::new(library, request, cursor);
        let question = question(&subject);
        Some((subject, question))
    })??;
    let answer = question.and_then(|question| type_of(&question));
    apart(|| info(&subject, answer.as_deref()))?
}

fn name<'a>(subject: &Subject<'a>) -> &'a str {
    &subject.request.code[subject.cursor.name.clone()]
}

/// What must be asked of rustc.
fn question(subject: &Subject<'_>) -> Option<String> {
    let name = name(subject);
    match &subject.cursor.place {
        Place::Method(receiver) if subject.is_variable(&subject.request.code[receiver.clone()]) => None,
        Place::Method(receiver) => subject.question(receiver),
        Place::Name if subject.cursor.declared && name.starts_with(char::is_lowercase) => {
            Some(subject.question_of_binding(name))
        }
        Place::Name => {
            let local = subject.locals.iter().rev().find(|local| local.name == name)?;
            if local.ty.is_some() { None } else { subject.question(&subject.cursor.name) }
        }
        _ => None,
    }
}

fn info(subject: &Subject<'_>, answer: Option<&str>) -> Option<Info> {
    let (scope, name) = (&subject.scope, name(subject));
    let plain = name.trim_start_matches("r#");
    match &subject.cursor.place {
        Place::Nothing => None,
        Place::Method(receiver) => {
            let ty = subject.receiver(&subject.request.code[receiver.clone()], answer)?;
            let values = scope.values(&ty);
            let named = |id: &Id| scope.item(*id).name == plain;
            values.into_iter().map(|(_, id)| id).find(named).map(|id| of_item(subject, id))
        }
        Place::Path(path) => {
            let full: Vec<String> = path.iter().cloned().chain([plain.to_owned()]).collect();
            let mut found = scope.resolve(&full);
            if found.is_empty() {
                let owners = scope.resolve(path);
                let members = owners.into_iter().flat_map(|id| scope.associated(id));
                found = members.filter(|(_, name, _)| name == plain).map(|(_, _, id)| id).collect();
            }
            best(subject, &found)
        }
        Place::Name => {
            let local = subject.locals.iter().rev().find(|local| local.name == name);
            let told = local.map(|local| local.ty.clone());
            let known = || subject.request.variables.get(name).map(|ty| Some(ty.clone()));
            match told.or_else(known) {
                _ if subject.cursor.declared && answer.is_some() => of_variable(subject, name, answer),
                Some(ty) => of_variable(subject, name, ty.as_deref().or(answer)),
                None => best(subject, scope.names.get(plain).map_or(&[], Vec::as_slice))
                    .or_else(|| best(subject, &scope.resolve(&[plain.to_owned()])))
                    .or_else(|| standard(name)),
            }
        }
    }
}

fn of_variable(subject: &Subject<'_>, name: &str, ty: Option<&str>) -> Option<Info> {
    let scope = &subject.scope;
    let head = ty.and_then(|ty| scope.type_of_text(ty)).or_else(|| subject.receiver(name, None)).map(|ty| ty.head);
    let item = head.map(|head| scope.item(head));
    let printed = ty.map(|ty| ty.trim_start_matches("::").replace(" ::perturbook", " perturbook"));
    let ty = printed.map(|ty| ty.replace("<::perturbook", "<perturbook").replace("&::perturbook", "&perturbook"));
    let ty = ty.or_else(|| item.map(|item| item.name.clone()))?;
    let docs = item.map(|item| item.docs.clone()).unwrap_or_default();
    Some(Info { signature: format!("{name}: {ty}"), path: String::new(), docs })
}

/// Of a type and a function with one name, the one that is used here.
fn best(subject: &Subject<'_>, found: &[Id]) -> Option<Info> {
    let behind = subject.request.code[subject.cursor.name.end..].trim_start();
    let wanted = |id: &&Id| match subject.scope.item(**id).kind {
        Kind::Function | Kind::Method | Kind::Associated => behind.starts_with('('),
        Kind::Macro => behind.starts_with('!'),
        _ => !behind.starts_with(['(', '!']),
    };
    found.iter().find(wanted).or(found.first()).map(|&id| of_item(subject, id))
}

fn of_item(subject: &Subject<'_>, id: Id) -> Info {
    let scope = &subject.scope;
    let item = scope.item(id);
    let path = if scope.is_own(id) && item.home == id { String::new() } else { scope.path(id) };
    let mut docs = item.docs.clone();
    let home = scope.item(item.home);
    if docs.is_empty() && home.kind == Kind::Trait {
        docs.clone_from(&home.docs);
    }
    if docs.is_empty() && item.kind == Kind::Alias {
        docs.clone_from(&scope.item(scope.behind(id)).docs);
    }
    let signature = match item.kind {
        Kind::Module if item.home == id => format!("crate {}", item.name),
        Kind::Module => format!("mod {}", path.rsplit("::").next().unwrap_or(&item.name)),
        Kind::Struct | Kind::Enum => with_members(subject, id),
        _ => wrapped(&item.signature),
    };
    Info { signature, path, docs }
}

/// A struct with its public fields, an enum with its variants.
fn with_members(subject: &Subject<'_>, id: Id) -> String {
    let item = subject.scope.item(id);
    let shown = |kind: Kind, named: &str| {
        let lettered = !named.starts_with(|c: char| c.is_ascii_digit());
        lettered && matches!(kind, Kind::Field | Kind::Variant)
    };
    let members = item.children.iter().map(|&child| subject.scope.item(child));
    let lines: Vec<String> = members
        .filter(|child| shown(child.kind, &child.name))
        .map(|child| match child.kind {
            Kind::Field => format!("    pub {},", child.signature),
            _ => format!("    {},", child.signature),
        })
        .collect();
    if lines.is_empty() {
        return wrapped(&item.signature);
    }
    format!("{} {{\n{}\n}}", wrapped(&item.signature), lines.join("\n"))
}

fn standard(name: &str) -> Option<Info> {
    let (name, what) = MACROS.iter().find(|(word, _)| *word == name)?;
    Some(Info { signature: format!("{name}!(..)"), path: format!("std::{name}"), docs: (*what).to_owned() })
}

/// One parameter on each line, when the signature is long.
pub fn wrapped(signature: &str) -> String {
    if signature.len() <= LONG || signature.contains('\n') {
        return signature.to_owned();
    }
    let (mut out, mut round, mut other) = (String::new(), 0_usize, 0_usize);
    // Only the parameters are broken up: the first round brackets that stand in no others.
    let (mut opened, mut closed) = (false, false);
    let mut end = 0;
    for token in significant(signature) {
        let text = &signature[token.range()];
        let gap = &signature[end..token.start];
        match text {
            "<" | "[" | "{" => other += 1,
            ">" if !out.ends_with('-') => other = other.saturating_sub(1),
            "]" | "}" => other = other.saturating_sub(1),
            _ => {}
        }
        end = token.end;
        if text == "(" && other == 0 && !closed {
            round += 1;
            if round == 1 {
                opened = true;
                out.push_str(gap);
                out.push_str("(\n    ");
                continue;
            }
        }
        if text == ")" && other == 0 && opened && !closed {
            round -= 1;
            if round == 0 {
                closed = true;
                out.push_str(",\n)");
                continue;
            }
        }
        if text == "," && round == 1 && other == 0 && !closed {
            out.push_str(",\n    ");
            continue;
        }
        out.push_str(if out.ends_with(' ') { gap.trim_start() } else { gap });
        out.push_str(text);
    }
    out.replace(" where ", "\nwhere ")
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
