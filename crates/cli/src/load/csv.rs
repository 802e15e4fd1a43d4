//! CSV with a heading.
use csv::{ReaderBuilder, StringRecord};
use lentic::types::FormatName;

use super::field::{push_as, push_json, push_text};
use super::{BadRow, Reading, Shape, Source};
use crate::failure::Failure;

pub struct CsvRows {
    reader: csv::Reader<Source>,
    record: StringRecord,
    /// The heading, each name with its quotes and colon: `"tailnum":`.
    names: Vec<Vec<u8>>,
    key: Vec<usize>,
    value: Option<usize>,
    reading: Reading,
    shape: Shape,
}

impl CsvRows {
    pub fn new(source: Source, reading: Reading, shape: Shape) -> Result<Self, Failure> {
        let mut reader = ReaderBuilder::new().delimiter(reading.delimiter).from_reader(source);
        let unreadable = |error: csv::Error| Failure::failed("input_unreadable", format!("line 1: {error}"));
        let mut heading = reader.headers().map_err(unreadable)?.clone();
        if let Some(first) = heading.get(0).and_then(|first| first.strip_prefix('\u{feff}')) {
            let rest = heading.iter().skip(1);
            heading = std::iter::once(first).chain(rest).collect();
        }
        let column = |name: &String| {
            let mut found = heading.iter().enumerate().filter(|(_, column)| column == name).map(|(i, _)| i);
            match (found.next(), found.next()) {
                (Some(i), None) => Ok(i),
                (Some(_), Some(_)) => Err(Failure::usage(format!("the heading has {name:?} twice"))),
                (None, _) => {
                    let columns: Vec<&str> = heading.iter().collect();
                    Err(Failure::usage(format!("the heading has no column {name:?}"))
                        .hint(format!("its columns are {}", columns.join(", "))))
                }
            }
        };
        if reading.key.is_empty() {
            return Err(Failure::usage("CSV needs --key COLUMN[,COLUMN...]: the columns that make the key")
                .hint(format!("its columns are {}", heading.iter().collect::<Vec<_>>().join(", "))));
        }
        let key = reading.key.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let value = reading.value.as_ref().map(column).transpose()?;
        if value.is_none() && shape.value != FormatName::Json {
            let message = format!("the table's values are {}: name their column with --value", shape.value);
            return Err(Failure::usage(message));
        }
        if key.len() > 1 && !matches!(shape.key, FormatName::String | FormatName::Json) {
            return Err(Failure::usage(format!("a key of several columns is no {}", shape.key)));
        }
        let names = heading.iter().map(|name| {
            let mut text = Vec::new();
            push_text(name, &mut text);
            text.push(b':');
            text
        });
        Ok(Self { names: names.collect(), reader, record: StringRecord::new(), key, value, reading, shape })
    }

