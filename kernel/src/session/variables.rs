//! The cell that shows the table of variables.

use std::collections::BTreeMap;

/// Code that shows name, type, shape, memory and device of each variable.
pub fn table(variables: &BTreeMap<String, String>, cell: usize) -> String {
    let rows: String = variables
        .iter()
        .map(|(name, kind)| format!("({name:?}, {:?}, (&Of(&{name})).described()), ", short(kind)))
        .collect();
    format!(
        "perturbook::cell::begin({cell}); \
         {{ use perturbook::display::variables::{{Described as _, Of, Opaque as _}}; \
         perturbook::display::variables::variables(&[{rows}]); }}"
    )
}

/// A type without the paths of its parts: `Vec<(u8, String)>` for `std::vec::Vec<(u8, std::string::String)>`.
pub fn short(kind: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut characters = kind.chars().peekable();
    while let Some(c) = characters.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' && characters.peek() == Some(&':') {
            characters.next();
            word.clear();
        } else {
            out.push_str(&word);
            word.clear();
            out.push(c);
        }
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_shown_without_paths() {
        assert_eq!(short("std::vec::Vec<(u8, std::string::String)>"), "Vec<(u8, String)>");
        assert_eq!(short("::perturbook::burn::Tensor<::perturbook::burn::Dispatch, 2>"), "Tensor<Dispatch, 2>");
        assert_eq!(short("Box<dyn Fn(f64) -> f64>"), "Box<dyn Fn(f64) -> f64>");
    }
}
