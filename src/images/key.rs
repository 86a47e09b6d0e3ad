//! Keys that say what a cell is: `gene;guide;plate;well;tile;index`, taken apart by a pattern.
//!
//! A pattern is text with fields in braces. Each field takes as little as it can so that the rest still fits, which is
//! unique when its separators do not occur within fields, and mostly else, for fields can be told what they look like:
//!
//! | field | takes |
//! |---|---|
//! | `{gene}` | any text, not empty |
//! | `{uid:digits}` | digits, kept as text |
//! | `{tile:number}` | a whole number of up to 18 digits |
//! | `{well:well}` | one or two letters and one to three digits: `A1`, `B03`, `AF48` |
//!
//! Without braces, `gene;guide;plate` is short for `{gene};{guide};{plate}`.

use std::collections::HashSet;

use crate::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Digits,
    Number,
    Well,
}

impl Form {
    fn accepts(self, text: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Text => !text.is_empty(),
            Self::Digits => digits(text),
            Self::Number => text.len() <= 18 && digits(text.strip_prefix('-').unwrap_or(text)),
            Self::Well => {
                let number = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                let letters = text.len() - number.len();
                (1..=2).contains(&letters) && number.len() <= 3 && digits(number)
            }
        }
    }
}

/// A field of a pattern and the text that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    form: Form,
    after: String,
}

/// How a key or file name is taken apart.
///
/// ```
/// use perturbook::images::KeyPattern;
///
/// let pattern = KeyPattern::new("gene;guide;plate;well;tile;index")?;
/// let key = pattern.parse("HLA-A;ACGT;20200202_6W-LaC024F;A1;41;7")?;
/// assert_eq!(key.get("gene"), Some("HLA-A"));
/// assert_eq!(key.get("plate"), Some("20200202_6W-LaC024F"));
///
/// // A plate and a gene that hold the separator.
/// let pattern = KeyPattern::contrastive_ops();
/// let key = pattern.parse("00000012_20200202_6W-LaC024A_B2_333_MT_CO2_5")?;
/// assert_eq!((key.get("plate"), key.get("gene")), (Some("20200202_6W-LaC024A"), Some("MT_CO2")));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    text: String,
    before: String,
    fields: Vec<Field>,
}

/// The fields of one key.
#[derive(Clone, Debug)]
pub struct Key<'k> {
    names: Vec<&'k str>,
    values: Vec<&'k str>,
}

impl<'k> Key<'k> {
    /// The value of a field; `None` where the pattern has no such field.
    pub fn get(&self, field: &str) -> Option<&'k str> {
        self.names.iter().position(|name| *name == field).map(|at| self.values[at])
    }

    /// The values in the order of the pattern.
    pub fn values(&self) -> &[&'k str] {
        &self.values
    }
}

impl KeyPattern {
    /// Understands a pattern.
    ///
    /// # Errors
    /// When it names no field, a name or form is unknown, doubled or malformed, or two fields touch.
    pub fn new(pattern: &str) -> Result<Self> {
        let wrong = |what: String| {
            Error::new(what)
                .at(format!("key pattern {pattern:?}"))
                .fix("write fields in braces with text between, such as {gene};{well:well};{tile:number}")
        };
        let (before, parsed) = if pattern.contains(['{', '}']) { braces(pattern) } else { plain(pattern) }
            .ok_or_else(|| wrong("braces do not match or a form is unknown".into()))?;
        let mut names = HashSet::new();
        for (i, field) in parsed.iter().enumerate() {
            if field.name.is_empty() || !names.insert(field.name.clone()) {
                return Err(wrong(format!("the field name {:?} is empty or stands twice", field.name)));
            }
            if field.after.is_empty() && i + 1 < parsed.len() {
                return Err(wrong(format!("nothing separates the field {:?} from the next", field.name)));
            }
        }
        if parsed.is_empty() {
            return Err(wrong("the pattern names no field".into()));
        }
        Ok(Self { text: pattern.to_owned(), before, fields: parsed })
    }

