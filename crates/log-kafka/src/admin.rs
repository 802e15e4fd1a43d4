//! Topics: described, made, deleted; their ends.
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use lentic_engine::log::{Bounds, CleanupPolicy, Error, Result, Topic, TopicSettings};
use lentic_types::{Offset, TopicId, TopicName, TopicPartition};

use crate::error;
use crate::raw::{Bound, Client, Code, Described, Err as Errors, Failure, NewTopic, code, unknown_topic};

/// Between two looks whether something is there, or gone.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two tries of a request that a broker couldn't answer yet.
const RETRY: Duration = Duration::from_millis(50);

pub(crate) fn topic(client: &Client, name: &TopicName, timeout: Duration) -> Result<Option<Topic>> {
    let deadline = Instant::now() + timeout;
    let Some(described) = describe(client, name, deadline)? else { return Ok(None) };
    let settings = retried(deadline, |left| client.describe_settings(name.as_str(), left));
    match settings {
        Ok(found) => Ok(Some(of(name, &described, settings_of(&found)))),
        // Deleted in between.
        Err(failure) if unknown_topic(failure.code) => Ok(None),
        Err(failure) => Err(error::of(&failure, Some(name))),
    }
}

pub(crate) fn topics(client: &Client, timeout: Duration) -> Result<Vec<TopicName>> {
    let names = client.topic_names(false, timeout).map_err(|failure| error::of(&failure, None))?;
    let internal = |name: &String| name.starts_with("__");
    let mut names: Vec<_> =
        names.iter().filter(|name| !internal(name)).filter_map(|name| TopicName::new(name).ok()).collect();
    names.sort();
    Ok(names)
}

pub(crate) fn create_topic(
    client: &Client,
    name: &TopicName,
    partitions: u32,
    settings: &TopicSettings,
    timeout: Duration,
) -> Result<Topic> {
    let deadline = Instant::now() + timeout;
    let count = i32::try_from(partitions).ok().filter(|count| *count > 0).ok_or_else(|| {
        Error::Refused(format!("a topic has 1 to {} partitions, not {partitions}", i32::MAX))
    })?;
    let new = NewTopic { name: name.as_str(), partitions: count, settings: &texts(settings) };
    client.create_topic(&new, timeout).map_err(|failure| error::of(&failure, Some(name)))?;
    loop {
        // The broker that is asked may not have heard of it yet, nor the partitions have leaders.
        if let Some(described) = describe(client, name, deadline)?
            && described.led
            && described.partitions == partitions as usize
        {
            return Ok(of(name, &described, settings.clone()));
        }
        pause(deadline, || format!("the topic {name} was made, but its partitions have no leaders"))?;
    }
}

pub(crate) fn delete_topic(client: &Client, name: &TopicName, timeout: Duration) -> Result<()> {
    let deadline = Instant::now() + timeout;
    match client.delete_topic(name.as_str(), timeout) {
        Ok(()) => {}
        Err(failure) if unknown_topic(failure.code) => return Ok(()),
        Err(failure) => return Err(error::of(&failure, Some(name))),
    }
    while describe(client, name, deadline)?.is_some() {
        pause(deadline, || format!("the topic {name} is being deleted, and not gone yet"))?;
    }
    Ok(())
}

