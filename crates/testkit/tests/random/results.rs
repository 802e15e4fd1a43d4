//! What a program came to, line by line, whatever ran it.
use lentic_testkit::{Output, SessionEntry, StoreRow, WindowEntry};

use crate::model::line;
use crate::program::{End, Program};

/// What there is to be read of the store or topic of the results.
pub trait Results {
    fn outputs(&mut self) -> Vec<Output<String, String>>;
    fn counts(&mut self) -> Vec<StoreRow<String, i64>>;
    fn texts(&mut self) -> Vec<StoreRow<String, String>>;
    fn counts_of_windows(&mut self) -> Vec<WindowEntry<String, i64>>;
    fn counts_of_sessions(&mut self) -> Vec<SessionEntry<String, i64>>;
}

/// The results, sorted.
pub fn lines(of: &mut dyn Results, program: &Program) -> Vec<String> {
    let started = |key: &str, start: i64| format!("{key}@{start}");
    let mut lines: Vec<String> = match program.end {
        End::Match { .. } => {
            let known = |(key, value, at): Output<String, String>| Some((key?, value?, at));
            let outputs = of.outputs().into_iter().filter_map(known);
            outputs.map(|(key, value, at)| line(&key, &value, at)).collect()
        }
        End::Windows { .. } => {
            let line = |(key, window, n, at): WindowEntry<String, i64>| {
                line(&started(&key, window.start), &n.to_string(), at)
            };
            of.counts_of_windows().into_iter().map(line).collect()
        }
        End::Sessions { .. } => {
            let line = |(key, window, n): SessionEntry<String, i64>| {
                line(&started(&key, window.start), &n.to_string(), window.end)
            };
            of.counts_of_sessions().into_iter().map(line).collect()
        }
        // A group that came and went between two commits was told of to nobody.
        End::Groups if program.cache > 0 => {
            let rows = of.counts().into_iter().filter(|(_, n, _)| *n > 0);
            rows.map(|(key, n, _)| line(&key, &n.to_string(), -1)).collect()
        }
        End::Count | End::Letters | End::Groups => {
            of.counts().into_iter().map(|(key, n, at)| line(&key, &n.to_string(), at)).collect()
        }
        End::Greatest | End::Rows(_) | End::Foreign { .. } => {
            let told = |value: &str, at| told(program.end, value, at);
            of.texts().into_iter().map(|(key, value, at)| line(&key, &value, told(&value, at))).collect()
        }
    };
    lines.sort();
    lines
}

/// Times of joined tables that depend on who came last are not compared.
fn told(end: End, value: &str, at: i64) -> i64 {
    match end {
        End::Foreign { .. } => -1,
        End::Rows(_) if value.contains('~') => -1,
        _ => at,
    }
}
