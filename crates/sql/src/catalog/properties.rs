//! `WITH (...)`: where the records of a stream or table are, and how they look.
use std::collections::BTreeMap;

use lentic_sql_syntax::ast::{Expr, ExprNode, Literal, Property};
use lentic_sql_syntax::{At, Position};

use super::duration;
use super::source::SourceWindow;
use crate::Refusal;
use crate::serde::Delimiter;
use lentic_sql_syntax::nearest;

/// In which statement the properties stand: not all are known everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `CREATE STREAM|TABLE name (...)`
    Create,
    /// `CREATE STREAM|TABLE name AS SELECT`
    CreateAs,
    /// `INSERT INTO name SELECT`
    Insert,
}

/// What was given, each by itself in order. What is left out is `None`, whatever its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// `KAFKA_TOPIC`
    pub topic: Option<String>,
    /// `PARTITIONS`
    pub partitions: Option<u32>,
    /// `REPLICAS`
    pub replicas: Option<i16>,
    /// `RETENTION_MS`
    pub retention_ms: Option<i64>,
    /// `CLEANUP_POLICY`
    pub cleanup_policy: Option<String>,
    /// `KEY_FORMAT`, or `FORMAT`; in upper case.
    pub key_format: Option<String>,
    /// `VALUE_FORMAT`, or `FORMAT`; in upper case.
    pub value_format: Option<String>,
    /// `KEY_DELIMITER`
    pub key_delimiter: Option<String>,
    /// `VALUE_DELIMITER`
    pub value_delimiter: Option<String>,
    /// `KEY_PROTOBUF_NULLABLE_REPRESENTATION`
    pub key_nullable: Option<String>,
    /// `VALUE_PROTOBUF_NULLABLE_REPRESENTATION`
    pub value_nullable: Option<String>,
    /// `KEY_SCHEMA_FULL_NAME`
    pub key_schema_name: Option<String>,
    /// `VALUE_SCHEMA_FULL_NAME`, `VALUE_AVRO_SCHEMA_FULL_NAME`
    pub value_schema_name: Option<String>,
    /// `KEY_SCHEMA_ID`
    pub key_schema_id: Option<i32>,
    /// `VALUE_SCHEMA_ID`
    pub value_schema_id: Option<i32>,
    /// `WRAP_SINGLE_VALUE`
    pub wrap_single_value: Option<bool>,
    /// `TIMESTAMP`: a column, as it is written.
    pub timestamp: Option<String>,
    /// `TIMESTAMP_FORMAT`: a pattern of Java's `DateTimeFormatter`.
    pub timestamp_format: Option<String>,
    /// `WINDOW_TYPE` and `WINDOW_SIZE`
    pub window: Option<SourceWindow>,
    /// `SOURCED_BY_CONNECTOR`
    pub connector: Option<String>,
    /// `QUERY_ID`
    pub query_id: Option<String>,
    /// Where each of them stands, by name.
    pub places: BTreeMap<String, At>,
}

impl Properties {
    /// Of a statement.
    pub fn of(written: &[Property], place: Use) -> Result<Self, Refusal> {
        let unknown: Vec<_> = written.iter().filter(|property| !is_known(&name(property), place)).collect();
        if let Some(first) = unknown.first() {
            let names: Vec<_> = unknown.iter().map(|property| name(property)).collect();
            let text = format!("Invalid config variable(s) in the WITH clause: {}", names.join(","));
            let known = COMMON.into_iter().chain(["QUERY_ID"]).filter(|name| is_known(name, place));
            return Err(Refusal::new(text).at(first.name.at.0).near(nearest(&names[0], known)));
        }
        let places = written.iter().map(|property| (name(property), property.name.at)).collect();
        let mut properties = Self { places, ..Self::default() };
        let mut window = (None, None);
        for property in written {
            properties.take(property, &mut window).map_err(|refusal| refusal.at(property.name.at.0))?;
        }
        properties.take_format(written)?;
        properties.window = match window {
            (Some(kind), size) => Some(SourceWindow::new(&kind, size)?),
            (None, Some(_)) => {
                return Err(Refusal::new("WINDOW_SIZE should not be set for a source without a WINDOW_TYPE"));
            }
            (None, None) => None,
        };
        Ok(properties)
    }

    /// Where the first of these properties stands that was given.
    pub(crate) fn place(&self, names: &[&str]) -> Option<Position> {
        names.iter().find_map(|name| self.places.get(*name)).map(|at| at.0)
    }

