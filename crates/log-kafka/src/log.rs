//! [`KafkaLog`].
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lentic_engine::log::{
    Acked, Bounds, BulkTransaction, Error, Log, Reader, ReaderOptions, Result, Sender, Topic, TopicSettings,
    Transaction,
};
use lentic_types::{Offset, OutgoingRecord, PartitionId, TopicId, TopicName, TopicPartition};

use crate::append::Appender;
use crate::bulk::{self, BulkPool, KafkaSender};
use crate::health::{Health, Probe};
use crate::membership::Member;
use crate::options::KafkaOptions;
use crate::raw::{Client, Consumer, Kind};
use crate::reader::KafkaReader;
use crate::transaction::{self, Pool};
use crate::{admin, error};

/// How long dropping a log that was not closed waits for acknowledgements.
const DROP_TIMEOUT: Duration = Duration::from_secs(10);
/// Topics that are remembered as they were last seen.
const SEEN_MAX: usize = 10_000;

/// The topics of a Kafka cluster.
///
/// Timestamp 0 of an appended record means "now", as everywhere in librdkafka; [`Log::epoch_below`] knows no answer,
/// since librdkafka doesn't offer the request.
pub struct KafkaLog {
    options: KafkaOptions,
    client: Arc<Client>,
    appender: Appender,
    pool: Arc<Pool>,
    bulk: Arc<BulkPool>,
    member: Mutex<Option<Arc<Member>>>,
    health: Arc<Health>,
    probe: Probe,
    closed: AtomicBool,
    /// Which creation of each topic was there when it was last asked for.
    seen: Mutex<BTreeMap<TopicName, Option<TopicId>>>,
}

impl KafkaLog {
    /// Makes the clients and connects in the background. Fails with [`Error::Refused`] if librdkafka doesn't take the
    /// properties; whether the brokers answer is learnt by the first request, or from [`Log::health`].
    pub fn connect(options: KafkaOptions) -> Result<Self> {
        let refused = |failure| error::of(&failure, None);
        let client = Arc::new(Client::new(Kind::Producer, &options.admin()).map_err(refused)?);
        let health = Arc::new(Health::new());
        let appender = Appender::start(&options, &health).map_err(refused)?;
        let probe = Probe::start(&client, Arc::clone(&health))
            .map_err(|failed| Error::Refused(format!("no thread to watch the brokers: {failed}")))?;
        let pool = Arc::new(Pool::new(&options));
        let bulk = Arc::new(BulkPool::new(&options));
        Ok(Self {
            options,
            client,
            appender,
            pool,
            bulk,
            member: Mutex::default(),
            health,
            probe,
            closed: AtomicBool::new(false),
            seen: Mutex::default(),
        })
    }

    /// The options that it was made with.
    pub fn options(&self) -> &KafkaOptions {
        &self.options
    }

    /// Creates a topic with these settings, by Kafka's names; what is left out is the brokers' default. Errors are those of
    /// [`Log::create_topic`]. Blocks.
    pub fn create_topic_as(
        &self,
        name: &TopicName,
        partitions: u32,
        replicas: Option<u16>,
        settings: &BTreeMap<String, String>,
    ) -> Result<Topic> {
        let timeout = self.options.request_timeout;
        self.request(|client| admin::create_topic_as(client, name, partitions, replicas, settings, timeout))?;
        self.topic(name)?.ok_or_else(|| Error::NoSuchTopic(name.clone()))
    }

    /// Aborts the transactions that a dead process with this prefix of transactional ids left open. Blocks.
    pub fn abort_left_open(&self, transactional_id_prefix: &str) -> Result<()> {
        let options = KafkaOptions {
            transactional_id_prefix: transactional_id_prefix.to_owned(),
            ..self.options.clone()
        };
        let deadline = Instant::now() + options.request_timeout;
        // librdkafka may take half a second for each.
        thread::scope(|scope| {
            let options = &options;
            let take_over =
                |number| scope.spawn(move || transaction::take_over(options, number, deadline).map(drop));
            let take_over_bulk =
                |number| scope.spawn(move || bulk::take_over(options, number, deadline).map(drop));
            let single = (0..options.transactions_max).map(take_over);
            let all: Vec<_> = single.chain((0..options.bulk_max).map(take_over_bulk)).collect();
            all.into_iter().try_for_each(|one| one.join().unwrap_or(Err(Error::Closed)))
        })
    }

    /// The transactional ids that this log's transactions may go by.
    pub fn transactional_ids(&self) -> Vec<String> {
        let single = (0..self.options.transactions_max).map(|number| self.options.transactional_id(number));
        let bulk = (0..self.options.bulk_max).map(|number| self.options.bulk_transactional_id(number));
        single.chain(bulk).collect()
    }