    /// The keys of Set-DINO's loaders: gene, guide, plate, well, tile and index.
    pub fn set_dino() -> Self {
        Self::made("{gene};{guide};{plate};{well:well};{tile:number};{index:number}")
    }

    /// The keys of the Multi-ContrastiveVAE loaders: a serial number, plate, well, tile, gene and index.
    pub fn contrastive_ops() -> Self {
        Self::made("{uid:digits}_{plate}_{well:well}_{tile:number}_{gene}_{index:number}")
    }

    fn made(pattern: &str) -> Self {
        let (before, fields) = braces(pattern).unwrap_or_default();
        Self { text: pattern.to_owned(), before, fields }
    }

    /// The fields' names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> {
        self.fields.iter().map(|field| field.form)
    }

    /// Takes a key apart.
    ///
    /// # Errors
    /// When the key does not fit the pattern.
    pub fn parse<'k>(&'k self, key: &'k str) -> Result<Key<'k>> {
        let mut values = Vec::with_capacity(self.fields.len());
        let fits = key
            .strip_prefix(&self.before)
            .is_some_and(|rest| fit(&self.fields, rest, &mut values, &mut HashSet::new()));
        if !fits {
            return Err(Error::new(format!("the key {key:?} does not fit the pattern {:?}", self.text)).fix(
                "give the pattern of these keys, with a form such as {well:well} where a field holds its separator",
            ));
        }
        Ok(Key { names: self.names().collect(), values })
    }
}

/// Fits fields to text, the shortest values first; `failed` keeps the dead ends, so that the work stays small.
fn fit<'k>(fields: &[Field], text: &'k str, values: &mut Vec<&'k str>, failed: &mut HashSet<(usize, usize)>) -> bool {
    let Some((field, rest)) = fields.split_first() else { return text.is_empty() };
    if !failed.insert((fields.len(), text.len())) {
        return false;
    }
    let mut take = |value: &'k str, values: &mut Vec<&'k str>| {
        values.push(value);
        let fits = field.form.accepts(value) && fit(rest, &text[value.len() + field.after.len()..], values, failed);
        if !fits {
            values.pop();
        }
        fits
    };
    if rest.is_empty() {
        return text.strip_suffix(field.after.as_str()).is_some_and(|value| take(value, values));
    }
    text.match_indices(field.after.as_str()).any(|(end, _)| take(&text[..end], values))
}

fn braces(pattern: &str) -> Option<(String, Vec<Field>)> {
    let mut parts = pattern.split('{');
    let before = parts.next()?.to_owned();
    let fields = parts.map(|part| {
        let (inside, after) = part.split_once('}')?;
        let (name, form) = inside.split_once(':').unwrap_or((inside, ""));
        let form = match form {
            "" => Form::Text,
            "digits" => Form::Digits,
            "number" => Form::Number,
            "well" => Form::Well,
            _ => return None,
        };
        (!after.contains('}')).then(|| Field { name: name.to_owned(), form, after: after.to_owned() })
    });
    (!before.contains('}')).then_some(())?;
    Some((before, fields.collect::<Option<_>>()?))
}

fn plain(pattern: &str) -> Option<(String, Vec<Field>)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let names = pattern.split(|c| !is_name(c)).filter(|name| !name.is_empty());
    let mut rest = pattern.trim_start_matches(|c| !is_name(c));
    let before = pattern[..pattern.len() - rest.len()].to_owned();
    let mut fields = Vec::new();
    for name in names {
        rest = &rest[name.len()..];
        let after = &rest[..rest.find(is_name).unwrap_or(rest.len())];
        rest = &rest[after.len()..];
        fields.push(Field { name: name.to_owned(), form: Form::Text, after: after.to_owned() });
    }
    Some((before, fields))
}
