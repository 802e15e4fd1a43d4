//! How the statements of the log went.
use std::collections::BTreeMap;

use lentic::types::Offset;
use lentic_ksql_api::entity::{CommandState, CommandStatus};

/// So many statements are remembered by their offsets.
const REMEMBERED: usize = 1_000;

/// A statement that was applied.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// ``stream/`X`/create``
    pub(crate) id: String,
    pub(crate) outcome: Outcome,
}

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) is_success: bool,
    pub(crate) message: String,
    pub(crate) query: Option<String>,
}

/// The last statements.
#[derive(Debug, Default)]
pub(super) struct Journal {
    by_offset: BTreeMap<Offset, Command>,
    by_id: BTreeMap<String, Outcome>,
}

impl Command {
    /// As `GET /status` has it.
    pub(crate) fn status(&self) -> CommandStatus {
        CommandStatus {
            status: if self.outcome.is_success { CommandState::Success } else { CommandState::Error },
            message: self.outcome.message.clone(),
            query_id: self.outcome.query.clone(),
        }
    }
}

impl Journal {
    pub(super) fn add(&mut self, offset: Offset, command: Command) {
        self.by_id.insert(command.id.clone(), command.outcome.clone());
        self.by_offset.insert(offset, command);
        while self.by_offset.len() > REMEMBERED {
            self.by_offset.pop_first();
        }
    }

    pub(super) fn at(&self, offset: Offset) -> Option<&Command> {
        self.by_offset.get(&offset)
    }

    pub(super) fn of(&self, id: &str) -> Option<Command> {
        let outcome = self.by_id.get(id)?;
        Some(Command { id: id.to_owned(), outcome: outcome.clone() })
    }

    pub(super) fn all(&self) -> BTreeMap<String, Command> {
        let command = |(id, outcome): (&String, &Outcome)| {
            (id.clone(), Command { id: id.clone(), outcome: outcome.clone() })
        };
        self.by_id.iter().map(command).collect()
    }
}
