//! Topics: described, made, deleted; their ends.
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use lentic_engine::log::{Bounds, CleanupPolicy, Error, Result, Topic, TopicSettings};
use lentic_types::{Offset, PartitionId, TopicId, TopicName, TopicPartition};

use crate::error;
use crate::raw::{
    Answer, Bound, Client, Code, Described, Err as Errors, Failure, NewTopic, code, unknown_topic,
};

/// Between two looks whether something is there, or gone.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two tries of a request that a broker couldn't answer yet.
const RETRY: Duration = Duration::from_millis(50);
/// How long the leaders of a new topic may take to hear of it before it counts as there all the same.
const KNOWN: Duration = Duration::from_secs(3);
/// How long a partition without a leader, or a broker that is silent, delays what the others told.
const PATIENCE: Duration = Duration::from_secs(1);

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
    let described = create_topic_as(client, name, partitions, None, &texts(settings), timeout)?;
    Ok(of(name, &described, settings.clone()))
}

/// Makes a topic with some settings, by Kafka's names; those that are left out are the brokers' defaults, as the number of
/// replicas is. Returns once the brokers know it.
pub(crate) fn create_topic_as(
    client: &Client,
    name: &TopicName,
    partitions: u32,
    replicas: Option<u16>,
    settings: &BTreeMap<String, String>,
    timeout: Duration,
) -> Result<Described> {
    let deadline = Instant::now() + timeout;
    let count = i32::try_from(partitions).ok().filter(|count| *count > 0).ok_or_else(|| {
        Error::Refused(format!("a topic has 1 to {} partitions, not {partitions}", i32::MAX))
    })?;
    let new = NewTopic { name: name.as_str(), partitions: count, replicas, settings };
    client.create_topic(&new, timeout).map_err(|failure| error::of(&failure, Some(name)))?;
    let all: Vec<_> =
        (0..partitions).map(|number| TopicPartition::new(name.clone(), PartitionId(number))).collect();
    let known_until = Instant::now() + KNOWN;
    // The leaders hear of it when they do: only they can tell its ends.
    let is_known = || {
        let soon = deadline.min(Instant::now() + PATIENCE);
        let ends = offsets(client, all.iter().collect(), Bound::End, soon);
        ends.is_ok_and(|ends| ends.values().all(Result::is_ok))
    };
    loop {
        // The broker that is asked may not have heard of it yet, nor the partitions have leaders.
        if let Some(described) = describe(client, name, deadline)?
            && described.led
            && described.partitions == partitions as usize
            && (Instant::now() >= known_until || is_known())
        {
            return Ok(described);
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

/// Deletes the records below offsets. Topics that are gone have none.
pub(crate) fn delete_records(
    client: &Client,
    before: &[(TopicPartition, Offset)],
    timeout: Duration,
) -> Result<()> {
    let before = before.iter().map(|(p, offset)| (p.topic.as_str(), p.partition.0 as i32, offset.0 as i64));
    match client.delete_records(before, timeout) {
        // Without a leader there is nobody to ask now: the next time will do.
        Err(failure)
            if failure.code == code(Errors::RD_KAFKA_RESP_ERR__NOENT) || unknown_topic(failure.code) =>
        {
            Ok(())
        }
        outcome => outcome.map_err(|failure| error::of(&failure, None)),
    }
}

/// What cannot be told of one partition is no matter of the others.
pub(crate) fn bounds(
    client: &Client,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<Vec<Result<Bounds>>> {
    let deadline = Instant::now() + timeout;
    let starts = offsets(client, partitions.iter().collect(), Bound::Start, deadline)?;
    let told = starts.iter().filter(|(_, start)| start.is_ok()).map(|(partition, _)| *partition);
    let ends = offsets(client, told.collect(), Bound::End, deadline)?;
    let bounds = |partition| {
        let (start, end) = (starts[partition].clone()?, ends[partition].clone()?);
        // The topic may have been made anew in between.
        Ok(Bounds { start: start.min(end), end })
    };
    Ok(partitions.iter().map(bounds).collect())
}

/// One end of each partition, in one request unless a broker can't answer for some yet. The outer error: none answered.
fn offsets<'a>(
    client: &Client,
    mut missing: BTreeSet<&'a TopicPartition>,
    bound: Bound,
    deadline: Instant,
) -> Result<BTreeMap<&'a TopicPartition, Result<Offset>>> {
    let patience = deadline.min(Instant::now() + PATIENCE);
    let mut told = BTreeMap::new();
    while !missing.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now()).clamp(RETRY, PATIENCE);
        let asked = missing.iter().map(|p| (p.topic.as_str(), p.partition.0 as i32));
        let answers = match client.list_offsets(asked, bound, left) {
            Ok(answers) => answers,
            Err(failure) if failure.code == code(Errors::RD_KAFKA_RESP_ERR__NOENT) => {
                leaderless(client, &missing, deadline)?
            }
            Err(failure) if transient(failure.code) && Instant::now() + RETRY < deadline => {
                thread::sleep(RETRY);
                continue;
            }
            Err(failure) => return Err(error::of(&failure, None)),
        };
        let answers: BTreeMap<_, _> = answers.into_iter().map(|(t, p, offset)| ((t, p), offset)).collect();
        let mut trouble = BTreeMap::new();
        for partition in std::mem::take(&mut missing) {
            let key = (partition.topic.as_str().to_owned(), partition.partition.0 as i32);
            match answers.get(&key).copied().unwrap_or(Err(NO_ANSWER)) {
                Ok(offset) => drop(told.insert(partition, Ok(Offset(offset)))),
                Err(failed) if transient(failed) => drop(trouble.insert(partition, failed)),
                Err(failed) => {
                    told.insert(partition, Err(error::of(&failure(failed), Some(&partition.topic))));
                }
            }
        }
        let silent = |failed: &Code| SILENT.contains(failed);
        let topics: BTreeSet<_> = trouble
            .iter()
            .filter(|(_, failed)| silent(failed))
            .map(|(partition, _)| &partition.topic)
            .collect();
        for topic in topics {
            // Another may lead by now. If that can't be learnt either, the next round tries again.
            client.refresh_topic(topic.as_str(), RETRY).ok();
        }
        let answered = !told.is_empty() || !trouble.values().all(silent);
        let until = if answered { patience } else { deadline };
        let error = |failed| error::of(&failure(failed), None);
        match trouble.values().next() {
            None => {}
            Some(_) if Instant::now() + RETRY < until => {
                thread::sleep(RETRY);
                missing.extend(trouble.into_keys());
            }
            Some(&failed) if told.is_empty() => return Err(error(failed)),
            Some(_) => {
                told.extend(trouble.into_iter().map(|(partition, failed)| (partition, Err(error(failed)))))
            }
        }
    }
    Ok(told)
}

