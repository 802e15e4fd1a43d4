//! Writes with tokens, each read back with its own.
use std::time::Duration;

use crate::front::{Client, Front, Kind};
use crate::record::{Place, Record, place};

/// Keys of one writer.
const KEYS: usize = 10;

const PACE: Duration = Duration::from_millis(15);

/// What a writer was answered.
#[derive(Debug, Default)]
pub struct Written {
    pub acknowledged: Vec<Record>,
    /// Key and value of writes that were answered so that they must not be there.
    pub refused: Vec<(String, String)>,
    pub unknown: usize,
    /// Answers that were none, and what place they speak of.
    pub broken: Vec<(Place, String)>,
}

/// The key of a writer.
pub fn key(writer: usize, number: usize) -> String {
    format!("w{writer}-{}", number % KEYS)
}

/// Writes a value of its own to one key after the other, until the front says that it is over.
pub fn write(front: &Front, writer: usize) -> Written {
    let mut written = Written::default();
    let (mut writes, mut reads) = (Client::new(front, Kind::Write), Client::new(front, Kind::ReadBack));
    for number in 0.. {
        if front.is_over() {
            break;
        }
        let (key, value) = (key(writer, number), number.to_string());
        match writes.send("PUT", &key, |put| put.body(value.as_str())) {
            Some(answer) if answer.status == 200 => {
                let token = answer.header("lentic-token").expect("a token").to_owned();
                written.acknowledged.push((place(&token), key.clone(), Some(value)));
                read_back(&mut reads, &key, &token, &mut written.broken);
            }
            Some(answer) if answer.status == 503 => written.refused.push((key, value)),
            Some(answer) if answer.status != 504 => {
                written.broken.push(((0, 0), format!("{key} = {value}: {answer:?}")))
            }
            _ => written.unknown += 1,
        }
        std::thread::sleep(PACE);
    }
    written
}

/// The write with this token, or a later one.
fn read_back(reads: &mut Client<'_>, key: &str, token: &str, broken: &mut Vec<(Place, String)>) {
    let Some(read) = reads.send("GET", key, |get| get.header("lentic-at-least", token)) else { return };
    if read.status >= 500 {
        return;
    }
    let tag = read.header("etag").filter(|_| read.status == 200);
    if tag.is_none_or(|tag| place(tag) < place(token)) {
        broken.push((place(token), format!("{key} with {token}: {read:?}")));
    }
}
