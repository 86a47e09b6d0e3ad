//! Bad files: refused with an error, in two seconds and half a gigabyte.

#![allow(dead_code)] // each test file uses its own part

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use perturbook::Result;

/// What a file may cost before it is refused.
pub const TIME: Duration = Duration::from_secs(2);
const MEMORY_KB: u64 = 512 << 10;

/// What `call` returns first, and how long it took: the least of three tries where the first took too long, since the
/// machine may be busy with something else.
pub fn timed<T>(mut call: impl FnMut() -> T) -> (T, Duration) {
    let mut once = || {
        let start = Instant::now();
        (call(), start.elapsed())
    };
    let (result, mut least) = once();
    for _ in 0..2 {
        if least >= TIME {
            least = least.min(once().1);
        }
    }
    (result, least)
}

/// What `call` returns, within two seconds.
#[track_caller]
pub fn soon<T>(what: &str, call: impl FnMut() -> T) -> T {
    let (result, took) = timed(call);
    assert!(took < TIME, "{what}: {took:?}");
    result
}

/// The error of `read`, which must come soon.
#[track_caller]
pub fn refused<T>(what: &str, read: impl FnMut() -> Result<T>) -> String {
    let result = soon(what, read);
    check_memory(what);
    match result {
        Ok(_) => panic!("{what}: bad input was accepted"),
        Err(e) => e.to_string(),
    }
}

/// The most memory this process has held so far, in kB; only Linux tells.
pub fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Some(peak.expect("a peak in kB"))
}

/// Refuses to have held more than half a gigabyte.
#[track_caller]
pub fn check_memory(what: &str) {
    if let Some(peak) = peak_kb() {
        assert!(peak < MEMORY_KB, "{what}: {} MB", peak >> 10);
    }
}

/// Cuts a good file at twenty places, and after its first bytes; each must be refused.
#[track_caller]
pub fn cuts<T: Debug>(path: &Path, read: impl Fn(&Path) -> Result<T>) {
    let bytes = fs::read(path).unwrap();
    read(path).expect("the whole file is good");
    let n = bytes.len();
    let places: Vec<usize> = (0..20).map(|k| n * k / 20).chain([1, 4, 7, 8, 9, 12, n - 8, n - 1]).collect();
    for keep in places {
        fs::write(path, &bytes[..keep]).unwrap();
        let error = refused(&format!("{keep} of {n} bytes"), || read(path));
        assert!(error.contains(path.file_name().unwrap().to_str().unwrap()), "{keep}: {error}");
    }
    fs::write(path, bytes).unwrap();
}
