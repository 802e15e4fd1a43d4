//! `load`: CSV, NDJSON, gzip, standard input.
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::harness::Node;
use super::{fed, node, printed, stdout};

fn file(dir: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path: PathBuf = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Loads into a new table of these formats; what the table holds then.
#[track_caller]
fn loaded(node: &Node, formats: (&str, &str), arguments: &[&str]) -> String {
    let table = super::harness::unique("t");
    node.create_table(&table, formats.0, formats.1, 2);
    let answer: Value =
        serde_json::from_str(&printed(node, &[&["load", &table], arguments].concat())).unwrap();
    let rows = node.dump(&table);
    assert!(answer["written"].as_u64().unwrap() >= rows.lines().count() as u64, "{answer}");
    assert_eq!((&answer["skipped"], &answer["applied"]), (&json!(0), &json!(true)));
    rows
}

const TEXT_JSON: (&str, &str) = ("string", "json");

#[test]
fn csv_becomes_json() {
    let (node, dir) = node();
    let planes = "tailnum,year,speed,model\nN1,2004,NA,737\nN2,007,1.50,\"a \"\"b\"\"\nc\"\n";
    let path = file(&dir, "planes.csv", planes);
    for (arguments, formats, rows) in [
        (
            &["--key", "tailnum", "--null", "NA"][..],
            TEXT_JSON,
            "{\"key\":\"N1\",\"value\":{\"tailnum\":\"N1\",\"year\":2004,\"speed\":null,\"model\":737}}\n\
             {\"key\":\"N2\",\"value\":{\"tailnum\":\"N2\",\"year\":\"007\",\"speed\":\"1.50\",\"model\":\"a \\\"b\\\"\\nc\"}}\n",
        ),
        (
            &["--key", "tailnum,year", "--value", "model"],
            ("string", "string"),
            "{\"key\":\"N1+2004\",\"value\":\"737\"}\n{\"key\":\"N2+007\",\"value\":\"a \\\"b\\\"\\nc\"}\n",
        ),
        (
            &["--key", "tailnum,year", "--key-separator", "/", "--value", "speed", "--null", "NA"],
            TEXT_JSON,
            "{\"key\":\"N1/2004\",\"value\":null}\n{\"key\":\"N2/007\",\"value\":\"1.50\"}\n",
        ),
        (
            &["--key", "tailnum,year", "--value", "speed", "--null", "NA"],
            ("json", "json"),
            "{\"key\":{\"tailnum\":\"N1\",\"year\":2004},\"value\":null}\n\
             {\"key\":{\"tailnum\":\"N2\",\"year\":\"007\"},\"value\":\"1.50\"}\n",
        ),
        (&["--key", "year", "--value", "tailnum"], ("int", "string"), ""),
    ] {
        if rows.is_empty() {
            // 007 is no number, here neither.
            node.create_table("int", formats.0, formats.1, 1);
            let output = node.run(&[&["load", "int", &path], arguments].concat());
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.code() == Some(1) && said.contains("line 3: ") && said.contains("007"),
                "{said}"
            );
            assert_eq!(node.dump("int"), "{\"key\":2004,\"value\":\"N1\"}\n");
            continue;
        }
        assert_eq!(loaded(&node, formats, &[&[path.as_str()], arguments].concat()), rows, "{arguments:?}");
    }
}

/// A field is a number where printing the number gives the field again, and a text else.
#[test]
fn numbers_print_back_identically() {
    let (node, dir) = node();
    let fields = [
        "0",
        "5",
        "-5",
        "18446744073709551615",
        "18446744073709551616",
        "0.1",
        "-1.25",
        "1e5",
        "1E5",
        "007",
        "1.50",
        "1.",
        ".5",
        "-0",
        "+1",
        " 1",
        "1 ",
        "0x10",
        "NaN",
        "inf",
        "-",
        "",
        "123456789012345678901234567890",
        "0.30000000000000004",
        "39.140000000000001",
        "1_000",
        "١",
    ];
    let rows: String = fields.iter().enumerate().map(|(n, field)| format!("{n:02},\"{field}\"\n")).collect();
    let path = file(&dir, "fields.csv", format!("id,field\n{rows}"));
    let text = loaded(&node, TEXT_JSON, &[&path, "--key", "id", "--value", "field"]);
    let mut numbers = Vec::new();
    for (line, field) in text.lines().zip(fields) {
        let as_text = format!("\"value\":{}}}", json!(field));
        if !line.ends_with(&as_text) {
            assert!(line.ends_with(&format!("\"value\":{field}}}")), "{line}");
            numbers.push(field);
        }
    }
    assert_eq!(numbers, ["0", "5", "-5", "18446744073709551615", "0.1", "-1.25", "0.30000000000000004"]);
}

