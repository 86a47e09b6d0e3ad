//! Inspection in a little library.

use std::collections::BTreeMap;

use super::super::tests::{little, unmark};
use super::*;

fn info(marked: &str, answer: Option<&str>) -> Option<(String, String, String)> {
    let library = little();
    let (code, cursor) = unmark(marked);
    let variables = BTreeMap::from([("profiles".to_owned(), "::perturbook::screen::Profiles".to_owned())]);
    let items = ["/// Mine alone.\nfn own(a: u8) -> u8 { a }".to_owned()];
    let request = Request { code: &code, cursor, variables: &variables, items: &items };
    let info = inspect(&library, &request, &mut |_| answer.map(str::to_owned))?;
    Some((info.signature, info.path, info.docs))
}

fn strings(parts: (&str, &str, &str)) -> Option<(String, String, String)> {
    Some((parts.0.to_owned(), parts.1.to_owned(), parts.2.to_owned()))
}

#[test]
fn functions_with_their_signature_and_documentation() {
    let signature = "pub fn recall(\n    profiles: &Profiles,\n    relations: &Profiles,\n    convention: Convention,\n    \
                     more: usize,\n) -> Result<RecallCurve>";
    let expected = strings((signature, "perturbook::evaluate::recall", "Precision and recall."));
    assert_eq!(info("let x = rec|all(&a, &b)", None), expected);
    assert_eq!(info("recall(|", None), expected);
    assert_eq!(info("perturbook::evaluate::recall|", None), expected);
    assert_eq!(info("ow|n(1)", None), strings(("fn own(a: u8) -> u8", "", "Mine alone.")));
}

#[test]
fn methods_fields_and_variants() {
    let block =
        ("pub fn block(&self, name: &str) -> crate::Result<Self>", "perturbook::screen::Profiles::block", "One block.");
    assert_eq!(info("profiles.bl|ock(\"a\")", None), strings(block));
    assert_eq!(info("profiles.keys|", None).unwrap().2, "The names.");
    assert_eq!(info("profiles.bundle(|", None).unwrap().2, "Something to show.", "the trait speaks for its functions");
    let variant = info("Convention::Two|Sided", None).unwrap();
    assert_eq!((variant.1.as_str(), variant.2.as_str()), ("perturbook::evaluate::Convention::TwoSided", "Both tails."));
    let curve = info("f()?.ar|ea", Some("::perturbook::evaluate::RecallCurve")).unwrap();
    assert_eq!(curve.0, "area: f64");
}

#[test]
fn types_with_what_is_public_of_them() {
    let convention = info("Convention|", None).unwrap();
    assert_eq!(convention.0, "pub enum Convention {\n    TwoSided,\n    OneSided,\n}");
    let curve = info("perturbook::evaluate::RecallCurve|", None).unwrap();
    assert_eq!(curve.0, "pub struct RecallCurve {\n    pub area: f64,\n}");
}

#[test]
fn variables_have_types() {
    assert_eq!(info("prof|iles", None), strings(("profiles: perturbook::screen::Profiles", "", "Named vectors.")));
    let told = info("let a = f();\ng(|a)", Some("::perturbook::evaluate::RecallCurve")).unwrap();
    assert_eq!((told.0.as_str(), told.2.as_str()), ("a: perturbook::evaluate::RecallCurve", "A curve."));
    assert_eq!(info("let a|b = f();", Some("std::vec::Vec<u8>")).unwrap().0, "ab: std::vec::Vec<u8>");
    assert_eq!(info("let c: Convention = x;\nc|", None).unwrap().2, "How pairs count.");
    assert_eq!(info("unknown|", None), None);
    assert!(info("println!(|", None).unwrap().0.starts_with("println!"));
}

#[test]
fn long_signatures_are_wrapped() {
    let short = "pub fn f(a: u8) -> u8";
    assert_eq!(wrapped(short), short);
    let long = "pub fn f<K: AsRef<str>>(first: &[(String, usize)], second: impl Fn(u8, u8) -> u8, third: HashMap<String, Vec<u8>>) \
                -> Result<(u8, u8)> where K: Copy";
    assert_eq!(
        wrapped(long),
        "pub fn f<K: AsRef<str>>(\n    first: &[(String, usize)],\n    second: impl Fn(u8, u8) -> u8,\n    \
         third: HashMap<String, Vec<u8>>,\n) -> Result<(u8, u8)>\nwhere K: Copy"
    );
}
