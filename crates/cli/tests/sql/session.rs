//! A page's examples on a node, from the first to the last.
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::expectation::check;
use super::harness::{Node, lentic};
use super::page::{Example, Expected, Kind, examples};
use super::{repository, websocket};

/// Where the pages have their node.
const ADDRESS: &str = "127.0.0.1:8088";
/// How long results may take that come in the background.
const PATIENCE: Duration = Duration::from_secs(15);
/// Statements that hold for the session.
const SESSION: [&str; 4] = ["SET ", "UNSET ", "DEFINE ", "UNDEFINE "];
/// Statements that change something.
const WRITING: [&str; 3] = ["CREATE ", "INSERT ", "DELETE "];
/// Statements that change nothing, so that they can be asked until results are there.
const READING: [&str; 6] = ["SELECT ", "LIST ", "SHOW ", "DESCRIBE ", "EXPLAIN ", "PRINT "];

pub struct Session<'a> {
    node: &'a Node,
    /// Where scripts run.
    dir: &'a Path,
    /// What the page has set, and what the shell says to that.
    set: String,
    said: usize,
}

/// What an example showed, and whether it went well.
struct Shown {
    text: String,
    success: bool,
}

impl<'a> Session<'a> {
    pub fn new(node: &'a Node, dir: &'a Path) -> Self {
        Self { node, dir, set: String::new(), said: 0 }
    }

    /// Runs all examples; panics with those that show something else. How many there are.
    pub fn run(mut self, page: &str) -> usize {
        let examples = examples(page);
        let failures: Vec<String> = examples.iter().filter_map(|example| self.holds(example).err()).collect();
        assert!(
            failures.is_empty(),
            "{} of {} examples:\n{}",
            failures.len(),
            examples.len(),
            failures.join("\n")
        );
        examples.len()
    }

    /// Whether an example shows what it should, if need be after a while.
    fn holds(&mut self, example: &Example) -> Result<(), String> {
        let Example { line, text, expected, .. } = example;
        let wanted = match expected {
            Some(Expected::Text(text) | Expected::Json(text)) => text,
            None => "(that it goes well)\n",
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.show(example);
            let result = match expected {
                // Text may tell of a failure.
                Some(expected @ Expected::Text(text)) if text.contains("ERROR") => {
                    check(expected, &shown.text)
                }
                _ if !shown.success => Err("it failed".to_owned()),
                Some(expected) => check(expected, &shown.text),
                None => Ok(()),
            };
            match result {
                Ok(()) => return Ok(()),
                Err(problem) if !is_reading(example) || Instant::now() > deadline => {
                    let shown = shown.text;
                    return Err(format!(
                        "line {line}: {problem}\n{text}---- expected\n{wanted}---- shown\n{shown}"
                    ));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    fn show(&mut self, example: &Example) -> Shown {
        match example.kind {
            Kind::Sql => self.sql(&example.text),
            Kind::Shell => self.shell(&self.here(&example.text)),
            Kind::WebSocket => {
                let text = self.here(&example.text);
                let (address, request) = text.split_once('\n').unwrap();
                Shown { text: websocket::ask(address, request), success: true }
            }
        }
    }

    /// The page's address as the node's.
    fn here(&self, text: &str) -> String {
        text.replace(ADDRESS, self.node.url.trim_start_matches("http://"))
    }

    fn sql(&mut self, text: &str) -> Shown {
        let mut shown = self.statements(&format!("{}{text}", self.set));
        shown.text.drain(..self.said.min(shown.text.len()));
        let kept: String = text
            .split_inclusive(";\n")
            .filter(|statement| SESSION.iter().any(|word| statement.trim_start().starts_with(word)))
            .collect();
        if !kept.is_empty() {
            self.set += &kept;
            self.said = self.statements(&self.set).text.len();
        }
        shown
    }

    /// By the shell: both of its outputs.
    fn statements(&self, text: &str) -> Shown {
        let mut command = lentic(&["sql", "--query-timeout", "30s"]);
        command.env("LENTIC_URL", &self.node.url).current_dir(repository());
        run(command, text)
    }

    /// By bash: standard output.
    fn shell(&self, script: &str) -> Shown {
        let binary = Path::new(env!("CARGO_BIN_EXE_lentic")).parent().unwrap().to_owned();
        let paths = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths([binary].into_iter().chain(std::env::split_paths(&paths)));
        let mut bash = Command::new("bash");
        bash.args(["-euc", script])
            .current_dir(self.dir)
            .env("PATH", path.unwrap())
            .env("LENTIC_URL", &self.node.url);
        run(bash, "")
    }
}

fn run(mut command: Command, input: &str) -> Shown {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let text = text(&output.stdout) + &text(&output.stderr);
    Shown { text, success: output.status.success() }
}

fn is_reading(example: &Example) -> bool {
    let begins = |statement: &str| READING.iter().any(|word| statement.starts_with(word));
    let statements = || example.text.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    match example.kind {
        Kind::Sql => statements().all(begins),
        Kind::Shell => {
            example.text.contains("SELECT ") && !WRITING.iter().any(|word| example.text.contains(word))
        }
        Kind::WebSocket => true,
    }
}
