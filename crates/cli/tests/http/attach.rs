//! Tables over changelogs named and written as an application's are; `kafka attach` has one that runs.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::fixture::Here;

const MINUTE: i64 = 60_000;
const KSQLDB: &str = "_confluent-ksql-default_query_CTAS";

/// A changelog with these records, keys as bytes.
fn changelog(here: &Here, number: usize, application: &str, store: &str, records: &[(Vec<u8>, &str)]) {
    let raw = format!("raw-{number}");
    let topic = format!("{application}-{store}-changelog");
    here.declare(&json!({"name": raw, "topic": topic, "key": "bytes", "value": "string", "partitions": 1}));
    for (key, value) in records {
        let key = URL_SAFE_NO_PAD.encode(key);
        here.put(&format!("/v1/tables/{raw}/rows/{key}?key-encoding=base64url"), *value).send().expect(200);
    }
}

/// Name, key, value and kind of window of the tables of an application's stores.
fn attached(here: &Here, body: &Value) -> Vec<Value> {
    let answer = here.request("POST", "/v1/tables:attach?wait=ready").json(body).send().expect(200).json();
    let stores = answer["stores"].as_array().expect("stores").iter();
    let told = stores.map(|store| {
        let table = &store["table"];
        json!([table["name"], table["key"], table["value"], table["window"]["kind"], store["created"]])
    });
    told.collect()
}

fn at(key: &str, times: &[i64], sequence: Option<u32>) -> Vec<u8> {
    let times: Vec<u8> = times.iter().flat_map(|time| time.to_be_bytes()).collect();
    let sequence = sequence.map(u32::to_be_bytes).unwrap_or_default();
    let sequence = if times.len() == 8 { &sequence[..] } else { &[] };
    [key.as_bytes(), &times, sequence].concat()
}

/// ksqlDB names all stores of all aggregations alike: what tells them apart is the query in the application id.
#[test]
fn stores_of_ksqldb() {
    let here = Here::start(&[]);
    let store = "Aggregate-Aggregate-Materialize";
    let value = |count: u32| format!(r#"{{"ROWTIME":7,"KSQL_AGG_VARIABLE_0":{count}}}"#);
    let (one, two, three) = (value(1), value(2), value(3));
    let plain = [(b"ann".to_vec(), &*one), (b"bob".to_vec(), &*two)];
    changelog(&here, 1, &format!("{KSQLDB}_COUNTS_5"), store, &plain);
    let start = 28_000_000 * MINUTE;
    let windows = [(at("ann", &[start], Some(0)), &*one), (at("ann", &[start + MINUTE], Some(0)), &*two)];
    changelog(&here, 2, &format!("{KSQLDB}_MINUTES_7"), store, &windows);
    let sessions =
        [(at("ann", &[start + 9, start], None), &*three), (at("bob", &[start + 5, start + 5], None), &*one)];
    changelog(&here, 3, &format!("{KSQLDB}_VISITS_9"), store, &sessions);

    let application = |query: &str| json!({"application_id": format!("{KSQLDB}_{query}")});
    let counts = json!(["CTAS_COUNTS_5-Aggregate-Aggregate-Materialize", "string", "json", null, true]);
    assert_eq!(attached(&here, &application("COUNTS_5")), [counts]);
    let said = |query: &str, window: Value| {
        let mut body = application(query);
        body["store"] = json!(store);
        for (name, value) in window.as_object().expect("fields") {
            body[name] = value.clone();
        }
        attached(&here, &body)
    };
    let minutes = json!(["CTAS_MINUTES_7-Aggregate-Aggregate-Materialize", "string", "json", "time", true]);
    assert_eq!(said("MINUTES_7", json!({"window": "time", "size_ms": MINUTE})), [minutes]);
    let visits = json!(["CTAS_VISITS_9-Aggregate-Aggregate-Materialize", "string", "json", "session", true]);
    assert_eq!(said("VISITS_9", json!({"window": "session"})), [visits]);

    let table = |query: &str| format!("/v1/tables/CTAS_{query}-{store}/rows");
    let row = here.get(&format!("{}/bob", table("COUNTS_5"))).send().expect(200).json();
    assert_eq!(row["KSQL_AGG_VARIABLE_0"], 2);
    let rows = |query: &str, key: &str| {
        let page = here.get(&format!("{}/{key}", table(query))).send().expect(200).json();
        let row = |row: &Value| json!([row["window"], row["value"]["KSQL_AGG_VARIABLE_0"]]);
        page["rows"].as_array().expect("rows").iter().map(row).collect::<Vec<_>>()
    };
    let window = |start: i64, end: i64| json!({"start": start, "end": end});
    let minutes =
        [json!([window(start, start + MINUTE), 1]), json!([window(start + MINUTE, start + 2 * MINUTE), 2])];
    assert_eq!(rows("MINUTES_7", "ann"), minutes);
    assert_eq!(rows("VISITS_9", "ann"), [json!([window(start, start + 9), 3])]);
    assert_eq!(rows("VISITS_9", "bob"), [json!([window(start + 5, start + 5), 1])]);

    // Attached again they stay as they are; a name that is said is taken.
    let again = attached(&here, &application("VISITS_9"));
    assert_eq!(again[0][4], false);
    let mut named = application("COUNTS_5");
    named["store"] = json!(store);
    named["name"] = json!("counts");
    assert_eq!(attached(&here, &named), [json!(["counts", "string", "json", null, true])]);
}

/// A session store that merges: the sessions that were taken into another are gone, with a tombstone each.
#[test]
fn sessions_that_were_merged() {
    let here = Here::start(&[]);
    let records = [
        (at("ann", &[10, 0], None), "1"),
        (at("ann", &[30, 20], None), "1"),
        (at("ann", &[30, 0], None), "3"),
    ];
    changelog(&here, 1, "app", "sessions", &records);
    for (key, _) in &records[..2] {
        let key = URL_SAFE_NO_PAD.encode(key);
        here.delete(&format!("/v1/tables/raw-1/rows/{key}?key-encoding=base64url")).send().expect(200);
    }
    let said = json!({
        "application_id": "app", "store": "sessions", "window": "session", "key": "string", "value": "string",
    });
    assert_eq!(attached(&here, &said), [json!(["sessions", "string", "string", "session", true])]);
    let page = here.get("/v1/tables/sessions/rows/ann").send().expect(200).json();
    let rows = page["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), &rows[0]["window"]), (1, &json!({"start": 0, "end": 30})));
    assert_eq!(rows[0]["value"], "3");
    let one = here.get("/v1/tables/sessions/rows/ann?window=0..30").send().expect(200);
    assert_eq!(one.text(), "3");
    here.get("/v1/tables/sessions/rows/ann?window=20..30").send().expect_error(404, "row_not_found");
}