    /// Takes over transactional ids of another process: what it left open is aborted, and it can't go on under them. Blocks.
    pub fn take_over(&self, ids: &[String]) -> Result<()> {
        let deadline = Instant::now() + self.options.request_timeout;
        thread::scope(|scope| {
            let options = &self.options;
            let take_over = |id| scope.spawn(move || transaction::take_over_id(options, id, deadline));
            let all: Vec<_> = ids.iter().map(String::as_str).map(take_over).collect();
            all.into_iter().try_for_each(|one| one.join().unwrap_or(Err(Error::Closed)))
        })
    }

    /// What fences go by from now on.
    pub fn set_member(&self, member: Member) {
        *self.member.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(member));
    }

    fn member(&self) -> Option<Arc<Member>> {
        self.member.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a topic is there that was missing, or another one, when it was last asked for.
    fn is_news(&self, name: &TopicName, found: Option<&Topic>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.insert(name.clone(), found.map(|topic| topic.id));
        if seen.len() > SEEN_MAX {
            seen.pop_first();
        }
        found.is_some_and(|topic| before.is_some_and(|before| before != Some(topic.id)))
    }

    /// Runs a request and learns from it whether the brokers answer.
    fn request<T>(&self, request: impl FnOnce(&Client) -> Result<T>) -> Result<T> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        // The probe learns that they are back; until then a request would wait in vain, while librdkafka spins.
        if let Some(trouble) = self.health.lost() {
            return Err(Error::Unavailable(trouble));
        }
        let result = request(&self.client);
        if result.is_ok() {
            self.health.answered();
        }
        result
    }
}

impl Log for KafkaLog {
    fn identity(&self) -> Result<String> {
        self.request(|client| {
            client.cluster_id(self.options.request_timeout).ok_or_else(|| {
                let why = self.health.now().err().unwrap_or_else(|| "no answer".to_owned());
                Error::Unavailable(format!("no broker of {} told its cluster: {why}", self.options.brokers))
            })
        })
    }

    fn topic(&self, name: &TopicName) -> Result<Option<Topic>> {
        let found = self.request(|client| admin::topic(client, name, self.options.request_timeout))?;
        if self.is_news(name, found.as_ref()) {
            self.appender.refresh_topic(name.as_str(), self.options.request_timeout);
            self.pool.renew();
            self.bulk.renew();
        }
        Ok(found)
    }

    fn topics(&self) -> Result<Vec<TopicName>> {
        self.request(|client| admin::topics(client, self.options.request_timeout))
    }

    fn create_topic(&self, name: &TopicName, partitions: u32, settings: &TopicSettings) -> Result<Topic> {
        let timeout = self.options.request_timeout;
        self.request(|client| admin::create_topic(client, name, partitions, settings, timeout))
    }

    fn delete_topic(&self, name: &TopicName) -> Result<()> {
        self.request(|client| admin::delete_topic(client, name, self.options.request_timeout))
    }

    fn bounds(&self, partitions: &[TopicPartition]) -> Result<Vec<Result<Bounds>>> {
        self.request(|client| admin::bounds(client, partitions, self.options.request_timeout))
    }

    fn epoch_below(&self, _partition: &TopicPartition, _offset: Offset) -> Result<Option<i32>> {
        Ok(None)
    }

    fn reader(&self, options: ReaderOptions) -> Result<Box<dyn Reader>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        let consumer =
            Consumer::new(&self.options.consumer(options)).map_err(|failure| error::of(&failure, None))?;
        Ok(Box::new(KafkaReader::new(consumer, options)))
    }

    fn append(&self, record: OutgoingRecord, acked: Acked) {
        self.appender.append(&record, acked);
    }

    fn begin(&self, timeout: Duration) -> Result<Box<dyn Transaction>> {
        self.pool.begin(timeout)
    }

    fn sender(&self) -> Result<Box<dyn Sender>> {
        Ok(Box::new(KafkaSender::new(&self.options)?))
    }

    fn begin_bulk(&self, timeout: Duration) -> Result<Box<dyn BulkTransaction>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        self.bulk.begin(self.member(), timeout)
    }

    fn fence(&self, shards: &[PartitionId], _timeout: Duration) -> Result<()> {
        match self.member() {
            Some(member) => member.commit(shards),
            None => Err(Error::Unavailable("this node has not joined its group yet".to_owned())),
        }
    }

    fn generation(&self) -> i64 {
        let metadata = self.member().and_then(|member| member.metadata(&[]).ok());
        metadata.map_or(0, |metadata| i64::from(metadata.generation()))
    }

    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()> {
        self.request(|client| admin::delete_records(client, before, self.options.request_timeout))
    }

    fn health(&self) -> Result<(), String> {
        self.health.now()
    }

    fn close(&self, timeout: Duration) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let deadline = Instant::now() + timeout;
        self.appender.close(deadline);
        self.pool.close(deadline);
        self.bulk.close();
        self.probe.stop(deadline);
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.close(DROP_TIMEOUT);
    }
}
