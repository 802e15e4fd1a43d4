//! `lentic sql` as people use it: on a terminal, by its keys.
use std::path::Path;

use super::harness::{Node, Terminal, until};
use super::{node, printed};

const PROMPT: &str = "lentic> ";
const FLIGHTS: &str = "CREATE STREAM flights (carrier STRING KEY, delay INT, remark STRING) \
                       WITH (KAFKA_TOPIC = 'flights', VALUE_FORMAT = 'JSON', PARTITIONS = 1);";

/// The shell, in front of its first prompt.
fn shell(node: &Node, dir: &Path, columns: u16) -> Terminal {
    let history = dir.join("history");
    let mut terminal =
        Terminal::run(&node.url, columns, &["sql", "--history-file", history.to_str().unwrap()]);
    terminal.shows("`help` says more.");
    terminal.shows(PROMPT);
    terminal
}

#[track_caller]
fn leave(terminal: Terminal) {
    terminal.press("\x04");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_statement_has_several_lines() {
    let (node, dir) = node();
    let mut terminal = shell(&node, dir.path(), 100);
    terminal.says("LIST\r", "      > ");
    // The second line is mended before it is sent.
    terminal.says("STREAMZ\x7fS;\r", "There are no streams.\n");
    terminal.shows(PROMPT);
    // What is not wanted any more is dropped, and nothing of it is sent.
    terminal.says("DROP\r", "      > ");
    terminal.press("\x03");
    terminal.shows(PROMPT);
    terminal.says("LIST TABLES;\r", "There are no tables.\n");
    terminal.shows(PROMPT);
    leave(terminal);
}

#[test]
fn tab_completes() {
    let (node, dir) = node();
    printed(&node, &["sql", "-e", FLIGHTS]);
    let mut terminal = shell(&node, dir.path(), 100);
    // A keyword, a stream, a column and a function.
    terminal.says("DESC\t", "DESCRIBE");
    // As it was begun.
    terminal.says("fli\t", "flights");
    terminal.says(";\r", "CARRIER");
    terminal.shows(PROMPT);
    // Where several fit, they are shown with what they are, and Enter takes one.
    terminal.says("SELECT * FROM flights WHERE del\t", "INTEGER");
    terminal.says("\r", "delay");
    terminal.says("= 1 AND INITC\t", "INITCAP(");
    terminal.says("remark) = 'A';\r", "Query Completed");
    terminal.shows(PROMPT);
    leave(terminal);
}

#[test]
fn history_is_kept_across_starts() {
    let (node, dir) = node();
    let mut terminal = shell(&node, dir.path(), 100);
    terminal.says("LIST TABLES;\r", "There are no tables.\n");
    terminal.shows(PROMPT);
    leave(terminal);
    let mut terminal = shell(&node, dir.path(), 100);
    terminal.says("\x1b[A", "LIST TABLES;");
    terminal.says("\r", "There are no tables.\n");
    terminal.shows(PROMPT);
    terminal.says("history\r", "1  LIST TABLES;\n");
    terminal.shows(PROMPT);
    leave(terminal);
}

#[test]
fn statements_are_coloured() {
    let (node, dir) = node();
    let mut terminal = shell(&node, dir.path(), 100);
    terminal.says("SELECT 'text' FROM nothing EMIT CHANGES;\r", "NOTHING does not exist.");
    terminal.shows(PROMPT);
    let raw = terminal.raw();
    let painted = |text: &str| {
        let mut found = raw.match_indices(text).map(|(at, _)| &raw[..at]);
        found.any(|before| before.ends_with('m') && before.rfind("\x1b[").is_some())
    };
    assert!(painted("SELECT") && painted("'text'") && painted("ERROR"), "{raw:?}");
    leave(terminal);
}

/// Rows come as they are written, and Ctrl-C ends the query alone.
#[test]
fn a_push_query_is_live() {
    let (node, dir) = node();
    printed(&node, &["sql", "-e", FLIGHTS]);
    let mut terminal = shell(&node, dir.path(), 100);
    terminal.says("SET 'auto.offset.reset' = 'earliest';\r", "UNSET");
    terminal.shows(PROMPT);
    terminal.press("SELECT carrier, delay FROM flights EMIT CHANGES;\r");
    until("the query", || {
        printed(&node, &["sql", "-e", "LIST QUERIES;"]).contains("EMIT CHANGES").then_some(())
    });
    for delay in [11, 12] {
        printed(&node, &["sql", "-e", &format!("INSERT INTO flights VALUES ('AA', {delay}, NULL);")]);
        terminal.shows(&delay.to_string());
    }
    terminal.press("\x03");
    terminal.shows(PROMPT);
    until("the end of the query", || {
        printed(&node, &["sql", "-e", "LIST QUERIES;"]).contains("No queries are running.").then_some(())
    });
    terminal.says("LIST TABLES;\r", "There are no tables.\n");
    terminal.shows(PROMPT);
    leave(terminal);
}

#[test]
fn shortcuts_scripts_and_spools() {
    let (node, dir) = node();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let script = path("script.sql");
    std::fs::write(
        &script,
        format!("{FLIGHTS}\nINSERT INTO flights VALUES ('AA', 1, 'early');\nDROP STREAM nothing;\n"),
    )
    .unwrap();
    let spool = path("spool.log");
    let mut terminal = shell(&node, dir.path(), 200);
    terminal.says(&format!("SPOOL '{spool}'\r"), "`spool off` ends that\n");
    terminal.shows(PROMPT);
    terminal.says(&format!("RUN SCRIPT '{script}'\r"), "Stream created\n");
    terminal.shows("NOTHING does not exist.");
    terminal.shows(&format!("at {script}:3\n"));
    terminal.shows(PROMPT);
    for (keys, shown) in [
        ("\\ds\r", "FLIGHTS | flights"),
        ("\\d flights\r", "REMARK"),
        ("\\df LPAD\r", "Fills up at the front"),
        ("\\dv\r", "No variables are defined."),
        ("SELECT remark FROM flights;\r", "early"),
    ] {
        terminal.says(keys, shown);
        terminal.shows(PROMPT);
    }
    terminal.says("SPOOL OFF\r", "spooling has ended\n");
    terminal.shows(PROMPT);
    terminal.says("LIST TABLES;\r", "There are no tables.\n");
    terminal.shows(PROMPT);
    leave(terminal);
    let spooled = std::fs::read_to_string(&spool).unwrap();
    for part in ["lentic> \\ds\n", " FLIGHTS | flights", "early", "Stream created\n"] {
        assert!(spooled.contains(part), "{part}: {spooled}");
    }
    assert!(!spooled.contains("no tables") && !spooled.contains('\x1b'), "{spooled}");
}

/// No line is wider than the terminal, and nothing is lost: long texts are wrapped, or cut where that is asked for.
#[test]
fn a_table_fits_the_terminal() {
    let (node, dir) = node();
    let words: Vec<String> = (0..30).map(|number| format!("word{number}")).collect();
    let insert = format!("INSERT INTO flights VALUES ('AA', 1, '{}');", words.join(" "));
    printed(&node, &["sql", "-e", &format!("{FLIGHTS} {insert}")]);
    let columns = 50;
    let mut terminal = shell(&node, dir.path(), columns);
    let fits = |text: &str| {
        let rows = text.lines().filter(|line| line.contains('|'));
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 1 && rows.iter().all(|line| line.chars().count() <= columns.into()), "{text}");
    };
    terminal.says("SELECT * FROM flights;\r", "CARRIER");
    terminal.shows("Query Completed");
    let all = terminal.text();
    let table = &all[all.rfind("CARRIER").unwrap()..];
    fits(table);
    assert!(words.iter().all(|word| table.contains(word.as_str())), "{table}");
    terminal.shows(PROMPT);
    terminal.says("SET CLI WRAP OFF\r", PROMPT);
    terminal.says("SELECT * FROM flights;\r", "CARRIER");
    terminal.shows("Query Completed");
    let all = terminal.text();
    let table = &all[all.rfind("CARRIER").unwrap()..];
    fits(table);
    assert!(table.contains("word0") && !table.contains("word29"), "{table}");
    terminal.shows(PROMPT);
    leave(terminal);
}
