//! `lentic watch`
use std::io::BufRead;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::scan::Shown;
use crate::client::{Client, Connection};
use crate::failure::{Exit, Failure};
use crate::key::{part, query};
use crate::output::{Output, note};

/// Print a table's rows, then every change as it happens
///
/// In a pipe: one {"event":"put","key":..,"value":..,"timestamp":..,"token":..} per line. A connection that breaks is
/// opened again, where the last one ended: no change is missed and none comes twice.
#[derive(Args, Debug)]
pub struct Watch {
    /// The table
    table: String,
    /// Only this key
    #[arg(long, conflicts_with = "prefix", allow_hyphen_values = true)]
    key: Option<String>,
    /// Only keys that begin with this
    #[arg(long)]
    prefix: Option<String>,
    /// Only changes from now on, not the rows as they are
    #[arg(long)]
    no_snapshot: bool,
    /// End after this many changes
    #[arg(long, value_name = "CHANGES")]
    count: Option<u64>,
    /// JSON lines, on a terminal too
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What a watch has seen so far.
#[derive(Default)]
struct Seen {
    last_id: Option<String>,
    changes: u64,
    /// The rows as they are come now, not changes.
    snapshot: bool,
}

impl Watch {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection.clone())?;
        let mut seen = Seen::default();
        let mut opened = false;
        let mut pause = Duration::from_millis(100);
        loop {
            let before = seen.last_id.clone();
            match self.follow(&client, out, &mut seen, &mut opened) {
                Ok(true) => return Ok(()),
                Ok(false) => note("the node ended the watch; opening it again"),
                // What the node can't do now it may do later; what it refuses it will refuse again.
                Err(failure) if opened && failure.exit == Exit::Unavailable => {
                    note(&format!("{}; opening the watch again", failure.message));
                }
                Err(failure) => return Err(failure),
            }
            pause = if seen.last_id == before {
                (pause * 2).min(Duration::from_secs(5))
            } else {
                Duration::from_millis(100)
            };
            std::thread::sleep(pause);
        }
    }

    /// One connection. True: enough changes have come.
    fn follow(
        &self,
        client: &Client,
        out: &mut Output,
        seen: &mut Seen,
        opened: &mut bool,
    ) -> Result<bool, Failure> {
        let snapshot = (self.no_snapshot).then(|| "false".to_owned());
        let pairs = [("key", self.key.clone()), ("prefix", self.prefix.clone()), ("snapshot", snapshot)];
        let pairs: Vec<_> = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let path = format!("/v1/tables/{}/watch{}", part(&self.table), query(&pairs));
        let mut request = client.request("GET", &path).header("accept", "text/event-stream");
        if let Some(id) = &seen.last_id {
            request = request.header("last-event-id", id);
        }
        let mut lines = client.listen(request)?;
        *opened = true;
        seen.snapshot = !self.no_snapshot && seen.last_id.is_none();
        while let Some(event) = next_event(&mut lines)? {
            self.print(out, seen, &event)?;
            if event.id.is_some() {
                seen.last_id.clone_from(&event.id);
            }
            if self.count.is_some_and(|count| seen.changes >= count) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn print(&self, out: &mut Output, seen: &mut Seen, event: &Event) -> Result<(), Failure> {
        let for_people = out.terminal() && !self.json;
        match event.name.as_str() {
            "snapshot-end" => {
                seen.snapshot = false;
                if for_people {
                    note("-- these are the rows; changes follow --");
                }
            }
            "reset" => {
                seen.snapshot = true;
                // The rows come again: whoever keeps them must drop those that he has.
                if for_people {
                    note("-- too much was missed; the rows come anew --");
                } else {
                    out.line("{\"event\":\"reset\"}")?;
                }
            }
            "error" | "closed" => {
                let said: Value = serde_json::from_str(&event.data).unwrap_or_default();
                let reason = said.pointer("/error/message").or(said.get("message")).or(said.get("reason"));
                note(&format!("the node says: {}", reason.and_then(Value::as_str).unwrap_or(&event.data)));
            }
            _ if event.data.is_empty() => {}
            name => {
                let name = if name.is_empty() || name == "message" || name == "row" { "put" } else { name };
                seen.changes += u64::from(!seen.snapshot);
                out.line(&if for_people { shown(name, &event.data) } else { spliced(name, &event.data) })?;
            }
        }
        out.flush()
    }
}

/// One server-sent event.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    data: String,
    id: Option<String>,
}

/// The next event; `None` at the end. One that the connection cuts off is dropped.
fn next_event(lines: &mut impl BufRead) -> Result<Option<Event>, Failure> {
    let mut event = Event::default();
    let mut any = false;
    let mut line = String::new();
    loop {
        line.clear();
        let read = lines.read_line(&mut line);
        let read = read.map_err(|error| {
            Failure::new(Exit::Unavailable, "watch_cut", format!("the watch broke off: {error}"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        let text = line.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            if any {
                return Ok(Some(event));
            }
            continue;
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        any |= !field.is_empty();
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data += value;
            }
            // A comment, or a field that is not ours.
            _ => {}
        }
    }
}

/// The change as one JSON object, its numbers as they came.
fn spliced(name: &str, data: &str) -> String {
    match data.trim_start().strip_prefix('{').map(str::trim_start) {
        Some("}") => format!("{{\"event\":\"{name}\"}}"),
        Some(rest) => format!("{{\"event\":\"{name}\",{rest}"),
        None => format!("{{\"event\":\"{name}\",\"data\":{}}}", Value::from(data)),
    }
}

fn shown(name: &str, data: &str) -> String {
    match Shown::of(data) {
        Some(change) => {
            format!("{name:<6}  {}  {}", change.key, change.value.unwrap_or_default()).trim_end().to_owned()
        }
        None => format!("{name:<6}  {data}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        let stream = "data: {\"key\":\"a\"}\n\nevent: snapshot-end\nid: 1\ndata: {}\n\n: comment\n\nid: 2\n\n\
                      event: put\r\nid: 3\r\ndata: {\"key\":\"b\",\"value\":1}\r\n\r\nevent: cut\n";
        let mut lines = stream.as_bytes();
        let mut events = Vec::new();
        while let Some(event) = next_event(&mut lines).unwrap() {
            events.push((event.name, event.data, event.id.unwrap_or_default()));
        }
        let event = |name: &str, data: &str, id: &str| (name.to_owned(), data.to_owned(), id.to_owned());
        assert_eq!(
            events,
            [
                event("", "{\"key\":\"a\"}", ""),
                event("snapshot-end", "{}", "1"),
                event("", "", "2"),
                event("put", "{\"key\":\"b\",\"value\":1}", "3"),
            ]
        );
    }

    #[test]
    fn lines() {
        let data = r#"{"key":"b","value":1.50}"#;
        assert_eq!(spliced("put", data), r#"{"event":"put","key":"b","value":1.50}"#);
        assert_eq!(spliced("reset", "{}"), r#"{"event":"reset"}"#);
        assert_eq!(shown("put", data), "put     b  1.50");
        assert_eq!(shown("delete", r#"{"key":"b"}"#), "delete  b");
    }
}
