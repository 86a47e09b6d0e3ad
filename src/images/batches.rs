//! Batch after batch, as training wants them: the next one is read while one is used, into arrays that are used again.
//!
//! ```text
//! reading  | 0 | 1 | 2 | 3 |          three arrays take turns: one in use, one ready, one being filled
//! work         | 0     | 1     | 2     | 3     |
//! ```

use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use ndarray::Array4;

use super::CellImages;
use crate::{Error, Result};

/// Calls `work` with the rows and images (`rows x channels x height x width`) of one batch of `size` after the other, in
/// the order of `rows`; the last one may be smaller.
///
/// All cores read ahead by one batch. `work` may take the array (`std::mem::take`); else it is filled again later.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::images::{MemoryImages, each_batch};
///
/// let cells = MemoryImages::unnamed(Array4::from_shape_fn((5, 1, 2, 2), |(cell, ..)| cell as f32));
/// let mut sums = Vec::new();
/// each_batch(&cells, &[4, 0, 2, 1, 3], 2, |rows, images| {
///     sums.push((rows.len(), images.sum()));
///     Ok(())
/// })?;
/// assert_eq!(sums, [(2, 16.0), (2, 12.0), (1, 12.0)]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When `size` is 0, a row is not there or cannot be read, or `work` fails; batches before it were worked on.
pub fn each_batch(
    images: &dyn CellImages,
    rows: &[usize],
    size: usize,
    mut work: impl FnMut(&[usize], &mut Array4<f32>) -> Result<()>,
) -> Result<()> {
    if size == 0 {
        return Err(Error::new("a batch needs at least one cell").fix("give a size above 0, such as 256"));
    }
    thread::scope(|scope| {
        let (ready, next) = sync_channel(1);
        let (give_back, free) = channel();
        scope.spawn(move || {
            for rows in rows.chunks(size) {
                let mut batch = free.try_recv().unwrap_or_default();
                let read = read_again(images, rows, &mut batch);
                // Whoever worked on the batches may have gone.
                if ready.send(read.map(|()| batch)).is_err() {
                    return;
                }
            }
        });
        for rows in rows.chunks(size) {
            let gone = |_| Error::new("the thread that reads batches ended early");
            let mut batch = next.recv().map_err(gone)??;
            work(rows, &mut batch)?;
            let _ = give_back.send(batch);
        }
        Ok(())
    })
}

/// Reads `rows` into `out`, which is made anew only where it has another shape.
pub(super) fn read_again(images: &dyn CellImages, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
    let (channels, height, width) = images.shape();
    if out.dim() == (rows.len(), channels, height, width) {
        return images.read_into(rows, out);
    }
    *out = images.read(rows)?;
    Ok(())
}
