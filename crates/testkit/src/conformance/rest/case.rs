//! Cases of the REST corpus, as data.
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::case::{Case, Raw};
use super::super::{Json, expand};

/// One case, with nothing left to be filled in.
#[derive(Clone, Debug)]
pub struct RestCase {
    /// Statements, topics, inputs and outputs.
    pub case: Case,
    /// What must be answered, first to the statements that come before the first query, then to each query.
    pub responses: Vec<Response>,
    /// What must go wrong.
    pub error: Option<RestError>,
    /// Whether the inputs come only when the query runs.
    pub waits_for_push_query: bool,
    /// Whether the rows of a reply have the order that is written down.
    pub verifies_order: bool,
    /// Whether the queries are sent a second time and answered in protocol buffers.
    pub asks_for_protobuf: bool,
}

/// What must be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To a statement that changes something.
    Admin(Json),
    /// To a query: header, rows, and what follows them.
    Query(Vec<Json>),
    /// The same in protocol buffers.
    Protobuf(Vec<Json>),
}

/// What must go wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RestError {
    /// The JVM's class of the reply.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What the message contains.
    pub message: Option<String>,
    /// The status of HTTP.
    pub status: Option<u16>,
}

/// What only these cases have.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extra {
    responses: Option<Vec<Json>>,
    expected_error: Option<RestError>,
    input_conditions: Option<InputConditions>,
    output_conditions: Option<OutputConditions>,
    test_pull_with_proto_format: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InputConditions {
    wait_for_active_push_query: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OutputConditions {
    verify_order: bool,
}

/// The cases of a file, one for each format; those that are switched off are left out.
pub fn read_rest(path: &Path) -> Result<Vec<RestCase>, String> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        tests: Vec<&'a RawValue>,
    }
    let name = path.display();
    let told = |error: serde_json::Error| format!("{name}: {error}");
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let text = without_comments(&text);
    let file: File<'_> = serde_json::from_str(&text).map_err(told)?;
    let mut all = Vec::new();
    for test in file.tests {
        let raw: Raw = serde_json::from_str(test.get()).map_err(told)?;
        if !raw.is_enabled() {
            continue;
        }
        for case in expand::all(raw) {
            let extra: Extra = serde_json::from_str(test.get()).map_err(told)?;
            let responses = extra.responses.unwrap_or_default().into_iter().map(response);
            all.push(RestCase {
                responses: responses
                    .collect::<Result<_, _>>()
                    .map_err(|what| format!("{name}, {}: {what}", case.name))?,
                error: extra.expected_error,
                waits_for_push_query: extra.input_conditions.unwrap_or_default().wait_for_active_push_query,
                verifies_order: extra.output_conditions.unwrap_or_default().verify_order,
                asks_for_protobuf: extra.test_pull_with_proto_format,
                case,
            });
        }
    }
    Ok(all)
}

fn response(json: Json) -> Result<Response, String> {
    let list = |json: &Json| match json {
        Json::Array(elements) => Ok(elements.clone()),
        other => Err(format!("a reply to a query is no list: {other}")),
    };
    if let Some(admin) = json.field("admin") {
        return Ok(Response::Admin(admin.clone()));
    }
    if let Some(rows) = json.field("query") {
        return Ok(Response::Query(list(rows)?));
    }
    match json.field("queryProto") {
        Some(rows) => Ok(Response::Protobuf(list(rows)?)),
        None => Err(format!("neither a reply to a statement nor to a query: {json}")),
    }
}

/// Without `// ...` outside of texts.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (mut is_text, mut is_escaped, mut end) = (false, false, line.len());
        for (at, byte) in line.bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_text => is_escaped = true,
                b'"' => is_text = !is_text,
                b'/' if !is_text && line[at..].starts_with("//") => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        kept.push_str(&line[..end]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn comments_go() {
        let text = "{\"a\": \"x // \\\"y\", // z\n\"b\": 1} // c";
        assert_eq!(without_comments(text), "{\"a\": \"x // \\\"y\", \"b\": 1} ");
    }
}
