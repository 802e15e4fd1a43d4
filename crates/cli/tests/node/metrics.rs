//! `/metrics`, by the conventions of Prometheus and the grammar of OpenMetrics.
use std::collections::{BTreeMap, BTreeSet};

use super::harness::{Node, until};

/// A family of samples as it stands in the text.
#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    unit: Option<String>,
    /// (suffix of the name, labels, value)
    samples: Vec<(String, String, f64)>,
}

/// Reads the text, and asserts what its grammar wants.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (what, name, said) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            if name != current {
                assert!(families.insert(name.to_owned(), Family::default()).is_none(), "{name} stands twice");
                name.clone_into(&mut current);
            }
            let family = families.get_mut(name).unwrap();
            assert!(family.samples.is_empty(), "{line} after samples");
            match what {
                "HELP" => said.clone_into(&mut family.help),
                "TYPE" => said.clone_into(&mut family.kind),
                "UNIT" => family.unit = Some(said.to_owned()),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').map_or((series, ""), |(name, labels)| {
            (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")))
        });
        let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} is not of {current}"));
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        families.get_mut(&current).unwrap().samples.push((suffix.to_owned(), labels.to_owned(), value));
    }
    families
}

/// A node that has something to tell of everything.
fn busy() -> (Node, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &["--ends-refresh-ms", "20ms"]);
    node.create_table("t", "string", "json", 2);
    node.create_table("n", "bigint", "json", 1);
    super::put_numbered(&node, "t", 10);
    let bytes = node.put("/v1/tables/t/rows/odd", "\u{1}").header("content-type", "application/octet-stream");
    bytes.send().expect(200);
    node.get("/v1/tables/t/rows/odd").send().expect_error(422, "row_undecodable");
    node.get("/v1/tables/t/rows/none").send().expect_error(404, "row_not_found");
    node.get("/v1/tables/t/rows/k1").send().expect(200);
    (node, dir)
}

#[test]
fn names_and_units() {
    let (node, _dir) = busy();
    let answer = node.get("/metrics").send().expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let families = families(answer.text());
    assert!(families.len() > 15, "{}", answer.text());
    for (name, family) in &families {
        assert!(name.starts_with("lentic_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(!family.help.is_empty(), "{name} has no HELP");
        // Base units only, singular for ratios, and the suffix of counters is no other kind's.
        for odd in
            ["_ms", "_millis", "milliseconds", "_us", "_kb", "_mb", "_percent", "_ratios", "_total", "_count"]
        {
            assert!(!name.ends_with(odd), "{name}");
        }
        if let Some(unit) = &family.unit {
            assert!(name.ends_with(&format!("_{unit}")), "{name}: {unit}");
        }
        for (suffix, labels, value) in &family.samples {
            match family.kind.as_str() {
                "counter" => assert!(suffix == "_total" && *value >= 0.0, "{name}{suffix} {value}"),
                "gauge" => assert!(suffix.is_empty() && value.is_finite(), "{name}{suffix} {value}"),
                "histogram" => {
                    assert!(["_bucket", "_sum", "_count"].contains(&suffix.as_str()), "{name}{suffix}")
                }
                kind => panic!("{name} is a {kind}"),
            }
            let series: Vec<_> = labels.split(',').filter(|label| !label.is_empty()).collect();
            for label in &series {
                let (label, value) = label.split_once('=').unwrap();
                assert!(!value.ends_with("_bytes\""), "the unit is the name's: {name} {value}");
                assert!(
                    label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                    "{name} {label}"
                );
                assert!(value.starts_with('"') && value.ends_with('"'), "{name} {value}");
            }
        }
        let series: BTreeSet<_> = family.samples.iter().map(|(suffix, labels, _)| (suffix, labels)).collect();
        assert_eq!(series.len(), family.samples.len(), "{name} has a series twice");
        if family.kind == "histogram" {
            histograms(name, family);
        }
    }
}

/// Of each series: the buckets ascend, the last one is the count, and the sum is of their size.
fn histograms(name: &str, family: &Family) {
    let mut last: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (suffix, labels, value) in &family.samples {
        if suffix == "_bucket" {
            let at = labels.find("le=\"").unwrap();
            let bound: f64 = labels[at + 4..].split('"').next().unwrap().parse().unwrap();
            let others = (labels[..at].to_owned()
                + labels[at..].split_once("\",").map_or("", |(_, rest)| rest))
            .trim_end_matches(',')
            .to_owned();
            let before = last.insert(others, (bound, *value)).unwrap_or((0.0, 0.0));
            assert!(bound > before.0 && *value >= before.1, "{name} {labels}");
        }
    }
    for (suffix, labels, value) in family.samples.iter().filter(|(suffix, ..)| suffix != "_bucket") {
        let (bound, count) = last[labels];
        assert!(bound.is_infinite() && count > 0.0, "{name} {labels}");
        if suffix == "_count" {
            assert_eq!(*value as u64, count as u64, "{name} {labels}");
        } else {
            assert!(*value > 0.0 && *value < 60.0 * count, "{name} {labels}");
        }
    }
    assert!(!last.is_empty(), "{name}");
}

/// Each family is in the manual's table, and each row of the table is a family.
#[test]
fn the_manual_lists_all() {
    let (node, _dir) = busy();
    let manual = include_str!("../../../../docs/operations.md");
    let table = manual.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let documented: BTreeMap<_, _> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.split('|').skip(1).map(str::trim);
            let name = cells.next().unwrap().trim_matches('`').trim_end_matches("_total").to_owned();
            let labels: BTreeSet<_> =
                cells.next().unwrap().split(", ").filter(|label| !label.is_empty()).collect();
            (name, labels)
        })
        .collect();
    let families = families(node.get("/metrics").send().expect(200).text());
    assert_eq!(families.keys().collect::<Vec<_>>(), documented.keys().collect::<Vec<_>>());
    for (name, family) in &families {
        assert!(!family.samples.is_empty(), "{name}");
        for (_, labels, _) in &family.samples {
            let names =
                labels.split(',').filter_map(|label| label.split('=').next()).filter(|name| !name.is_empty());
            let names: BTreeSet<_> = names.filter(|name| *name != "le").collect();
            assert_eq!(names, documented[name], "{name}");
        }
    }
}

