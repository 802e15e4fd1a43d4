//! The projection: from a flow to the rows of the result.
use std::fmt::Write as _;
use std::sync::Arc;

use lentic_sql_syntax::ast::Name;
use lentic_topology::spec::{RecordContext, ValueMapper};
use lentic_topology::{Materialized, Payload};

use super::flow::{Flow, Handle, KeyColumn, KeyedBy, Role};
use super::row::{Row, changed, key_columns, key_window};
use super::select::Item;
use super::source::key_payload;
use super::view::View;
use super::{Analysis, binary, codec};
use crate::expr::{Clause, Compiled};
use crate::serde::Format;
use crate::{Refusal, SqlType, Value};

/// The store of the rows of a table that is no aggregation.
const STORE: &str = "Project";

/// The rows of the result.
pub(super) struct Projection {
    pub(super) handle: Handle,
    /// Of the key, by the names that they have in the result.
    pub(super) key: Vec<(Arc<str>, SqlType)>,
    pub(super) values: Vec<(Arc<str>, SqlType)>,
    pub(super) key_format: Format,
    /// How the rows of a table are read from a store.
    pub(super) view: Option<View>,
}

impl Analysis<'_> {
    pub(super) fn project(&self, flow: Flow, items: &[Item]) -> Result<Projection, Refusal> {
        let scope = flow.scope();
        let mut compiled = Vec::with_capacity(items.len());
        for item in items {
            compiled.push((item, self.compile(&item.expr, &scope, Clause::Select)?));
        }
        if !self.is_persistent() {
            return self.lower(flow, Vec::new(), compiled);
        }
        let mut chosen: Vec<Option<&Name>> = vec![None; flow.key.len()];
        let mut order = Vec::new();
        let mut values = Vec::new();
        // Of the columns that have the key's value the first in the key's order is the key; the others are values.
        let preferred: Vec<Option<usize>> = flow
            .key
            .iter()
            .map(|key| {
                let selected = |index: &&usize| compiled.iter().any(|(_, one)| one.column() == Some(**index));
                key.columns.iter().find(selected).copied()
            })
            .collect();
        for (item, compiled) in compiled {
            let key =
                compiled.column().and_then(|index| preferred.iter().position(|key| *key == Some(index)));
            let Some(key) = key else {
                values.push((item, compiled));
                continue;
            };
            if let Some(before) = chosen[key] {
                return Err(twice(&flow, key, before, &item.alias));
            }
            chosen[key] = Some(&item.alias);
            order.push(key);
        }
        let may_leave_out = self.settings.is_on("ksql.new.query.planner.enabled", false);
        if !may_leave_out && chosen.iter().any(Option::is_none) {
            return Err(self.missing(&flow, &chosen));
        }
        if !may_leave_out {
            order.sort_unstable();
        }
        let key = order
            .iter()
            .map(|key| (*key, chosen[*key].map_or("", |name| name.text.as_str()).into()))
            .collect();
        if values.is_empty() {
            return Err(Refusal::new("The projection contains no value columns."));
        }
        self.lower(flow, key, values)
    }

    fn lower(
        &self,
        flow: Flow,
        key: Vec<(usize, Arc<str>)>,
        values: Vec<(&Item, Compiled)>,
    ) -> Result<Projection, Refusal> {
        let is_persistent = self.is_persistent();
        let kinds = values.iter().map(|(item, compiled)| {
            let kind = compiled.kind().cloned().unwrap_or(SqlType::String);
            (Arc::from(item.alias.text.as_str()), kind)
        });
        let kinds: Vec<(Arc<str>, SqlType)> = kinds.collect();
        let key_kinds: Vec<_> =
            key.iter().map(|(index, name)| (Arc::clone(name), flow.key[*index].kind.clone())).collect();
        let compiled: Vec<Compiled> = values.into_iter().map(|(_, compiled)| compiled).collect();
        let width = compiled.len();
        if !is_persistent {
            return Ok(self.to_client(&flow, compiled, kinds));
        }
        let log = self.log.of("Project");
        let map = move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let project = |row: &mut Row| {
                let before = row.len();
                for one in &compiled {
                    let value = one.evaluate(row, &mut |error| log.report(error));
                    row.push(value);
                }
                row.drain(..before);
            };
            Ok(value.map(|value| changed(value, project)))
        };
        let value_codec = binary::rows(width);
        let keeps_key = key.iter().map(|(index, _)| *index).eq(0..flow.key.len());
        let key_format = self.key_format_for(&flow, key.is_empty());
        let map: ValueMapper = Arc::new(map);
        let mut view = None;
        let handle = match &flow.handle {
            Handle::Stream(stream) => {
                let mut stream = stream.map_values(map, value_codec);
                if !keeps_key {
                    let columns: Vec<KeyColumn> =
                        key.iter().map(|(index, _)| flow.key[*index].clone()).collect();
                    let schema = super::flow::key_schema(&columns, &key_format);
                    let codec = codec::key(&key_format, &schema, flow.window)?;
                    let order: Vec<usize> = key.iter().map(|(index, _)| *index).collect();
                    let pick = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
                        let before = key_columns(key);
                        let picked: Row = order
                            .iter()
                            .map(|index| before.get(*index).cloned().unwrap_or_default())
                            .collect();
                        let key = (!picked.is_empty()).then(|| key_payload(picked));
                        Ok(Some((key, value)))
                    };
                    let value = stream.value().clone();
                    stream = stream.map(Arc::new(pick), codec, value);
                }
                Handle::Stream(stream)
            }
            Handle::Table(table) => {
                let kept = flow.view.is_some();
                let mut projected = table.map_values(Arc::clone(&map), value_codec);
                view = flow.view.map(|view| view.mapped(map));
                // The rows are kept for pull queries, if not as groups already.
                if !kept && flow.window.is_none() && keeps_key {
                    projected = projected.materialize(Materialized::named(STORE).internal());
                    let plain_key = projected.key().clone();
                    view =
                        Some(View::new(STORE, plain_key.clone(), plain_key, projected.value().clone(), None));
                }
                Handle::Table(projected)
            }
        };
        let view = view.filter(|_| keeps_key);
        Ok(Projection { handle, key: key_kinds, values: kinds, key_format, view })
    }

    /// The rows for who asked: whether the row is gone, and then its columns, of which a record without a value has those of
    /// the key only.
    fn to_client(&self, flow: &Flow, compiled: Vec<Compiled>, kinds: Vec<(Arc<str>, SqlType)>) -> Projection {
        enum Known {
            Key(usize),
            Start,
            End,
            No,
        }
        let known: Vec<Known> = compiled
            .iter()
            .map(|one| match one.column() {
                Some(index) if flow.columns[index].role == Role::Bound => {
                    if flow.columns[index].name.text == "WINDOWSTART" { Known::Start } else { Known::End }
                }
                Some(index) => {
                    let key = flow.key.iter().position(|key| key.columns.contains(&index));
                    key.map_or(Known::No, Known::Key)
                }
                None => Known::No,
            })
            .collect();
        let width = compiled.len() + 1;
        let log = self.log.of("Project");
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let mut row = Row::with_capacity(width);
            row.push(Value::Boolean(value.is_none()));
            if let Some(value) = &value {
                let value = value.get::<Row>();
                row.extend(compiled.iter().map(|one| one.evaluate(value, &mut |error| log.report(error))));
            } else {
                let window = key_window(key);
                row.extend(known.iter().map(|known| match known {
                    Known::Key(index) => key_columns(key).get(*index).cloned().unwrap_or_default(),
                    Known::Start => window.map_or(Value::Null, |window| Value::Bigint(window.start)),
                    Known::End => window.map_or(Value::Null, |window| Value::Bigint(window.end)),
                    Known::No => Value::Null,
                }));
            }
            Ok(Some(Payload::new(row)))
        };
        let stream = match &flow.handle {
            // A stream's records without a value have no row.
            Handle::Stream(stream) => {
                stream.filter(Arc::new(|_: Option<&Payload>, value: Option<&Payload>| value.is_some()))
            }
            Handle::Table(table) => table.to_stream(),
        };
        let stream = stream.map_values(Arc::new(map), binary::rows(width));
        let key_format = self.key_format_for(flow, true);
        Projection { handle: Handle::Stream(stream), key: Vec::new(), values: kinds, key_format, view: None }
    }

    /// Every column of the key has to be in the result.
    fn missing(&self, flow: &Flow, chosen: &[Option<&Name>]) -> Refusal {
        let sink = self.sink_name();
        let missing = |separator: &'static str| {
            let keys = flow.key.iter().zip(chosen);
            // Of groups those that are missing, of other keys all.
            let is_told = |chosen: Option<&Name>| flow.keyed_by != KeyedBy::Group || chosen.is_none();
            let told = keys.filter(|(_, chosen)| is_told(**chosen));
            let texts: Vec<String> = told.flat_map(|(key, _)| key.shown.clone()).collect();
            (listed(&texts, separator), texts)
        };
        if flow.keyed_by == KeyedBy::ForeignKey {
            let columns: Vec<_> = flow
                .key
                .iter()
                .zip(chosen)
                .filter(|(_, chosen)| chosen.is_none())
                .map(|(key, _)| format!("`{}`", flow.columns[key.columns[0]].name.text))
                .collect();
            let s = if columns.len() == 1 { "" } else { "s" };
            return Refusal::new(format!(
                "Primary key column{s} missing in projection. For foreign-key table-table joins, the projection must include all \
                 primary key columns from the left input table (`{}`). Missing column{s}: {}.",
                flow.columns[flow.key[0].columns[0]].source.as_ref().map_or("", |name| name.text.as_str()),
                columns.join(", ")
            ));
        }
        let (what, separator) = match flow.keyed_by {
            KeyedBy::Source | KeyedBy::ForeignKey => ("key column", "and"),
            KeyedBy::Partition => ("partitioning expression", "and"),
            KeyedBy::Group => ("grouping expression", "and"),
            KeyedBy::Join | KeyedBy::SyntheticJoin => ("join expression", "or"),
        };
        let (list, texts) = missing(separator);
        let s = if texts.len() == 1 { "" } else { "s" };
        let example = if separator == "or" { texts[0].clone() } else { texts.join(", ") };
        let mut text = format!(
            "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `{sink}` must include \
             the {what}{s} {list} in its projection (eg, SELECT {example}...)."
        );
        if flow.keyed_by == KeyedBy::SyntheticJoin {
            let _infallible = write!(
                text,
                "\n{list} was added as a synthetic key column because the join criteria did not match any source column. This \
                 expression must be included in the projection and may be aliased."
            );
        }
        Refusal::new(text)
    }
}

/// `A`, `A and B`, `A, B and C`.
fn listed(texts: &[String], last: &str) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

fn twice(flow: &Flow, key: usize, before: &Name, alias: &Name) -> Refusal {
    if flow.keyed_by == KeyedBy::Join {
        let name = &flow.columns[flow.key[key].columns[0]].flat;
        let mut names = [before.text.as_str(), alias.text.as_str()];
        names.sort_unstable();
        return Refusal::new(format!(
            "The projection contains a key column (`{name}`) more than once, aliased as: {} and {}.",
            names[0], names[1]
        ));
    }
    Refusal::new(format!(
        "The projection contains a key column more than once: `{}` and `{}`.",
        before.text, alias.text
    ))
}
