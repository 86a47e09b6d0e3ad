//! A plan while settings are put into it by name: from a file, and from the command line.
//!
//! A value is put in and the whole plan read and written again: what a plan does not take up, because it has another type
//! or the name does not exist, is refused then and there, with the value that stands now.

use serde_json::Value;

use super::values::{NONE, takes_up, written};
use crate::{Error, Result};

/// Reads and writes a plan: the same settings as the plan holds them, or what is wrong.
pub(super) type Check<'a> = &'a dyn Fn(&Value) -> std::result::Result<Value, String>;

/// A plan as JSON, with what checks it.
pub(super) struct Draft<'a> {
    value: Value,
    check: Check<'a>,
}

impl<'a> Draft<'a> {
    /// Starts from a plan.
    pub(super) fn new(value: Value, check: Check<'a>) -> Self {
        Self { value, check }
    }

    /// The plan as it is.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// Puts in a value from the command line, under a full name such as `settings.adam.rate` or the end of one.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let path = self.find(name)?;
        let now = at(&self.value, &path).cloned().unwrap_or_default();
        let mut candidates = Vec::new();
        if text == NONE {
            candidates.push(Value::Null);
        }
        if !now.is_string() {
            candidates.extend(written(text));
        }
        candidates.push(Value::String(text.to_owned()));
        self.put(&path, candidates, text)
    }

    /// Puts in all values of a table.
    pub(super) fn merge(&mut self, table: &Value) -> Result<()> {
        self.merge_at("", table)
    }

    fn merge_at(&mut self, path: &str, value: &Value) -> Result<()> {
        let here = at(&self.value, path).cloned().unwrap_or_default();
        if let (Value::Object(now), Value::Object(new)) = (&here, value) {
            let unknown = new.keys().find(|key| !now.contains_key(*key));
            match unknown {
                None => return new.iter().try_for_each(|(key, value)| self.merge_at(&joined(path, key), value)),
                // A choice with values of its own may be replaced by another choice, as a whole.
                Some(key) => {
                    let whole = !path.is_empty() && self.put(path, vec![value.clone()], "").is_ok();
                    return if whole { Ok(()) } else { Err(self.unknown(&joined(path, key))) };
                }
            }
        }
        // Only what may be left out takes nothing.
        let nothing = (value == NONE).then_some(Value::Null);
        let candidates = nothing.into_iter().chain([value.clone()]).collect();
        self.put(path, candidates, &value.to_string())
    }

    /// Puts in the first of some readings of a value that the plan takes up.
    fn put(&mut self, path: &str, candidates: Vec<Value>, text: &str) -> Result<()> {
        let mut why = None;
        for candidate in candidates {
            let mut value = self.value.clone();
            if let Some(place) = value.pointer_mut(&pointer(path)) {
                *place = candidate.clone();
            }
            match (self.check)(&value) {
                Ok(held) if at(&held, path).is_some_and(|held| takes_up(held, &candidate)) => {
                    self.value = held;
                    return Ok(());
                }
                Ok(_) => why = why.or(Some("it is not taken up as written".to_owned())),
                Err(_) if candidate.is_null() => {}
                Err(error) => why = why.or(Some(error)),
            }
        }
        let now = at(&self.value, path).map_or_else(String::new, Value::to_string);
        let now = if now == "null" { NONE.to_owned() } else { now };
        Err(Error::new(format!("{path} cannot be {text}: {}", why.unwrap_or_default()))
            .at("settings")
            .fix(format!("it is {now}; give a value of this kind")))
    }

    /// The full name that is meant by a full name or the end of one.
    fn find(&self, name: &str) -> Result<String> {
        let all = paths(&self.value);
        if all.iter().any(|path| path == name) {
            return Ok(name.to_owned());
        }
        let ending = format!(".{name}");
        let mut meant: Vec<&String> = all.iter().filter(|path| path.ends_with(&ending)).collect();
        match (meant.pop(), meant.is_empty()) {
            (Some(only), true) => Ok(only.clone()),
            (Some(last), false) => {
                let names: Vec<&str> = meant.into_iter().chain([last]).map(String::as_str).collect();
                Err(Error::new(format!("{name} may be one of several settings"))
                    .at("settings")
                    .fix(format!("write one of {}", names.join(", "))))
            }
            (None, _) => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let all = paths(&self.value);
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let near = |path: &String| distance(name, path).min(distance(&last(name), &last(path)));
        let nearest = all.iter().map(|path| (near(path), path)).min();
        let close = nearest.filter(|(distance, path)| *distance <= (last(name).len().max(last(path).len()) / 3).max(1));
        let hint = close.map_or_else(String::new, |(_, path)| format!("did you mean {path}? "));
        let leaves: Vec<&str> = all
            .iter()
            .filter(|path| !at(&self.value, path).is_some_and(Value::is_object))
            .map(String::as_str)
            .collect();
        Error::new(format!("there is no setting {name}"))
            .at("settings")
            .fix(format!("{hint}there are {}", leaves.join(", ")))
    }
}

