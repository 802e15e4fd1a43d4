//! Latencies, and those of a bare producer.
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::{Broker, dataset};

/// Durations, sorted when they are printed.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Runs `once` `count` times after a tenth of that as warm-up.
    pub fn measure(count: u64, mut once: impl FnMut(u64) -> Result<()>) -> Result<Self> {
        for i in 0..count / 10 {
            once(i)?;
        }
        let mut durations = Vec::new();
        for i in 0..count {
            let begin = Instant::now();
            once(i)?;
            durations.push(begin.elapsed());
        }
        durations.sort_unstable();
        Ok(Self(durations))
    }

    fn quantile(&self, q: f64) -> f64 {
        let at = ((self.0.len() as f64 * q) as usize).min(self.0.len().saturating_sub(1));
        self.0.get(at).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "count={} p50_ms={:.3} p99_ms={:.3}", self.0.len(), self.quantile(0.5), self.quantile(0.99))
    }
}

/// Arguments of `acks`.
#[derive(Args)]
pub struct Acks {
    #[command(flatten)]
    broker: Broker,
    #[arg(long, default_value_t = 2_000)]
    count: u64,
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
}

impl Acks {
    pub fn run(&self) -> Result<()> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.broker.brokers)
            .set("enable.idempotence", "true")
            .set("linger.ms", "0")
            .create()?;
        let latencies = Latencies::measure(self.count, |i| {
            let (key, value) = (dataset::key(i), dataset::value(i, self.value_bytes));
            let record = BaseRecord::to(&self.broker.topic).key(&key).payload(&value);
            if let Err((error, _)) = producer.send(record) {
                bail!("{error}");
            }
            while producer.in_flight_count() > 0 {
                producer.poll(Duration::from_millis(1));
            }
            Ok(())
        })?;
        println!("{latencies}");
        Ok(())
    }
}
