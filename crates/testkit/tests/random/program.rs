//! A program by chance: one stream of steps, and what becomes of it at the end.
use lentic_topology::spec::JoinKind;

use crate::chance::Chance;

/// Grace that no record of the input is too late for.
pub const LONG: i64 = 100_000;

#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Keeps values that have this letter.
    Filter(char),
    /// Adds this letter to the value.
    Append(char),
    /// The value's first letter becomes the key.
    KeyOfFirst,
    /// A record for each letter.
    Split,
    /// Through a topic.
    Through,
}

#[derive(Clone, Copy, Debug)]
pub enum End {
    Count,
    /// The greatest value of each key.
    Greatest,
    /// Letters of each key's values.
    Letters,
    Windows {
        size: i64,
        advance: i64,
        grace: i64,
    },
    Sessions {
        gap: i64,
    },
    /// Two streams.
    Match {
        kind: JoinKind,
        before: i64,
        after: i64,
    },
    /// Two tables by key.
    Rows(JoinKind),
    /// Two tables by the first letter of the left value.
    Foreign {
        is_left: bool,
    },
    /// How many rows of a table begin with each letter.
    Groups,
}

#[derive(Clone, Debug)]
pub struct Program {
    pub partitions: u32,
    pub steps: Vec<Step>,
    pub end: End,
    /// Bytes of changes that wait for later ones of their rows.
    pub cache: usize,
}

const KINDS: [JoinKind; 3] = [JoinKind::Inner, JoinKind::Left, JoinKind::Outer];

impl Program {
    pub fn any(chance: &mut Chance) -> Self {
        let partitions = chance.of(&[1, 1, 2, 3]);
        let end = match chance.below(9) {
            0 => End::Count,
            1 => End::Greatest,
            2 => End::Letters,
            3 => {
                let (advance, times) = (chance.between(1, 12), chance.between(1, 3));
                // With one stream time for all keys, late records are late for everybody.
                let grace = if partitions == 1 { chance.between(0, 30) } else { LONG };
                End::Windows { size: advance * times, advance, grace }
            }
            4 => End::Sessions { gap: chance.between(1, 15) },
            5 => return Self::any_match(chance),
            6 => End::Rows(chance.of(&KINDS)),
            7 => End::Foreign { is_left: chance.below(2) == 0 },
            _ => End::Groups,
        };
        let steps = steps(chance, !end.is_of_tables());
        Self { partitions, steps, end, cache: 0 }
    }

    /// The same programs, with changes merged: until a commit, or until a few wait. But for inner foreign-key joins: their
    /// sides' changes go on together then, and what that does is said at [`Program::is_ordered`].
    pub fn any_cached(chance: &mut Chance) -> Self {
        let program = Self::any(chance);
        let end = match program.end {
            End::Foreign { .. } => End::Foreign { is_left: true },
            end => end,
        };
        Self { end, cache: chance.of(&[500, 1 << 20]), ..program }
    }

    pub fn any_match(chance: &mut Chance) -> Self {
        let kind = chance.of(&KINDS);
        let (before, after) = (chance.between(0, 25), chance.between(0, 25));
        // Which records find nobody depends on the order of both sides.
        let partitions = if kind == JoinKind::Inner { chance.of(&[1, 3]) } else { 1 };
        Self { partitions, steps: steps(chance, true), end: End::Match { kind, before, after }, cache: 0 }
    }

    /// Whether the results depend on what is processed before what is answered: several records that are processed again after
    /// a crash come in another order of topics. Of an inner foreign-key join Kafka Streams' rule counts: the answer that
    /// takes a row back is dropped if the row has changed once more, and a new key without a partner is not answered.
    pub fn is_ordered(&self) -> bool {
        matches!(
            self.end,
            End::Match { kind: JoinKind::Left | JoinKind::Outer, .. } | End::Foreign { is_left: false }
        )
    }
}

impl End {
    pub fn is_of_tables(self) -> bool {
        matches!(self, Self::Rows(_) | Self::Foreign { .. } | Self::Groups)
    }
}

fn steps(chance: &mut Chance, is_stream: bool) -> Vec<Step> {
    let count = chance.below(4);
    let step = |_| match chance.below(if is_stream { 5 } else { 2 }) {
        0 => Step::Filter(chance.of(&['a', 'b', 'c'])),
        1 => Step::Append(chance.of(&['a', 'x'])),
        2 => Step::KeyOfFirst,
        3 => Step::Split,
        _ => Step::Through,
    };
    (0..count).map(step).collect()
}
