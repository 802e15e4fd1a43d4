//! `lentic load`
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use lentic::types::FormatName;
use serde::Deserialize;

use crate::client::{Client, Connection, body, header};
use crate::failure::Failure;
use crate::key::part;
use crate::load::{LoadBody, Progress, Reading, Rows, Shape, open};
use crate::output::{Output, grouped, note};

/// Write the rows of a file: CSV or NDJSON, also gzipped
///
/// CSV has a heading. The value of a row is an object of all its columns, or with --value the one column; a field
/// becomes a number only if it would be printed back identically (007 and 1.50 stay texts). NDJSON is what
/// `lentic scan` prints, {"key":..,"value":..} or {"key":..,"delete":true}, or with --key any objects.
/// It stops at the first bad row; the rows before it are written.
#[derive(Args, Debug)]
pub struct Load {
    /// The table
    table: String,
    /// The file; - is standard input
    file: PathBuf,
    /// Columns that make the key, separated by commas; those of a string key are joined by the separator,
    /// those of a JSON key become an object
    #[arg(long, value_delimiter = ',', value_name = "COLUMN")]
    key: Vec<String>,
    /// Between the columns of a key
    #[arg(long, default_value = "+", value_name = "TEXT")]
    key_separator: String,
    /// The column that is the value, instead of an object of all
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    /// The field that stands for null, for example NA
    #[arg(long, value_name = "TEXT")]
    null: Option<String>,
    /// What the file is; left out: by its name, else by its first character
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Between the fields of CSV; tab for .tsv
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// What happens to a row that the node refuses
    #[arg(long, value_enum, default_value_t)]
    on_error: OnError,
    /// One JSON object at the end
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Ndjson,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// The load ends
    #[default]
    Stop,
    /// It is reported, the load goes on
    Skip,
}

/// What the node says at the end, whether all went well or not.
#[derive(Debug, Default, Deserialize)]
struct Outcome {
    #[serde(default)]
    written: u64,
    /// Of the line that was refused, from 1.
    line: Option<u64>,
    /// With `on-error=skip`.
    #[serde(default)]
    skipped: u64,
    #[serde(default)]
    errors: Vec<Refused>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    line: u64,
    message: String,
}

impl Load {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection.clone())?;
        let shape = shape(&client, &self.table)?;
        let opened = open(&self.file).map_err(|error| {
            Failure::failed("input_unreadable", format!("{}: {error}", self.file.display()))
        })?;
        let rows = match self.file_format(opened.first) {
            FileFormat::Csv => Rows::csv(opened.source, self.reading()?, shape)?,
            FileFormat::Ndjson => Rows::ndjson(opened.source, self.reading()?, shape),
        };
        let begin = Instant::now();
        let progress = Arc::new(Progress::default());
        let shown = Shown::start(opened.size, opened.read, Arc::clone(&progress));
        let mut sent = LoadBody::new(rows, progress, client.stopped_reading());
        let skip = if self.on_error == OnError::Skip { "?on-error=skip" } else { "" };
        let path = format!("/v1/tables/{}/rows:load{skip}", part(&self.table));
        let request = client.request("POST", &path).header("content-type", "application/x-ndjson");
        let answer = client.stream(request, &mut sent);
        shown.finish();
        let (bad, lines) = sent.finish();
        let answer = answer?;
        let status = answer.status();
        let code = header(&answer, "lentic-error");
        let said = body(answer)?;
        let outcome: Outcome = serde_json::from_slice(&said).unwrap_or_default();
        let place =
            |row: u64| lines.line_of(row).map_or_else(|| format!("row {row}"), |line| format!("line {line}"));
        let before = || format!("{} rows before it are written", grouped(outcome.written));
        if !status.is_success() {
            let mut failure = Failure::from_answer(status.as_u16(), code.as_deref(), &said);
            if let Some(row) = outcome.line {
                // The node counts the rows that it got, people the lines of their file.
                let counted = format!("line {row}: ");
                let problem = failure.message.strip_prefix(&counted).unwrap_or(&failure.message);
                failure.message = format!("{}: {problem} ({})", place(row), before());
            }
            return Err(failure);
        }
        for refused in &outcome.errors {
            note(&format!("{}: {}", place(refused.line), refused.message));
        }
        if let Some(bad) = bad {
            let problem = format!("line {}: {} ({})", bad.line, bad.problem, before());
            return Err(Failure::failed("input_invalid", problem));
        }
        if self.json || !out.terminal() {
            out.line(String::from_utf8_lossy(&said).trim_end())?;
        } else {
            out.line(&summary(&outcome, begin.elapsed()))?;
        }
        if outcome.skipped > 0 {
            return Err(Failure::failed(
                "rows_skipped",
                format!("{} rows were refused", grouped(outcome.skipped)),
            ));
        }
        Ok(())
    }

    fn file_format(&self, first: Option<u8>) -> FileFormat {
        if let Some(format) = self.format {
            return format;
        }
        match self.extension().as_deref() {
            Some("csv" | "tsv") => FileFormat::Csv,
            Some("ndjson" | "jsonl" | "json") => FileFormat::Ndjson,
            _ if first == Some(b'{') => FileFormat::Ndjson,
            _ => FileFormat::Csv,
        }
    }

    /// Without `.gz`.
    fn extension(&self) -> Option<String> {
        let name = self.file.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        name.rsplit_once('.').map(|(_, extension)| extension.to_owned())
    }

    fn reading(&self) -> Result<Reading, Failure> {
        let delimiter =
            self.delimiter.unwrap_or(if self.extension().as_deref() == Some("tsv") { '\t' } else { ',' });
        let delimiter = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        Ok(Reading {
            key: self.key.clone(),
            separator: self.key_separator.clone(),
            value: self.value.clone(),
            null: self.null.clone(),
            delimiter: delimiter.ok_or_else(|| Failure::usage("--delimiter: use an ASCII character"))?,
        })
    }
}

