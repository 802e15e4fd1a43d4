//! A table without a node: its log is a real one, and the test is the worker.
use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use lentic_engine::log::{Log, Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_engine::{Leap, Purged, TaskState, TaskView};
use lentic_log_local::{FsyncPolicy, LocalLog, LocalOptions};
use lentic_store::layout::{RowPrefix, RowView, StoreId, row_header};
use lentic_store::{Database, FamilyId, MemoryDatabase, Order, WriteBatch};
use lentic_types::{
    FormatName, Offset, OutgoingRecord, PartitionId, RecordBatch, TableName, TableSpec, Timestamp, TopicName,
    TopicPartition,
};

use super::watch::Line;
use super::{Limits, Partition, RawTable, Surroundings, Turn};
use crate::cluster::Cluster;
use crate::config::Config;

/// The clock stands.
pub(crate) const NOW: Timestamp = Timestamp(1_000_000);
pub(crate) const WATCH_BUFFER_BYTES: usize = 4_096;
const STORE: StoreId = StoreId(1);
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) table: RawTable,
    log: Arc<LocalLog>,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// A table of string keys over a new topic; its partitions are live and empty.
    pub(crate) fn new(partitions: u32) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let options = LocalOptions {
            path: dir.path().join("log"),
            fsync: FsyncPolicy::Never,
            ..LocalOptions::default()
        };
        let log = Arc::new(LocalLog::open(options).expect("a log"));
        let name = TopicName::new("t").expect("a name");
        let topic = log.create_topic(&name, partitions, &TopicSettings::compacted()).expect("a topic");
        let store = MemoryDatabase::default().family(FamilyId::Node).expect("a store");
        let partition =
            |id| Partition::new(PartitionId(id), Arc::clone(&store), STORE, Arc::<Turn>::default());
        let spec = TableSpec {
            name: TableName::new("t").expect("a name"),
            topic: name,
            key: FormatName::String,
            value: FormatName::String,
            partitions: None,
            partitioner: None,
            read_only: false,
            window: None,
            history_ms: None,
        };
        let around = Surroundings {
            log: Arc::clone(&log) as Arc<dyn Log>,
            clock: || NOW,
            cluster: Arc::new(Cluster::new(&Config::default(), None, "node", 0, NOW)),
            shards: 1,
            chosen: BTreeSet::new(),
            limits: Limits {
                key_bytes: 1_024,
                value_bytes: 1 << 20,
                watch_buffer_bytes: WATCH_BUFFER_BYTES,
                cas_timeout: Duration::from_secs(1),
            },
            together: Arc::default(),
            catch_ups: Arc::new(Line::new(1)),
        };
        let partitions = (0..partitions).map(partition).collect();
        let bench =
            Self { table: RawTable::new(spec, STORE, topic, partitions, Arc::new(around)), log, _dir: dir };
        for partition in bench.table.here().iter() {
            bench.publish(partition.id.0, |view| {
                view.state = TaskState::Live;
                view.progress.current_at = Some(NOW);
            });
        }
        bench
    }

    pub(crate) fn partition(&self, id: u32) -> Arc<Partition> {
        self.table.partition(PartitionId(id)).expect("a partition")
    }

    /// Shows another view.
    pub(crate) fn publish(&self, partition: u32, change: impl FnOnce(&mut TaskView)) {
        self.publish_all(partition, change, None, &[], None);
    }

    /// Tells that the rows were replaced.
    pub(crate) fn leap(&self, partition: u32) {
        let change = |view: &mut TaskView| view.incarnation.0 += 1;
        self.publish_all(partition, change, None, &[], Some(Leap::Rebuilt));
    }

    fn publish_all(
        &self,
        partition: u32,
        change: impl FnOnce(&mut TaskView),
        applied: Option<(Arc<RecordBatch>, Offset)>,
        purged: &[Purged],
        leap: Option<Leap>,
    ) {
        let partition = self.partition(partition);
        let mut view = partition.view();
        change(&mut view);
        self.table.publish(&partition, view, applied, purged, leap);
    }

    /// A partition leaves and comes back: nobody has looked at its rows yet.
    pub(crate) fn come_back(&self, partition: u32) {
        let store = Arc::clone(&self.partition(partition).store);
        self.table.remove(PartitionId(partition));
        self.table.add(Partition::new(PartitionId(partition), store, STORE, Arc::<Turn>::default()));
    }

    /// A task that leads the partition has committed this row, and nobody was seen to watch.
    pub(crate) fn commit_untold(&self, partition: u32, key: &str) {
        let offset = self.append(partition, key, Some("v"));
        let (prefix, partition) = (self.prefix(partition), self.partition(partition));
        let mut batch = WriteBatch::default();
        batch.put_parts(&[prefix.as_bytes(), key.as_bytes()], &[&row_header(offset, Timestamp::NONE), b"v"]);
        partition.store.apply(&batch).expect("applied");
        let mut view = partition.view();
        view.progress.position = offset.next();
        self.table.publish_commit(&partition, view, None);
    }

    /// Appends a record that the table does not know of yet.
    pub(crate) fn append(&self, partition: u32, key: &str, value: Option<&str>) -> Offset {
        let (acked, ack) = mpsc::channel();
        let record = OutgoingRecord {
            topic: self.table.spec().topic,
            partition: PartitionId(partition),
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
            timestamp: Timestamp::NONE,
            headers: Vec::new(),
        };
        self.log.append(record, Box::new(move |result| drop(acked.send(result))));
        ack.recv_timeout(PATIENCE).expect("in time").expect("appended").offset
    }

    /// Applies what was appended to a partition.
    pub(crate) fn apply(&self, partition: u32) {
        let mut reader = self.log.reader(ReaderOptions::default()).expect("a reader");
        let from = self.partition(partition).view().progress.position;
        let source = TopicPartition::new(self.table.spec().topic, PartitionId(partition));
        reader.assign(&source, ReadFrom::Offset(from)).expect("assigned");
        loop {
            let mut polled = Vec::new();
            reader.poll(PATIENCE, &mut polled).expect("polled");
            for found in polled {
                match found {
                    Polled::Records { batch, .. } => self.apply_batch(partition, &batch),
                    Polled::End { .. } => return,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn apply_batch(&self, partition: u32, records: &Arc<RecordBatch>) {
        let prefix = self.prefix(partition);
        let mut batch = WriteBatch::default();
        for record in records.iter() {
            let key = [prefix.as_bytes(), record.key.expect("a key")];
            match record.value {
                Some(value) => {
                    batch.put_parts(&key, &[&row_header(record.offset, record.timestamp), value]);
                }
                None => batch.delete_parts(&key),
            }
        }
        self.partition(partition).store.apply(&batch).expect("applied");
        let from = self.partition(partition).view().progress.position;
        let next = records.last_offset().expect("records").next();
        let change = |view: &mut TaskView| view.progress.position = next;
        self.publish_all(partition, change, Some((Arc::clone(records), from)), &[], None);
    }

    /// Removes rows below a start of the log; `whole`: all of them are removed then.
    pub(crate) fn purge(&self, partition: u32, start: u64, whole: bool) {
        let prefix = self.prefix(partition);
        let store = &self.partition(partition).store;
        let (mut batch, mut purged) = (WriteBatch::default(), Vec::new());
        let mut cursor = store.cursor(prefix.range(), Order::Ascending).expect("a cursor");
        while let Some((key, value)) = cursor.next().expect("a row") {
            let row = RowView::read(value).expect("a row");
            if row.offset.0 < start {
                batch.delete(key);
                let key = RowPrefix::strip(key).to_vec();
                purged.push(Purged { key, offset: row.offset, timestamp: row.timestamp });
            }
        }
        drop(cursor);
        store.apply(&batch).expect("applied");
        let change = |view: &mut TaskView| {
            view.log_start = Offset(start);
            if whole {
                view.purged = Offset(start);
            }
        };
        self.publish_all(partition, change, None, &purged, None);
    }

    fn prefix(&self, partition: u32) -> RowPrefix {
        let partition = self.partition(partition);
        partition.prefix(&partition.view())
    }
}
