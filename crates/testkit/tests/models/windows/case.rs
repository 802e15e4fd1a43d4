//! Windows and records by chance.
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    Tumbling,
    Hopping,
    Sliding,
    Session,
}

#[derive(Clone, Copy, Debug)]
pub enum Windows {
    Hopping { size: i64, advance: i64, grace: i64 },
    Sliding { difference: i64, grace: i64 },
    Session { gap: i64, grace: i64 },
}

/// When results come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    Update,
    Close,
    Suppressed,
}

/// What happens after a record.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    GoOn,
    Commit,
    Restart,
    LoseState,
    Crash,
}

#[derive(Clone, Debug)]
pub struct Input {
    pub key: Option<&'static str>,
    pub value: Option<char>,
    pub at: i64,
    pub then: Then,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub windows: Windows,
    pub emit: Emit,
    pub input: Vec<Input>,
}

pub fn any(kind: WindowKind, emit: Emit) -> impl Strategy<Value = Case> {
    (windows(kind), prop::collection::vec(step(), 1..40)).prop_map(move |(windows, steps)| {
        let mut case = Case { windows, emit, input: inputs(steps) };
        if let Windows::Sliding { difference, grace } = windows {
            on_time_or_not_at_all(&mut case.input, difference, grace);
        }
        case
    })
}

fn windows(kind: WindowKind) -> BoxedStrategy<Windows> {
    let grace = prop_oneof![Just(0i64), 0..40i64];
    match kind {
        WindowKind::Tumbling => (1..20i64, grace)
            .prop_map(|(size, grace)| Windows::Hopping { size, advance: size, grace })
            .boxed(),
        WindowKind::Hopping => (1..8i64, 0..20i64, grace)
            .prop_map(|(advance, more, grace)| Windows::Hopping { size: advance + more, advance, grace })
            .boxed(),
        WindowKind::Sliding => {
            (1..15i64, grace).prop_map(|(difference, grace)| Windows::Sliding { difference, grace }).boxed()
        }
        WindowKind::Session => {
            (1..12i64, grace).prop_map(|(gap, grace)| Windows::Session { gap, grace }).boxed()
        }
    }
}

type Step = (i64, i64, Option<&'static str>, Option<char>, Then);

/// How far time moves on, how far back the record lies, and what it is.
fn step() -> impl Strategy<Value = Step> {
    (
        prop_oneof![4 => 0..3i64, 4 => 0..12i64, 1 => 30..150i64],
        prop_oneof![5 => Just(0i64), 3 => 0..8i64, 2 => 0..60i64],
        prop_oneof![1 => Just(None), 20 => prop::sample::select(vec!["a", "b", "ab"]).prop_map(Some)],
        prop_oneof![1 => Just(None), 20 => prop::char::range('c', 'z').prop_map(Some)],
        then(),
    )
}

pub fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        12 => Just(Then::GoOn),
        3 => Just(Then::Commit),
        1 => Just(Then::Restart),
        1 => Just(Then::LoseState),
        1 => Just(Then::Crash),
    ]
}

fn inputs(steps: Vec<Step>) -> Vec<Input> {
    let mut now = 0i64;
    let input = |(on, back, key, value, then): Step| {
        now += on;
        Input { key, value, at: (now - back).max(0), then }
    };
    steps.into_iter().map(input).collect()
}

/// Of sliding windows a late record can be too late for some and not for others, and what is copied to a new window then lacks
/// records that it would have had: such records are made early enough for all.
fn on_time_or_not_at_all(input: &mut [Input], difference: i64, grace: i64) {
    let mut stream_time = -1;
    for record in input.iter_mut().filter(|record| record.key.is_some() && record.value.is_some()) {
        let closed = stream_time - grace;
        if record.at + difference >= closed {
            record.at = record.at.max(closed + 3);
        }
        stream_time = stream_time.max(record.at);
    }
}
