//! Why something was not answered.
use lentic_ksql_api::{ErrorBody, ReadError};

use crate::interrupt::Reason;

/// Why the shell did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the server is none.
    #[error("{0:?} is no address of a server: use http://HOST:PORT")]
    Address(String),
    /// The file of certificates has none.
    #[error("no certificates in {path}: {reason}; it should be a PEM file of the authorities to trust")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name or a secret cannot stand in a header.
    #[error("user, password or token have a character that HTTP cannot carry")]
    Credentials,
    /// The script cannot be read.
    #[error("cannot read {path}: {source}")]
    Script {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The terminal, or standard input or output, failed.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] std::io::Error),
}

/// Why a request was not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server refused it.
    #[error("{0}")]
    Refused(ErrorBody),
    /// Something that is no ksqlDB server answered, or a proxy before it.
    #[error("the server answered {status}{}", said(.text))]
    Status { status: u16, text: String },
    /// Nobody answered.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is none, or broke off.
    #[error("{0}")]
    Unreadable(String),
    /// The wait was ended.
    #[error("the wait was ended")]
    Ended(Reason),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
