//! The body of `rows:load`, made while it is sent.
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::{BadRow, Lines, Rows};

/// Bytes that are handed over at a time; `CHUNKS` of them wait at most.
const CHUNK: usize = 1 << 16;
const CHUNKS: usize = 16;

/// What was sent so far, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Rows handed to the connection.
    pub rows: AtomicU64,
}

/// Rows as a body. Reading the input and sending it overlap: they run in two threads.
pub struct LoadBody {
    chunks: Receiver<(Vec<u8>, u64)>,
    chunk: Vec<u8>,
    at: usize,
    progress: Arc<Progress>,
    cut: Arc<AtomicBool>,
    lines: Arc<Mutex<Lines>>,
    producer: JoinHandle<Option<BadRow>>,
}

impl LoadBody {
    /// `cut`: the node has stopped reading, so the body ends.
    pub fn new(rows: Rows, progress: Arc<Progress>, cut: Arc<AtomicBool>) -> Self {
        let (send, chunks) = sync_channel(CHUNKS);
        let lines = Arc::new(Mutex::new(Lines::default()));
        let noted = Arc::clone(&lines);
        let producer = std::thread::spawn(move || produce(rows, &noted, |chunk| send.send(chunk).is_ok()));
        Self { chunks, chunk: Vec::new(), at: 0, progress, cut, lines, producer }
    }

    /// After sending: the row of the input that could not be read, and the lines that the rows came from.
    pub fn finish(self) -> (Option<BadRow>, Lines) {
        // Without a receiver the producer ends with its next chunk.
        drop(self.chunks);
        let bad = self.producer.join().unwrap_or_default();
        let lines = self.lines.lock().map(|mut lines| std::mem::take(&mut *lines)).unwrap_or_default();
        (bad, lines)
    }
}

impl Read for LoadBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cut.load(Ordering::Relaxed) {
            return Ok(0);
        }
        while self.at == self.chunk.len() {
            let Ok((chunk, rows)) = self.chunks.recv() else { return Ok(0) };
            self.progress.rows.fetch_add(rows, Ordering::Relaxed);
            self.chunk = chunk;
            self.at = 0;
        }
        let n = buffer.len().min(self.chunk.len() - self.at);
        buffer[..n].copy_from_slice(&self.chunk[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Until the input ends, a row can't be read (the answer), or nobody takes the chunks any more.
fn produce(
    mut rows: Rows,
    lines: &Mutex<Lines>,
    mut hand: impl FnMut((Vec<u8>, u64)) -> bool,
) -> Option<BadRow> {
    let mut row = 0;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 8);
        let mut count = 0;
        let mut end = None;
        {
            let mut lines = lines.lock().ok()?;
            while chunk.len() < CHUNK && end.is_none() {
                match rows.next(&mut chunk) {
                    Ok(Some(line)) => {
                        row += 1;
                        count += 1;
                        lines.note(row, line);
                    }
                    Ok(None) => end = Some(None),
                    Err(bad) => end = Some(Some(bad)),
                }
            }
        }
        let taken = chunk.is_empty() || hand((chunk, count));
        match end {
            Some(end) => return end,
            None if !taken => return None,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, Shape, Source};
    use super::*;
    use lentic::types::FormatName;

    fn body(text: String, cut: bool) -> LoadBody {
        let reading = Reading {
            key: vec!["a".to_owned()],
            separator: "+".to_owned(),
            value: None,
            null: None,
            delimiter: b',',
        };
        let source: Source = Box::new(io::Cursor::new(text));
        let shape = Shape { key: FormatName::String, value: FormatName::Json };
        let rows = Rows::csv(source, reading, shape).unwrap();
        LoadBody::new(rows, Arc::default(), Arc::new(AtomicBool::new(cut)))
    }

    #[test]
    fn all_rows_come_and_the_bad_one_ends_it() {
        let text = format!("a\n{}", "x\n".repeat(100_000));
        let mut all = body(text.clone(), false);
        let mut read = String::new();
        all.read_to_string(&mut read).unwrap();
        assert_eq!(read.lines().count(), 100_000);
        assert_eq!(all.progress.rows.load(Ordering::Relaxed), 100_000);
        let (bad, lines) = all.finish();
        assert!(bad.is_none());
        assert_eq!(lines.line_of(100_000), Some(100_001));

        let mut broken = body(text + "y,z\nx\n", false);
        read.clear();
        broken.read_to_string(&mut read).unwrap();
        assert_eq!(read.lines().count(), 100_000);
        assert_eq!(broken.finish().0.unwrap().line, 100_002);
    }

    #[test]
    fn a_node_that_stops_reading_ends_it() {
        let mut cut = body(format!("a\n{}", "x\n".repeat(1_000_000)), true);
        assert_eq!(cut.read(&mut [0; 10]).unwrap(), 0);
        assert!(cut.finish().0.is_none());
    }
}
