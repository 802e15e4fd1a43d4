//! How long a request keeps its place among the concurrent ones.
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use lentic::config::Config;
use lentic::{Node, Write};
use lentic_server::{Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// A node with one place and a table of more rows than sockets buffer.
fn node(dir: &Path) -> Node {
    let config = Config { data_dir: dir.to_owned(), max_concurrent_requests: 1, ..Config::default() };
    let node = Node::open(config).expect("a node");
    let table = node.open_table::<String, Vec<u8>>("t").expect("a table");
    table.wait_ready(PATIENCE).expect("ready");
    let value = Bytes::from(vec![0; 200_000]);
    for part in 0..20 {
        let write = |row: u32| Write { key: format!("{part}-{row}").into(), value: Some(value.clone()) };
        table.raw().write_all((0..10).map(write).collect(), PATIENCE).expect("written");
    }
    node
}

/// Sends a request and reads the first of its answer.
async fn ask(address: SocketAddr, path: &str, accept: &str) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut head = vec![0; 1_024];
    let length = timeout(PATIENCE, socket.read(&mut head)).await.expect("in time").expect("an answer");
    head.truncate(length);
    (socket, String::from_utf8_lossy(&head).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_answer_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let node = tokio::task::spawn_blocking(move || node(&path)).await.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start(node.clone(), listener, Options::default()).unwrap();
    let address = server.address();
    let (stream, head) = ask(address, "/v1/tables/t/rows", "application/x-ndjson").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (_, head) = ask(address, "/v1/tables", "*/*").await;
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("lentic-error: overloaded"), "{head}");
    drop(stream);
    let free = async {
        while !ask(address, "/v1/tables", "*/*").await.1.starts_with("HTTP/1.1 200") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, free).await.expect("a place is free again");
    // A watch has a place of its own, among the watches.
    let (_watch, head) = ask(address, "/v1/tables/t/watch?snapshot=false", "*/*").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (_, head) = ask(address, "/v1/tables", "*/*").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    server.stop(PATIENCE).await;
    tokio::task::spawn_blocking(move || node.close(PATIENCE)).await.unwrap().unwrap();
}
