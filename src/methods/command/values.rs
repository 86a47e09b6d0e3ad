//! Values of settings, as JSON, as TOML, and as a command line has them.

use serde_json::{Map, Value};

/// The word for nothing, where a setting may be left out.
pub(super) const NONE: &str = "none";

/// A value as TOML writes it: numbers, truth values, lists and tables; also numbers such as `.5`.
pub(super) fn written(text: &str) -> Vec<Value> {
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
pub(super) fn takes_up(held: &Value, given: &Value) -> bool {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
