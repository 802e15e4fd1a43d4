//! The taking side: who is asked, and again where an answer breaks off.
use std::time::{Duration, Instant};

use lentic_engine::load::Load;
use lentic_engine::seed::Seeder;
use lentic_store::Error as StoreError;
use lentic_store::layout::PositionRecord;

use super::block::{Block, CutOff};
use super::given::layout_of;
use super::{SeedQuestion, SeedStream};
use crate::node::{Shared, pause};
use crate::table::Partition;
use crate::{Holder, RawTable};

/// How long after its start a node may not know yet who the others are.
const HEARS: Duration = Duration::from_secs(3);

/// Answers that may break off before the log is read instead.
const ATTEMPTS: u32 = 10;

/// Between two of them.
const PAUSE: Duration = Duration::from_millis(200);

/// What came of asking.
pub(crate) enum Taken {
    /// All rows are in the store; their position.
    Whole(PositionRecord),
    /// Nobody has them: the log has.
    Nobody,
    /// Some are in the store, and the rest can't be had: begin anew.
    Broken(String),
    /// The node stops, or the table is gone.
    Stopped,
}

/// Asks for the rows of a partition. Blocks as long as they come.
pub(crate) fn take(
    shared: &Shared,
    table: &RawTable,
    partition: &Partition,
    load: &Load,
) -> Result<Taken, StoreError> {
    let Some(seeds) = shared.seeds_or_wait(HEARS) else { return Ok(Taken::Nobody) };
    let began = Instant::now();
    let mut seeder = Seeder::new(load.clone());
    let mut question = SeedQuestion {
        table: table.spec().name.to_string(),
        partition: load.source.partition,
        topic: table.topic_id(),
        layout: layout_of(table),
        after: None,
    };
    let mut trouble = String::new();
    for attempt in 0..ATTEMPTS {
        for holder in holders(table, &load.source.partition) {
            if shared.inbox.stopped() || table.is_closed() {
                return Ok(Taken::Stopped);
            }
            question.after = seeder.last().map(<[u8]>::to_vec);
            let mut stream = match seeds.ask(&holder, &question) {
                Ok(stream) => stream,
                Err(reason) => {
                    tracing::debug!(task = %load.task, node = holder.node, "no rows from another node: {reason}");
                    trouble = reason;
                    continue;
                }
            };
            tracing::info!(task = %load.task, node = holder.node, "taking rows over from another node");
            match follow(shared, table, partition, &mut *stream, &mut seeder)? {
                Followed::Whole => {
                    let (rows, seconds) = (seeder.rows(), began.elapsed().as_secs_f64());
                    let Some(record) = seeder.finish()? else { return Ok(Taken::Nobody) };
                    shared.count_seeded(rows);
                    tracing::info!(task = %load.task, node = holder.node, rows, seconds, "seeded by another node");
                    return Ok(Taken::Whole(record));
                }
                Followed::Broke(reason) => {
                    tracing::info!(task = %load.task, node = holder.node, "rows of another node broke off: {reason}");
                    trouble = reason;
                }
                Followed::Stopped => return Ok(Taken::Stopped),
            }
        }
        if seeder.rows() == 0 {
            return Ok(Taken::Nobody);
        }
        if attempt + 1 < ATTEMPTS {
            pause(PAUSE);
        }
    }
    Ok(Taken::Broken(trouble))
}

enum Followed {
    Whole,
    Broke(String),
    Stopped,
}

/// Puts what is told into the store.
fn follow(
    shared: &Shared,
    table: &RawTable,
    partition: &Partition,
    stream: &mut dyn SeedStream,
    seeder: &mut Seeder,
) -> Result<Followed, StoreError> {
    let about = stream.head().rows;
    if let Err(error) = seeder.begin(&stream.head().record) {
        return Ok(Followed::Broke(error.to_string()));
    }
    loop {
        if shared.inbox.stopped() || table.is_closed() {
            return Ok(Followed::Stopped);
        }
        match stream.next() {
            Ok(Some(block)) => match put(block, seeder) {
                Ok(()) => partition.set_loading(seeder.rows(), about.max(seeder.rows() + 1)),
                Err(Unfit::Store(error @ StoreError::Corrupt(_))) => {
                    return Ok(Followed::Broke(error.to_string()));
                }
                Err(Unfit::Store(error)) => return Err(error),
                Err(Unfit::CutOff) => return Ok(Followed::Broke("rows that don't fit".to_owned())),
            },
            Ok(None) => return Ok(Followed::Whole),
            Err(reason) => return Ok(Followed::Broke(reason)),
        }
    }
}

enum Unfit {
    CutOff,
    Store(StoreError),
}

impl From<CutOff> for Unfit {
    fn from(CutOff: CutOff) -> Self {
        Self::CutOff
    }
}

fn put(block: Block, seeder: &mut Seeder) -> Result<(), Unfit> {
    block.each(|key, stored| seeder.put(key, stored).map_err(Unfit::Store))
}

/// Who may have the rows: standbys first, the owner has enough to do.
fn holders(table: &RawTable, partition: &lentic_types::PartitionId) -> Vec<Holder> {
    let mut holders = table.holders(*partition);
    holders.retain(|holder| holder.ready);
    holders.sort_by_key(|holder| (holder.role == crate::Role::Active, holder.lag));
    holders
}
