//! The aggregates of a query at work: one state for each, side by side in a row.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Expr, ExprNode};
use lentic_topology::spec::{Aggregator, Merger, ProcessError, RecordContext};
use lentic_topology::{Payload, untyped};

use crate::expr::{Compiled, Scope, ScopeColumn};
use crate::function::Aggregate;
use crate::plan::flow::Flow;
use crate::plan::log::StepLog;
use crate::plan::row::{Row, changed};
use crate::{Refusal, SqlType, Value};

/// All aggregates of a query.
#[derive(Clone)]
pub(in crate::plan) struct Folding {
    all: Arc<Vec<One>>,
    /// The columns of the flow that its rows have.
    used: Arc<[usize]>,
}

struct One {
    name: &'static str,
    aggregate: Box<dyn Aggregate>,
    arguments: Vec<Compiled>,
}

/// The columns that expressions name, in the order of the row.
pub(super) fn used_columns(exprs: &[Expr], scope: &Scope) -> Vec<usize> {
    let mut used = Vec::new();
    for expr in exprs {
        expr.any(&mut |part| {
            if let ExprNode::Column { source, name } = &part.node
                && let Ok(column) = scope.resolve(source.as_ref(), name)
                && !used.contains(&column.index)
            {
                used.push(column.index);
            }
            false
        });
    }
    used.sort_unstable();
    used
}

/// The scope of rows that have only these columns.
pub(super) fn narrowed(scope: &Scope, used: &[usize]) -> Scope {
    let columns = scope.columns().iter().filter_map(|column| {
        let index = used.iter().position(|index| *index == column.index)?;
        Some(ScopeColumn { index, ..column.clone() })
    });
    Scope::new(columns)
}

impl Folding {
    pub(super) fn new(used: Vec<usize>) -> Self {
        Self { all: Arc::default(), used: used.into() }
    }

