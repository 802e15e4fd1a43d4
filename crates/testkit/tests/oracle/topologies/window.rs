//! Aggregations by windows, a result at each update.
use lentic_topology::{SessionWindows, SlidingWindows, Table, TimeWindows, Windowed, WindowedGroup};

use crate::twin::{Twin, ms};
use crate::words::{Text, join, plus, shown};

pub fn twin(name: &str) -> Option<Twin> {
    time(name).or_else(|| session(name))
}

fn time(name: &str) -> Option<Twin> {
    let twin = Twin::windows_of(if name.starts_with("unlimited") { i64::MAX } else { 10 });
    let grouped = twin.grouped::<Text>();
    let sliding = SlidingWindows::within(ms(10));
    let tumbling = TimeWindows::tumbling(ms(10));
    Some(match name {
        "tumbling-count" => twin.counted(&grouped.windowed_by(tumbling)),
        "tumbling-aggregate" => twin.folded(&grouped.windowed_by(tumbling.grace(ms(15)))),
        "tumbling-reduce" => twin.reduced(&grouped.windowed_by(tumbling.grace(ms(15)))),
        "hopping-count" => twin.counted(&grouped.windowed_by(TimeWindows::hopping(ms(10), ms(4)))),
        "hopping-aggregate" => twin.folded(&grouped.windowed_by(hopping())),
        "unlimited-count" => twin.counted(&grouped.windowed_by(TimeWindows::unlimited(0))),
        "unlimited-aggregate" => twin.folded(&grouped.windowed_by(TimeWindows::unlimited(20))),
        "sliding-count" => {
            let grouped = twin.grouped::<String>();
            twin.counted(&grouped.windowed_by(sliding))
        }
        "sliding-aggregate" => {
            let grouped = twin.grouped::<String>().windowed_by(sliding.grace(ms(15)));
            twin.folded_texts(&grouped)
        }
        "sliding-reduce" => {
            let mut twin = twin;
            twin.windows::<String>("windowed");
            let grouped = twin.grouped::<String>().windowed_by(sliding.grace(ms(15)));
            twin.out(&grouped.reduce("windowed", |a, v| plus(&a, v)))
        }
        _ => return None,
    })
}

fn session(name: &str) -> Option<Twin> {
    let mut twin = Twin::new();
    let windows = SessionWindows::with_gap(ms(5));
    let grouped = twin.grouped::<Text>();
    match name {
        "session-count" => {
            twin.sessions::<i64>("windowed");
            Some(twin.out(&grouped.windowed_by(windows).count("windowed")))
        }
        "session-aggregate" => {
            twin.sessions::<String>("windowed");
            let table = grouped.windowed_by(windows.grace(ms(15))).aggregate(
                "windowed",
                || "0".to_owned(),
                |_, v, so_far: String| added(so_far, v),
                |_, a, b| merged(&a, &b),
            );
            Some(twin.out(&table))
        }
        "session-reduce" => {
            twin.sessions::<Text>("windowed");
            let table = grouped.windowed_by(windows.grace(ms(15))).reduce("windowed", reduced);
            Some(twin.out(&table))
        }
        _ => None,
    }
}

/// Hopping windows of 10 that advance by 3, with a grace of 15.
pub fn hopping() -> TimeWindows {
    TimeWindows::hopping(ms(10), ms(3)).grace(ms(15))
}

/// An aggregate and one value more.
pub fn added(so_far: String, value: &Text) -> String {
    plus(&so_far, shown(value.as_deref()))
}

/// One aggregate of two.
pub fn merged(one: &str, other: &str) -> String {
    join(Some(one), "|", Some(other))
}

#[expect(clippy::unnecessary_wraps, reason = "a reducer's values are texts that may be null")]
fn reduced(so_far: Text, value: &Text) -> Text {
    Some(join(so_far.as_deref(), "+", value.as_deref()))
}

/// The windowed fold of aggregates.
pub fn fold(group: &WindowedGroup<String, Text>) -> Table<Windowed<String>, String> {
    group.aggregate("windowed", || "0".to_owned(), |_, v, so_far: String| added(so_far, v))
}

/// The same without nulls.
pub fn fold_texts(group: &WindowedGroup<String, String>) -> Table<Windowed<String>, String> {
    group.aggregate("windowed", || "0".to_owned(), |_, v: &String, so_far: String| plus(&so_far, v))
}

impl Twin {
    pub fn counted<V: lentic_topology::Data>(mut self, group: &WindowedGroup<String, V>) -> Self {
        self.windows::<i64>("windowed");
        self.out(&group.count("windowed"))
    }

    pub fn folded(mut self, group: &WindowedGroup<String, Text>) -> Self {
        self.windows::<String>("windowed");
        self.out(&fold(group))
    }

    pub fn folded_texts(mut self, group: &WindowedGroup<String, String>) -> Self {
        self.windows::<String>("windowed");
        self.out(&fold_texts(group))
    }

    fn reduced(mut self, group: &WindowedGroup<String, Text>) -> Self {
        self.windows::<Text>("windowed");
        self.out(&group.reduce("windowed", reduced))
    }
}
