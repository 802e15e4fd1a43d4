//! Whether a reply is the one that a case expects.
use super::super::{Actual, Json, difference};

/// What the name of an expected field ends with when only the beginning of its text is given.
const STARTS_WITH: &str = "|starts_with";
/// What stands for the statement in expected texts.
const STATEMENT: &str = "{STATEMENT}";

/// Whether everything that is expected is in what came; objects may have more fields. `None`: it is, else the first difference.
pub fn matches(expected: &Json, actual: &Json, statement: &str) -> Option<String> {
    compare(expected, actual, statement, "$")
}

fn compare(expected: &Json, actual: &Json, statement: &str, path: &str) -> Option<String> {
    let differs = || Some(format!("{path}: {actual}, not {expected}"));
    match (expected, actual) {
        (Json::Object(fields), Json::Object(found)) => fields.iter().find_map(|(name, expected)| {
            let (name, only_begins) = match name.strip_suffix(STARTS_WITH) {
                Some(name) => (name, true),
                None => (name.as_str(), false),
            };
            let path = format!("{path}.{name}");
            let Some(actual) = found.get(name) else { return Some(format!("{path} is missing")) };
            match (expected.as_str(), actual.as_str()) {
                (Some(expected), Some(actual)) if only_begins => (!actual.starts_with(expected))
                    .then(|| format!("{path}: {actual:?} does not begin with {expected:?}")),
                _ => compare(expected, actual, statement, &path),
            }
        }),
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            let pairs = expected.iter().zip(actual).enumerate();
            pairs.into_iter().find_map(|(index, (expected, actual))| {
                compare(expected, actual, statement, &format!("{path}[{index}]"))
            })
        }
        (Json::String(expected), Json::String(actual)) => {
            if expected.replace(STATEMENT, statement) == *actual { None } else { differs() }
        }
        // Numbers are equal only with the same digits behind the point.
        (Json::Number(_), Json::Number(digits)) => {
            difference(expected, &Actual::Decimal(digits.clone())).and_then(|_| differs())
        }
        _ if expected == actual => None,
        _ => differs(),
    }
}

/// Whether the elements of a query's reply are the expected ones. The values of rows may come in any order of the rows unless
/// it is asked for.
pub fn replies_match(expected: &[Json], actual: &[Json], statement: &str, in_order: bool) -> Option<String> {
    if expected.len() != actual.len() {
        let all: Vec<_> = actual.iter().map(ToString::to_string).collect();
        return Some(format!("{} elements, not {}: {}", actual.len(), expected.len(), all.join(" ")));
    }
    // Rows in protocol buffers are texts here.
    let columns = |json: &Json| {
        let row = json.field("row")?;
        row.field("columns").or_else(|| row.as_str().map(|_| row)).cloned()
    };
    let mut left: Vec<Json> = actual.iter().filter_map(columns).collect();
    for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        let (mut expected, mut actual) = (expected.clone(), actual.clone());
        if let (Some(wanted), false) = (columns(&expected), in_order) {
            let Some(found) = left.iter().position(|row| compare(&wanted, row, statement, "$").is_none())
            else {
                let rest: Vec<_> = left.iter().map(ToString::to_string).collect();
                return Some(format!("no row {wanted} among {}", rest.join(" ")));
            };
            left.swap_remove(found);
            without_columns(&mut expected);
            without_columns(&mut actual);
        }
        if let Some(found) = compare(&expected, &actual, statement, &format!("$[{index}]")) {
            return Some(found);
        }
    }
    None
}

fn without_columns(json: &mut Json) {
    if let Json::Object(fields) = json {
        match fields.get_mut("row") {
            Some(Json::Object(row)) => drop(row.remove("columns")),
            Some(row) => *row = Json::Null,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Json> {
        let Ok(Json::Array(elements)) = Json::parse(text) else { panic!("{text}") };
        elements
    }

    #[test]
    fn replies() {
        for (expected, actual, in_order, is_same) in [
            (r#"[{"a":1}]"#, r#"[{"a":1,"b":2}]"#, false, true),
            (r#"[{"a":1.0}]"#, r#"[{"a":1}]"#, false, false),
            (
                r#"[{"header":{"queryId|starts_with":"q_"}}]"#,
                r#"[{"header":{"queryId":"q_1"}}]"#,
                false,
                true,
            ),
            (
                r#"[{"header":{"queryId|starts_with":"q_"}}]"#,
                r#"[{"header":{"queryId":"r_1"}}]"#,
                false,
                false,
            ),
            (r#"[{"s":"{STATEMENT}"}]"#, r#"[{"s":"SELECT;"}]"#, false, true),
            (
                r#"[{"row":{"columns":[1]}},{"row":{"columns":[2]}}]"#,
                r#"[{"row":{"columns":[2]}},{"row":{"columns":[1]}}]"#,
                false,
                true,
            ),
            (
                r#"[{"row":{"columns":[1]}},{"row":{"columns":[2]}}]"#,
                r#"[{"row":{"columns":[2]}},{"row":{"columns":[1]}}]"#,
                true,
                false,
            ),
            (
                r#"[{"row":{"columns":[1]}},{"row":{"columns":[1]}}]"#,
                r#"[{"row":{"columns":[2]}},{"row":{"columns":[1]}}]"#,
                false,
                false,
            ),
            (r#"[{"row":{"columns":[1],"tombstone":true}}]"#, r#"[{"row":{"columns":[1]}}]"#, false, false),
            (r#"[{"row":"A: 1"},{"row":"A: 2"}]"#, r#"[{"row":"A: 2"},{"row":"A: 1"}]"#, false, true),
            (r#"[{"row":"A: 1"},{"row":"A: 1"}]"#, r#"[{"row":"A: 2"},{"row":"A: 1"}]"#, false, false),
            ("[1]", "[]", false, false),
        ] {
            let found = replies_match(&list(expected), &list(actual), "SELECT;", in_order);
            assert_eq!(found.is_none(), is_same, "{expected} and {actual}: {found:?}");
        }
    }
}