/// The answers where the brokers know no leader for any of the partitions.
fn leaderless(
    client: &Client,
    partitions: &BTreeSet<&TopicPartition>,
    deadline: Instant,
) -> Result<Vec<Answer>> {
    let mut topics: BTreeMap<&TopicName, usize> = BTreeMap::new();
    for partition in partitions {
        if !topics.contains_key(&partition.topic) {
            let described = describe(client, &partition.topic, deadline)?;
            topics.insert(&partition.topic, described.map_or(0, |described| described.partitions));
        }
    }
    let answer = |partition: &&TopicPartition| {
        let there = (partition.partition.0 as usize) < topics[&partition.topic];
        let failed = if there {
            Errors::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
        } else {
            Errors::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
        };
        (partition.topic.as_str().to_owned(), partition.partition.0 as i32, Err(code(failed)))
    };
    Ok(partitions.iter().map(answer).collect())
}

const NO_ANSWER: Code = code(Errors::RD_KAFKA_RESP_ERR__TIMED_OUT);
/// No broker's words.
const SILENT: [Code; 2] = [NO_ANSWER, code(Errors::RD_KAFKA_RESP_ERR__TRANSPORT)];

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

fn texts(settings: &TopicSettings) -> BTreeMap<String, String> {
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
    .map(|(name, value)| (name.to_owned(), value))
    .into()
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
