//! Joins of tables by foreign keys.
use crate::twin::{Texts, Twin};
use crate::words::{Text, letter, low, pair, starts};

pub fn twin(name: &str) -> Option<Twin> {
    if !name.starts_with("fk-") {
        return None;
    }
    let mut twin = Twin::new();
    if name == "fk-self" {
        let table = twin.table("in", "in-store");
        return Some(twin.out(&left(&table, &table)));
    }
    let (one, other) = if name.ends_with("-versioned") {
        (twin.versioned("left", "left-store", 60), twin.versioned("right", "right-store", 60))
    } else {
        (twin.table("left", "left-store"), twin.table("right", "right-store"))
    };
    Some(match name {
        "fk-inner" | "fk-inner-versioned" => twin.out(&inner(&one, &other)),
        "fk-left" | "fk-left-versioned" => twin.out(&left(&one, &other)),
        "fk-inner-stored" => {
            twin.rows::<String>("joined");
            twin.out(&inner(&one, &other).materialize("joined"))
        }
        "fk-left-stored" => {
            twin.rows::<String>("joined");
            twin.out(&left(&one, &other).materialize("joined"))
        }
        "fk-of-key" => {
            let of = |k: &String, v: &String| {
                if k == "k" { Some("a".to_owned()) } else { letter(Some(v)) }
            };
            twin.out(&one.left_join_on(&other, of, |l, r| pair(Some(l), r.map(String::as_str))))
        }
        "fk-filtered" => {
            let one = one.filter(|_, v| low(Some(v)));
            twin.out(&left(&one, &other.map_values(|v| format!("{v}!"))))
        }
        _ => return None,
    })
}

#[expect(clippy::ptr_arg, reason = "the shape of a key extractor")]
fn foreign_key(_key: &String, value: &String) -> Text {
    letter(Some(value)).filter(|_| !starts(Some(value), 'f'))
}

fn inner(left: &Texts, right: &Texts) -> Texts {
    left.join_on(right, foreign_key, |l, r| pair(Some(l), Some(r)))
}

fn left(left: &Texts, right: &Texts) -> Texts {
    left.left_join_on(right, foreign_key, |l, r| pair(Some(l), r.map(String::as_str)))
}