/// The formats of a table, which decide how fields are written.
fn shape(client: &Client, table: &str) -> Result<Shape, Failure> {
    #[derive(Deserialize)]
    struct Described {
        key: FormatName,
        value: FormatName,
    }
    let described: Described = client.json(&format!("/v1/tables/{}", part(table)))?;
    Ok(Shape { key: described.key, value: described.value })
}

fn summary(outcome: &Outcome, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let rate = outcome.written as f64 / seconds.max(1e-3);
    format!("{} rows written in {seconds:.1} s ({} rows/s)", grouped(outcome.written), grouped(rate as u64))
}

/// The bar on a terminal; nothing elsewhere.
struct Shown {
    bar: ProgressBar,
    done: Arc<AtomicBool>,
    painter: std::thread::JoinHandle<()>,
}

impl Shown {
    fn start(size: Option<u64>, read: Arc<AtomicU64>, progress: Arc<Progress>) -> Self {
        let bar = size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match size {
            Some(_) => "{bar:30} {percent:>3} %  {msg}  {eta} left",
            None => "{spinner} {msg}  {elapsed}",
        };
        // What indicatif can't read it shows in its own way.
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let done = Arc::new(AtomicBool::new(false));
        let (painted, ended) = (bar.clone(), Arc::clone(&done));
        let painter = std::thread::spawn(move || {
            let begin = Instant::now();
            while !ended.load(Ordering::Relaxed) {
                let rows = progress.rows.load(Ordering::Relaxed);
                let rate = rows as f64 / begin.elapsed().as_secs_f64().max(1e-3);
                painted.set_position(read.load(Ordering::Relaxed));
                painted.set_message(format!("{} rows, {} rows/s", grouped(rows), grouped(rate as u64)));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        Self { bar, done, painter }
    }

    fn finish(self) {
        self.done.store(true, Ordering::Relaxed);
        self.painter.thread().unpark();
        // The painter can't panic, and its bar is not needed to end well.
        let _ = self.painter.join();
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        let outcome = Outcome { written: 3_322, ..Outcome::default() };
        assert_eq!(
            summary(&outcome, Duration::from_millis(400)),
            "3,322 rows written in 0.4 s (8,305 rows/s)"
        );
    }
}
