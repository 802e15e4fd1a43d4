//! Queries, and records of topics, as they come.
use std::io;
use std::time::Instant;

use lentic_ksql_api::{Event, ResultHeader, Values};

use super::outcome::Outcome;
use super::shell::Shell;
use crate::failure::Failure;
use crate::http::Answer;
use crate::interrupt::Reason;
use crate::options::OutputFormat;
use crate::render::{RowsAsJson, RowsAsTable, printable};

/// Why a query has ended.
enum End {
    /// There are no more rows; perhaps the server said why.
    Complete(Option<String>),
    /// As many were shown as may be.
    Limit,
    /// It failed, or the wait was ended.
    Failed(Failure),
}

/// Rows of one query.
enum Rows {
    Table(RowsAsTable),
    Json(RowsAsJson),
}

impl Shell {
    /// Shows the rows of a query until it ends, or is ended; then it is closed on the server.
    pub(super) fn query(&mut self, statement: &str, live: bool) -> io::Result<Outcome> {
        self.interrupt.allow_until(self.limits.time.and_then(|time| Instant::now().checked_add(time)));
        let mut answer = match self.client.query(&self.session.request(statement)) {
            Ok(answer) => answer,
            Err(Failure::Ended(reason)) => return self.ended(reason, live),
            Err(failure) => return self.report(&failure, statement),
        };
        let mut header = None;
        let mut rows = None;
        let end = self.rows(&mut answer, live, &mut header, &mut rows)?;
        let mut text = String::new();
        if matches!(end, End::Failed(Failure::Ended(Reason::Pressed))) && self.output.is_terminal() {
            // The terminal shows ^C.
            text.push('\n');
        }
        if let Some(Rows::Table(rows)) = &mut rows {
            rows.end(&mut text);
        }
        self.output.show(&text)?;
        if !matches!(end, End::Complete(_)) {
            // The connection first: a server that watches it closes the query by itself.
            drop(answer);
            // That it is ended is known; closing it is not to be ended, too.
            self.interrupt.reset();
            if let Some(id) = header.and_then(|header: ResultHeader| header.query_id) {
                self.client.close_query(&id);
            }
        }
        match end {
            End::Complete(message) => {
                if let (Some(message), OutputFormat::Table) = (message, self.session.output) {
                    self.output.line(&printable(&message))?;
                }
                Ok(Outcome::Done)
            }
            End::Limit => {
                self.output.remark("there may be more rows: the limit of rows is reached")?;
                Ok(Outcome::Done)
            }
            End::Failed(Failure::Ended(reason)) => self.ended(reason, live),
            End::Failed(failure) => self.report(&failure, statement),
        }
    }

    /// The rows of an answer up to its end.
    fn rows(
        &mut self,
        answer: &mut Answer,
        live: bool,
        header: &mut Option<ResultHeader>,
        rows: &mut Option<Rows>,
    ) -> io::Result<End> {
        let mut shown = 0;
        let mut message = None;
        loop {
            let mut text = String::new();
            let end = loop {
                let event = match answer.ready() {
                    Ok(Some(event)) => event,
                    Ok(None) => break None,
                    Err(failure) => break Some(End::Failed(failure)),
                };
                match event {
                    Event::Header(columns) => {
                        *rows = Some(self.begin(&columns, live, &mut text));
                        *header = Some(columns);
                    }
                    Event::Row(values) => add(rows, &values, false, &mut text),
                    Event::Tombstone(values) => add(rows, &values, true, &mut text),
                    Event::Final(said) => {
                        message = Some(said);
                        continue;
                    }
                    Event::Error(error) => break Some(End::Failed(Failure::Refused(error))),
                    _ => continue,
                }
                shown += u64::from(rows.is_some());
                // The header was counted, too.
                if self.limits.rows.is_some_and(|limit| shown > limit) {
                    break Some(End::Limit);
                }
            };
            // All that has come is shown before more is waited for.
            self.output.show(&text)?;
            if let Some(end) = end {
                return Ok(end);
            }
            match answer.wait() {
                Ok(true) => {}
                Ok(false) => return Ok(End::Complete(message)),
                Err(failure) => return Ok(End::Failed(failure)),
            }
            if let Some(reason) = self.interrupt.reason() {
                // Rows that never cease leave no wait that could be ended.
                return Ok(End::Failed(Failure::Ended(reason)));
            }
        }
    }

    fn begin(&self, header: &ResultHeader, live: bool, text: &mut String) -> Rows {
        match self.session.output {
            OutputFormat::Json => Rows::Json(RowsAsJson::new(&header.columns)),
            OutputFormat::Table => {
                let page = self.output.page(self.session.wrap);
                let mut rows = RowsAsTable::new(&header.columns, live, page);
                rows.begin(text);
                Rows::Table(rows)
            }
        }
    }

    /// Shows the records of a topic until there are no more, or the wait is ended.
    pub(super) fn print(&mut self, statement: &str) -> io::Result<Outcome> {
        self.interrupt.allow_until(self.limits.time.and_then(|time| Instant::now().checked_add(time)));
        let mut lines = match self.client.print(&self.session.request(statement)) {
            Ok(lines) => lines,
            Err(Failure::Ended(reason)) => return self.ended(reason, true),
            Err(failure) => return self.report(&failure, statement),
        };
        let mut shown = 0;
        loop {
            match lines.wait() {
                Ok(Some(lines)) => {
                    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
                        self.output.line(&printable(line))?;
                        // The first lines may say what the formats are.
                        shown += u64::from(line.starts_with("rowtime"));
                        if self.limits.rows.is_some_and(|limit| shown >= limit) {
                            return Ok(Outcome::Done);
                        }
                    }
                }
                Ok(None) => return Ok(Outcome::Done),
                Err(Failure::Ended(reason)) => return self.ended(reason, true),
                Err(failure) => return self.report(&failure, statement),
            }
        }
    }

    /// A query was ended: by who looked at it, which is how those end that would go on for ever, or by its time.
    fn ended(&mut self, reason: Reason, live: bool) -> io::Result<Outcome> {
        match reason {
            Reason::Pressed => {
                self.output.remark("the query was stopped")?;
                Ok(Outcome::Interrupted)
            }
            Reason::TimedOut if live => {
                self.output.remark("the query was stopped: it has had its time")?;
                Ok(Outcome::Done)
            }
            Reason::TimedOut => self.failed("the query has not ended in the time that it was given"),
        }
    }
}

fn add(rows: &mut Option<Rows>, values: &Values, is_tombstone: bool, text: &mut String) {
    match rows {
        Some(Rows::Table(rows)) => rows.row(values, is_tombstone, text),
        Some(Rows::Json(rows)) => rows.row(values, is_tombstone, text),
        // A row before the header has no columns.
        None => {}
    }
}
