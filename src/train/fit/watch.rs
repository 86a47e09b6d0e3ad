//! The live view of a run: a bar with the time to go, steps per second, memory and the latest terms, and below it curves
//! that grow.

use super::{History, Observer, Phase, Row};
use crate::live::{Bar, Live, Trace};
use crate::tensor::{Device, MemoryUse};

/// Seconds of training between two looks at the memory: asking a GPU's driver takes a program of its own.
const LOOK: f64 = 10.0;
/// Terms in words behind the bar.
const SAID: usize = 4;

/// A bar with steps, time to go, steps per second, memory and the latest terms, and below it the curves of some terms,
/// growing. A terminal shows the bar, and what the curves say when they have ended.
#[derive(Debug)]
pub struct Watch {
    terms: Vec<String>,
    device: Device,
    /// The bar, and the curves where there are any.
    shown: Option<(Bar, Option<Live<Trace>>)>,
    /// Step and seconds of the last row, for the speed since then.
    before: Option<(u64, f64)>,
    speed: Option<f64>,
    memory: Option<MemoryUse>,
    /// When the memory was looked at.
    looked: f64,
}

impl Watch {
    /// Watches the whole loss.
    pub fn loss() -> Self {
        Self::term("loss")
    }

    /// Watches a term of the loss.
    pub fn term(term: &str) -> Self {
        Self::terms(&[term])
    }

    /// Only the bar, for programs that are no notebook.
    pub fn bar() -> Self {
        Self::terms(&[])
    }

    /// Watches some terms in one figure, in training and validation.
    ///
    /// ```
    /// use perturbook::train::Watch;
    ///
    /// let watch = Watch::terms(&["reconstruction", "KL"]);
    /// assert!(format!("{watch:?}").contains("KL"));
    /// ```
    pub fn terms(terms: &[&str]) -> Self {
        Self {
            terms: terms.iter().map(|&term| term.to_owned()).collect(),
            device: crate::tensor::cpu(),
            shown: None,
            before: None,
            speed: None,
            memory: None,
            looked: f64::NEG_INFINITY,
        }
    }

    /// Says the memory of this device; without it that of the process.
    #[must_use]
    pub fn on(mut self, device: &Device) -> Self {
        self.device = device.clone();
        self
    }

    /// Adds a row's points. A single term needs no name beside `training` and `validation`.
    fn push(trace: &mut Trace, terms: &[String], row: &Row) {
        for term in terms {
            let Some(value) = row.get(term).filter(|value| value.is_finite()) else { continue };
            let phase = row.phase.name();
            let name = if terms.len() == 1 { phase.to_owned() } else { format!("{term}, {phase}") };
            trace.push(&name, row.epoch, value);
        }
    }

    /// `loss 0.5210, KL 0.1, 12.3 steps/s, process 1.21 GB at most`
    fn words(&mut self, row: &Row) -> String {
        if let Some((step, seconds)) = self.before.replace((row.step, row.seconds))
            && row.step > step
            && row.seconds > seconds
        {
            self.speed = Some((row.step - step) as f64 / (row.seconds - seconds));
        }
        if row.seconds - self.looked >= LOOK {
            self.looked = row.seconds;
            self.memory = MemoryUse::of(&self.device);
        }
        let terms = row.terms.iter().take(SAID).map(|(name, value)| format!("{name} {value:.4}"));
        let speed = self.speed.map(|speed| format!("{} steps/s", crate::display::number(speed)));
        let memory = self.memory.as_ref().map(MemoryUse::to_string);
        let words: Vec<String> = terms.chain(speed).chain(memory).collect();
        let words = words.join(", ");
        if row.phase == Phase::Validation { format!("validation: {words}") } else { words }
    }
}

impl Observer for Watch {
    fn begin(&mut self, method: &str, done: u64, total: u64, history: &History) {
        let mut bar = Bar::new(&format!("{method}, steps"), Some(total));
        bar.advance_before(done);
        let axis = if let [term] = &self.terms[..] { term.as_str() } else { "value" };
        let trace = (!self.terms.is_empty()).then(|| {
            let mut trace = Trace::new(&format!("{method}: {}", self.terms.join(", ")), "epoch", axis);
            history.rows.iter().for_each(|row| Self::push(&mut trace, &self.terms, row));
            Live::new(trace)
        });
        self.before = history.rows.last().map(|row| (row.step, row.seconds));
        self.looked = f64::NEG_INFINITY;
        self.shown = Some((bar, trace));
    }

    fn step(&mut self) {
        if let Some((bar, _)) = &mut self.shown {
            bar.advance(1);
        }
    }

    fn row(&mut self, row: &Row) {
        let words = self.words(row);
        let Some((bar, trace)) = &mut self.shown else { return };
        bar.say(words);
        if let Some(trace) = trace {
            trace.change(|trace| Self::push(trace, &self.terms, row));
        }
    }

    fn stopped(&mut self) -> bool {
        match &mut self.shown {
            Some((bar, _)) => bar.stopped(),
            None => crate::stop::requested(),
        }
    }

    fn end(&mut self, _: &History) {
        if let Some((mut bar, _)) = self.shown.take()
            && !bar.stopped()
        {
            bar.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64, seconds: f64, phase: Phase) -> Row {
        let terms = vec![("loss".to_owned(), 0.5), ("KL".to_owned(), f64::NAN)];
        Row { step, epoch: step as f64 / 10.0, seconds, phase, terms }
    }

    #[test]
    fn words_say_terms_speed_and_memory() {
        let mut watch = Watch::loss();
        assert!(!watch.words(&row(10, 1.0, Phase::Training)).contains("steps/s"), "one row has no speed");
        let words = watch.words(&row(30, 2.0, Phase::Validation));
        assert!(words.starts_with("validation: loss 0.5000, KL NaN, 20 steps/s"), "{words}");
        // A row of validation at the same step does not change the speed.
        assert!(watch.words(&row(30, 2.5, Phase::Training)).contains("20 steps/s"));
        if cfg!(target_os = "linux") {
            assert!(words.contains("process") && words.contains("at most"), "{words}");
        }
    }

    #[test]
    fn several_terms_have_names_and_values_that_are_no_numbers_are_left_out() {
        let mut trace = Trace::new("t", "epoch", "value");
        Watch::push(&mut trace, &["loss".to_owned(), "KL".to_owned()], &row(10, 1.0, Phase::Training));
        assert_eq!(trace.last("loss, training"), Some((1.0, 0.5)));
        assert_eq!(trace.last("KL, training"), None);
    }
}
