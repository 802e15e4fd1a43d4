//! A load of all kinds of writes that remembers what was acknowledged, and what must be true of it afterwards.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::{Answer, Node, Request};

const TABLE: &str = "/v1/tables/t";
/// Rows of one line-by-line load.
const LOADED: usize = 200;

/// What a writer knows of a row; no value: there is no row.
#[derive(Clone, Debug, Default)]
struct Row {
    acknowledged: Option<Value>,
    /// What may have been written after that: one value at most.
    attempted: Vec<Option<Value>>,
}

impl Row {
    fn check(&self, key: &str, found: Option<&Value>) {
        let expected = found == self.acknowledged.as_ref()
            || self.attempted.iter().any(|attempted| attempted.as_ref() == found);
        assert!(expected, "{key} is {found:?}, known is {self:?}");
    }
}

/// What all writers know, over any number of lives of the node.
#[derive(Debug, Default)]
pub struct Known {
    puts: Vec<[Row; 5]>,
    /// A counter that is incremented by compare-and-set.
    counter: Row,
    /// Two rows that are written together.
    pair: Row,
    /// The generation of the rows that are loaded: all acknowledged, some attempted.
    loaded: Row,
}

impl Known {
    pub fn new() -> Self {
        Self { puts: vec![Default::default(); 2], ..Self::default() }
    }

    /// Writes until the node is killed, which happens once `enough` writes are acknowledged.
    pub fn write(&mut self, node: &Node, enough: usize) {
        let load = Load { url: &node.url, acknowledged: AtomicUsize::new(0), over: AtomicBool::new(false) };
        let Self { puts, counter, pair, loaded } = self;
        std::thread::scope(|scope| {
            for (writer, rows) in puts.iter_mut().enumerate() {
                let load = &load;
                scope.spawn(move || load.puts(writer, rows));
            }
            scope.spawn(|| load.increments(counter));
            scope.spawn(|| load.pairs(pair));
            scope.spawn(|| load.loads(loaded));
            while load.acknowledged.load(Ordering::Acquire) < enough && !load.over.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            node.signal("KILL");
        });
    }

    /// Reads everything with plain reads: none may be older than what was acknowledged. Settles what was attempted.
    pub fn check(&mut self, node: &Node) {
        for (writer, rows) in self.puts.iter_mut().enumerate() {
            for (number, row) in rows.iter_mut().enumerate() {
                settle(node, &put_key(writer, number), row);
            }
        }
        settle(node, "counter", &mut self.counter);
        let one = self.pair.clone();
        settle(node, "pair-a", &mut self.pair);
        settle(node, "pair-b", &mut one.clone());
        assert_eq!(plain(node, "pair-a"), plain(node, "pair-b"), "written together, known was {one:?}");
        for number in 0..LOADED {
            let key = load_key(number);
            self.loaded.check(&key, plain(node, &key).as_ref());
        }
    }
}

fn put_key(writer: usize, number: usize) -> String {
    format!("put-{writer}-{number}")
}

fn load_key(number: usize) -> String {
    format!("load-{number}")
}

fn settle(node: &Node, key: &str, row: &mut Row) {
    let found = plain(node, key);
    row.check(key, found.as_ref());
    *row = Row { acknowledged: found, attempted: Vec::new() };
}

/// A plain read: it waits, or says that it is catching up, and never answers something old.
fn plain(node: &Node, key: &str) -> Option<Value> {
    crate::harness::until(key, || {
        let answer = node.get(&format!("{TABLE}/rows/{key}")).header("lentic-timeout", "20ms").send();
        match answer.status {
            200 => Some(Some(answer.json())),
            404 => Some(None),
            _ => {
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
                drop(answer.expect_error(503, "catching_up"));
                None
            }
        }
    })
}

struct Load<'a> {
    url: &'a str,
    acknowledged: AtomicUsize,
    /// The connection broke: the node is dead.
    over: AtomicBool,
}

impl Load<'_> {
    fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, format!("{}{TABLE}/{path}", self.url))
    }

    /// Whether a write was acknowledged; `None`: the node is dead.
    fn sent(&self, request: Request) -> Option<Answer> {
        if let Ok(answer) = request.try_send() {
            if answer.status == 200 {
                self.acknowledged.fetch_add(1, Ordering::AcqRel);
            }
            return Some(answer);
        }
        self.over.store(true, Ordering::Release);
        None
    }

    /// Puts with a delete now and then.
    fn puts(&self, writer: usize, rows: &mut [Row; 5]) {
        for number in 0.. {
            let row = &mut rows[number % 5];
            let path = format!("rows/{}", put_key(writer, number % 5));
            let value = (number % 7 != 6).then(|| json!({"number": number}));
            let request = match &value {
                Some(value) => self.request("PUT", &path).body(value.to_string()),
                None => self.request("DELETE", &path),
            };
            row.attempted = vec![value.clone()];
            let Some(answer) = self.sent(request) else { return };
            assert_eq!(answer.status, 200, "{answer:?}");
            *row = Row { acknowledged: value, attempted: Vec::new() };
        }
    }

    fn increments(&self, counter: &mut Row) {
        let Ok(read) = self.request("GET", "rows/counter").try_send() else { return };
        let mut etag = read.header("etag").map(str::to_owned);
        loop {
            let next = json!(counter.acknowledged.as_ref().and_then(Value::as_u64).unwrap_or(0) + 1);
            let request = self.request("PUT", "rows/counter").body(next.to_string());
            let request = match &etag {
                Some(etag) => request.header("if-match", etag),
                None => request.header("if-none-match", "*"),
            };
            counter.attempted = vec![Some(next.clone())];
            let Some(answer) = self.sent(request) else { return };
            assert_eq!(answer.status, 200, "nobody else writes the counter: {answer:?}");
            etag = answer.header("etag").map(str::to_owned);
            *counter = Row { acknowledged: Some(next), attempted: Vec::new() };
        }
    }

    fn pairs(&self, pair: &mut Row) {
        for number in 0.. {
            let value = json!([number]);
            let writes =
                json!({"writes": [{"key": "pair-a", "value": value}, {"key": "pair-b", "value": value}]});
            pair.attempted = vec![Some(value.clone())];
            let Some(answer) = self.sent(self.request("POST", "rows:write").json(&writes)) else { return };
            assert_eq!(answer.status, 200, "{answer:?}");
            *pair = Row { acknowledged: Some(value), attempted: Vec::new() };
        }
    }

    fn loads(&self, loaded: &mut Row) {
        for generation in 0.. {
            let value = json!(generation);
            let line = |number| format!("{}\n", json!({"key": load_key(number), "value": value}));
            let lines: String = (0..LOADED).map(line).collect();
            loaded.attempted = vec![Some(value.clone())];
            let Some(answer) = self.sent(self.request("POST", "rows:load").body(lines)) else { return };
            assert_eq!(answer.status, 200, "{answer:?}");
            *loaded = Row { acknowledged: Some(value), attempted: Vec::new() };
        }
    }
}
