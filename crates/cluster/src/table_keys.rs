//! What is known of a table's keys in the partitions that are on other nodes: by it a key finds its partition.
use crate::TableState;

/// What is known from now on, of what the owners of those partitions tell (`None`: one has not, or there is none); `None`: what was
/// known stays. What was seen before an owner went stays seen.
pub fn keys_elsewhere(
    known: Option<TableState>,
    told: impl IntoIterator<Item = Option<TableState>>,
) -> Option<TableState> {
    let (mut keys, mut all_told) = (TableState { partitioners: u8::MAX, seen: true }, true);
    for told in told {
        match told {
            Some(told) => {
                keys.partitioners &= told.partitioners;
                keys.seen &= told.seen;
            }
            None => all_told = false,
        }
    }
    keys.seen &= all_told;
    let was_seen = known.is_some_and(|known| known.seen);
    (all_told || !was_seen).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_stays_seen() {
        let keys = |partitioners, seen| TableState { partitioners, seen };
        for (name, known, told, expected) in [
            ("nothing is elsewhere", None, vec![], Some(keys(u8::MAX, true))),
            ("all tell", None, vec![Some(keys(3, true)), Some(keys(6, true))], Some(keys(2, true))),
            ("one still looks", None, vec![Some(keys(3, true)), Some(keys(7, false))], Some(keys(3, false))),
            ("one has not told", None, vec![Some(keys(3, true)), None], Some(keys(3, false))),
            ("one has gone", Some(keys(1, true)), vec![Some(keys(3, true)), None], None),
            ("one came", Some(keys(1, true)), vec![Some(keys(3, false))], Some(keys(3, false))),
        ] {
            assert_eq!(keys_elsewhere(known, told), expected, "{name}");
        }
    }
}
