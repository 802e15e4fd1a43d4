//! `lentic sql`
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use lentic::config::parse_millis;
use lentic_shell::{Credentials, Error, Options, OutputFormat};

use crate::failure::Failure;

/// Speak SQL with a node, or with a ksqlDB server
///
/// Without -e and -f it reads statements from standard input: on a terminal with editing, history and completion (`help` lists
/// its own commands), from anything else as a script. Exit codes: 0 done, 1 a statement failed (a script ends with it), 2
/// usage, 5 no server answered, 130 after Ctrl-C.
#[derive(Args, Debug)]
pub struct Sql {
    /// Address of the node, or of a ksqlDB server
    #[arg(env = "LENTIC_URL", default_value = "http://127.0.0.1:8088", value_name = "SERVER")]
    server: String,
    /// Statements to execute, after those of --file; then it ends
    #[arg(short, long, value_name = "STATEMENTS")]
    execute: Option<String>,
    /// A script to execute; then it ends
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What ${NAME} stands for in statements; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = definition)]
    define: Vec<(String, String)>,
    /// What answers look like
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    output: Format,
    /// Show so many rows of a query, then close it
    #[arg(long, value_name = "ROWS")]
    query_row_limit: Option<u64>,
    /// Close a query after this time, for example 30s
    #[arg(long, value_name = "TIME", value_parser = time)]
    query_timeout: Option<Duration>,
    #[command(flatten)]
    identity: Identity,
    /// PEM file of the authorities that the server's certificate is checked against, instead of the public ones
    #[arg(long, env = "LENTIC_CA_FILE", value_name = "FILE", help_heading = "Server")]
    ca_file: Option<PathBuf>,
    /// Where what was typed is kept [default: sql-history in lentic/ under $XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "FILE", env = "LENTIC_SQL_HISTORY")]
    history_file: Option<PathBuf>,
}

/// As whom.
#[derive(Args, Debug)]
#[command(next_help_heading = "Server")]
struct Identity {
    /// Bearer token; better in LENTIC_TOKEN, flags are visible to other users of the machine
    #[arg(short, long, env = "LENTIC_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// User, for basic authentication; it goes before a token
    #[arg(short, long, env = "LENTIC_USER", value_name = "NAME")]
    user: Option<String>,
    /// The user's password; better in LENTIC_PASSWORD, or left out: then it is asked for
    #[arg(short, long, env = "LENTIC_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    password: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// Tables, for people
    #[default]
    #[value(alias = "tabular")]
    Table,
    /// JSON, for programs
    Json,
}

impl Sql {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let options = Options {
            credentials: self.identity.credentials()?,
            server: self.server,
            statements: self.execute,
            file: self.file,
            output: match self.output {
                Format::Table => OutputFormat::Table,
                Format::Json => OutputFormat::Json,
            },
            defines: self.define,
            query_row_limit: self.query_row_limit,
            query_timeout: self.query_timeout,
            ca_file: self.ca_file,
            history_file: self.history_file.or_else(history_file),
        };
        lentic_shell::run(options).map_err(failure)
    }
}

impl Identity {
    /// The password is asked for on the terminal if it is the one thing that is missing.
    fn credentials(self) -> Result<Option<Credentials>, Failure> {
        let Some(user) = self.user else {
            if self.password.is_some() {
                return Err(Failure::usage("a password needs a user: --user or LENTIC_USER"));
            }
            return Ok(self.token.map(Credentials::Token));
        };
        let password = match self.password {
            Some(password) => password,
            None => rpassword::prompt_password(format!("Password of {user}: ")).map_err(|error| {
                Failure::usage(format!("no terminal to ask for the password of {user:?}: {error}"))
                    .hint("give it by LENTIC_PASSWORD")
            })?,
        };
        Ok(Some(Credentials::Basic { user, password }))
    }
}

fn failure(error: Error) -> Failure {
    let code = match &error {
        Error::Address(_) | Error::Credentials => return Failure::usage(error.to_string()),
        Error::Certificates { .. } => "ca_unreadable",
        Error::Script { .. } => "script_unreadable",
        _ => "terminal",
    };
    Failure::failed(code, error.to_string())
}

fn definition(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has the form NAME=VALUE")?;
    let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap_or(value);
    Ok((name.trim().to_owned(), value.to_owned()))
}

fn time(text: &str) -> Result<Duration, String> {
    parse_millis(text).map(Duration::from_millis)
}

/// Of the user who runs it. Where there is none, nothing is kept.
fn history_file() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("lentic/sql-history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions() {
        for (text, expected) in [
            ("a=b", Some(("a", "b"))),
            ("a='b c'", Some(("a", "b c"))),
            ("a=b=c", Some(("a", "b=c"))),
            ("a=", Some(("a", ""))),
            ("a", None),
        ] {
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(definition(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn identities() {
        let identity = |token: Option<&str>, user: Option<&str>, password: Option<&str>| {
            let [token, user, password] = [token, user, password].map(|text| text.map(str::to_owned));
            Identity { token, user, password }.credentials()
        };
        let ann = Credentials::Basic { user: "ann".to_owned(), password: "pw".to_owned() };
        assert_eq!(identity(None, None, None).unwrap(), None);
        assert_eq!(identity(Some("t"), None, None).unwrap(), Some(Credentials::Token("t".to_owned())));
        assert_eq!(identity(Some("t"), Some("ann"), Some("pw")).unwrap(), Some(ann));
        assert!(identity(None, None, Some("pw")).unwrap_err().message.contains("--user"));
    }
}
