//! SQL over HTTP, against a node on the embedded log and its server, in this process.
mod answers;
mod cases;
mod clauses;
mod declared;
mod endpoint;
mod headers;
mod http;
mod inserts;
mod limits;
mod prepared;
mod properties;
mod refusals;
mod restart;
mod rights;
mod sql;
mod streams;
