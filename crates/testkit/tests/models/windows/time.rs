//! Tumbling and hopping windows: `[start, end)` of one size, from 0 on.
use super::model::{Contents, Model, Name, Seen};

pub struct Time {
    pub size: i64,
    pub advance: i64,
    pub grace: i64,
}

impl Model for Time {
    fn contents(&self, records: &[Seen]) -> Contents {
        let mut contents = Contents::new();
        for record in records {
            for start in (0..=record.at).filter(|start| start % self.advance == 0) {
                let end = start + self.size;
                if record.at < end && end > record.stream_time - self.grace {
                    let (values, at) = contents.entry((record.key.clone(), start, end)).or_default();
                    values.push(record.value);
                    *at = record.at.max(*at);
                }
            }
        }
        contents
    }

    fn retention(&self) -> i64 {
        self.size + self.grace
    }

    fn is_closed(&self, (_, _, end): &Name, by: &Seen) -> bool {
        *end <= by.stream_time - self.grace
    }

    fn suppressed_for(&self) -> i64 {
        self.grace
    }
}
