//! HTTP/1.1, as far as the cases need it: a request on a connection of its own, and the whole answer.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use lentic_testkit::conformance::rest::Reply;

/// The longest that an answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a request; `begun` hears when the head of the answer is there.
pub(crate) fn post(
    server: SocketAddr,
    path: &str,
    body: &str,
    begun: Option<mpsc::Sender<()>>,
) -> Result<Reply, String> {
    request(server, "POST", path, &[("content-type", "application/json")], body, begun)
}

/// The same with a method and headers.
pub(crate) fn request(
    server: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    begun: Option<mpsc::Sender<()>>,
) -> Result<Reply, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut socket = TcpStream::connect(server).map_err(told)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let length = body.len();
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n\
         {body}"
    )
    .map_err(told)?;
    let mut reader = BufReader::new(socket);
    let mut line = String::new();
    reader.read_line(&mut line).map_err(told)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status: u16 = status.ok_or_else(|| format!("no answer of HTTP: {line}"))?;
    let mut is_chunked = false;
    loop {
        line.clear();
        reader.read_line(&mut line).map_err(told)?;
        if line.trim().is_empty() {
            break;
        }
        is_chunked |= line.to_ascii_lowercase().trim() == "transfer-encoding: chunked";
    }
    if let Some(begun) = begun {
        let _ = begun.send(());
    }
    let mut bytes = Vec::new();
    if is_chunked {
        loop {
            line.clear();
            reader.read_line(&mut line).map_err(told)?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(|error| error.to_string())?;
            let mut chunk = vec![0; length + 2];
            reader
                .read_exact(&mut chunk)
                .map_err(|error| format!("{error}; so far: {}", String::from_utf8_lossy(&bytes)))?;
            if length == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..length]);
        }
    } else {
        reader.read_to_end(&mut bytes).map_err(told)?;
    }
    Ok(Reply { status, body: String::from_utf8_lossy(&bytes).into_owned() })
}
