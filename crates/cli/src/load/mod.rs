//! From a file to the lines that `rows:load` takes.
mod body;
mod csv;
mod field;
mod ndjson;
mod source;

use std::collections::VecDeque;

use lentic::types::FormatName;

pub use body::{LoadBody, Progress};
pub use source::{Source, open};

use crate::failure::Failure;

/// What a table takes.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub key: FormatName,
    pub value: FormatName,
}

/// How the input is to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Columns or fields that make the key; empty: NDJSON lines are `{"key","value"}` already.
    pub key: Vec<String>,
    /// Between the parts of a key of several columns.
    pub separator: String,
    /// The column that is the value; `None`: the whole row, as an object.
    pub value: Option<String>,
    /// The field that stands for JSON's null.
    pub null: Option<String>,
    /// Between the fields of CSV.
    pub delimiter: u8,
}

/// A row of the input that can't be loaded.
#[derive(Debug)]
pub struct BadRow {
    /// In the file, from 1.
    pub line: u64,
    pub problem: String,
}

/// Rows of an input, as lines of `rows:load`.
pub enum Rows {
    Csv(csv::CsvRows),
    Ndjson(ndjson::NdjsonRows),
}

impl Rows {
    pub fn csv(source: Source, reading: Reading, shape: Shape) -> Result<Self, Failure> {
        csv::CsvRows::new(source, reading, shape).map(Self::Csv)
    }

    pub fn ndjson(source: Source, reading: Reading, shape: Shape) -> Self {
        Self::Ndjson(ndjson::NdjsonRows::new(source, reading, shape))
    }

    /// Appends the next row and a newline to `to`; answers the line of the file it begins at, `None` at the end.
    fn next(&mut self, to: &mut Vec<u8>) -> Result<Option<u64>, BadRow> {
        match self {
            Self::Csv(rows) => rows.next(to),
            Self::Ndjson(rows) => rows.next(to),
        }
    }
}

/// Which line of the file a row came from, kept only where the two drift apart, and not for ever.
#[derive(Debug, Default)]
pub struct Lines {
    /// (row, line), both from 1, ascending.
    drifts: VecDeque<(u64, u64)>,
}

impl Lines {
    const MOST: usize = 1 << 16;

    fn note(&mut self, row: u64, line: u64) {
        let drift = |&(row, line): &(u64, u64)| line.wrapping_sub(row);
        if self.drifts.back().map(drift) != Some(line.wrapping_sub(row)) {
            self.drifts.push_back((row, line));
            if self.drifts.len() > Self::MOST {
                self.drifts.pop_front();
            }
        }
    }

    /// The line of the file that row `row` begins at.
    pub fn line_of(&self, row: u64) -> Option<u64> {
        let after = self.drifts.partition_point(|&(first, _)| first <= row);
        let (first, line) = *self.drifts.get(after.checked_sub(1)?)?;
        Some(line + (row - first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_rows() {
        let mut lines = Lines::default();
        // A heading, and a row of three lines.
        for (row, line) in [(1, 2), (2, 3), (3, 6), (4, 7)] {
            lines.note(row, line);
        }
        for (row, line) in [(1, 2), (2, 3), (3, 6), (4, 7)] {
            assert_eq!(lines.line_of(row), Some(line));
        }
        assert_eq!(lines.drifts.len(), 2);
    }
}
