//! `INSERT INTO ... VALUES`: the record is written, and waited for.
use std::time::Duration;

use lentic::types::{Timestamp, TopicName};
use lentic::{NewRecord, Node};
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::Refusal;
use lentic_sql::statement::InsertedRecord;

use super::script::bad_statement;

/// How long the log's acknowledgement is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Blocks.
pub(super) fn insert(node: &Node, record: InsertedRecord, shown: &str) -> Result<(), ErrorBody> {
    let source = record.source.name.clone();
    let failed = |text: String| format!("Failed to insert values into '{source}'. {text}");
    let record = new_record(record).map_err(|text| bad_statement(&Refusal::new(failed(text)), shown))?;
    let produced = node.topics().produce(record, PATIENCE);
    produced.map(drop).map_err(|error| {
        let error = ErrorBody::new(ErrorCode::SERVER_ERROR, failed(error.to_string()));
        error.of_statement(shown, Vec::new())
    })
}

/// As the log takes it.
fn new_record(record: InsertedRecord) -> Result<NewRecord, String> {
    Ok(NewRecord {
        topic: TopicName::new(&record.topic).map_err(|error| error.to_string())?,
        partition: None,
        key: record.key.map(Into::into),
        value: record.value.map(Into::into),
        timestamp: Timestamp(record.timestamp),
        headers: Vec::new(),
    })
}
