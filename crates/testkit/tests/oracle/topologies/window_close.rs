//! Aggregations by windows, one result when a window is closed.
use lentic_topology::{SessionWindows, SlidingWindows, TimeWindows};

use super::window::{added, hopping, merged};
use crate::twin::{Twin, ms};
use crate::words::Text;

pub fn twin(name: &str) -> Option<Twin> {
    let mut twin = Twin::windows_of(10);
    let grouped = twin.grouped::<Text>();
    let sliding = SlidingWindows::within(ms(10));
    let tumbling = TimeWindows::tumbling(ms(10));
    Some(match name {
        "tumbling-final-count" => twin.counted(&grouped.windowed_by(tumbling).emit_on_close()),
        "tumbling-final-aggregate" => {
            twin.folded(&grouped.windowed_by(tumbling.grace(ms(15))).emit_on_close())
        }
        "hopping-final-count" => {
            twin.counted(&grouped.windowed_by(TimeWindows::hopping(ms(10), ms(4))).emit_on_close())
        }
        "hopping-final-aggregate" => twin.folded(&grouped.windowed_by(hopping()).emit_on_close()),
        "sliding-final-count" => {
            let grouped = twin.grouped::<String>();
            twin.counted(&grouped.windowed_by(sliding).emit_on_close())
        }
        "sliding-final-aggregate" => {
            let grouped = twin.grouped::<String>();
            twin.folded_texts(&grouped.windowed_by(sliding.grace(ms(15))).emit_on_close())
        }
        "session-final-count" => {
            twin.sessions::<i64>("windowed");
            let group = grouped.windowed_by(SessionWindows::with_gap(ms(5))).emit_on_close();
            twin.out(&group.count("windowed"))
        }
        "session-final-aggregate" => {
            twin.sessions::<String>("windowed");
            let group = grouped.windowed_by(SessionWindows::with_gap(ms(5)).grace(ms(15))).emit_on_close();
            let table = group.aggregate(
                "windowed",
                || "0".to_owned(),
                |_, v, so_far: String| added(so_far, v),
                |_, a, b| merged(&a, &b),
            );
            twin.out(&table)
        }
        _ => return None,
    })
}
