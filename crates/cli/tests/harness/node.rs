//! A node: the real binary in a process of its own.
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Instant;

use serde_json::json;

use super::{PATIENCE, Request, until};

/// The binary under test, with no configuration of the surrounding shell.
pub fn lentic(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lentic"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LENTIC_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A running node. Killed when dropped.
pub struct Node {
    child: Child,
    pub url: String,
    log: PathBuf,
}

impl Node {
    /// Starts `lentic serve --data-dir DIR --listen 127.0.0.1:0 ARGUMENTS` and waits until it accepts connections.
    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut node = Self::spawn(dir, arguments);
        node.listening();
        node
    }

    /// Like [`Node::start`], and waits until it is ready.
    pub fn ready(dir: &Path, arguments: &[&str]) -> Self {
        let node = Self::start(dir, arguments);
        until("/readyz", || (node.get("/readyz").send().status == 200).then_some(()));
        node
    }

    /// Starts the process and waits for nothing.
    pub fn spawn(dir: &Path, arguments: &[&str]) -> Self {
        let mut command = lentic(&["serve", "--data-dir"]);
        command.arg(dir);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(arguments);
        Self::launch(command, dir)
    }

    /// Starts a `lentic serve` of the test's own making; its log goes to `dir`.
    pub fn launch(mut command: Command, dir: &Path) -> Self {
        std::fs::create_dir_all(dir).expect("a directory");
        let log = dir.join(format!("node-{}.log", super::unique("log")));
        let child = command
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("the binary");
        Self { child, url: String::new(), log }
    }

    /// Waits until the node accepts connections and learns its address.
    pub fn listening(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(url) = self.log().lines().find_map(|line| {
                line.split_once("listening on http").map(|(_, url)| format!("http{}", url.trim()))
            }) {
                self.url = url;
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a process") {
                panic!("the node ended with {status}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the node does not listen:\n{}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill").success());
    }

    /// SIGTERM, and the exit status.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for the end of the process.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                return status;
            }
            assert!(Instant::now() < deadline, "the node does not end:\n{}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, format!("{}{path}", self.url))
    }

    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> Request {
        self.request("PUT", path).body(body)
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }

    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Request {
        self.request("POST", path).body(body)
    }

    /// Declares a table over the topic of its name and waits until it can be read.
    #[track_caller]
    pub fn create_table(&self, name: &str, key: &str, value: &str, partitions: u32) {
        let spec = json!({"name": name, "topic": name, "key": key, "value": value, "partitions": partitions});
        self.declare(&spec);
    }

    /// Declares a table and waits until it can be read.
    #[track_caller]
    pub fn declare(&self, spec: &serde_json::Value) {
        let answer = self.request("POST", "/v1/tables?wait=ready").json(spec).send();
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }

    /// Runs a command on a pseudo-terminal; both of its outputs end there. Exit code and text.
    pub fn on_terminal(&self, arguments: &[&str]) -> (i32, String) {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let words: Vec<_> =
            [env!("CARGO_BIN_EXE_lentic")].iter().chain(arguments).map(|word| quoted(word)).collect();
        let output = Command::new("script")
            .args(["-qec", &words.join(" "), "/dev/null"])
            .env("LENTIC_URL", &self.url)
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output()
            .expect("script, of util-linux");
        let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        (output.status.code().unwrap_or(-1), text)
    }

    /// Runs a command of the binary against this node.
    pub fn run(&self, arguments: &[&str]) -> Output {
        lentic(arguments).env("LENTIC_URL", &self.url).output().expect("the binary")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("---- the node's log\n{}", self.log());
        }
    }
}
