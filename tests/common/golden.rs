//! Drawings pinned in `tests/golden`; `PERTURBOOK_BLESS=1` rewrites them.

use std::path::PathBuf;

use perturbook::figures::Figure;
use serde_json::Value;

const PICTURE: &str = ";base64,";

/// The text without its pictures: how well they are compressed depends on which compressor the build chose.
fn without_pictures(text: &str) -> String {
    let mut pieces = text.split(PICTURE);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + PICTURE + &piece[piece.find('"').unwrap_or(0)..])
}

pub fn golden(name: &str, text: &str) {
    let text = &without_pictures(text);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("PERTURBOOK_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let same = if name.ends_with(".json") {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        parse(&pinned) == parse(text)
    } else {
        pinned == *text
    };
    assert!(same, "{name} is drawn differently; look at it, then run again with PERTURBOOK_BLESS=1");
}

pub fn pin(name: &str, figure: &Figure) {
    golden(&format!("{name}.svg"), &figure.svg());
    golden(&format!("{name}.json"), &serde_json::to_string_pretty(&figure.plotly()).unwrap());
}
