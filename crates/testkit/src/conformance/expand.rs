//! One case for each format and each value of a setting.
use super::Json;
use super::case::{Case, Raw};

/// What stands for the format in statements.
const FORMAT: &str = "{FORMAT}";
/// What stands for the value of a setting.
const CONFIG: &str = "{CONFIG}";

pub(super) fn all(raw: Raw) -> Vec<Case> {
    let formats = or_none(&raw.format);
    let values = or_none(&raw.config);
    let both = formats.iter().flat_map(|format| values.iter().map(move |value| (*format, *value)));
    both.map(|(format, value)| one(&raw, format.map(String::as_str), value)).collect()
}

fn or_none<T>(given: &[T]) -> Vec<Option<&T>> {
    if given.is_empty() { vec![None] } else { given.iter().map(Some).collect() }
}

fn one(raw: &Raw, format: Option<&str>, value: Option<&Json>) -> Case {
    let mut name = raw.name.clone();
    let mut statements = raw.statements.clone();
    let mut properties = raw.properties.clone();
    if let Some(format) = format {
        name = format!("{name} - {format}");
        for text in &mut statements {
            *text = text.replace(FORMAT, format);
        }
    }
    if let Some(value) = value {
        for (property, slot) in properties.iter_mut().filter(|(_, slot)| slot.as_str() == Some(CONFIG)) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            name = format!("{name} - {property}={text}");
            *slot = value.clone();
        }
    }
    Case {
        name,
        statements,
        properties,
        topics: raw.topics.clone(),
        inputs: raw.inputs.clone(),
        outputs: raw.outputs.clone(),
        error: raw.expected_exception.clone(),
        post: raw.post.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_settings_make_a_product() {
        let text = r#"{"name": "n", "statements": ["a {FORMAT};", "b;"], "format": ["JSON", "KAFKA"], "config": ["x", true],
            "properties": {"p": "{CONFIG}", "q": 1}, "comments": ["left out"]}"#;
        let raw: Raw = serde_json::from_str(text).expect("a case");
        let cases = all(raw);
        let told: Vec<_> = cases
            .iter()
            .map(|case| {
                format!(
                    "{}: {} p={} q={}",
                    case.name, case.statements[0], case.properties["p"], case.properties["q"]
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "n - JSON - p=x: a JSON; p=\"x\" q=1",
                "n - JSON - p=true: a JSON; p=true q=1",
                "n - KAFKA - p=x: a KAFKA; p=\"x\" q=1",
                "n - KAFKA - p=true: a KAFKA; p=true q=1",
            ]
        );
    }
}
