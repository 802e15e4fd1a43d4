//! Who may ask: tokens, hosts, origins.
use std::path::PathBuf;

use super::harness::Node;
use super::raw::ask;
use super::refused;

const JSON: &str = r#"{"name":"u","key":"string","value":"json"}"#;

fn token_file(dir: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = dir.path().join("tokens");
    std::fs::write(&file, text).unwrap();
    file
}

/// Every endpoint but those of health wants a token, and those that change something one that may.
#[test]
fn tokens() {
    let dir = tempfile::tempdir().unwrap();
    let file = token_file(&dir, "# for dashboards\nread  reader\nread-write writer\nwrite rows-only t\n");
    let file = file.to_str().unwrap();
    let node = Node::start(dir.path(), &["--listen", "0.0.0.0:0", "--token-file", file]);
    let with = |token: Option<&str>, method: &str, path: &str, body: &str| {
        let mut request = node.request(method, path).body(body);
        if let Some(token) = token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        request.send()
    };
    with(Some("writer"), "POST", "/v1/tables?wait=ready", r#"{"name":"t","key":"string","value":"json"}"#)
        .expect(201);
    with(Some("writer"), "PUT", "/v1/tables/t/rows/a", "1").expect(200);
    for (method, path, body) in [
        ("GET", "/v1/tables", ""),
        ("GET", "/v1/tables/t", ""),
        ("GET", "/v1/tables/t/rows/a", ""),
        ("GET", "/v1/tables/t/rows", ""),
        ("GET", "/v1/tables/t/rows:count", ""),
        ("POST", "/v1/tables/t/rows:get", r#"{"keys":["a"]}"#),
        ("GET", "/v1/tables/t/route?key=a", ""),
        ("GET", "/v1/topics/t/guess", ""),
        ("GET", "/v1/status", ""),
        ("GET", "/metrics", ""),
        ("GET", "/openapi.json", ""),
        ("GET", "/docs", ""),
    ] {
        with(None, method, path, body).expect_error(401, "unauthorized");
        with(Some("stranger"), method, path, body).expect_error(401, "unauthorized");
        with(Some("reader"), method, path, body).expect(200);
        with(Some("writer"), method, path, body).expect(200);
    }
    for (method, path, body) in [
        ("PUT", "/v1/tables/t/rows/b", "1"),
        ("DELETE", "/v1/tables/t/rows/b", ""),
        ("PUT", "/v1/tables/t/rows/rows:get", "1"),
        ("POST", "/v1/tables/t/rows:write", r#"{"writes":[]}"#),
        ("POST", "/v1/tables/t/rows:load", ""),
        ("POST", "/v1/tables", JSON),
        ("PATCH", "/v1/tables/t", r#"{"read_only":false}"#),
        ("DELETE", "/v1/tables/u", ""),
    ] {
        with(None, method, path, body).expect_error(401, "unauthorized");
        with(Some("reader"), method, path, body).expect_error(403, "forbidden");
        // Rows of one table, and nothing else.
        let of_rows = path.starts_with("/v1/tables/t/rows");
        let answer = with(Some("rows-only"), method, path, body);
        assert_eq!(answer.status == 403, !of_rows, "{method} {path}: {answer:?}");
        let answer = with(Some("writer"), method, path, body);
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
    }
    for path in ["/healthz", "/readyz"] {
        with(None, "GET", path, "").expect(200);
    }
    let unasked = with(None, "GET", "/v1/tables", "");
    assert!(unasked.header("www-authenticate").unwrap().starts_with("Bearer"), "{unasked:?}");
    assert!(node.run(&["table", "list"]).status.code() == Some(1));
    assert!(node.run(&["table", "list", "--token", "reader"]).status.success());
    // Beyond loopback any name may lead here.
    let (status, ..) = ask(&node.url, "GET", "/healthz", &[("Host", "db.example")]);
    assert_eq!(status, 200);
    assert!(!node.log().contains("writer"), "{}", node.log());
}

#[test]
fn beyond_loopback_takes_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = refused(dir.path(), &["--listen", "0.0.0.0:0"]);
    assert!(code == 2 && said.contains("token_file") && said.contains("insecure"), "{said}");
    let node = Node::start(dir.path(), &["--listen", "0.0.0.0:0", "--insecure"]);
    node.get("/v1/tables").send().expect(200);
    assert!(node.stop().success());
    for text in ["", "# none\n", "reader abc\n", "read\n"] {
        let file = token_file(&dir, text);
        let (code, said) = refused(dir.path(), &["--token-file", file.to_str().unwrap()]);
        assert!(
            code == 1 && said.contains("token_file") && said.contains("read-write TOKEN"),
            "{text:?}: {said}"
        );
    }
    let (code, said) = refused(dir.path(), &["--token-file", "/no/such/file"]);
    assert!(code == 1 && said.contains("/no/such/file"), "{said}");
}

/// On the loopback interface a web page is kept out by its origin, and by the name under which it calls.
#[test]
fn hosts_and_origins() {
    let dir = tempfile::tempdir().unwrap();
    let plain = Node::start(dir.path(), &[]);
    let (here, port) =
        (plain.url.trim_start_matches("http://").to_owned(), plain.url.rsplit(':').next().unwrap());
    let own = format!("http://{here}");
    let localhost = format!("localhost:{port}");
    for (headers, status, code) in [
        (&[("Host", here.as_str())][..], 200, ""),
        (&[("Host", &localhost)], 200, ""),
        (&[("Host", "127.0.0.1")], 200, ""),
        (&[("Host", "[::1]:1")], 200, ""),
        (&[("Host", "evil.example")], 403, "foreign_host"),
        (&[("Host", "127.0.0.1.evil.example")], 403, "foreign_host"),
        (&[("Host", "10.0.0.1")], 403, "foreign_host"),
        (&[("Origin", &own)], 200, ""),
        (&[("Origin", "http://evil.example")], 403, "foreign_origin"),
        (&[("Origin", "null")], 403, "foreign_origin"),
        (&[("Origin", "http://localhost:1")], 403, "foreign_origin"),
        // A page whose own name leads here.
        (&[("Origin", "http://evil.example"), ("Host", "evil.example")], 403, "foreign_host"),
    ] {
        for (method, path) in [("GET", "/v1/tables"), ("GET", "/healthz"), ("DELETE", "/v1/tables/t/rows/a")]
        {
            let status = if method == "DELETE" && status == 200 { 404 } else { status };
            let (answered, head, _) = ask(&plain.url, method, path, headers);
            assert_eq!(answered, status, "{method} {path} {headers:?}: {head}");
            assert!(head.contains(code), "{head}");
            assert!(!head.contains("access-control-allow-origin"), "{head}");
        }
    }
}

#[test]
fn allowed_origins() {
    let dir = tempfile::tempdir().unwrap();
    let app = "https://app.example";
    let node = Node::start(dir.path(), &["--cors-origin", app, "--cors-origin", "http://localhost:3000"]);
    node.create_table("t", "string", "json", 1);
    node.put_row("t", "a", "1");
    for origin in [app, "http://localhost:3000"] {
        for path in ["/v1/tables/t/rows/a", "/v1/tables/t/rows/none", "/v1/tables"] {
            let (_, head, _) = ask(&node.url, "GET", path, &[("Origin", origin)]);
            assert!(head.contains(&format!("access-control-allow-origin: {origin}\r\n")), "{head}");
            assert!(head.contains("vary: origin"), "{head}");
            let exposed =
                head.lines().find(|line| line.starts_with("access-control-expose-headers")).unwrap();
            for name in ["etag", "lentic-token", "lentic-position", "lentic-error"] {
                assert!(exposed.contains(name), "{exposed}");
            }
        }
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "if-match, lentic-timeout"),
        ];
        let (status, head, _) = ask(&node.url, "OPTIONS", "/v1/tables/t/rows/a", &headers);
        assert_eq!(status, 204, "{head}");
        for part in [
            &format!("access-control-allow-origin: {origin}\r\n"),
            "access-control-allow-methods: get, head, put, post, patch, delete\r\n",
            "access-control-allow-headers: if-match, lentic-timeout\r\n",
        ] {
            assert!(head.contains(part), "{part}{head}");
        }
    }
    let (status, head, _) = ask(&node.url, "GET", "/v1/tables", &[("Origin", "https://app.example.evil")]);
    assert!(status == 403 && !head.contains("access-control"), "{head}");
    // The page's own name may be that of a proxy before the node.
    assert_eq!(ask(&node.url, "GET", "/healthz", &[("Host", "app.example")]).0, 200);
    assert!(node.stop().success());

    let node = Node::start(dir.path(), &["--cors-origin", "*"]);
    let (status, head, _) = ask(&node.url, "GET", "/v1/tables", &[("Origin", "https://anything.example")]);
    assert!(status == 200 && head.contains("access-control-allow-origin: "), "{head}");
    // Whatever pages may call, names that lead elsewhere are no names of this machine.
    assert_eq!(ask(&node.url, "GET", "/v1/tables", &[("Host", "evil.example")]).0, 403);
}
