//! What still has to be shown when a cell ends.

use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};

/// Something on show that may lag behind what it shows.
pub(super) trait Flush: Send {
    /// Brings what is on show up to date.
    fn flush(&mut self);
}

trait Pending: Send + Sync {
    /// False when the value is gone.
    fn flush(&self) -> bool;
}

impl<T: Flush> Pending for Weak<Mutex<T>> {
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

pub(super) fn remember<T: Flush + 'static>(shown: &Arc<Mutex<T>>) {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(Arc::downgrade(shown)));
}

/// Brings everything on show up to date.
pub(crate) fn flush() {
    let list = || PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    // Not under the lock: what is shown may panic, and the panic's report comes here again.
    let mut pending = std::mem::take(&mut *list());
    pending.retain(|pending| pending.flush());
    list().append(&mut pending);
}
