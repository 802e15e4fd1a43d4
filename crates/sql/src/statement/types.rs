//! `CREATE TYPE` and `DROP TYPE`.
use lentic_sql_syntax::ast::{CreateType, DropNamed};

use super::{Action, Executed, State, Subject};
use crate::Refusal;
use crate::catalog::Changed;

impl State {
    pub(super) fn create_type(&mut self, create: &CreateType) -> Result<Executed, Refusal> {
        let name = &create.name.text;
        match self.catalog.create_type(create)? {
            Changed::No(warning) => Ok(Executed::Skipped(warning)),
            Changed::Yes => {
                let kind = self.catalog.custom_type(name).map(ToString::to_string).unwrap_or_default();
                let message = format!("Registered custom type with name '{name}' and SQL type {kind}");
                let command = (Subject::Type, name.clone(), Action::Create);
                Ok(Executed::changed(command, message, None, Vec::new()))
            }
        }
    }

    pub(super) fn drop_type(&mut self, drop: &DropNamed) -> Result<Executed, Refusal> {
        let name = &drop.name.text;
        match self.catalog.drop_type(drop)? {
            Changed::No(warning) => Ok(Executed::Skipped(warning)),
            Changed::Yes => {
                let command = (Subject::Type, name.clone(), Action::Drop);
                Ok(Executed::changed(command, format!("Dropped type '{name}'"), None, Vec::new()))
            }
        }
    }
}
