//! Operators that look at one record at a time.
use std::sync::{Arc, PoisonError};

use lentic_types::TopicName;

use crate::trace::Line;
use crate::twin::{Shown, Twin};
use crate::words::{Text, letter, low, pair, shown, starts};

pub fn twin(name: &str) -> Option<Twin> {
    several(name).or_else(|| one(name))
}

/// Those with one input and one output.
fn one(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let s = twin.stream("in");
    match name {
        "filter" => twin.to(&s.filter(|_, v| low(v.as_deref())), "out"),
        "filter-not" => twin.to(&s.filter_not(|_, v| low(v.as_deref())), "out"),
        "map" => {
            twin.to(&s.map(|k, v| (letter(v.as_deref()), pair(k.as_deref(), v.as_deref()))), "out");
        }
        "map-values" => twin.to(&s.map_values(exclaimed), "out"),
        "flat-map" => twin.to(
            &s.flat_map(|k, v| {
                let key = shown(k.as_deref()).to_owned();
                let characters: Vec<char> = v.as_deref().unwrap_or_default().chars().collect();
                let each = move |(i, c): (usize, char)| (format!("{key}{c}"), i.to_string());
                characters.into_iter().enumerate().map(each).collect::<Vec<_>>()
            }),
            "out",
        ),
        "flat-map-values" => twin.to(
            &s.flat_map_values(|v| {
                v.as_deref().unwrap_or_default().chars().map(String::from).collect::<Vec<_>>()
            }),
            "out",
        ),
        "select-key" => twin.to(&s.select_key(|_, v| letter(v.as_deref())), "out"),
        "peek" => {
            let taps = Arc::clone(&twin.taps);
            let look = move |key: &Text, value: &Text| {
                let (key, value) = (key.shown(0), value.shown(0));
                let line = Line { name: "peeked".to_owned(), key, value, at: "-1".to_owned() };
                taps.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            };
            twin.to(&s.peek(look), "out");
        }
        "diamond" => {
            let lows = s.filter(|_, v| low(v.as_deref()));
            let merged = lows.merge(&s.map_values(exclaimed).map_values(|v| Some(v.clone())));
            twin.to(&merged, "out");
            twin.to(&s, "raw");
        }
        "to-table" => {
            twin.rows::<Text>("table-store");
            return Some(twin.out(&s.to_table().materialize("table-store")));
        }
        "select-key-to-table" => {
            twin.rows::<Text>("table-store");
            let keyed = s.select_key(|_, v| letter(v.as_deref()));
            return Some(twin.out(&keyed.to_table().materialize("table-store")));
        }
        "repartition" => {
            twin.to(&s.select_key(|_, v| letter(v.as_deref())).repartition("again"), "out");
        }
        _ => return None,
    }
    Some(twin)
}

/// Those with several inputs or outputs.
fn several(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    match name {
        "split-branch" => {
            let split = twin.stream("in").split().branch(|_, v| low(v.as_deref()));
            let branches = split.branch(|_, v| starts(v.as_deref(), 'd')).with_rest();
            for (branch, name) in branches.iter().zip(["out-low", "out-d", "out-rest"]) {
                twin.to(branch, name);
            }
        }
        "split-no-default" => {
            let split = twin.stream("in").split().branch(|_, v| low(v.as_deref()));
            let branches = split.branch(|_, v| starts(v.as_deref(), 'a')).streams();
            for (branch, name) in branches.iter().zip(["out-low", "out-a"]) {
                twin.to(branch, name);
            }
        }
        "merge" => {
            let merged = twin.stream("in-a").merge(&twin.stream("in-b"));
            twin.to(&merged, "out");
        }
        "to-dynamic" => {
            twin.stream("in").to_topic_by(|_, v| {
                let name = match v.as_deref().and_then(|v| v.chars().next()) {
                    Some('a') => "out-a",
                    Some('b') => "out-b",
                    _ => "out-rest",
                };
                TopicName::new(name).expect("a topic's name")
            });
            for name in ["out-a", "out-b", "out-rest"] {
                twin.output::<Text, Text>(name);
            }
        }
        "table-to-stream" => {
            let table = twin.topology.materialized_table::<String, Text>("in", "in-store");
            twin.rows::<Text>("in-store");
            twin.to(&table.to_stream(), "out");
            let keyed = table.to_stream().select_key(|k, v| pair(Some(k), v.as_deref()));
            twin.to(&keyed, "keyed");
        }
        _ => return None,
    }
    Some(twin)
}

fn exclaimed(value: &Text) -> String {
    format!("{}!", shown(value.as_deref()))
}
