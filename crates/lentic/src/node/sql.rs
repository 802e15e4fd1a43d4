//! Statements of SQL are written and take effect.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use lentic_types::Offset;

use super::catalog::Catalog;
use super::statement::Change;
use super::{Node, Shared, panic_text};
use crate::TableError;
use crate::sql::{ExecuteError, Interpreter, SqlEntry, SqlError, SqlStatement};

/// So often a statement that was overtaken is validated again.
const ATTEMPTS: usize = 16;

impl Node {
    /// Behind the last statement of SQL that is in force here; 0 before the first.
    pub fn sql_position(&self) -> Offset {
        self.shared.sql.get()
    }

    /// Waits until statements of SQL are in force here through this offset; false if that takes longer.
    pub fn wait_sql(&self, through: Offset, timeout: Duration) -> bool {
        self.shared.sql.wait(through, timeout)
    }

    /// Writes a statement that was validated at `after`, a [`Node::sql_position`] that was asked for before the validation. Returns
    /// its offset once it is in force here: [`Interpreter::apply`] has been called with it. Blocks.
    ///
    /// # Errors
    /// [`SqlError::Overtaken`]: another statement came first, and this one changed nothing, on no node.
    pub fn append_sql(&self, statement: SqlStatement, after: Offset) -> Result<Offset, SqlError> {
        if self.shared.interpreter.is_none() {
            return Err(TableError::Invalid("this program understands no SQL".to_owned()).into());
        }
        let mut catalog = self.catalog();
        if self.shared.is_stopping() {
            return Err(TableError::Closed.into());
        }
        if catalog.sql_position != after {
            return Err(SqlError::Overtaken(catalog.sql_position));
        }
        let change = Change::Sql(statement, after);
        let offset = self.write_statement(&mut catalog, &change)?;
        let Change::Sql(statement, after) = change else { return Ok(offset) };
        if self.shared.apply_sql(&mut catalog, &SqlEntry { offset, statement, after }) {
            Ok(offset)
        } else {
            Err(SqlError::Overtaken(catalog.sql_position))
        }
    }

    /// Validates and writes a statement until no other comes in between: `validate` makes it from what is in force at the position
    /// that it is given. Returns its offset once it is in force here. Blocks.
    ///
    /// # Errors
    /// What `validate` refuses, and [`SqlError::Overtaken`] if that goes on and on.
    pub fn execute_sql<E>(
        &self,
        mut validate: impl FnMut(Offset) -> Result<SqlStatement, E>,
    ) -> Result<Offset, ExecuteError<E>> {
        let mut overtaken = Offset(0);
        for _ in 0..ATTEMPTS {
            let after = self.sql_position();
            let statement = validate(after).map_err(ExecuteError::Refused)?;
            match self.append_sql(statement, after) {
                Err(SqlError::Overtaken(position)) => overtaken = position,
                outcome => return Ok(outcome?),
            }
        }
        Err(SqlError::Overtaken(overtaken).into())
    }
}

impl Shared {
    /// Applies a statement in its turn; false: it was overtaken, and counts nowhere.
    pub(super) fn apply_sql(self: &Arc<Self>, catalog: &mut Catalog, entry: &SqlEntry) -> bool {
        if entry.after != catalog.sql_position {
            return false;
        }
        if let Some(interpreter) = &self.interpreter {
            // Whatever it knows by now, it is not what the other nodes' know: this one can't go on.
            let apply = AssertUnwindSafe(|| interpreter.apply(&entry.statement, entry.offset));
            match catch_unwind(apply) {
                Ok(changes) => changes.into_iter().for_each(|change| self.upkeep.want(change, entry.offset)),
                Err(panic) => self.fail(format!(
                    "the statement at offset {} could not be applied, its interpreter panicked: {}",
                    entry.offset,
                    panic_text(&*panic)
                )),
            }
        }
        catalog.sql_position = entry.offset.next();
        self.sql.set(catalog.sql_position);
        true
    }

    /// What the log says at the start.
    pub(super) fn replay_sql(self: &Arc<Self>, entries: Vec<SqlEntry>) {
        let mut catalog = self.catalog();
        if self.interpreter.is_none() && !entries.is_empty() {
            tracing::warn!(
                statements = entries.len(),
                "the service has statements of SQL, which this program does not understand: none of their queries runs here"
            );
        }
        for entry in entries {
            self.apply_sql(&mut catalog, &entry);
        }
    }
}

/// As a node is given it.
pub(super) type SharedInterpreter = Arc<dyn Interpreter>;