    fn take(
        &mut self,
        property: &Property,
        window: &mut (Option<String>, Option<i64>),
    ) -> Result<(), Refusal> {
        let name = name(property);
        let value = &property.value;
        let string = || text(&name, value).map(Some);
        match name.as_str() {
            "KAFKA_TOPIC" => self.topic = string()?,
            "PARTITIONS" => self.partitions = Some(number(&name, value)?),
            "REPLICAS" => self.replicas = Some(number(&name, value)?),
            "RETENTION_MS" => self.retention_ms = Some(number(&name, value)?),
            "CLEANUP_POLICY" => self.cleanup_policy = string()?,
            "KEY_FORMAT" => self.key_format = string()?.map(|text| text.to_uppercase()),
            "VALUE_FORMAT" => self.value_format = string()?.map(|text| text.to_uppercase()),
            "KEY_DELIMITER" => self.key_delimiter = Some(delimiter(&name, value)?),
            "VALUE_DELIMITER" => self.value_delimiter = Some(delimiter(&name, value)?),
            "KEY_PROTOBUF_NULLABLE_REPRESENTATION" => self.key_nullable = string()?,
            "VALUE_PROTOBUF_NULLABLE_REPRESENTATION" => self.value_nullable = string()?,
            "KEY_SCHEMA_FULL_NAME" => self.key_schema_name = string()?,
            "VALUE_SCHEMA_FULL_NAME" | "VALUE_AVRO_SCHEMA_FULL_NAME" => self.value_schema_name = string()?,
            "KEY_SCHEMA_ID" => self.key_schema_id = Some(number(&name, value)?),
            "VALUE_SCHEMA_ID" => self.value_schema_id = Some(number(&name, value)?),
            "WRAP_SINGLE_VALUE" => self.wrap_single_value = Some(boolean(&name, value)?),
            "TIMESTAMP" => self.timestamp = string()?,
            "TIMESTAMP_FORMAT" => self.timestamp_format = string()?,
            "WINDOW_TYPE" => window.0 = string()?,
            "WINDOW_SIZE" => {
                let size = duration::millis(&text(&name, value)?);
                window.1 = Some(size.map_err(|what| invalid(&name, &what))?);
            }
            "SOURCED_BY_CONNECTOR" => self.connector = string()?,
            "QUERY_ID" => self.query_id = string()?,
            _ => {}
        }
        Ok(())
    }

    /// `FORMAT` is both formats.
    fn take_format(&mut self, written: &[Property]) -> Result<(), Refusal> {
        let Some(both) = written.iter().find(|property| name(property) == "FORMAT") else { return Ok(()) };
        for (one, given) in [("KEY_FORMAT", &self.key_format), ("VALUE_FORMAT", &self.value_format)] {
            if given.is_some() {
                let text = format!(
                    "Cannot supply both '{one}' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. \
                     Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'."
                );
                return Err(Refusal::new(text).at(both.name.at.0));
            }
        }
        let format = text("FORMAT", &both.value)?.to_uppercase();
        self.key_format = Some(format.clone());
        self.value_format = Some(format);
        Ok(())
    }
}

const COMMON: [&str; 23] = [
    "KAFKA_TOPIC",
    "PARTITIONS",
    "REPLICAS",
    "RETENTION_MS",
    "CLEANUP_POLICY",
    "FORMAT",
    "KEY_FORMAT",
    "VALUE_FORMAT",
    "KEY_DELIMITER",
    "VALUE_DELIMITER",
    "KEY_PROTOBUF_NULLABLE_REPRESENTATION",
    "VALUE_PROTOBUF_NULLABLE_REPRESENTATION",
    "KEY_SCHEMA_FULL_NAME",
    "VALUE_SCHEMA_FULL_NAME",
    "VALUE_AVRO_SCHEMA_FULL_NAME",
    "KEY_SCHEMA_ID",
    "VALUE_SCHEMA_ID",
    "WRAP_SINGLE_VALUE",
    "TIMESTAMP",
    "TIMESTAMP_FORMAT",
    "WINDOW_TYPE",
    "WINDOW_SIZE",
    "SOURCED_BY_CONNECTOR",
];

fn is_known(name: &str, place: Use) -> bool {
    const CREATE_ONLY: [&str; 3] = ["WINDOW_TYPE", "WINDOW_SIZE", "SOURCED_BY_CONNECTOR"];
    match place {
        Use::Create => COMMON.contains(&name),
        Use::CreateAs => COMMON.contains(&name) && !CREATE_ONLY.contains(&name),
        Use::Insert => name == "QUERY_ID",
    }
}

fn name(property: &Property) -> String {
    property.name.text.to_uppercase()
}

fn invalid(name: &str, what: &str) -> Refusal {
    Refusal::new(format!("Configuration {name} is invalid: {what}"))
}

fn text(name: &str, value: &Literal) -> Result<String, Refusal> {
    match value {
        Literal::String(text) => Ok(text.clone()),
        other => {
            let other = Expr::from(ExprNode::Literal(other.clone()));
            Err(invalid(name, &format!("Expected a text between single quotes, got {other}")))
        }
    }
}

fn delimiter(name: &str, value: &Literal) -> Result<String, Refusal> {
    let text = text(name, value)?;
    match Delimiter::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(invalid(name, &error.to_string())),
    }
}

fn number<T: TryFrom<i64>>(name: &str, value: &Literal) -> Result<T, Refusal> {
    let number = match value {
        Literal::Integer(number) => Some(i64::from(*number)),
        Literal::Bigint(number) => Some(*number),
        // As of Kafka's own settings, text will do.
        Literal::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let fits = number.and_then(|number| T::try_from(number).ok());
    fits.ok_or_else(|| invalid(name, "Expected a whole number that is not too large"))
}

fn boolean(name: &str, value: &Literal) -> Result<bool, Refusal> {
    match value {
        Literal::Boolean(yes) => Ok(*yes),
        Literal::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Literal::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(invalid(name, "Expected true or false")),
    }
}
