//! Traces of Kafka Streams: what was piped in, and what came of it.
use std::path::{Path, PathBuf};

/// A recorded run.
pub struct Trace {
    /// `<topology>.<case>`.
    pub name: String,
    /// The topology.
    pub topology: String,
    /// Settings, by name.
    pub settings: Vec<(String, i64)>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Rows of all stores at the end; empty if the run failed.
    pub rows: Vec<Line>,
}

/// Something that happened, and its consequences.
pub struct Step {
    /// Its line in the file, from 1.
    pub number: usize,
    /// Its line.
    pub text: String,
    /// What happened.
    pub action: Action,
    /// Records that came of it.
    pub outputs: Vec<Line>,
    /// The run failed on it.
    pub fails: bool,
}

/// What can happen.
pub enum Action {
    /// A record comes.
    Pipe {
        /// Where.
        topic: String,
        /// Its key.
        key: Option<String>,
        /// Its value.
        value: Option<String>,
        /// Its time.
        at: i64,
    },
    /// The wall clock moves on by so many milliseconds.
    Wall(i64),
}

/// An output record or a row, as the traces write them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The output or store.
    pub name: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The time; `-` where none is kept.
    pub at: String,
}

impl Line {
    /// The key without its window.
    pub fn plain_key(&self) -> &str {
        self.key.split_once('@').map_or(&self.key, |(key, _)| key)
    }

    fn parse(tokens: &[&str]) -> Self {
        let [name, key, value, at] = tokens else { panic!("no line of a trace: {tokens:?}") };
        let at = at.strip_prefix('@').expect("a time").to_owned();
        Self { name: (*name).to_owned(), key: (*key).to_owned(), value: (*value).to_owned(), at }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}  {}  {}  @{}", self.name, self.key, self.value, self.at)
    }
}

/// All traces, by name.
pub fn all() -> Vec<Trace> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/traces");
    let entries = std::fs::read_dir(&folder).expect("the traces are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "trace"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Trace {
    let text = std::fs::read_to_string(path).expect("a trace is read");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let topology = name.split('.').next().unwrap_or_default().to_owned();
    let mut trace = Trace { name, topology, settings: Vec::new(), steps: Vec::new(), rows: Vec::new() };
    for (number, line) in text.lines().enumerate() {
        let tokens: Vec<&str> = line.split('\t').collect();
        let mut step = |action| {
            let text = tokens.join(" ");
            trace.steps.push(Step { number: number + 1, text, action, outputs: Vec::new(), fails: false });
        };
        match tokens.as_slice() {
            [">", topic, key, value, at] => step(Action::Pipe {
                topic: (*topic).to_owned(),
                key: part(key),
                value: part(value),
                at: at[1..].parse().expect("a time"),
            }),
            ["!", "wall", millis] => step(Action::Wall(millis.parse().expect("milliseconds"))),
            ["!", "error"] => trace.steps.last_mut().expect("a statement before").fails = true,
            ["!", "config", name, value] => {
                trace.settings.push(((*name).to_owned(), value.parse().expect("a number")));
            }
            ["<", rest @ ..] => {
                trace.steps.last_mut().expect("a statement before").outputs.push(Line::parse(rest));
            }
            ["=", rest @ ..] => trace.rows.push(Line::parse(rest)),
            _ => assert!(line.is_empty() || line.starts_with('#'), "no line of a trace: {line}"),
        }
    }
    trace
}

fn part(token: &str) -> Option<String> {
    match token {
        "~" => None,
        "\"\"" => Some(String::new()),
        token => Some(token.to_owned()),
    }
}
