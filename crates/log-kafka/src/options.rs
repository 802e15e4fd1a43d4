//! How to reach Kafka, and the librdkafka properties that follow from it.
use std::collections::BTreeMap;
use std::time::Duration;

use lentic_engine::log::ReaderOptions;

/// Properties of one librdkafka client.
pub(crate) type Properties = BTreeMap<String, String>;

/// How to reach Kafka, and the limits of what waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaOptions {
    /// `host:port,...` of some brokers.
    pub brokers: String,
    /// `client.id`, as the brokers' logs and quotas show it (default `lentic`).
    pub client_id: String,
    /// Transactional ids are this and a number (default `lentic`). Two living processes with the same one fence each
    /// other.
    pub transactional_id_prefix: String,
    /// Any librdkafka property, for all clients; stronger than what Lentic would set, except where the log's promises
    /// depend on it ([`KafkaOptions::FIXED`]).
    pub properties: BTreeMap<String, String>,
    /// How long a description, a new topic and the like may take (default 10 s).
    pub request_timeout: Duration,
    /// How long an appended record may wait for its acknowledgement (default 10 s).
    pub message_timeout: Duration,
    /// After how long the brokers abort the transaction of a dead process (default 10 s).
    pub transaction_timeout: Duration,
    /// Bytes of records that may wait for their acknowledgement, those of transactions not included; beyond them appends
    /// are refused with `QueueFull` (default 64 MiB).
    pub queue_bytes: usize,
    /// Most transactions open at once; more wait (default 16).
    pub transactions_max: usize,
    /// Transactions for much that can be open at the same time.
    pub bulk_max: usize,
    /// How long a broker holds a fetch that finds nothing. An end that only transaction markers or aborted records lead
    /// to is noticed after it (default 20 ms).
    pub fetch_wait: Duration,
}

/// Memory that librdkafka and we take for a waiting record beside its bytes, about a third of it.
const RECORD_OVERHEAD_BYTES: usize = 128;

impl KafkaOptions {
    /// Properties that [`KafkaOptions::properties`] can't change.
    pub const FIXED: [&'static str; 12] = [
        "acks",
        "allow.auto.create.topics",
        "auto.offset.reset",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "isolation.level",
        "request.required.acks",
        "transactional.id",
    ];

