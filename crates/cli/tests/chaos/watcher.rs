//! Watches that come back where they were, through whichever node.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::front::{Front, lock};
use crate::harness::Request;
use crate::harness::http::Event;
use crate::record::{Place, Record, place};

/// What a watch has told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The rows at the beginning.
    pub rows: BTreeMap<String, (Place, Option<String>)>,
    /// By partition: where the changes begin.
    pub from: Vec<u64>,
    pub changes: Vec<Record>,
    /// How often it came back.
    pub returns: usize,
    /// What should not have come.
    pub broken: Vec<String>,
    id: Option<String>,
}

impl Told {
    /// By partition: the offset of the last change.
    pub fn last(&self) -> BTreeMap<u32, u64> {
        self.changes.iter().map(|((partition, offset), ..)| (*partition, *offset)).collect()
    }

    fn hear(&mut self, event: &Event) {
        match event.event.as_str() {
            "put" | "delete" => {
                let row = event.json();
                let place = place(row["token"].as_str().expect("a token"));
                let (key, value) = (row["key"].as_str().expect("a key").to_owned(), row.get("value"));
                let value = value.map(ToString::to_string);
                if event.id.is_some() {
                    self.changes.push((place, key, value));
                } else if self.rows.insert(key, (place, value)).is_some() {
                    self.broken.push(format!("a row was told twice: {event:?}"));
                }
            }
            "snapshot-end" => self.from = positions(event.id.as_deref().expect("an id")),
            // After an error it comes back.
            "heartbeat" | ":" | "error" => {}
            _ => self.broken.push(format!("{event:?}")),
        }
        if event.id.is_some() {
            self.id.clone_from(&event.id);
        }
    }
}

/// By partition, from `w1.tag.time.offset-offset...`.
fn positions(id: &str) -> Vec<u64> {
    let offsets = id.split('.').nth(3).expect(id);
    offsets.split('-').map(|offset| offset.parse().expect("a number")).collect()
}

/// Watches from its rows on until nobody listens any more: `None` in `told`.
pub fn watch(front: &Front, first: String, told: &Mutex<Option<Told>>) {
    let mut url = first;
    loop {
        let Some(id) = lock(told).as_ref().map(|told| told.id.clone()) else { return };
        let mut request = Request::new("GET", format!("{url}/v1/tables/t/watch"));
        if let Some(id) = &id {
            request = request.header("last-event-id", id);
        }
        if let Ok(mut lines) = request.try_lines()
            && lines.status == 200
        {
            while let Some(event) = lines.next_event() {
                let mut told = lock(told);
                let Some(told) = told.as_mut() else { return };
                told.hear(&event);
            }
        }
        if let Some(told) = lock(told).as_mut() {
            told.returns += 1;
            // Rows that were cut off are told anew.
            if told.id.is_none() {
                told.rows.clear();
            }
        }
        std::thread::sleep(Duration::from_millis(50));
        url = front.url();
    }
}
