//! HTTP: rows, tables, health and metrics of a node.
