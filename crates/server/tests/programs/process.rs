//! An example as its user runs it: a process in an empty directory, spoken to over HTTP.
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);

pub struct Example {
    child: Child,
    address: SocketAddr,
    dir: tempfile::TempDir,
}

impl Example {
    /// Starts the example of this name and waits until it serves.
    pub fn start(name: &str) -> Self {
        let tests = std::env::current_exe().expect("a path");
        let target = tests.parent().and_then(|deps| deps.parent()).expect("the build's directory");
        let dir = tempfile::tempdir().expect("a directory");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let mut command = Command::new(target.join("examples").join(name));
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("LENTIC_") {
                command.env_remove(variable);
            }
        }
        let log = File::create(dir.path().join("log")).expect("a file");
        let child = command
            .current_dir(dir.path())
            .env("LENTIC_LISTEN", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the example is built with the tests");
        let mut example = Self { child, address, dir };
        example.until("it serves", |example| TcpStream::connect(example.address).is_ok());
        example
    }

    /// Waits for what must come.
    pub fn until(&mut self, what: &str, mut is: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(self) {
            if let Some(status) = self.child.try_wait().expect("a process") {
                panic!("the example ended with {status}");
            }
            assert!(Instant::now() < deadline, "not in {PATIENCE:?}: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What `curl` gets: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    /// `curl -X PUT -d BODY`, which calls each body a form.
    pub fn put(&self, path: &str, body: &str) {
        let (status, answer) = self.ask("PUT", path, body);
        assert!(status == 200 || status == 201 || status == 204, "PUT {path}: {status} {answer}");
    }

    /// The rows of a table, or of a key's windows, of which there are not more than a page.
    pub fn rows(&self, path: &str) -> Vec<Value> {
        let (status, body) = self.get(path);
        assert!(status == 200 || status == 404 || status == 503, "GET {path}: {status} {body}");
        let page: Value = serde_json::from_str(&body).unwrap_or_default();
        assert_eq!(page["cursor"], Value::Null, "there are more rows than these");
        page["rows"].as_array().cloned().unwrap_or_default()
    }

    /// SIGTERM: it ends in order.
    pub fn stop(mut self) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill").success());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "{status}");
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let kind = if body.is_empty() { "" } else { "content-type: application/x-www-form-urlencoded\r\n" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{kind}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        socket.write_all(request.as_bytes()).expect("sent");
        let mut text = String::new();
        socket.read_to_string(&mut text).expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("log"));
            eprintln!("---- what the example said\n{}", log.unwrap_or_default());
        }
    }
}
