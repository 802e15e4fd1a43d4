//! Entities: what a statement of `POST /ksql` is answered.
mod assertion;
mod command;
mod connector;
mod function;
mod property;
mod query;
mod schema;
mod source;
mod text;
mod topic;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use assertion::{SchemaAsserted, TopicAsserted};
pub use command::{CommandState, CommandStatus, CurrentStatus, QueryTerminated};
pub use connector::{
    Connector, ConnectorCreated, ConnectorDescription, ConnectorDropped, ConnectorInfo, ConnectorList,
    ConnectorPlugin, ConnectorPlugins, ConnectorState, ConnectorStatus, TaskState,
};
pub use function::{Argument, Function, FunctionDescription, FunctionList, FunctionVariant};
pub use property::{PropertyList, Setting, Variable, VariableList};
pub use query::{
    OffsetOfTask, QueryDescribed, QueryDescription, QueryError, QueryList, RunningQuery, TaskMetadata,
};
pub use query::{QueriesDescribed, TopicPartition};
pub use schema::{FieldInfo, FieldType, SchemaInfo, TypeList};
pub use source::{
    ConsumerOffset, Source, SourceDescribed, SourceDescription, SourceOffsets, SourcesDescribed, Statistic,
    StreamList, TableList, TopicOffsets,
};
pub use text::{ErrorText, ExecutionPlan, ExpressionEvaluation, WarningText};
pub use topic::{Topic, TopicDescription, TopicExtended, TopicList, TopicListExtended};

/// An entity: `{"@type":"..","statementText":"..",..,"warnings":[]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The statement that it answers.
    pub statement_text: String,
    /// What it says.
    pub body: Body,
    /// What the statement's author should know.
    pub warnings: Vec<Warning>,
}

/// A warning beside an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Warning {
    /// Its text.
    pub message: String,
}

impl Entity {
    /// An answer without warnings.
    pub fn new(statement_text: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { statement_text: statement_text.into(), body: body.into(), warnings: Vec::new() }
    }
}

/// Declares the bodies of entities with their `@type`, and how they are written and read.
macro_rules! bodies {
    ($($(#[$doc:meta])* $variant:ident($body:ty) $kind:literal,)*) => {
        /// What an entity says, by its `@type`.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Body {
            $($(#[$doc])* $variant($body),)*
            /// Something that this version does not know, or knows otherwise.
            Other {
                /// Its `@type`.
                kind: String,
                /// Its other fields.
                fields: Map<String, Value>,
            },
        }

        $(impl From<$body> for Body {
            fn from(body: $body) -> Self {
                Self::$variant(body)
            }
        })*

        impl Body {
            /// The `@type`.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Other { kind, .. } => kind,
                }
            }

            fn read(kind: String, fields: Map<String, Value>) -> Self {
                let value = Value::Object(fields);
                let known = match kind.as_str() {
                    $($kind => <$body>::deserialize(&value).ok().map(Self::$variant),)*
                    _ => None,
                };
                known.unwrap_or_else(|| {
                    let Value::Object(fields) = value else { return Self::Other { kind, fields: Map::new() } };
                    Self::Other { kind, fields }
                })
            }
        }

        impl Serialize for Entity {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let kind = self.body.kind();
                match &self.body {
                    $(Body::$variant(body) => Shape::new(self, kind, body).serialize(serializer),)*
                    Body::Other { fields, .. } => Shape::new(self, kind, fields).serialize(serializer),
                }
            }
        }
    };
}

bodies! {
    /// Of a statement that all servers execute.
    CurrentStatus(CurrentStatus) "currentStatus",
    /// `LIST PROPERTIES`
    Properties(PropertyList) "properties",
    /// `LIST QUERIES`
    Queries(QueryList) "queries",
    /// `DESCRIBE s`
    SourceDescription(SourceDescribed) "sourceDescription",
    /// `DESCRIBE STREAMS`, `LIST TABLES EXTENDED`
    SourceDescriptions(SourcesDescribed) "source_descriptions",
    /// `EXPLAIN`
    QueryDescription(QueryDescribed) "queryDescription",
    /// `LIST QUERIES EXTENDED`
    QueryDescriptions(QueriesDescribed) "query_descriptions",
    /// A topic, as older servers describe it.
    TopicDescription(TopicDescription) "topicDescription",
    /// `LIST STREAMS`
    Streams(StreamList) "streams",
    /// `LIST TABLES`
    Tables(TableList) "tables",
    /// `LIST TOPICS`
    Topics(TopicList) "kafka_topics",
    /// `LIST TOPICS EXTENDED`
    TopicsExtended(TopicListExtended) "kafka_topics_extended",
    /// A plan as text.
    ExecutionPlan(ExecutionPlan) "executionPlan",
    /// `DESCRIBE FUNCTION`
    FunctionDescription(FunctionDescription) "describe_function",
    /// `LIST FUNCTIONS`
    Functions(FunctionList) "function_names",
    /// An expression's value.
    ExpressionEvaluation(ExpressionEvaluation) "expression_evaluation",
    /// `CREATE CONNECTOR`
    ConnectorCreated(ConnectorCreated) "connector_info",
    /// `DROP CONNECTOR`
    ConnectorDropped(ConnectorDropped) "drop_connector",
    /// `LIST CONNECTORS`
    Connectors(ConnectorList) "connector_list",
    /// `LIST CONNECTOR PLUGINS`
    ConnectorPlugins(ConnectorPlugins) "connector_plugins_list",
    /// `DESCRIBE CONNECTOR`
    ConnectorDescription(ConnectorDescription) "connector_description",
    /// `LIST TYPES`
    Types(TypeList) "type_list",
    /// An error that is no failure of the request.
    Error(ErrorText) "error_entity",
    /// The statement did nothing, and that was right: `IF NOT EXISTS`.
    Warning(WarningText) "warning_entity",
    /// `LIST VARIABLES`
    Variables(VariableList) "variables",
    /// `TERMINATE` of a push query.
    QueryTerminated(QueryTerminated) "terminate_query",
    /// `ASSERT TOPIC`
    TopicAsserted(TopicAsserted) "assert_topic",
    /// `ASSERT SCHEMA`
    SchemaAsserted(SchemaAsserted) "assert_schema",
}

/// The order of fields: type and statement first, warnings last.
#[derive(Serialize)]
struct Shape<'a, B> {
    #[serde(rename = "@type")]
    kind: &'a str,
    #[serde(rename = "statementText")]
    statement_text: &'a str,
    #[serde(flatten)]
    body: &'a B,
    warnings: &'a [Warning],
}

impl<'a, B> Shape<'a, B> {
    fn new(entity: &'a Entity, kind: &'a str, body: &'a B) -> Self {
        Self { kind, statement_text: &entity.statement_text, body, warnings: &entity.warnings }
    }
}

impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            #[serde(rename = "@type")]
            kind: String,
            #[serde(rename = "statementText")]
            statement_text: Option<String>,
            warnings: Option<Vec<Warning>>,
            #[serde(flatten)]
            fields: Map<String, Value>,
        }
        let read = Read::deserialize(deserializer)?;
        Ok(Self {
            statement_text: read.statement_text.unwrap_or_default(),
            body: Body::read(read.kind, read.fields),
            warnings: read.warnings.unwrap_or_default(),
        })
    }
}
