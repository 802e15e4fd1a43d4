//! What librdkafka's and Kafka's errors mean to a user of the log.
use lentic_engine::log::Error;
use lentic_types::TopicName;

use crate::raw::{Code, Err, Failure, code, unknown_topic};

/// Of a request, or of reading.
pub(crate) fn of(failure: &Failure, topic: Option<&TopicName>) -> Error {
    if let Some(error) = definite(failure, topic) {
        return error;
    }
    Error::Unavailable(text(failure))
}

/// What a failed write may have left in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing: it never left.
    None,
    /// It may have left, and the brokers refused each try. A refusal for the moment proves nothing: a broker that loses
    /// the partition after it wrote the record answers that it is not the leader.
    Sent,
    /// It left, and a try was never answered.
    Possible,
}

/// Of a write.
pub(crate) fn of_write(failure: &Failure, topic: Option<&TopicName>, trace: Trace) -> Error {
    if failure.code == code(Err::RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return Error::QueueFull;
    }
    match of(failure, topic) {
        _ if trace == Trace::Possible => Error::Unknown(text(failure)),
        Error::Unavailable(text) if trace == Trace::Sent => Error::Unknown(text),
        error => error,
    }
}

/// Errors that are no matter of reaching the brokers: what they refuse is not in the log.
fn definite(failure: &Failure, topic: Option<&TopicName>) -> Option<Error> {
    const TOO_LARGE: [Code; 2] =
        [code(Err::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), code(Err::RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)];
    const FENCED: [Code; 4] = [
        code(Err::RD_KAFKA_RESP_ERR__FENCED),
        code(Err::RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH),
        code(Err::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID),
    ];
    const REFUSED: [Code; 21] = [
        code(Err::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
        code(Err::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED),
        code(Err::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED),
        code(Err::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
        code(Err::RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED),
        code(Err::RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM),
        code(Err::RD_KAFKA_RESP_ERR__AUTHENTICATION),
        code(Err::RD_KAFKA_RESP_ERR_POLICY_VIOLATION),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_CONFIG),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_PARTITIONS),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_REQUEST),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_RECORD),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP),
        code(Err::RD_KAFKA_RESP_ERR_TOPIC_DELETION_DISABLED),
        code(Err::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_MSG),
        code(Err::RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT),
        code(Err::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION),
        code(Err::RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE),
        code(Err::RD_KAFKA_RESP_ERR__INVALID_ARG),
    ];
    let failed = failure.code;
    if TOO_LARGE.contains(&failed) {
        return Some(Error::TooLarge(None));
    }
    if FENCED.contains(&failed) {
        return Some(Error::Fenced);
    }
    if REFUSED.contains(&failed) {
        return Some(Error::Refused(text(failure)));
    }
    let topic = topic?;
    if unknown_topic(failed) {
        return Some(Error::NoSuchTopic(topic.clone()));
    }
    (failed == code(Err::RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)).then(|| Error::TopicExists(topic.clone()))
}

fn text(failure: &Failure) -> String {
    if failure.text.is_empty() { format!("Kafka's error {}", failure.code) } else { failure.text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_unknown_only_if_it_may_have_been_sent() {
        let failure = |error| Failure { code: code(error), text: "why".to_owned() };
        let topic = TopicName::new("t").unwrap();
        let cases = [
            (Err::RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Trace::None, Error::Unavailable("why".to_owned())),
            (Err::RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Trace::Possible, Error::Unknown("why".to_owned())),
            (Err::RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Trace::Sent, Error::Unknown("why".to_owned())),
            (
                Err::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                Trace::Sent,
                Error::Refused("why".to_owned()),
            ),
            (Err::RD_KAFKA_RESP_ERR__QUEUE_FULL, Trace::None, Error::QueueFull),
            (Err::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Trace::None, Error::TooLarge(None)),
            (Err::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Trace::Possible, Error::Unknown("why".to_owned())),
            (
                Err::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                Trace::Possible,
                Error::Unknown("why".to_owned()),
            ),
            (Err::RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Trace::None, Error::NoSuchTopic(topic.clone())),
            (
                Err::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                Trace::None,
                Error::Refused("why".to_owned()),
            ),
        ];
        for (error, trace, expected) in cases {
            assert_eq!(of_write(&failure(error), Some(&topic), trace), expected);
        }
    }
}
