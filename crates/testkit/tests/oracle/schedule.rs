//! How a trace is run: the answer is the same under every schedule.

/// What happens beside the trace's own statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Nothing.
    Plain,
    /// A commit after every statement.
    Commits,
    /// Tasks are closed and opened again every few statements.
    Restarts,
    /// A commit before every statement and a crash after it: its consequences are taken back and happen again.
    Crash,
    /// Every few statements all rows are lost, and come back from the changelogs.
    LostState,
    /// With a cache of changes that is full with the first: each goes on at once, but for deletes of rows that nobody was told
    /// of. Deletes are not compared.
    FullCache,
    /// Four partitions; only the order of each key's records is compared.
    FourPartitions,
}

impl Schedule {
    pub const ALL: [Self; 7] = [
        Self::Plain,
        Self::Commits,
        Self::Restarts,
        Self::Crash,
        Self::LostState,
        Self::FullCache,
        Self::FourPartitions,
    ];

    /// Partitions of the topics.
    pub fn partitions(self) -> u32 {
        if self == Self::FourPartitions { 4 } else { 1 }
    }
}
