//! Inputs one after the other, and the lines for the shell itself.
use std::fs::{self, OpenOptions};
use std::io;

use super::outcome::Outcome;
use crate::failure::{Error, Failure};
use crate::help::HELP;
use crate::http::Client;
use crate::input::{Input, Kind, Local, inputs};
use crate::interrupt::Interrupt;
use crate::names::Names;
use crate::options::{Options, OutputFormat};
use crate::output::Output;
use crate::session::Session;

/// No script runs a script that runs a script more often than this.
const MAX_SCRIPTS: usize = 16;

/// A session with a server.
pub(crate) struct Shell {
    pub(super) session: Session,
    pub(super) client: Client,
    pub(super) output: Output,
    pub(super) names: Names,
    pub(super) interrupt: Interrupt,
    pub(super) limits: Limits,
    /// Scripts that are being executed, the last one last.
    scripts: Vec<String>,
    remembered: Vec<String>,
}

/// What a query may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) rows: Option<u64>,
    pub(super) time: Option<std::time::Duration>,
}

impl Shell {
    pub(crate) fn new(options: &Options, interrupt: Interrupt, output: Output) -> Result<Self, Error> {
        let client = Client::new(
            &options.server,
            options.credentials.as_ref(),
            options.ca_file.as_deref(),
            interrupt.clone(),
        )?;
        let mut session = Session::new(options.output);
        for (name, value) in &options.defines {
            session.define(name.clone(), value.clone());
        }
        Ok(Self {
            names: Names::new(client.clone()),
            session,
            client,
            output,
            interrupt,
            limits: Limits { rows: options.query_row_limit, time: options.query_timeout },
            scripts: Vec::new(),
            remembered: Vec::new(),
        })
    }

    /// The names that completion knows.
    pub(crate) fn names(&self) -> Names {
        self.names.clone()
    }

    /// Where things are shown.
    pub(crate) fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// What was typed, for `history`.
    pub(crate) fn remember(&mut self, text: &str) {
        self.remembered.push(text.trim_end().to_owned());
    }

    /// Says who answers.
    pub(crate) fn greet(&mut self) -> io::Result<()> {
        self.output.line(&format!(
            "Lentic {}. Statements end with a semicolon; `help` says more.",
            env!("CARGO_PKG_VERSION")
        ))?;
        self.introduce().map(drop)
    }

    /// Executes what was typed. Ctrl-C ends that, and nothing before or after it.
    pub(crate) fn typed(&mut self, text: &str) -> io::Result<Outcome> {
        self.interrupt.reset();
        let outcome = self.execute(text);
        self.interrupt.reset();
        outcome
    }

    /// Executes what a text asks for, up to the first failure; the error means that nobody sees answers any more.
    pub(crate) fn execute(&mut self, text: &str) -> io::Result<Outcome> {
        for input in inputs(text) {
            self.interrupt.allow_until(None);
            if self.interrupt.reason().is_some() {
                // It was pressed between two statements.
                return Ok(Outcome::Interrupted);
            }
            let outcome = match &input.kind {
                Kind::Local(local) => self.local(local)?,
                Kind::Statement(statement) if input.is_finished => self.statement(statement)?,
                // The last one may lack its semicolon.
                Kind::Statement(statement) => self.statement(&format!("{statement};"))?,
            };
            if outcome != Outcome::Done {
                self.locate(&input, outcome)?;
                return Ok(outcome);
            }
        }
        Ok(Outcome::Done)
    }