    pub(super) fn add(
        &mut self,
        name: &'static str,
        aggregate: Box<dyn Aggregate>,
        arguments: Vec<Compiled>,
    ) {
        let one = One { name, aggregate, arguments };
        // Nobody else has it yet.
        if let Some(all) = Arc::get_mut(&mut self.all) {
            all.push(one);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn used(&self) -> &[usize] {
        &self.used
    }

    /// The types of the results.
    pub(super) fn results(&self) -> impl Iterator<Item = SqlType> {
        self.all.iter().map(|one| one.aggregate.returns())
    }

    /// States are refused that the format of the values could not carry, as ksqlDB does, which keeps them in it.
    pub(super) fn check_states(&self, flow: &Flow) -> Result<(), Refusal> {
        let columns = self.all.iter().enumerate();
        let columns = columns
            .map(|(index, one)| (Arc::from(format!("KSQL_AGG_VARIABLE_{index}")), one.aggregate.state()));
        let schema = crate::plan::flow::internal_schema(columns, &flow.value_format);
        flow.value_format.check_columns(&schema).map_err(|_| {
            Refusal::new(
                "One of the functions used in the statement has an intermediate type that the value format can not handle. \
                 Please remove the function or change the format.",
            )
        })
    }

    /// Of a table rows are taken back, which not every aggregate can.
    pub(super) fn check_undo(&self) -> Result<(), Refusal> {
        let mut unable: Vec<_> = self
            .all
            .iter()
            .filter(|one| !one.aggregate.can_undo())
            .map(|one| one.name.to_uppercase())
            .collect();
        unable.dedup();
        let Some(last) = unable.pop() else { return Ok(()) };
        let (plural, names) =
            if unable.is_empty() { ("", last) } else { ("s", format!("{} and {last}", unable.join(", "))) };
        Err(Refusal::new(format!(
            "The aggregation function{plural} {names} cannot be applied to a table source, only to a stream source."
        )))
    }

    /// Puts behind each row where it stood in its partition, for aggregates that go by it.
    pub(super) fn with_sequence(&self, stream: &untyped::Stream) -> untyped::Stream {
        if !self.all.iter().any(|one| one.aggregate.uses_sequence()) {
            return stream.clone();
        }
        let map = |_: Option<&Payload>, value: Option<Payload>, context: &RecordContext<'_>| {
            Ok(value.map(|value| changed(value, |row| row.push(Value::Bigint(context.offset)))))
        };
        stream.map_values(Arc::new(map), crate::plan::binary::rows(self.used.len() + 1))
    }

    /// Adds a row to the states.
    pub(super) fn adder(&self, log: &StepLog) -> Aggregator {
        let (folding, log) = (self.clone(), log.of("Aggregate"));
        Arc::new(move |_: Option<&Payload>, value: Option<&Payload>, so_far: Option<Payload>| {
            let Some(value) = value else { return Ok(so_far) };
            let row = value.get::<Row>();
            let sequence = row.get(folding.used.len()).and_then(Value::as_bigint).unwrap_or_default();
            let add = |states: &mut Row| -> Result<(), ProcessError> {
                folding.complete(states);
                for (one, state) in folding.all.iter().zip(states) {
                    let before = std::mem::take(state);
                    let next = one.with_arguments(row, &log, |arguments| {
                        one.aggregate.add(before, arguments, sequence)
                    });
                    *state = next.map_err(|error| ProcessError(error.to_string()))?;
                }
                Ok(())
            };
            let (so_far, mut added) = (so_far.unwrap_or_else(|| Payload::new(Row::new())), Ok(()));
            let states = changed(so_far, |states| added = add(states));
            added.map(|()| Some(states))
        })
    }

    /// Takes a row back.
    pub(super) fn subtracter(&self, log: &StepLog) -> Aggregator {
        let (folding, log) = (self.clone(), log.of("Aggregate"));
        Arc::new(move |_: Option<&Payload>, value: Option<&Payload>, so_far: Option<Payload>| {
            let Some(value) = value else { return Ok(so_far) };
            let row = value.get::<Row>();
            let mut states = folding.states(so_far);
            for (one, state) in folding.all.iter().zip(&mut states) {
                let before = std::mem::take(state);
                let next = one.with_arguments(row, &log, |arguments| one.aggregate.undo(before, arguments));
                *state = next.map_err(|error| ProcessError(error.to_string()))?;
            }
            Ok(Some(Payload::new(states)))
        })
    }

    /// Makes one session's states of two's.
    pub(super) fn merger(&self) -> Merger {
        let folding = self.clone();
        Arc::new(move |_: Option<&Payload>, left: Option<Payload>, right: Payload| {
            let Some(left) = left else { return Ok(Some(right)) };
            let (left, right): (Row, Row) = (folding.states(Some(left)), folding.states(Some(right)));
            let pairs = folding.all.iter().zip(left.into_iter().zip(right));
            let merged = pairs.map(|(one, (left, right))| one.aggregate.merge(left, right));
            let merged: crate::Result<Row> = merged.collect();
            Ok(Some(Payload::new(merged.map_err(|error| ProcessError(error.to_string()))?)))
        })
    }

    /// The states of a group without rows.
    pub(in crate::plan) fn initial(&self) -> Row {
        self.states(None)
    }

    /// Adds a row to states; what cannot be added is left out.
    pub(in crate::plan) fn add_row(&self, states: &mut Row, row: &Row, sequence: i64) {
        states.extend(self.all.iter().skip(states.len()).map(|one| one.aggregate.initial()));
        for (one, state) in self.all.iter().zip(states) {
            let arguments: Row =
                one.arguments.iter().map(|argument| argument.evaluate(row, &mut |_| {})).collect();
            if let Ok(next) = one.aggregate.add(state.clone(), &arguments, sequence) {
                *state = next;
            }
        }
    }

    /// Appends the results of states; what has none is NULL.
    pub(in crate::plan) fn append_plain_results(&self, states: &Row, row: &mut Row) {
        for (one, state) in self.all.iter().zip(states) {
            row.push(one.aggregate.result(state).unwrap_or_default());
        }
    }

    fn states(&self, so_far: Option<Payload>) -> Row {
        let mut states = so_far.map_or_else(Row::new, Payload::take::<Row>);
        self.complete(&mut states);
        states
    }

    /// A store of before an aggregate was added has no state of it.
    fn complete(&self, states: &mut Row) {
        let missing = self.all.iter().skip(states.len());
        states.extend(missing.map(|one| one.aggregate.initial()));
    }

    /// Appends the results of the states that the row begins with: so many.
    pub(super) fn append_results(&self, states: usize, row: &mut Row, log: &StepLog) {
        for (index, one) in self.all.iter().enumerate() {
            let result = one.result(row[..states].get(index), log);
            row.push(result);
        }
    }
}

impl One {
    fn result(&self, state: Option<&Value>, log: &StepLog) -> Value {
        self.aggregate.result(state.unwrap_or(&Value::Null)).unwrap_or_else(|error| {
            log.report(error);
            Value::Null
        })
    }

    /// The values that it is given for a row. Most aggregates take one, which needs no place of its own.
    fn with_arguments<T>(&self, row: &Row, log: &StepLog, take: impl FnOnce(&[Value]) -> T) -> T {
        let value = |argument: &Compiled| argument.evaluate(row, &mut |error| log.report(error));
        match self.arguments.as_slice() {
            [one] => match one.place(row) {
                Some(value) => take(std::slice::from_ref(value)),
                None => take(&[value(one)]),
            },
            many => take(&many.iter().map(value).collect::<Row>()),
        }
    }
}
