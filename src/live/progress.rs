//! How far long work has come, how long it will still take, and its end at a request to stop.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::pending::{self, Flush};
use super::{BETWEEN, fresh_id, lock};
use crate::display::{Bundle, Show, Transport, display, display_id, escape, update};
use crate::stop::{self, Stoppable};

/// The items of `items`, with a bar that says how many are done and how long the rest will take.
///
/// After a request to stop (the first interrupt of a notebook) there is no further item: the loop ends, and what it has
/// computed is kept.
///
/// ```
/// use perturbook::live::progress;
///
/// let squares: Vec<u32> = progress("squares", 1..=3).map(|x| x * x).collect();
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub fn progress<I: IntoIterator>(name: &str, items: I) -> Progress<I::IntoIter> {
    let items = items.into_iter();
    let (low, high) = items.size_hint();
    let total = high.filter(|&high| high == low);
    Progress { items, bar: Bar::new(name, total.map(|total| total as u64)), begun: false }
}

/// An iterator that shows how far it is; made by [`progress`].
#[derive(Debug)]
pub struct Progress<I> {
    items: I,
    bar: Bar,
    begun: bool,
}

impl<I: Iterator> Iterator for Progress<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if std::mem::replace(&mut self.begun, true) {
            self.bar.advance(1);
        }
        if self.bar.stopped() {
            return None;
        }
        let item = self.items.next();
        if item.is_none() {
            self.bar.finish();
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.items.size_hint().1)
    }
}

/// A bar that its owner moves; [`progress`] is the short way.
///
/// ```
/// use perturbook::live::Bar;
///
/// let mut bar = Bar::new("batches", Some(20));
/// for batch in 0..20 {
///     if bar.stopped() {
///         break;
///     }
///     bar.say(format!("loss {:.2}", 1.0 / f64::from(batch + 1)));
///     bar.advance(1);
/// }
/// assert_eq!(bar.done(), 20);
/// ```
#[derive(Debug)]
pub struct Bar {
    drawn: Arc<Mutex<Drawn>>,
    stoppable: Stoppable,
}

/// A bar's state, when it moved last and when it was last shown.
#[derive(Debug)]
struct Drawn {
    state: State,
    id: String,
    moved: Instant,
    shown: Option<Instant>,
    /// Whether the end was shown.
    over: bool,
}

#[derive(Debug)]
struct State {
    name: String,
    done: u64,
    /// Done before the bar began: they took none of its time.
    before: u64,
    total: Option<u64>,
    bytes: bool,
    note: String,
    started: Instant,
    /// How long it took, or had taken at its last move when its cell ended.
    ended: Option<Duration>,
    stopped: bool,
}

impl Bar {
    /// A bar at 0 of `total`; without a total it only counts.
    pub fn new(name: &str, total: Option<u64>) -> Self {
        Self::start(name, total, false)
    }

    /// A bar that counts bytes and shows them in MB.
    pub fn bytes(name: &str, total: Option<u64>) -> Self {
        Self::start(name, total, true)
    }

    fn start(name: &str, total: Option<u64>, bytes: bool) -> Self {
        let state = State {
            name: name.to_owned(),
            done: 0,
            before: 0,
            total,
            bytes,
            note: String::new(),
            started: Instant::now(),
            ended: None,
            stopped: false,
        };
        let drawn = Drawn { moved: state.started, state, id: fresh_id(), shown: None, over: false };
        let drawn = Arc::new(Mutex::new(drawn));
        pending::remember(&drawn);
        lock(&drawn).show(false);
        Self { drawn, stoppable: stop::stoppable() }
    }

    /// Moves the bar on.
    pub fn advance(&mut self, by: u64) {
        let mut drawn = lock(&self.drawn);
        drawn.state.done += by;
        drawn.moved = Instant::now();
        if !drawn.over {
            drawn.state.ended = None;
        }
        drawn.show(false);
    }

    /// Moves the bar on by what was done earlier, such as the steps of a run that goes on: it counts as done, and not for
    /// the time that is left.
    ///
    /// ```
    /// use perturbook::live::Bar;
    ///
    /// let mut bar = Bar::new("steps", Some(100));
    /// bar.advance_before(90);
    /// assert_eq!(bar.done(), 90);
    /// ```
    pub fn advance_before(&mut self, by: u64) {
        lock(&self.drawn).state.before += by;
        self.advance(by);
    }

    /// How far the bar is.
    pub fn done(&self) -> u64 {
        lock(&self.drawn).state.done
    }

    /// Puts a few words behind the bar, such as the latest loss.
    pub fn say(&mut self, note: impl Into<String>) {
        lock(&self.drawn).state.note = note.into();
    }

    /// Whether a stop was requested; the bar then says that it stopped here.
    pub fn stopped(&mut self) -> bool {
        self.stoppable.renew();
        let mut drawn = lock(&self.drawn);
        drawn.state.stopped |= stop::requested();
        drawn.state.stopped
    }

    /// Ends the bar; dropping it does the same.
    pub fn finish(&mut self) {
        let mut drawn = lock(&self.drawn);
        if !drawn.over {
            drawn.over = true;
            let elapsed = drawn.state.started.elapsed();
            drawn.state.ended.get_or_insert(elapsed);
            drawn.show(true);
        }
    }
}

