//! What people see: the same commands on a pseudo-terminal.
use super::node;

#[test]
fn rows() {
    let (node, _dir) = node();
    let seen = |arguments: &[&str]| {
        let (code, text) = node.on_terminal(arguments);
        assert_eq!(code, 0, "{text}");
        text
    };
    node.create_table("t", "string", "json", 1);
    let text = seen(&["put", "t", "a", "{\"n\":1}"]);
    assert!(text.starts_with("written, token t/0@0.") && text.ends_with('\n'), "{text}");
    assert_eq!(seen(&["get", "t", "a"]), "{\"n\":1}\n");
    assert!(seen(&["get", "t", "a", "--json"]).starts_with("{\"key\":\"a\",\"value\":{\"n\":1},"));
    seen(&["put", "t", "longer", "2"]);
    assert_eq!(seen(&["scan", "t"]), "KEY     VALUE\na       {\"n\":1}\nlonger  2\n");
    let text = seen(&["scan", "t", "--limit", "1"]);
    assert!(text.ends_with("stopped after 1 rows; there are more: --limit ROWS or --all\n"), "{text}");
    assert!(seen(&["scan", "t", "--json"]).starts_with("{\"key\":\"a\",\"value\":{\"n\":1},\"timestamp\":"));
    assert!(seen(&["delete", "t", "longer"]).starts_with("deleted, token t/0@2."));
    let (code, text) = node.on_terminal(&["get", "t", "none"]);
    assert!(code == 3 && text.starts_with("error: row_not_found: ") && text.contains("\nhint: "), "{text}");
}

#[test]
fn tables() {
    let (node, _dir) = node();
    let seen = |arguments: &[&str]| {
        let (code, text) = node.on_terminal(arguments);
        assert_eq!(code, 0, "{text}");
        text
    };
    assert!(seen(&["status"]).contains("no tables yet: lentic table create"));
    let create = [
        "table",
        "create",
        "t",
        "--topic",
        "rows",
        "--key",
        "string",
        "--value",
        "json",
        "--partitions",
        "3",
    ];
    assert_eq!(seen(&create), "table t created, over topic rows (3 partitions)\n");
    assert_eq!(seen(&create), "table t was there, over topic rows (3 partitions)\n");
    node.put_row("t", "a", "1");
    let text = seen(&["table", "list"]);
    assert_eq!(text, "TABLE  TOPIC  KEY     VALUE  ACCESS\nt      rows   string  json   read-write\n");
    let text = seen(&["table", "describe", "t"]);
    for line in
        ["name           t\n", "topic          rows\n", "partitioner    murmur2\n", "read_only      false\n"]
    {
        assert!(text.contains(line), "{line}{text}");
    }
    let heading = text.lines().find(|line| line.starts_with("PARTITION")).unwrap();
    let columns: Vec<_> = heading.split_whitespace().collect();
    assert_eq!(columns, ["PARTITION", "STATE", "POSITION", "END", "LAG", "AGE", "ROWS", "SIZE"]);
    assert_eq!(text.lines().filter(|line| line.contains("  ready  ")).count(), 3, "{text}");
    assert_eq!(seen(&["table", "alter", "t", "--read-only"]), "table t changed\n");
    assert!(seen(&["table", "list"]).contains("read-only"));
    let text = seen(&["table", "guess", "rows"]);
    for part in [
        "rows: 3 partitions, cleanup.policy=compact, 1 records sampled\n",
        "keys are string: 100.0 % of the sample\n",
        "lentic table create rows --topic rows --key string --value ",
    ] {
        assert!(text.contains(part), "{part}{text}");
    }
    let text = seen(&["status"]);
    let line =
        |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"));
    let headline = line("ready, up ");
    assert!(headline.contains("memory ") && headline.contains("MiB ("), "{headline}");
    assert!(line("TABLE").split_whitespace().eq([
        "TABLE",
        "TOPIC",
        "PARTITIONS",
        "STATE",
        "LAG",
        "AGE",
        "ROWS",
        "SIZE"
    ]));
    let cells: Vec<_> = line("t ").split_whitespace().collect();
    assert_eq!(cells[..5], ["t", "rows", "3", "ready", "0"], "{text}");
    assert!(seen(&["status", "--partitions"]).contains("PARTITION  STATE"));
    assert_eq!(seen(&["table", "drop", "t"]), "table t dropped, its topic stays\n");
    seen(&create);
    assert_eq!(seen(&["table", "drop", "t", "--delete-topic"]), "table t dropped, its topic is deleted\n");
}

/// A bar while it goes on, and the rate at the end.
#[test]
fn loading() {
    let (node, dir) = node();
    node.create_table("t", "string", "json", 2);
    let file = dir.path().join("rows.csv");
    let rows: String = (0..100_000).map(|n| format!("k{n},{n}\n")).collect();
    std::fs::write(&file, format!("id,n\n{rows}")).unwrap();
    let (code, text) = node.on_terminal(&["load", "t", file.to_str().unwrap(), "--key", "id"]);
    assert_eq!(code, 0, "{text}");
    let last = text.trim_end().rsplit(['\n', '\r']).next().unwrap();
    let summary = last.split("100,000 rows written in ").nth(1).unwrap_or_else(|| panic!("{text}"));
    assert!(summary.contains(" s (") && summary.ends_with(" rows/s)"), "{summary}");
    assert!(text.contains('%') && text.contains(" rows, ") && text.contains(" left"), "no bar: {text:?}");
    assert_eq!(node.count("t"), 100_000);
}

#[test]
fn watching() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 1);
    node.put_row("t", "a", "1");
    let text = std::thread::scope(|scope| {
        let watch = scope.spawn(|| node.on_terminal(&["watch", "t", "--count", "2"]));
        super::watch::opened(&node, 1);
        node.put_row("t", "b", "{\"n\":2}");
        node.delete_row("t", "a");
        watch.join().unwrap().1
    });
    assert_eq!(
        text,
        "put     a  1\n-- these are the rows; changes follow --\nput     b  {\"n\":2}\ndelete  a\n"
    );
}
