//! Naming rows in messages: the first offending ones, and how many more there are.

use crate::io::parquet::count;

/// Rows that a message names.
const NAMED: usize = 5;

/// `"row 3"`, `"rows 3 and 7"`, `"rows 3, 7, 8, 9, 12 and 40 more"`.
pub(crate) fn name_rows(rows: &[usize]) -> String {
    let shown: Vec<String> = rows.iter().take(NAMED).map(usize::to_string).collect();
    let more = rows.len().saturating_sub(NAMED);
    match (&shown[..], more) {
        ([], _) => "no row".to_owned(),
        ([one], 0) => format!("row {one}"),
        ([most @ .., last], 0) => format!("rows {} and {last}", most.join(", ")),
        (all, more) => format!("rows {} and {more} more", all.join(", ")),
    }
}

/// `"3 cells"`.
pub(crate) fn cells(n: usize) -> String {
    count(n, "cell")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_are_named_and_the_rest_counted() {
        assert_eq!(name_rows(&[3]), "row 3");
        assert_eq!(name_rows(&[3, 7]), "rows 3 and 7");
        assert_eq!(name_rows(&[0, 1, 2, 3, 4, 5, 6]), "rows 0, 1, 2, 3, 4 and 2 more");
    }
}