/// The full names of all settings and tables.
fn paths(value: &Value) -> Vec<String> {
    fn walk(path: &str, value: &Value, found: &mut Vec<String>) {
        let Value::Object(map) = value else { return };
        for (key, value) in map {
            let path = joined(path, key);
            walk(&path, value, found);
            found.push(path);
        }
    }
    let mut found = Vec::new();
    walk("", value, &mut found);
    found
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn pointer(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("/{}", path.replace('.', "/")) }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    value.pointer(&pointer(path))
}

/// The edits (a character more, less or another) that lead from one name to the other; case does not count.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for c in from.to_lowercase().chars() {
        let mut corner = row[0];
        row[0] += 1;
        for (i, &d) in to.iter().enumerate() {
            let replaced = corner + usize::from(c != d);
            corner = row[i + 1];
            row[i + 1] = replaced.min(corner + 1).min(row[i] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::super::values::to_json;
    use super::*;
    use crate::train::{AdamConfig, Clip, FitConfig};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Settings {
        adam: AdamConfig,
        clip: Option<Clip>,
        name: String,
        layers: Vec<usize>,
        run: FitConfig,
    }

    impl Default for Settings {
        fn default() -> Self {
            let (clip, name, layers) = (Some(Clip::Value(0.5)), "a".to_owned(), vec![8, 4]);
            Self { adam: AdamConfig::default(), clip, name, layers, run: FitConfig::default() }
        }
    }

    fn with(change: impl FnOnce(&mut Draft<'_>) -> Result<()>) -> Result<Settings> {
        let check = |value: &Value| {
            let held: Settings = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
            serde_json::to_value(held).map_err(|e| e.to_string())
        };
        let mut draft = Draft::new(json!(Settings::default()), &check);
        change(&mut draft)?;
        Ok(serde_json::from_value(draft.value().clone()).expect("settings"))
    }

    fn set(name: &str, text: &str) -> Result<Settings> {
        with(|draft| draft.set(name, text))
    }

    #[test]
    fn values_go_to_full_names_and_to_their_ends() -> Result<()> {
        assert_eq!(set("adam.rate", "1e-4")?.adam.rate, 1e-4);
        assert_eq!(set("rate", ".5")?.adam.rate, 0.5);
        assert_eq!(set("epochs", "1_000")?.run.epochs, 1_000);
        assert_eq!(set("decays", "decoupled")?.adam.decays, crate::train::Decay::Decoupled);
        assert_eq!(set("name", "12")?.name, "12");
        assert_eq!(set("name", "none")?.name, "none");
        assert_eq!(set("layers", "[2, 3, 4]")?.layers, [2, 3, 4]);
        assert_eq!(set("patience", "5")?.run.patience, Some(5));
        assert_eq!(set("clip", "none")?.clip, None);
        assert_eq!(set("clip", "{ global_norm = 1.0 }")?.clip, Some(Clip::GlobalNorm(1.0)));
        assert_eq!(set("folder", "a/b")?.run.folder, Some("a/b".into()));
        assert!(set("resume", "true")?.run.resume);
        Ok(())
    }

    #[test]
    fn unknown_names_and_wrong_types_are_refused_with_what_there_is() {
        let text = |name, value| set(name, value).expect_err("refused").to_string();
        let unknown = text("epoch", "3");
        assert!(unknown.contains("did you mean run.epochs?") && unknown.contains("adam.betas"), "{unknown}");
        assert!(!text("quality", "3").contains("did you mean"));
        let wrong = text("epochs", "many");
        assert!(wrong.contains("run.epochs cannot be many") && wrong.contains("it is 10"), "{wrong}");
        for (name, value) in [("epochs", "2.5"), ("epochs", "-1"), ("resume", "yes"), ("rate", "true"), ("layers", "3")]
        {
            text(name, value);
        }
        assert!(text("epochs", "1\ny = 2").contains("cannot be"));
    }

    #[test]
    fn an_end_that_several_names_have_is_refused() -> Result<()> {
        let check = |value: &Value| Ok(value.clone());
        let mut draft = Draft::new(json!({ "a": { "rate": 1.0 }, "b": { "rate": 2.0 } }), &check);
        let error = draft.set("rate", "3").expect_err("which?").to_string();
        assert!(error.contains("one of a.rate, b.rate"), "{error}");
        draft.set("b.rate", "3")?;
        assert_eq!(draft.value(), &json!({ "a": { "rate": 1.0 }, "b": { "rate": 3 } }));
        Ok(())
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() -> Result<()> {
        let file = r#"
            name = "b"
            clip = { tensor_norm = 3.0 }
            [adam]
            betas = [0.0, 0.99]
            [run]
            patience = "none"
        "#;
        let table: toml::Value = toml::from_str::<toml::Table>(file).expect("TOML").into();
        let merged = with(|draft| draft.merge(&to_json(&table).expect("finite")))?;
        let adam = AdamConfig { betas: [0.0, 0.99], ..AdamConfig::default() };
        let clip = Some(Clip::TensorNorm(3.0));
        assert_eq!(merged, Settings { adam, clip, name: "b".to_owned(), ..Settings::default() });
        let wrong = with(|draft| draft.merge(&json!({ "adam": { "beta": 1.0 } }))).expect_err("no beta");
        assert!(wrong.to_string().contains("there is no setting adam.beta"), "{wrong}");
        Ok(())
    }
}
