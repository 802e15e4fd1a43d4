//! The real files that the demo loads, against a reading of their own.
use std::collections::BTreeMap;
use std::io::Read as _;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{node, printed, repository};

/// With the values' own digits, which a parsed number would not keep.
#[derive(Deserialize)]
struct Row<'a> {
    key: String,
    #[serde(borrow)]
    value: BTreeMap<&'a str, &'a RawValue>,
}

#[test]
fn every_field_of_every_file() {
    let (node, _dir) = node();
    for (table, key, count) in [
        ("planes", "tailnum", 3_322),
        ("airports", "faa", 1_458),
        ("airlines", "carrier", 16),
        ("flights", "carrier,flight,time_hour", 842),
    ] {
        node.create_table(table, "string", "json", 3);
        let path = repository().join(format!("demo/data/{table}.csv.gz"));
        let answer = printed(&node, &["load", table, path.to_str().unwrap(), "--key", key, "--null", "NA"]);
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["written"], count, "{table}");
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let heading = reader.headers().unwrap().clone();
        let mut expected = BTreeMap::new();
        for record in reader.records() {
            let record = record.unwrap();
            let fields: BTreeMap<_, _> = heading.iter().zip(record.iter()).collect();
            let key: Vec<_> = key.split(',').map(|column| fields[column]).collect();
            expected.insert(
                key.join("+"),
                fields
                    .into_iter()
                    .map(|(name, field)| (name.to_owned(), field.to_owned()))
                    .collect::<BTreeMap<_, _>>(),
            );
        }
        let rows = printed(&node, &["scan", table, "--all"]);
        assert_eq!((rows.lines().count(), expected.len()), (count, count), "{table}");
        for (line, (key, fields)) in rows.lines().zip(expected) {
            let row: Row<'_> = serde_json::from_str(line).unwrap();
            assert_eq!(row.key, key, "{table}");
            assert_eq!(row.value.len(), fields.len(), "{line}");
            for (name, field) in fields {
                // A field that is no number stands in quotes; one that is keeps its digits.
                let text = row.value[name.as_str()].get();
                let expected = match field.as_str() {
                    "NA" => "null".to_owned(),
                    field if field.parse::<i64>().is_ok_and(|number| number.to_string() == field) => {
                        field.to_owned()
                    }
                    field
                        if field.contains('.')
                            && field.parse::<f64>().is_ok_and(|n| n.to_string() == field) =>
                    {
                        field.to_owned()
                    }
                    field => Value::from(field).to_string(),
                };
                assert_eq!(text, expected, "{name}: {line}");
            }
        }
    }
    assert!(printed(&node, &["get", "planes", "N14228"]).contains("\"manufacturer\":\"BOEING\""));
}

/// `make demo` without the building.
#[test]
fn the_tour() {
    let mut demo = std::process::Command::new("bash");
    demo.arg(repository().join("demo/demo.sh"))
        .env("DEMO_ONCE", "1")
        .env("LENTIC_BIN", env!("CARGO_BIN_EXE_lentic"));
    demo.env("DEMO_LISTEN", super::manual::address());
    let output = demo.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    for part in [
        "$ lentic table create planes --topic planes --key string --value json --partitions 6",
        "$ lentic get planes N14228",
        "$ lentic scan airports --from JFK --to JFZ",
        "Lentic-Token: planes/",
        "\"painted\":\"green\"",
        "$ lentic sql -f demo/sql/flights.sql",
        "United Air Lines Inc.",
        "NAME,WINDOWSTART,FLIGHTS,WORST",
        "412",
        "$ rm -r ",
        "5638 rows, byte for byte those from before",
        "$ lentic status",
    ] {
        assert!(said.to_lowercase().contains(&part.to_lowercase()), "{part}: {said}");
    }
    assert!(!said.contains("demo failed"), "{said}");
}
