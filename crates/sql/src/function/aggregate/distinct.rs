//! COUNT_DISTINCT: HyperLogLog.
use std::hash::{Hash as _, Hasher as _};

use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let about = "How many different values there are, to within some two percent; NULL is none.";
    let count = AggregateFunction::new("count_distinct", about)
        .overload("val T", 0, "", |_| Ok(Box::new(CountDistinct)))
        .parameter("val", "The value.");
    vec![count]
}

/// The state is an ARRAY<INTEGER> of registers, five of six bits in each element; empty before the first row.
struct CountDistinct;

/// Registers, and the bits of a hash that choose one: a standard error of 1.04 / sqrt(4096) = 1.6 percent.
const REGISTERS: usize = 1 << BITS;
const BITS: u32 = 12;
const PER_WORD: usize = 5;

fn registers(state: &Value) -> Vec<u8> {
    let words = state.as_array().unwrap_or_default();
    let word = |at: usize| words.get(at).and_then(Value::as_integer).unwrap_or_default();
    (0..REGISTERS).map(|at| (word(at / PER_WORD) >> (6 * (at % PER_WORD)) & 0x3f) as u8).collect()
}

fn packed(registers: &[u8]) -> Value {
    let words = registers.chunks(PER_WORD);
    Value::array(words.map(|chunk| {
        let bits = chunk.iter().enumerate().map(|(at, register)| i32::from(*register) << (6 * at));
        Value::Integer(bits.sum())
    }))
}

impl Aggregate for CountDistinct {
    fn state(&self) -> SqlType {
        SqlType::array(SqlType::Integer)
    }

    fn returns(&self) -> SqlType {
        SqlType::Bigint
    }

    fn initial(&self) -> Value {
        Value::array([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        let value = any(arguments, 0)?;
        if value.is_null() {
            return Ok(state);
        }
        let mut hasher = xxhash_rust::xxh3::Xxh3Default::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        let (place, rest) = ((hash >> (64 - BITS)) as usize, hash << BITS);
        let rank = (rest.leading_zeros().min(64 - BITS) + 1) as u8;
        let mut registers = registers(&state);
        if registers[place] >= rank {
            return Ok(state);
        }
        registers[place] = rank;
        Ok(packed(&registers))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let (left, right) = (registers(&left), registers(&right));
        let largest: Vec<u8> = left.iter().zip(&right).map(|(a, b)| *a.max(b)).collect();
        Ok(packed(&largest))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        let registers = registers(state);
        let count = REGISTERS as f64;
        let sum: f64 = registers.iter().map(|register| 0.5_f64.powi(i32::from(*register))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        let empty: usize = registers.iter().map(|register| usize::from(*register == 0)).sum();
        // Few values are counted better by the registers that they left empty.
        let few = estimate <= 2.5 * count && empty > 0;
        let estimate = if few { count * (count / empty as f64).ln() } else { estimate };
        Ok(Value::Bigint(estimate.round() as i64))
    }
}
