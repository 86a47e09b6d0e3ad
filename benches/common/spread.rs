//! Numbers over several seeds.

/// Their mean, the least and the largest of them.
pub fn spread(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    format!("{mean:.3} ({low:.3} to {high:.3})")
}

/// Numbers by name, one for each seed.
#[derive(Default)]
#[allow(dead_code)] // not every bench collects them
pub struct Readings(std::collections::BTreeMap<String, Vec<f64>>);

#[allow(dead_code)]
impl Readings {
    /// The number of one more seed.
    pub fn add(&mut self, name: impl Into<String>, value: f64) {
        self.0.entry(name.into()).or_default().push(value);
    }

    /// All of them under a heading.
    pub fn print(&self, heading: &str) {
        println!("\n== {heading}");
        self.0.iter().for_each(|(name, values)| println!("{name:<44} {}", spread(values)));
    }
}
