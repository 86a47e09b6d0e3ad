//! A plan while settings are put into it by name: from a file, and from the command line.
//!
//! A value is put in and the whole plan read and written again: what a plan does not take up, because it has another type
//! or the name does not exist, is refused then and there, with the value that stands now.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// The word for nothing, where a setting may be left out.
pub(super) const NONE: &str = "none";

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

/// A value as TOML writes it: numbers, truth values, lists and tables; also numbers such as `.5`.
fn written(text: &str) -> Vec<Value> {
    let table = toml::from_str::<toml::Table>(&format!("x = {text}")).ok().filter(|table| table.len() == 1);
    let value = table.and_then(|mut table| table.remove("x")).and_then(|value| to_json(&value));
    let number = || text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
    value.or_else(number).into_iter().collect()
}

/// TOML as JSON; none where JSON has no such number.
pub(super) fn to_json(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::Number(serde_json::Number::from_f64(*number)?),
        toml::Value::Boolean(yes) => Value::Bool(*yes),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => Value::Array(values.iter().map(to_json).collect::<Option<_>>()?),
        toml::Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| Some((key.clone(), to_json(value)?)));
            Value::Object(pairs.collect::<Option<Map<String, Value>>>()?)
        }
    })
}

/// JSON as TOML, nothing as the word for it; none where TOML has no such number.
pub(super) fn to_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => toml::Value::String(NONE.to_owned()),
        Value::Bool(yes) => toml::Value::Boolean(*yes),
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(whole), _) => toml::Value::Integer(whole),
            (None, true) => toml::Value::Float(number.as_f64()?),
            (None, false) => return None,
        },
        Value::Array(values) => toml::Value::Array(values.iter().map(to_toml).collect::<Option<_>>()?),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| Some((key.clone(), to_toml(value)?)));
            toml::Value::Table(pairs.collect::<Option<toml::Table>>()?)
        }
    })
}

/// Whether what a plan holds is what was put in; a table may have got defaults beside it, a number lost digits.
fn takes_up(held: &Value, given: &Value) -> bool {
    match (held, given) {
        (Value::Object(held), Value::Object(given)) => {
            given.iter().all(|(key, value)| held.get(key).map_or(value.is_null(), |held| takes_up(held, value)))
        }
        (Value::Array(held), Value::Array(given)) => {
            held.len() == given.len() && held.iter().zip(given).all(|(held, given)| takes_up(held, given))
        }
        (Value::Number(held), Value::Number(given)) => {
            let (held, given) = (held.as_f64().unwrap_or(f64::NAN), given.as_f64().unwrap_or(f64::NAN));
            (held - given).abs() <= 1e-6 * held.abs().max(given.abs())
        }
        (held, given) => held == given,
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

    #[test]
    fn settings_survive_the_way_through_toml() {
        let value = json!({ "a": null, "b": { "c": [1, 2.5], "d": "x" }, "e": 18_446_744_073_709_551_615_u64 });
        assert!(to_toml(&value).is_none(), "TOML has no such number");
        let value = json!({ "a": null, "b": { "c": [1, 2.5], "d": "x" } });
        let text = toml::to_string_pretty(&to_toml(&value).expect("TOML")).expect("text");
        let back: toml::Value = toml::from_str::<toml::Table>(&text).expect("TOML").into();
        assert_eq!(to_json(&back), Some(json!({ "a": "none", "b": { "c": [1, 2.5], "d": "x" } })));
    }
}
