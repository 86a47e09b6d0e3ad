//! Patterns of names: `*` stands for any run of characters, `?` for one.

/// Whether the whole name fits the pattern; upper and lower case differ.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the latest star stands, and the first character that it does not cover yet.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match &mut star {
                Some((at, covered)) => {
                    *covered += 1;
                    (p, n) = (*at + 1, *covered);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_covers_any_run_and_a_question_mark_one_character() {
        for (pattern, name) in [
            ("*", ""),
            ("Cells_*", "Cells_Area"),
            ("*_mean", "cell_dapi_mean"),
            ("a*b*c", "aXbbXc"),
            ("?1", "A1"),
            ("é?", "éx"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("", "a"), ("Cells_*", "cells_Area"), ("a*b*c", "aXbX"), ("?", ""), ("a", "ab"), ("*a", "ab")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(&"*a".repeat(50), &"a".repeat(40)), "no time is lost on many stars");
    }
}
