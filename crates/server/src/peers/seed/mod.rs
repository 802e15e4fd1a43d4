//! A partition's rows from one node to another: what `lentic::Seeds` asks for, in frames over HTTP/2.
mod ask;
mod frame;
mod give;
mod throttle;

use lentic::SeedQuestion;
use lentic::types::{PartitionId, TopicId};
use serde::{Deserialize, Serialize};

use super::part::Key;

pub(crate) use ask::SeedsOverHttp;
pub(crate) use give::give;
pub(crate) use throttle::Throttle;

/// Path of what nodes alone ask each other: an [`Asked`] in the body, frames in the answer.
pub(crate) const SEED_PATH: &str = "/peer/seed/";

/// A [`SeedQuestion`] on the wire; the table's name is in the path.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    partition: u32,
    topic: Key,
    layout: String,
    after: Option<Key>,
}

impl Asked {
    fn of(question: &SeedQuestion) -> Self {
        Self {
            partition: question.partition.0,
            topic: Key(question.topic.0.to_vec()),
            layout: question.layout.clone(),
            after: question.after.clone().map(Key),
        }
    }

    /// `None`: of another release.
    fn question(self, table: &str) -> Option<SeedQuestion> {
        Some(SeedQuestion {
            table: table.to_owned(),
            partition: PartitionId(self.partition),
            topic: TopicId(self.topic.0.try_into().ok()?),
            layout: self.layout,
            after: self.after.map(|key| key.0),
        })
    }
}
