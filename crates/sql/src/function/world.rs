//! What functions may ask that is not in the row.

/// Clock and chance, brought in from outside: this crate has neither.
pub trait World: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;

    /// 64 random bits.
    fn random_bits(&self) -> u64;
}
