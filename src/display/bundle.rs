//! A mime bundle: the same object in several representations, richest first.
//!
//! Front ends pick what they can draw: JupyterLab the interactive JSON, GitHub the SVG, a terminal the text.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// Representations of one object, keyed by mime type, in the order they were added.
///
/// Text and base64 are JSON strings; `application/...+json` is a JSON value.
///
/// ```
/// use perturbook::display::Bundle;
///
/// let b = Bundle::text("3 genes").with("text/html", "<b>3</b> genes");
/// assert_eq!(b.get("text/html").unwrap(), "<b>3</b> genes");
/// assert_eq!(b.mimes(), ["text/plain", "text/html"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    entries: Vec<(String, Value)>,
    metadata: Map<String, Value>,
}

impl Bundle {
    /// A bundle that holds only `text/plain`, the fallback that every bundle has.
    pub fn text(plain: impl Into<String>) -> Self {
        Self::default().with("text/plain", plain.into())
    }

    /// Adds a representation; one that is there already under the same mime type is replaced.
    #[must_use]
    pub fn with(mut self, mime: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.entries.iter_mut().find(|(known, _)| known == mime) {
            Some((_, old)) => *old = value,
            None => self.entries.push((mime.to_owned(), value)),
        }
        self
    }

    /// Tells front ends more of the representation under this mime type, such as the size of an image.
    ///
    /// ```
    /// use perturbook::display::Bundle;
    /// use serde_json::json;
    ///
    /// let b = Bundle::text("a dot").with("image/png", "iVBORw0KGgo=").with_metadata("image/png", json!({ "width": 320 }));
    /// assert_eq!(b.metadata()["image/png"]["width"], 320);
    /// ```
    #[must_use]
    pub fn with_metadata(mut self, mime: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(mime.to_owned(), value.into());
        self
    }

    /// What was told of the representations, by mime type.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// The representation under this mime type.
    pub fn get(&self, mime: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| known == mime).map(|(_, value)| value)
    }

    /// The mime types, in order.
    pub fn mimes(&self) -> Vec<&str> {
        self.entries.iter().map(|(mime, _)| mime.as_str()).collect()
    }

    /// Mime types and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(mime, value)| (mime.as_str(), value))
    }

    /// Bytes of the bundle written as JSON: what one output adds to a notebook file.
    pub fn size(&self) -> usize {
        serde_json::to_string(self).map_or(0, |json| json.len())
    }
}

impl Serialize for Bundle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (mime, value) in &self.entries {
            map.serialize_entry(mime, value)?;
        }
        map.end()
    }
}
