//! Joins of tables by their keys.
use crate::twin::{Texts, Twin};
use crate::words::{Text, low, pair, starts};

pub fn twin(name: &str) -> Option<Twin> {
    two(name).or_else(|| three(name))
}

fn two(name: &str) -> Option<Twin> {
    if !name.starts_with("tt-") {
        return None;
    }
    let mut twin = Twin::new();
    if name == "tt-self" {
        let table = twin.table("in", "in-store");
        return Some(twin.out(&outer(&table, &table.filter(|_, v| low(Some(v))))));
    }
    let (left, right) = (twin.table("left", "left-store"), twin.table("right", "right-store"));
    let joined = |mut twin: Twin, table: Texts| {
        twin.rows::<String>("joined");
        twin.out(&table.materialize("joined"))
    };
    Some(match name {
        "tt-inner" => twin.out(&inner(&left, &right)),
        "tt-left" => twin.out(&self::left(&left, &right)),
        "tt-outer" => twin.out(&outer(&left, &right)),
        "tt-inner-stored" => joined(twin, inner(&left, &right)),
        "tt-left-stored" => joined(twin, self::left(&left, &right)),
        "tt-outer-stored" => joined(twin, outer(&left, &right)),
        "tt-null-result" => {
            twin.rows::<Text>("joined");
            let table = left.outer_join(&right, |l, r| {
                let (l, r) = (l.map(String::as_str), r.map(String::as_str));
                (!starts(l, 'f')).then(|| pair(l, r))
            });
            twin.out(&table.materialize("joined"))
        }
        "tt-filter-map" => {
            let left = left.filter(|_, v| low(Some(v))).map_values(|v| format!("{v}!"));
            twin.out(&self::left(&left, &right.filter(|_, v| low(Some(v)))))
        }
        "tt-filter-map-stored" => {
            for store in ["left-filtered", "left-mapped", "right-filtered"] {
                twin.rows::<String>(store);
            }
            let left = left.filter(|_, v| low(Some(v))).materialize("left-filtered");
            let left = left.map_values(|v| format!("{v}!")).materialize("left-mapped");
            let right = right.filter(|_, v| low(Some(v))).materialize("right-filtered");
            twin.out(&self::left(&left, &right))
        }
        _ => return None,
    })
}

fn three(name: &str) -> Option<Twin> {
    if !name.starts_with("tt-chain") && !name.starts_with("tt-between") {
        return None;
    }
    let mut twin = Twin::new();
    let [a, b, c] =
        [("a", "a-store"), ("b", "b-store"), ("c", "c-store")].map(|(topic, store)| twin.table(topic, store));
    let stored = |twin: &mut Twin, table: Texts, store: &str, is_stored: bool| {
        if !is_stored {
            return table;
        }
        twin.rows::<String>(store);
        table.materialize(store)
    };
    let all = name == "tt-between-all-stored";
    Some(match name {
        "tt-chain" => twin.out(&left(&inner(&a, &b), &c)),
        "tt-chain-stored" => {
            let first = stored(&mut twin, inner(&a, &b), "first-store", true);
            let second = stored(&mut twin, left(&first, &c), "second-store", true);
            twin.out(&second)
        }
        "tt-chain-outer" => twin.out(&outer(&outer(&a, &b), &c)),
        "tt-chain-right-nested" => twin.out(&left(&a, &inner(&b, &c))),
        "tt-between" | "tt-between-filter-stored" | "tt-between-map-stored" | "tt-between-all-stored" => {
            let table = stored(&mut twin, outer(&a, &b), "first-store", all);
            let table = table.filter(|_, v| !starts(Some(v), 'b'));
            let table = stored(&mut twin, table, "filtered", all || name == "tt-between-filter-stored");
            let table = table.map_values(|v| format!("{v}!"));
            let table = stored(&mut twin, table, "mapped", all || name == "tt-between-map-stored");
            let table = stored(&mut twin, left(&table, &c), "second-store", all);
            twin.out(&table)
        }
        _ => return None,
    })
}

pub fn inner(left: &Texts, right: &Texts) -> Texts {
    left.join(right, |l, r| pair(Some(l), Some(r)))
}

pub fn left(left: &Texts, right: &Texts) -> Texts {
    left.left_join(right, |l, r| pair(Some(l), r.map(String::as_str)))
}

pub fn outer(left: &Texts, right: &Texts) -> Texts {
    left.outer_join(right, |l, r| pair(l.map(String::as_str), r.map(String::as_str)))
}
