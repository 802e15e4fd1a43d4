//! What is kept between statements.
use std::collections::BTreeMap;

use lentic_ksql_api::{KsqlRequest, Properties};

use crate::options::OutputFormat;

/// What is kept between statements, and sent with each.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    properties: BTreeMap<String, String>,
    /// By name in upper case, since case does not count; with the name as it was typed.
    variables: BTreeMap<String, (String, String)>,
    /// The last statement that all servers execute: later ones see what it did.
    sequence_number: Option<i64>,
    pub(crate) output: OutputFormat,
    pub(crate) wrap: bool,
}

impl Session {
    pub(crate) fn new(output: OutputFormat) -> Self {
        Self {
            properties: BTreeMap::new(),
            variables: BTreeMap::new(),
            sequence_number: None,
            output,
            wrap: true,
        }
    }

    /// The request of a statement.
    pub(crate) fn request(&self, statement: impl Into<String>) -> KsqlRequest {
        let text = |(name, value): (&String, &String)| (name.clone(), value.as_str().into());
        KsqlRequest {
            ksql: statement.into(),
            streams_properties: self.properties.iter().map(text).collect(),
            session_variables: self.variables.values().map(|(name, value)| text((name, value))).collect(),
            command_sequence_number: self.sequence_number,
            request_properties: Properties::new(),
        }
    }

    pub(crate) fn set(&mut self, name: String, value: String) {
        self.properties.insert(name, value);
    }

    /// The value that the property had in the session.
    pub(crate) fn unset(&mut self, name: &str) -> Option<String> {
        self.properties.remove(name)
    }

    pub(crate) fn define(&mut self, name: String, value: String) {
        self.variables.insert(name.to_ascii_uppercase(), (name, value));
    }

    /// The value that the variable had.
    pub(crate) fn undefine(&mut self, name: &str) -> Option<String> {
        self.variables.remove(&name.to_ascii_uppercase()).map(|(_, value)| value)
    }

    /// The value of a variable, by its name in upper case.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|(_, value)| value.as_str())
    }

    /// A statement was given this number.
    pub(crate) fn saw(&mut self, sequence_number: i64) {
        if sequence_number >= 0 {
            self.sequence_number = self.sequence_number.max(Some(sequence_number));
        }
    }

    /// Another server counts otherwise.
    pub(crate) fn moved(&mut self) {
        self.sequence_number = None;
    }
}

#[cfg(test)]
mod tests {
    use lentic_ksql_api::Request as _;

    use super::*;

    #[test]
    fn what_was_set_is_sent() {
        let mut session = Session::new(OutputFormat::Table);
        session.set("auto.offset.reset".to_owned(), "latest".to_owned());
        session.set("auto.offset.reset".to_owned(), "earliest".to_owned());
        session.define("Format".to_owned(), "AVRO".to_owned());
        session.define("format".to_owned(), "JSON".to_owned());
        session.saw(3);
        session.saw(-1);
        session.saw(2);
        assert_eq!(
            String::from_utf8(session.request("A;").to_json()).unwrap(),
            concat!(
                r#"{"ksql":"A;","streamsProperties":{"auto.offset.reset":"earliest"},"#,
                r#""sessionVariables":{"format":"JSON"},"commandSequenceNumber":3}"#
            )
        );
        assert_eq!(session.variable("FORMAT"), Some("JSON"));
        assert_eq!(session.undefine("FORMAT"), Some("JSON".to_owned()));
        assert_eq!(session.unset("auto.offset.reset"), Some("earliest".to_owned()));
        session.moved();
        assert_eq!(session.request("A;"), KsqlRequest { ksql: "A;".to_owned(), ..KsqlRequest::default() });
    }
}
