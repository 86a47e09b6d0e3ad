//! Bad files: refused with an error, in two seconds and half a gigabyte.

#![allow(dead_code)] // each test file uses its own part

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use perturbook::Result;

/// What a file may cost before it is refused.
const TIME: Duration = Duration::from_secs(2);
const MEMORY_KB: u64 = 512 << 10;

/// What `call` returns, within two seconds: it gets three tries, since the machine may be busy with something else.
#[track_caller]
pub fn soon<T>(what: &str, mut call: impl FnMut() -> T) -> T {
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let result = call();
        least = least.min(start.elapsed());
        if least < TIME {
            return result;
        }
    }
    panic!("{what}: {least:?}");
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

/// The most memory this process has held so far; only Linux tells.
#[track_caller]
pub fn check_memory(what: &str) {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let peak = peak.expect("a peak in kB");
    assert!(peak < MEMORY_KB, "{what}: {} MB", peak >> 10);
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
