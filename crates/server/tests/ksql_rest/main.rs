//! SQL over HTTP, against a node on the embedded log and its server, in this process.
mod answers;
mod cases;
mod endpoint;
mod headers;
mod http;
mod inserts;
mod limits;
mod prepared;
mod restart;
mod rights;
mod sql;
mod streams;
