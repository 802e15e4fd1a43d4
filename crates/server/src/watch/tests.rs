//! What a watch tells whose parts are told by others, and what becomes of it when they fail. The parts are the test's, those
//! that are opened in their place are real.
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use futures_util::StreamExt as _;
use lentic::config::Config;
use lentic::types::PartitionId;
use lentic::{Demand, EventId, Filter, Node, Role, WatchStart};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::frames::Frames;
use super::merge::Merge;
use super::outlet::Outlet;
use super::part::{Part, Stage, Watched};
use super::sse;
use crate::error::{Code, Error};
use crate::freshness::Freshness;
use crate::peers::Peers;
use crate::security::Guard;
use crate::state::State;

const PATIENCE: Duration = Duration::from_secs(20);

/// Nothing comes for as long.
const QUIET: Duration = Duration::from_millis(100);

/// A node with a table of two partitions: three records in the first one, two in the other, each of one key.
struct Bench {
    _dir: tempfile::TempDir,
    watched: Arc<Watched>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let node = Node::open(Config { data_dir: dir.path().to_owned(), ..Config::default() });
        let node = node.expect("a node");
        let spec = r#"{"name":"t","topic":"t","key":"string","value":"string","partitions":2}"#;
        node.create_table(serde_json::from_str(spec).expect("a declaration")).expect("a table");
        let table = node.open_table::<String, String>("t").expect("a table");
        for (partition, records) in [(0, 3), (1, 2)] {
            let lies_there =
                |key: &String| table.raw().write_partition_of(key.as_bytes()) == Some(PartitionId(partition));
            let key = (0..1_000_000).map(|n| format!("k{n}")).find(lies_there).expect("a key");
            for record in 0..records {
                table.put(&key, &record.to_string()).expect("a write");
            }
        }
        let guard = || Guard::new(None, ([127, 0, 0, 1], 1).into(), &[]).expect("a guard");
        let options = crate::Options::default();
        let state = Arc::new(State::new(node, guard(), Some(guard()), Peers::new(None, None), options));
        let watched = Watched {
            entry: state.catalog.get("t").expect("the table"),
            state,
            filter: Filter::All,
            demand: Demand::default(),
            demand_headers: HeaderMap::new(),
        };
        Self { _dir: dir, watched: Arc::new(watched) }
    }

    /// A place in both partitions.
    fn id(&self, first: u64, second: u64) -> EventId {
        let now = self.watched.state.node.now_ms();
        let tag = self.watched.entry.table.topic_id().tag();
        format!("w1.{tag:04x}.{now}.{first}-{second}").parse().expect("an id")
    }

    /// Runs a script, whose lines are `PART does`, or what is told then; `.` for nothing.
    async fn run(&self, script: &[&str]) {
        let (senders, parts): (Vec<_>, Vec<_>) = (0..2).map(part).unzip();
        let mut senders: Vec<_> = senders.into_iter().map(Some).collect();
        let merge = Merge::of_parts(Arc::clone(&self.watched), &WatchStart::Snapshot, parts);
        let (outlet, stream) = Outlet::new(Arc::clone(&self.watched.state), None, None);
        let mut told = Frames::new(stream.map(|part| part.map_err(|error| error.to_string())).boxed());
        let running = tokio::spawn(merge.run(outlet));
        for line in script {
            let words: Vec<_> = line.split(' ').collect();
            if let (Ok(part), Some(action)) = (words[0].parse::<usize>(), words.get(1)) {
                if *action == "breaks" {
                    senders[part] = None;
                } else {
                    let place = |word: &&str| word.split_once('-').map(|(a, b)| (number(a), number(b)));
                    let id = words.get(2).and_then(place).map(|(first, second)| self.id(first, second));
                    let sender = senders[part].as_ref().expect("it has not broken");
                    sender.send(text(action, id.as_ref())).expect("it is listened to");
                }
                continue;
            }
            let next = std::future::poll_fn(|cx| told.poll_next(cx));
            let heard = if *line == "." {
                tokio::time::timeout(QUIET, next).await.ok()
            } else {
                Some(tokio::time::timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("no {line}")))
            };
            let heard = heard.map_or_else(
                || ".".to_owned(),
                |heard| match heard {
                    Ok(frame) => match frame.id {
                        Some(id) => format!("{} {}", frame.kind.name(), positions(&id)),
                        None => frame.kind.name().to_owned(),
                    },
                    Err(ended) => format!("end {ended:?}"),
                },
            );
            assert_eq!(heard, *line, "in {script:?}");
        }
        running.abort();
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn positions(id: &EventId) -> String {
    id.to_string().split('.').nth(3).unwrap_or_default().to_owned()
}

