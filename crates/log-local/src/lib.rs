//! The embedded log: durable, compacting, transactional, one process.
