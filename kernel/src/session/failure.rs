//! Why a cell failed, as a reader should see it: what, in which line, with the line itself.

use std::collections::BTreeMap;

use evcxr::CompilationError;
use serde_json::Value;

const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
const BLUE: &str = "\u{1b}[34m";
const OFF: &str = "\u{1b}[0m";

/// A failed cell: Jupyter's `ename`, `evalue` and `traceback`, and the line of the cell where that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// `CompileError`, `Panic`, `Err`, `Crash`, `Interrupted` or `Error`.
    pub name: String,
    /// The message, without colours.
    pub value: String,
    /// The line of the cell, from 1.
    pub line: Option<usize>,
    /// What is shown, with ANSI colours.
    pub traceback: Vec<String>,
}

impl Failure {
    /// A failure without a known place.
    pub fn new(name: &str, value: &str) -> Self {
        Self::at(name, value, "", None, "")
    }

    fn at(name: &str, value: &str, source: &str, line: Option<usize>, details: &str) -> Self {
        let mut traceback = vec![format!("{RED}{name}{OFF}: {BOLD}{value}{OFF}")];
        if let Some(line) = line {
            traceback.extend(excerpt(source, line));
        }
        traceback.extend(details.lines().map(str::to_owned));
        Self { name: name.to_owned(), value: value.to_owned(), line, traceback }
    }

    /// The traceback without colours.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        let text = self.traceback.join("\n");
        let mut rest = text.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            out.push_str(&rest[..at]);
            rest = rest[at..].split_once('m').map_or("", |(_, after)| after);
        }
        out + rest
    }
}

/// The line and its neighbours, the line itself marked.
fn excerpt(source: &str, line: usize) -> Vec<String> {
    let numbered = source.lines().enumerate().map(|(i, text)| (i + 1, text));
    numbered
        .filter(|(number, _)| number.abs_diff(line) <= 1)
        .map(|(number, text)| {
            let arrow = if number == line { format!("{RED}-->{OFF}") } else { "   ".to_owned() };
            format!("{arrow} {BLUE}{number:>3} |{OFF} {text}")
        })
        .collect()
}

/// Whether there is more than warnings.
pub fn any(errors: &[CompilationError]) -> bool {
    errors.iter().any(|error| error.level() != "warning")
}

/// Whether there is an error that points at a place in the cell.
pub fn any_placed(errors: &[CompilationError]) -> bool {
    let placed = |error: &CompilationError| error.primary_spanned_message().is_some_and(|m| m.span.is_some());
    errors.iter().any(|error| error.level() != "warning" && placed(error))
}

/// Compile errors, with the columns that rustc points at.
pub fn compilation(source: &str, errors: &[CompilationError]) -> Failure {
    let mut traceback = Vec::new();
    let (mut first_line, mut first_message) = (None, None);
    let lines: Vec<&str> = source.lines().collect();
    // When there are only warnings something else went wrong, and they are all there is to tell.
    let told = |error: &&CompilationError| {
        let advertisement = error.message().starts_with("Some errors have detailed explanations")
            || error.message().starts_with("For more information about");
        !advertisement && (error.level() != "warning" || !any(errors))
    };
    for error in errors.iter().filter(told) {
        let message = error.message().replace("perturbook_facade::", "perturbook::");
        let code = error.code().map(|code| format!("[{code}]")).unwrap_or_default();
        traceback.push(format!("{RED}error{code}{OFF}: {BOLD}{message}{OFF}"));
        first_line = first_line.or(error.primary_spanned_message().and_then(|m| m.span.as_ref()).map(|s| s.start_line));
        let mut spans: Vec<_> = error.spanned_messages().iter().filter_map(|m| Some((m.span.as_ref()?, m))).collect();
        spans.sort_by_key(|(span, _)| (span.start_line, span.start_column));
        let mut marked = None;
        for (span, spanned) in spans {
            if marked != Some(span.start_line) {
                let text = lines.get(span.start_line - 1).copied().unwrap_or_default();
                traceback.push(format!("{BLUE}{:>5} |{OFF} {text}", span.start_line));
            }
            marked = Some(span.start_line);
            let width = if span.end_line == span.start_line { span.end_column - span.start_column } else { 1 };
            let pad = " ".repeat(span.start_column.saturating_sub(1));
            let label = spanned.label.replace("perturbook_facade::", "perturbook::");
            traceback.push(format!("{BLUE}      |{OFF} {pad}{RED}{} {label}{OFF}", "^".repeat(width.max(1))));
        }
        // Only the advice: evcxr appends the replacement that rustc proposes, out of its place in the line.
        let advice = error.help().into_iter().filter_map(|help| help.lines().next().map(str::to_owned));
        traceback.extend(advice.map(|help| format!("{BLUE}      = {OFF}help: {help}")));
        if let Some(hint) = error.evcxr_extra_hint() {
            traceback.push(format!("{BLUE}      = {OFF}note: {hint}"));
        }
        first_message.get_or_insert(message);
    }
    let value = first_message.unwrap_or_else(|| "the cell does not compile".to_owned());
    if traceback.is_empty() {
        traceback.push(value.clone());
    }
    Failure { name: "CompileError".to_owned(), value, line: first_line, traceback }
}

