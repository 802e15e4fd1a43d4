//! The answer of a pull query, from the rows that are read for it.
use std::cmp::Ordering;

use lentic_topology::DataError;

use super::TablePull;
use super::group::States;
use crate::Value;
use crate::plan::row::Row;

/// Takes the rows that were read, in any order.
pub struct Collector<'a> {
    pull: &'a TablePull,
    /// What the answer is sorted by, and the row.
    rows: Vec<(Row, Row)>,
    states: States,
    sequence: i64,
}

impl<'a> Collector<'a> {
    pub(super) fn new(pull: &'a TablePull) -> Self {
        Self { pull, rows: Vec::new(), states: States::new(), sequence: 0 }
    }

    /// Takes a row as the store has it: the key with its window, the value, the time. False: no more rows are needed.
    pub fn add(&mut self, key: &[u8], value: &[u8], timestamp: i64) -> Result<bool, DataError> {
        let pull = self.pull;
        if self.is_full() {
            return Ok(false);
        }
        let Some((key, values)) = pull.view.row(key, value, timestamp)? else { return Ok(true) };
        let layout = pull.layout;
        let mut row = Row::with_capacity(layout.values + layout.keys + 5);
        row.extend(values);
        row.resize(layout.values, Value::Null);
        row.extend([Value::Bigint(timestamp), Value::Null, Value::Null]);
        row.extend_from_slice(&key.columns);
        if layout.is_windowed {
            let window = key.window;
            row.push(window.map_or(Value::Null, |window| Value::Bigint(window.start)));
            row.push(window.map_or(Value::Null, |window| Value::Bigint(window.end)));
        }
        if pull.filter.as_ref().is_some_and(|filter| !filter.holds(&row, &mut |_| {})) {
            return Ok(true);
        }
        match &pull.groups {
            Some(groups) => {
                groups.add(&row, self.sequence, &mut self.states);
                self.sequence += 1;
            }
            None => self.take(&row),
        }
        Ok(!self.is_full())
    }

    fn is_full(&self) -> bool {
        self.pull.enough().is_some_and(|limit| self.rows.len() >= limit)
    }

    fn take(&mut self, row: &Row) {
        let order = self.pull.order.iter().map(|(by, _)| by.evaluate(row, &mut |_| {})).collect();
        let items = self.pull.items.iter().map(|item| item.evaluate(row, &mut |_| {})).collect();
        self.rows.push((order, items));
    }

    /// The rows of the answer.
    pub fn finish(mut self) -> Vec<Row> {
        if let Some(groups) = &self.pull.groups {
            for row in groups.rows(std::mem::take(&mut self.states)) {
                self.take(&row);
            }
        }
        let order = &self.pull.order;
        self.rows.sort_by(|(one, _), (other, _)| {
            let pairs = one.iter().zip(other).zip(order);
            let compared = pairs.map(|((one, other), (_, descending))| {
                let ordering = one.cmp(other);
                if *descending { ordering.reverse() } else { ordering }
            });
            compared.fold(Ordering::Equal, Ordering::then)
        });
        let limit = self.pull.limit.unwrap_or(usize::MAX);
        self.rows.into_iter().map(|(_, row)| row).take(limit).collect()
    }
}
