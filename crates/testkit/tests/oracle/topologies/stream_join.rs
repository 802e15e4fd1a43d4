//! Joins of two streams.
use lentic_topology::{JoinWindows, Stream};

use crate::twin::{Twin, ms};
use crate::words::{Text, letter, pair};

pub fn twin(name: &str) -> Option<Twin> {
    let windows = |before_ms, after_ms, grace_ms| JoinWindows {
        before_ms,
        after_ms,
        ..JoinWindows::within(ms(0)).grace(ms(grace_ms))
    };
    Some(match name {
        "ss-inner" => inner(windows(10, 10, 5)),
        "ss-left" => left(windows(10, 10, 5)),
        "ss-outer" => outer(windows(10, 10, 5)),
        "ss-inner-no-grace" => inner(windows(10, 10, 0)),
        "ss-left-no-grace" => left(windows(10, 10, 0)),
        "ss-outer-no-grace" => outer(windows(10, 10, 0)),
        "ss-inner-before" => inner(windows(10, 0, 5)),
        "ss-left-after" => left(windows(0, 10, 5)),
        "ss-inner-asym" => inner(windows(12, 3, 5)),
        "ss-left-asym" => left(windows(5, 10, 5)),
        "ss-outer-asym" => outer(windows(12, 3, 5)),
        "ss-outer-gap" => outer(windows(-4, 10, 5)),
        "ss-rekeyed" => {
            let mut twin = Twin::new();
            let [left, right] = ["left", "right"]
                .map(|topic| twin.topology.stream::<Text, String>(topic).select_key(|_, v| letter(Some(v))));
            sides(&mut twin, "join-this-join-store", "join-other-join-store", "left-right-join");
            let joined = left.join(&right, windows(10, 10, 5), |l, r| pair(Some(l), Some(r)));
            twin.to(&joined, "out");
            twin
        }
        "ss-self" => {
            let mut twin = Twin::new();
            // Two nodes, so that the join is one of two sides.
            let [left, right] = [(), ()].map(|()| twin.texts("in").filter(|_, _| true));
            sides(&mut twin, "join-this-join-store", "join-other-join-store", "in-in-join");
            let joined = left.join(&right, windows(10, 10, 5), |l, r| pair(Some(l), Some(r)));
            twin.to(&joined, "out");
            twin
        }
        "ss-self-optimized" => {
            let mut twin = Twin::new();
            let stream = twin.texts("in");
            let joined = stream.join(&stream, windows(10, 10, 5), |l, r| pair(Some(l), Some(r)));
            twin.to(&joined, "out");
            twin
        }
        _ => return None,
    })
}

fn inner(windows: JoinWindows) -> Twin {
    let (mut twin, [left, right]) = two();
    sides(&mut twin, "join-this-join-store", "join-other-join-store", "left-right-join");
    let joined = left.join(&right, windows, |l, r| pair(Some(l), Some(r)));
    twin.to(&joined, "out");
    twin
}

fn left(windows: JoinWindows) -> Twin {
    let (mut twin, [left, right]) = two();
    sides(&mut twin, "join-this-join-store", "join-outer-other-join-store", "left-right-join");
    let joined = left.left_join(&right, windows, |l, r| pair(Some(l), r.map(String::as_str)));
    twin.to(&joined, "out");
    twin
}

fn outer(windows: JoinWindows) -> Twin {
    let (mut twin, [left, right]) = two();
    sides(&mut twin, "join-outer-this-join-store", "join-outer-other-join-store", "left-right-join");
    let joined = left.outer_join(&right, windows, |l, r| pair(l.map(String::as_str), r.map(String::as_str)));
    twin.to(&joined, "out");
    twin
}

fn two() -> (Twin, [Stream<String, String>; 2]) {
    let twin = Twin::new();
    let streams = ["left", "right"].map(|topic| twin.texts(topic));
    (twin, streams)
}

/// The stores of the two sides, under Kafka Streams' names for them.
fn sides(twin: &mut Twin, left: &str, right: &str, join: &str) {
    twin.join_side::<String>(left, &format!("{join}-left"));
    twin.join_side::<String>(right, &format!("{join}-right"));
}
