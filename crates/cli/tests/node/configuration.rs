//! What a node is told: flags, variables, the file, and `lentic config`, which shows what came of it.
use std::path::Path;

use serde_json::{Value, json};

use super::harness::{Node, lentic, until};
use super::refused;

/// The effective configuration, by `lentic config --json`.
#[track_caller]
fn effective(file: Option<&Path>, variables: &[(&str, &str)], flags: &[&str]) -> Value {
    let mut command = lentic(&["config", "--json"]);
    command.args(flags).envs(variables.iter().copied());
    if let Some(file) = file {
        command.arg("--config").arg(file);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn defaults() {
    let shown = effective(None, &[], &[]);
    for (name, value) in [
        ("listen", json!("127.0.0.1:8088")),
        ("data_dir", json!("./lentic-data")),
        ("service_id", json!("lentic")),
        ("brokers", json!(null)),
        ("token_file", json!(null)),
        ("insecure", json!(false)),
        ("fsync", json!("always")),
    ] {
        assert_eq!(shown[name], json!({"value": value, "origin": "default"}), "{name}");
    }
    // Every setting is documented.
    let page = include_str!("../../../../docs/configuration.md");
    for name in shown.as_object().unwrap().keys() {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn a_flag_beats_a_variable_beats_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    for (setting, [in_file, variable, flag]) in [
        ("service_id", ["a", "b", "c"]),
        ("listen", ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]),
        ("data_dir", ["./a", "./b", "./c"]),
        ("brokers", ["a:1", "b:1", "c:1"]),
        ("block_cache_bytes", ["1MiB", "2MiB", "3MiB"]),
        ("request_timeout_ms", ["1s", "2s", "3s"]),
        ("fsync", ["interval", "never", "always"]),
        ("token_file", ["a", "b", "c"]),
        ("cors_origin", ["http://a", "http://b", "http://c"]),
        ("log_level", ["warn", "error", "debug"]),
    ] {
        std::fs::write(&file, format!("{setting} = \"{in_file}\"\n")).unwrap();
        let name = format!("LENTIC_{}", setting.to_uppercase());
        let dashes = format!("--{}", setting.replace('_', "-"));
        let variables = [(name.as_str(), variable)];
        let list = matches!(setting, "brokers" | "cors_origin");
        let said = |value: &str, origin: &str| {
            let value = if list { json!([value]) } else { json!(value) };
            json!({"value": value, "origin": origin})
        };
        let of_file = said(in_file, &format!("{}:1", file.display()));
        assert_eq!(effective(Some(&file), &[], &[])[setting], of_file);
        assert_eq!(effective(Some(&file), &variables, &[])[setting], said(variable, &name));
        assert_eq!(effective(Some(&file), &variables, &[&dashes, flag])[setting], said(flag, &dashes));
        // An empty variable is none.
        assert_eq!(effective(Some(&file), &[(&name, "")], &[])[setting], of_file);
        // The file itself may be named by a variable.
        assert_eq!(effective(None, &[("LENTIC_CONFIG", file.to_str().unwrap())], &[])[setting], of_file);
    }
}

/// The node takes what `lentic config` shows.
#[test]
fn a_node_runs_as_configured() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    std::fs::write(
        &file,
        "service_id = \"file\"\nnode_id = \"file\"\ndefault_page_rows = 7\nmax_page_rows = 9\n",
    )
    .unwrap();
    let mut command = lentic(&["serve", "--listen", "127.0.0.1:0", "--service-id", "flag", "--config"]);
    command.arg(&file).arg("--data-dir").arg(dir.path());
    command.env("LENTIC_SERVICE_ID", "variable").env("LENTIC_NODE_ID", "variable");
    command.env("LENTIC_DEFAULT_PAGE_ROWS", "1");
    let mut node = Node::launch(command, dir.path());
    node.listening();
    let status = node.get("/v1/status").send().expect(200).json();
    assert_eq!((&status["service_id"], &status["node_id"]), (&json!("flag"), &json!("variable")));
    node.create_table("t", "string", "json", 2);
    super::put_numbered(&node, "t", 12);
    let rows = |query: &str| {
        let page = node.get(&format!("/v1/tables/t/rows{query}")).send();
        if page.status == 200 { page.json()["rows"].as_array().unwrap().len() } else { page.status.into() }
    };
    assert_eq!((rows(""), rows("?limit=9"), rows("?limit=10")), (1, 9, 400));
    // The service's name is in that of its topic.
    node.get("/v1/topics/flag-statements/guess").send().expect(200);
    node.get("/v1/topics/lentic-statements/guess").send().expect_error(404, "topic_not_found");
}

#[test]
fn the_shown_configuration_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first.toml"), dir.path().join("second.toml"));
    let text = "brokers = [\"a:1\", \"b:2\"]\nfsync = \"interval\"\nmax_line_bytes = 5_000_000\n\
                [kafka]\n\"security.protocol\" = \"SASL_SSL\"\n\
                [[tables]]\nname = \"planes\"\ntopic = \"planes\"\nkey = \"string\"\nvalue = \"json\"\npartitions = 6\n\
                [[tables]]\nname = \"seats\"\ntopic = \"planes\"\nkey = \"string\"\nvalue = \"bytes\"\nread_only = true\n";
    std::fs::write(&first, text).unwrap();
    let output = lentic(&["config", "--config"]).arg(&first).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::write(&second, &output.stdout).unwrap();
    let values = |file: &Path| -> Vec<(String, Value)> {
        let shown = effective(Some(file), &[], &[]);
        shown
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, entry)| (name.clone(), entry["value"].clone()))
            .collect()
    };
    assert_eq!(values(&first), values(&second));
    let shown = effective(Some(&first), &[], &[]);
    assert_eq!(shown["tables.seats"]["value"]["read_only"], true);
    assert_eq!(shown["kafka.security.protocol"]["origin"], format!("{}:5", first.display()));
}

