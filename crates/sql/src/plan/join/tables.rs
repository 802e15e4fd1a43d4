//! Joins of tables.
use std::sync::Arc;

use lentic_sql_syntax::ast::JoinKind;
use lentic_topology::spec::{self, KeyMapper};
use lentic_topology::untyped::ForeignKeyNames;
use lentic_topology::{Materialized, Payload};

use super::rekey::{is_key, table};
use super::{Step, either_way};
use crate::Refusal;
use crate::plan::flow::{Flow, Handle, KeyedBy};
use crate::plan::row::{Row, key_value};
use crate::plan::source::key_payload;
use crate::plan::{Analysis, binary};

impl Analysis<'_> {
    /// Two tables: by their keys, or by a column of the left one that is the right one's key.
    pub(super) fn join_tables(&self, step: Step<'_>, index: usize, joins: usize) -> Result<Flow, Refusal> {
        if step.join.within.is_some() {
            return Err(Refusal::new(
                "A window definition was provided for a Table-Table join. These joins are not windowed. Please drop the window \
                 definition (i.e. the WITHIN clause) and try to execute your join again.",
            ));
        }
        if !is_key(&step.right, &step.criterion.right) {
            return Err(Refusal::new(format!(
                "Invalid join condition: table-table joins require to join on the primary key of the right input table. Got {}.",
                step.criterion.shown
            )));
        }
        if !is_key(&step.left, &step.criterion.left) {
            if index > 0 || joins > 1 && step.left.keyed_by != KeyedBy::Source {
                return Err(Refusal::new(format!(
                    "Invalid join condition: foreign-key table-table joins are not supported as part of n-way joins. Got {}.",
                    step.criterion.shown
                )));
            }
            return self.join_foreign(step, joins);
        }
        let (Some(left), Some(right)) = (table(&step.left), table(&step.right)) else {
            return Err(Refusal::new("Two tables were expected."));
        };
        let format = self.join_key_format(&step);
        if step.left.key_format == step.right.key_format {
            self.check_partitions(&step)?;
        }
        let name = format!("{}Join", step.prefix);
        let (columns, key, keyed_by) = step.columns();
        let keyed = |side: &str| format!("{}{side}SourceKeyed", step.prefix);
        let left = self.reformat_table(&step.left, left, &step.criterion.left, format, &keyed("Left"))?;
        let right =
            self.reformat_table(&step.right, right, &step.criterion.right, format, &keyed("Right"))?;
        let (kind, flipped) = either_way(step.join.kind);
        let joiner = step.joiner(kind, flipped, keyed_by == KeyedBy::SyntheticJoin);
        let value = binary::rows(columns.len());
        let joined = if flipped {
            right.join(&left, kind, joiner, value, &name)
        } else {
            left.join(&right, kind, joiner, value, &name)
        };
        Ok(step.joined(Handle::Table(joined), (columns, key, keyed_by), format))
    }

    fn join_foreign(&self, step: Step<'_>, joins: usize) -> Result<Flow, Refusal> {
        if step.left.window.is_some() || step.right.window.is_some() {
            return Err(Refusal::new("Foreign-key table-table joins are not supported on windowed tables."));
        }
        let kind = match step.join.kind {
            JoinKind::Inner => spec::JoinKind::Inner,
            JoinKind::Left => spec::JoinKind::Left,
            JoinKind::Right => {
                return Err(Refusal::new("RIGHT OUTER JOIN on a foreign key is not supported"));
            }
            JoinKind::Full => return Err(Refusal::new("FULL OUTER JOIN on a foreign key is not supported")),
        };
        let (Some(left), Some(right)) = (table(&step.left), table(&step.right)) else {
            return Err(Refusal::new("Two tables were expected."));
        };
        let (compiled, log) = (Arc::clone(&step.criterion.left.compiled), self.log.of("ForeignKeyJoin"));
        let foreign_key: KeyMapper = Arc::new(move |_: Option<&Payload>, value: Option<&Payload>| {
            let found = key_value(&compiled, value?.get::<Row>(), &log);
            (!found.is_null()).then(|| key_payload(vec![found]))
        });
        let mut columns = step.left.columns.clone();
        columns.extend(step.right.columns.iter().cloned());
        let joiner = step.joiner(kind, false, false);
        let value = binary::rows(columns.len());
        let names = ForeignKeyNames::of(&format!("{}Join", step.prefix));
        let joined = left.join_foreign(right, kind, foreign_key, joiner, value, &names);
        // What follows may look its rows up.
        let joined = if joins > 1 {
            joined.materialize(Materialized::named(format!("{}Join-Materialize", step.prefix)).internal())
        } else {
            joined
        };
        let handle = Handle::Table(joined);
        Ok(Flow { handle, columns, keyed_by: KeyedBy::ForeignKey, key_only: None, view: None, ..step.left })
    }
}