    /// The defaults for these brokers.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            client_id: "lentic".to_owned(),
            transactional_id_prefix: "lentic".to_owned(),
            properties: BTreeMap::new(),
            request_timeout: Duration::from_secs(10),
            message_timeout: Duration::from_secs(10),
            transaction_timeout: Duration::from_secs(10),
            queue_bytes: 64 << 20,
            transactions_max: 16,
            bulk_max: 16,
            fetch_wait: Duration::from_millis(20),
        }
    }

    /// For descriptions, settings and offsets.
    pub(crate) fn admin(&self) -> Properties {
        self.client(&[])
    }

    /// For the node's one producer.
    pub(crate) fn producer(&self) -> Properties {
        // librdkafka counts the bytes of keys and values alone: what a record takes beside them is bounded by the number.
        let (kbytes, messages) = (self.queue_bytes.div_ceil(1024), self.queue_bytes / RECORD_OVERHEAD_BYTES);
        self.writer(&[
            ("queue.buffering.max.kbytes", &kbytes.clamp(1, i32::MAX as usize).to_string()),
            ("queue.buffering.max.messages", &messages.clamp(1, i32::MAX as usize).to_string()),
        ])
    }

    /// For much, at least once: records gather for a moment.
    pub(crate) fn bulk(&self) -> Properties {
        let mut properties = self.writer(&[
            ("queue.buffering.max.kbytes", "65536"),
            ("queue.buffering.max.messages", "1000000"),
            ("batch.num.messages", "100000"),
        ]);
        properties.insert("linger.ms".to_owned(), "10".to_owned());
        properties
    }

    pub(crate) fn transactional_id(&self, number: usize) -> String {
        format!("{}-{number}", self.transactional_id_prefix)
    }

    pub(crate) fn bulk_transactional_id(&self, number: usize) -> String {
        format!("{}-bulk-{number}", self.transactional_id_prefix)
    }

    /// For much in transactions, under the bulk id with this number.
    pub(crate) fn bulk_transactional(&self, number: usize) -> Properties {
        let mut properties = self.bulk();
        let timeout = self.message_timeout.min(self.transaction_timeout);
        for (key, value) in [
            ("transactional.id", self.bulk_transactional_id(number)),
            ("transaction.timeout.ms", millis(self.transaction_timeout)),
            ("message.timeout.ms", millis(timeout)),
        ] {
            properties.insert(key.to_owned(), value);
        }
        properties
    }

    fn writer(&self, own: &[(&str, &str)]) -> Properties {
        let common = [
            ("enable.idempotence", "true"),
            ("acks", "all"),
            // A lone record leaves at once; under load records gather while five requests are on their way.
            ("linger.ms", "0"),
            ("message.timeout.ms", &millis(self.message_timeout)),
            // The topic's limit decides, not the client's.
            ("message.max.bytes", "1000000000"),
            ("topic.metadata.propagation.max.ms", "3000"),
        ];
        self.client(&[&common, own].concat())
    }

    /// For transactions under the id with this number. What one holds is in memory already: no queue limits it.
    pub(crate) fn transactional(&self, number: usize) -> Properties {
        let timeout = self.message_timeout.min(self.transaction_timeout);
        let mut properties = self.writer(&[]);
        for (key, value) in [
            ("transactional.id", self.transactional_id(number)),
            ("transaction.timeout.ms", millis(self.transaction_timeout)),
            ("message.timeout.ms", millis(timeout)),
        ] {
            properties.insert(key.to_owned(), value);
        }
        properties
    }

    /// For a reader.
    pub(crate) fn consumer(&self, options: ReaderOptions) -> Properties {
        // Per partition, and for the whole queue: what a record occupies in it is about 300 bytes more than its own.
        let (messages, kbytes) = if options.bulk { ("50000", "32768") } else { ("2000", "8192") };
        self.client(&[
            // Nobody joins this group; librdkafka asks for a name all the same.
            ("group.id", "lentic-reader"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "true"),
            ("isolation.level", "read_committed"),
            // Out of range means that retention overtook us: the caller decides.
            ("auto.offset.reset", "error"),
            ("check.crcs", "true"),
            ("fetch.wait.max.ms", &millis(self.fetch_wait)),
            ("fetch.error.backoff.ms", "100"),
            ("fetch.queue.backoff.ms", "2"),
            ("queued.min.messages", messages),
            ("queued.max.messages.kbytes", kbytes),
            ("topic.metadata.propagation.max.ms", "3000"),
        ])
    }

    /// For the member of a group.
    pub(crate) fn member(&self, group: &str, instance: &str) -> Properties {
        let mut properties = self.client(&[
            ("group.id", group),
            ("group.instance.id", instance),
            ("group.protocol", "classic"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("session.timeout.ms", "10000"),
            ("heartbeat.interval.ms", "1000"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "latest"),
        ]);
        properties.insert("client.id".to_owned(), instance.to_owned());
        properties
    }

    fn client(&self, own: &[(&str, &str)]) -> Properties {
        let common = [
            ("bootstrap.servers", self.brokers.as_str()),
            ("client.id", &self.client_id),
            // A typo must not make a topic.
            ("allow.auto.create.topics", "false"),
            // A broker that restarts is found again within a second.
            // Half of it passes between a client's first connection and its second, too.
            ("reconnect.backoff.ms", "20"),
            ("reconnect.backoff.max.ms", "1000"),
            ("socket.keepalive.enable", "true"),
            ("socket.nagle.disable", "true"),
        ];
        let mut properties: Properties =
            common.iter().chain(own).map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (key, value) in &self.properties {
            if !Self::FIXED.contains(&key.as_str()) {
                properties.insert(key.clone(), value.clone());
            }
        }
        properties
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_s_promises_win_over_the_user_and_the_user_over_the_rest() {
        let mut options = KafkaOptions::new("a:1");
        for (key, value) in [
            ("acks", "1"),
            ("linger.ms", "5"),
            ("isolation.level", "read_uncommitted"),
            ("allow.auto.create.topics", "true"),
        ] {
            options.properties.insert(key.to_owned(), value.to_owned());
        }
        let producer = options.producer();
        assert_eq!((producer["acks"].as_str(), producer["linger.ms"].as_str()), ("all", "5"));
        let consumer = options.consumer(ReaderOptions::default());
        assert_eq!(consumer["isolation.level"], "read_committed");
        assert_eq!(options.transactional(3)["transactional.id"], "lentic-3");
        for client in
            [options.admin(), producer, consumer, options.transactional(3), options.member("g", "i")]
        {
            assert_eq!(client["allow.auto.create.topics"], "false");
        }
    }

    #[test]
    fn the_queue_is_as_large_as_said() {
        let options = KafkaOptions { queue_bytes: 1 << 20, ..KafkaOptions::new("a:1") };
        let producer = options.producer();
        assert_eq!(producer["queue.buffering.max.kbytes"], "1024");
        assert_eq!(producer["queue.buffering.max.messages"], "8192");
    }
}
