//! The arguments of `perturbook fit METHOD`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::failure::{Failure, Outcome};

/// Which of a method's plans a run starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Seconds to a few minutes.
    Quick,
    /// The scale of the paper.
    #[default]
    Paper,
}

/// One part of a cross-validation: part `part` of `of` is held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Which part is held out, from 1.
    pub part: usize,
    /// How many parts there are.
    pub of: usize,
}

/// What the command was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// Files and folders, or a simulator such as `simulate:counts`.
    pub data: Vec<String>,
    /// Settings that differ from the preset's.
    pub config: Option<PathBuf>,
    /// The plan that settings start from; none: that of the run that goes on, or the paper's.
    pub preset: Option<Preset>,
    /// Where everything is written.
    pub out: PathBuf,
    /// `auto`, `cpu`, `cuda`, `cuda:1`; none: what `PERTURBOOK_DEVICE` says.
    pub device: Option<String>,
    /// Whether the run in the folder goes on.
    pub resume: bool,
    /// The seed of the run.
    pub seed: Option<u64>,
    /// The part that is held out.
    pub fold: Option<Fold>,
    /// Names and values of settings, applied last.
    pub set: Vec<(String, String)>,
    /// The column that names the perturbation.
    pub perturbation: Option<String>,
    /// The labels of the controls.
    pub control: Vec<String>,
    /// The column that names the batch.
    pub batch: Option<String>,
}

impl Arguments {
    /// Reads the arguments behind the method's name.
    ///
    /// ```
    /// use perturbook::methods::command::Arguments;
    ///
    /// let words = ["--data", "a.h5ad", "b.h5ad", "--out=run", "--set", "epochs=3", "--fold", "2/5"];
    /// let arguments = Arguments::parse(words.map(String::from)).unwrap();
    /// assert_eq!((arguments.data.len(), arguments.fold.unwrap().of), (2, 5));
    /// let failure = Arguments::parse(["--out=run", "--epochs=3"].map(String::from)).unwrap_err();
    /// assert!(failure.error().to_string().contains("\"--epochs\" is no option"));
    /// ```
    ///
    /// # Errors
    /// When an option does not exist, is given twice or lacks its value, or there is no folder to write to.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let mut words = words.into_iter().peekable();
        let mut found = Self::default();
        let mut seen: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            if !matches!(name.as_str(), "--data" | "--set" | "--control") && seen.contains(&name) {
                return Err(Failure::call(format!("{name} is given twice")));
            }
            seen.push(name.clone());
            if name == "--resume" {
                if inline.is_some() {
                    return Err(Failure::call("--resume takes no value"));
                }
                found.resume = true;
                continue;
            }
            if name == "--data" {
                let mut paths: Vec<String> = inline.into_iter().collect();
                while let Some(path) = words.next_if(|word| !word.starts_with("--")) {
                    paths.push(path);
                }
                if paths.is_empty() {
                    return Err(Failure::call("--data names no file"));
                }
                found.data.append(&mut paths);
                continue;
            }
            if !OPTIONS.contains(&name.as_str()) {
                return Err(Failure::call(format!("{name:?} is no option")));
            }
            let value = inline.or_else(|| words.next_if(|word| !word.starts_with("--")));
            let value = value.filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| Failure::call(format!("{name} lacks its value")))?;
            found.take(&name, value)?;
        }
        if found.out.as_os_str().is_empty() {
            return Err(Failure::call("--out names no folder for the results"));
        }
        Ok(found)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Failure> {
        match name {
            "--config" => self.config = Some(value.into()),
            "--preset" => self.preset = Some(preset(&value)?),
            "--out" => self.out = value.into(),
            "--device" => self.device = Some(value),
            "--seed" => self.seed = Some(seed(&value)?),
            "--fold" => self.fold = Some(fold(&value)?),
            "--set" => self.set.push(setting(&value)?),
            "--perturbation" => self.perturbation = Some(value),
            "--control" => self.control.push(value),
            _ => self.batch = Some(value),
        }
        Ok(())
    }
}

/// The options with one value.
const OPTIONS: [&str; 10] = [
    "--config",
    "--preset",
    "--out",
    "--device",
    "--seed",
    "--fold",
    "--set",
    "--perturbation",
    "--control",
    "--batch",
];

fn preset(value: &str) -> Outcome<Preset> {
    match value {
        "quick" => Ok(Preset::Quick),
        "paper" => Ok(Preset::Paper),
        other => Err(Failure::call(format!("{other:?} is no preset: there are quick and paper"))),
    }
}

/// Below 2^63, so that TOML can hold it.
fn seed(value: &str) -> Outcome<u64> {
    let seed = value.parse::<i64>().ok().and_then(|seed| u64::try_from(seed).ok());
    seed.ok_or_else(|| Failure::call(format!("{value:?} is no seed: give a whole number from 0 to 2^63 - 1")))
}

fn fold(value: &str) -> Outcome<Fold> {
    let parts = value.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((part, of)) if of >= 2 && (1..=of).contains(&part) => Ok(Fold { part, of }),
        _ => Err(Failure::call(format!("{value:?} is no part of a cross-validation: write for instance --fold 1/5"))),
    }
}

fn setting(value: &str) -> Outcome<(String, String)> {
    match value.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(Failure::call(format!("{value:?} sets nothing: write for instance --set epochs=20"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> String {
        let failure = Arguments::parse(words.iter().map(|&word| word.to_owned())).expect_err("a wrong call");
        assert_eq!(failure.code(), 2);
        failure.error().to_string()
    }

    #[test]
    fn wrong_calls_say_what_is_wrong_and_how_it_is_called() {
        for (words, what) in [
            (&["--data", "x"][..], "--out names no folder"),
            (&["--out"], "--out lacks its value"),
            (&["--out", "--resume"], "--out lacks its value"),
            (&["--out=a", "--out=b"], "--out is given twice"),
            (&["--out=a", "--data"], "--data names no file"),
            (&["--out=a", "x"], "\"x\" is no option"),
            (&["--out=a", "--preset=fast"], "\"fast\" is no preset"),
            (&["--out=a", "--seed=-1"], "is no seed"),
            (&["--out=a", "--seed=9223372036854775808"], "is no seed"),
            (&["--out=a", "--fold=0/5"], "is no part"),
            (&["--out=a", "--fold=6/5"], "is no part"),
            (&["--out=a", "--fold=1/1"], "is no part"),
            (&["--out=a", "--set", "epochs"], "sets nothing"),
            (&["--out=a", "--resume=yes"], "takes no value"),
        ] {
            let text = refused(words);
            assert!(text.contains(what) && text.contains("usage: perturbook fit"), "{words:?}: {text}");
        }
    }

    #[test]
    fn values_stand_behind_a_name_or_an_equals_sign() {
        let words = ["--set", "a.b=c=d", "--set=e=-1", "--control", "x", "--control=y", "--out", "o", "--data=z"];
        let found = Arguments::parse(words.map(String::from)).expect("a call");
        let set = [("a.b", "c=d"), ("e", "-1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.set, set);
        assert_eq!(found.control, ["x", "y"]);
        assert_eq!(found.data, ["z"]);
    }
}
