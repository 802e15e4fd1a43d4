//! One JSON value per line.
use std::collections::BTreeMap;
use std::io::BufRead as _;

use lentic::types::FormatName;
use serde_json::value::RawValue;

use super::field::push_as;
use super::{BadRow, Reading, Shape, Source};

pub struct NdjsonRows {
    source: Source,
    reading: Reading,
    shape: Shape,
    line: u64,
    text: Vec<u8>,
}

impl NdjsonRows {
    pub fn new(source: Source, reading: Reading, shape: Shape) -> Self {
        Self { source, reading, shape, line: 0, text: Vec::new() }
    }

    /// See [`super::Rows::next`].
    pub fn next(&mut self, to: &mut Vec<u8>) -> Result<Option<u64>, BadRow> {
        loop {
            self.text.clear();
            self.line += 1;
            let bad = |problem: String| BadRow { line: self.line, problem };
            let read =
                self.source.read_until(b'\n', &mut self.text).map_err(|error| bad(error.to_string()))?;
            if read == 0 {
                return Ok(None);
            }
            let text = self.text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            if self.reading.key.is_empty() {
                // Already what the node takes; the node judges it.
                to.extend_from_slice(text);
                to.push(b'\n');
            } else {
                let begin = to.len();
                if let Err(problem) = self.push(text, to) {
                    to.truncate(begin);
                    return Err(bad(problem));
                }
            }
            return Ok(Some(self.line));
        }
    }

    fn push(&self, text: &[u8], to: &mut Vec<u8>) -> Result<(), String> {
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_slice(text).map_err(|error| format!("not a JSON object: {error}"))?;
        let field = |name: &String| fields.get(name).copied().ok_or_else(|| format!("no field {name:?}"));
        to.extend_from_slice(b"{\"key\":");
        let parts = self.reading.key.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        if parts.iter().any(|part| part.get() == "null") {
            return Err("the key is null".to_owned());
        }
        match (&parts[..], self.shape.key) {
            ([part], FormatName::Json) => to.extend_from_slice(part.get().as_bytes()),
            (parts, FormatName::Json) => {
                let named = self.reading.key.iter().zip(parts);
                let named: Vec<String> = named.map(|(name, part)| format!("{}:{part}", json(name))).collect();
                to.extend_from_slice(format!("{{{}}}", named.join(",")).as_bytes());
            }
            (parts, format) => {
                let texts: Vec<String> = parts.iter().map(|part| plain(part)).collect();
                push_as(format, &texts.join(&self.reading.separator), to)?;
            }
        }
        to.extend_from_slice(b",\"value\":");
        match &self.reading.value {
            Some(name) => to.extend_from_slice(field(name)?.get().as_bytes()),
            None => to.extend_from_slice(text),
        }
        to.extend_from_slice(b"}\n");
        Ok(())
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Text without its quotes.
fn plain(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, key: &[&str], format: FormatName) -> Result<String, String> {
        let reading = Reading {
            key: key.iter().map(|&field| field.to_owned()).collect(),
            separator: "+".to_owned(),
            value: None,
            null: None,
            delimiter: b',',
        };
        let shape = Shape { key: format, value: FormatName::Json };
        let mut rows = NdjsonRows::new(Box::new(std::io::Cursor::new(text.to_owned())), reading, shape);
        let mut to = Vec::new();
        loop {
            match rows.next(&mut to) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(String::from_utf8(to).unwrap()),
                Err(bad) => return Err(format!("line {}: {}", bad.line, bad.problem)),
            }
        }
    }

    #[test]
    fn lines_pass_and_objects_get_a_key() {
        let text = "{\"id\":\"a\",\"n\":1.50}\r\n\n{\"id\":\"b\",\"n\":2}";
        for (key, format, lines) in [
            (&[][..], FormatName::String, "{\"id\":\"a\",\"n\":1.50}\n{\"id\":\"b\",\"n\":2}\n"),
            (
                &["id", "n"],
                FormatName::String,
                "{\"key\":\"a+1.50\",\"value\":{\"id\":\"a\",\"n\":1.50}}\n{\"key\":\"b+2\",\"value\":{\"id\":\"b\",\"n\":2}}\n",
            ),
            (
                &["n"],
                FormatName::Double,
                "{\"key\":1.50,\"value\":{\"id\":\"a\",\"n\":1.50}}\n{\"key\":2,\"value\":{\"id\":\"b\",\"n\":2}}\n",
            ),
        ] {
            assert_eq!(load(text, key, format).as_deref(), Ok(lines));
        }
        assert_eq!(load("{}\n", &["id"], FormatName::String).unwrap_err(), "line 1: no field \"id\"");
        assert!(
            load("\n[]\n", &["id"], FormatName::String).unwrap_err().starts_with("line 2: not a JSON object")
        );
    }
}