/// The same rows, however they come.
#[test]
fn ways_in() {
    let (node, dir) = node();
    let rows = "{\"key\":\"a\",\"value\":{\"id\":\"a\",\"n\":1}}\n{\"key\":\"b\",\"value\":{\"id\":\"b\",\"n\":2}}\n";
    let objects = "{\"id\":\"a\",\"n\":1}\n\n{\"id\":\"b\",\"n\":2}";
    let csv = "id,n\na,1\nb,2\n";
    let packed_twice = [gzip("id,n\r\na,1\r\n"), gzip("b,2\r\n")].concat();
    for (name, bytes, arguments) in [
        ("rows.csv", csv.as_bytes().to_vec(), &["--key", "id"][..]),
        ("rows.csv.gz", gzip(csv), &["--key", "id"]),
        ("twice.csv.gz", packed_twice, &["--key", "id"]),
        ("bom.csv", format!("\u{feff}{csv}").into_bytes(), &["--key", "id"]),
        ("rows.tsv", csv.replace(',', "\t").into_bytes(), &["--key", "id"]),
        ("rows.txt", csv.replace(',', ";").into_bytes(), &["--key", "id", "--delimiter", ";"]),
        ("rows.ndjson", rows.as_bytes().to_vec(), &[]),
        ("rows.jsonl.gz", gzip(rows), &[]),
        ("unnamed", rows.as_bytes().to_vec(), &[]),
        ("objects.json", objects.as_bytes().to_vec(), &["--key", "id"]),
        ("misnamed.csv", objects.as_bytes().to_vec(), &["--key", "id", "--format", "ndjson"]),
        ("misnamed.json", csv.as_bytes().to_vec(), &["--key", "id", "--format", "csv"]),
    ] {
        let path = file(&dir, name, &bytes);
        assert_eq!(loaded(&node, TEXT_JSON, &[&[path.as_str()], arguments].concat()), rows, "{name}");
        // Standard input has no name: what it is shows in its first bytes, or is said.
        if matches!(name, "rows.tsv" | "misnamed.json") {
            continue;
        }
        let table = super::harness::unique("stdin");
        node.create_table(&table, "string", "json", 1);
        stdout(&fed(&node, &[&["load", &table, "-"], arguments].concat(), &bytes));
        assert_eq!(node.dump(&table), rows, "{name} by standard input");
    }
    let delete = file(
        &dir,
        "delete.ndjson",
        "{\"key\":\"a\",\"value\":1}\n{\"key\":\"a\",\"delete\":true}\n{\"key\":\"b\",\"value\":2}\n",
    );
    assert_eq!(loaded(&node, TEXT_JSON, &[&delete]), "{\"key\":\"b\",\"value\":2}\n");
    let empty = file(&dir, "empty.ndjson", "");
    assert_eq!(loaded(&node, TEXT_JSON, &[&empty]), "");
}

/// The line of the file is named, whoever finds the mistake; what came before is written.
#[test]
fn bad_rows() {
    let (node, dir) = node();
    let good = |n: u32| format!("{{\"key\":\"k{n}\",\"value\":{n}}}\n");
    let many: String = (0..5_000).map(good).collect();
    for (name, text, arguments, said, written) in [
        (
            "a.csv",
            "id,n\na,1\n\"b\n\n\",2\nc\n".to_owned(),
            &["--key", "id"][..],
            "line 6: 1 fields where the heading has 2 (2 rows",
            2,
        ),
        (
            "b.csv",
            "id,n\na,1\nNA,2\n".to_owned(),
            &["--key", "id", "--null", "NA"],
            "line 3: the key is null (1 rows",
            1,
        ),
        (
            "c.ndjson",
            good(1) + "\n" + &good(2) + "{\"key\":1,\"value\":2}\n" + &good(3),
            &[],
            "error: bad_line: line 4: bad_key: ",
            2,
        ),
        ("d.ndjson", many.clone() + "not JSON\n" + &many, &[], "line 5001: ", 5_000),
        ("e.ndjson", good(1) + "[1]\n", &["--key", "key"], "line 2: not a JSON object", 1),
        ("f.ndjson", "{\"key\":\"a\",\"valeu\":1}\n".to_owned(), &[], "unknown field `valeu`", 0),
    ] {
        let table = super::harness::unique("bad");
        node.create_table(&table, "string", "json", 1);
        let path = file(&dir, name, text);
        let output = node.run(&[&["load", &table, &path], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {errors}");
        assert!(errors.contains(said), "{name}: {errors}");
        assert_eq!(node.count(&table), written, "{name}");
    }
}

#[test]
fn bad_rows_may_be_skipped() {
    let (node, dir) = node();
    node.create_table("t", "string", "json", 1);
    let path = file(
        &dir,
        "rows.ndjson",
        "{\"key\":\"a\",\"value\":1}\n\n{\"key\":2,\"value\":2}\nnonsense\n{\"key\":\"b\",\"value\":3}\n",
    );
    let output = node.run(&["load", "t", &path, "--on-error", "skip"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for part in ["line 3: ", "line 4: ", "error: rows_skipped: 2 rows were refused"] {
        assert!(errors.lines().any(|line| line.starts_with(part)), "{part}: {errors}");
    }
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["written"], &answer["skipped"]), (&json!(2), &json!(2)));
    assert_eq!(node.dump("t"), "{\"key\":\"a\",\"value\":1}\n{\"key\":\"b\",\"value\":3}\n");
}

#[test]
fn a_refused_load_says_why() {
    let (node, dir) = node();
    node.create_table("t", "string", "json", 1);
    node.declare(&json!({"name": "r", "topic": "t", "key": "string", "value": "json", "read_only": true}));
    node.create_table("b", "bytes", "bytes", 1);
    let rows: String = (0..200_000).map(|n| format!("k{n},{n}\n")).collect();
    let csv = file(&dir, "rows.csv", format!("id,n\n{rows}"));
    for (arguments, code, said) in [
        (&["r", csv.as_str(), "--key", "id"][..], 1, "read_only: "),
        (&["none", csv.as_str(), "--key", "id"], 1, "table_not_found: "),
        (&["b", csv.as_str(), "--key", "id"], 2, "usage: the table's values are bytes"),
    ] {
        let output = node.run(&[&["load"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{errors}");
        assert!(errors.contains(said), "{errors}");
    }
}
