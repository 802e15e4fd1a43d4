//! The sources of a query: topics as flows.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Name, SourceKind};
use lentic_topology::spec::{RecordContext, TimestampExtractor};
use lentic_topology::{Consumed, Materialized, Payload, Policy, untyped};

use super::codec;
use super::flow::{Flow, FlowColumn, Handle, KeyColumn, KeyedBy, Role};
use super::log::StepLog;
use super::row::{Key, PROJECTED, Row, changed, key_columns, key_window};
use super::time;
use super::view::View;
use crate::catalog::{Place, Source};
use crate::serde::Wanted;
use crate::{Refusal, SqlType, Value};

/// A stream or table under the name that it has in a query.
#[derive(Clone, Debug)]
pub(super) struct Aliased {
    pub(super) alias: Name,
    pub(super) source: Arc<Source>,
    /// What of a stream's values is read.
    pub(super) wanted: Wanted,
}

impl Aliased {
    pub(super) fn new(alias: Name, source: &Arc<Source>) -> Self {
        Self { alias, source: Arc::clone(source), wanted: Wanted::default() }
    }
}

/// How the sources of a query are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) from_latest: bool,
    /// A record that is no row stops the query.
    pub(super) fails_on_bad_records: bool,
    /// So does one without a time.
    pub(super) fails_on_bad_times: bool,
}

