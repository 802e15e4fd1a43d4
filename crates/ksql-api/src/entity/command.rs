//! Statements that all servers execute, and where they stand.
use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a statement stands that all servers execute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentStatus {
    /// ``stream/`X`/create``: a kind of thing, its name, and what is done to it.
    pub command_id: String,
    /// Where it stands.
    pub command_status: CommandStatus,
    /// Its place in the order of statements; -1 if it has none.
    #[serde(default = "none")]
    pub command_sequence_number: i64,
}

fn none() -> i64 {
    -1
}

/// Where a statement stands, and why. It is also what `GET /status/:type/:entity/:action` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandStatus {
    /// Where it stands.
    pub status: CommandState,
    /// `Stream created`, or why not.
    #[serde(default)]
    pub message: String,
    /// The query that it started.
    pub query_id: Option<String>,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CommandState {
    /// It waits for those before it.
    Queued,
    /// It is being read.
    Parsing,
    /// It is being executed.
    Executing,
    /// Its query runs.
    Running,
    /// Its query was terminated.
    Terminated,
    /// It is done.
    Success,
    /// It failed.
    Error,
}

impl fmt::Display for CommandState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "QUEUED",
            Self::Parsing => "PARSING",
            Self::Executing => "EXECUTING",
            Self::Running => "RUNNING",
            Self::Terminated => "TERMINATED",
            Self::Success => "SUCCESS",
            Self::Error => "ERROR",
        })
    }
}

/// `TERMINATE` of a push query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueryTerminated {
    /// The query.
    pub query_id: String,
    /// Whether it ran.
    pub was_terminated: bool,
}
