//! Values that are written down.

/// A value that stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// A whole number that fits 32 bits.
    Integer(i32),
    /// A whole number that does not.
    Bigint(i64),
    /// A number with a point; the digits stand as written, without needless leading zeros.
    Decimal(String),
    /// A number with an exponent; finite.
    Double(f64),
    /// Text between single quotes.
    String(String),
}

impl Literal {
    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Bigint(_) | Self::Decimal(_) | Self::Double(_))
    }
}