impl Drawn {
    fn show(&mut self, last: bool) {
        if !last && self.shown.is_some_and(|shown| shown.elapsed() < BETWEEN) {
            return;
        }
        let first = self.shown.is_none();
        match Transport::current() {
            Transport::Kernel if first => display_id(&self.state, &self.id),
            Transport::Kernel => update(&self.state, &self.id),
            Transport::Evcxr if last => display(&self.state),
            Transport::Evcxr => {}
            Transport::Terminal => {
                let mut err = std::io::stderr().lock();
                let terminal = err.is_terminal();
                // Nobody is left to read when standard error is closed.
                let _ = match (terminal, last) {
                    (true, _) => write!(err, "\r\u{1b}[2K{}{}", self.state.line(), if last { "\n" } else { "" }),
                    (false, true) => writeln!(err, "{}", self.state.line()),
                    (false, false) => Ok(()),
                };
            }
        }
        self.shown = Some(Instant::now());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Flush for Drawn {
    /// A bar that outlives its cell stands still there, and says no longer how much time is left.
    fn flush(&mut self) {
        if Transport::current() == Transport::Kernel && self.state.ended.is_none() {
            self.state.ended = Some(self.moved - self.state.started);
            self.show(true);
        }
    }
}

impl State {
    fn amount(&self, number: u64) -> String {
        if self.bytes { format!("{:.2} MB", number as f64 / 1e6) } else { number.to_string() }
    }

    /// `epochs: 12 of 40, 3.1 s, about 7.2 s left, loss 0.21`
    fn line(&self) -> String {
        let mut line = format!("{}: {}", self.name, self.amount(self.done));
        if let Some(total) = self.total {
            line.push_str(&format!(" of {}", self.amount(total)));
        }
        let elapsed = self.ended.unwrap_or_else(|| self.started.elapsed());
        line.push_str(&format!(", {}", clock(elapsed)));
        if self.stopped {
            line.push_str(", stopped as asked");
        } else if let (Some(total), None, now @ 1..) = (self.total, self.ended, self.done - self.before) {
            let left = elapsed.as_secs_f64() * total.saturating_sub(self.done) as f64 / now as f64;
            line.push_str(&format!(", about {} left", clock(Duration::from_secs_f64(left))));
        }
        if !self.note.is_empty() {
            line.push_str(&format!(", {}", self.note));
        }
        line
    }
}

impl Show for State {
    fn bundle(&self) -> Bundle {
        let line = self.line();
        let value = match self.total {
            Some(total) => format!("value=\"{}\" max=\"{}\"", self.done, total.max(1)),
            None if self.ended.is_some() => "value=\"1\" max=\"1\"".to_owned(),
            None => String::new(),
        };
        let html = format!(
            "<div style=\"display:flex;flex-wrap:wrap;gap:.2em .8em;align-items:center;padding:2px 10px;font-size:90%;\
             font-variant-numeric:tabular-nums\"><progress {value} style=\"width:14em;accent-color:#0072b2\" \
             aria-label=\"{}\"></progress><span>{}</span></div>",
            escape(&self.name),
            escape(&line)
        );
        Bundle::text(line).with("text/html", html)
    }
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: u64, total: Option<u64>, ended: u64) -> State {
        State {
            name: "epochs <1>".to_owned(),
            done,
            before: 0,
            total,
            bytes: false,
            note: "loss 0.5".to_owned(),
            started: Instant::now(),
            ended: Some(Duration::from_secs(ended)),
            stopped: false,
        }
    }

    #[test]
    fn a_line_says_how_far_and_how_long() {
        assert_eq!(state(40, Some(40), 75).line(), "epochs <1>: 40 of 40, 1 min 15 s, loss 0.5");
        assert_eq!(
            State { stopped: true, ..state(7, None, 3) }.line(),
            "epochs <1>: 7, 3.0 s, stopped as asked, loss 0.5"
        );
        assert_eq!(
            State { bytes: true, note: String::new(), ..state(1_500_000, Some(3_000_000), 7200) }.line(),
            "epochs <1>: 1.50 MB of 3.00 MB, 2 h 00 min"
        );
    }

    #[test]
    fn the_time_left_is_in_proportion_to_what_is_left() {
        let started = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let line = State { ended: None, started, ..state(10, Some(40), 0) }.line();
        assert!(line.contains("10 of 40, 10.0 s, about 30.0 s left"), "{line}");
        let resumed = State { ended: None, started, before: 30, ..state(35, Some(40), 0) }.line();
        assert!(resumed.contains("35 of 40, 10.0 s, about 10.0 s left"), "{resumed}");
    }

    #[test]
    fn the_page_shows_a_bar_and_escapes_the_name() {
        let bundle = state(10, Some(40), 1).bundle();
        let html = bundle.get("text/html").unwrap().as_str().unwrap().to_owned();
        assert!(html.contains("<progress value=\"10\" max=\"40\"") && html.contains("epochs &lt;1&gt;: 10 of 40"));
    }

    #[test]
    fn items_without_a_known_number_are_counted() {
        let kept: Vec<u8> = progress("even", (0..10u8).filter(|x| x % 2 == 0)).collect();
        assert_eq!(kept, [0, 2, 4, 6, 8]);
    }
}
