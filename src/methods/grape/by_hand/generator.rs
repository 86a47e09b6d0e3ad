//! The generator by hand.

use crate::methods::grape::Generator;
use crate::nn::planes::{
    ChannelNorm, Convolution, Normed, Places, Planes, Residual, ResidualPass, Sink, Styled, StyledPass,
    backward_through, through,
};

/// The numbers of a generator.
pub(super) struct HandGenerator {
    stem: Convolution,
    residuals: Vec<Residual>,
    styled: Vec<Styled>,
    norm: ChannelNorm,
    out: Convolution,
}

/// What forward leaves for backward.
pub(super) struct GeneratorPass {
    images: Planes,
    styles: Vec<f32>,
    residuals: Vec<ResidualPass>,
    styled: Vec<StyledPass>,
    last: Planes,
    normed: Normed,
}

impl HandGenerator {
    pub(super) fn of(prefix: &str, generator: &Generator, places: &mut Places) -> Self {
        let stem = Convolution::of(&format!("{prefix}stem"), &generator.stem, places);
        let residuals =
            generator.residuals().map(|(name, block)| Residual::of(&format!("{prefix}{name}"), block, places));
        let residuals = residuals.collect();
        let styled = generator.styled().map(|(name, block)| Styled::of(&format!("{prefix}{name}"), block, places));
        let styled = styled.collect();
        let norm = ChannelNorm::of(&format!("{prefix}out_norm"), &generator.out_norm, places);
        let out = Convolution::of(&format!("{prefix}out_conv"), &generator.out_conv, places);
        Self { stem, residuals, styled, norm, out }
    }

    /// Images under styles, `images x style`.
    pub(super) fn forward(&self, images: Planes, styles: &[f32]) -> (Planes, GeneratorPass) {
        let (mut x, residuals) = through(&self.residuals, self.stem.forward(&images));
        let mut styled = Vec::with_capacity(self.styled.len());
        for block in &self.styled {
            let (y, pass) = block.forward(x, styles);
            styled.push(pass);
            x = y;
        }
        let (last, normed) = self.norm.forward(x);
        let made = self.out.forward(&last);
        (made, GeneratorPass { images, styles: styles.to_vec(), residuals, styled, last, normed })
    }

    /// The gradients of images, where it is wanted, and of styles from that of what became of them.
    pub(super) fn backward(
        &self,
        pass: &GeneratorPass,
        d: &Planes,
        sink: &mut Sink<'_>,
        wanted: bool,
    ) -> (Option<Planes>, Vec<f32>) {
        let mut d_styles = vec![0.0; pass.styles.len()];
        let Some(d) = self.out.backward(&pass.last, d, sink, true) else { return (None, d_styles) };
        let mut d = self.norm.backward(d, &pass.last, &pass.normed, sink.slopes());
        for (block, kept) in self.styled.iter().zip(&pass.styled).rev() {
            d = block.backward(kept, &pass.styles, d, sink, &mut d_styles);
        }
        let d = backward_through(&self.residuals, &pass.residuals, d, sink);
        (self.stem.backward(&pass.images, &d, sink, wanted), d_styles)
    }
}
