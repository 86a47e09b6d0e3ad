//! Completion in a little library.

use std::collections::BTreeMap;

use super::super::tests::{little, unmark};
use super::*;

fn asked(marked: &str, answer: Option<&str>) -> (Vec<String>, Vec<String>) {
    let library = little();
    let (code, cursor) = unmark(marked);
    let variables = BTreeMap::from([
        ("profiles".to_owned(), "::perturbook::screen::Profiles".to_owned()),
        ("df".to_owned(), "::perturbook::polars::prelude::DataFrame".to_owned()),
    ]);
    let items =
        ["use plotly::Plot;\nstruct Mine { size: usize }\nimpl Mine { fn grow(&self) -> Mine { todo!() } }".to_owned()];
    let request = Request { code: &code, cursor, variables: &variables, items: &items };
    let mut questions = Vec::new();
    let mut type_of = |code: &str| {
        questions.push(code.replace('\n', " "));
        answer.map(str::to_owned)
    };
    let found = complete(&library, &request, &mut type_of);
    (found.matches.into_iter().map(|found| found.text).collect(), questions)
}

fn texts(marked: &str) -> Vec<String> {
    asked(marked, None).0
}

#[test]
fn members_of_a_known_variable_need_no_question() {
    let (found, questions) = asked("profiles.|", None);
    assert_eq!(found, ["Big", "block", "dims", "keys", "bundle", "_raw"]);
    assert!(questions.is_empty());
    assert_eq!(texts("profiles.B|"), ["Big", "block", "bundle"], "the same case comes first");
    assert_eq!(texts("df.h|"), ["head"]);
}

#[test]
fn other_receivers_are_asked_for_once() {
    let (found, questions) = asked("let a = 1;\nlet b = f(a)?.|", Some("::perturbook::evaluate::RecallCurve"));
    assert_eq!(found, ["area"]);
    assert_eq!(questions, ["let a = 1; let perturbook_receiver = f(a)?;"]);
}

#[test]
fn without_an_answer_signatures_tell() {
    assert_eq!(texts("let s = simulate::screen(&c)?;\ns.block(\"x\")?.di|"), ["dims"]);
    assert_eq!(texts("let profiles = Mine { size: 1 };\nprofiles.|"), ["grow", "size"], "the new binding counts");
}

#[test]
fn paths_lead_to_members() {
    assert_eq!(texts("use perturbook::eval|"), ["evaluate"]);
    assert_eq!(texts("perturbook::evaluate::|"), ["Convention", "recall", "RecallCurve"]);
    assert_eq!(texts("Convention::|"), ["name", "OneSided", "parse", "TwoSided"]);
    assert_eq!(texts("simulate::|"), ["Config", "CONTROL", "screen"]);
    assert_eq!(texts("use polars::{prelude::{D|"), ["DataFrame"]);
    assert_eq!(texts("Mine::|"), ["grow"]);
    assert_eq!(texts("simulate::Config { genes: 1, n|").first().map(String::as_str), Some("noise"));
}

#[test]
fn names_in_scope() {
    assert_eq!(texts("pl|"), ["plotly", "Plot"]);
    assert_eq!(texts("println|"), ["println!"]);
    assert_eq!(texts("whi|"), ["while"]);
    assert_eq!(texts("let total = 1;\nfor tone in x { to|"), ["tone", "total", "todo!", "ToOwned", "ToString"]);
    assert_eq!(texts("Mi|"), ["Mine"]);
    let found = texts("use polars::prelude::*;\nco|");
    assert_eq!(found.first().map(String::as_str), Some("concat!"), "{found:?}");
    assert!(found.contains(&"col".to_owned()) && found.contains(&"continue".to_owned()), "{found:?}");
}

#[test]
fn the_name_at_the_cursor_is_replaced_whole() {
    let library = little();
    let (code, cursor) = unmark("x + print|l!(1)");
    let variables = BTreeMap::new();
    let request = Request { code: &code, cursor, variables: &variables, items: &[] };
    let found = complete(&library, &request, &mut |_| None);
    assert_eq!(&code[found.start..found.end], "printl!");
    assert!(texts("// pro|").is_empty());
    assert!(texts("let pro|").is_empty());
}
