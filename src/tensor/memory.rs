//! How much memory is in use, as far as system and driver say.
//!
//! | device | what is said | where it is from |
//! |---|---|---|
//! | CPU | the most that the process has held at once | `VmHWM` of `/proc/self/status` |
//! | GPU | what the process holds there now, or all programs together | `nvidia-smi` |
//!
//! A driver does not know processes of a container by the numbers that they have in it: then the memory of all programs is
//! said, and that it is. Memory that a program keeps for later use counts as held.

use std::fmt;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Device;

/// Memory in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryUse {
    /// Bytes.
    pub bytes: u64,
    /// Whose they are, and when.
    pub of: MemoryOf,
}

/// What a number of bytes is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryOf {
    /// The most that the process has held at once, in main memory.
    ProcessPeak,
    /// What the process holds on its GPU.
    ProcessOnGpu,
    /// What all programs hold on the GPU.
    Gpu,
}

impl MemoryUse {
    /// Of a device; none where nobody says it.
    ///
    /// ```
    /// use perturbook::tensor::{MemoryUse, cpu};
    ///
    /// if let Some(memory) = MemoryUse::of(&cpu()) {
    ///     assert!(memory.bytes > 1 << 20);
    /// }
    /// ```
    pub fn of(device: &Device) -> Option<Self> {
        match device {
            Device::Autodiff(inner) => Self::of(inner),
            Device::Cuda(gpu) => Self::on_gpu(gpu.index),
            _ => peak(&std::fs::read_to_string("/proc/self/status").ok()?),
        }
    }

    fn on_gpu(index: usize) -> Option<Self> {
        let ask = |query: &str| {
            let arguments = [query, "--format=csv,noheader,nounits", "-i", &index.to_string()];
            let mut program = Command::new("nvidia-smi");
            let output = program.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let own =
            ask("--query-compute-apps=pid,used_gpu_memory").and_then(|text| of_process(&text, std::process::id()));
        own.or_else(|| of_all(&ask("--query-gpu=memory.used")?))
    }
}

/// The peak in `/proc/self/status`: a line `VmHWM:   12345 kB`.
fn peak(status: &str) -> Option<MemoryUse> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(MemoryUse { bytes: kilobytes << 10, of: MemoryOf::ProcessPeak })
}

/// A process's share in lines `PID, MiB`.
fn of_process(text: &str, process: u32) -> Option<MemoryUse> {
    let lines = text.lines().filter_map(|line| line.split_once(','));
    let mut own = lines.filter(|(pid, _)| pid.trim().parse() == Ok(process));
    let mebibytes: u64 = own.next()?.1.trim().parse().ok()?;
    Some(MemoryUse { bytes: mebibytes << 20, of: MemoryOf::ProcessOnGpu })
}

/// A line of MiB.
fn of_all(text: &str) -> Option<MemoryUse> {
    let mebibytes: u64 = text.lines().next()?.trim().parse().ok()?;
    Some(MemoryUse { bytes: mebibytes << 20, of: MemoryOf::Gpu })
}

impl fmt::Display for MemoryUse {
    /// `process 1.21 GB at most`, `GPU 3.10 GB`, `GPU 3.10 GB with other programs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.bytes as f64 / 1e9;
        match self.of {
            MemoryOf::ProcessPeak => write!(f, "process {size:.2} GB at most"),
            MemoryOf::ProcessOnGpu => write!(f, "GPU {size:.2} GB"),
            MemoryOf::Gpu => write!(f, "GPU {size:.2} GB with other programs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_system_and_driver_are_read() {
        let status = "Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak(status), Some(MemoryUse { bytes: 2 << 20, of: MemoryOf::ProcessPeak }));
        assert_eq!(peak("Name:\tx\n"), None);
        let on_gpu = of_process("123, 7\n4711, 3000\n", 4711);
        assert_eq!(on_gpu.as_ref().map(|memory| memory.bytes), Some(3000 << 20));
        assert_eq!(on_gpu.map(|memory| memory.to_string()).as_deref(), Some("GPU 3.15 GB"));
        // In a container the process has another number, and some drivers say nothing.
        assert_eq!(of_process("123, 7\n", 4711), None);
        assert_eq!(of_process("4711, [N/A]\n", 4711), None);
        assert_eq!(
            of_all("512\n").map(|memory| memory.to_string()).as_deref(),
            Some("GPU 0.54 GB with other programs")
        );
        assert_eq!(of_all("[N/A]\n"), None);
    }
}
