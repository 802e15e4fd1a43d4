//! The dashboard of the demo, on real data: what it says against numbers that are computed here.
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::harness::{Node, lentic, until};
use super::repository;

/// What an hour of a carrier was like.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hour {
    flights: i64,
    minutes: i64,
    worst: i64,
}

/// Hours by carrier and begin, in milliseconds.
type Hours = BTreeMap<(String, i64), Hour>;

fn text(name: &str) -> String {
    let file = std::fs::File::open(repository().join("demo/data").join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn hours(flights: &str) -> Hours {
    let mut hours = Hours::new();
    let mut reader = csv::Reader::from_reader(flights.as_bytes());
    let heading = reader.headers().unwrap().clone();
    let column = |name: &str| heading.iter().position(|column| column == name).unwrap();
    let (carrier, delay, hour) = (column("carrier"), column("dep_delay"), column("time_hour"));
    for row in reader.records() {
        let row = row.unwrap();
        let Ok(delay) = row[delay].parse::<i64>() else { continue };
        let begin = millis(&row[hour]);
        let hour = hours
            .entry((row[carrier].to_owned(), begin))
            .or_insert(Hour { worst: i64::MIN, ..Hour::default() });
        hour.flights += 1;
        hour.minutes += delay;
        hour.worst = hour.worst.max(delay);
    }
    hours
}

/// Of `2013-01-01T10:00:00Z`, on the first two days of 2013.
fn millis(hour: &str) -> i64 {
    let (day, hour): (i64, i64) = (hour[8..10].parse().unwrap(), hour[11..13].parse().unwrap());
    1_356_998_400_000 + ((day - 1) * 24 + hour) * 3_600_000
}

#[test]
fn names_of_hours() {
    assert_eq!(millis("2013-01-01T00:00:00Z"), 1_356_998_400_000);
    assert_eq!(millis("2013-01-02T01:00:00Z"), 1_356_998_400_000 + 25 * 3_600_000);
}

fn sql(node: &Node, arguments: &[&str]) -> Output {
    let arguments = [&["sql", "--output", "json"], arguments].concat();
    lentic(&arguments).env("LENTIC_URL", &node.url).output().unwrap()
}

/// The rows of a query, as objects.
fn rows(node: &Node, query: &str) -> Vec<Value> {
    let output = sql(node, &["-e", query]);
    assert!(output.status.success(), "{query}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn load(node: &Node, table: &str, key: &str, file: &Path) {
    let output = node.run(&["load", table, file.to_str().unwrap(), "--key", key, "--null", "NA"]);
    assert!(output.status.success(), "{output:?}");
}

/// Waits until the dashboard has come to this; fails with the difference.
fn comes_to(node: &Node, expected: &Hours, names: &BTreeMap<String, String>) {
    let query = "SELECT carrier, WINDOWSTART, name, flights, average, worst FROM delays;";
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let rows = rows(node, query);
        let shown: Hours = rows
            .iter()
            .map(|row| {
                let number = |name: &str| row[name].as_i64().unwrap();
                let carrier = row["CARRIER"].as_str().unwrap().to_owned();
                assert_eq!(row["NAME"].as_str(), names.get(&carrier).map(String::as_str), "{row}");
                let flights = number("FLIGHTS");
                let minutes = row["AVERAGE"].as_f64().unwrap() * flights as f64;
                let hour = Hour { flights, minutes: minutes.round() as i64, worst: number("WORST") };
                assert!((minutes - hour.minutes as f64).abs() < 1e-6, "{row}");
                ((carrier, number("WINDOWSTART")), hour)
            })
            .collect();
        if shown == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "{shown:#?}\nis not\n{expected:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn delays_by_carrier_and_hour() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(&dir.path().join("data"), &[]);
    node.create_table("airlines", "string", "json", 6);
    node.create_table("flights", "string", "json", 6);
    let (airlines, flights) = (text("airlines.csv.gz"), text("flights.csv.gz"));
    let names: BTreeMap<String, String> =
        csv::Reader::from_reader(airlines.as_bytes()).deserialize().map(Result::unwrap).collect();

    // Two thirds of the day before the dashboard is made, the rest behind it.
    let lines: Vec<&str> = flights.lines().collect();
    let (heading, lines) = lines.split_first().unwrap();
    let (early, late) = lines.split_at(lines.len() * 2 / 3);
    let part = |name: &str, lines: &[&str]| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("{heading}\n{}\n", lines.join("\n"))).unwrap();
        path
    };
    let (early, late) = (part("early.csv", early), part("late.csv", late));
    load(&node, "airlines", "carrier", &repository().join("demo/data/airlines.csv.gz"));
    load(&node, "flights", "carrier,flight,time_hour", &early);

    let script = repository().join("demo/sql/flights.sql");
    let output = sql(&node, &["-f", script.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    comes_to(&node, &hours(&std::fs::read_to_string(&early).unwrap()), &names);

    // One who watches is told of the rest as it comes.
    let watched = "SELECT carrier, name, flights FROM delays EMIT CHANGES LIMIT 20;";
    let mut watch = lentic(&["sql", "--output", "json", "--query-timeout", "1m", "-e", watched]);
    let mut watch = watch.env("LENTIC_URL", &node.url).stdout(Stdio::piped()).spawn().unwrap();
    until("the push query", || {
        let queries = String::from_utf8(sql(&node, &["-e", "LIST QUERIES;"]).stdout).unwrap();
        queries.contains("\"PUSH\"").then_some(())
    });
    load(&node, "flights", "carrier,flight,time_hour", &late);
    let told: Vec<String> =
        BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert!(watch.wait().unwrap().success());
    assert_eq!(told.len(), 20, "{told:?}");
    for row in &told {
        let row: Value = serde_json::from_str(row).unwrap();
        assert_eq!(
            row["NAME"].as_str(),
            names.get(row["CARRIER"].as_str().unwrap()).map(String::as_str),
            "{row}"
        );
    }

    let all = hours(&flights);
    comes_to(&node, &all, &names);
    // By key, as a dashboard asks.
    let united = rows(&node, "SELECT WINDOWSTART, flights FROM delays WHERE carrier = 'UA';");
    let shown: BTreeMap<i64, i64> = united
        .iter()
        .map(|row| (row["WINDOWSTART"].as_i64().unwrap(), row["FLIGHTS"].as_i64().unwrap()))
        .collect();
    let expected: BTreeMap<i64, i64> = all
        .iter()
        .filter(|((carrier, _), _)| carrier == "UA")
        .map(|((_, begin), hour)| (*begin, hour.flights))
        .collect();
    assert_eq!(shown, expected);
}
