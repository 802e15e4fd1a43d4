//! The examples do what they say: each is started, fed, and asked as its first lines tell.
#![allow(clippy::print_stderr, reason = "a failed test says what the example said")]
mod process;

use std::collections::BTreeMap;
use std::io::Read as _;

use process::Example;
use serde_json::{Value, json};

#[test]
fn word_count() {
    let mut example = Example::start("word_count");
    example.put("/v1/tables/lines/rows/1", "to be or not to be");
    let count = |example: &Example, word: &str| example.get(&format!("/v1/tables/counts/rows/{word}"));
    example.until("be is counted", |example| count(example, "be") == (200, "2".to_owned()));
    assert_eq!(count(&example, "not"), (200, "1".to_owned()));
    example.put("/v1/tables/lines/rows/2", "Let it be");
    example.until("it is counted on", |example| count(example, "be") == (200, "3".to_owned()));
    assert_eq!(count(&example, "never").0, 404);
    example.stop();
}

#[test]
fn fraud() {
    let mut example = Example::start("fraud");
    for amount in 1..=6 {
        example.put("/v1/tables/payments/rows/card-1", &format!(r#"{{"amount": {amount}}}"#));
    }
    example.put("/v1/tables/payments/rows/card-2", r#"{"amount": 5}"#);
    for (card, payments, spent) in [("card-1", 6, 21.0), ("card-2", 1, 5.0)] {
        let session = [json!({"payments": payments, "spent": spent})];
        example.until(&format!("{card} has a session"), |example| {
            values(&example.rows(&format!("/v1/tables/sessions/rows/{card}"))) == session
        });
    }
    example.stop();
}

/// Every flight of the data that has a delay is in the tables, by its airline's name and hour and by its plane's maker.
#[test]
fn flights() {
    let mut example = Example::start("flights");
    let (delays, makers) = expected_of_flights();
    let (mut by_hour, mut by_maker) = (BTreeMap::new(), BTreeMap::new());
    example.until("all flights are counted", |example| {
        let rows = example.rows("/v1/tables/delays/rows?limit=1000");
        let hour = |row: &Value| (text(&row["key"]), row["window"]["start"].as_i64());
        by_hour = rows.iter().map(|row| (hour(row), row["value"].clone())).collect();
        let rows = example.rows("/v1/tables/by_maker/rows?limit=1000");
        by_maker =
            rows.iter().map(|row| (text(&row["key"]), row["value"].as_i64().unwrap_or_default())).collect();
        let counted = by_hour.values().filter_map(|delays| delays["flights"].as_i64()).sum::<i64>();
        let expected = delays.values().filter_map(|delays| delays["flights"].as_i64()).sum::<i64>();
        counted >= expected && by_maker.values().sum::<i64>() >= makers.values().sum()
    });
    assert_eq!((by_hour, by_maker), (delays, makers));
    let (status, hours) = example.get("/v1/tables/delays/rows/United%20Air%20Lines%20Inc.");
    assert!(status == 200 && hours.contains("\"worst\""), "{hours}");
    example.stop();
}

fn values(rows: &[Value]) -> Vec<Value> {
    rows.iter().map(|row| row["value"].clone()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// By airline and hour, and by maker: what the flights come to when they are gone through one by one.
fn expected_of_flights() -> (BTreeMap<(String, Option<i64>), Value>, BTreeMap<String, i64>) {
    let column = |name: &str, column: usize| -> BTreeMap<String, String> {
        rows(name).into_iter().map(|row| (row[0].clone(), row[column].clone())).collect()
    };
    let (airlines, planes) = (column("airlines", 1), column("planes", 3));
    let (mut delays, mut makers) = (BTreeMap::<_, (i64, i64, i64)>::new(), BTreeMap::new());
    for row in rows("flights") {
        let Ok(delay) = row[5].parse::<i64>() else { continue };
        let hour = row[16].parse::<i64>().expect("an hour");
        let start = 1_356_998_400_000 + hour * 3_600_000;
        let of = delays.entry((airlines[&row[9]].clone(), Some(start))).or_default();
        *of = (of.0 + 1, of.1 + delay.max(0), of.2.max(delay));
        if let Some(maker) = planes.get(&row[11]) {
            *makers.entry(maker.clone()).or_default() += 1;
        }
    }
    let delays = delays.into_iter().map(|(key, (flights, minutes, worst))| {
        (key, json!({"flights": flights, "minutes": minutes, "worst": worst}))
    });
    (delays.collect(), makers)
}

fn rows(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../../demo/data/{name}.csv.gz", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the data");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("lines");
    let lines = text.lines().skip(1);
    lines.map(|line| line.split(',').map(|field| field.trim_matches('"').to_owned()).collect()).collect()
}
