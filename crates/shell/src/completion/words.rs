//! The words of statements.

/// What statements begin with.
pub(super) const STATEMENTS: [&str; 22] = [
    "ALTER",
    "ASSERT",
    "CREATE",
    "DEFINE",
    "DELETE FROM",
    "DESCRIBE",
    "DROP",
    "EXPLAIN",
    "INSERT INTO",
    "LIST",
    "PAUSE",
    "PRINT",
    "RESUME",
    "RUN SCRIPT",
    "SELECT",
    "SET",
    "SHOW",
    "SPOOL",
    "TERMINATE",
    "UNDEFINE",
    "UNSET",
    "exit",
];

/// What can be listed.
pub(super) const LISTED: [&str; 12] = [
    "ALL TOPICS",
    "CONNECTOR PLUGINS",
    "CONNECTORS",
    "FUNCTIONS",
    "PROPERTIES",
    "QUERIES",
    "STREAMS",
    "TABLES",
    "TOPICS",
    "TYPES",
    "VARIABLES",
    "EXTENDED",
];

/// What can be created, dropped or altered.
pub(super) const THINGS: [&str; 9] = [
    "CONNECTOR",
    "OR REPLACE",
    "SINK CONNECTOR",
    "SOURCE CONNECTOR",
    "SOURCE STREAM",
    "SOURCE TABLE",
    "STREAM",
    "TABLE",
    "TYPE",
];

/// What else can be described.
pub(super) const DESCRIBED: [&str; 4] = ["CONNECTOR", "FUNCTION", "STREAMS", "TABLES"];

/// Words within statements.
pub(super) const WITHIN: [&str; 66] = [
    "ADD COLUMN",
    "ADVANCE BY",
    "AND",
    "ARRAY",
    "AS",
    "BETWEEN",
    "BIGINT",
    "BOOLEAN",
    "BYTES",
    "CASE",
    "CAST",
    "DATE",
    "DAYS",
    "DECIMAL",
    "DELETE TOPIC",
    "DOUBLE",
    "ELSE",
    "EMIT CHANGES",
    "EMIT FINAL",
    "END",
    "EXTENDED",
    "FALSE",
    "FROM",
    "FULL OUTER JOIN",
    "GRACE PERIOD",
    "GROUP BY",
    "HAVING",
    "HEADERS",
    "HOPPING",
    "HOURS",
    "IF EXISTS",
    "IF NOT EXISTS",
    "IN",
    "INNER JOIN",
    "INTEGER",
    "IS NOT NULL",
    "IS NULL",
    "JOIN",
    "KEY",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "MAP",
    "MINUTES",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "PARTITION BY",
    "PRIMARY KEY",
    "RETENTION",
    "SECONDS",
    "SESSION",
    "SIZE",
    "STRING",
    "STRUCT",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TRUE",
    "TUMBLING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted() {
        for words in [&WITHIN[..], &THINGS, &DESCRIBED] {
            assert!(words.is_sorted());
        }
    }
}
