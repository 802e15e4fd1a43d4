//! Sessions: records of a key with no more than the gap between one and the next.
use super::model::{Contents, Held, Model, Name, Seen};

pub struct Sessions {
    pub gap: i64,
    pub grace: i64,
}

/// What a record does: the sessions that it takes in, and the one that it makes.
type Merged = (Vec<Name>, Option<(Name, Held)>);

impl Sessions {
    fn merge(&self, contents: &Contents, greatest: i64, record: &Seen) -> Merged {
        let touches = |(key, start, end): &Name| {
            *key == record.key
                && *start <= record.at + self.gap
                && *end >= record.at - self.gap
                // One that reads don't see any more is left alone.
                && *end > greatest - self.retention()
        };
        let taken: Vec<_> = contents.keys().filter(|name| touches(name)).cloned().collect();
        let start = taken.iter().map(|name| name.1).fold(record.at, i64::min);
        let end = taken.iter().map(|name| name.2).fold(record.at, i64::max);
        if end < record.stream_time - self.retention() {
            return (Vec::new(), None);
        }
        let mut values: String = taken.iter().map(|name| contents[name].0.as_str()).collect();
        values.push(record.value);
        (taken, Some(((record.key.clone(), start, end), (values, end))))
    }

    /// What the sessions hold before the last record, the greatest end so far, and what the last record does.
    fn last(&self, records: &[Seen]) -> (Contents, i64, Merged) {
        let (mut contents, mut greatest) = (Contents::new(), -1);
        let mut last = (Vec::new(), None);
        for record in records {
            apply(&mut contents, &mut greatest, &last);
            last = self.merge(&contents, greatest, record);
        }
        (contents, greatest, last)
    }
}

fn apply(contents: &mut Contents, greatest: &mut i64, (taken, made): &Merged) {
    for name in taken {
        contents.remove(name);
    }
    if let Some((name, held)) = made {
        *greatest = name.2.max(*greatest);
        contents.insert(name.clone(), held.clone());
    }
}

impl Model for Sessions {
    fn contents(&self, records: &[Seen]) -> Contents {
        let (mut contents, mut greatest, last) = self.last(records);
        apply(&mut contents, &mut greatest, &last);
        contents
    }

    fn changes(&self, records: &[Seen]) -> Vec<(Name, Option<Held>)> {
        let (_, _, (taken, made)) = self.last(records);
        let Some((name, held)) = made else { return Vec::new() };
        // A session of one moment is updated, not replaced.
        let is_moment = name.1 == name.2;
        let gone = taken.into_iter().filter(|_| !is_moment).map(|name| (name, None));
        gone.chain([(name.clone(), Some(held))]).collect()
    }

    fn sorted_by(&self, name: &Name) -> i64 {
        name.2
    }

    fn retention(&self) -> i64 {
        self.gap + self.grace
    }

    fn is_closed(&self, (_, _, end): &Name, by: &Seen) -> bool {
        *end < by.stream_time - self.retention()
    }

    fn is_hidden(&self, name: &Name, greatest: i64, _: super::Emit) -> bool {
        name.2 <= greatest - self.retention()
    }

    fn closes_hidden(&self) -> bool {
        true
    }

    fn suppressed_for(&self) -> i64 {
        self.retention()
    }

    fn times(&self, name: &Name) -> Vec<i64> {
        vec![name.2, name.1]
    }
}
