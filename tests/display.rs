//! What notebooks receive, to the byte.

use perturbook::display::{Bundle, Grid, Slot, Transport, encode};
use serde_json::json;

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
