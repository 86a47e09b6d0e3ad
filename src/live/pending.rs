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
    /// Whether the value is still there.
    fn lives(&self) -> bool;
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

    fn lives(&self) -> bool {
        self.strong_count() > 0
    }
}

static PENDING: Mutex<Vec<Box<dyn Pending>>> = Mutex::new(Vec::new());

pub(super) fn remember<T: Flush + 'static>(shown: &Arc<Mutex<T>>) {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    // A program without cells never flushes: what is gone must not pile up.
    if pending.len().is_power_of_two() {
        pending.retain(|pending| pending.lives());
    }
    pending.push(Box::new(Arc::downgrade(shown)));
}

/// Brings everything on show up to date.
pub(crate) fn flush() {
    let list = || PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    // Not under the lock: what is shown may panic, and the panic's report comes here again.
    let mut pending = std::mem::take(&mut *list());
    pending.retain(|pending| pending.flush());
    list().append(&mut pending);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Flush for Nothing {
        fn flush(&mut self) {}
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let kept = Arc::new(Mutex::new(Nothing));
        remember(&kept);
        (0..10_000).for_each(|_| remember(&Arc::new(Mutex::new(Nothing))));
        // Other tests show things meanwhile.
        assert!(PENDING.lock().unwrap().len() < 5_000);
    }
}
