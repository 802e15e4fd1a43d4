//! A place in the changes of all partitions, as clients carry it.
use std::fmt;
use std::str::FromStr;

use lentic_types::{Offset, PartitionId, Timestamp};

use crate::ReadError;

/// The next offset of each partition, the topic's tag, and when these were last known to be the newest, or later ones:
/// what was deleted before that, the reader knows (`Last-Event-ID`). And the start of each partition's log up to which
/// the reader was told what retention took.
///
/// Printed as `w1.tttt.milliseconds.offset-offset-...`, with `.start-start-...` behind unless all are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {
    pub(super) tag: u16,
    pub(super) at: Timestamp,
    pub(super) positions: Vec<Offset>,
    /// As many.
    pub(super) starts: Vec<Offset>,
}

impl EventId {
    /// The same place with `partition` at `next`, if that is further on: ids of the single events of one
    /// [`Watch::poll`](super::Watch::poll), whose last one has [`Watch::id`](super::Watch::id).
    pub fn advance(&mut self, partition: PartitionId, next: Offset) {
        if let Some(position) = self.positions.get_mut(partition.0 as usize) {
            *position = next.max(*position);
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w1.{:04x}.{}", self.tag, self.at)?;
        let starts = Some(&self.starts).filter(|starts| starts.iter().any(|start| start.0 > 0));
        for offsets in [Some(&self.positions), starts].into_iter().flatten() {
            for (i, offset) in offsets.iter().enumerate() {
                let before = if i == 0 { "." } else { "-" };
                write!(f, "{before}{offset}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for EventId {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let parse = || {
            let rest = text.strip_prefix("w1.")?;
            let (tag, rest) = rest.split_once('.')?;
            let (at, positions) = rest.split_once('.')?;
            let tag = (tag.len() == 4).then(|| u16::from_str_radix(tag, 16).ok())??;
            let at = Timestamp(digits(at).then(|| at.parse().ok())??);
            let offsets = |text: &str| {
                let offset = |text: &str| digits(text).then(|| text.parse().ok().map(Offset))?;
                text.split('-').map(offset).collect::<Option<Vec<_>>>()
            };
            let (positions, starts) = match positions.split_once('.') {
                Some((positions, starts)) => (offsets(positions)?, Some(offsets(starts)?)),
                None => (offsets(positions)?, None),
            };
            let starts = starts.unwrap_or_else(|| vec![Offset(0); positions.len()]);
            (starts.len() == positions.len()).then_some(Self { tag, at, positions, starts })
        };
        parse().ok_or(ReadError::InvalidEventId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse() {
        for (starts, text) in
            [([0, 0], "w1.00ab.1700000000000.3-0"), ([0, 2], "w1.00ab.1700000000000.3-0.0-2")]
        {
            let id = EventId {
                tag: 0xab,
                at: Timestamp(1_700_000_000_000),
                positions: vec![Offset(3), Offset(0)],
                starts: starts.map(Offset).to_vec(),
            };
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        for bad in [
            "",
            "w1.00ab.1.",
            "w1.00ab.1.3-",
            "w1.00ab.-1.3",
            "w2.00ab.1.3",
            "w1.xx.1.3",
            "w1.00ab.1.+3",
            "w1.00ab.1.3-0.",
            "w1.00ab.1.3-0.2",
            "w1.00ab.1.3-0.2-3.4-5",
        ] {
            assert_eq!(bad.parse::<EventId>(), Err(ReadError::InvalidEventId), "{bad}");
        }
    }
}
