//! Rows of a query, as they come.
use std::fmt::Write as _;

use lentic_ksql_api::{Column, Values};

use super::cell::{cell, tombstone_cell};
use super::table::{Head, Layout, Page, widen};
use super::width::{printable, width};

/// So many rows of a query that ends are looked at before the first is shown, so that columns are as wide as they need to be.
const LOOK_AHEAD: usize = 500;

/// A text is given no more room than this before it is known.
const WIDEST: usize = 60;

/// Rows in a table.
#[derive(Debug)]
pub(crate) struct RowsAsTable {
    heads: Vec<Head>,
    wanted: Vec<usize>,
    page: Page,
    /// Rows that wait for the layout.
    waiting: Vec<Vec<String>>,
    layout: Option<Layout>,
    shown: u64,
}

impl RowsAsTable {
    /// A table whose rows are shown as they come, if `live`: the widths of its columns are guessed from their types then.
    pub(crate) fn new(columns: &[Column], live: bool, page: Page) -> Self {
        let heads: Vec<Head> = columns
            .iter()
            .map(|column| Head { name: printable(&column.name), is_number: is_number(&column.kind) })
            .collect();
        let wanted: Vec<usize> = heads.iter().map(|head| width(&head.name)).collect();
        let mut table = Self { heads, wanted, page, waiting: Vec::new(), layout: None, shown: 0 };
        if live {
            for (wanted, column) in table.wanted.iter_mut().zip(columns) {
                *wanted = (*wanted).max(usual_width(&column.kind));
            }
            spread(&table.heads, &mut table.wanted, page);
            table.layout = Some(Layout::new(table.heads.clone(), &table.wanted, page));
        }
        table
    }

    /// What stands above rows that are shown as they come.
    pub(crate) fn begin(&mut self, out: &mut String) {
        if let Some(layout) = &self.layout {
            layout.head(out);
        }
    }

    pub(crate) fn row(&mut self, values: &Values, is_tombstone: bool, out: &mut String) {
        let shown = |value| if is_tombstone { tombstone_cell(value) } else { cell(value) };
        let cells: Vec<String> = values.iter().map(|value| shown(value)).collect();
        if let Some(layout) = &self.layout {
            self.shown += 1;
            layout.row(self.shown, &cells, out);
            return;
        }
        widen(&mut self.wanted, &cells);
        self.waiting.push(cells);
        if self.waiting.len() >= LOOK_AHEAD {
            self.flush(out);
        }
    }

    /// The rows that waited, and how many there were.
    pub(crate) fn end(&mut self, out: &mut String) {
        self.flush(out);
        let rows = if self.shown == 1 { "row" } else { "rows" };
        let _ = writeln!(out, "({} {rows})", self.shown);
    }

    fn flush(&mut self, out: &mut String) {
        if self.layout.is_none() {
            let layout = Layout::new(self.heads.clone(), &self.wanted, self.page);
            layout.head(out);
            self.layout = Some(layout);
        }
        let Some(layout) = &self.layout else { return };
        for cells in std::mem::take(&mut self.waiting) {
            self.shown += 1;
            layout.row(self.shown, &cells, out);
        }
    }
}

/// Rows as JSON, an object on each line: its fields are the columns, and its values what was sent.
#[derive(Debug)]
pub(crate) struct RowsAsJson {
    /// The names of columns, as JSON.
    names: Vec<String>,
}

impl RowsAsJson {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let names = columns.iter().map(|column| serde_json::Value::from(column.name.as_str()).to_string());
        Self { names: names.collect() }
    }

    /// A row that is gone has nothing but its key.
    pub(crate) fn row(&self, values: &Values, is_tombstone: bool, out: &mut String) {
        out.push('{');
        let mut separator = "";
        for (name, value) in self.names.iter().zip(values) {
            if is_tombstone && value.get() == "null" {
                continue;
            }
            let _ = write!(out, "{separator}{name}:{}", value.get());
            separator = ",";
        }
        out.push_str("}\n");
    }
}