#[test]
fn values() {
    let (node, _dir) = busy();
    let mut watch = node.get("/v1/tables/t/watch?key=k1").lines();
    watch.next_named("snapshot-end");
    let asked = |route: &str| format!("route=\"/v1/tables/{{table}}/rows/{{key}}\",{route}");
    for (name, labels, value) in [
        ("lentic_http_requests_total", asked("code=\"404\""), 1),
        ("lentic_http_requests_total", "method=\"PUT\",".to_owned() + &asked("code=\"200\""), 11),
        ("lentic_http_errors_total", "error=\"row_not_found\"".to_owned(), 1),
        ("lentic_http_errors_total", "error=\"row_undecodable\"".to_owned(), 1),
        ("lentic_table_rows_undecodable_total", "table=\"t\"".to_owned(), 1),
        ("lentic_table_writes_total", "table=\"t\"".to_owned(), 11),
        ("lentic_table_position", "table=\"t\"".to_owned(), 11),
        ("lentic_table_log_end", "table=\"t\"".to_owned(), 11),
        ("lentic_table_lag_records", "table=\"t\"".to_owned(), 0),
        ("lentic_table_ready", "table=\"t\"".to_owned(), 2),
        ("lentic_table_restored_ratio", "table=\"t\"".to_owned(), 2),
        ("lentic_table_ready", "table=\"n\",partition=\"0\"".to_owned(), 1),
        ("lentic_watches", String::new(), 1),
        ("lentic_http_requests_running", String::new(), 1),
        ("lentic_log_available", String::new(), 1),
    ] {
        assert_eq!(node.metric(name, &labels) as u64, value, "{name} {labels}");
    }
    assert!(node.metric("process_resident_memory_bytes", "") > 1e6);
    assert!(node.metric("lentic_node_usage_bytes", "kind=") > 0.0);
    assert!(node.metric("lentic_http_connections", "") >= 1.0);
    drop(watch);
    until("the watch to be gone", || (node.metric("lentic_watches", "") == 0.0).then_some(()));
}
