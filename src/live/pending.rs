//! What still has to be shown when a cell ends.

use std::sync::{Mutex, PoisonError, TryLockError, Weak};

use super::Shown;
use crate::display::Show;

trait Pending: Send + Sync {
    /// False when the value is gone.
    fn flush(&self) -> bool;
}

impl<T: Show + Send> Pending for Weak<Mutex<Shown<T>>> {
    fn flush(&self) -> bool {
        let Some(shown) = self.upgrade() else { return false };
        match shown.try_lock() {
            Ok(mut shown) => shown.flush(),
            Err(TryLockError::Poisoned(shown)) => shown.into_inner().flush(),
            // Somebody is changing it this moment, and will show it.
            Err(TryLockError::WouldBlock) => {}
        }
        true
    }
}

static PENDING: Mutex<Vec<Box<dyn Pending>>> = Mutex::new(Vec::new());

pub(super) fn remember<T: Show + Send + 'static>(shown: &std::sync::Arc<Mutex<Shown<T>>>) {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(std::sync::Arc::downgrade(shown)));
}

/// Brings everything on show up to date.
pub(crate) fn flush() {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).retain(|pending| pending.flush());
}
