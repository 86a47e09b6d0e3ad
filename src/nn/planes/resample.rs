//! Images of half and of double the sides, and the gradients of both.

use super::Planes;

impl Planes {
    /// The mean of every two by two pixels; an odd last row or column is left out.
    pub(super) fn halved(&self) -> Self {
        let mut small = Self::zeros(self.channels, self.images, self.size.map(|side| side / 2));
        let (wide, width) = (small.size[1], self.size[1]);
        let planes = small.values.chunks_exact_mut(small.size[0] * wide);
        for (small, plane) in planes.zip(self.values.chunks_exact(self.size[0] * width)) {
            for (small, two) in small.chunks_exact_mut(wide).zip(plane.chunks_exact(2 * width)) {
                let (upper, lower) = two.split_at(width);
                let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
                small.iter_mut().zip(pairs).for_each(|(to, (a, b))| *to = (a[0] + a[1] + b[0] + b[1]) / 4.0);
            }
        }
        small
    }

    /// Every pixel's quarter in each of the four that it was the mean of, in images of this size.
    pub(super) fn unhalved(&self, size: [usize; 2]) -> Self {
        let mut large = Self::zeros(self.channels, self.images, size);
        let (wide, width) = (self.size[1], size[1]);
        let planes = large.values.chunks_exact_mut(size[0] * width);
        for (large, plane) in planes.zip(self.values.chunks_exact(self.size[0] * wide)) {
            for (two, small) in large.chunks_exact_mut(2 * width).zip(plane.chunks_exact(wide)) {
                let (upper, lower) = two.split_at_mut(width);
                let pairs = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
                small.iter().zip(pairs).for_each(|(from, (a, b))| {
                    a.fill(from / 4.0);
                    b.fill(from / 4.0);
                });
            }
        }
        large
    }

    /// Every pixel four times.
    pub(super) fn doubled(&self) -> Self {
        let mut large = self.unhalved(self.size.map(|side| 2 * side));
        large.values.iter_mut().for_each(|value| *value *= 4.0);
        large
    }

    /// The sum of every two by two pixels: the gradient of [`Planes::doubled`].
    pub(super) fn undoubled(&self) -> Self {
        self.halved().map(|mean| 4.0 * mean)
    }
}
