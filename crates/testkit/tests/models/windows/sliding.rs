//! Sliding windows: of all records at most so far apart, one window ends at each and one begins after each that others follow.
use super::model::{Contents, Model, Name, Seen};

pub struct Sliding {
    pub difference: i64,
    pub grace: i64,
}

impl Sliding {
    fn is_in_time(&self, record: &Seen) -> bool {
        record.at + self.difference >= record.stream_time - self.grace
    }
}

impl Model for Sliding {
    fn contents(&self, records: &[Seen]) -> Contents {
        let records: Vec<_> = records.iter().filter(|record| self.is_in_time(record)).collect();
        let mut contents = Contents::new();
        for record in &records {
            for start in [(record.at - self.difference).max(0), record.at + 1] {
                let end = start + self.difference;
                let inside = |other: &&&Seen| other.key == record.key && (start..=end).contains(&other.at);
                let inside: Vec<_> = records.iter().filter(inside).collect();
                if let Some(latest) = inside.iter().map(|record| record.at).max() {
                    let values = inside.iter().map(|record| record.value).collect();
                    contents.insert((record.key.clone(), start, end), (values, latest));
                }
            }
        }
        contents
    }

    fn retention(&self) -> i64 {
        2 * self.difference + self.grace
    }

    fn is_closed(&self, (_, _, end): &Name, by: &Seen) -> bool {
        // Records before the first full window close none, nor do late ones.
        self.is_in_time(by) && by.at >= self.difference && *end < by.stream_time - self.grace
    }

    fn suppressed_for(&self) -> i64 {
        self.grace
    }
}
