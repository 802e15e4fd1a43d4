//! Compare-and-set.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;

use crate::fixture::{Here, token, token_parts};

const PATH: &str = "/v1/tables/t/rows/k";

#[test]
fn conditions_of_writes() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    // There is no row.
    for condition in ["\"t/0@0.0000\"", "*"] {
        let refused = here.put(PATH, "1").header("If-Match", condition).send();
        let refused = refused.expect_error(412, "precondition_failed");
        assert_eq!((refused.header("etag"), refused.json()["token"].is_null()), (None, true));
        here.delete(PATH).header("If-Match", condition).send().expect_error(412, "precondition_failed");
    }
    let put = here.put(PATH, "1").header("If-None-Match", "*").send().expect(200);
    let first = put.header("etag").expect("an ETag").to_owned();
    // There is one.
    let refused = here.put(PATH, "2").header("If-None-Match", "*").send();
    let refused = refused.expect_error(412, "precondition_failed");
    assert_eq!(refused.header("etag"), Some(first.as_str()));
    assert_eq!(refused.json()["token"], first.trim_matches('"'));
    assert_eq!(here.get(PATH).send().expect(200).text(), "1");
    // By its tag, as it was given, as a proxy weakens it, in a list, in any.
    let weak = |etag: &str| format!("W/{etag}");
    let list = |etag: &str| format!("\"t/1@77.0000\", {etag}");
    let any = |_: &str| "*".to_owned();
    let mut etag = first.clone();
    let spellings: [&dyn Fn(&str) -> String; 4] = [&str::to_owned, &weak, &list, &any];
    for (index, spelled) in spellings.into_iter().enumerate() {
        let value = (index + 10).to_string();
        let put = here.put(PATH, value.as_str()).header("If-Match", &spelled(&etag)).send().expect(200);
        let got = here.get(PATH).send().expect(200);
        assert_eq!((got.text(), got.header("etag")), (value.as_str(), put.header("etag")));
        assert_eq!(put.header("lentic-applied"), Some("true"));
        let refused = here.put(PATH, "0").header("If-Match", &etag).send();
        let refused = refused.expect_error(412, "precondition_failed");
        assert_eq!(refused.header("etag"), put.header("etag"), "412 has the current one");
        assert_eq!(refused.header("lentic-applied"), Some("true"), "the owner shows why");
        etag = put.header("etag").expect("an ETag").to_owned();
    }
    // What is no tag, or no condition of a write.
    for (name, value) in
        [("If-Match", "unquoted"), ("If-Match", "\"a\" \"b\""), ("If-None-Match", "\"t/0@0.0000\"")]
    {
        here.put(PATH, "0").header(name, value).send().expect_error(400, "bad_header");
    }
    let both = here.put(PATH, "0").header("If-Match", &etag).header("If-None-Match", "*").send();
    both.expect_error(400, "bad_header");
    // A delete.
    here.delete(PATH).header("If-Match", &first).send().expect_error(412, "precondition_failed");
    here.delete(PATH).header("If-Match", &etag).send().expect(200);
    here.get(PATH).send().expect_error(404, "row_not_found");
    here.put(PATH, "0").header("If-Match", &etag).send().expect_error(412, "precondition_failed");
    here.put(PATH, "5").header("If-None-Match", "*").send().expect(200);
    assert_eq!(here.get(PATH).send().expect(200).text(), "5");
}

/// Every success counts once: the final value is their number. Other writers of the partition go on meanwhile.
#[test]
fn counters() {
    const THREADS: usize = 4;
    const EACH: u64 = 25;
    let here = Here::start(&[]);
    here.create_table("t", "string", "bigint", 1);
    here.put(PATH, "0").send().expect(200);
    let (successes, refusals) = (AtomicU64::new(0), AtomicU64::new(0));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                here.put("/v1/tables/t/rows/other", "1").send().expect(200);
            }
        });
        let count = || {
            let mut mine = 0;
            while mine < EACH {
                let got = here.get(PATH).send().expect(200);
                let next = got.text().parse::<u64>().expect("a number") + 1;
                let put = here.put(PATH, next.to_string());
                let put = put.header("If-Match", got.header("etag").expect("an ETag")).send();
                match put.status {
                    200 => mine += 1,
                    412 => drop(refusals.fetch_add(1, Ordering::Relaxed)),
                    _ => panic!("{put:?}"),
                }
            }
            successes.fetch_add(mine, Ordering::Relaxed);
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
        for thread in threads {
            thread.join().expect("a thread");
        }
        done.store(true, Ordering::Release);
    });
    let value: u64 = here.get(PATH).send().expect(200).text().parse().expect("a number");
    assert_eq!(value, successes.into_inner());
    assert!(refusals.into_inner() > 0, "they met");
}

/// Of many who create a row one wins.
#[test]
fn one_creates() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    for round in 0..5 {
        let path = format!("/v1/tables/t/rows/{round}");
        let create = |mine: i32| {
            let put = here.put(&path, mine.to_string()).header("If-None-Match", "*").send();
            assert!(matches!(put.status, 200 | 412), "{put:?}");
            (put.status == 200).then(|| (mine, token(&put)))
        };
        let won: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|mine| scope.spawn(move || create(mine))).collect();
            threads.into_iter().filter_map(|thread| thread.join().expect("a thread")).collect()
        });
        let [(winner, token)] = &won[..] else { panic!("{won:?}") };
        let got = here.get(&path).send().expect(200);
        assert_eq!(
            (got.text(), got.header("etag")),
            (winner.to_string().as_str(), Some(format!("\"{token}\"").as_str()))
        );
    }
}

/// Two tables over one topic decide together, and `rows:write` and `rows:load` know no conditions.
#[test]
fn conditions_elsewhere() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 1);
    here.declare(&json!({"name": "same", "topic": "t", "key": "string", "value": "int"}));
    let put = here.put(PATH, "1").send().expect(200);
    let etag = put.header("etag").expect("an ETag");
    let other = here.put("/v1/tables/same/rows/k", "2").header("If-Match", etag).send().expect(200);
    assert_eq!(token_parts(&token(&other)).2, 1);
    here.put(PATH, "3").header("If-Match", etag).send().expect_error(412, "precondition_failed");
    let write = json!({"key": "k", "value": 4});
    for (endpoint, body) in
        [("rows:write", json!({"writes": [write]}).to_string()), ("rows:load", write.to_string())]
    {
        let path = format!("/v1/tables/t/{endpoint}");
        for name in ["If-Match", "If-None-Match"] {
            here.post(&path, body.as_str()).header(name, "*").send().expect_error(400, "bad_header");
        }
    }
    assert_eq!(here.get("/v1/tables/same/rows/k").send().expect(200).text(), "2");
}
