//! The well-known messages that DECIMAL, DATE, TIME and TIMESTAMP are.
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;

use super::wire::{Fields, Wire, push_bytes, push_number};
use crate::serde::scalar::{exact_decimal, temporal};
use crate::serde::{Result, SerdeError};
use crate::value::calendar::{DAY_MS, Day};
use crate::{SqlType, Value};

/// Digits behind the point that a message may claim; more cannot be meant.
const MAX_SCALE: i32 = 10_000;

fn push_nonzero(number: u64, value: i64, out: &mut Vec<u8>) {
    if value != 0 {
        push_number(number, value as u64, out);
    }
}

/// Appends the fields of the message of a value; false if it is none of these types.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Decimal(number) => {
            let (digits, scale) = number.as_bigint_and_scale();
            push_bytes(1, &digits.to_signed_bytes_be(), out);
            push_nonzero(2, number.digits() as i64, out);
            push_nonzero(3, scale, out);
        }
        Value::Date(days) => {
            let day = Day::of_epoch(i64::from(*days));
            push_nonzero(1, day.year, out);
            push_nonzero(2, i64::from(day.month), out);
            push_nonzero(3, i64::from(day.day), out);
        }
        Value::Time(ms) => {
            let ms = i64::from(*ms);
            push_nonzero(1, ms / 3_600_000, out);
            push_nonzero(2, ms / 60_000 % 60, out);
            push_nonzero(3, ms / 1000 % 60, out);
            push_nonzero(4, ms % 1000 * 1_000_000, out);
        }
        Value::Timestamp(ms) => {
            push_nonzero(1, ms.div_euclid(1000), out);
            push_nonzero(2, ms.rem_euclid(1000) * 1_000_000, out);
        }
        _ => return false,
    }
    true
}

/// The value of a message.
pub(super) fn read(bytes: &[u8], kind: &SqlType) -> Result<Value> {
    let mut numbers = [0_i64; 4];
    let mut digits: &[u8] = &[];
    let mut fields = Fields(bytes);
    while let Some((number, wire)) = fields.next()? {
        match (number, wire) {
            (1..=4, Wire::Varint(value)) => numbers[number as usize - 1] = value as i64,
            (1, Wire::Bytes(bytes)) => digits = bytes,
            _ => {}
        }
    }
    let [first, second, third, fourth] = numbers;
    let invalid = || SerdeError::new(format!("Invalid protobuf: no {kind} has these fields"));
    match kind {
        SqlType::Decimal(decimal) => {
            let scale = third as i32;
            if scale.abs() > MAX_SCALE {
                return Err(invalid());
            }
            exact_decimal(BigDecimal::new(BigInt::from_signed_bytes_be(digits), i64::from(scale)), *decimal)
        }
        SqlType::Date => {
            let day = Day::new(first, second, third).ok_or_else(invalid)?;
            temporal(day.epoch(), kind)
        }
        SqlType::Time => {
            let clock = (0..24).contains(&first) && (0..60).contains(&second) && (0..60).contains(&third);
            let ms = first.wrapping_mul(3_600_000).wrapping_add(second.wrapping_mul(60_000));
            let ms = ms.wrapping_add(third.wrapping_mul(1000)).wrapping_add(fourth / 1_000_000);
            if clock && (0..DAY_MS).contains(&ms) { temporal(ms, kind) } else { Err(invalid()) }
        }
        SqlType::Timestamp => {
            let ms = first.checked_mul(1000).and_then(|ms| ms.checked_add(second / 1_000_000));
            ms.map(Value::Timestamp).ok_or_else(invalid)
        }
        other => Err(SerdeError::not_of_type(other)),
    }
}