    /// See [`super::Rows::next`].
    pub fn next(&mut self, to: &mut Vec<u8>) -> Result<Option<u64>, BadRow> {
        let read = self.reader.read_record(&mut self.record).map_err(|error| BadRow {
            line: error.position().map_or(0, csv::Position::line),
            problem: match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields where the heading has {expected_len}")
                }
                csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
                _ => error.to_string(),
            },
        })?;
        if !read {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        let begin = to.len();
        match self.push(to) {
            Ok(()) => Ok(Some(line)),
            Err(problem) => {
                to.truncate(begin);
                Err(BadRow { line, problem })
            }
        }
    }

    fn push(&self, to: &mut Vec<u8>) -> Result<(), String> {
        to.extend_from_slice(b"{\"key\":");
        self.push_key(to)?;
        to.extend_from_slice(b",\"value\":");
        match self.value {
            Some(column) => match (self.field(column), self.shape.value) {
                (Some(field), format) => push_as(format, field, to)?,
                (None, FormatName::Json) => to.extend_from_slice(b"null"),
                (None, format) => return Err(format!("the value is null, which {format} has not")),
            },
            None => self.push_object(0..self.names.len(), to),
        }
        to.extend_from_slice(b"}\n");
        Ok(())
    }

    fn push_key(&self, to: &mut Vec<u8>) -> Result<(), String> {
        let parts: Option<Vec<&str>> = self.key.iter().map(|&column| self.field(column)).collect();
        let Some(parts) = parts else { return Err("the key is null".to_owned()) };
        match (&parts[..], self.shape.key) {
            ([field], format) => push_as(format, field, to),
            (_, FormatName::Json) => {
                self.push_object(self.key.iter().copied(), to);
                Ok(())
            }
            (parts, format) => push_as(format, &parts.join(&self.reading.separator), to),
        }
    }

    fn push_object(&self, columns: impl Iterator<Item = usize>, to: &mut Vec<u8>) {
        to.push(b'{');
        for (i, column) in columns.enumerate() {
            if i > 0 {
                to.push(b',');
            }
            to.extend_from_slice(&self.names[column]);
            match self.field(column) {
                Some(field) => push_json(field, to),
                None => to.extend_from_slice(b"null"),
            }
        }
        to.push(b'}');
    }

    /// `None`: null.
    fn field(&self, column: usize) -> Option<&str> {
        self.record.get(column).filter(|field| Some(*field) != self.reading.null.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        text: &str,
        key: &[&str],
        value: Option<&str>,
        formats: (FormatName, FormatName),
    ) -> Result<String, String> {
        let reading = Reading {
            key: key.iter().map(|&column| column.to_owned()).collect(),
            separator: "+".to_owned(),
            value: value.map(str::to_owned),
            null: Some("NA".to_owned()),
            delimiter: b',',
        };
        let source: Source = Box::new(std::io::Cursor::new(text.to_owned()));
        let shape = Shape { key: formats.0, value: formats.1 };
        let mut rows = CsvRows::new(source, reading, shape).map_err(|failure| failure.message)?;
        let mut to = Vec::new();
        loop {
            match rows.next(&mut to) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(String::from_utf8(to).unwrap()),
                Err(bad) => return Err(format!("line {}: {}", bad.line, bad.problem)),
            }
        }
    }

    const TEXT_JSON: (FormatName, FormatName) = (FormatName::String, FormatName::Json);

    #[test]
    fn rows_become_json() {
        let planes = "\u{feff}tailnum,year,speed,model\nN1,2004,NA,737\nN2,007,1.5,\"a \"\"b\"\"\nc\"\n";
        for (key, value, formats, lines) in [
            (
                &["tailnum"][..],
                None,
                TEXT_JSON,
                "{\"key\":\"N1\",\"value\":{\"tailnum\":\"N1\",\"year\":2004,\"speed\":null,\"model\":737}}\n\
                 {\"key\":\"N2\",\"value\":{\"tailnum\":\"N2\",\"year\":\"007\",\"speed\":1.5,\"model\":\"a \\\"b\\\"\\nc\"}}\n",
            ),
            (
                &["tailnum", "year"],
                Some("model"),
                (FormatName::String, FormatName::String),
                "{\"key\":\"N1+2004\",\"value\":\"737\"}\n{\"key\":\"N2+007\",\"value\":\"a \\\"b\\\"\\nc\"}\n",
            ),
            (
                &["tailnum", "year"],
                Some("speed"),
                (FormatName::Json, FormatName::Json),
                "{\"key\":{\"tailnum\":\"N1\",\"year\":2004},\"value\":null}\n\
                 {\"key\":{\"tailnum\":\"N2\",\"year\":\"007\"},\"value\":1.5}\n",
            ),
        ] {
            assert_eq!(load(planes, key, value, formats).as_deref(), Ok(lines));
        }
        let numbers = (FormatName::Bigint, FormatName::Double);
        assert_eq!(
            load("id,x\n5,1.50\n", &["id"], Some("x"), numbers).as_deref(),
            Ok("{\"key\":5,\"value\":1.50}\n")
        );
    }

    #[test]
    fn bad_rows_say_their_line() {
        for (text, key, problem) in [
            ("a,b\n1,2\n3\n", &["a"][..], "line 3: 1 fields where the heading has 2"),
            ("a,b\n1,2\nNA,2\n", &["a"], "line 3: the key is null"),
            ("a,b\n1,2\n", &["c"], "the heading has no column \"c\""),
            ("a,a\n1,2\n", &["a"], "the heading has \"a\" twice"),
            ("a,b\n1,2\n", &[], "CSV needs --key COLUMN[,COLUMN...]: the columns that make the key"),
        ] {
            assert_eq!(load(text, key, None, TEXT_JSON).unwrap_err(), problem);
        }
        let string = (FormatName::String, FormatName::String);
        assert!(load("a,b\n1,2\n", &["a"], None, string).unwrap_err().contains("--value"));
        let int = (FormatName::Int, FormatName::Json);
        assert_eq!(
            load("a,b\nx,2\n", &["a"], None, int).unwrap_err(),
            "line 2: \"x\" is no number, the table's format is int"
        );
    }
}
