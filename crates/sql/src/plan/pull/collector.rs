//! The answer of a pull query, from the rows that are read for it.
use std::cmp::Ordering;

use lentic_topology::DataError;

use super::TablePull;
use super::group::States;
use crate::Value;
use crate::plan::row::Row;

/// What a row takes in memory beside its bytes, at least.
const ROW_BYTES: usize = 128;
/// Rows that are sorted together before the last of them go.
const SORTED_AT_LEAST: usize = 64;

/// Takes the rows that were read, in any order.
pub struct Collector<'a> {
    pull: &'a TablePull,
    /// What the answer is sorted by, and the row.
    rows: Vec<(Row, Row)>,
    states: States,
    sequence: i64,
    /// Rows that went out.
    given: usize,
    /// What the rows took in the store that wait for the last one.
    held: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(pull: &'a TablePull) -> Self {
        Self { pull, rows: Vec::new(), states: States::new(), sequence: 0, given: 0, held: 0 }
    }

    /// Takes a row as the store has it: the key with its window, the value, the time. False: no more rows are needed.
    pub fn add(&mut self, key: &[u8], value: &[u8], timestamp: i64) -> Result<bool, DataError> {
        let pull = self.pull;
        if self.is_full() {
            return Ok(false);
        }
        let size = key.len() + value.len() + ROW_BYTES;
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
                let before = self.states.len();
                groups.add(&row, self.sequence, &mut self.states);
                self.sequence += 1;
                self.held += if self.states.len() > before { size } else { 0 };
            }
            None => {
                self.take(&row);
                self.held += if pull.order.is_empty() { 0 } else { size };
                if self.rows.len() >= SORTED_AT_LEAST.max(self.limit().saturating_mul(2)) {
                    self.drop_last();
                }
            }
        }
        Ok(!self.is_full())
    }

    /// The rows that can go out before the others are known.
    pub fn ready(&mut self) -> Vec<Row> {
        if !self.is_plain() {
            return Vec::new();
        }
        self.given += self.rows.len();
        std::mem::take(&mut self.rows).into_iter().map(|(_, row)| row).collect()
    }

    /// How many more rows of the store make the answer, where every one counts.
    pub fn needed(&self) -> Option<usize> {
        let limit = self.pull.enough().filter(|_| !self.pull.is_filtered())?;
        Some(limit.saturating_sub(self.given + self.rows.len()))
    }

    /// Whether the rows that wait here for the others take more than so many bytes, about.
    pub fn exceeds(&mut self, bytes: usize) -> bool {
        // Not at every row: sorting has to be worth it.
        if self.held > bytes && self.rows.len() > self.limit().saturating_add(self.limit() / 4) {
            self.drop_last();
        }
        self.held > bytes
    }

    /// Whether rows go out as they come.
    fn is_plain(&self) -> bool {
        self.pull.groups.is_none() && self.pull.order.is_empty()
    }

    fn is_full(&self) -> bool {
        self.pull.enough().is_some_and(|limit| self.given + self.rows.len() >= limit)
    }

    fn limit(&self) -> usize {
        self.pull.limit.unwrap_or(usize::MAX)
    }

    /// Of sorted rows only the first ones are kept.
    fn drop_last(&mut self) {
        let (before, limit) = (self.rows.len().max(1), self.limit());
        self.sort();
        self.rows.truncate(limit);
        self.held = self.held / before * limit;
    }

    fn sort(&mut self) {
        let order = &self.pull.order;
        self.rows.sort_by(|(one, _), (other, _)| {
            let pairs = one.iter().zip(other).zip(order);
            let compared = pairs.map(|((one, other), (_, descending))| {
                let ordering = one.cmp(other);
                if *descending { ordering.reverse() } else { ordering }
            });
            compared.fold(Ordering::Equal, Ordering::then)
        });
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
        self.sort();
        let limit = self.limit().saturating_sub(self.given);
        self.rows.into_iter().map(|(_, row)| row).take(limit).collect()
    }
}
