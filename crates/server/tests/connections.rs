//! How long connections live.
use std::time::Duration;

use lentic::Node;
use lentic::config::Config;
use lentic_server::{Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads until the text has come; false: the connection ended before.
async fn read_until(socket: &mut TcpStream, seen: &mut String, wanted: &str) -> bool {
    let mut part = [0; 4096];
    while !seen.contains(wanted) {
        let read = timeout(PATIENCE, socket.read(&mut part)).await.expect("in time");
        match read {
            Ok(0) | Err(_) => return false,
            Ok(length) => seen.push_str(&String::from_utf8_lossy(&part[..length])),
        }
    }
    true
}

/// An idle connection is closed; one on which an answer goes out is not idle, however long that takes.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_watch_is_not_idle() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    let node = tokio::task::spawn_blocking(move || Node::open(config)).await.unwrap().unwrap();
    let options = Options {
        heartbeat: Duration::from_millis(50),
        idle: Duration::from_millis(500),
        ..Options::default()
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(node.clone(), listener, options).unwrap();
    let request = |method: &str, path: &str, body: &str| {
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let table = r#"{"name":"t","key":"string","value":"string","partitions":1}"#;
    socket.write_all(request("POST", "/v1/tables?wait=ready", table).as_bytes()).await.unwrap();
    let mut seen = String::new();
    assert!(read_until(&mut socket, &mut seen, "HTTP/1.1 201").await, "{seen}");
    assert!(!read_until(&mut socket, &mut seen, "never").await, "an idle connection ends");
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(request("GET", "/v1/tables/t/watch", "").as_bytes()).await.unwrap();
    let mut seen = String::new();
    for _ in 0..40 {
        assert!(read_until(&mut socket, &mut seen, "event: heartbeat").await, "it ended: {seen}");
        seen.clear();
    }
    drop(socket);
    server.stop(PATIENCE).await;
    tokio::task::spawn_blocking(move || node.close(PATIENCE)).await.unwrap().unwrap();
}
