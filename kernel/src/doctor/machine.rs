//! Memory and disk.

use std::path::Path;

use super::State;

/// GiB that building wants free.
const MEMORY: f64 = 4.0;
const DISK: f64 = 20.0;

const GIB: f64 = (1_u64 << 30) as f64;

pub fn memory() -> State {
    match std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text)) {
        Some(gib) if gib >= MEMORY => State::Fine(format!("{gib:.1} GiB free")),
        Some(gib) => State::Optional(format!("{gib:.1} GiB free; building wants {MEMORY} GiB: close other programs")),
        None => State::Optional(format!("cannot be read on this system; building wants {MEMORY} GiB")),
    }
}

/// GiB that programs can still get, from the text of `/proc/meminfo`.
fn available(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / GIB)
}

/// The file system that holds `folder`, or will once it is created.
pub fn disk(folder: &Path) -> State {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let place = there.display();
    match rustix::fs::statvfs(there) {
        Ok(disk) => enough(disk.f_bavail as f64 * disk.f_frsize as f64 / GIB, &place.to_string()),
        Err(error) => State::Optional(format!("{place} cannot be asked ({error}); building wants {DISK} GiB there")),
    }
}

fn enough(gib: f64, place: &str) -> State {
    if gib >= DISK {
        State::Fine(format!("{gib:.0} GiB free for {place}"))
    } else {
        State::Optional(format!(
            "{gib:.1} GiB free for {place}; building from scratch wants {DISK} GiB: \
             make room, or set CARGO_TARGET_DIR to a folder on another disk"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read() {
        let text = "MemTotal:       16252928 kB\nMemFree:          100000 kB\nMemAvailable:    4194304 kB\n";
        assert_eq!(available(text), Some(4.0));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: much\n"), None);
    }

    #[test]
    fn little_room_is_told_with_what_to_do() {
        assert!(matches!(enough(20.0, "/t"), State::Fine(_)));
        assert!(matches!(enough(19.9, "/t"), State::Optional(text) if text.contains("CARGO_TARGET_DIR")));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_looked_up_above() {
        let folder = tempfile::tempdir().unwrap();
        let (State::Fine(text) | State::Optional(text) | State::Needed(text)) =
            disk(&folder.path().join("not/there/yet"));
        assert!(text.contains(&format!("GiB free for {}", folder.path().display())), "{text}");
    }
}
