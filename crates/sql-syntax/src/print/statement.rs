//! Statements.
use std::fmt::{self, Display, Formatter};

use super::name::Text;
use crate::ast::Statement;

impl Display for Statement {
    /// Without a semicolon.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::CreateSource(create) => create.fmt(f),
            Self::CreateAs(create) => create.fmt(f),
            Self::AlterSource(alter) => alter.fmt(f),
            Self::DropSource(drop) => drop.fmt(f),
            Self::InsertQuery(insert) => insert.fmt(f),
            Self::InsertValues(insert) => insert.fmt(f),
            Self::Delete(delete) => delete.fmt(f),
            Self::List(list) => list.fmt(f),
            Self::Describe(describe) => describe.fmt(f),
            Self::Explain(explain) => explain.fmt(f),
            Self::Print(print) => print.fmt(f),
            Self::Terminate(target) => write!(f, "TERMINATE {target}"),
            Self::Pause(target) => write!(f, "PAUSE {target}"),
            Self::Resume(target) => write!(f, "RESUME {target}"),
            Self::Set(setting) => write!(f, "SET {setting}"),
            Self::Unset(name) => write!(f, "UNSET {}", Text(name)),
            Self::AlterSystem(setting) => write!(f, "ALTER SYSTEM {setting}"),
            Self::Define(define) => write!(f, "DEFINE {}={}", define.name, Text(&define.value)),
            Self::Undefine(name) => write!(f, "UNDEFINE {name}"),
            Self::CreateType(create) => create.fmt(f),
            Self::DropType(drop) => write!(f, "DROP TYPE {drop}"),
            Self::CreateConnector(create) => create.fmt(f),
            Self::DropConnector(drop) => write!(f, "DROP CONNECTOR {drop}"),
            Self::AssertTopic(assert) => assert.fmt(f),
            Self::AssertSchema(assert) => assert.fmt(f),
            Self::AssertValues(assert) => assert.fmt(f),
            Self::AssertTombstone(assert) => assert.fmt(f),
            Self::AssertSource(assert) => assert.fmt(f),
            Self::RunScript(path) => write!(f, "RUN SCRIPT {}", Text(path)),
        }
    }
}
