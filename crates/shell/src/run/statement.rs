//! Statements.
use std::io;

use lentic_ksql_api::entity::CommandState;
use lentic_ksql_api::{Body, Entity};

use super::outcome::Outcome;
use super::shell::Shell;
use crate::failure::Failure;
use crate::input::{Action, action};
use crate::options::OutputFormat;
use crate::render::entity::{blocks, json};

impl Shell {
    /// Executes one statement.
    pub(super) fn statement(&mut self, statement: &str) -> io::Result<Outcome> {
        let action = match action(statement, |name| self.session.variable(name)) {
            Ok(action) => action,
            Err(explanation) => return self.failed(&explanation),
        };
        match action {
            Action::Query { live } => self.query(statement, live),
            Action::Print => self.print(statement),
            Action::Send { changes } => self.send(statement, changes),
            Action::Set { name, value } => self.set(name, value),
            Action::Unset { name } => {
                let text = match self.session.unset(&name) {
                    Some(value) => format!("{name} is no longer '{value}' for this session"),
                    None => format!("{name} was not set in this session"),
                };
                self.note(&text)
            }
            Action::Define { name, value } => {
                self.session.define(name, value);
                Ok(Outcome::Done)
            }
            Action::Undefine { name } => match self.session.undefine(&name) {
                Some(_) => Ok(Outcome::Done),
                None => self.note(&format!("the variable {name} was not defined")),
            },
            Action::RunScript { file } => self.script(&file),
        }
    }

    fn set(&mut self, name: String, value: String) -> io::Result<Outcome> {
        if let Err(failure) = self.client.allows_property(&name) {
            return self.report(&failure, "");
        }
        let text = format!("{name} is '{value}' for this session; UNSET '{name}' takes it back");
        self.session.set(name, value);
        self.note(&text)
    }

    /// Says what happened in the session; programs want answers of the server only.
    fn note(&mut self, text: &str) -> io::Result<Outcome> {
        if self.session.output == OutputFormat::Table {
            self.output.line(&crate::render::printable(text))?;
        }
        Ok(Outcome::Done)
    }

    fn send(&mut self, statement: &str, changes: bool) -> io::Result<Outcome> {
        let answered = self.client.execute(&self.session.request(statement));
        if changes {
            self.names.forget();
        }
        match answered {
            Ok(entities) => self.show(&entities),
            Err(failure) => {
                if let Failure::Refused(error) = &failure {
                    // What was done before the failure was done.
                    let before = error.statement.as_ref().map(|statement| statement.entities.clone());
                    self.show(&before.unwrap_or_default())?;
                }
                self.report(&failure, statement)
            }
        }
    }

    fn show(&mut self, entities: &[Entity]) -> io::Result<Outcome> {
        let mut outcome = Outcome::Done;
        for entity in entities {
            if let Body::CurrentStatus(current) = &entity.body {
                self.session.saw(current.command_sequence_number);
                if current.command_status.status == CommandState::Error {
                    outcome = Outcome::Failed;
                }
            }
            let text = match self.session.output {
                OutputFormat::Json => json(entity) + "\n",
                OutputFormat::Table => {
                    let page = self.output.page(self.session.wrap);
                    let mut text = String::new();
                    for block in blocks(entity) {
                        block.render(page, &mut text);
                    }
                    text
                }
            };
            self.output.show(&text)?;
        }
        Ok(outcome)
    }
}
