//! The server, over HTTP/1.1.
mod answer;
mod client;
mod patience;

pub(crate) use answer::Answer;
pub(crate) use client::Client;
