//! How fast a topic can be read at all: one consumer, nothing done with the records.
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use crate::Broker;

/// Arguments of `drain`.
#[derive(Args)]
pub struct Drain {
    #[command(flatten)]
    broker: Broker,
}

impl Drain {
    pub fn run(&self) -> Result<()> {
        let begin = Instant::now();
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.broker.brokers)
            .set("group.id", "lentic-bench-drain")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.wait.max.ms", "10")
            .set("queued.max.messages.kbytes", "65536")
            .create()?;
        let metadata = consumer.fetch_metadata(Some(&self.broker.topic), Duration::from_secs(10))?;
        let topic = metadata.topics().first().context("no such topic")?;
        let mut assignment = TopicPartitionList::new();
        for partition in topic.partitions() {
            assignment.add_partition_offset(&self.broker.topic, partition.id(), Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        let (mut records, mut bytes, mut open) = (0_u64, 0_usize, topic.partitions().len());
        while open > 0 {
            match consumer.poll(Duration::from_millis(100)) {
                None => {}
                Some(Ok(message)) => {
                    records += 1;
                    bytes += message.key().map_or(0, <[u8]>::len) + message.payload().map_or(0, <[u8]>::len);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
                Some(Err(error)) => return Err(error.into()),
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "seconds={seconds:.3} records={records} bytes={bytes} rows_per_second={:.0}",
            records as f64 / seconds
        );
        Ok(())
    }
}
