//! Statements.
use super::{
    AlterSource, AssertSchema, AssertSource, AssertTombstone, AssertTopic, AssertValues, CreateAs,
    CreateConnector, CreateSource, CreateType, Define, Delete, Describe, DropNamed, DropSource, Explain,
    InsertQuery, InsertValues, List, Print, Query, QueryTarget, Setting,
};

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `SELECT`
    Query(Query),
    /// `CREATE STREAM|TABLE`
    CreateSource(CreateSource),
    /// `CREATE STREAM|TABLE ... AS SELECT`
    CreateAs(CreateAs),
    /// `ALTER STREAM|TABLE`
    AlterSource(AlterSource),
    /// `DROP STREAM|TABLE`
    DropSource(DropSource),
    /// `INSERT INTO ... SELECT`
    InsertQuery(InsertQuery),
    /// `INSERT INTO ... VALUES`
    InsertValues(InsertValues),
    /// `DELETE FROM`, beyond ksqlDB.
    Delete(Delete),
    /// `LIST`, `SHOW`
    List(List),
    /// `DESCRIBE`
    Describe(Describe),
    /// `EXPLAIN`
    Explain(Explain),
    /// `PRINT`
    Print(Print),
    /// `TERMINATE`
    Terminate(QueryTarget),
    /// `PAUSE`
    Pause(QueryTarget),
    /// `RESUME`
    Resume(QueryTarget),
    /// `SET`
    Set(Setting),
    /// `UNSET 'name'`
    Unset(String),
    /// `ALTER SYSTEM`
    AlterSystem(Setting),
    /// `DEFINE`
    Define(Define),
    /// `UNDEFINE name`
    Undefine(String),
    /// `CREATE TYPE`
    CreateType(CreateType),
    /// `DROP TYPE`
    DropType(DropNamed),
    /// `CREATE SOURCE|SINK CONNECTOR`
    CreateConnector(CreateConnector),
    /// `DROP CONNECTOR`
    DropConnector(DropNamed),
    /// `ASSERT TOPIC`
    AssertTopic(AssertTopic),
    /// `ASSERT SCHEMA`
    AssertSchema(AssertSchema),
    /// `ASSERT VALUES`
    AssertValues(AssertValues),
    /// `ASSERT NULL VALUES`
    AssertTombstone(AssertTombstone),
    /// `ASSERT STREAM|TABLE`
    AssertSource(AssertSource),
    /// `RUN SCRIPT 'path'`
    RunScript(String),
}

impl Statement {
    /// Whether only the SQL test tool knows it.
    pub fn is_for_tests(&self) -> bool {
        matches!(
            self,
            Self::AssertValues(_) | Self::AssertTombstone(_) | Self::AssertSource(_) | Self::RunScript(_)
        )
    }

    /// Whether it is about connectors.
    pub fn is_about_connectors(&self) -> bool {
        use super::Listed;
        match self {
            Self::CreateConnector(_) | Self::DropConnector(_) | Self::Describe(Describe::Connector(_)) => {
                true
            }
            Self::List(list) => matches!(
                list.what,
                Listed::Connectors
                    | Listed::SourceConnectors
                    | Listed::SinkConnectors
                    | Listed::ConnectorPlugins
            ),
            _ => false,
        }
    }

    /// The query of a `SELECT`, `CREATE ... AS` or `INSERT INTO`.
    pub fn query(&self) -> Option<&Query> {
        match self {
            Self::Query(query) => Some(query),
            Self::CreateAs(create) => Some(&create.query),
            Self::InsertQuery(insert) => Some(&insert.query),
            _ => None,
        }
    }
}
