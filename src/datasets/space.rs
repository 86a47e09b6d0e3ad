//! Free space of disks.

use std::path::Path;

/// Bytes that a user may still write to the disk of this path; `None` where the system does not say.
pub(super) fn available(path: &Path) -> Option<u64> {
    path.ancestors().find_map(|folder| fs4::available_space(folder).ok())
}

/// `12.3 MB`, in powers of 1000.
pub(super) fn say(bytes: u64) -> String {
    let size = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        1_000_000_000..1_000_000_000_000 => format!("{:.1} GB", size / 1e9),
        _ => format!("{:.1} TB", size / 1e12),
    }
}
