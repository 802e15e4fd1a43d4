//! Why a command failed: what is printed on standard error, and the exit code.
use std::io;
use std::io::Write as _;
use std::process::ExitCode;

use serde::Deserialize;

/// The exit codes; clap itself exits with 2 on what it can't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The reader of the output went away: nothing is wrong.
    Done = 0,
    Failed = 1,
    Usage = 2,
    NoRow = 3,
    Precondition = 4,
    Unavailable = 5,
}

#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// Stable, for programs: the node's own code, or one of the command line's.
    pub code: String,
    pub message: String,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), message: message.into(), hint: None }
    }

    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, code, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// From an answer that is no success. `code` is the header `Lentic-Error`.
    pub fn from_answer(status: u16, code: Option<&str>, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Answer {
            error: Said,
        }
        #[derive(Deserialize)]
        struct Said {
            code: String,
            message: String,
            hint: Option<String>,
        }
        let said = serde_json::from_slice::<Answer>(body).ok().map(|answer| answer.error);
        let code = match (&said, code) {
            (Some(said), _) => said.code.clone(),
            (None, Some(code)) => code.to_owned(),
            (None, None) => format!("http_{status}"),
        };
        let (message, hint) = match said {
            Some(said) => (said.message, said.hint.filter(|hint| !hint.is_empty())),
            None => (format!("the node answered with status {status}"), None),
        };
        Self { exit: exit_of(status, &code), code, message, hint }
    }

    /// Prints it; nothing if only the reader of the output went away.
    pub fn report(&self) -> ExitCode {
        if self.exit != Exit::Done {
            let mut error = io::stderr().lock();
            let _ = writeln!(error, "error: {}: {}", self.code, self.message);
            if let Some(hint) = &self.hint {
                let _ = writeln!(error, "hint: {hint}");
            }
        }
        ExitCode::from(self.exit as u8)
    }
}

/// The exit code for an answer of a node.
pub fn exit_of(status: u16, code: &str) -> Exit {
    match (status, code) {
        (404, "row_not_found") => Exit::NoRow,
        (412, _) => Exit::Precondition,
        (408 | 429 | 502 | 503 | 504, _) => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "broken_pipe", "");
        }
        Self::failed("io", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes() {
        for (status, code, exit) in [
            (404, "row_not_found", Exit::NoRow),
            (404, "table_not_found", Exit::Failed),
            (412, "precondition_failed", Exit::Precondition),
            (503, "catching_up", Exit::Unavailable),
            (504, "write_outcome_unknown", Exit::Unavailable),
            (429, "too_many_requests", Exit::Unavailable),
            (400, "invalid_key", Exit::Failed),
            (409, "mixed_partitioning", Exit::Failed),
            (422, "value_invalid", Exit::Failed),
            (500, "internal", Exit::Failed),
        ] {
            assert_eq!(exit_of(status, code), exit, "{status} {code}");
        }
    }

    #[test]
    fn answers() {
        let body = br#"{"error":{"code":"catching_up","message":"restoring, 63 %","hint":"wait"}}"#;
        let failure = Failure::from_answer(503, None, body);
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Unavailable, "catching_up"));
        assert_eq!((failure.message.as_str(), failure.hint.as_deref()), ("restoring, 63 %", Some("wait")));
        // HEAD has no body, and a proxy answers in its own words.
        assert_eq!(Failure::from_answer(404, Some("row_not_found"), b"").exit, Exit::NoRow);
        assert_eq!(Failure::from_answer(502, None, b"<html>").code, "http_502");
    }
}