/// Wherever they come from, secrets appear nowhere.
#[test]
fn secrets_are_masked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    let text = "brokers = \"127.0.0.1:1\"\n[kafka]\n\"sasl.password\" = \"hush-1\"\nsasl.username = \"ann\"\n\
                \"no.such.property\" = \"shown\"\n";
    std::fs::write(&file, text).unwrap();
    let arguments = ["--kafka", "sasl.oauthbearer.client.secret=hush-3", "--log-level", "trace"];
    for json in [&["--json"][..], &[]] {
        let mut command = lentic(&["config", "--config"]);
        command.arg(&file).args(arguments).args(json).env("LENTIC_KAFKA_SSL_KEY_PASSWORD", "hush-2");
        let output = command.output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !shown.contains("hush"), "{shown}");
        for (part, times) in
            [("********", 3), ("ann", 1), ("LENTIC_KAFKA_SSL_KEY_PASSWORD", 1), ("--kafka", 1)]
        {
            assert_eq!(shown.matches(part).count(), times, "{part}: {shown}");
        }
    }
    // The properties reach librdkafka, which refuses one that it doesn't know.
    let mut serve: Vec<&str> = vec!["--config", file.to_str().unwrap()];
    serve.extend(arguments);
    let (code, said) = refused(dir.path(), &serve);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("no.such.property") && !said.contains("hush"), "{said}");
}

/// Every property of librdkafka passes through, from each of the three places, with librdkafka's own opinion of it.
#[test]
fn properties_of_kafka_pass_through() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    let ca = "ssl.ca.location";
    for (text, variables, flags, part) in [
        ("[kafka]\n\"security.protocol\" = \"nonsense\"\n", &[][..], &[][..], "security.protocol"),
        (
            "",
            &[("LENTIC_KAFKA_SASL_MECHANISMS", "NONSENSE"), ("LENTIC_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")],
            &[],
            "NONSENSE",
        ),
        ("", &[], &["--kafka", "socket.timeout.ms=minus one"], "socket.timeout.ms"),
        ("kafka.security.protocol = \"SSL\"\n", &[], &["--kafka", "ssl.ca.location=/no/such/file"], ca),
    ] {
        std::fs::write(&file, format!("brokers = \"127.0.0.1:1\"\n{text}")).unwrap();
        let mut command = lentic(&["serve", "--listen", "127.0.0.1:0", "--config"]);
        command.arg(&file).arg("--data-dir").arg(dir.path()).args(flags).envs(variables.iter().copied());
        let mut node = Node::launch(command, dir.path());
        let status = node.wait();
        let said = node.log();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// A configuration that makes no sense is refused with all that is wrong with it, before anything is touched.
#[test]
fn mistakes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    let data = dir.path().join("data");
    let table = "[[tables]]\nname = \"t\"\ntopic = \"t\"\nkey = \"string\"\nvalue = \"json\"\n";
    for (text, flags, parts) in [
        ("lisen = \"x\"\n", &[][..], &["lentic.toml:1: unknown setting lisen", "did you mean listen?"][..]),
        ("\nmax_page_rows = 0\n", &[], &["lentic.toml:2: max_page_rows: 0 is out of range: 1 to 1000000"]),
        ("listen = \"here\"\nfsync = \"often\"\n", &[], &["\"here\" is no address", "\"often\" is none of"]),
        ("", &["--block-cache-bytes", "much"], &["--block-cache-bytes: \"much\" is no size"]),
        ("", &["--request-timeout-ms", "2m"], &["is more than max_request_timeout_ms"]),
        ("", &["--service-id", "a b"], &["service_id = \"a b\""]),
        ("", &["--listen", "0.0.0.0:0"], &["is reachable from other machines", "token_file", "insecure"]),
        ("", &["--log-level", "a=b=c"], &["log_level"]),
        ("[kafka]\nbootstrap.servers = \"a:1\"\n", &[], &["use the setting brokers"]),
        ("[[tables]]\nname = \"t\"\ncolour = 1\n", &[], &["lentic.toml:3: [[tables]]: unknown field"]),
        (&[table, table].concat(), &[], &["[[tables]] declares t twice"]),
        (&[table, "partitions = 0\n"].concat(), &[], &["partitions = 0"]),
    ] {
        std::fs::write(&file, text).unwrap();
        let mut command = lentic(&["serve", "--config"]);
        command.arg(&file).arg("--data-dir").arg(&data).args(flags);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}{flags:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!data.exists(), "{text}{flags:?}");
    }
}

#[test]
fn log_lines() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::spawn(dir.path(), &["--log-format", "json", "--log-level", "info,lentic=trace"]);
    until("the node to listen", || node.log().contains("listening on http://127.0.0.1:").then_some(()));
    let log = node.log();
    assert!(node.stop().success());
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["timestamp", "level", "target", "fields"] {
            assert!(!line[field].is_null(), "{line}");
        }
    }
}
