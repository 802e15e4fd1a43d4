//! Tables whose changes are held back.
use lentic_topology::{SessionWindows, SlidingWindows, Suppressed, TimeWindows};

use super::table_join;
use super::window::{added, fold, fold_texts, hopping, merged};
use crate::twin::{Twin, ms};
use crate::words::{Text, letter, low};

pub fn twin(name: &str) -> Option<Twin> {
    windowed(name).or_else(|| limited(name))
}

fn windowed(name: &str) -> Option<Twin> {
    let mut twin = Twin::windows_of(10);
    let grouped = twin.grouped::<Text>();
    match name {
        "suppress-tumbling" | "suppress-tumbling-shutdown" => {
            twin.windows::<i64>("windowed");
            let table = grouped.windowed_by(TimeWindows::tumbling(ms(10)).grace(ms(5))).count("windowed");
            let mut suppressed = Suppressed::until_window_closes();
            if name.ends_with("shutdown") {
                suppressed = suppressed.max_records(3).shut_down_when_full();
            }
            Some(twin.out(&table.suppress(suppressed)))
        }
        "suppress-hopping" => {
            twin.windows::<String>("windowed");
            let table = fold(&grouped.windowed_by(hopping()));
            Some(twin.out(&table.suppress(Suppressed::until_window_closes())))
        }
        "suppress-sliding" => {
            twin.windows::<String>("windowed");
            let windows = SlidingWindows::within(ms(10)).grace(ms(15));
            let table = fold_texts(&twin.grouped::<String>().windowed_by(windows));
            Some(twin.out(&table.suppress(Suppressed::until_window_closes())))
        }
        "suppress-session" => {
            twin.sessions::<String>("windowed");
            let table = grouped.windowed_by(SessionWindows::with_gap(ms(5)).grace(ms(15))).aggregate(
                "windowed",
                || "0".to_owned(),
                |_, v, so_far: String| added(so_far, v),
                |_, a, b| merged(&a, &b),
            );
            Some(twin.out(&table.suppress(Suppressed::until_session_closes())))
        }
        _ => None,
    }
}

fn limited(name: &str) -> Option<Twin> {
    if !name.starts_with("suppress-") {
        return None;
    }
    let mut twin = Twin::new();
    if name == "suppress-count" {
        twin.rows::<i64>("counts");
        let counts = twin.stream("in").group_by(|_, v| letter(v.as_deref())).count("counts");
        return Some(twin.out(&counts.suppress(Suppressed::until_time_limit(ms(10)))));
    }
    let table = twin.table("in", "in-store");
    let until = |limit| Suppressed::until_time_limit(ms(limit));
    Some(match name {
        "suppress-time-limit" => twin.out(&table.suppress(until(10))),
        "suppress-time-limit-zero" => twin.out(&table.suppress(until(0))),
        "suppress-records" => twin.out(&table.suppress(until(20).max_records(2).emit_early_when_full())),
        "suppress-bytes" => twin.out(&table.suppress(until(20).max_bytes(200).emit_early_when_full())),
        "suppress-records-shutdown" => {
            twin.out(&table.suppress(until(20).max_records(2).shut_down_when_full()))
        }
        "suppress-filtered" => {
            twin.rows::<String>("filtered");
            twin.out(&table.suppress(until(10)).filter(|_, v| low(Some(v))).materialize("filtered"))
        }
        "suppress-joined" => {
            let right = twin.table("right", "right-store");
            twin.out(&table_join::left(&table.suppress(until(10)), &right))
        }
        _ => return None,
    })
}
