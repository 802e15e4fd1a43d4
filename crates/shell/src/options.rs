//! What the shell is started with.
use std::path::PathBuf;
use std::time::Duration;

/// What answers look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// Tables, for people.
    #[default]
    Table,
    /// JSON, for programs: entities as ksqlDB sends them, rows as an object on each line.
    Json,
}

/// As whom the server is asked.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// HTTP's basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token.
    Token(String),
}

impl std::fmt::Debug for Credentials {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Basic { user, .. } => write!(f, "Basic({user})"),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

/// What the shell is started with. With neither statements nor a file it reads standard input: a terminal line by line, with
/// editing and history, anything else as a script.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the server is. Default: `http://localhost:8088`.
    pub server: String,
    /// Statements to execute (`-e`), after those of `file`.
    pub statements: Option<String>,
    /// A script to execute (`-f`).
    pub file: Option<PathBuf>,
    /// As whom. Default: as nobody.
    pub credentials: Option<Credentials>,
    /// What answers look like. Default: tables.
    pub output: OutputFormat,
    /// Variables and their values (`-d a=b`), as `DEFINE` would define them.
    pub defines: Vec<(String, String)>,
    /// So many rows of a query are shown, then it is closed. Default: all.
    pub query_row_limit: Option<u64>,
    /// So long a query may take, then it is closed. Default: for ever.
    pub query_timeout: Option<Duration>,
    /// A file of certificates, as PEM, that the server's is checked against. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// Where what was typed is kept. Default: nowhere.
    pub history_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: "http://localhost:8088".to_owned(),
            statements: None,
            file: None,
            credentials: None,
            output: OutputFormat::default(),
            defines: Vec::new(),
            query_row_limit: None,
            query_timeout: None,
            ca_file: None,
            history_file: None,
        }
    }
}
