//! A request over a WebSocket.
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::Message;

/// The text frames of the answer up to its end, a line each.
pub fn ask(address: &str, request: &str) -> String {
    let request: Value = serde_json::from_str(request).unwrap();
    let text = request.to_string();
    let request = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
    let host = address.trim_start_matches("ws://").split('/').next().unwrap();
    let stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (mut socket, _) = tungstenite::client(format!("{address}?request={request}"), stream).unwrap();
    let mut frames = String::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => frames.extend([text.as_str(), "\n"]),
            Ok(Message::Close(_)) => return frames,
            Ok(_) => {}
            Err(error) => panic!("{error} behind\n{frames}"),
        }
    }
}
