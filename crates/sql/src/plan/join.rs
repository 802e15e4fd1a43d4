//! `JOIN`: several sources as one flow, from left to right.
mod criterion;
mod rekey;
mod streams;
mod tables;

use std::collections::BTreeSet;
use std::sync::Arc;

use lentic_sql_syntax::ast::{Join, JoinKind, Name};
use lentic_topology::Payload;
use lentic_topology::spec::{self, Joiner};

use super::Analysis;
use super::flow::{Flow, FlowColumn, Handle, KeyColumn, KeyedBy, Role};
use super::row::{PROJECTED, Row, changed, key_columns};
use super::source::Aliased;
use crate::catalog::SourceWindow;
use crate::expr::Scope;
use crate::serde::Format;
use crate::{Refusal, SqlType, Value};

use criterion::Criterion;

pub(super) use rekey::no_windows;

/// One join on its way.
struct Step<'a> {
    join: &'a Join,
    /// What stands before the names of its topics: `L_` for each join that it is inside of.
    prefix: String,
    left: Flow,
    right: Flow,
    criterion: Criterion,
}

impl Analysis<'_> {
    pub(super) fn join(&self) -> Result<Flow, Refusal> {
        self.check_sources()?;
        let joins = &self.query().joins;
        let source = |index: usize, side: &str, depth: usize| {
            let one: &Aliased = &self.sources[index];
            let store = format!("{}KafkaTopic_{side}-Reduce", "L_".repeat(depth));
            one.flow(&self.topology.untyped(), self.reading(), Some(&store), &self.log)
        };
        let mut flow = source(0, "Left", joins.len() - 1)?;
        let mut rights = Vec::new();
        for index in 0..joins.len() {
            rights.push(source(index + 1, "Right", joins.len() - 1 - index)?);
        }
        let flows = std::iter::once(&flow).chain(&rights);
        let all = Scope::new(flows.flat_map(|flow| flow.scope().columns().to_vec()));
        for (index, join) in joins.iter().enumerate() {
            self.check_criterion(join, &all, &self.sources[index + 1].alias)?;
        }
        for (index, (join, right)) in joins.iter().zip(rights).enumerate() {
            let depth = joins.len() - 1 - index;
            let alias = &self.sources[index + 1].alias;
            let criterion = self.criterion(join, &flow, &right, alias)?;
            let step = Step { join, prefix: "L_".repeat(depth), left: flow, right, criterion };
            self.check_windows(&step)?;
            flow = match (&step.left.handle, &step.right.handle) {
                (Handle::Stream(_), Handle::Stream(_)) => self.join_streams(step)?,
                (Handle::Stream(_), Handle::Table(_)) => self.join_stream_table(step)?,
                (Handle::Table(_), Handle::Table(_)) => self.join_tables(step, index, joins.len())?,
                (Handle::Table(_), Handle::Stream(_)) => {
                    return Err(Refusal::new(format!(
                        "Invalid join order: table-stream joins are not supported; only stream-table joins. Got {} {} {alias}.",
                        self.sources[0].alias,
                        words(join.kind)
                    )));
                }
            };
        }
        Ok(flow)
    }

    fn check_sources(&self) -> Result<(), Refusal> {
        let names: Vec<&str> = self.sources.iter().map(|one| &*one.source.name).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
            return Err(Refusal::new(if names.len() == 2 {
                format!("Can not join '{twice}' to '{twice}': self joins are not yet supported.")
            } else {
                format!(
                    "N-way joins do not support multiple occurrences of the same source. Source: '{twice}'"
                )
            }));
        }
        if self.kafka_sources().is_empty() {
            return Ok(());
        }
        Err(Refusal::new(format!(
            "Source(s) {} are using the 'KAFKA' value format. This format does not yet support JOIN.",
            self.kafka_sources()
        )))
    }

    fn check_windows(&self, step: &Step<'_>) -> Result<(), Refusal> {
        let (left, right) = (step.left.window, step.right.window);
        let name = |flow: &Flow| flow.columns[0].source.as_ref().map_or("", |name| &name.text).to_owned();
        match (left, right) {
            (None, None) => Ok(()),
            (Some(one), Some(other)) => {
                let is_session = |window| matches!(window, SourceWindow::Session);
                if one == other {
                    return Ok(());
                }
                if is_session(one) == is_session(other) {
                    return Err(no_windows());
                }
                Err(Refusal::new(format!(
                    "Incompatible windowed sources.\nLeft source: {}\nRight source: {}\nSession windowed sources can only be joined to \
                     other session windowed sources, and may still not result in expected behaviour as session bounds must be an \
                     exact match for the join to work\nHopping and tumbling windowed sources can only be joined to other hopping and \
                     tumbling windowed sources",
                    window_name(one),
                    window_name(other)
                )))
            }
            (left, right) => {
                let is = |window: Option<SourceWindow>| {
                    window.map_or_else(|| "not".to_owned(), |window| window_name(window).to_owned())
                };
                Err(Refusal::new(format!(
                    "Can not join windowed source to non-windowed source.\n`{}` is {} windowed\n`{}` is {} windowed",
                    name(&step.left),
                    is(left),
                    name(&step.right),
                    is(right)
                )))
            }
        }
    }

    fn check_partitions(&self, step: &Step<'_>) -> Result<(), Refusal> {
        let (Some(left), Some(right)) = (step.left.partitions, step.right.partitions) else { return Ok(()) };
        if left == right {
            return Ok(());
        }
        let name = |flow: &Flow| flow.columns[0].source.as_ref().map_or("", |name| &name.text).to_owned();
        let (l, r) = (name(&step.left), name(&step.right));
        Err(Refusal::new(format!(
            "Can't join `{l}` with `{r}` since the number of partitions don't match. `{l}` partitions = {left}; `{r}` partitions = \
             {right}. Please repartition either one so that the number of partitions match."
        )))
    }
}

