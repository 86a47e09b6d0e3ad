//! What this process has loaded, for the foot of a report.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Source;

static USED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// The data that this process has loaded so far, each with where it came from, by name.
pub fn used() -> BTreeMap<String, String> {
    USED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Notes that `name` was loaded from `source`.
pub(super) fn note(name: &str, source: &Source) {
    USED.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), source.to_string());
}
