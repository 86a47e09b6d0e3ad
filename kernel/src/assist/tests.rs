//! Small libraries to test with, and odd input.

use std::collections::BTreeMap;

use super::{Library, Request, Source, complete, inspect};

/// The index of crates whose files are given as (crate/path, content).
pub fn crates_of(files: &[(&str, &str)]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let mut sources: Vec<Source> = Vec::new();
    for (path, content) in files {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        if let Some((name, "lib.rs")) = path.split_once('/') {
            sources.push(Source { name: name.to_owned(), root: file });
        }
    }
    Library::scan(&sources)
}

/// The index of one crate `demo`, seen as a user of `burn` would see it.
pub fn crate_of(files: &[(&str, &str)]) -> Library {
    let files: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("demo/{path}"), *text)).collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    files.push(("perturbook_facade/lib.rs", "pub use demo;"));
    crates_of(&files)
}

/// A library like the real one, in little.
pub fn little() -> Library {
    crates_of(&[
        (
            "perturbook_facade/lib.rs",
            "pub use perturbook::*; pub use {polars, plotly};\n\
          pub mod prelude { pub use perturbook::prelude::*; pub use {polars, plotly}; }",
        ),
        (
            "perturbook/lib.rs",
            "pub mod prelude { pub use crate::display::Show; pub use crate::evaluate::{recall, Convention};\n\
          pub use crate::screen::Profiles; pub use crate::simulate; } pub mod display; pub mod evaluate; pub mod screen;\n\
          pub mod simulate; pub type Result<T> = std::result::Result<T, ()>;",
        ),
        ("perturbook/display.rs", "/// Something to show.\npub trait Show { fn bundle(&self) -> u8; }"),
        ("perturbook/evaluate.rs", "mod recall; pub use recall::{recall, RecallCurve, Convention};"),
        (
            "perturbook/evaluate/recall.rs",
            "use crate::screen::Profiles; use crate::Result;\n\
          /// Precision and recall.\npub fn recall(profiles: &Profiles, relations: &Profiles, convention: Convention, more: usize) \
          -> Result<RecallCurve> { todo() }\n/// A curve.\npub struct RecallCurve { /// Area.\npub area: f64, hidden: u8 }\n\
          /// How pairs count.\npub enum Convention { /// Both tails.\nTwoSided, OneSided }\n\
          impl Convention { /// Its name.\npub fn name(&self) -> &str { \"\" } pub fn parse(text: &str) -> Self { todo() } }",
        ),
        (
            "perturbook/screen.rs",
            "/// Named vectors.\npub struct Profiles { /// The names.\npub keys: Vec<String> }\n\
          impl Profiles { /// One block.\npub fn block(&self, name: &str) -> crate::Result<Self> { todo() }\n\
          pub fn _raw(&self) {} pub fn Big(&self) {} pub fn dims(&self) -> usize { 0 } }\n\
          impl crate::display::Show for Profiles { fn bundle(&self) -> u8 { 0 } }",
        ),
        (
            "perturbook/simulate.rs",
            "pub struct Config { pub genes: usize, pub noise: f64 }\n\
          impl Default for Config { fn default() -> Self { todo() } }\n\
          pub fn screen(config: &Config) -> crate::Result<crate::screen::Profiles> { todo() } pub const CONTROL: &str = \"c\";",
        ),
        (
            "polars/lib.rs",
            "pub mod prelude { pub use crate::frame::DataFrame; pub fn col(name: &str) -> u8 { 0 } } pub mod frame;",
        ),
        ("polars/frame.rs", "pub struct DataFrame; impl DataFrame { pub fn head(&self) -> Self { todo() } }"),
        ("plotly/lib.rs", "pub struct Plot;"),
    ])
}

/// The text without its `|`, and where that was.
pub fn unmark(marked: &str) -> (String, usize) {
    (marked.replacen('|', "", 1), marked.find('|').expect("a cursor"))
}

#[test]
fn no_text_and_no_cursor_does_harm() {
    let library = little();
    let variables = BTreeMap::from([("p".to_owned(), "{closure@x.rs:1}".to_owned())]);
    let items = ["fn broken( {".to_owned(), "impl".to_owned()];
    let texts = [
        "p.",
        "µ.µ",
        "\"",
        "'",
        "let x = vec![p.|b",
        "))}}].",
        "use a::{b::{",
        "impl X for { fn f(self, { self.",
        "if let = {",
        "match x { => .",
        "for in {",
        "fn f(a:, b) { a.",
        "<<>>::",
        "r#\"",
        "|a, |b| a.",
        "let x: = x.",
        "#[",
        "pub(",
        "!:::",
    ];
    for code in texts {
        for cursor in 0..code.len() + 3 {
            let request = Request { code, cursor, variables: &variables, items: &items };
            let found = complete(&library, &request, &mut |_| Some("< not a type".to_owned()));
            assert!(found.start <= found.end && code.get(found.start..found.end).is_some(), "{code} {cursor}");
            inspect(&library, &request, &mut |_| None);
        }
    }
    let empty = Library::default();
    let request = Request { code: "re", cursor: 2, variables: &variables, items: &[] };
    assert!(complete(&empty, &request, &mut |_| None).matches.iter().any(|found| found.text == "return"));
}