    /// Executes the statements of a script.
    pub(crate) fn script(&mut self, path: &str) -> io::Result<Outcome> {
        if self.scripts.len() >= MAX_SCRIPTS {
            return self.failed(&format!("{path}: scripts run scripts more than {MAX_SCRIPTS} deep"));
        }
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.failed(&format!("cannot read {path}: {error}")),
        };
        self.scripts.push(path.to_owned());
        let outcome = self.execute(&text);
        self.scripts.pop();
        outcome
    }

    /// Says where a script failed.
    fn locate(&mut self, input: &Input<'_>, outcome: Outcome) -> io::Result<()> {
        match (self.scripts.last(), outcome) {
            (Some(script), Outcome::Failed | Outcome::Unreachable) => {
                let place = format!("  at {script}:{}", input.line);
                self.output.remark(&place)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn failed(&mut self, text: &str) -> io::Result<Outcome> {
        self.output.complain(text)?;
        Ok(Outcome::Failed)
    }

    fn local(&mut self, local: &Local) -> io::Result<Outcome> {
        match local {
            Local::Clear => self.output.clear()?,
            Local::Exit => return Ok(Outcome::Exit),
            Local::Help => self.output.show(HELP)?,
            Local::History => {
                for (index, text) in std::mem::take(&mut self.remembered).into_iter().enumerate() {
                    self.output.line(&format!("{:>5}  {}", index + 1, text.replace('\n', "\n       ")))?;
                    self.remembered.push(text);
                }
            }
            Local::Version => {
                self.output.line(&format!("shell: Lentic {}", env!("CARGO_PKG_VERSION")))?;
                return self.introduce();
            }
            Local::Output(None) => {
                let format = match self.session.output {
                    OutputFormat::Table => "TABULAR",
                    OutputFormat::Json => "JSON",
                };
                self.output.line(&format!("output is {format}"))?;
            }
            Local::Output(Some(format)) => self.session.output = *format,
            Local::Wrap(None) => {
                let wrap = if self.session.wrap { "wrapped" } else { "cut" };
                self.output.line(&format!("long texts are {wrap}"))?;
            }
            Local::Wrap(Some(wrap)) => self.session.wrap = *wrap,
            Local::Server(None) => {
                let server = self.client.server().to_owned();
                self.output.line(&server)?;
            }
            Local::Server(Some(server)) => {
                if let Err(error) = self.client.move_to(server) {
                    return self.failed(&error.to_string());
                }
                self.session.moved();
                self.names.ask(self.client.clone());
                return self.introduce();
            }
            Local::RunScript(path) => return self.script(path),
            Local::Spool(None) => {
                let text = if self.output.spool(None) { "spooling has ended" } else { "nothing is spooled" };
                self.output.line(text)?;
            }
            Local::Spool(Some(path)) => {
                match OpenOptions::new().create(true).append(true).open(path) {
                    Ok(file) => self.output.spool(Some(file)),
                    Err(error) => return self.failed(&format!("cannot write {path}: {error}")),
                };
                self.output.line(&format!("everything is copied to {path}; `spool off` ends that"))?;
            }
            // A shortcut may stand for two statements.
            Local::Statement(text) => return self.execute(text),
            Local::Misused(usage) => return self.failed(&format!("usage: {usage}")),
        }
        Ok(Outcome::Done)
    }

    /// Says which server answers.
    fn introduce(&mut self) -> io::Result<Outcome> {
        let server = self.client.server().to_owned();
        match self.client.info() {
            Ok(info) => {
                let status = info.server_status.map(|status| format!(", {status}")).unwrap_or_default();
                let (version, service) = (info.version, info.ksql_service_id);
                self.output
                    .line(&format!("server: {server}, version {version}, service {service}{status}"))?;
                Ok(Outcome::Done)
            }
            Err(failure) => self.report(&failure, ""),
        }
    }

    /// Says why a statement failed.
    pub(super) fn report(&mut self, failure: &Failure, statement: &str) -> io::Result<Outcome> {
        match failure {
            Failure::Ended(crate::interrupt::Reason::Pressed) => {
                self.output.remark("stopped waiting; the statement may have been executed")?;
                Ok(Outcome::Interrupted)
            }
            Failure::Refused(error) => self.failed(&crate::render::fault(&error.message, statement)),
            Failure::Unreachable(text) => {
                self.output.complain(&crate::render::printable(text))?;
                Ok(Outcome::Unreachable)
            }
            other => self.failed(&crate::render::printable(&other.to_string())),
        }
    }
}
