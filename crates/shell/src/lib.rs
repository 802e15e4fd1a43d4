//! `lentic sql`: the terminal of a ksqlDB server, be it Lentic or not.
//!
//! It speaks ksqlDB's REST API, so it knows nothing of Lentic's inside. What a line means (`input`), what an answer looks
//! like (`render`) and what could be typed next (`completion`) are pure; HTTP, the terminal and files are at the edge.
//!
//! ```no_run
//! use lentic_shell::{Options, run};
//!
//! let options = Options { statements: Some("LIST STREAMS;".to_owned()), ..Options::default() };
//! let exit = run(options)?;
//! # let _ = exit;
//! # Ok::<(), lentic_shell::Error>(())
//! ```

mod completion;
mod failure;
mod help;
mod http;
mod input;
mod interrupt;
mod names;
mod options;
mod output;
mod render;
mod run;
mod session;
mod terminal;

use std::io::{self, IsTerminal as _, Read as _};
use std::process::ExitCode;

pub use failure::Error;
pub use options::{Credentials, Options, OutputFormat};

use interrupt::Interrupt;
use output::Output;
use run::{Outcome, Shell};

/// Runs the shell until its input ends, or `exit`.
///
/// The exit code is 0 if everything was done, 1 if a statement failed (a script ends with it), 5 if no server answered, and 130
/// after Ctrl-C. An error means that the shell did not start.
pub fn run(options: Options) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::default();
    interrupt.listen()?;
    let mut shell = Shell::new(&options, interrupt, Output::standard())?;
    match converse(&mut shell, options) {
        Ok(outcome) => Ok(ExitCode::from(outcome.exit_code())),
        // Who read the answers has read enough.
        Err(Error::Terminal(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

fn converse(shell: &mut Shell, options: Options) -> Result<Outcome, Error> {
    if options.file.is_some() || options.statements.is_some() {
        if let Some(path) = &options.file {
            let path = path.display().to_string();
            // A script that is not there is a mistake of the command line, and not of a statement.
            std::fs::metadata(&path).map_err(|source| Error::Script { path: path.clone(), source })?;
            let outcome = shell.script(&path)?;
            if outcome != Outcome::Done {
                return Ok(outcome);
            }
        }
        return Ok(shell.execute(options.statements.as_deref().unwrap_or_default())?);
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        terminal::converse(shell, options.history_file)?;
        return Ok(Outcome::Done);
    }
    let mut script = String::new();
    io::stdin().read_to_string(&mut script)?;
    Ok(shell.execute(&script)?)
}
