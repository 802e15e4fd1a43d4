//! By what nodes know each other: a secret, certificates, both; and one that is not known.
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::Kafka;
use crate::harness::certificates::{Authority, text};
use crate::harness::{Node, Request, until};
use crate::nodes::{Cluster, array};

/// No copies: what another node has is asked of it.
const ALONE: [&str; 2] = ["--num-standby-replicas", "0"];

/// What the nodes of a cluster are started with, and one that is none of them.
struct Case {
    a: Vec<String>,
    b: Vec<String>,
    /// Of the node `c` when it is not known, and later when it is.
    stranger: Vec<String>,
    c: Vec<String>,
    /// Why it is not answered, and why it is not asked.
    by_others: &'static str,
    by_it: &'static str,
}

/// A node that is not known gets nothing from the others and gives them nothing, which both say with the reason; once it is known
/// it is one of them.
fn a_stranger(kafka: &Kafka, case: &Case) -> Cluster {
    let with = |arguments: &[String]| [&ALONE.map(str::to_owned), arguments].concat();
    let mut cluster = Cluster::new(kafka);
    let start = |cluster: &mut Cluster, name, arguments: &[String]| {
        let arguments = with(arguments);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        cluster.start_with(name, &arguments);
    };
    start(&mut cluster, "a", &case.a);
    let rows = cluster.fill();
    start(&mut cluster, "b", &case.b);
    cluster.settle();
    cluster.check(&rows);
    start(&mut cluster, "c", &case.stranger);
    let owned = until("the third node to own some rows", || {
        let owned = owned(cluster.node("a"), &rows);
        (owned.len() == 3).then_some(owned)
    });
    for (through, of, why) in [("c", "a", case.by_others), ("c", "b", case.by_others), ("a", "c", case.by_it)]
    {
        let key = &owned[of];
        let read = cluster.node(through).get(&format!("/v1/tables/t/rows/{key}")).send();
        let refused = read.expect_error(503, "no_active");
        assert!(refused.header("retry-after").is_some() && refused.json()["shard"].is_u64(), "{refused:?}");
        let named = [why, &format!("the node {of} can't be reached")];
        assert!(
            named.iter().all(|part| refused.text().contains(part)),
            "{through} asks {of}: {}",
            refused.text()
        );
        let count = cluster.node(through).get("/v1/tables/t/rows:count").send();
        let count = count.expect_error(503, "no_active");
        assert!(count.text().contains(why) && count.json()["shard"].is_u64(), "{count:?}");
        // Until it tells something new, and then is asked again.
        until("it to be drawn out of reach", || {
            let path = format!("/v1/tables/t/rows/{key}");
            let conditional = cluster.node(through).put(&path, "0").header("if-none-match", "*").send();
            let conditional = conditional.expect_error(503, "no_active");
            assert!(conditional.text().contains(why), "{through} asks {of}: {}", conditional.text());
            let status = cluster.node(through).on_terminal(&["status"]).1;
            (status.contains(&format!("{of} can't be reached: ")) && status.contains('!')).then_some(())
        });
        // Those who know each other are not disturbed.
        let own = &owned[through];
        assert_eq!(cluster.node(through).row("t", own).as_ref(), Some(&rows[own]));
    }
    assert_eq!(cluster.node("a").row("t", &owned["b"]).as_ref(), Some(&rows[&owned["b"]]));
    let stranger = cluster.nodes.remove("c").expect("it runs");
    assert!(stranger.stop().success());
    start(&mut cluster, "c", &case.c);
    cluster.settle();
    cluster.check(&rows);
    cluster
}

/// A key of each node that owns some.
fn owned(through: &Node, rows: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut owned = BTreeMap::new();
    for key in rows.keys().take(60) {
        let route = through.get(&format!("/v1/tables/t/route?key={key}")).send().expect(200).json();
        // As copies they are still where they were, for a moment.
        if let [owner] = array(&route["nodes"])
            && owner["role"] == "active"
        {
            owned.insert(owner["node"].as_str().expect("a name").to_owned(), key.clone());
        }
    }
    owned
}

/// Where nodes reach a node, as it tells.
fn peer(cluster: &Cluster, name: &str) -> String {
    let told = cluster.node("a").get("/v1/cluster").send().expect(200).json();
    let node = array(&told["nodes"]).iter().find(|node| node["node"] == name).cloned();
    node.as_ref().map_or(&Value::Null, |node| &node["peer"]).as_str().expect("an address").to_owned()
}

