//! A broker that wants TLS and SASL, through the configuration file.
use std::fmt::Write as _;

use serde_json::json;
use tempfile::TempDir;

use crate::harness::kafka::{OwnBroker, shared};
use crate::harness::{Node, lentic};

/// Of the user that `kafka.sh` makes.
const PASSWORD: &str = "lentic-secret";

#[test]
fn tls_and_sasl_by_the_configuration_file() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start();
    let properties = std::fs::read_to_string(broker.path("tls/librdkafka.properties")).expect("properties");
    let dir = TempDir::new().expect("a directory");
    let config = |mechanism: &str, password: &str| {
        let mut text = String::new();
        for (key, value) in properties.lines().filter_map(|line| line.split_once('=')) {
            match key {
                "bootstrap.servers" => {
                    write!(text, "brokers = {value:?}\nservice_id = \"secure\"\nshards = 4\n\n[kafka]\n")
                        .expect("written");
                }
                "sasl.mechanism" => writeln!(text, "{key:?} = {mechanism:?}").expect("written"),
                "sasl.password" => writeln!(text, "{key:?} = {password:?}").expect("written"),
                _ => writeln!(text, "{key:?} = {value:?}").expect("written"),
            }
        }
        let path = dir.path().join(format!("{mechanism}-{}.toml", password.len()));
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let scram = config("SCRAM-SHA-512", PASSWORD);
    let printed = lentic(&["config", "--config", &scram]).output().expect("the binary");
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("SCRAM-SHA-512") && printed.contains("\"********\""), "{printed}");
    assert!(!printed.contains(PASSWORD), "{printed}");

    let node = Node::ready(dir.path(), &["--config", &scram]);
    node.declare(&json!({"name": "t", "topic": "t", "key": "string", "value": "json", "partitions": 2}));
    node.put_row("t", "k", "1");
    let conditional = node.put("/v1/tables/t/rows/k", "2").header("if-none-match", "*").send();
    conditional.expect_error(412, "precondition_failed");
    let both = json!({"writes": [{"key": "k", "value": 3}, {"key": "l", "value": 3}]});
    node.request("POST", "/v1/tables/t/rows:write").json(&both).send().expect(200);
    assert_eq!(node.row("t", "k").as_deref(), Some("3"));
    assert!(!node.log().contains(PASSWORD));
    assert!(node.stop().success());
    let node = Node::ready(dir.path(), &["--config", &config("PLAIN", PASSWORD)]);
    assert_eq!(node.count("t"), 2);
    node.put_row("t", "k", "4");
    assert!(node.stop().success());

    let mut refused = Node::spawn(dir.path(), &["--config", &config("SCRAM-SHA-512", "wrong")]);
    assert!(!refused.wait().success());
    assert!(refused.log().to_lowercase().contains("authentication"), "{}", refused.log());
}
