//! Memory that files are read into, to be used again and again.
//!
//! The system copies pages of a file one by one, and on AMD's Zen the instruction for that takes up to four times as long
//! where its target lies 8 to 24 bytes further into a page than its source. Files keep what is large at starts of pages, and
//! allocators start large pieces of memory 16 bytes into one: hence the place of these bytes.

/// What targets of copies are multiples of.
const ALIGNED: usize = 64;

/// Bytes whose first one is well placed.
#[derive(Debug, Default)]
pub(crate) struct AlignedBytes {
    all: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedBytes {
    /// As many bytes as asked for; what stands in them is not said.
    pub(crate) fn take(&mut self, len: usize) -> &mut [u8] {
        if self.all.len() < len + ALIGNED {
            self.all = vec![0; len + ALIGNED];
            self.start = self.all.as_ptr().align_offset(ALIGNED).min(ALIGNED);
        }
        self.len = len;
        self.bytes_mut()
    }

    /// Those that were asked for last.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.all[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_number_are_well_placed() {
        let mut bytes = AlignedBytes::default();
        assert!(bytes.bytes_mut().is_empty());
        for len in [0, 1, 100_000, 7, 300_000] {
            let taken = bytes.take(len);
            assert_eq!(taken.len(), len);
            assert_eq!(taken.as_ptr() as usize % ALIGNED, 0);
            taken.fill(9);
            assert_eq!(bytes.bytes_mut(), vec![9; len]);
        }
    }
}
