//! What has to come of tables.
use std::collections::BTreeMap;

use lentic_topology::spec::JoinKind;

use crate::input::Input;
use crate::model::line;
use crate::program::{End, Program, Step};
use crate::written::{first, foreign, pair};

type Rows = BTreeMap<String, (String, i64)>;

/// The rows of a table behind the steps.
fn row(program: &Program, value: Option<&String>) -> Option<String> {
    let mut value = value?.clone();
    for step in &program.steps {
        match *step {
            Step::Filter(letter) if !value.contains(letter) => return None,
            Step::Append(letter) => value.push(letter),
            Step::Filter(_) | Step::KeyOfFirst | Step::Split | Step::Through => {}
        }
    }
    Some(value)
}

fn table(input: &[Input], is_left: bool) -> Rows {
    let mut rows = Rows::new();
    for record in input.iter().filter(|record| record.is_left == is_left) {
        match &record.value {
            Some(value) => drop(rows.insert(record.key.clone(), (value.clone(), record.at))),
            None => drop(rows.remove(&record.key)),
        }
    }
    rows
}

/// Times are told where they do not depend on who came last: -1 elsewhere.
pub fn joined(program: &Program, input: &[Input]) -> Vec<String> {
    let (left, right) = (table(input, true), table(input, false));
    let of = |key: &String| {
        let (value, at) = left.get(key)?;
        Some((row(program, Some(value))?, *at))
    };
    let result = |key: &String| {
        let left = of(key);
        let (right, needs) = match program.end {
            End::Foreign { is_left } => {
                let key = left.as_ref().and_then(|(value, _)| foreign(value));
                (key.and_then(|key| right.get(&key)), (true, !is_left))
            }
            End::Rows(kind) => (right.get(key), (kind != JoinKind::Outer, kind == JoinKind::Inner)),
            _ => return None,
        };
        if (left.is_none() && (needs.0 || right.is_none())) || (right.is_none() && needs.1) {
            return None;
        }
        let value = pair(left.as_ref().map(|(value, _)| value), right.map(|(value, _)| value));
        let at = match (program.end, &left, right) {
            (End::Rows(_), Some((_, one)), Some((_, other))) => *one.max(other),
            _ => -1,
        };
        Some(line(key, &value, at))
    };
    let mut keys: Vec<_> = left.keys().chain(right.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().filter_map(result).collect()
}

/// A group that had a row once stays, with 0 rows; where changes are merged only those are compared that have rows, without
/// their times: a group may not have heard of a row that came and went.
pub fn groups(program: &Program, input: &[Input]) -> Vec<String> {
    let (mut rows, mut groups) = (BTreeMap::new(), BTreeMap::<String, (i64, i64)>::new());
    for record in input {
        let new = row(program, record.value.as_ref());
        let old = match &new {
            Some(new) => rows.insert(&record.key, new.clone()),
            None => rows.remove(&record.key),
        };
        for (value, by) in [(old, -1), (new, 1)] {
            let Some(value) = value else { continue };
            let (count, at) = groups.entry(first(&value)).or_insert((0, -1));
            (*count, *at) = (*count + by, record.at.max(*at));
        }
    }
    if program.cache > 0 {
        groups.retain(|_, (count, at)| {
            *at = -1;
            *count > 0
        });
    }
    groups.into_iter().map(|(key, (count, at))| line(&key, &count.to_string(), at)).collect()
}
