//! TLS for clients: HTTP/1.1 and HTTP/2 over it, by a certificate of an authority of one's own.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lentic::Node;
use lentic::config::Config;
use lentic_server::{Options, Server};

/// A certificate that signs itself, for the loopback interface.
fn certificate(dir: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=lentic",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(dir)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn curl(dir: &Path, arguments: &[&str]) -> (bool, String) {
    let asked = Command::new("curl")
        .args(["-sS", "-m", "20"])
        .args(arguments)
        .current_dir(dir)
        .output()
        .expect("curl");
    (
        asked.status.success(),
        format!("{}{}", String::from_utf8_lossy(&asked.stdout), String::from_utf8_lossy(&asked.stderr)),
    )
}

#[test]
fn clients_speak_tls() {
    let dir = tempfile::tempdir().expect("a directory");
    certificate(dir.path());
    let config = Config {
        data_dir: dir.path().join("data"),
        certificate_file: Some(dir.path().join("cert.pem")),
        key_file: Some(dir.path().join("key.pem")),
        ..Config::default()
    };
    let node = Node::open(config).expect("a node");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = {
        let _entered = runtime.enter();
        Server::start(node.clone(), listener, Options::default()).expect("a server")
    };
    let (https, http) =
        (format!("https://{}/v1/tables", server.address()), format!("http://{}/v1/tables", server.address()));
    for version in ["--http1.1", "--http2"] {
        let (is_answered, answer) = curl(dir.path(), &["--cacert", "cert.pem", version, &https]);
        assert!(is_answered && answer.contains("tables"), "{version}: {answer}");
    }
    assert!(!curl(dir.path(), &[&https]).0, "an unknown authority");
    assert!(!curl(dir.path(), &[&http]).0, "plain HTTP");
    runtime.block_on(server.stop(Duration::from_secs(5)));
    node.close(Duration::from_secs(10)).expect("it closes");
}
