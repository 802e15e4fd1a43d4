//! Whether a history of reads and compare-and-sets of one register is linearizable: Wing and Gong's search, with what was
//! tried remembered (Lowe).
use std::collections::HashSet;
use std::fmt;

/// When something happened, on the clock of the test.
pub type Moment = u64;

/// What a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The value was this.
    Read(String),
    /// The value was the first, and is the second from then on.
    Replaced(String, String),
    /// The value was not this one.
    Refused(String),
    /// Whether it was replaced is not known.
    Attempted(String, String),
}

/// One operation. The history may be in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub client: usize,
    pub invoked: Moment,
    /// `None`: its effect may come whenever it likes.
    pub returned: Option<Moment>,
    pub action: Action,
}

impl Operation {
    /// The value after it, if it can happen to this one.
    fn apply(&self, value: &str) -> Option<String> {
        match &self.action {
            Action::Read(read) => (read == value).then(|| value.to_owned()),
            Action::Replaced(from, to) | Action::Attempted(from, to) => (from == value).then(|| to.clone()),
            Action::Refused(from) => (from != value).then(|| value.to_owned()),
        }
    }

    fn must_happen(&self) -> bool {
        !matches!(self.action, Action::Attempted(..))
    }

    fn end(&self) -> Moment {
        if self.must_happen() { self.returned.unwrap_or(Moment::MAX) } else { Moment::MAX }
    }
}

/// Some of the operations, by number.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Set(Vec<u64>);

impl Set {
    fn contains(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    fn flip(&mut self, number: usize) {
        self.0[number / 64] ^= 1 << (number % 64);
    }
}

/// `Err`: no order of the operations explains them; the longest beginning that one does, and those that none continues it with.
pub fn check(initial: &str, mut history: Vec<Operation>) -> Result<(), String> {
    history.sort_by_key(|operation| operation.invoked);
    let mut value = initial.to_owned();
    let mut done = Set(vec![0; history.len() / 64 + 1]);
    let mut left = history.iter().filter(|operation| operation.must_happen()).count();
    let mut tried = HashSet::new();
    // What was done, and the value before each.
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut longest = Vec::new();
    let mut from = 0;
    while left > 0 {
        let next = candidates(&history, &done).filter(|number| *number >= from).find_map(|number| {
            let after = history[number].apply(&value)?;
            done.flip(number);
            let is_new = tried.insert((done.clone(), after.clone()));
            done.flip(number);
            is_new.then_some((number, after))
        });
        match next {
            Some((number, after)) => {
                done.flip(number);
                left -= usize::from(history[number].must_happen());
                path.push((number, std::mem::replace(&mut value, after)));
                from = 0;
                if path.len() > longest.len() {
                    longest = path.iter().map(|(number, _)| *number).collect();
                }
            }
            None => {
                let Some((number, before)) = path.pop() else { return Err(told(&history, &longest)) };
                done.flip(number);
                left += usize::from(history[number].must_happen());
                value = before;
                from = number + 1;
            }
        }
    }
    Ok(())
}

/// Those that may be next: none of the others ended before they began.
fn candidates<'a>(history: &'a [Operation], done: &Set) -> impl Iterator<Item = usize> + use<'a> {
    let mut first_end = Moment::MAX;
    let mut numbers = Vec::new();
    for (number, operation) in history.iter().enumerate().filter(|(number, _)| !done.contains(*number)) {
        if operation.invoked > first_end {
            break;
        }
        first_end = first_end.min(operation.end());
        numbers.push(number);
    }
    numbers.into_iter()
}

/// How many operations of each sort a failure shows.
const SHOWN: usize = 12;

