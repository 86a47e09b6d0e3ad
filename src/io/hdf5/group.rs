//! A group: named members and attributes.

use std::collections::HashMap;
use std::sync::Arc;

use hdf5_pure::AttrValue;

use super::{Array, Origin, guard};
use crate::{Error, Result};

/// A member of a group.
#[derive(Debug)]
pub(crate) enum Node {
    Group(Group),
    Array(Array),
}

/// An open group.
#[derive(Debug)]
pub(crate) struct Group {
    inner: hdf5_pure::Group,
    /// Where it is in the file, such as `/obs`; empty for the root.
    name: String,
    origin: Arc<Origin>,
    attributes: Attributes,
}

/// Attributes by name.
pub(super) type Attributes = HashMap<String, AttrValue>;

impl Group {
    pub(super) fn root(file: hdf5_pure::File, origin: Arc<Origin>) -> Self {
        let inner = file.root();
        let attributes = guard(&origin.path.display().to_string(), || inner.attrs()).unwrap_or_default();
        Self { inner, name: String::new(), origin, attributes }
    }

    /// The file and the group, for messages.
    pub(crate) fn place(&self) -> String {
        place(&self.origin, &self.name)
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The name within its parent.
    pub(crate) fn last_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// The names of the members, sorted.
    pub(crate) fn members(&self) -> Result<Vec<String>> {
        let mut names = guard(&self.place(), || {
            let mut names = self.inner.groups()?;
            names.extend(self.inner.datasets()?);
            Ok(names)
        })?;
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The member of this name (a path of names works too), if there is one.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Node>> {
        let full = format!("{}/{name}", self.name);
        let place = place(&self.origin, &full);
        enum Found {
            Array(hdf5_pure::Dataset, Attributes),
            Group(hdf5_pure::Group, Attributes),
            Nothing,
        }
        let absent = |e: &hdf5_pure::Error| {
            matches!(e, hdf5_pure::Error::Format(hdf5_pure::FormatError::PathNotFound(_)))
                || matches!(e, hdf5_pure::Error::NotAGroup(_))
        };
        let found = guard(&place, || match self.inner.dataset(name) {
            Ok(dataset) => dataset.attrs().map(|attributes| Found::Array(dataset, attributes)),
            Err(hdf5_pure::Error::NotADataset(_)) => {
                let group = self.inner.group(name)?;
                group.attrs().map(|attributes| Found::Group(group, attributes))
            }
            Err(e) if absent(&e) => Ok(Found::Nothing),
            Err(e) => Err(e),
        })?;
        Ok(match found {
            Found::Nothing => None,
            Found::Array(dataset, attributes) => {
                Some(Node::Array(Array::new(dataset, full, attributes, Arc::clone(&self.origin))?))
            }
            Found::Group(inner, attributes) => {
                Some(Node::Group(Self { inner, name: full, origin: Arc::clone(&self.origin), attributes }))
            }
        })
    }

    /// The group of this name, if there is one.
    pub(crate) fn group(&self, name: &str) -> Result<Option<Self>> {
        match self.get(name)? {
            Some(Node::Group(group)) => Ok(Some(group)),
            _ => Ok(None),
        }
    }

    /// The array of this name.
    pub(crate) fn array(&self, name: &str) -> Result<Array> {
        match self.get(name)? {
            Some(Node::Array(array)) => Ok(array),
            Some(Node::Group(group)) => {
                Err(Error::new(format!("{name:?} is a group where an array belongs")).at(group.place()).fix(super::FIX))
            }
            None => Err(Error::new(format!("the group lacks its array {name:?}")).at(self.place()).fix(super::FIX)),
        }
    }

    /// An attribute that is one text.
    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(AttrValue::as_str)
    }

    /// An attribute that is a list of texts; an empty list is stored as one of numbers.
    pub(crate) fn texts(&self, attribute: &str) -> Option<Vec<String>> {
        let value = self.attributes.get(attribute)?;
        match value.as_strings() {
            Some(texts) => Some(texts.to_vec()),
            None => value.to_f64s().filter(Vec::is_empty).map(|_| Vec::new()),
        }
    }

    /// An attribute that is a list of whole numbers, none negative.
    pub(crate) fn sizes(&self, attribute: &str) -> Option<Vec<u64>> {
        let value = self.attributes.get(attribute)?;
        value.to_u64s().or_else(|| value.to_i64s()?.into_iter().map(|v| u64::try_from(v).ok()).collect())
    }
}

pub(super) fn place(origin: &Origin, name: &str) -> String {
    if name.is_empty() { origin.path.display().to_string() } else { format!("{}, {name}", origin.path.display()) }
}