/// Makes the row of a record whose value is null.
pub(super) type KeyOnly = Arc<dyn Fn(Option<&Payload>, &RecordContext<'_>) -> Row + Send + Sync>;

/// Where in a record the value of a column is.
#[derive(Clone, Debug)]
enum Slot {
    Value(usize),
    Headers,
    Header(Arc<str>),
    Time,
    Partition,
    Offset,
    Key(usize),
    WindowStart,
    WindowEnd,
}

impl Aliased {
    /// Reads its topic. `joined_as`: other sources will meet it, and this is the name of its store, if it needs one.
    pub(super) fn flow(
        &self,
        sources: &untyped::Sources,
        reading: Reading,
        joined_as: Option<&str>,
        log: &StepLog,
    ) -> Result<Flow, Refusal> {
        let Self { alias, source, wanted } = self;
        let is_joined = joined_as.is_some();
        let window = source.properties.window;
        let formats = &source.formats;
        let key_codec = codec::key(&formats.key, &formats.key_columns, window)?;
        let (columns, slots) = self.layout(is_joined);
        let layout = Layout::new(slots, formats.value_columns.columns.len());
        let room = columns.len() - layout.values + PROJECTED;
        let value_codec = codec::row_of_wanted(&formats.value, &formats.value_columns, wanted, room)?;
        let consumed = self.consumed(reading, log)?;
        let topic = source.properties.topic.clone().unwrap_or_default();
        let slots = Arc::clone(&layout.slots);
        let mapped = move |key: Option<&Payload>, value: Option<Payload>, context: &RecordContext<'_>| {
            Ok(value.map(|value| layout.lay(key, value, context)))
        };
        let row_codec = super::binary::rows(columns.len());
        let handle = match source.kind {
            SourceKind::Stream => Handle::Stream(
                sources
                    .stream(&[&topic], key_codec, value_codec, consumed)
                    .map_values(Arc::new(mapped), row_codec),
            ),
            SourceKind::Table => {
                let table =
                    sources.table(&topic, key_codec, value_codec, consumed).named_store("KsqlTopic-Reduce");
                Handle::Table(match joined_as {
                    None => table.map_values(Arc::new(mapped), row_codec),
                    // A join looks rows up, and has to find them with the times and offsets that they came with.
                    Some(store) => table
                        .map_values(Arc::new(mapped), row_codec)
                        .materialize(Materialized::named(store).internal()),
                })
            }
        };
        let key = source.schema.key().map(|column| KeyColumn {
            name: if is_joined { flat(alias, &column.name) } else { Arc::clone(&column.name) },
            kind: column.kind.clone(),
            columns: columns
                .iter()
                .enumerate()
                .filter(|(_, other)| other.role == Role::Key && *other.name.text == *column.name)
                .map(|(index, _)| index)
                .collect(),
            shown: vec![if is_joined {
                format!("{alias}.{}", Name::new(&*column.name))
            } else {
                Name::new(&*column.name).to_string()
            }],
            same_as: Vec::new(),
        });
        let key_only: KeyOnly = Arc::new(move |key, context| fill(&slots, key, &[], context).collect());
        Ok(Flow {
            handle,
            key: key.collect(),
            columns,
            keyed_by: KeyedBy::Source,
            key_format: formats.key,
            value_format: formats.value,
            window,
            key_only: Some(key_only),
            view: None,
            partitions: source.properties.partitions,
        })
    }

    /// Values, pseudo columns, keys, window bounds.
    fn layout(&self, is_joined: bool) -> (Vec<FlowColumn>, Vec<Slot>) {
        let (mut columns, mut slots) = (Vec::new(), Vec::new());
        let mut add = |name: &str, kind: SqlType, role: Role, slot: Slot| {
            let flat = if is_joined { flat(&self.alias, name) } else { name.into() };
            columns.push(FlowColumn {
                source: Some(self.alias.clone()),
                name: Name::new(name),
                flat,
                kind,
                role,
            });
            slots.push(slot);
        };
        let schema = &self.source.schema;
        let mut values = 0;
        for column in schema.columns() {
            let slot = match &column.place {
                Place::Key => continue,
                Place::Value => {
                    values += 1;
                    Slot::Value(values - 1)
                }
                Place::Headers => Slot::Headers,
                Place::Header(name) => Slot::Header(Arc::clone(name)),
            };
            add(&column.name, column.kind.clone(), Role::Value, slot);
        }
        add("ROWTIME", SqlType::Bigint, Role::Pseudo, Slot::Time);
        add("ROWPARTITION", SqlType::Integer, Role::Pseudo, Slot::Partition);
        add("ROWOFFSET", SqlType::Bigint, Role::Pseudo, Slot::Offset);
        for (index, column) in schema.key().enumerate() {
            add(&column.name, column.kind.clone(), Role::Key, Slot::Key(index));
        }
        if self.source.properties.window.is_some() {
            add("WINDOWSTART", SqlType::Bigint, Role::Bound, Slot::WindowStart);
            add("WINDOWEND", SqlType::Bigint, Role::Bound, Slot::WindowEnd);
        }
        (columns, slots)
    }

    fn consumed(&self, reading: Reading, log: &StepLog) -> Result<Consumed, Refusal> {
        let mut consumed = Consumed::new();
        if reading.from_latest {
            consumed = consumed.from_latest();
        }
        let policy = if reading.fails_on_bad_records { Policy::Fail } else { Policy::Continue };
        consumed = consumed.on_deserialization_error(policy);
        if let Some(timestamp) = &self.source.timestamp {
            let schema = &self.source.schema;
            let extractor = time::extractor(timestamp, schema, reading.fails_on_bad_times, log)?;
            consumed = consumed.timestamps(extractor);
        } else {
            consumed = consumed.timestamps(if reading.fails_on_bad_times {
                TimestampExtractor::FailOnInvalid
            } else {
                TimestampExtractor::SkipOnInvalid
            });
        }
        Ok(consumed)
    }
}

