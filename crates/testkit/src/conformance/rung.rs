//! How much of SQL a case needs: its rung on a ladder of operators, each of which needs those below it.
use std::collections::BTreeMap;
use std::fmt;

use lentic_sql_syntax::ast::{ColumnPlace, ExprNode, Join, Query, SourceKind, Statement};
use lentic_sql_syntax::split;

/// A rung; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Projections, filters, functions, PARTITION BY, table functions.
    Stateless,
    /// GROUP BY without windows.
    Grouped,
    /// GROUP BY with windows, and sources whose keys have windows.
    Windowed,
    /// A stream joined to a table.
    StreamTable,
    /// Two tables joined by their keys.
    TableTable,
    /// Two streams joined.
    StreamStream,
    /// More than two sources, or tables joined by another column.
    Joins,
}

impl Rung {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Stateless,
        Self::Grouped,
        Self::Windowed,
        Self::StreamTable,
        Self::TableTable,
        Self::StreamStream,
        Self::Joins,
    ];

    /// The highest that a script needs; what cannot be read needs none.
    pub fn of(script: &str) -> Self {
        let mut sources = BTreeMap::new();
        let mut rung = Self::Stateless;
        for piece in split(script) {
            let Ok(statement) = piece.parse() else { continue };
            match &statement {
                Statement::CreateSource(create) => {
                    let is_key =
                        |place: &ColumnPlace| matches!(place, ColumnPlace::PrimaryKey | ColumnPlace::Key);
                    let keys = create.columns.iter().filter(|column| is_key(&column.place));
                    let keys = keys.map(|column| column.name.text.clone()).collect();
                    sources.insert(create.name.text.clone(), Known { kind: create.kind, keys });
                    if create.properties.iter().any(|one| one.name.text.eq_ignore_ascii_case("WINDOW_TYPE")) {
                        rung = rung.max(Self::Windowed);
                    }
                }
                Statement::CreateAs(create) => {
                    sources.insert(create.name.text.clone(), Known { kind: create.kind, keys: Vec::new() });
                }
                _ => {}
            }
            if let Some(query) = statement.query() {
                rung = rung.max(of_query(query, &sources));
            }
        }
        rung
    }
}

/// What is known of a source.
struct Known {
    kind: SourceKind,
    /// Empty: not known.
    keys: Vec<String>,
}

fn of_query(query: &Query, sources: &BTreeMap<String, Known>) -> Rung {
    let kind = |name: &str| sources.get(name).map_or(SourceKind::Stream, |known| known.kind);
    match query.joins.as_slice() {
        [] if query.window.is_some() => Rung::Windowed,
        [] if query.group_by.is_some() => Rung::Grouped,
        [] => Rung::Stateless,
        [join] => match (kind(&query.from.name.text), kind(&join.right.name.text)) {
            (SourceKind::Stream, SourceKind::Stream) => Rung::StreamStream,
            (SourceKind::Table, SourceKind::Table) if is_by_keys(query, join, sources) => Rung::TableTable,
            (SourceKind::Table, SourceKind::Table) => Rung::Joins,
            _ => Rung::StreamTable,
        },
        _ => Rung::Joins,
    }
}

/// Whether neither side of the criterion is known to be something else than its table's key.
fn is_by_keys(query: &Query, join: &Join, sources: &BTreeMap<String, Known>) -> bool {
    let ExprNode::Binary { left, right, .. } = &join.on.node else { return false };
    let relations = [&query.from, &join.right];
    [left, right].into_iter().all(|side| {
        let ExprNode::Column { source, name } = &side.node else { return false };
        let owner = relations.iter().find(|relation| {
            let called = relation.alias.as_ref().unwrap_or(&relation.name);
            source.as_ref().is_none_or(|source| source.text == called.text)
        });
        let keys = owner.and_then(|owner| sources.get(&owner.name.text)).map(|known| known.keys.as_slice());
        keys.is_none_or(|keys| keys.is_empty() || keys.contains(&name.text))
    })
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stateless => "stateless",
            Self::Grouped => "un-windowed GROUP BY",
            Self::Windowed => "windows",
            Self::StreamTable => "stream-table join",
            Self::TableTable => "table-table join",
            Self::StreamStream => "stream-stream join",
            Self::Joins => "n-way and foreign-key joins",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Rung;

    #[test]
    fn what_scripts_need() {
        const TABLES: &str =
            "CREATE TABLE a (k INT PRIMARY KEY, v INT) WITH (kafka_topic='a', format='JSON');
            CREATE TABLE b (k INT PRIMARY KEY, v INT) WITH (kafka_topic='b', format='JSON');";
        for (script, expected) in [
            ("CREATE STREAM x AS SELECT * FROM a;", Rung::Stateless),
            ("CREATE TABLE x AS SELECT k, COUNT(*) FROM a GROUP BY k;", Rung::Grouped),
            (
                "CREATE TABLE x AS SELECT k, COUNT(*) FROM a WINDOW SESSION (1 SECOND) GROUP BY k;",
                Rung::Windowed,
            ),
            ("CREATE STREAM x AS SELECT * FROM s JOIN a ON s.k = a.k;", Rung::StreamTable),
            ("CREATE TABLE x AS SELECT * FROM a JOIN b ON a.k = b.k;", Rung::TableTable),
            ("CREATE TABLE x AS SELECT * FROM a JOIN b ON a.v = b.k;", Rung::Joins),
            ("CREATE STREAM x AS SELECT * FROM s JOIN t WITHIN 1 SECOND ON s.k = t.k;", Rung::StreamStream),
            ("CREATE STREAM x AS SELECT * FROM s JOIN a ON s.k = a.k JOIN b ON s.k = b.k;", Rung::Joins),
            ("no statement;", Rung::Stateless),
        ] {
            assert_eq!(Rung::of(&format!("{TABLES}{script}")), expected, "{script}");
        }
    }
}
