//! A server that answers what it is told to, and remembers what it was asked.
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// `POST /ksql`
    pub(super) line: String,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

impl Asked {
    /// The statement of the body.
    pub(super) fn statement(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["ksql"].as_str().unwrap_or_default().to_owned()
    }
}

/// An answer.
pub(super) enum Reply {
    /// A status and a body.
    Whole(u16, String),
    /// Pieces of a body, as they are sent.
    Pieces(Vec<Piece>),
}

impl Reply {
    pub(super) fn ok(body: &str) -> Self {
        Self::Whole(200, body.to_owned())
    }

    pub(super) fn error(status: u16, body: &str) -> Self {
        Self::Whole(status, body.to_owned())
    }
}

/// A piece of a body.
pub(super) enum Piece {
    Text(&'static str),
    /// Nothing, until the client closes the connection.
    UntilClosed,
    /// The end of the connection, before that of the body.
    Break,
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

pub(super) struct Server {
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    answer: Box<Answer>,
    /// Requests, and `closed` when a client left before the end.
    asked: Mutex<Vec<Asked>>,
}

impl Server {
    pub(super) fn start(
        tls: Option<Arc<rustls::ServerConfig>>,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Arc::new(Self { listener, tls, answer: Box::new(answer), asked: Mutex::default() });
        let accepting = Arc::clone(&server);
        thread::spawn(move || {
            for stream in accepting.listener.incoming() {
                let server = Arc::clone(&accepting);
                thread::spawn(move || match (stream, &server.tls) {
                    (Ok(stream), None) => server.serve(stream),
                    (Ok(stream), Some(tls)) => {
                        let tls = rustls::ServerConnection::new(Arc::clone(tls)).expect("TLS");
                        server.serve(rustls::StreamOwned::new(tls, stream))
                    }
                    (Err(_), _) => None,
                });
            }
        });
        server
    }

    pub(super) fn address(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.listener.local_addr().expect("an address"))
    }

    /// The requests so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// Waits until something was asked, or a client has left.
    pub(super) fn wait_for(&self, line: &str) -> Asked {
        let begun = Instant::now();
        loop {
            if let Some(asked) = self.asked().into_iter().find(|asked| asked.line == line) {
                return asked;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{line}: {:?}", self.asked());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn serve(&self, stream: impl Read + Write) -> Option<()> {
        let mut reader = BufReader::new(stream);
        // Connections are used again.
        while let Some(asked) = read(&mut reader) {
            self.asked.lock().ok()?.push(asked.clone());
            self.reply(reader.get_mut(), (self.answer)(&asked))?;
        }
        Some(())
    }

    fn reply(&self, stream: &mut (impl Read + Write), reply: Reply) -> Option<()> {
        let pieces = match reply {
            Reply::Whole(status, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
                return stream.write_all(head.as_bytes()).ok();
            }
            Reply::Pieces(pieces) => pieces,
        };
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).ok()?;
                }
                Piece::UntilClosed => {
                    let left = stream.read(&mut [0]);
                    assert!(!matches!(left, Ok(1..)), "a request before the answer's end");
                    let closed = Asked { line: "closed".to_owned(), headers: vec![], body: String::new() };
                    self.asked.lock().ok()?.push(closed);
                    return None;
                }
                Piece::Break => return None,
            }
        }
        stream.write_all(b"0\r\n\r\n").ok()
    }
}

fn read(reader: &mut BufReader<impl Read>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length =
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let line = lines.remove(0).trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, headers: lines, body: String::from_utf8(body).ok()? })
}
