//! Words in messages.

/// `"1 column"`, `"3 columns"`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The first twelve names, quoted, and how many more there are.
pub(crate) fn name_some<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|n| format!("{:?}", n.as_ref())).collect();
    match names.len().saturating_sub(12) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
