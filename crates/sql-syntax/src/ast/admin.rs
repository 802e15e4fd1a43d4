//! Statements about everything but streams and tables: lists, descriptions, queries, properties, types, connectors.
use super::{DataType, Name, Property, Statement};

/// `LIST ...`, `SHOW ...`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// Of what.
    pub what: Listed,
    /// `EXTENDED`: with details.
    pub extended: bool,
}

/// What `LIST` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listed {
    /// `PROPERTIES`
    Properties,
    /// `TOPICS`
    Topics,
    /// `ALL TOPICS`: internal ones, too.
    AllTopics,
    /// `STREAMS`
    Streams,
    /// `TABLES`
    Tables,
    /// `FUNCTIONS`
    Functions,
    /// `CONNECTORS`
    Connectors,
    /// `SOURCE CONNECTORS`
    SourceConnectors,
    /// `SINK CONNECTORS`
    SinkConnectors,
    /// `CONNECTOR PLUGINS`
    ConnectorPlugins,
    /// `TYPES`
    Types,
    /// `VARIABLES`
    Variables,
    /// `QUERIES`
    Queries,
}

/// `DESCRIBE ...`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Describe {
    /// `name [EXTENDED]`
    Source {
        /// The stream or table.
        name: Name,
        /// With statistics.
        extended: bool,
    },
    /// `STREAMS [EXTENDED]`
    Streams {
        /// With statistics.
        extended: bool,
    },
    /// `TABLES [EXTENDED]`
    Tables {
        /// With statistics.
        extended: bool,
    },
    /// `FUNCTION name`
    Function(Name),
    /// `CONNECTOR name`
    Connector(Name),
}

/// `EXPLAIN ...`
#[derive(Clone, Debug, PartialEq)]
pub enum Explain {
    /// A statement that is not executed.
    Statement(Box<Statement>),
    /// A running query.
    Query(Name),
}

/// `PRINT topic [FROM BEGINNING] [INTERVAL n] [LIMIT n]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// The topic; its case counts.
    pub topic: String,
    /// `FROM BEGINNING`
    pub from_beginning: bool,
    /// `INTERVAL`, `SAMPLE`: every how many records.
    pub interval: Option<i64>,
    /// `LIMIT`
    pub limit: Option<i64>,
}

/// What `TERMINATE`, `PAUSE` and `RESUME` speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryTarget {
    /// Every persistent query.
    All,
    /// One of them.
    One(Name),
}

/// `SET 'name'='value'`, `ALTER SYSTEM 'name'='value'`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The property.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// `DEFINE name = 'value'`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Define {
    /// The variable as it is written; its case does not count.
    pub name: String,
    /// What `${name}` stands for.
    pub value: String,
}

/// `CREATE TYPE [IF NOT EXISTS] name AS type`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateType {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// The custom type.
    pub name: Name,
    /// What it stands for.
    pub data_type: DataType,
}

/// `CREATE SOURCE|SINK CONNECTOR [IF NOT EXISTS] name WITH (properties)`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateConnector {
    /// Which way it carries.
    pub kind: ConnectorKind,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: Name,
    /// `WITH`
    pub properties: Vec<Property>,
}

/// Which way a connector carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectorKind {
    /// Into topics.
    Source,
    /// Out of topics.
    Sink,
}

/// `DROP TYPE|CONNECTOR [IF EXISTS] name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropNamed {
    /// `IF EXISTS`
    pub if_exists: bool,
    /// What is dropped.
    pub name: Name,
}
