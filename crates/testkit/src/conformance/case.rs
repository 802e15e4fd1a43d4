//! Cases of the query-validation corpus: statements, records in, and the records or the error that must come out.
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::Json;
use super::expand;

/// One case, with nothing left to be filled in.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// In their order, each as it is written.
    pub statements: Vec<String>,
    /// Settings of every statement.
    pub properties: BTreeMap<String, Json>,
    /// Topics that are there before the first statement.
    pub topics: Vec<TopicSpec>,
    /// What is written to topics, in this order.
    pub inputs: Vec<Record>,
    /// What must be written to each topic that occurs here: exactly this, in this order.
    pub outputs: Vec<Record>,
    /// What must go wrong.
    pub error: Option<ExpectedError>,
    /// What must be there in the end.
    pub post: Post,
}

/// A case as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw {
    pub(super) name: String,
    pub(super) statements: Vec<String>,
    #[serde(default)]
    pub(super) format: Vec<String>,
    #[serde(default)]
    pub(super) config: Vec<Json>,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, Json>,
    #[serde(default)]
    pub(super) topics: Vec<TopicSpec>,
    #[serde(default)]
    pub(super) inputs: Vec<Record>,
    #[serde(default)]
    pub(super) outputs: Vec<Record>,
    pub(super) expected_exception: Option<ExpectedError>,
    #[serde(default)]
    pub(super) post: Post,
    #[serde(default = "yes")]
    enabled: bool,
}

/// A topic that is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// 1 if it is not given.
    pub partitions: Option<u32>,
    /// Of keys.
    pub key_format: Option<String>,
    /// Of values.
    pub value_format: Option<String>,
    /// A schema in the format's own language.
    pub key_schema: Json,
    /// A schema in the format's own language.
    pub value_schema: Json,
}

/// A record, as the corpus writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Where it is written.
    pub topic: String,
    /// Null if it is not given.
    pub key: Json,
    /// Null is a tombstone.
    pub value: Json,
    /// Milliseconds; 0 where an input says nothing, not compared where an output does.
    pub timestamp: Option<i64>,
    /// Of a windowed key.
    pub window: Option<RecordWindow>,
    /// `KEY` and `VALUE` (base64) each.
    pub headers: Vec<BTreeMap<String, Json>>,
}

/// The window of a key, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordWindow {
    /// Its first moment.
    pub start: i64,
    /// Of a time window behind its last moment, of a session its last moment.
    pub end: i64,
    /// `time` or `session`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What must go wrong: a part of the message at least.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExpectedError {
    /// The JVM's class.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What the message contains.
    pub message: Option<String>,
}

/// What must be there in the end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Post {
    /// Streams and tables.
    pub sources: Vec<PostSource>,
    /// Topics.
    pub topics: PostTopics,
}

/// A stream or table that must be there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostSource {
    /// Its name.
    pub name: String,
    /// `stream` or `table`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its columns, as they are printed.
    pub schema: Option<String>,
    /// `format`, `windowType`, `windowSize`.
    pub key_format: Json,
    /// A name, or an object with `format`.
    pub value_format: Json,
    /// Names of serde features.
    pub key_features: Option<Vec<String>>,
    /// Names of serde features.
    pub value_features: Option<Vec<String>>,
    /// Whether it is read-only.
    pub is_source: Option<bool>,
}

/// Topics that must be there, and those that may not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PostTopics {
    /// A regular expression that no name may match.
    pub blacklist: Option<String>,
    /// Those that must be there.
    pub topics: Vec<PostTopic>,
}

/// A topic that must be there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostTopic {
    /// Its name.
    pub name: String,
    /// `format`, `windowType`, `windowSize`.
    pub key_format: Json,
    /// `format`.
    pub value_format: Json,
    /// How many partitions it has.
    pub partitions: Option<u32>,
}

impl Raw {
    /// Whether it is to be run at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled
    }
}

fn yes() -> bool {
    true
}

/// The cases of a file, one for each format and setting; those that are switched off are left out.
pub fn read(path: &Path) -> Result<Vec<Case>, String> {
    #[derive(Deserialize)]
    struct File {
        tests: Vec<Raw>,
    }
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let file: File = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    Ok(file.tests.into_iter().filter(|raw| raw.enabled).flat_map(expand::all).collect())
}
