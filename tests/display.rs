//! What notebooks receive, to the byte.

use ndarray::{Array1, Array2, array};
use perturbook::display::{Bundle, Grid, Show, Slot, Transport, encode};
use perturbook::screen::Profiles;
use serde_json::json;

fn plain(value: &impl Show) -> String {
    value.bundle().get("text/plain").and_then(|v| v.as_str()).expect("every bundle has text/plain").to_owned()
}

fn html(value: &impl Show) -> String {
    value.bundle().get("text/html").and_then(|v| v.as_str()).expect("a table has text/html").to_owned()
}

fn rich() -> Bundle {
    Bundle::text("a\nb").with("text/html", "<b>é</b>").with("application/x+json", json!({"k": [1, null]}))
}

#[test]
fn the_kernel_reads_one_line_of_json_after_a_control_byte() {
    let data = r#"{"text/plain":"a\nb","text/html":"<b>é</b>","application/x+json":{"k":[1,null]}}"#;
    assert_eq!(
        encode(Transport::Kernel, Slot::New, &rich()),
        format!(
            "\u{2}PERTURBOOK {{\"msg_type\":\"display_data\",\"content\":{{\"data\":{data},\"metadata\":{{}}}}}}\n"
        )
    );
    for (slot, msg_type) in [(Slot::Named("p\"1"), "display_data"), (Slot::Update("p\"1"), "update_display_data")] {
        assert_eq!(
            encode(Transport::Kernel, slot, &rich()),
            format!(
                "\u{2}PERTURBOOK {{\"msg_type\":\"{msg_type}\",\"content\":{{\"data\":{data},\"metadata\":{{}},\
                 \"transient\":{{\"display_id\":\"p\\\"1\"}}}}}}\n"
            )
        );
    }
}

#[test]
fn stock_evcxr_reads_a_block_for_each_mime_type() {
    let expected = "EVCXR_BEGIN_CONTENT text/plain\na\nb\nEVCXR_END_CONTENT\n\
                    EVCXR_BEGIN_CONTENT text/html\n<b>é</b>\nEVCXR_END_CONTENT\n\
                    EVCXR_BEGIN_CONTENT application/x+json\n{\"k\":[1,null]}\nEVCXR_END_CONTENT\n";
    for slot in [Slot::New, Slot::Named("x"), Slot::Update("x")] {
        assert_eq!(encode(Transport::Evcxr, slot, &rich()), expected);
    }
}

#[test]
fn a_terminal_reads_plain_text() {
    assert_eq!(encode(Transport::Terminal, Slot::New, &rich()), "a\nb\n");
    assert_eq!(encode(Transport::Terminal, Slot::New, &Bundle::default()), "");
}

#[test]
fn a_representation_is_replaced_in_place() {
    let bundle = rich().with("text/plain", "new");
    assert_eq!(bundle.mimes(), ["text/plain", "text/html", "application/x+json"]);
    assert_eq!(bundle.get("text/plain").unwrap(), "new");
}

#[test]
fn html_shows_markup_as_text() {
    let grid = Grid::new().title("<i>").text("<b>", ["<script>alert(1)</script>", "\u{1}"]).note("a & b");
    let html = grid.html();
    assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains("<i>"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("a &amp; b"));
}

#[test]
fn arrays_say_shape_type_and_range() {
    assert_eq!(plain(&Array1::<f32>::zeros(0)), "array 0, f32\nno finite value");
    assert_eq!(
        plain(&array![1.5, f64::NAN]),
        "     0    1\n─  ───  ───\n0  1.5  NaN\narray 2, f64\nmin 1.5, mean 1.5, max 1.5, 1 not finite"
    );
    let large = Array2::from_shape_fn((300, 20), |(i, j)| i as f32 - 2.0 * j as f32);
    assert_eq!(plain(&large), "array 300 x 20, f32\nmin −38, mean 130.5, max 299");
    assert!(html(&array![[1.0, 2.0]]).contains("<td style=\"text-align:right;padding:2px 10px;\">2</td>"));
}

#[test]
fn profiles_show_their_first_rows_and_blocks() {
    let keys = (0..8).map(|i| format!("<G{i}>")).collect();
    let values = Array2::from_shape_fn((8, 9), |(i, j)| (i * 10 + j) as f64);
    let profiles = Profiles::new(keys, values).unwrap().with_block("salient", 0..4).unwrap();
    let text = plain(&profiles);
    assert!(text.contains("profiles: 8 rows x 9 columns\nblocks: salient"));
    assert!(text.contains("<G5>  50  51  52  53  54  55\nand 2 more rows, 3 more columns"));
    assert!(html(&profiles).contains("&lt;G0&gt;"));
}
