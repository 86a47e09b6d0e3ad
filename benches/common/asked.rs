//! What a bench is asked for: words, numbers and `key=value`.

/// The arguments of a bench.
pub struct Asked(Vec<String>);

impl Asked {
    /// Of this process; none where cargo test runs benches in passing.
    pub fn here() -> Option<Self> {
        let all: Vec<String> = std::env::args().skip(1).collect();
        let (flags, others): (Vec<String>, Vec<String>) = all.into_iter().partition(|one| one.starts_with("--"));
        flags.iter().any(|flag| flag == "--bench").then_some(Self(others))
    }

    /// All of them as they are.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Seeds and epochs.
    pub fn numbers(&self, usual: [u64; 2]) -> [u64; 2] {
        let mut given = self.words().filter_map(|word| word.parse().ok());
        usual.map(|usual| given.next().unwrap_or(usual))
    }

    /// The value of a key.
    pub fn key(&self, name: &str) -> Option<f64> {
        self.words().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    }
}