fn secret(dir: &tempfile::TempDir, secret: &str) -> Vec<String> {
    let path = dir.path().join(secret);
    std::fs::write(&path, format!("{secret}\n")).expect("written");
    vec!["--peer-secret-file".to_owned(), text(&path)]
}

#[test]
fn by_a_secret() {
    let Some(kafka) = Kafka::shared() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let ours = secret(&dir, "the-secret-of-our-nodes");
    let case = Case {
        a: ours.clone(),
        b: ours.clone(),
        stranger: secret(&dir, "the-secret-of-nobody"),
        c: ours,
        by_others: "it refuses this node's secret: peer_secret_file",
        by_it: "it refuses this node's secret: peer_secret_file",
    };
    let cluster = a_stranger(&kafka, &case);
    let url = format!("http://{}/v1/tables/t/rows:count", peer(&cluster, "b"));
    let ask = |token: Option<&str>| match token {
        Some(token) => {
            Request::new("GET", url.clone()).header("authorization", &format!("Bearer {token}")).send()
        }
        None => Request::new("GET", url.clone()).send(),
    };
    ask(None).expect_error(401, "unauthorized");
    ask(Some("the-secret-of-nobody")).expect_error(401, "unauthorized");
    assert_eq!(ask(Some("the-secret-of-our-nodes")).expect(200).json()["count"], 300);
}

#[test]
fn by_certificates() {
    let Some(kafka) = Kafka::shared() else { return };
    let (ours, others) = (Authority::new(), Authority::new());
    for name in ["a", "b", "c"] {
        ours.sign(name);
        others.sign(name);
    }
    let mtls = |arguments: Vec<String>| [arguments, vec!["--peer-mtls".to_owned()]].concat();
    // It trusts the others: their certificates are not what is wrong.
    let mut stranger = others.arguments("c");
    stranger[5] = ours.text("ca.pem");
    let case = Case {
        a: mtls(ours.arguments("a")),
        b: mtls(ours.arguments("b")),
        stranger: mtls(stranger),
        c: mtls(ours.arguments("c")),
        by_others: "it refused this node: ",
        by_it: "invalid peer certificate: ",
    };
    let cluster = a_stranger(&kafka, &case);
    let peer = peer(&cluster, "b");
    let address = peer.strip_prefix("https://").unwrap_or_else(|| panic!("{peer}"));
    // Neither plain HTTP nor who has no certificate comes in.
    let plain = Request::new("GET", format!("http://{address}/v1/tables")).try_send();
    assert!(plain.is_err(), "{plain:?}");
    let ca = ours.text("ca.pem");
    let nobody = s_client(&["-connect", address, "-CAfile", &ca]);
    assert!(
        nobody.contains("Verify return code: 0 (ok)") && nobody.contains("certificate required"),
        "{nobody}"
    );
    let (key, certificate) = (ours.text("a.key"), ours.text("a.pem"));
    let known = s_client(&["-connect", address, "-CAfile", &ca, "-cert", &certificate, "-key", &key]);
    assert!(known.contains("Verify return code: 0 (ok)") && !known.contains("alert"), "{known}");
    let old =
        s_client(&["-connect", address, "-CAfile", &ca, "-cert", &certificate, "-key", &key, "-tls1_2"]);
    assert!(old.contains("alert protocol version"), "{old}");
}

/// The listener's certificate alone says nothing about who connects: the secret does.
#[test]
fn by_a_certificate_and_a_secret() {
    let Some(kafka) = Kafka::shared() else { return };
    let (authority, dir) = (Authority::new(), tempfile::tempdir().expect("a directory"));
    let ours = secret(&dir, "the-secret-of-our-nodes");
    let with = |name: &str| {
        authority.sign(name);
        [authority.arguments(name), ours.clone()].concat()
    };
    let case = Case {
        a: with("a"),
        b: with("b"),
        stranger: ours.clone(),
        c: with("c"),
        by_others: "it speaks TLS and this node does not",
        by_it: "this node speaks TLS and that one does not",
    };
    a_stranger(&kafka, &case);
}

/// OpenSSL's client says nothing and listens for a while; what it tells.
fn s_client(arguments: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["2", "openssl", "s_client", "-ign_eof"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("openssl");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
