//! DECIMAL(precision, scale), and what arithmetic makes of two of them.
use std::fmt;

use super::SqlType;

/// The digits of a DECIMAL: `precision` in all, `scale` of them behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecimalType {
    precision: u32,
    scale: u32,
}

impl DecimalType {
    /// What an INTEGER widens to.
    pub const INTEGER: Self = Self { precision: 10, scale: 0 };
    /// What a BIGINT widens to.
    pub const BIGINT: Self = Self { precision: 19, scale: 0 };

    /// At least one digit, and no more behind the point than there are.
    pub fn new(precision: u32, scale: u32) -> Option<Self> {
        (precision >= 1 && scale <= precision).then_some(Self { precision, scale })
    }

    /// Digits in all.
    pub fn precision(self) -> u32 {
        self.precision
    }

    /// Digits behind the point.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// Digits before the point.
    pub fn whole(self) -> u32 {
        self.precision - self.scale
    }

    /// The decimal that a whole number widens to, a decimal itself; `None` for every other type.
    pub fn of(kind: &SqlType) -> Option<Self> {
        match kind {
            SqlType::Integer => Some(Self::INTEGER),
            SqlType::Bigint => Some(Self::BIGINT),
            SqlType::Decimal(decimal) => Some(*decimal),
            _ => None,
        }
    }

    /// The decimal that holds every value of both.
    #[must_use]
    pub fn widest(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { precision: self.whole().max(other.whole()) + scale, scale }
    }

    /// Of a sum or a difference (ksqlDB's `SqlDecimal`): one digit more than the wider of the two.
    #[must_use]
    pub fn sum(self, other: Self) -> Self {
        let widest = self.widest(other);
        Self { precision: widest.precision + 1, ..widest }
    }

    /// Of a product.
    #[must_use]
    pub fn product(self, other: Self) -> Self {
        Self { precision: self.precision + other.precision + 1, scale: self.scale + other.scale }
    }

    /// Of a quotient: at least six digits behind the point.
    #[must_use]
    pub fn quotient(self, other: Self) -> Self {
        let scale = 6.max(self.scale + other.precision + 1);
        Self { precision: self.whole() + other.scale + scale, scale }
    }

    /// Of a remainder.
    #[must_use]
    pub fn remainder(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        // Two decimals without a digit before the point still have one in all.
        Self { precision: (self.whole().min(other.whole()) + scale).max(1), scale }
    }
}

impl fmt::Display for DecimalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DECIMAL({}, {})", self.precision, self.scale)
    }
}
