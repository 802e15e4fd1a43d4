//! The place of several watches together, each of some partitions of one table.
use lentic_types::{Offset, PartitionId, Timestamp};

use super::EventId;

/// Puts the ids of watches of parts of a table together to those of one that is of all of them.
///
/// Partitions that nobody watches stand at the log's beginning: whoever goes on with such an id has seen nothing of them.
#[derive(Clone, Debug)]
pub struct MergedId {
    /// `None`: no id was taken in yet.
    tag: Option<u16>,
    /// Ids of several creations of the topic were taken in: together they are a place in none.
    is_mixed: bool,
    places: Vec<Place>,
}

/// Where one partition is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Unwatched,
    Unknown,
    At { position: Offset, start: Offset, at: Timestamp },
}

impl MergedId {
    /// Of no known place yet. `partitions`: of the topic; `watched`: those that ids will come of.
    pub fn new(partitions: u32, watched: &[PartitionId]) -> Self {
        let mut places = vec![Place::Unwatched; partitions as usize];
        for partition in watched {
            if let Some(place) = places.get_mut(partition.0 as usize) {
                *place = Place::Unknown;
            }
        }
        Self { tag: None, is_mixed: false, places }
    }

    /// The place of an id.
    pub fn after(id: &EventId, watched: &[PartitionId]) -> Self {
        let mut merged = Self::new(id.positions.len() as u32, watched);
        merged.take(id, watched);
        merged
    }

    /// Takes in where the watch of some partitions is now.
    pub fn take(&mut self, part: &EventId, partitions: &[PartitionId]) {
        self.is_mixed |= *self.tag.get_or_insert(part.tag) != part.tag;
        for partition in partitions {
            let i = partition.0 as usize;
            if let (Some(place), Some(&position), Some(&start)) =
                (self.places.get_mut(i), part.positions.get(i), part.starts.get(i))
            {
                *place = Place::At { position, start, at: part.at };
            }
        }
    }

    /// From now on these are watched as well, from the log's beginning on.
    pub fn widen(&mut self, partitions: &[PartitionId]) {
        for partition in partitions {
            if let Some(place @ Place::Unwatched) = self.places.get_mut(partition.0 as usize) {
                // It is as old as what has been proven of the others.
                *place = Place::At { position: Offset(0), start: Offset(0), at: Timestamp(i64::MAX) };
            }
        }
    }

    /// The place of all together, as old as the oldest; `None` while that of one is not known.
    pub fn id(&self) -> Option<EventId> {
        let mut id = EventId {
            tag: if self.is_mixed { !self.tag? } else { self.tag? },
            at: Timestamp(i64::MAX),
            positions: Vec::with_capacity(self.places.len()),
            starts: Vec::with_capacity(self.places.len()),
        };
        for place in &self.places {
            let (position, start, at) = match *place {
                Place::Unknown => return None,
                Place::Unwatched => (Offset(0), Offset(0), id.at),
                Place::At { position, start, at } => (position, start, at),
            };
            id.positions.push(position);
            id.starts.push(start);
            id.at = id.at.min(at);
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().expect("an id")
    }

    fn of(partitions: &[u32]) -> Vec<PartitionId> {
        partitions.iter().copied().map(PartitionId).collect()
    }

    fn text(merged: &MergedId) -> String {
        merged.id().map_or_else(|| "-".to_owned(), |id| id.to_string())
    }

    /// Each part's id counts for its own partitions, and the oldest proof for all.
    #[test]
    fn parts_make_a_whole() {
        let mut merged = MergedId::new(4, &of(&[0, 1, 2, 3]));
        for (part, partitions, whole) in [
            ("w1.00ab.100.5-9-9-7", &[0, 3][..], "-"),
            ("w1.00ab.90.0-3-4-0", &[1, 2], "w1.00ab.90.5-3-4-7"),
            // A change, and the proof that comes with it.
            ("w1.00ab.100.6-0-0-7", &[0, 3], "w1.00ab.90.6-3-4-7"),
            ("w1.00ab.120.0-3-5-0.0-1-2-0", &[1, 2], "w1.00ab.100.6-3-5-7.0-1-2-0"),
            // One part is watched as two from now on: they go on where it was.
            ("w1.00ab.110.6-3-5-9.0-1-2-0", &[3], "w1.00ab.100.6-3-5-9.0-1-2-0"),
            ("w1.00ab.130.8-3-5-9.0-1-2-0", &[0], "w1.00ab.110.8-3-5-9.0-1-2-0"),
            // Of another creation of the topic: that is a place in neither.
            ("w1.00ac.140.0-1-1-0", &[1, 2], "w1.ff54.110.8-1-1-9"),
        ] {
            merged.take(&id(part), &of(partitions));
            assert_eq!(text(&merged), whole, "after {part} of {partitions:?}");
        }
    }

    /// Who goes on after an id is there at once; of what is not watched nothing was seen.
    #[test]
    fn places_after_an_id() {
        let before = id("w1.00ab.100.5-9-7.1-2-3");
        assert_eq!(MergedId::after(&before, &of(&[0, 1, 2])).id(), Some(before.clone()));
        let mut merged = MergedId::after(&before, &of(&[1]));
        assert_eq!(text(&merged), "w1.00ab.100.0-9-0.0-2-0");
        merged.take(&id("w1.00ab.120.5-10-7.1-2-3"), &of(&[1]));
        assert_eq!(text(&merged), "w1.00ab.120.0-10-0.0-2-0");
        merged.widen(&of(&[0, 1, 2]));
        assert_eq!(text(&merged), "w1.00ab.120.0-10-0.0-2-0");
        merged.take(&id("w1.00ab.110.3-0-0.0-0-0"), &of(&[0]));
        assert_eq!(text(&merged), "w1.00ab.110.3-10-0.0-2-0");
        // An id of other partitions than the part's says nothing about what it doesn't have.
        merged.take(&id("w1.00ab.200.3"), &of(&[1, 2]));
        assert_eq!(text(&merged), "w1.00ab.110.3-10-0.0-2-0");
    }
}
