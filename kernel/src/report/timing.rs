//! How long cells took, and durations in words.

use serde_json::Value;

/// Seconds that each cell of a notebook took, where its metadata say so.
pub fn cell_seconds(notebook: &Value) -> Vec<Option<f64>> {
    notebook["cells"].as_array().into_iter().flatten().map(seconds).collect()
}

/// Seconds that a cell took: between the two times that Jupyter records, or as `perturbook.seconds` states.
pub fn seconds(cell: &Value) -> Option<f64> {
    let metadata = &cell["metadata"];
    let time = |key: &str| metadata["execution"][key].as_str()?.parse::<jiff::Timestamp>().ok();
    let recorded = || Some(time("shell.execute_reply")?.duration_since(time("iopub.execute_input")?).as_secs_f64());
    metadata["perturbook"]["seconds"].as_f64().or_else(recorded).filter(|seconds| *seconds >= 0.0)
}

/// A duration for reading: `0.34 s`, `12.5 s`, `3 min 20 s`, `2 h 05 min`.
pub fn words(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 0.01 => "< 0.01 s".to_owned(),
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 59.95 => format!("{s:.1} s"),
        _ if whole < 3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn elapsed_time_comes_from_jupyters_timestamps_or_our_own_number() {
        let execution = json!({ "iopub.execute_input": "2026-03-01T23:59:59.500000Z",
                                "shell.execute_reply": "2026-03-02T01:00:01.750000+01:00" });
        let notebook = json!({ "cells": [
            { "metadata": { "execution": execution } },
            { "metadata": { "perturbook": { "seconds": 1.5 } } },
            { "metadata": { "execution": { "iopub.execute_input": "yesterday" } } },
            {},
        ] });
        assert_eq!(cell_seconds(&notebook), [Some(2.25), Some(1.5), None, None]);
    }

    #[test]
    fn durations_read_as_a_person_would_say_them() {
        let said = [0.001, 0.339, 9.999, 59.96, 200.0, 3599.9, 7500.0].map(words);
        assert_eq!(said, ["< 0.01 s", "0.34 s", "10.0 s", "1 min 00 s", "3 min 20 s", "1 h 00 min", "2 h 05 min"]);
    }
}
