//! Finding the current row of a table that may be kept only further up.
use lentic_topology::spec::{
    ExtractedTime, Joiner, KeyMapper, Predicate, RecordContext, Retimer, Spec, StoreIndex, StoreKind,
    ValueMapper,
};
use lentic_topology::{Codec, Headers, NodeId, Payload, Plan, Window, WindowedKey};
use lentic_types::Timestamp;

use super::operator::Held;
use super::record_cache::{RecordCache, TableRow};
use super::{Row, State, TaskError};

/// How the row of a key is found at a table: Kafka Streams' value getters.
#[derive(Clone)]
pub(crate) enum Lookup {
    /// In the table's own store.
    Store {
        /// Whose.
        node: usize,
        /// Which.
        store: StoreIndex,
        /// Keys.
        key: Codec,
        /// Values.
        value: Codec,
        /// Whether it keeps versions.
        is_versioned: bool,
    },
    /// In the table's own store of windows or sessions.
    Window {
        /// Whose.
        node: usize,
        /// Which.
        store: StoreIndex,
        /// Keys, with their windows.
        key: Codec,
        /// Values.
        value: Codec,
    },
    /// At the table before, if this is true of it.
    Filter(Box<Lookup>, Predicate),
    /// At the table before, changed.
    Map(Box<Lookup>, ValueMapper),
    /// At the table before, under its key there.
    Rekey(Box<Lookup>, KeyMapper),
    /// At the table before, with another time.
    Retime(Box<Lookup>, Retimer),
    /// At two tables.
    Join(Box<Lookup>, Box<Lookup>, Joiner),
    /// At the table before; of a row whose change is held back, as it was before.
    Suppressed(Box<Lookup>, StoreIndex, Codec, Codec),
    /// Nowhere.
    None,
}

impl Lookup {
    /// The way to the rows of the table that a node makes.
    pub(crate) fn of(plan: &Plan, id: NodeId) -> Self {
        let node = plan.node(id);
        if let Some(store) = node.spec.table_store() {
            let spec = plan.store(store);
            if let (StoreKind::Window { .. } | StoreKind::Session { .. }, Some((key, value))) =
                (spec.kind, &node.codecs)
            {
                return Self::Window { node: id.0, store, key: key.clone(), value: value.clone() };
            }
            let is_versioned = matches!(spec.kind, StoreKind::Versioned { .. });
            let (key, value) = (spec.key.clone(), spec.value.clone());
            return Self::Store { node: id.0, store, key, value, is_versioned };
        }
        let before = |port: usize| {
            let input = node.inputs.iter().find(|input| input.port == port);
            Box::new(input.map_or(Self::None, |input| Self::of(plan, input.node)))
        };
        match &node.spec {
            Spec::TableFilter { keep, .. } => Self::Filter(before(0), keep.clone()),
            Spec::TableMapValues { map, .. } => Self::Map(before(0), map.clone()),
            Spec::TableRekey { from, .. } => Self::Rekey(before(0), from.clone()),
            Spec::Retime(time) => Self::Retime(before(0), time.clone()),
            Spec::TableJoin(join) => Self::Join(before(0), before(1), join.join.clone()),
            Spec::Suppress(spec) => {
                Self::Suppressed(before(0), spec.store, spec.key.clone(), spec.value.clone())
            }
            _ => Self::None,
        }
    }

    /// The row of a key as far as those were told of it who take the table's changes.
    pub(super) fn told(
        &self,
        state: &mut State,
        cache: &RecordCache,
        key: &Payload,
    ) -> Result<TableRow, TaskError> {
        self.find(state, Some(cache), key, None)
    }

    /// The row of a key at a time, where versions are kept; else the current one.
    pub(crate) fn get_at(
        &self,
        state: &mut State,
        key: &Payload,
        at: Option<Timestamp>,
    ) -> Result<TableRow, TaskError> {
        self.find(state, None, key, at)
    }

