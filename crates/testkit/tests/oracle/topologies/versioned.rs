//! Tables that keep versions.
use super::table_join;
use crate::twin::{Twin, versions};
use crate::words::{low, plus};

pub fn twin(name: &str) -> Option<Twin> {
    if !name.starts_with("versioned-") {
        return None;
    }
    if name.contains("join") {
        return joined(name);
    }
    let mut twin = Twin::new();
    if name == "versioned-aggregate" {
        let init = || "0".to_owned();
        twin.versions("aggregated");
        let add = |_: &String, v: &String, so_far: String| plus(&so_far, v);
        let table = twin.grouped::<String>().aggregate(versions("aggregated", 60), init, add);
        return Some(twin.out(&table));
    }
    let table = twin.versioned("in", "in-store", if name == "versioned-source-long" { 10_000 } else { 60 });
    let filtered = table.filter(|_, v| low(Some(v)));
    Some(match name {
        "versioned-source" | "versioned-source-long" => twin.out(&table),
        "versioned-filter" => twin.out(&filtered),
        "versioned-filter-stored" => {
            twin.rows::<String>("filtered");
            twin.out(&filtered.materialize("filtered"))
        }
        "versioned-filter-versioned" => {
            twin.versions("filtered");
            twin.out(&filtered.materialize(versions("filtered", 60)))
        }
        "versioned-map-values" => twin.out(&table.map_values(|v| format!("{v}!"))),
        _ => return None,
    })
}

fn joined(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let left = twin.versioned("left", "left-store", 60);
    let right = if name == "versioned-join-plain" {
        twin.table("right", "right-store")
    } else {
        twin.versioned("right", "right-store", 60)
    };
    Some(match name {
        "versioned-join" => twin.out(&table_join::inner(&left, &right)),
        "versioned-left-join" => twin.out(&table_join::left(&left, &right)),
        "versioned-outer-join" | "versioned-join-plain" => twin.out(&table_join::outer(&left, &right)),
        "versioned-join-stored" => {
            twin.rows::<String>("joined");
            twin.out(&table_join::inner(&left, &right).materialize("joined"))
        }
        _ => return None,
    })
}
