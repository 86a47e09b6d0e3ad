//! Plots made with the plotly crate itself: interactive where the front end can, described in a line of text elsewhere.

use plotly::Plot;

use super::{Bundle, Show};

impl Show for Plot {
    fn bundle(&self) -> Bundle {
        let traces = self.data().len();
        let plain = format!("plotly figure with {traces} trace{}", if traces == 1 { "" } else { "s" });
        match serde_json::from_str::<serde_json::Value>(&self.to_json()) {
            Ok(json) => Bundle::text(plain).with("application/vnd.plotly.v1+json", json),
            Err(_) => Bundle::text(plain),
        }
    }
}
