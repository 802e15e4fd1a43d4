//! The sides of a join under the key by which they are joined.
use std::sync::Arc;

use lentic_topology::Payload;
use lentic_topology::spec::{Mapper, RecordContext};
use lentic_topology::untyped;

use crate::Refusal;
use crate::expr::Compiled;
use crate::plan::flow::{Flow, Handle, KeyColumn};
use crate::plan::row::{Row, key_columns, key_value};
use crate::plan::source::key_payload;
use crate::plan::{Analysis, binary, codec};
use crate::serde::{Format, FormatName};

use super::Step;
use super::criterion::Side;

/// Whether a side has the key already.
pub(super) fn is_key(flow: &Flow, side: &Side) -> bool {
    let [key] = flow.key.as_slice() else { return false };
    side.compiled.column().is_some_and(|index| key.columns.contains(&index))
        || key.same_as.contains(&side.expr)
}

impl Analysis<'_> {
    /// The format of the keys of both sides: that of the side which has them already, the left one first.
    pub(super) fn join_key_format(&self, step: &Step<'_>) -> Format {
        let keyed = |flow: &Flow, side| is_key(flow, side).then_some(flow.key_format);
        let preferred =
            keyed(&step.left, &step.criterion.left).or_else(|| keyed(&step.right, &step.criterion.right));
        let format = preferred.unwrap_or(step.left.key_format);
        if format.name == FormatName::None { self.key_format_for(&step.left, false) } else { format }
    }

    /// A stream under the key of a join, through a topic of its own where it was under another.
    pub(super) fn rekey_stream(
        &self,
        flow: &Flow,
        stream: &untyped::Stream,
        side: &Side,
        format: Format,
        topic: &str,
    ) -> Result<untyped::Stream, Refusal> {
        if is_key(flow, side) && flow.key_format == format {
            return Ok(stream.clone());
        }
        refuse_windows(flow)?;
        let key = self.join_key(flow, &side.compiled, format)?;
        let value = codec::row(&flow.value_format, &flow.row_schema())?;
        self.add_topic(&format!("{topic}-repartition"), format, flow, None);
        let (compiled, log) = (Arc::clone(&side.compiled), self.log.of("SelectKey"));
        let map: Mapper =
            Arc::new(move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
                let Some(value) = value else { return Ok(None) };
                let found = key_value(&compiled, value.get::<Row>(), &log);
                let key = (!found.is_null()).then(|| key_payload(vec![found]));
                Ok(Some((key, Some(value))))
            });
        let width = flow.columns.len();
        let moved = stream.map(map, key.clone(), value).repartition(topic, None, false);
        Ok(moved.with_codecs(key, binary::rows(width)))
    }

    /// A table whose keys lie in another format, through a topic of its own.
    pub(super) fn reformat_table(
        &self,
        flow: &Flow,
        table: &untyped::Table,
        side: &Side,
        format: Format,
        name: &str,
    ) -> Result<untyped::Table, Refusal> {
        if flow.key_format == format {
            return Ok(table.clone());
        }
        refuse_windows(flow)?;
        let key = self.join_key(flow, &side.compiled, format)?;
        let value = codec::row(&flow.value_format, &flow.row_schema())?;
        self.add_topic(&format!("{name}-SelectKey-repartition"), format, flow, None);
        self.add_topic(&format!("{name}-Materialize-changelog"), format, flow, None);
        let map: Mapper = Arc::new(|key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(Some((Some(key_payload(key_columns(key))), value)))
        });
        let stream =
            table.to_stream().map(map, key, value).repartition(&format!("{name}-SelectKey"), None, true);
        let store = lentic_topology::Materialized::named(format!("{name}-Materialize")).internal();
        Ok(stream.to_table(store))
    }

    fn join_key(
        &self,
        flow: &Flow,
        compiled: &Compiled,
        format: Format,
    ) -> Result<lentic_topology::Codec, Refusal> {
        let name = compiled.column().map(|index| Arc::clone(&flow.columns[index].flat));
        let kind =
            compiled.kind().cloned().ok_or_else(|| Refusal::new("A join on NULL is not supported."))?;
        let name = name.unwrap_or_else(|| "ROWKEY".into());
        let column = KeyColumn { name, kind, columns: Vec::new(), shown: Vec::new(), same_as: Vec::new() };
        let schema = crate::plan::flow::key_schema(&[column], &format);
        codec::key(&format, &schema, None)
    }
}

fn refuse_windows(flow: &Flow) -> Result<(), Refusal> {
    if flow.window.is_none() {
        return Ok(());
    }
    Err(no_windows())
}

/// Keys with windows stay in the topics that they are in.
pub(in crate::plan) fn no_windows() -> Refusal {
    Refusal::new(
        "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.",
    )
}

/// The stream of a side.
pub(super) fn stream(flow: &Flow) -> Option<&untyped::Stream> {
    if let Handle::Stream(stream) = &flow.handle { Some(stream) } else { None }
}

/// The table of a side.
pub(super) fn table(flow: &Flow) -> Option<&untyped::Table> {
    if let Handle::Table(table) = &flow.handle { Some(table) } else { None }
}
