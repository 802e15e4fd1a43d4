//! What has to come out, from the whole input, without a thought of time or memory.
use std::collections::BTreeMap;

use lentic_topology::spec::JoinKind;

use crate::input::Input;
use crate::program::{End, Program, Step};
use crate::table_model;
use crate::written::{first, letters, pair};

/// A result as a line, whatever it is of.
pub fn line(key: &str, value: &str, at: i64) -> String {
    format!("{key:?} {value} @{at}")
}

/// The results, sorted.
pub fn fold(program: &Program, input: &[Input]) -> Vec<String> {
    let mut lines = match program.end {
        End::Match { kind, before, after } => matches(&sides(program, input), kind, before, after),
        End::Rows(_) | End::Foreign { .. } => table_model::joined(program, input),
        End::Groups => table_model::groups(program, input),
        End::Sessions { gap } => sessions(&sides(program, input), gap),
        End::Windows { size, advance, grace } => windows(&sides(program, input), size, advance, grace),
        End::Count | End::Greatest | End::Letters => folded(program.end, &sides(program, input)),
    };
    lines.sort();
    lines
}

/// A record behind the steps: side, key, value, time.
type Moved = (bool, String, String, i64);

fn sides(program: &Program, input: &[Input]) -> Vec<Moved> {
    let mut all = Vec::new();
    for record in input {
        let value = record.value.clone().unwrap_or_default();
        let mut moved = vec![(record.key.clone(), value)];
        for step in program.steps.iter().filter(|_| record.is_left) {
            let step = |(key, value): (String, String)| match *step {
                Step::Filter(letter) if !value.contains(letter) => vec![],
                Step::Filter(_) | Step::Through => vec![(key, value)],
                Step::Append(letter) => vec![(key, format!("{value}{letter}"))],
                Step::KeyOfFirst => vec![(first(&value), value)],
                Step::Split => letters(&value).into_iter().map(|letter| (key.clone(), letter)).collect(),
            };
            moved = moved.into_iter().flat_map(step).collect();
        }
        all.extend(moved.into_iter().map(|(key, value)| (record.is_left, key, value, record.at)));
    }
    all
}

fn folded(end: End, records: &[Moved]) -> Vec<String> {
    let mut by_key: BTreeMap<&str, Vec<&Moved>> = BTreeMap::new();
    for record in records {
        by_key.entry(&record.1).or_default().push(record);
    }
    let result = |(key, records): (&str, Vec<&Moved>)| {
        let values = || records.iter().map(|record| &record.2);
        let value = match end {
            End::Greatest => values().max().cloned().unwrap_or_default(),
            End::Letters => values().map(|value| value.len()).sum::<usize>().to_string(),
            _ => records.len().to_string(),
        };
        line(key, &value, records.iter().map(|record| record.3).max().unwrap_or_default())
    };
    by_key.into_iter().map(result).collect()
}

fn windows(records: &[Moved], size: i64, advance: i64, grace: i64) -> Vec<String> {
    let (mut stream_time, mut greatest, mut windows) = (-1, -1, BTreeMap::new());
    for (_, key, _, at) in records {
        stream_time = stream_time.max(*at);
        let starts = (0..).map(|number| number * advance).take_while(|start| start <= at);
        for start in starts.filter(|start| start + size > *at && start + size > stream_time - grace) {
            greatest = greatest.max(start);
            let (count, time) = windows.entry((start, key)).or_insert((0, -1));
            (*count, *time) = (*count + 1, *at.max(time));
        }
    }
    // What has outlived the retention (size and grace) is hidden.
    windows.retain(|(start, _), _| *start > greatest - size - grace);
    let line = |((start, key), (count, at)): ((i64, &String), (i32, i64))| {
        line(&format!("{key}@{start}"), &count.to_string(), at)
    };
    windows.into_iter().map(line).collect()
}

fn sessions(records: &[Moved], gap: i64) -> Vec<String> {
    let mut times: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (_, key, _, at) in records {
        times.entry(key).or_default().push(*at);
    }
    let mut lines = Vec::new();
    for (key, mut times) in times {
        times.sort_unstable();
        for session in times.chunk_by(|one, next| next - one <= gap) {
            let (start, end) = (session[0], session[session.len() - 1]);
            lines.push(line(&format!("{key}@{start}"), &session.len().to_string(), end));
        }
    }
    lines
}

/// Every pair by force, and who found nobody: at once where nobody can come, else at the end.
fn matches(records: &[Moved], kind: JoinKind, before: i64, after: i64) -> Vec<String> {
    let (mut lines, mut stream_time, mut waiting) = (Vec::new(), -1, Vec::<&Moved>::new());
    for (number, record) in records.iter().enumerate() {
        let (is_left, key, value, at) = record;
        stream_time = stream_time.max(*at);
        let fits = |other: &&Moved| {
            let (left, right) = if *is_left { (*at, other.3) } else { (other.3, *at) };
            other.0 != *is_left && other.1 == *key && left - before <= right && right <= left + after
        };
        let partners: Vec<_> = records[..number].iter().filter(fits).collect();
        for other in &partners {
            let (left, right) = if *is_left { (value, &other.2) } else { (&other.2, value) };
            lines.push(line(key, &pair(Some(left), Some(right)), *at.max(&other.3)));
        }
        waiting.retain(|waiting| !fits(waiting));
        let counts = kind == JoinKind::Outer || (kind == JoinKind::Left && *is_left);
        if partners.is_empty() && counts {
            let ends = at + if *is_left { after } else { before };
            if ends < stream_time { lines.push(alone(record)) } else { waiting.push(record) }
        }
    }
    lines.extend(waiting.into_iter().map(alone));
    lines
}

fn alone((is_left, key, value, at): &Moved) -> String {
    let (left, right) = if *is_left { (Some(value), None) } else { (None, Some(value)) };
    line(key, &pair(left, right), *at)
}
