//! `lentic scan`
use std::ffi::OsStr;
use std::io::BufRead as _;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::demand::Demand;
use crate::client::{Client, Connection, body, decode};
use crate::failure::{Exit, Failure};
use crate::key::{KeyEncoding, part, query, row_path};
use crate::output::{Output, columns, note};

/// Print rows in key order, over all partitions
///
/// In a pipe: one {"key":..,"value":..} per line, what `lentic load` takes (scan --all makes a backup).
/// Without --limit or --all it stops after 100 rows, and says so.
#[derive(Args, Debug)]
pub struct Scan {
    /// The table
    table: String,
    /// Keys that begin with this
    #[arg(long, conflicts_with_all = ["from", "to"])]
    prefix: Option<String>,
    /// Of windowed tables: the windows of this key, oldest first
    #[arg(long, conflicts_with = "prefix")]
    key: Option<String>,
    /// First key, inclusive; of windowed tables when the first windows start (milliseconds or RFC 3339)
    #[arg(long, allow_hyphen_values = true)]
    from: Option<String>,
    /// End, exclusive; of windowed tables a time
    #[arg(long, allow_hyphen_values = true)]
    to: Option<String>,
    /// At most this many rows
    #[arg(long, value_name = "ROWS", default_value_t = 100)]
    limit: usize,
    /// All rows
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// In which order
    #[arg(long, value_enum, default_value_t)]
    order: Order,
    /// The same as --order desc
    #[arg(long, conflicts_with = "order")]
    reverse: bool,
    /// Rows with timestamp and token, one object per line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    demand: Demand,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Order {
    /// Smallest key first
    #[default]
    Asc,
    /// Largest key first
    Desc,
}

#[derive(Deserialize)]
struct Page {
    rows: Vec<Box<RawValue>>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Rows per request.
const PAGE: usize = 1_000;

impl Scan {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection.clone())?;
        let most = if self.all { usize::MAX } else { self.limit };
        let complete = if self.json || out.terminal() {
            self.pages(&client, out, most)?
        } else {
            self.lines(&client, out, most)?
        };
        out.flush()?;
        if !complete {
            note(&format!("stopped after {most} rows; there are more: --limit ROWS or --all"));
        }
        Ok(())
    }

    /// Rows with all that is known of them, page by page. False: there are more.
    fn pages(&self, client: &Client, out: &mut Output, most: usize) -> Result<bool, Failure> {
        let mut left = most;
        let mut cursor = None;
        while left > 0 {
            let request = client.request("GET", &self.path(Some(left.min(PAGE)), cursor));
            let page: Page = decode(&body(client.ask(self.demand.put_on(request)?)?)?)?;
            left = left.saturating_sub(page.rows.len());
            self.print(out, &page.rows)?;
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lines as the node streams them. False: there are more.
    fn lines(&self, client: &Client, out: &mut Output, most: usize) -> Result<bool, Failure> {
        // One more than wanted tells whether there are more.
        let limit = (most < usize::MAX).then(|| most + 1);
        let request = client.request("GET", &self.path(limit, None)).header("accept", "application/x-ndjson");
        let mut lines = client.listen(self.demand.put_on(request)?)?;
        let mut line = Vec::new();
        for row in 0.. {
            line.clear();
            let read = lines.read_until(b'\n', &mut line);
            let cut =
                |error| Failure::new(Exit::Unavailable, "answer_cut", format!("the rows broke off: {error}"));
            if read.map_err(cut)? == 0 {
                break;
            }
            if row == most {
                return Ok(false);
            }
            out.value(&line)?;
        }
        Ok(true)
    }

    fn path(&self, limit: Option<usize>, cursor: Option<String>) -> String {
        let order = if self.reverse || self.order == Order::Desc { Some("desc".to_owned()) } else { None };
        let pairs = [
            ("prefix", self.prefix.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("order", order),
            ("limit", limit.map(|limit| limit.to_string())),
            ("cursor", cursor),
        ];
        let pairs: Vec<_> = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        match &self.key {
            None => format!("/v1/tables/{}/rows{}", part(&self.table), query(&pairs)),
            Some(key) => {
                let path = row_path(&self.table, OsStr::new(key), KeyEncoding::Text);
                let more = query(&pairs);
                if path.contains('?') { path + &more.replacen('?', "&", 1) } else { path + &more }
            }
        }
    }

    fn print(&self, out: &mut Output, rows: &[Box<RawValue>]) -> Result<(), Failure> {
        if self.json {
            return rows.iter().try_for_each(|row| out.line(&one_line(row.get())));
        }
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                Shown::of(row.get()).map_or_else(
                    || vec![one_line(row.get())],
                    |shown| vec![shown.key, shown.value.unwrap_or_default()],
                )
            })
            .collect();
        out.value(columns(&["KEY", "VALUE"], &cells).as_bytes())
    }
}

/// A row or a change as people see it.
pub struct Shown {
    pub key: String,
    pub value: Option<String>,
}

impl Shown {
    /// Of `{"key","value"}`; bytes that don't decode are shown in base64.
    pub fn of(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            key: Option<&'a RawValue>,
            #[serde(borrow)]
            key_base64: Option<&'a RawValue>,
            // `Some` also of JSON's null.
            #[serde(default, borrow, deserialize_with = "present")]
            value: Option<&'a RawValue>,
            #[serde(borrow)]
            value_base64: Option<&'a RawValue>,
            window: Option<Window>,
        }
        #[derive(Deserialize)]
        struct Window {
            start: i64,
            end: Option<i64>,
        }
        fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(
            from: D,
        ) -> Result<Option<&'a RawValue>, D::Error> {
            <&RawValue>::deserialize(from).map(Some)
        }
        let row: Row<'_> = serde_json::from_str(text).ok()?;
        let encoded = |value| format!("base64:{}", plain(value));
        let mut key = row.key.map(plain).or(row.key_base64.map(encoded))?;
        if let Some(Window { start, end }) = row.window {
            let end = end.map_or_else(String::new, |end| format!("..{end}"));
            key = format!("{key} @{start}{end}");
        }
        Some(Self { key, value: row.value.map(plain).or(row.value_base64.map(encoded)) })
    }
}

/// JSON text may have line breaks between its tokens, and only there.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// Text without its quotes, everything else as JSON.
fn plain(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| one_line(value.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_for_people() {
        for (row, key, value) in [
            (r#"{"key":"a","value":{"x":1.50},"timestamp":1}"#, "a", Some(r#"{"x":1.50}"#)),
            (r#"{"key":5,"value":null}"#, "5", Some("null")),
            (r#"{"key_base64":"/w==","value":"text"}"#, "base64:/w==", Some("text")),
            (r#"{"key":"a","value_base64":"AA=="}"#, "a", Some("base64:AA==")),
            (r#"{"key":"a","timestamp":1}"#, "a", None),
            (r#"{"key":"a","window":{"start":5,"end":9},"value":1}"#, "a @5..9", Some("1")),
            (r#"{"key":"a","window":{"start":5},"value":1}"#, "a @5", Some("1")),
        ] {
            let shown = Shown::of(row).unwrap();
            assert_eq!((shown.key.as_str(), shown.value.as_deref()), (key, value), "{row}");
        }
        assert_eq!(one_line("{\n  \"a\": 1\n}"), "{   \"a\": 1 }");
    }
}
