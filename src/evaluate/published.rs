//! What papers print, to show beside one's own: the CORUM precision-recall curves of the Multi-ContrastiveVAE paper.
//!
//! Wang et al., "Multi-ContrastiveVAE disentangles perturbation effects in single cell images from optical pooled
//! screens", Figure 2 A and B: 1,263 genes, two-sided convention, percentiles 80 to 99. The points are those of the
//! published vector figures, to four decimals. And the tables of the Set-DINO paper.

mod set_dino;

pub use set_dino::{PublishedProfiles, set_dino_table_1, set_dino_table_2};

/// One published curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedCurve {
    /// The model, as the paper calls it.
    pub model: &'static str,
    /// `(recall, precision)` at percentiles 80, 81, ..., 99.
    pub points: [(f64, f64); 20],
}

impl PublishedCurve {
    /// `(recall, precision)` at a percentile from 80 to 99.
    ///
    /// ```
    /// use perturbook::evaluate::published::mcvae_corum;
    ///
    /// assert_eq!(mcvae_corum()[2].at(95), Some((0.3044, 0.0699)));
    /// ```
    pub fn at(&self, percentile: usize) -> Option<(f64, f64)> {
        self.points.get(percentile.checked_sub(80)?).copied()
    }
}

/// VAE, cVAE, mcVAE (all dimensions), CellProfiler, mcVAE background and mcVAE salient, in this order.
pub fn mcvae_corum() -> &'static [PublishedCurve; 6] {
    &CURVES
}

// A published recall happens to lie near pi / 6.
#[allow(clippy::approx_constant)]
static CURVES: [PublishedCurve; 6] = [
    PublishedCurve {
        model: "VAE",
        #[rustfmt::skip]
        points: [
            (0.5381, 0.0307), (0.5197, 0.0312), (0.5031, 0.0319), (0.4852, 0.0326),
            (0.4688, 0.0335), (0.4515, 0.0344), (0.4329, 0.0353), (0.4139, 0.0364),
            (0.3969, 0.0378), (0.3786, 0.0394), (0.3593, 0.0411), (0.3399, 0.0432),
            (0.3192, 0.0457), (0.2993, 0.0490), (0.2758, 0.0528), (0.2516, 0.0578),
            (0.2270, 0.0653), (0.1961, 0.0755), (0.1609, 0.0936), (0.1142, 0.1355),
        ],
    },
    PublishedCurve {
        model: "cVAE",
        #[rustfmt::skip]
        points: [
            (0.5553, 0.0317), (0.5393, 0.0324), (0.5222, 0.0331), (0.5065, 0.0340),
            (0.4889, 0.0349), (0.4727, 0.0360), (0.4542, 0.0371), (0.4380, 0.0385),
            (0.4203, 0.0401), (0.4014, 0.0417), (0.3834, 0.0439), (0.3635, 0.0462),
            (0.3411, 0.0488), (0.3202, 0.0524), (0.2981, 0.0570), (0.2769, 0.0636),
            (0.2512, 0.0723), (0.2223, 0.0856), (0.1833, 0.1066), (0.1280, 0.1519),
        ],
    },
    PublishedCurve {
        model: "mcVAE",
        #[rustfmt::skip]
        points: [
            (0.5777, 0.0330), (0.5612, 0.0337), (0.5470, 0.0347), (0.5310, 0.0357),
            (0.5135, 0.0367), (0.4976, 0.0379), (0.4829, 0.0394), (0.4673, 0.0411),
            (0.4490, 0.0428), (0.4302, 0.0447), (0.4114, 0.0471), (0.3918, 0.0498),
            (0.3735, 0.0535), (0.3527, 0.0578), (0.3306, 0.0632), (0.3044, 0.0699),
            (0.2781, 0.0800), (0.2452, 0.0944), (0.2054, 0.1194), (0.1454, 0.1726),
        ],
    },
    PublishedCurve {
        model: "CellProfiler",
        #[rustfmt::skip]
        points: [
            (0.5880, 0.0336), (0.5725, 0.0344), (0.5564, 0.0353), (0.5389, 0.0362),
            (0.5236, 0.0374), (0.5081, 0.0387), (0.4896, 0.0400), (0.4721, 0.0415),
            (0.4541, 0.0433), (0.4366, 0.0454), (0.4193, 0.0480), (0.3997, 0.0509),
            (0.3780, 0.0541), (0.3555, 0.0582), (0.3311, 0.0633), (0.3070, 0.0706),
            (0.2793, 0.0804), (0.2481, 0.0955), (0.2104, 0.1223), (0.1549, 0.1838),
        ],
    },
    PublishedCurve {
        model: "mcVAE background",
        #[rustfmt::skip]
        points: [
            (0.5368, 0.0307), (0.5188, 0.0312), (0.5025, 0.0319), (0.4864, 0.0327),
            (0.4690, 0.0335), (0.4521, 0.0344), (0.4346, 0.0355), (0.4171, 0.0367),
            (0.3975, 0.0379), (0.3764, 0.0392), (0.3570, 0.0409), (0.3391, 0.0431),
            (0.3179, 0.0455), (0.2966, 0.0486), (0.2714, 0.0519), (0.2473, 0.0568),
            (0.2204, 0.0634), (0.1907, 0.0734), (0.1568, 0.0912), (0.1093, 0.1298),
        ],
    },
    PublishedCurve {
        model: "mcVAE salient",
        #[rustfmt::skip]
        points: [
            (0.5598, 0.0320), (0.5439, 0.0327), (0.5270, 0.0334), (0.5128, 0.0345),
            (0.4951, 0.0354), (0.4792, 0.0365), (0.4617, 0.0377), (0.4450, 0.0391),
            (0.4260, 0.0406), (0.4092, 0.0426), (0.3911, 0.0448), (0.3742, 0.0476),
            (0.3537, 0.0506), (0.3316, 0.0543), (0.3083, 0.0590), (0.2842, 0.0653),
            (0.2575, 0.0741), (0.2257, 0.0869), (0.1846, 0.1073), (0.1227, 0.1457),
        ],
    },
];