fn told(history: &[Operation], longest: &[usize]) -> String {
    let mut done = Set(vec![0; history.len() / 64 + 1]);
    for number in longest {
        done.flip(*number);
    }
    let lines = |operations: &mut dyn Iterator<Item = &Operation>| -> String {
        operations.flat_map(|operation| ["\n  ".to_owned(), operation.to_string()]).collect()
    };
    let last = longest.iter().skip(longest.len().saturating_sub(SHOWN)).map(|number| &history[*number]);
    let open: Vec<_> = candidates(history, &done).map(|number| &history[number]).collect();
    let (must, may): (Vec<_>, Vec<_>) = open.into_iter().partition(|operation| operation.must_happen());
    let newest = may.iter().rev().take(SHOWN).copied();
    format!(
        "{} of {} operations in an order, the last{}\nthen none of these, which happened:{}\nand none of these, \
         which may have happened, the newest first:{}",
        longest.len(),
        history.len(),
        lines(&mut last.into_iter()),
        lines(&mut must.into_iter().take(SHOWN)),
        lines(&mut newest.into_iter()),
    )
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, invoked, returned, action } = self;
        let end = returned.map_or_else(|| "?".to_owned(), |end| end.to_string());
        write!(out, "client {client}, {invoked} to {end} us: {action:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `CLIENT BEGIN-END ACTION`, the end `?` where it is open: `r1` reads 1, `1>2` replaces, `1!` is refused, `1?2` is not known.
    fn operation(text: &str) -> Operation {
        let words: Vec<_> = text.split(' ').collect();
        let (invoked, returned) = words[1].split_once('-').expect("two moments");
        let action = if let Some(read) = words[2].strip_prefix('r') {
            Action::Read(read.to_owned())
        } else if let Some(from) = words[2].strip_suffix('!') {
            Action::Refused(from.to_owned())
        } else if let Some((from, to)) = words[2].split_once('>') {
            Action::Replaced(from.to_owned(), to.to_owned())
        } else {
            let (from, to) = words[2].split_once('?').expect("an action");
            Action::Attempted(from.to_owned(), to.to_owned())
        };
        let number = |text: &str| text.parse().expect("a number");
        Operation {
            client: number(words[0]) as usize,
            invoked: number(invoked),
            returned: returned.parse().ok(),
            action,
        }
    }

    #[test]
    fn histories() {
        let cases: [(&str, bool, &[&str]); 19] = [
            ("nothing", true, &[]),
            ("one after the other", true, &["1 0-1 r0", "1 2-3 0>1", "2 4-5 r1", "2 6-7 0!"]),
            ("at the same time, either order", true, &["1 0-9 0>1", "2 1-8 r0", "3 2-7 r1"]),
            ("the new value, then the old one", false, &["1 0-9 0>1", "2 1-3 r1", "3 4-8 r0"]),
            ("a value that nobody wrote", false, &["1 0-1 r7"]),
            ("old after it was replaced", false, &["1 0-1 0>1", "2 2-3 r0"]),
            ("one value replaced twice", false, &["1 0-9 0>1", "2 0-9 0>2"]),
            ("refused, and it was there all the time", false, &["1 0-9 0!"]),
            ("refused by one that came first", true, &["1 0-9 0>1", "2 0-9 0!"]),
            ("refused before that one began", false, &["1 0-1 0!", "2 2-3 0>1"]),
            ("not known: it happened", true, &["1 0-1 0?1", "2 8-9 r1"]),
            ("not known: it did not", true, &["1 0-1 0?1", "2 8-9 r0"]),
            ("not known: it happened late", true, &["1 0-1 0?1", "2 4-5 r0", "2 8-9 r1"]),
            ("not known: it is not undone", false, &["1 0-1 0?1", "2 4-5 r1", "2 8-9 r0"]),
            ("not known: not before it began", false, &["2 0-1 r1", "1 2-3 0?1"]),
            ("happened, seen late", true, &["1 0-? 0>1", "2 4-5 r0", "2 6-7 r1"]),
            ("happened, and must have", false, &["1 0-? 0>1", "2 4-5 0>2"]),
            ("a chain through an unknown one", true, &["1 0-1 0>1", "2 2-3 1?2", "3 4-5 2>3", "1 6-7 r3"]),
            ("a chain over a gap", false, &["1 0-1 0>1", "3 4-5 2>3"]),
        ];
        for (name, is_linearizable, texts) in cases {
            let history: Vec<_> = texts.iter().map(|text| operation(text)).collect();
            for history in [history.clone(), history.into_iter().rev().collect()] {
                let outcome = check("0", history);
                assert_eq!(outcome.is_ok(), is_linearizable, "{name}: {outcome:?}");
            }
        }
    }

    /// Any order will do.
    fn by_all_orders(value: &str, left: &[Operation]) -> bool {
        left.iter().all(|operation| !operation.must_happen())
            || left.iter().enumerate().any(|(number, operation)| {
                let is_first = left.iter().all(|other| other.end() >= operation.invoked);
                let mut rest = left.to_vec();
                rest.remove(number);
                is_first && operation.apply(value).is_some_and(|after| by_all_orders(&after, &rest))
            })
    }

    #[test]
    fn as_by_trying_all_orders() {
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut accepted = 0;
        for _ in 0..20_000 {
            let history: Vec<_> = (0..=random(5))
                .map(|client| {
                    let (from, to, invoked) = (random(3).to_string(), random(3).to_string(), random(12));
                    let action = match random(5) {
                        0 | 1 => Action::Read(from),
                        2 => Action::Replaced(from, to),
                        3 => Action::Refused(from),
                        _ => Action::Attempted(from, to),
                    };
                    let returned = (random(8) > 0).then(|| invoked + 1 + random(6));
                    Operation { client: client as usize, invoked, returned, action }
                })
                .collect();
            let expected = by_all_orders("0", &history);
            accepted += usize::from(expected);
            assert_eq!(check("0", history.clone()).is_ok(), expected, "{history:#?}");
        }
        assert!((2_000..18_000).contains(&accepted), "{accepted} say too little");
    }

    /// Thousands of operations of a few clients are checked in no time.
    #[test]
    fn long_histories() {
        let mut history = Vec::new();
        for n in 0..4_000_u64 {
            let (from, to) = (n.to_string(), (n + 1).to_string());
            history.push(Operation {
                client: 0,
                invoked: 10 * n,
                returned: Some(10 * n + 8),
                action: Action::Replaced(from.clone(), to.clone()),
            });
            history.push(Operation {
                client: 1,
                invoked: 10 * n + 1,
                returned: Some(10 * n + 9),
                action: Action::Refused(from.clone()),
            });
            history.push(Operation {
                client: 2,
                invoked: 10 * n + 2,
                returned: Some(10 * n + 7),
                action: Action::Read(from.clone()),
            });
            history.push(Operation {
                client: 3,
                invoked: 10 * n,
                returned: None,
                action: Action::Attempted(from, format!("lost-{n}")),
            });
        }
        assert_eq!(check("0", history.clone()), Ok(()));
        history.push(Operation {
            client: 4,
            invoked: 20_000,
            returned: Some(20_001),
            action: Action::Read("7".to_owned()),
        });
        assert!(check("0", history).is_err());
    }
}
