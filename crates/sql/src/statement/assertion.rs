//! `ASSERT TOPIC` and `ASSERT SCHEMA`: what the server is asked to make sure of.
use lentic_sql_syntax::ast::{AssertSchema, AssertTopic, Literal};

use super::{Context, Executed};
use crate::Refusal;
use crate::serde::no_registry;

/// What an assertion was about, and that it held. One that does not hold is a [`Refusal`], in ksqlDB's words; waiting for it to
/// hold (`TIMEOUT`) is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asserted {
    /// `ASSERT TOPIC`
    Topic {
        /// The topic.
        name: String,
        /// Whether it is there.
        exists: bool,
    },
    /// `ASSERT SCHEMA`
    Schema {
        /// The subject, if one was named.
        subject: Option<String>,
        /// The number, if one was named.
        id: Option<i64>,
        /// Whether it is there.
        exists: bool,
    },
}

pub(super) fn topic(assert: &AssertTopic, context: &Context<'_>) -> Result<Executed, Refusal> {
    let name = &assert.topic;
    let Some(partitions) = context.topics.partitions(name) else {
        if assert.exists {
            return Err(Refusal::new(format!("Topic {name} does not exist")));
        }
        return Ok(Executed::Asserted(Asserted::Topic { name: name.clone(), exists: false }));
    };
    if !assert.exists {
        return Err(Refusal::new(format!("Topic {name} exists")));
    }
    let mut wrong = Vec::new();
    for property in &assert.properties {
        let property_name = property.name.text.to_uppercase();
        let found = match property_name.as_str() {
            "PARTITIONS" => i64::from(partitions),
            "REPLICAS" => context.topics.replicas(name).map_or(-1, i64::from),
            _ => {
                wrong.push(format!("Cannot assert unknown topic property: {property_name}"));
                continue;
            }
        };
        let wanted = match &property.value {
            Literal::Integer(number) => Some(i64::from(*number)),
            Literal::Bigint(number) => Some(*number),
            Literal::String(text) => text.parse().ok(),
            _ => None,
        };
        if wanted != Some(found) {
            let wanted = wanted.map_or_else(|| format!("{:?}", property.value), |number| number.to_string());
            let property_name = property_name.to_lowercase();
            wrong.push(format!(
                "Mismatched configuration for topic {name}: For config {property_name}, expected {wanted} got {found}"
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(Executed::Asserted(Asserted::Topic { name: name.clone(), exists: true }));
    }
    Err(Refusal::new(wrong.join("\n")))
}

pub(super) fn schema(assert: &AssertSchema, context: &Context<'_>) -> Result<Executed, Refusal> {
    let AssertSchema { exists, subject, id, .. } = assert;
    let Some(found) = context.topics.has_schema(subject.as_deref(), *id) else {
        let text = format!("Cannot check schema existence: {}", no_registry());
        return Err(Refusal::new(text).for_want_of_registry());
    };
    if found == *exists {
        let asserted = Asserted::Schema { subject: subject.clone(), id: *id, exists: *exists };
        return Ok(Executed::Asserted(asserted));
    }
    let mut what = "Schema".to_owned();
    if let Some(subject) = subject {
        what = format!("{what} with subject name {subject}");
    }
    if let Some(id) = id {
        what = format!("{what}{} id {id}", if subject.is_some() { " and" } else { " with" });
    }
    Err(Refusal::new(format!("{what} {}", if *exists { "does not exist" } else { "exists" })))
}
