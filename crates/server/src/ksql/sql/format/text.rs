//! A table to look at: each column is as wide as its name or its first values need.
use lentic_ksql_api::ErrorBody;
use lentic_sql::plan::Row;
use lentic_sql::serde::SerdeError;

use super::csv::cells;
use crate::ksql::query::{Answer, Columns};

/// A column is at least as wide.
const LEAST: usize = 8;

#[derive(Default)]
pub(super) struct Text {
    widths: Vec<usize>,
}

impl Text {
    fn line(&mut self, cells: &[String], out: &mut Vec<u8>) {
        self.widths.resize(cells.len(), LEAST);
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&mut self.widths) {
            let cell = cell.replace('\n', " ");
            let length = cell.chars().count();
            *width = length.max(*width);
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', *width - length + 2));
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

impl Answer for Text {
    fn header(&mut self, _: &str, columns: &Columns, out: &mut Vec<u8>) {
        let names: Vec<_> = columns.columns.iter().map(|column| column.name.clone()).collect();
        self.line(&names, out);
    }

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        let cells = cells(row, columns)?;
        self.line(&cells, out);
        Ok(())
    }

    fn tombstone(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        let mut cells = cells(row, columns)?;
        cells.push("(gone)".to_owned());
        self.line(&cells, out);
        Ok(())
    }

    fn end(&mut self, _: Option<&str>, _: &mut Vec<u8>) {}

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("Error: {}\n", error.message).as_bytes());
    }
}
