//! Statements about everything but streams and tables.
use std::fmt::{self, Display, Formatter};

use super::name::{Text, Unlike};
use super::source::{columns, names, properties, values};
use super::when;
use crate::ast::{
    AssertSchema, AssertSource, AssertTombstone, AssertTopic, AssertValues, ConnectorKind, CreateConnector,
    CreateType, Describe, DropNamed, Explain, List, Listed, Print, QueryTarget, Setting, Span,
};

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "LIST {}{}", self.what, when(self.extended, " EXTENDED"))
    }
}

impl Display for Listed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Properties => "PROPERTIES",
            Self::Topics => "TOPICS",
            Self::AllTopics => "ALL TOPICS",
            Self::Streams => "STREAMS",
            Self::Tables => "TABLES",
            Self::Functions => "FUNCTIONS",
            Self::Connectors => "CONNECTORS",
            Self::SourceConnectors => "SOURCE CONNECTORS",
            Self::SinkConnectors => "SINK CONNECTORS",
            Self::ConnectorPlugins => "CONNECTOR PLUGINS",
            Self::Types => "TYPES",
            Self::Variables => "VARIABLES",
            Self::Queries => "QUERIES",
        })
    }
}

impl Display for Describe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { name, extended } => {
                let name = Unlike(name, &["TABLES", "FUNCTION", "CONNECTOR"]);
                write!(f, "DESCRIBE {name}{}", when(*extended, " EXTENDED"))
            }
            Self::Streams { extended } => write!(f, "DESCRIBE STREAMS{}", when(*extended, " EXTENDED")),
            Self::Tables { extended } => write!(f, "DESCRIBE TABLES{}", when(*extended, " EXTENDED")),
            Self::Function(name) => write!(f, "DESCRIBE FUNCTION {name}"),
            Self::Connector(name) => write!(f, "DESCRIBE CONNECTOR {name}"),
        }
    }
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(statement) => write!(f, "EXPLAIN {statement}"),
            Self::Query(name) => write!(f, "EXPLAIN {name}"),
        }
    }
}

impl Display for Print {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "PRINT {}{}", Text(&self.topic), when(self.from_beginning, " FROM BEGINNING"))?;
        if let Some(interval) = self.interval {
            write!(f, " INTERVAL {interval}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, " LIMIT {limit}"))
    }
}

impl Display for QueryTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::One(name) => name.fmt(f),
        }
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", Text(&self.name), Text(&self.value))
    }
}

impl Display for CreateType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let if_not_exists = when(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE TYPE {if_not_exists}{} AS {}", self.name, self.data_type)
    }
}

impl Display for CreateConnector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ConnectorKind::Source => "SOURCE",
            ConnectorKind::Sink => "SINK",
        };
        let if_not_exists = when(self.if_not_exists, "IF NOT EXISTS ");
        write!(f, "CREATE {kind} CONNECTOR {if_not_exists}{}", self.name)?;
        properties(f, &self.properties)
    }
}

impl Display for DropNamed {
    /// What follows `DROP TYPE` or `DROP CONNECTOR`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", when(self.if_exists, "IF EXISTS "), self.name)
    }
}

impl Display for AssertTopic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ASSERT {}TOPIC {}", when(!self.exists, "NOT EXISTS "), Text(&self.topic))?;
        properties(f, &self.properties)?;
        timeout(f, self.timeout)
    }
}

impl Display for AssertSchema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ASSERT {}SCHEMA", when(!self.exists, "NOT EXISTS "))?;
        if let Some(subject) = &self.subject {
            write!(f, " SUBJECT {}", Text(subject))?;
        }
        if let Some(id) = self.id {
            write!(f, " ID {id}")?;
        }
        timeout(f, self.timeout)
    }
}

fn timeout(f: &mut Formatter<'_>, timeout: Option<Span>) -> fmt::Result {
    timeout.map_or(Ok(()), |timeout| write!(f, " TIMEOUT {timeout}"))
}

impl Display for AssertValues {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ASSERT VALUES {}", self.source)?;
        names(f, &self.columns)?;
        values(f, "VALUES", &self.values)
    }
}

impl Display for AssertTombstone {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ASSERT NULL VALUES {}", self.source)?;
        names(f, &self.columns)?;
        values(f, "KEY", &self.key)
    }
}

impl Display for AssertSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ASSERT {} {}", self.kind, self.name)?;
        columns(f, &self.columns)?;
        properties(f, &self.properties)
    }
}
