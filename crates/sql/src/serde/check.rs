//! Whether a format can hold columns, and takes its properties; in ksqlDB's words.
use super::protobuf;
use super::{Format, FormatError, FormatName, RowSchema, Side, Wrapping};
use crate::SqlType;

/// The setting that would say where the registry is.
const REGISTRY_URL: &str = "ksql.schema.registry.url";

/// What is said where a registry would be asked.
pub(crate) fn no_registry() -> String {
    format!("KSQL is not configured to use a schema registry. To enable it, please set {REGISTRY_URL}")
}

impl Format {
    /// Refuses a registry's format, properties that the format has not, and columns that it cannot hold.
    pub fn check(&self, schema: &RowSchema) -> Result<(), FormatError> {
        self.check_inference()?;
        self.check_properties()?;
        self.check_columns(schema)
    }

    /// Refuses a registry's format where the columns are those that the registry would tell.
    pub fn check_inference(&self) -> Result<(), FormatError> {
        if self.name.needs_registry() {
            return Err(FormatError::without_registry(no_registry()));
        }
        Ok(())
    }

    /// Refuses a registry's format for a topic: there is no registry to have its schema.
    pub fn check_registry(&self, topic: &str) -> Result<(), FormatError> {
        if self.name.needs_registry() {
            return Err(FormatError::without_registry(format!(
                "Cannot create topic '{topic}' with format {} without configuring '{REGISTRY_URL}'",
                self.name
            )));
        }
        Ok(())
    }

    /// A delimiter is for DELIMITED, a representation of nulls for protocol buffers.
    pub fn check_properties(&self) -> Result<(), FormatError> {
        let protobuf = matches!(self.name, FormatName::Protobuf | FormatName::ProtobufNosr);
        let delimiter = self.delimiter.is_some() && self.name != FormatName::Delimited;
        let nullable = self.nullable.is_some() && !protobuf;
        let surplus: Vec<_> = [(delimiter, "delimiter"), (nullable, "nullableRepresentation")]
            .into_iter()
            .filter_map(|(surplus, name)| surplus.then_some(name))
            .collect();
        if surplus.is_empty() {
            return Ok(());
        }
        Err(FormatError::new(format!(
            "{} does not support the following configs: [{}]",
            self.name,
            surplus.join(", ")
        )))
    }

    /// Whether the format has a place for columns of these types. Of keys, maps anywhere are refused first: their entries
    /// have no order, so equal keys might differ in their bytes.
    pub fn check_columns(&self, schema: &RowSchema) -> Result<(), FormatError> {
        if schema.side == Side::Key
            && let Some(column) = schema.columns.iter().find(|column| has_map(&column.kind))
        {
            return Err(FormatError::new(format!(
                "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to \
                 inconsistent serialization. Key column name: `{}`. Column type: {}. See \
                 https://github.com/confluentinc/ksql/issues/6621 for more.",
                column.name, column.kind
            )));
        }
        // Without columns nothing is written, whatever the format.
        if schema.columns.is_empty() {
            return Ok(());
        }
        let Some(reason) = self.refusal(schema) else { return Ok(()) };
        let side = if schema.side == Side::Key { "Key" } else { "Value" };
        let unwrap =
            self.name.has_choice() && schema.columns.len() == 1 && schema.wrapping == Wrapping::Unwrapped;
        let features = if unwrap { "UNWRAP_SINGLES" } else { "" };
        Err(FormatError::new(format!(
            "{side} format does not support schema.\nformat: {}\nschema: Persistence{{columns={schema}, \
             features=[{features}]}}\nreason: {reason}",
            self.name
        )))
    }

    fn refusal(&self, schema: &RowSchema) -> Option<String> {
        let columns = &schema.columns;
        let name = self.name;
        match name {
            FormatName::None => {
                Some(format!("The 'NONE' format can only be used when no columns are defined. Got: {schema}"))
            }
            FormatName::Kafka if columns.len() != 1 => {
                Some(format!("The 'KAFKA' format only supports a single field. Got: {schema}"))
            }
            FormatName::Kafka => columns.iter().find(|column| !is_kafka(&column.kind)).map(|column| {
                format!("The 'KAFKA' format does not support type '{}'", column.kind.base_name())
            }),
            FormatName::Delimited => columns.iter().find(|column| column.kind.is_nested()).map(|column| {
                format!(
                    "The 'DELIMITED' format does not support type '{}', column: `{}`",
                    column.kind.base_name(),
                    column.name
                )
            }),
            FormatName::Json | FormatName::JsonSr => columns
                .iter()
                .any(|column| has_other_keys(&column.kind))
                .then(|| format!("{name} only supports MAP types with STRING keys")),
            FormatName::Protobuf | FormatName::ProtobufNosr => {
                if columns.iter().any(|column| has_other_keys(&column.kind)) {
                    return Some("PROTOBUF format only supports MAP types with STRING keys".to_owned());
                }
                protobuf::refusal(columns)
            }
            FormatName::Avro => columns
                .iter()
                .any(|column| has_other_keys(&column.kind))
                .then(|| "Avro only supports MAPs with STRING keys".to_owned()),
        }
    }
}

fn is_kafka(kind: &SqlType) -> bool {
    matches!(kind, SqlType::Integer | SqlType::Bigint | SqlType::Double | SqlType::String | SqlType::Bytes)
}

/// Whether the type or any type in it is what `found` looks for.
fn any(kind: &SqlType, found: fn(&SqlType) -> bool) -> bool {
    found(kind)
        || match kind {
            SqlType::Array(element) => any(element, found),
            SqlType::Map(key, value) => any(key, found) || any(value, found),
            SqlType::Struct(structure) => structure.fields().iter().any(|field| any(&field.kind, found)),
            _ => false,
        }
}

fn has_map(kind: &SqlType) -> bool {
    any(kind, |kind| matches!(kind, SqlType::Map(..)))
}

fn has_other_keys(kind: &SqlType) -> bool {
    any(kind, |kind| matches!(kind, SqlType::Map(key, _) if **key != SqlType::String))
}
