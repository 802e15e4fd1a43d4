//! Tables of a node on the embedded log, as programs use them.
mod routing;
