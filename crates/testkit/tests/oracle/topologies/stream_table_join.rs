//! Joins of a stream with a table.
use lentic_topology::Stream;

use crate::twin::{Texts, Twin, ms};
use crate::words::{Text, letter, low, pair};

pub fn twin(name: &str) -> Option<Twin> {
    if name.starts_with("sg-") {
        return global(name);
    }
    if !name.starts_with("st-") {
        return None;
    }
    let mut twin = Twin::new();
    let stream = twin.texts("in");
    if name == "st-rekeyed" {
        twin.rows::<String>("table-store");
        let table = twin.topology.materialized_table::<Text, String>("table", "table-store");
        let stream = twin.topology.stream::<Text, String>("in");
        let keyed = stream.select_key(|_, v| letter(Some(v)));
        let joined = keyed.left_join_table(&table, |l, r| pair(Some(l), r.map(String::as_str)));
        twin.to(&joined, "out");
        return Some(twin);
    }
    let table = if name.ends_with("-versioned") || name.ends_with("-grace") {
        twin.versioned("table", "table-store", 60)
    } else {
        twin.table("table", "table-store")
    };
    let joined = match name {
        "st-inner" | "st-inner-versioned" => stream.join_table(&table, |l, r| pair(Some(l), Some(r))),
        "st-left" | "st-left-versioned" => left(&stream, &table),
        "st-filtered" => left(&stream, &table.filter(|_, v| low(Some(v))).map_values(|v| format!("{v}!"))),
        "st-inner-grace" => stream.join_table_within(&table, ms(10), |l, r| pair(Some(l), Some(r))),
        "st-left-grace" => {
            stream.left_join_table_within(&table, ms(10), |l, r| pair(Some(l), r.map(String::as_str)))
        }
        _ => return None,
    };
    twin.to(&joined, "out");
    Some(twin)
}

fn left(stream: &Stream<String, String>, table: &Texts) -> Stream<String, String> {
    stream.left_join_table(table, |l, r| pair(Some(l), r.map(String::as_str)))
}

fn global(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let table = twin.topology.global_table::<Text, String>("global");
    twin.globals("global-store", "global");
    let (stream, of) = (twin.stream("in"), |_: &Text, v: &Text| letter(v.as_deref()));
    let joined = match name {
        "sg-inner" => stream.join_global(&table, of, |l, r| pair(l.as_deref(), Some(r))),
        "sg-left" => stream.left_join_global(&table, of, |l, r| pair(l.as_deref(), r.map(String::as_str))),
        _ => return None,
    };
    twin.to(&joined, "out");
    Some(twin)
}
