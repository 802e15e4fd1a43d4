//! Topics.
use lentic_ksql_api::entity::{Topic, TopicExtended, TopicList, TopicListExtended};
use lentic_sql::statement::TopicSummary;

/// Whether a topic is the service's own: its statements, its shards, its nodes.
pub(super) fn is_own(topic: &TopicSummary, service: &str) -> bool {
    let rest = topic.name.strip_prefix(service).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| ["statements", "shards", "nodes"].contains(&rest))
}

pub(super) fn list(topics: Vec<TopicSummary>) -> TopicList {
    let topic = |topic: TopicSummary| Topic { replica_info: replicas(&topic), name: topic.name };
    TopicList { topics: topics.into_iter().map(topic).collect() }
}

/// Who reads a topic is not known to the log: the counts are 0.
pub(super) fn extended(topics: Vec<TopicSummary>) -> TopicListExtended {
    let topic = |topic: TopicSummary| TopicExtended {
        replica_info: replicas(&topic),
        name: topic.name,
        ..TopicExtended::default()
    };
    TopicListExtended { topics: topics.into_iter().map(topic).collect() }
}

/// One for each partition; 1 where it is not known.
fn replicas(topic: &TopicSummary) -> Vec<i32> {
    topic.replicas.iter().map(|replicas| replicas.map_or(1, i32::from)).collect()
}