/// A cell that is no sequence of Rust statements.
pub fn syntax(source: &str, reason: &str, line: usize) -> Failure {
    Failure::at("CompileError", reason, source, Some(line), "")
}

/// A variable whose type nobody can write down, and so cannot be kept for later cells.
pub fn unnameable(source: &str, name: &str, kind: &str, line: usize) -> Failure {
    let why = if kind.contains("{closure") { "holds a closure" } else { "cannot be written down" };
    let value = format!("the variable `{name}` cannot be kept: its type {why}");
    let advice = format!(
        "    its type: {kind}\n    collect an iterator (`.collect::<Vec<_>>()`), box a closure (`let f: Box<dyn Fn(f64) -> \
         f64> = Box::new(..)`), write the type where it is open, or use it within braces `{{ }}` in one cell"
    );
    Failure::at("CompileError", &value, source, Some(line), &advice)
}

/// A panic: the line is the panic's own when it lies in the cell, else that of the statement that was running.
pub fn panic(source: &str, generated: &str, panic: &Value, statement: Option<usize>) -> Failure {
    let message = panic["message"].as_str().unwrap_or("the cell panicked");
    let place = panic["file"].as_str().unwrap_or_default();
    let at = panic["at"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    // Cells are compiled in the root of their own crate; every other crate has a longer path.
    let in_cell = place == "src/lib.rs";
    let own = if in_cell { line_in_cell(source, generated, at, statement) } else { None };
    let details = if own.is_none() && !place.is_empty() {
        format!("    panicked in {}:{at}", short(place))
    } else {
        String::new()
    };
    Failure::at("Panic", message, source, own.or(statement), &details)
}

/// An `Err` that left the cell through `?`.
pub fn returned(source: &str, error: &Value, line: Option<usize>) -> Failure {
    let message = error["message"].as_str().unwrap_or("the cell returned an error (its text is on stderr)");
    Failure::at("Err", message, source, line, "")
}

/// The evaluating process is gone: why, and what went with it.
pub fn crash(source: &str, status: &str, line: Option<usize>, variables: &BTreeMap<String, String>) -> Failure {
    let value = format!("the evaluating process died ({}); {}", reason(status), lost(variables));
    Failure::at("Crash", &value, source, line, "")
}

/// The cell was ended by force.
pub fn killed(variables: &BTreeMap<String, String>) -> Failure {
    Failure::new("Interrupted", &format!("the cell did not stop by itself and was ended; {}", lost(variables)))
}

fn lost(variables: &BTreeMap<String, String>) -> String {
    if variables.is_empty() {
        return "there were no variables to lose".to_owned();
    }
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    format!("all variables are lost: {}", names.join(", "))
}

/// The signal or exit code in evcxr's last line, in words.
fn reason(status: &str) -> String {
    let text = status.trim().trim_end_matches('.');
    let number = text.rsplit_once("signal: ").and_then(|(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse::<u32>().ok())
    });
    match number {
        Some(4) => "SIGILL: an illegal instruction".to_owned(),
        Some(6) => "SIGABRT: std::process::abort, a panic within a panic, or a stack overflow".to_owned(),
        Some(7) => "SIGBUS: a bus error".to_owned(),
        Some(9) => "SIGKILL: out of memory, or ended from outside".to_owned(),
        Some(11) => "SIGSEGV: a stack overflow, or memory that is not the program's".to_owned(),
        Some(15) => "SIGTERM: ended from outside".to_owned(),
        _ => text.lines().next_back().unwrap_or("without a word").to_owned(),
    }
}