/// The topology that keeps the rows of a declared table, and how they are read.
pub(super) fn kept(
    source: &Arc<Source>,
    topology: &lentic_topology::Topology,
    log: &StepLog,
) -> Result<View, Refusal> {
    const STORE: &str = "KsqlTopic-Reduce";
    let aliased = Aliased::new(Name::new(&*source.name), source);
    let reading = Reading { from_latest: false, fails_on_bad_records: false, fails_on_bad_times: false };
    let formats = &source.formats;
    let window = source.properties.window;
    let key = codec::key(&formats.key, &formats.key_columns, window)?;
    let value = codec::row(&formats.value, &formats.value_columns)?;
    let slots: Vec<Slot> = aliased.layout(false).1;
    let slots: Vec<Slot> = slots.into_iter().take_while(|slot| !matches!(slot, Slot::Time)).collect();
    let row = super::binary::rows(slots.len());
    let layout = Layout::new(slots, formats.value_columns.columns.len());
    let map = move |key: Option<&Payload>, value: Option<Payload>, context: &RecordContext<'_>| {
        Ok(value.map(|value| layout.lay(key, value, context)))
    };
    let topic = source.properties.topic.clone().unwrap_or_default();
    let table = topology.untyped().table(&topic, key.clone(), value, aliased.consumed(reading, log)?);
    let _kept =
        table.map_values(Arc::new(map), row.clone()).materialize(Materialized::named(STORE).internal());
    let plain_key = codec::key(&formats.key, &formats.key_columns, None)?;
    Ok(View::new(STORE, key, plain_key, row, window))
}

/// The name of a column where sources meet.
pub(super) fn flat(alias: &Name, column: &str) -> Arc<str> {
    Arc::from(format!("{}_{column}", alias.text))
}

/// The columns that rows have in a query.
struct Layout {
    slots: Arc<[Slot]>,
    /// The first of them are a record's values in their order, if no others are: so many.
    values: usize,
}

impl Layout {
    fn new(slots: Vec<Slot>, values: usize) -> Self {
        let is_value = |(index, slot): (usize, &Slot)| match slot {
            Slot::Value(at) => index == *at && index < values,
            _ => index >= values,
        };
        let is_prefix = slots.len() >= values && slots.iter().enumerate().all(is_value);
        Self { slots: slots.into(), values: if is_prefix { values } else { 0 } }
    }

    /// The row of a record with these values.
    fn lay(&self, key: Option<&Payload>, value: Payload, context: &RecordContext<'_>) -> Payload {
        if self.values > 0 {
            let rest = fill(&self.slots[self.values..], key, &[], context);
            return changed(value, |row| row.extend(rest));
        }
        Payload::new(fill(&self.slots, key, value.get::<Row>(), context).collect::<Row>())
    }
}

fn fill<'r>(
    slots: &'r [Slot],
    key: Option<&'r Payload>,
    values: &'r [Value],
    context: &'r RecordContext<'_>,
) -> impl Iterator<Item = Value> + 'r {
    let keys = key_columns(key);
    let bound = move |bound: fn(lentic_topology::Window) -> i64| {
        key_window(key).map_or(Value::Null, |window| Value::Bigint(bound(window)))
    };
    let of = |values: &[Value], index: usize| values.get(index).cloned().unwrap_or_default();
    slots.iter().map(move |slot| match slot {
        Slot::Value(index) => of(values, *index),
        Slot::Headers => Value::array(context.headers.iter().flat_map(|headers| headers.iter()).map(header)),
        Slot::Header(name) => {
            let headers = context.headers.iter().flat_map(|headers| headers.iter());
            let named = headers.filter(|header| *header.name == **name).last();
            named.and_then(|header| header.value.as_deref()).map_or(Value::Null, Value::bytes)
        }
        Slot::Time => Value::Bigint(context.timestamp.0),
        Slot::Partition => Value::Integer(context.partition as i32),
        Slot::Offset => Value::Bigint(context.offset),
        Slot::Key(index) => of(keys, *index),
        Slot::WindowStart => bound(|window| window.start),
        Slot::WindowEnd => bound(|window| window.end),
    })
}

fn header(header: &lentic_types::Header) -> Value {
    let value = header.value.as_deref().map_or(Value::Null, Value::bytes);
    Value::structure([Value::string(&*header.name), value])
}

/// A record's key of these values.
pub(super) fn key_payload(columns: impl Into<Arc<[Value]>>) -> Payload {
    Payload::new(Key::new(columns))
}