/// A watch of one partition whose rows are on their way, and how it is told.
fn part(partition: u32) -> (UnboundedSender<Bytes>, Part) {
    let (sender, receiver) = unbounded_channel();
    let bytes = futures_util::stream::unfold(receiver, |mut receiver| async {
        Some((Ok::<Bytes, String>(receiver.recv().await?), receiver))
    });
    let part = Part {
        partitions: vec![PartitionId(partition)],
        node: None,
        frames: Frames::new(bytes.boxed()),
        stage: Stage::Rows { told: false },
        was_held: false,
        freshness: Freshness { lag: 0, staleness_ms: None },
        role: Role::Active,
    };
    (sender, part)
}

fn text(action: &str, id: Option<&EventId>) -> Bytes {
    let mut out = Vec::new();
    match action {
        "beats" => sse::heartbeat(id, &mut out),
        "resets" => sse::reset("why", &mut out),
        "stops" => sse::error(&Error::plain(Code::Stopping), &mut out),
        "chokes" => sse::error(&Error::plain(Code::Overloaded), &mut out),
        "fails" => sse::error(&Error::plain(Code::TableFailed), &mut out),
        "ends" => sse::snapshot_end(id, &mut out),
        name => sse::event(name, id, &mut out, |out| out.extend_from_slice(b"{}")),
    }
    out.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_as_one() {
    let bench = tokio::task::spawn_blocking(Bench::new).await.expect("a bench");
    let live = ["0 put", "0 ends 2-0", "1 put", "1 ends 0-1", "put", "put", "snapshot-end 2-1"];
    let after_live = |rest: &[&'static str]| [&live[..], rest].concat();
    for script in [
        // The changes of one wait for the rows of the other.
        vec![
            "0 put",
            "put",
            "0 ends 1-0",
            "0 put 2-0",
            "0 delete 3-0",
            ".",
            "1 put",
            "put",
            "1 put",
            "put",
            ".",
            "1 ends 0-1",
            "snapshot-end 1-1",
            "put 2-1",
            "delete 3-1",
            "1 put 0-2",
            "put 3-2",
        ],
        // Signs of life are not passed on; what they tell is.
        after_live(&["1 beats", "1 beats 0-2", ".", "0 put 3-0", "put 3-2"]),
        // Who fails after the rows is replaced where it was, whatever it says.
        after_live(&["0 breaks", "put 3-1", "1 breaks", "put 3-2", "."]),
        after_live(&["1 stops", "put 2-2", "0 put 3-0", "put 3-2", "."]),
        // It was told to wait: that it could not keep all meanwhile is no fault of the reader.
        after_live(&["1 chokes", "put 2-2", "."]),
        after_live(&["1 breaks", "put 2-2", "0 breaks", "put 3-2", "."]),
        // Also while it waits.
        vec!["0 put", "put", "0 ends 2-0", "0 breaks", "1 ends 0-1", "snapshot-end 2-1", "put 3-1", "."],
        // Rows that were told in part are void; rows that were not told yet are told by another.
        vec!["0 put", "put", "0 breaks", "reset", "put", "put", "snapshot-end 3-2", "."],
        vec![
            "1 breaks",
            "put",
            ".",
            "0 put",
            "put",
            "0 ends 1-0",
            "snapshot-end 1-2",
            "0 put 2-0",
            "put 2-2",
        ],
        // Who begins anew makes all begin anew.
        vec!["0 put", "put", "1 resets", "reset", "put", "put", "snapshot-end 3-2", "."],
        after_live(&["1 resets", "reset", "put", "put", "snapshot-end 3-2", "."]),
        // What no other node does better ends it.
        after_live(&["0 fails", "error", "end None"]),
    ] {
        bench.run(&script).await;
    }
    let state = Arc::clone(&bench.watched.state);
    tokio::task::spawn_blocking(move || state.node.close(PATIENCE)).await.expect("closed").expect("a close");
}
