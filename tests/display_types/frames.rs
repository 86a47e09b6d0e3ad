//! Data frames, single columns, frames not computed yet, shaded columns.

use perturbook::display::{ShadeColumns, Show};
use polars::prelude::{Column, DataFrame, DataType, IntoColumn, IntoLazy, NamedFrom, Series, col, df, lit};

use super::{LARGEST, SCRIPT, has, html, plain};

fn frame(n: i64) -> DataFrame {
    let name: Vec<Option<String>> = (0..n).map(|i| (i != 1).then(|| format!("<G{i}>"))).collect();
    let count: Vec<i64> = (0..n).collect();
    let score: Vec<Option<f64>> = (0..n).map(|i| (i != 2).then_some(i as f64 / 3.0)).collect();
    let columns = vec![
        Series::new("gene".into(), name).into_column(),
        Series::new("cells".into(), count).into_column(),
        Series::new("score".into(), score).into_column(),
    ];
    DataFrame::new(n as usize, columns).unwrap()
}

#[test]
fn a_data_frame_shows_head_tail_types_nulls_and_size() {
    let page = html(&frame(100));
    has(&page, &["&lt;G0&gt;", "&lt;G9&gt;", "&lt;G95&gt;", "&lt;G99&gt;", "⋮", "100 rows x 3 columns, 2.1 kB"]);
    assert!(!page.contains("&lt;G10&gt;") && !page.contains("&lt;G94&gt;") && !page.contains("<G"));
    has(&page, &["<th scope=\"col\"", ">i64</span>", ">f64</span>", ">str</span>", ">1 null</span></th>"]);
    has(&page, &["<td style=\"text-align:right;padding:2px 10px;\">99</td>", "opacity:0.6;\">null</td>"]);
    assert_eq!(page.matches("1 null").count(), 2, "the column without missing values has no count");
    assert_eq!(plain(&frame(100)), frame(100).to_string());
}

#[test]
fn a_column_of_numbers_has_one_number_of_decimals() {
    let page = html(&df!("x" => [0.5, 10.0, 0.123_456], "p" => [1.0, 3e-9, 2e-12]).unwrap());
    has(&page, &[">0.50<", ">10.00<", ">0.12<", ">1.000e0<", ">3.000e−9<", ">2.000e−12<"]);
}

#[test]
fn small_and_empty_frames_are_shown_whole() {
    assert!(html(&frame(3)).contains("3 rows x 3 columns") && !html(&frame(3)).contains("⋮"));
    has(&html(&frame(1)), &["1 row x 3 columns", "&lt;G0&gt;"]);
    has(&html(&frame(0)), &["0 rows x 3 columns", "gene"]);
    let none = html(&DataFrame::empty());
    assert!(none.contains("0 rows x 0 columns") && !none.contains("<table"), "{none}");
}

#[test]
fn all_kinds_of_columns_are_shown() {
    let nothing: Vec<Option<f64>> = vec![None, None];
    let lists =
        Series::new("lists".into(), vec![Series::new("".into(), vec![1i64, 2]), Series::new("".into(), vec![3i64])]);
    let days = Series::new("day".into(), vec![0i32, 20_000]).cast(&DataType::Date).unwrap();
    let columns = vec![
        Column::new("yes".into(), [true, false]),
        Column::new("nothing".into(), nothing),
        Column::new("bad".into(), [f64::NAN, f64::NEG_INFINITY]),
        Column::new(SCRIPT.into(), [SCRIPT, "a & b \"c\""]),
        Column::new("minus".into(), [-1i32, 7]),
        lists.into_column(),
        days.into_column(),
    ];
    let page = html(&DataFrame::new(2, columns).unwrap());
    has(&page, &["true", "false", "2 null", "NaN", "−inf", "−1", "[1, 2]", "[3]", "2024-10-04", "1970-01-01"]);
    has(&page, &["&lt;script&gt;alert(1)&lt;/script&gt;", "a &amp; b &quot;c&quot;"]);
}