/// Gives the room that nobody wants to the texts, since what they will need is not known.
fn spread(heads: &[Head], wanted: &mut [usize], page: Page) {
    let texts = heads.iter().filter(|head| !head.is_number).count();
    let taken = wanted.iter().sum::<usize>() + 3 * wanted.len();
    let (Some(room), 1..) = (page.room, texts) else { return };
    let each = room.saturating_sub(taken) / texts;
    for (head, wanted) in heads.iter().zip(wanted) {
        if !head.is_number {
            *wanted = (*wanted + each).min(WIDEST.max(*wanted));
        }
    }
}

fn is_number(kind: &str) -> bool {
    ["INTEGER", "BIGINT", "DOUBLE", "DECIMAL"].iter().any(|number| kind.starts_with(number))
}

/// How wide values of a type usually are.
fn usual_width(kind: &str) -> usize {
    match kind {
        "BOOLEAN" => 5,
        "INTEGER" | "DATE" => 11,
        "BIGINT" => 14,
        "DOUBLE" => 18,
        "TIME" => 12,
        "TIMESTAMP" => 23,
        "STRING" => 20,
        decimal if decimal.starts_with("DECIMAL") => 14,
        _ => 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(json: &str) -> Values {
        serde_json::from_str(json).unwrap()
    }

    fn columns() -> [Column; 3] {
        [
            Column::key("ID", "BIGINT"),
            Column::value("PRICE", "DECIMAL(30, 2)"),
            Column::value("TAGS", "ARRAY<STRING>"),
        ]
    }

    const PAGE: Page = Page { room: Some(80), wrap: true };

    #[test]
    fn rows_are_laid_out_by_what_they_need() {
        let mut table = RowsAsTable::new(&columns(), false, PAGE);
        let mut text = String::new();
        table.begin(&mut text);
        table.row(&values(r#"[1,12345678901234567890.10,["a","\u001b"]]"#), false, &mut text);
        table.row(&values("[22,null,null]"), false, &mut text);
        assert_eq!(text, "");
        table.end(&mut text);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                " ID |                   PRICE | TAGS",
                "----+-------------------------+----------------",
                r#"  1 | 12345678901234567890.10 | ["a","\u001b"]"#,
                " 22 |                    NULL | NULL",
                "(2 rows)",
            ],
            "\n{text}"
        );
    }

    #[test]
    fn live_rows_are_shown_at_once() {
        let mut table = RowsAsTable::new(&columns(), true, PAGE);
        let mut text = String::new();
        table.begin(&mut text);
        table.row(&values("[1,1.5,[]]"), false, &mut text);
        table.row(&values("[1,null,null]"), true, &mut text);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "             ID |          PRICE | TAGS",
                "----------------+----------------+---------------------------------------------",
                "              1 |            1.5 | []",
                "              1 |    <TOMBSTONE> | <TOMBSTONE>",
            ],
            "\n{text}"
        );
    }

    #[test]
    fn many_rows_do_not_wait_for_the_last() {
        let mut table = RowsAsTable::new(&columns()[..1], false, PAGE);
        let mut text = String::new();
        for _ in 0..LOOK_AHEAD {
            table.row(&values("[7]"), false, &mut text);
        }
        assert_eq!(text.lines().count(), LOOK_AHEAD + 2);
        table.row(&values("[12345]"), false, &mut text);
        table.end(&mut text);
        // It is wider than those before, and still all there.
        assert!(text.ends_with("\n 12345\n(501 rows)\n"), "{text}");
    }

    #[test]
    fn rows_are_objects_in_json() {
        let rows = RowsAsJson::new(&[Column::key("ID", "BIGINT"), Column::value("a\"b", "STRING")]);
        let mut text = String::new();
        rows.row(&values(r#"[1.50,"x\n"]"#), false, &mut text);
        rows.row(&values("[2,null]"), false, &mut text);
        rows.row(&values("[2,null]"), true, &mut text);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [r#"{"ID":1.50,"a\"b":"x\n"}"#, r#"{"ID":2,"a\"b":null}"#, r#"{"ID":2}"#]
        );
    }
}
