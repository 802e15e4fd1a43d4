//! Bodies of requests. Fields that nobody knows are ignored, and `Content-Type` says nothing.
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::{ErrorBody, ErrorCode};

/// Properties or variables of a request, as they were sent: what they mean, and whether they are allowed, is the server's
/// business.
pub type Properties = BTreeMap<String, Value>;

/// A body that a request is made of.
pub trait Request: DeserializeOwned + Serialize {
    /// Reads a body. The error is a 400 with ksqlDB's text.
    fn from_json(body: &[u8]) -> Result<Self, ErrorBody> {
        serde_json::from_slice(body).map_err(|error| {
            let text = error.to_string();
            // serde says: missing field `sql` at line 1 column 2
            let missing = text.strip_prefix("missing field `").and_then(|text| text.split_once('`'));
            let message = match missing {
                Some((field, _)) => format!("No {field} in arguments"),
                None => "Malformed JSON in request".to_owned(),
            };
            ErrorBody::new(ErrorCode::BAD_REQUEST, message)
        })
    }

    /// The body as bytes.
    fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        crate::json::append(self, &mut out);
        out
    }
}

/// `POST /ksql` and `POST /query`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsqlRequest {
    /// The statements. A request without any is answered by [`KsqlRequest::statements`].
    #[serde(default, deserialize_with = "or_default")]
    pub ksql: String,
    /// Properties of the session, which `SET` would set.
    #[serde(default, deserialize_with = "or_default")]
    pub streams_properties: Properties,
    /// Variables of the session, which `DEFINE` would define.
    #[serde(default, deserialize_with = "or_default")]
    pub session_variables: Properties,
    /// The answer waits until the statement of this number is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_sequence_number: Option<i64>,
    /// What one node tells another.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub request_properties: Properties,
}

impl KsqlRequest {
    /// The statements; the error is a 400.
    pub fn statements(&self) -> Result<&str, ErrorBody> {
        if self.ksql.trim().is_empty() {
            return Err(ErrorBody::new(ErrorCode::BAD_REQUEST, "\"ksql\" field must be populated"));
        }
        Ok(&self.ksql)
    }
}

/// `POST /query-stream`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStreamArgs {
    /// The query.
    pub sql: String,
    /// Properties of the session.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Properties,
    /// Variables of the session.
    #[serde(default, deserialize_with = "or_default")]
    pub session_variables: Properties,
    /// What one node tells another.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub request_properties: Properties,
}

/// The first line of `POST /inserts-stream`; rows follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InsertsStreamArgs {
    /// The stream or table.
    pub target: String,
    /// Properties of the session.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Properties,
}

/// `POST /close-query`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloseQuery {
    /// The id of a push query, as its header gave it.
    pub query_id: String,
}

/// `POST /ksql/terminate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminateCluster {
    /// Regular expressions; topics of sinks that match one are deleted.
    #[serde(default, deserialize_with = "or_default")]
    pub delete_topic_list: Vec<String>,
}

impl Request for KsqlRequest {}
impl Request for QueryStreamArgs {}
impl Request for InsertsStreamArgs {}
impl Request for CloseQuery {}
impl Request for TerminateCluster {}

/// A property or variable as text, in which form all of them are understood: elements of a list are joined by commas. `null`
/// has none.
pub fn property_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(elements) => {
            let texts =
                elements.iter().map(|element| property_text(element).unwrap_or_else(|| "null".to_owned()));
            Some(texts.collect::<Vec<_>>().join(","))
        }
        other => Some(other.to_string()),
    }
}

/// `null` is as good as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: Request + std::fmt::Debug>(body: &str) -> String {
        let error = T::from_json(body.as_bytes()).expect_err(body);
        format!("{} {}", error.code, error.message)
    }

    #[test]
    fn unknown_fields_are_ignored_and_null_is_nothing() {
        let body =
            r#"{"ksql":"LIST STREAMS;","streamsProperties":null,"commandSequenceNumber":null,"colour":1}"#;
        let read = KsqlRequest::from_json(body.as_bytes()).unwrap();
        assert_eq!(read, KsqlRequest { ksql: "LIST STREAMS;".to_owned(), ..KsqlRequest::default() });
        assert_eq!(
            String::from_utf8(read.to_json()).unwrap(),
            r#"{"ksql":"LIST STREAMS;","streamsProperties":{},"sessionVariables":{}}"#
        );
        assert_eq!(read.statements(), Ok("LIST STREAMS;"));
    }

    #[test]
    fn properties_are_text() {
        for (json, expected) in [
            ("null", None),
            ("\"a b\"", Some("a b")),
            ("1.50", Some("1.5")),
            ("true", Some("true")),
            ("[\"a\",2,null]", Some("a,2,null")),
        ] {
            assert_eq!(property_text(&serde_json::from_str(json).unwrap()).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn refusals_have_ksqldbs_words() {
        for (said, expected) in [
            (refused::<KsqlRequest>("{"), "40000 Malformed JSON in request"),
            (refused::<KsqlRequest>(r#"{"streamsProperties":[]}"#), "40000 Malformed JSON in request"),
            (refused::<QueryStreamArgs>(r#"{"ksql":"a"}"#), "40000 No sql in arguments"),
            (refused::<InsertsStreamArgs>("{}"), "40000 No target in arguments"),
            (refused::<CloseQuery>("{}"), "40000 No queryId in arguments"),
        ] {
            assert_eq!(said, expected);
        }
        let empty = KsqlRequest::from_json(br#"{"ksql":" "}"#).unwrap();
        assert_eq!(empty.statements().unwrap_err().message, "\"ksql\" field must be populated");
        assert!(KsqlRequest::from_json(b"{}").unwrap().statements().is_err());
    }
}