pub(crate) fn bounds(
    client: &Client,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<Vec<Bounds>> {
    let deadline = Instant::now() + timeout;
    let starts = offsets(client, partitions, Bound::Start, deadline)?;
    let ends = offsets(client, partitions, Bound::End, deadline)?;
    // The topic may have been made anew in between.
    Ok(starts.into_iter().zip(ends).map(|(start, end)| Bounds { start: start.min(end), end }).collect())
}

/// One end of each partition, in the order given, in one request unless a broker can't answer for some yet.
fn offsets(
    client: &Client,
    partitions: &[TopicPartition],
    bound: Bound,
    deadline: Instant,
) -> Result<Vec<Offset>> {
    let mut found: BTreeMap<&TopicPartition, Option<Offset>> =
        partitions.iter().map(|partition| (partition, None)).collect();
    loop {
        let missing: Vec<&TopicPartition> =
            found.iter().filter(|(_, offset)| offset.is_none()).map(|(partition, _)| *partition).collect();
        if missing.is_empty() {
            return Ok(partitions.iter().filter_map(|partition| found[partition]).collect());
        }
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let asked = missing.iter().map(|p| (p.topic.as_str(), p.partition.0 as i32));
        let answers = client.list_offsets(asked, bound, left);
        let mut trouble = None;
        match answers {
            Ok(answers) => {
                let answers: BTreeMap<_, _> =
                    answers.into_iter().map(|(t, p, offset)| ((t, p), offset)).collect();
                for partition in missing {
                    let key = (partition.topic.as_str().to_owned(), partition.partition.0 as i32);
                    match answers.get(&key) {
                        Some(Ok(offset)) => {
                            found.insert(partition, Some(Offset(u64::try_from(*offset).unwrap_or(0))));
                        }
                        Some(Err(failed)) => trouble = Some((failure(*failed), partition)),
                        None => trouble = Some((failure(NO_ANSWER), partition)),
                    }
                }
            }
            Err(failure) => trouble = missing.first().map(|partition| (failure, *partition)),
        }
        if let Some((failure, partition)) = trouble {
            if !transient(failure.code) || Instant::now() + RETRY >= deadline {
                return Err(error::of(&failure, Some(&partition.topic)));
            }
            thread::sleep(RETRY);
        }
    }
}

const NO_ANSWER: Code = code(Errors::RD_KAFKA_RESP_ERR__TIMED_OUT);

fn failure(failed: Code) -> Failure {
    Failure { code: failed, text: String::new() }
}

/// The next broker asked, or the same one in a moment, may answer.
fn transient(failed: Code) -> bool {
    const TRANSIENT: [Code; 9] = [
        NO_ANSWER,
        code(Errors::RD_KAFKA_RESP_ERR__TRANSPORT),
        code(Errors::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE),
        code(Errors::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION),
        code(Errors::RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE),
        code(Errors::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
        code(Errors::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR),
        code(Errors::RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH),
        code(Errors::RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH),
    ];
    TRANSIENT.contains(&failed)
}

fn describe(client: &Client, name: &TopicName, deadline: Instant) -> Result<Option<Described>> {
    retried(deadline, |left| client.describe_topic(name.as_str(), left))
        .map_err(|failure| error::of(&failure, Some(name)))
}

fn retried<T>(deadline: Instant, mut ask: impl FnMut(Duration) -> Result<T, Failure>) -> Result<T, Failure> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match ask(left) {
            Err(failure) if transient(failure.code) && Instant::now() + RETRY < deadline => {
                thread::sleep(RETRY)
            }
            result => return result,
        }
    }
}

fn pause(deadline: Instant, what: impl FnOnce() -> String) -> Result<()> {
    if Instant::now() >= deadline {
        return Err(Error::Unavailable(what()));
    }
    thread::sleep(PAUSE);
    Ok(())
}

fn of(name: &TopicName, described: &Described, settings: TopicSettings) -> Topic {
    Topic { name: name.clone(), id: TopicId(described.id), partitions: described.partitions as u32, settings }
}

fn texts(settings: &TopicSettings) -> [(&'static str, String); 6] {
    let CleanupPolicy { compact, delete } = settings.cleanup;
    let cleanup = match (compact, delete) {
        (true, true) => "compact,delete",
        (true, false) => "compact",
        // Neither is "keep all": deletion without limits. Kafka 4 takes an empty list too, older brokers don't.
        (false, _) => "delete",
    };
    [
        ("cleanup.policy", cleanup.to_owned()),
        ("retention.ms", settings.retention_ms.to_string()),
        ("retention.bytes", settings.retention_bytes.to_string()),
        ("delete.retention.ms", settings.delete_retention_ms.to_string()),
        ("min.compaction.lag.ms", settings.min_compaction_lag_ms.to_string()),
        ("max.message.bytes", settings.max_message_bytes.to_string()),
    ]
}

fn settings_of(found: &BTreeMap<String, String>) -> TopicSettings {
    fn number<N: std::str::FromStr>(found: &BTreeMap<String, String>, name: &str, default: N) -> N {
        found.get(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    }
    let default = TopicSettings::default();
    let policies: Vec<_> =
        found.get("cleanup.policy").map_or("delete", String::as_str).split(',').map(str::trim).collect();
    TopicSettings {
        cleanup: CleanupPolicy {
            compact: policies.contains(&"compact"),
            delete: policies.contains(&"delete"),
        },
        retention_ms: number(found, "retention.ms", default.retention_ms),
        retention_bytes: number(found, "retention.bytes", default.retention_bytes),
        delete_retention_ms: number(found, "delete.retention.ms", default.delete_retention_ms),
        min_compaction_lag_ms: number(found, "min.compaction.lag.ms", default.min_compaction_lag_ms),
        max_message_bytes: number(found, "max.message.bytes", default.max_message_bytes),
    }
}
