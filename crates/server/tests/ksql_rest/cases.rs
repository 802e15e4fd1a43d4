//! ksqlDB's own REST cases, against a node on the embedded log and its HTTP server.
//!
//! The cases are no part of the repository (see `lentic_testkit::conformance::directory`): without them there is nothing to run.
//! `KSQL_REST_FILE` and `KSQL_REST_CASE` choose by parts of names, `KSQL_REST_VERBOSE` shows what was sent and answered.
use std::collections::BTreeMap;
use std::path::PathBuf;

use lentic_testkit::conformance::rest::{RestCase, read_rest, run};
use lentic_testkit::conformance::{Trace, Verdict, directory};

use super::endpoint::Server;

/// So many cases passed when this was last looked at; fewer is a step back.
const PASSED: usize = 284;

/// Partitions of a topic where a case says nothing.
const PARTITIONS: u32 = 4;

#[test]
fn cases() {
    let Some(directory) = directory() else {
        eprintln!("ksqlDB's cases are not at hand: nothing was run");
        return;
    };
    let (in_file, in_case) = (part("KSQL_REST_FILE"), part("KSQL_REST_CASE"));
    let is_verbose = std::env::var_os("KSQL_REST_VERBOSE").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory.join("rest-query-validation-tests"))
        .expect("the folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    let (mut score, mut passed, mut all) = (BTreeMap::new(), 0, 0);
    for path in files {
        let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if !file.contains(&in_file) {
            continue;
        }
        for case in read_rest(&path).expect("cases") {
            if !case.case.name.contains(&in_case) {
                continue;
            }
            let mut trace = Trace::default();
            let verdict = judged(&case, &mut trace);
            let is_passed = matches!(verdict, Verdict::Passed);
            let (of_file, count): &mut (usize, usize) = score.entry(file.clone()).or_default();
            *of_file += usize::from(is_passed);
            *count += 1;
            all += 1;
            passed += usize::from(is_passed);
            if !is_passed || is_verbose {
                println!("{file} | {} | {verdict:?}", case.case.name);
            }
            if is_verbose {
                println!("{trace}");
            }
        }
    }
    for (file, (passed, all)) in &score {
        println!("{passed:4} of {all:4}  {file}");
    }
    println!("{passed:4} of {all:4}");
    if in_file.is_empty() && in_case.is_empty() {
        assert!(passed >= PASSED, "{passed} cases pass, not {PASSED}");
    }
}

/// ksqlDB's runs make the topics of declared sources before the statements, uncompacted: name and partitions.
fn declared_topic(statement: &str) -> Option<(&str, u32)> {
    let lower = statement.to_ascii_lowercase();
    let at = lower.find("kafka_topic").filter(|_| !lower.contains(" as select"))?;
    let partitions = lower.split("partitions").nth(1).map(|rest| {
        let digits = rest.trim_start_matches([' ', '=', '\'', '"']);
        digits.chars().take_while(char::is_ascii_digit).collect::<String>()
    });
    let partitions = partitions.and_then(|digits| digits.parse().ok()).unwrap_or(PARTITIONS);
    Some((statement[at..].split('\'').nth(1)?, partitions))
}

/// What stands for the topic that each case has for itself.
const TOPIC: &str = "case_topic";

fn part(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn judged(case: &RestCase, trace: &mut Trace) -> Verdict {
    let mut server = Server::start();
    for topic in &case.case.topics {
        server.create(&topic.name.replace("test_topic", TOPIC), topic.partitions.unwrap_or(PARTITIONS));
    }
    for statement in &case.case.statements {
        if let Some((topic, partitions)) = declared_topic(statement) {
            server.create(&topic.replace("test_topic", TOPIC), partitions);
        }
    }
    let verdict = run(case, TOPIC, &mut server, trace);
    server.stop();
    verdict
}