pub(super) fn window_name(window: SourceWindow) -> &'static str {
    match window {
        SourceWindow::Tumbling(_) => "TUMBLING",
        SourceWindow::Hopping(_) => "HOPPING",
        SourceWindow::Session => "SESSION",
    }
}

/// A kind of join as messages name it.
fn words(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "[INNER] JOIN",
        JoinKind::Left => "LEFT [OUTER] JOIN",
        JoinKind::Right => "RIGHT [OUTER] JOIN",
        JoinKind::Full => "[FULL] OUTER JOIN",
    }
}

/// The operator's kind, and whether its left side is the right one of the statement.
fn either_way(kind: JoinKind) -> (spec::JoinKind, bool) {
    match kind {
        JoinKind::Inner => (spec::JoinKind::Inner, false),
        JoinKind::Left => (spec::JoinKind::Left, false),
        JoinKind::Right => (spec::JoinKind::Left, true),
        JoinKind::Full => (spec::JoinKind::Outer, false),
    }
}

impl Step<'_> {
    /// What follows, once both sides are joined.
    fn joined(
        self,
        handle: Handle,
        (columns, key, keyed_by): (Vec<FlowColumn>, Vec<KeyColumn>, KeyedBy),
        key_format: Format,
    ) -> Flow {
        Flow { handle, columns, key, keyed_by, key_format, key_only: None, view: None, ..self.left }
    }

    /// The columns of the result, and its key.
    fn columns(&self) -> (Vec<FlowColumn>, Vec<KeyColumn>, KeyedBy) {
        let mut columns = self.left.columns.clone();
        // The key that an earlier join made is none any longer.
        for (index, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.source.is_none()) {
            let hidden = format!("KSQL_FORMER_KEY_{index}");
            (column.name, column.flat) = (Name::new(&*hidden), hidden.into());
        }
        columns.extend(self.right.columns.iter().cloned());
        let offset = self.left.columns.len();
        // The columns of either side that are the criterion; those of the left side may be several by now.
        let (left, right) = (&self.criterion.left, &self.criterion.right);
        let (mut of_key, mut same_as) = (Vec::new(), Vec::new());
        if let [key] = self.left.key.as_slice()
            && rekey::is_key(&self.left, left)
        {
            of_key.clone_from(&key.columns);
            same_as.clone_from(&key.same_as);
        }
        of_key.extend(
            left.compiled.column().filter(|index| !of_key.contains(index)).into_iter().collect::<Vec<_>>(),
        );
        of_key.retain(|index| columns[*index].source.is_some());
        of_key.extend(right.compiled.column().map(|index| index + offset));
        for side in [left, right].into_iter().filter(|side| side.compiled.column().is_none()) {
            same_as.push(side.expr.clone());
        }
        let is_synthetic = self.join.kind == JoinKind::Full || of_key.is_empty();
        let kind = self.criterion.kind.clone();
        if is_synthetic {
            let name = synthetic_name(&columns);
            columns.push(FlowColumn {
                source: None,
                name: Name::new(&*name),
                flat: Arc::clone(&name),
                kind: kind.clone(),
                role: Role::Key,
            });
            let (columns_of_key, shown) = (vec![columns.len() - 1], vec![name.to_string()]);
            let key = KeyColumn { columns: columns_of_key, shown, name, kind, same_as };
            return (columns, vec![key], KeyedBy::SyntheticJoin);
        }
        let shown = of_key.iter().map(|index| shown(&columns[*index])).collect();
        let name = Arc::clone(&columns[of_key[0]].flat);
        let key = KeyColumn { name, kind, columns: of_key, shown, same_as };
        (columns, vec![key], KeyedBy::Join)
    }

    /// Makes the row of the result of those of the two sides. `flipped`: the left side of the operator is the right one here.
    fn joiner(&self, kind: spec::JoinKind, flipped: bool, is_synthetic: bool) -> Joiner {
        let (left_width, right_width) = (self.left.columns.len(), self.right.columns.len());
        Arc::new(move |key: Option<&Payload>, left: Option<Payload>, right: Option<Payload>| {
            let is_there = match kind {
                spec::JoinKind::Inner => left.is_some() && right.is_some(),
                spec::JoinKind::Left => left.is_some(),
                spec::JoinKind::Outer => left.is_some() || right.is_some(),
            };
            if !is_there {
                return None;
            }
            let (left, right) = if flipped { (right, left) } else { (left, right) };
            let complete = |row: &mut Row| {
                row.resize(left_width, Value::Null);
                row.reserve(right_width + PROJECTED);
                match right {
                    Some(mut right) => match right.get_mut::<Row>() {
                        Some(own) => row.append(own),
                        None => row.extend_from_slice(right.get::<Row>()),
                    },
                    None => row.resize(left_width + right_width, Value::Null),
                }
                if is_synthetic {
                    row.push(key_columns(key).first().cloned().unwrap_or_default());
                }
            };
            Some(changed(left.unwrap_or_else(|| Payload::new(Row::new())), complete))
        })
    }
}

/// A key column's name that no column has: `ROWKEY`, with a number if need be.
fn synthetic_name(columns: &[FlowColumn]) -> Arc<str> {
    let taken = |name: &str| columns.iter().any(|column| column.name.text == name || *column.flat == *name);
    let mut names =
        std::iter::once("ROWKEY".to_owned()).chain((1..).map(|number| format!("ROWKEY_{number}")));
    names.find(|name| !taken(name)).unwrap_or_default().into()
}

fn shown(column: &FlowColumn) -> String {
    column
        .source
        .as_ref()
        .map_or_else(|| column.name.to_string(), |source| format!("{source}.{}", column.name))
}

/// A type as messages about criteria show it.
fn braced(kind: Option<&SqlType>) -> String {
    kind.map_or_else(String::new, |kind| format!("{{{kind}}}"))
}
