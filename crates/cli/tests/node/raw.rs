//! HTTP as text, for what a well-behaved client does not send.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::harness::PATIENCE;

/// A connection.
pub struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    pub fn connect(url: &str) -> Self {
        Self::try_connect(url).expect("a connection")
    }

    pub fn try_connect(url: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    pub fn send(&mut self, text: &str) -> &mut Self {
        self.stream.get_mut().write_all(text.as_bytes()).expect("sent");
        self
    }

    /// The next answer: status, head in lower case, and as much of a body as `Content-Length` says.
    pub fn answer(&mut self) -> (u16, String, String) {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).expect("a line");
            assert!(read > 0, "the connection ended within {head:?}");
            if line.trim_end().is_empty() {
                break;
            }
            head += &line.to_ascii_lowercase();
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("a number"))];
        self.stream.read_exact(&mut body).expect("the body");
        (status, head, String::from_utf8(body).expect("UTF-8"))
    }

    /// Whether the node has ended the connection; waits for it.
    pub fn is_ended(&mut self) -> bool {
        matches!(self.stream.read_to_end(&mut Vec::new()), Ok(0) | Err(_))
    }
}

/// One request of these header lines without a body; status and head in lower case.
pub fn ask(url: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    use std::fmt::Write as _;
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        let _ = write!(text, "Host: {}\r\n", url.trim_start_matches("http://"));
    }
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    Raw::connect(url).send(&(text + "\r\n")).answer()
}
