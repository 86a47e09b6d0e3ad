//! What a bench of Multi-ContrastiveVAE is asked for: `[SEEDS [EPOCHS [VARIANT...]]] [key=value...]`.

use perturbook::methods::mcvae::{Asinh, Independence, Intensity, KlWeight, McVaeSettings, Variant};

use crate::asked::Asked;

impl Asked {
    /// The variants that are named, or the usual ones.
    pub fn variants(&self, usual: &[Variant]) -> Vec<Variant> {
        let named = |variant: &Variant| self.words().any(|word| word.eq_ignore_ascii_case(variant.name()));
        let named: Vec<Variant> = Variant::ALL.into_iter().filter(named).collect();
        if named.is_empty() { usual.to_vec() } else { named }
    }

    /// Changes what is asked for by keys: `rate`, `clip` (0: none), `weight` of the Wasserstein term, `kl` (its constant weight)
    /// or `ramp` (its steps), `hsic`, `base`, `side`, `latent`, `pairs`, `batch_width`, `factor` of the asinh.
    pub fn change(&self, settings: &mut McVaeSettings) {
        let key = |name: &str| self.key(name);
        settings.rate = key("rate").unwrap_or(settings.rate);
        settings.wasserstein = key("weight").unwrap_or(settings.wasserstein);
        settings.clip = key("clip").map_or(settings.clip, |limit| Some(limit).filter(|&limit| limit > 0.0));
        for (name, setting) in [
            ("base", &mut settings.base),
            ("side", &mut settings.side),
            ("latent", &mut settings.latent),
            ("pairs", &mut settings.batch),
            ("batch_width", &mut settings.batch_width),
        ] {
            *setting = key(name).map_or(*setting, |value| value as usize);
        }
        if let Some(factor) = key("factor") {
            settings.intensity = Intensity::Asinh(Asinh::spanning(factor));
        }
        if let Some(weight) = key("hsic") {
            (settings.independence, settings.independence_weight) = (Some(Independence::Hsic), weight);
        }
        if let Some(weight) = key("kl") {
            settings.kl = KlWeight::Constant(weight);
        }
        if let Some(steps) = key("ramp") {
            settings.kl = KlWeight::Ramp { steps: steps as u64 };
        }
    }
}