#[test]
fn long_texts_are_cut_and_kept_in_the_title() {
    let long = format!("{}&{}", "x".repeat(59), "y".repeat(30));
    let page = html(&df!("text" => [long.as_str()]).unwrap());
    has(&page, &[&format!(">{}…</td>", "x".repeat(59))]);
    has(&page, &[&format!(" title=\"{}&amp;{}\">", "x".repeat(59), "y".repeat(30))]);
}

#[test]
fn wide_and_long_frames_stay_small() {
    let text = SCRIPT.repeat(200);
    let columns = (0..90).map(|i| Column::new(format!("c{i}").into(), vec![text.as_str(); 40])).collect();
    let page = html(&DataFrame::new(40, columns).unwrap());
    has(&page, &[">c0<", ">c11<", ">…<", ">c82<", ">c89<", "40 rows x 90 columns"]);
    assert!(!page.contains(">c12<") && !page.contains(">c81<"));
    let values: Vec<f64> = (0..100_000).map(|i| f64::from(i) / 7.0).collect();
    let page = html(&df!("x" => &values).unwrap());
    assert!(page.len() < LARGEST / 10 && page.contains("100000 rows x 1 column, 800.0 kB"), "{page}");
}

#[test]
fn a_series_and_a_column_tell_their_range() {
    let series = Series::new("score".into(), [Some(1.0), None, Some(3.0)]);
    for page in [html(&series), html(&series.clone().into_column())] {
        has(&page, &["score", "1 null", "3 values, ", "min 1, mean 2, max 3, sd 1", ">null<"]);
    }
    assert_eq!(plain(&series), series.to_string());
    assert!(!html(&Series::new("gene".into(), ["A"])).contains("mean"));
    has(&html(&Series::new("none".into(), Vec::<f64>::new())), &["0 values", "no values"]);
}

#[test]
fn a_lazy_frame_shows_what_it_will_be_without_computing_it() {
    let lazy =
        frame(5).lazy().filter(col("cells").gt(lit(2))).select([col("gene"), (col("score") * lit(2.0)).alias("s")]);
    let text = plain(&lazy);
    has(&text, &["column  type", "gene    str", "s       f64", "lazy frame of 2 columns", "FILTER"]);
    has(&html(&lazy), &["<th scope=\"row\"", "plan: "]);
    has(&plain(&frame(5).lazy().select([col("nowhere")])), &["lazy frame that cannot be computed", "nowhere"]);
}

#[test]
fn shades_follow_the_whole_column_and_leave_missing_values_alone() {
    let values: Vec<Option<f64>> =
        (0..50).map(|i| (i != 3).then_some(if i == 4 { f64::NAN } else { f64::from(i) })).collect();
    let frame = df!("x" => &values, "y" => vec![1i64; 50], "gene" => vec![SCRIPT; 50]).unwrap();
    let shaded = frame.shaded(&["x"]).unwrap();
    let page = html(&shaded);
    has(
        &page,
        &["background:#ffffff;color:#111;\">0<", "background:#6baed6;color:#111;\">49<", "opacity:0.6;\">null<"],
    );
    has(&page, &["<td style=\"text-align:right;padding:2px 10px;\">NaN</td>"]);
    assert_eq!(page.matches("background").count(), 13, "15 rows without null and NaN");
    assert_eq!(plain(&shaded), frame.to_string());
    let nulls = df!("x" => vec![None::<f64>; 3]).unwrap();
    assert!(!html(&nulls.shaded(&["x"]).unwrap()).contains("background"));
    assert!(!html(&frame.slice(0, 0).shaded(&["x"]).unwrap()).contains("background"));
}

#[test]
fn shades_of_what_is_no_number_are_refused() {
    let error = |columns: &[&str]| frame(3).shaded(columns).unwrap_err().to_string();
    has(&error(&["score", "scores"]), &["no column \"scores\"", "choose among \"cells\", \"score\""]);
    has(&error(&["gene"]), &["the column \"gene\" holds str, no numbers"]);
    has(&DataFrame::empty().shaded(&["x"]).unwrap_err().to_string(), &["no column of this frame holds numbers"]);
    assert!(frame(3).shaded(&[]).unwrap().bundle().get("text/html").is_some());
}