    fn find(
        &self,
        state: &mut State,
        cache: Option<&RecordCache>,
        key: &Payload,
        at: Option<Timestamp>,
    ) -> Result<TableRow, TaskError> {
        match self {
            Self::Store { node, store, key: codec, value, is_versioned } => {
                let Some(bytes) = codec.to_bytes(Some(key)).map_err(TaskError::Unencodable)? else {
                    return Ok(None);
                };
                if let Some(told) = cache.and_then(|cache| cache.told(*node, &bytes)) {
                    return Ok(told.clone());
                }
                if *is_versioned {
                    let found = match at {
                        Some(at) => state.version_at(*store, &bytes, at.0)?,
                        None => state.latest_version(*store, &bytes)?,
                    };
                    let Some(found) = found else { return Ok(None) };
                    let payload = found.value.map(|bytes| value.decode(Some(&bytes))).transpose();
                    let payload = payload.map_err(TaskError::Undecodable)?.flatten();
                    return Ok(payload.map(|payload| (payload, Timestamp(found.valid_from))));
                }
                let Some(row) = state.get(*store, &bytes)? else { return Ok(None) };
                let payload = value.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
                Ok(payload.map(|payload| (payload, row.timestamp)))
            }
            Self::Window { node, store, key: codec, value } => {
                let bytes = codec.to_bytes(Some(key)).map_err(TaskError::Unencodable)?.unwrap_or_default();
                if let Some(told) = cache.and_then(|cache| cache.told(*node, &bytes)) {
                    return Ok(told.clone());
                }
                let Some(row) = windowed(state, *store, codec.windowed, &bytes)? else { return Ok(None) };
                let payload = value.decode(Some(row.value)).map_err(TaskError::Undecodable)?;
                Ok(payload.map(|payload| (payload, row.timestamp)))
            }
            Self::Filter(before, keep) => {
                let found = before.find(state, cache, key, at)?;
                Ok(found.filter(|(value, _)| keep(Some(key), Some(value))))
            }
            Self::Map(before, map) => {
                let Some((value, timestamp)) = before.find(state, cache, key, at)? else { return Ok(None) };
                Ok(map(Some(key), Some(value), &of_row(state, timestamp))?.map(|value| (value, timestamp)))
            }
            Self::Rekey(before, from) => match from(Some(key), None) {
                Some(key) => before.find(state, cache, &key, at),
                None => Ok(None),
            },
            Self::Retime(before, time) => {
                let Some((value, timestamp)) = before.find(state, cache, key, at)? else { return Ok(None) };
                let timestamp = match time(Some(key), Some(&value), &of_row(state, timestamp))? {
                    ExtractedTime::At(timestamp) if timestamp >= Timestamp(0) => timestamp,
                    // Its change did not go on, so that nobody was told of it.
                    ExtractedTime::At(_) | ExtractedTime::Skip => return Ok(None),
                    ExtractedTime::Fail => return Err(TaskError::NoTimestamp),
                };
                Ok(Some((value, timestamp)))
            }
            Self::Join(left, right, join) => {
                let (left, right) = (left.find(state, cache, key, at)?, right.find(state, cache, key, at)?);
                let time = |side: &Option<(Payload, Timestamp)>| side.as_ref().map(|(_, time)| *time);
                let timestamp = time(&left).max(time(&right)).unwrap_or_default();
                let value = |side: Option<(Payload, Timestamp)>| side.map(|(value, _)| value);
                let joined = join(Some(key), value(left), value(right));
                Ok(joined.map(|joined| (joined, timestamp)))
            }
            Self::Suppressed(before, store, key_codec, codec) => {
                let bytes =
                    key_codec.to_bytes(Some(key)).map_err(TaskError::Unencodable)?.unwrap_or_default();
                let Some(row) = state.get(*store, &bytes)? else { return before.find(state, cache, key, at) };
                let prior = Held::read(row.value)?.prior;
                let prior = prior.map(|bytes| codec.decode(Some(&bytes))).transpose();
                let prior = prior.map_err(TaskError::Undecodable)?.flatten();
                Ok(prior.map(|prior| (prior, Timestamp::NONE)))
            }
            Self::None => Ok(None),
        }
    }
}

/// What a function is told that is called for a row looked up, not for a record.
fn of_row(state: &State, timestamp: Timestamp) -> RecordContext<'static> {
    RecordContext { timestamp, headers: &NO_HEADERS, partition: state.partition().0, offset: -1 }
}

static NO_HEADERS: Headers = None;

/// The row of a window or session, by the bytes of its key as topics have them.
fn windowed<'a>(
    state: &'a mut State,
    store: StoreIndex,
    windowed: Option<WindowedKey>,
    bytes: &[u8],
) -> lentic_store::Result<Option<Row<'a>>> {
    let time = |bytes: &[u8]| bytes.try_into().map_or(-1, i64::from_be_bytes);
    let suffix = windowed.map_or(0, WindowedKey::suffix_len);
    let Some((key, times)) = bytes.split_at_checked(bytes.len().saturating_sub(suffix)) else {
        return Ok(None);
    };
    match windowed {
        Some(WindowedKey::Time) => state.window(store, key, time(times)),
        Some(WindowedKey::Session) => {
            let (end, start) = times.split_at(times.len() / 2);
            state.session(store, key, Window { start: time(start), end: time(end) })
        }
        None => Ok(None),
    }
}
