//! Aggregations of tables.
use lentic_topology::{GroupedTable, Table};

use crate::twin::{Texts, Twin};
use crate::words::{Text, letter, low, minus, pair, plus, starts};

pub fn twin(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let (added, taken) =
        (|_: &Text, v: &Text, a: String| added(&a, v), |_: &Text, v: &Text, a: String| taken(&a, v));
    Some(match name {
        "table-group-by-count" => {
            let table = twin.table("in", "in-store");
            twin.rows::<i64>("counts");
            twin.out(&grouped(&table).count("counts"))
        }
        "table-group-by-reduce" => {
            let table = twin.table("in", "in-store");
            twin.rows::<Text>("reduced");
            let add = |a: Text, v: &Text| a.map(|a| self::added(&a, v));
            let take = |a: Text, v: &Text| a.map(|a| self::taken(&a, v));
            twin.out(&grouped(&table).reduce("reduced", add, take))
        }
        "table-group-by-aggregate" => {
            let table = twin.table("in", "in-store");
            twin.aggregated(&table)
        }
        "table-group-by-aggregate-delete" => {
            let table = twin.table("in", "in-store");
            twin.rows::<String>("aggregated");
            let add = move |k: &Text, v: &Text, a| (!starts(v.as_deref(), 'd')).then(|| added(k, v, a));
            let take = move |k: &Text, v: &Text, a| (!starts(v.as_deref(), 'c')).then(|| taken(k, v, a));
            twin.out(&grouped(&table).aggregate("aggregated", || "0".to_owned(), add, take))
        }
        "table-group-by-one" => {
            let table = twin.table("in", "in-store");
            twin.rows::<String>("aggregated");
            let grouped = table.group_by(|_, v| (Some("all".to_owned()), Some(v.clone())));
            twin.out(&grouped.aggregate("aggregated", || "0".to_owned(), added, taken))
        }
        "table-group-by-filtered" => {
            let table = twin.table("in", "in-store").filter(|_, v| low(Some(v)));
            twin.aggregated(&table)
        }
        "table-group-by-aggregated" => {
            let table = twin.grouped::<String>().reduce("latest", |_, v| v.clone());
            twin.rows::<String>("latest");
            twin.aggregated(&table)
        }
        "table-group-by-joined" => {
            let (left, right) = (twin.table("in", "in-store"), twin.table("right", "right-store"));
            let table = left.left_join(&right, |l, r| pair(Some(l), r.map(String::as_str)));
            twin.aggregated(&table)
        }
        "versioned-group-by-aggregate" => {
            let table = twin.versioned("in", "in-store", 60);
            twin.aggregated(&table)
        }
        _ => return None,
    })
}

impl Twin {
    fn aggregated(mut self, table: &Texts) -> Self {
        self.rows::<String>("aggregated");
        let add = |_: &Text, v: &Text, a: String| added(&a, v);
        let take = |_: &Text, v: &Text, a: String| taken(&a, v);
        let table: Table<Text, String> = grouped(table).aggregate("aggregated", || "0".to_owned(), add, take);
        self.out(&table)
    }
}

/// By the first letter; some rows have no group, some no value there.
fn grouped(table: &Texts) -> GroupedTable<Text, Text> {
    table.group_by(|_, v| {
        let key = letter(Some(v)).filter(|_| !starts(Some(v), 'f'));
        (key, Some(v.clone()).filter(|_| !starts(Some(v), 'e')))
    })
}

fn added(so_far: &str, value: &Text) -> String {
    plus(so_far, crate::words::shown(value.as_deref()))
}

fn taken(so_far: &str, value: &Text) -> String {
    minus(so_far, crate::words::shown(value.as_deref()))
}
