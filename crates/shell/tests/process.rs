//! The shell as a process that reads a script: what it prints, what it ends with, and Ctrl-C.
#[path = "../src/run/tests/server.rs"]
mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use server::{Asked, Piece, Reply, Server};

/// The example is the shell alone; `cargo test` builds it beside the tests.
fn example() -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("a folder of builds");
    folder.join("examples/sql")
}

fn start(server: &str, script: &str) -> Child {
    let mut child = Command::new(example())
        .arg(server)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example is built");
    // Its end is the end of the script.
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(script.as_bytes()).expect("it reads");
    child
}

fn server() -> Arc<Server> {
    Server::start(None, |asked: &Asked| match (asked.line.as_str(), asked.statement().as_str()) {
        ("POST /ksql", "LIST VARIABLES;") => {
            Reply::ok(r#"[{"@type":"variables","variables":[{"name":"a","value":"1"}]}]"#)
        }
        ("POST /ksql", _) => {
            Reply::error(400, r#"{"@type":"generic_error","error_code":40001,"message":"line 1:1: no"}"#)
        }
        ("POST /query", "SELECT * FROM broken;") => Reply::Pieces(vec![Piece::Text("["), Piece::Break]),
        ("POST /query", _) => Reply::Pieces(vec![
            Piece::Text(r#"[{"header":{"queryId":"q_1","schema":"`ID` BIGINT"}},"#),
            Piece::Text(r#"{"row":{"columns":[47]}},"#),
            Piece::UntilClosed,
        ]),
        _ => Reply::error(404, ""),
    })
}

#[test]
fn a_script_is_read_from_standard_input() {
    let server = server();
    for (script, stdout, stderr, code) in [
        ("LIST VARIABLES", " VARIABLE | VALUE\n----------+-------\n a        | 1\n", "", 0),
        ("exit\nWRONG;", "", "", 0),
        ("WRONG;\nLIST VARIABLES;", "", "ERROR line 1:1: no\n1 | WRONG;\n  | ^\n", 1),
        ("server", &*format!("{}\n", server.address()), "", 0),
    ] {
        let output = start(&server.address(), script).wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert_eq!(
            (&*text(output.stdout), &*text(output.stderr), output.status.code()),
            (stdout, stderr, Some(code)),
            "{script}"
        );
    }
    let broken = start(&server.address(), "SELECT * FROM broken;").wait_with_output().unwrap();
    assert_eq!(broken.status.code(), Some(1));
    assert!(broken.stderr.starts_with(b"ERROR the answer broke off: "));
    let nobody = start("http://127.0.0.1:1", "LIST VARIABLES;").wait_with_output().unwrap();
    assert_eq!(nobody.status.code(), Some(5));
}

#[test]
fn a_signal_closes_the_query() {
    let server = server();
    let mut child = start(&server.address(), "output json\nSELECT * FROM s EMIT CHANGES; LIST VARIABLES;");
    let mut row = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut row).unwrap();
    assert_eq!(row, "{\"ID\":47}\n");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(server.wait_for("POST /close-query").body, r#"{"queryId":"q_1"}"#);
    let asked = server.asked();
    // The statement after it was not executed.
    assert!(asked.iter().all(|asked| asked.line != "POST /ksql"), "{asked:?}");
    let is_said = |header: &String| header.starts_with("user-agent: lentic/");
    assert!(asked[0].headers.iter().any(is_said), "{asked:?}");
}
