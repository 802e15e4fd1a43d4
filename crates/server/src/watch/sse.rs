//! Server-Sent Events as text.
use lentic::{EventId, WatchEvent};

use crate::document::RowWriter;
use crate::error::Error;

/// Appends an event. Data is one line.
pub(super) fn event(name: &str, id: Option<&EventId>, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(b"\nid: ");
        out.extend_from_slice(id.to_string().as_bytes());
    }
    out.extend_from_slice(b"\ndata: ");
    data(out);
    out.extend_from_slice(b"\n\n");
}

/// Appends what a watch saw. `id` is the place after it, where one is known.
pub(super) fn change(change: &WatchEvent, id: Option<&EventId>, rows: &RowWriter<'_>, out: &mut Vec<u8>) {
    match change {
        WatchEvent::Put { key, value, timestamp, partition, offset, .. } => {
            event("put", id, out, |out| rows.put(key, value, *timestamp, *partition, *offset, out));
        }
        WatchEvent::Delete { key, timestamp, partition, offset } => {
            event("delete", id, out, |out| rows.delete(key, *timestamp, *partition, *offset, out));
        }
        // With some data: browsers pass over events that have none.
        WatchEvent::SnapshotEnd => snapshot_end(id, out),
        WatchEvent::Reset(why) => reset(why, out),
    }
}

/// Appends the end of the rows.
pub(super) fn snapshot_end(id: Option<&EventId>, out: &mut Vec<u8>) {
    event("snapshot-end", id, out, |out| out.extend_from_slice(b"{}"));
}

/// Appends that everything begins anew.
pub(super) fn reset(why: &str, out: &mut Vec<u8>) {
    let why = serde_json::json!({ "reason": why }).to_string();
    event("reset", None, out, |out| out.extend_from_slice(why.as_bytes()));
}

/// Appends a sign of life: the newest id, or a comment while there is none. Browsers take the id and show nothing.
pub(super) fn heartbeat(id: Option<&EventId>, out: &mut Vec<u8>) {
    match id {
        Some(_) => event("heartbeat", id, out, |_| {}),
        None => out.extend_from_slice(b": heartbeat\n\n"),
    }
}

/// Appends why the node ends the watch.
pub(super) fn error(error: &Error, out: &mut Vec<u8>) {
    let document = error.document().to_string();
    event("error", None, out, |out| out.extend_from_slice(document.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let id: EventId = "w1.00ab.1700000000000.3-0".parse().unwrap();
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            text(&|out| heartbeat(Some(&id), out)),
            "event: heartbeat\nid: w1.00ab.1700000000000.3-0\ndata: \n\n"
        );
        assert_eq!(text(&|out| heartbeat(None, out)), ": heartbeat\n\n");
        assert!(
            text(&|out| error(&Error::plain(crate::error::Code::Stopping), out))
                .starts_with("event: error\ndata: {\"error\":{\"code\":\"stopping\"")
        );
    }
}