/// Line `at` of the generated crate, found again in the cell: from the running statement on, the longest line whose
/// words are all in it, and the first of those.
fn line_in_cell(source: &str, generated: &str, at: usize, statement: Option<usize>) -> Option<usize> {
    let text = generated.lines().nth(at.checked_sub(1)?)?;
    let from = statement.unwrap_or(1);
    // Marks and types were inserted into the generated line: every word of the user's line must be in it, in order.
    let matches = |line: &str| {
        let mut rest = text;
        !line.trim().is_empty()
            && line.split_whitespace().all(|word| match rest.find(word) {
                Some(found) => {
                    rest = &rest[found + word.len()..];
                    true
                }
                None => false,
            })
    };
    let candidates = source.lines().enumerate().skip(from - 1).filter(|(_, line)| matches(line));
    candidates.max_by_key(|(i, line)| (line.trim().len(), std::cmp::Reverse(*i))).map(|(i, _)| i + 1)
}

/// The end of a long path: the crate and the file within it.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    parts[parts.len().saturating_sub(3)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_panic_in_the_cell_names_its_own_line() {
        let source = "let v: Vec<u8> = vec![];\nif true {\n    let x = 1;\n    v[3];\n}";
        let generated =
            "fn run() {\nperturbook::cell::at(1); let v: Vec<u8> = vec![];\nif true {\n    let x = 1;\n    v[3];\n}";
        let panic = json!({"message": "index out of bounds", "file": "src/lib.rs", "at": 5});
        let failure = super::panic(source, generated, &panic, Some(2));
        assert_eq!(failure.line, Some(4));
        assert!(failure.plain().contains("-->   4 |     v[3];"), "{}", failure.plain());
    }

    #[test]
    fn a_short_line_inside_a_long_one_is_not_taken_for_it() {
        let source = "let r = if a {\n1\n} else {\nv[10]\n};";
        let panic = json!({"message": "index out of bounds", "file": "src/lib.rs", "at": 4});
        assert_eq!(super::panic(source, source, &panic, Some(1)).line, Some(4));
    }

    #[test]
    fn a_panic_in_a_library_names_the_statement_and_the_library_line() {
        let panic = json!({"message": "boom", "file": "/a/b/ndarray-0.17/src/x.rs", "at": 7});
        let failure = super::panic("f();\ng();", "", &panic, Some(2));
        assert_eq!(failure.line, Some(2));
        assert!(failure.plain().contains("panicked in ndarray-0.17/src/x.rs:7"));
    }

    #[test]
    fn an_error_shows_the_line_it_left_by() {
        let failure = returned("f()?;", &json!({"message": "no such file"}), Some(1));
        assert_eq!(failure.plain(), "Err: no such file\n-->   1 | f()?;");
    }

    #[test]
    fn a_crash_names_the_signal_and_what_is_lost() {
        let variables = [("a", "u8"), ("model", "Model")].map(|(n, t)| (n.to_owned(), t.to_owned())).into();
        let failure =
            crash("f();", "Subprocess terminated with status: signal: 6 (SIGABRT) (core dumped)", None, &variables);
        assert!(failure.value.contains("SIGABRT") && failure.value.ends_with("lost: a, model"), "{}", failure.value);
        assert!(
            crash("", "Subprocess terminated with status: exit status: 3", None, &variables)
                .value
                .contains("exit status: 3")
        );
        assert!(killed(&BTreeMap::new()).value.contains("no variables to lose"));
    }
}
