//! Aggregations of streams.
use lentic_topology::{Cogroup, SessionWindows, SlidingWindows, TimeWindows};

use crate::twin::{Twin, ms};
use crate::words::{Text, join, letter, plus, starts};

pub fn twin(name: &str) -> Option<Twin> {
    if name.starts_with("cogroup") {
        return cogrouped(name);
    }
    let mut twin = Twin::new();
    let grouped = twin.grouped::<String>();
    Some(match name {
        "group-by-key-count" => {
            twin.rows::<i64>("counts");
            twin.out(&grouped.count("counts"))
        }
        "group-by-count" => {
            twin.rows::<i64>("counts");
            let grouped = twin.stream("in").group_by(|_, v| letter(v.as_deref()));
            twin.out(&grouped.count("counts"))
        }
        "reduce" => {
            twin.rows::<String>("reduced");
            twin.out(&grouped.reduce("reduced", |a, v| plus(&a, v)))
        }
        "reduce-delete" => {
            twin.rows::<String>("reduced");
            let reduce = |a: String, v: &String| (!starts(Some(v), 'f')).then(|| plus(&a, v));
            twin.out(&grouped.reduce("reduced", reduce))
        }
        "aggregate" => {
            twin.rows::<String>("aggregated");
            let init = || "0".to_owned();
            twin.out(&grouped.aggregate("aggregated", init, |_, v, so_far: String| plus(&so_far, v)))
        }
        "aggregate-delete" => {
            twin.rows::<String>("aggregated");
            let init = || "0".to_owned();
            let add =
                |_: &String, v: &String, so_far: String| (!starts(Some(v), 'f')).then(|| plus(&so_far, v));
            twin.out(&grouped.aggregate("aggregated", init, add))
        }
        "group-by-aggregate" => {
            twin.rows::<String>("aggregated");
            let init = || "0".to_owned();
            let grouped = twin.topology.stream::<Text, String>("in").group_by(|_, v| letter(Some(v)));
            twin.out(&grouped.aggregate("aggregated", init, |_, v, so_far: String| plus(&so_far, v)))
        }
        _ => return None,
    })
}

fn cogrouped(name: &str) -> Option<Twin> {
    let init = || "0".to_owned();
    match name {
        "cogroup" => {
            let mut twin = Twin::new();
            twin.rows::<String>("cogrouped");
            let table = without_nulls(&twin).aggregate("cogrouped", init);
            Some(twin.out(&table))
        }
        "cogroup-tumbling" => {
            let mut twin = Twin::windows_of(10);
            twin.windows::<String>("cogrouped");
            let windows = TimeWindows::tumbling(ms(10)).grace(ms(5));
            let table = with_nulls(&twin).windowed_by(windows).aggregate("cogrouped", init);
            Some(twin.out(&table))
        }
        "cogroup-sliding" => {
            let mut twin = Twin::windows_of(10);
            twin.windows::<String>("cogrouped");
            let windows = SlidingWindows::within(ms(10)).grace(ms(5));
            let table = without_nulls(&twin).windowed_by_sliding(windows).aggregate("cogrouped", init);
            Some(twin.out(&table))
        }
        "cogroup-session" => {
            let mut twin = Twin::new();
            twin.sessions::<String>("cogrouped");
            let windows = SessionWindows::with_gap(ms(5)).grace(ms(5));
            let merge = |_: &String, a: String, b: String| join(Some(&a), "|", Some(&b));
            let table = with_nulls(&twin).aggregate_sessions(windows, "cogrouped", init, merge);
            Some(twin.out(&table))
        }
        _ => None,
    }
}

fn without_nulls(twin: &Twin) -> Cogroup<String, String> {
    let [a, b] = ["in-a", "in-b"].map(|topic| twin.topology.stream::<String, String>(topic).group_by_key());
    let add = |_: &String, v: &String, so_far: String| join(Some(&so_far), "+", Some(v));
    a.cogroup(add).and(&b, |_, v: &String, so_far: String| join(Some(&so_far), "*", Some(v)))
}

fn with_nulls(twin: &Twin) -> Cogroup<String, String> {
    let [a, b] = ["in-a", "in-b"].map(|topic| twin.topology.stream::<String, Text>(topic).group_by_key());
    let add = |_: &String, v: &Text, so_far: String| join(Some(&so_far), "+", v.as_deref());
    a.cogroup(add).and(&b, |_, v: &Text, so_far: String| join(Some(&so_far), "*", v.as_deref()))
}
