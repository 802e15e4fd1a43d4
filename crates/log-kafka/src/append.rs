//! The node's one idempotent producer.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lentic_engine::log::{Acked, Error};
use lentic_types::OutgoingRecord;

use crate::error;
use crate::health::Health;
use crate::options::{KafkaOptions, Properties};
use crate::raw::{Err, Failure, Producer, code};

/// How long one look for delivery reports waits.
const POLL: Duration = Duration::from_millis(100);

pub(crate) struct Appender {
    properties: Properties,
    health: Arc<Health>,
    current: RwLock<Option<Running>>,
}

/// A producer and the thread that serves its reports.
struct Running {
    producer: Arc<Producer>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Appender {
    pub(crate) fn start(options: &KafkaOptions, health: &Arc<Health>) -> Result<Self, Failure> {
        let properties = options.producer();
        let running = Running::start(&properties, health)?;
        Ok(Self { properties, health: Arc::clone(health), current: RwLock::new(Some(running)) })
    }

    pub(crate) fn append(&self, record: &OutgoingRecord, acked: Acked) {
        let (failure, acked) = match self.send(record, acked) {
            Ok(()) => return,
            Err((None, acked)) => return acked(Err(Error::Closed)),
            Err((Some(failure), acked)) => (failure, acked),
        };
        // An idempotent producer that lost track of its sequence numbers is of no use any more: a new one is.
        let (failure, acked) = if failure.code == code(Err::RD_KAFKA_RESP_ERR__FATAL) {
            tracing::warn!("the producer failed for good, making a new one: {}", failure.text);
            if let Err(failure) = self.renew() {
                return acked(Err(error::of_write(&failure, Some(&record.topic), error::Trace::None)));
            }
            match self.send(record, acked) {
                Ok(()) => return,
                Err((None, acked)) => return acked(Err(Error::Closed)),
                Err((Some(failure), acked)) => (failure, acked),
            }
        } else {
            (failure, acked)
        };
        acked(Err(error::of_write(&failure, Some(&record.topic), error::Trace::None)));
    }

    /// A topic is another one than before: the producer learns of it.
    pub(crate) fn refresh_topic(&self, name: &str, timeout: Duration) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let producer = current.as_ref().map(|running| Arc::clone(&running.producer));
        drop(current);
        if let Some(Err(failure)) = producer.map(|producer| producer.refresh_topic(name, timeout)) {
            tracing::debug!("the producer knows nothing new of the topic {name}: {}", failure.text);
        }
    }

    /// Gives `acked` back, without a failure if the log is closed.
    fn send(&self, record: &OutgoingRecord, acked: Acked) -> Result<(), (Option<Failure>, Acked)> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref() {
            Some(running) => {
                running.producer.send(record, acked).map_err(|(failure, acked)| (Some(failure), acked))
            }
            None => Err((None, acked)),
        }
    }

    fn renew(&self) -> Result<(), Failure> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been quicker.
        if current.as_ref().is_some_and(|running| running.producer.fatal().is_some()) {
            let renewed = Running::start(&self.properties, &self.health)?;
            if let Some(failed) = current.replace(renewed) {
                // Its records have failed already or fail now; not under the callers' feet.
                thread::spawn(move || failed.close(Instant::now()));
            }
        }
        Ok(())
    }

    /// Waits for what is on its way until `deadline`; then everything that is left fails.
    pub(crate) fn close(&self, deadline: Instant) {
        let running = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.close(deadline);
        }
    }
}

impl Running {
    fn start(properties: &Properties, health: &Arc<Health>) -> Result<Self, Failure> {
        let producer = Arc::new(Producer::new(properties)?);
        let stop = Arc::new(AtomicBool::new(false));
        let (served, stopped, health) = (Arc::clone(&producer), Arc::clone(&stop), Arc::clone(health));
        let thread = thread::Builder::new()
            .name("kafka-producer".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Acquire) {
                    served.poll(POLL);
                    if let Some(failure) = served.take_reported()
                        && failure.code == code(Err::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
                    {
                        health.silent(&failure);
                    }
                }
            })
            .map_err(|failed| Failure {
                code: code(Err::RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE),
                text: format!("no thread for the producer: {failed}"),
            })?;
        Ok(Self { producer, stop, thread: Mutex::new(Some(thread)) })
    }

    fn close(&self, deadline: Instant) {
        while self.producer.in_flight() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        self.producer.purge();
        while self.producer.in_flight() > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the producer's thread panicked");
        }
    }
}
