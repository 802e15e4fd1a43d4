//! Which format a topic's keys or values are in, judged by a sample.
use std::cmp::Reverse;

use lentic_types::FormatName;

use crate::wire::wire;

/// What a sample says: all formats, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// How many samples there were.
    pub samples: u64,
    /// Every format once. Those that decode all samples come first, the likeliest of them at the front; the
    /// others follow by how many they decode.
    pub ranking: Vec<Decoded>,
}

/// How a format fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The format.
    pub format: FormatName,
    /// How many samples it decodes.
    pub decoded: u64,
}

impl Guess {
    /// The likeliest format; `bytes` without samples.
    pub fn best(&self) -> FormatName {
        self.ranking.first().map_or(FormatName::Bytes, |first| first.format)
    }

    /// The share of samples that a format decodes, 0 to 1; 1 without samples.
    pub fn share(&self, format: FormatName) -> f64 {
        let decoded = self.ranking.iter().find(|d| d.format == format).map_or(0, |d| d.decoded);
        if self.samples == 0 { 1.0 } else { decoded as f64 / self.samples as f64 }
    }

    /// The formats that decode every sample, best first.
    pub fn fitting(&self) -> impl Iterator<Item = FormatName> + '_ {
        self.ranking.iter().filter(|d| d.decoded == self.samples).map(|d| d.format)
    }
}

/// Guesses the format of sampled keys or values; leave tombstones out. A format that decodes all samples beats
/// one that does not; among those, printable text is `json` if an object or array is among it, else `string`;
/// other bytes are numbers if they have the length and plausible magnitudes, else `bytes`.
pub fn guess<'a>(samples: impl Iterator<Item = &'a [u8]>) -> Guess {
    let mut seen = Seen::default();
    for sample in samples {
        seen.add(sample);
    }
    let order = seen.likeliest_first();
    let mut ranking: Vec<Decoded> =
        order.into_iter().map(|format| Decoded { format, decoded: seen.decoded[position(format)] }).collect();
    // Stable: formats with equal counts stay in the order of likelihood.
    ranking.sort_by_key(|d| Reverse(d.decoded));
    Guess { samples: seen.samples, ranking }
}

/// Counts over the samples.
#[derive(Default)]
struct Seen {
    samples: u64,
    decoded: [u64; FormatName::ALL.len()],
    /// UTF-8 without control characters but whitespace.
    printable: u64,
    /// JSON objects and arrays.
    structured: u64,
    /// 8 bytes that are a usual 64-bit integer.
    bigint_like: u64,
    /// 8 bytes that are a usual double.
    double_like: u64,
}

impl Seen {
    fn add(&mut self, sample: &[u8]) {
        self.samples += 1;
        for format in FormatName::ALL {
            self.decoded[position(format)] += u64::from(wire(format).check(sample).is_ok());
        }
        let text = std::str::from_utf8(sample).ok();
        let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        self.printable += u64::from(text.is_some_and(|text| !text.contains(control)));
        self.structured += u64::from(
            matches!(sample.trim_ascii_start().first(), Some(b'{' | b'['))
                && wire(FormatName::Json).check(sample).is_ok(),
        );
        if let Ok(eight) = sample.try_into() {
            self.bigint_like += u64::from(is_bigint_like(i64::from_be_bytes(eight)));
            self.double_like += u64::from(is_double_like(f64::from_be_bytes(eight)));
        }
    }

    fn likeliest_first(&self) -> [FormatName; 6] {
        use FormatName::{Bigint, Bytes, Double, Int, Json, String};
        if self.samples == 0 {
            [Bytes, String, Json, Int, Bigint, Double]
        } else if self.printable == self.samples {
            if self.structured > 0 && self.decoded[position(Json)] == self.samples {
                [Json, String, Bytes, Int, Bigint, Double]
            } else {
                [String, Json, Bytes, Int, Bigint, Double]
            }
        } else if self.decoded[position(Int)] == self.samples {
            [Int, Bytes, String, Json, Bigint, Double]
        } else if self.bigint_like == self.samples {
            [Bigint, Double, Bytes, String, Json, Int]
        } else if self.double_like == self.samples {
            [Double, Bigint, Bytes, String, Json, Int]
        } else {
            [Bytes, Bigint, Double, String, Json, Int]
        }
    }
}

fn position(format: FormatName) -> usize {
    FormatName::ALL.iter().position(|f| *f == format).expect("ALL holds every format")
}

/// Counters, ids and times up to nanoseconds; not the bits of a usual double, which start at 2^61.
fn is_bigint_like(number: i64) -> bool {
    number.unsigned_abs() < 1 << 61
}

/// Measures of this world; not the bits of a small integer, which would be a tiny fraction or a NaN.
fn is_double_like(number: f64) -> bool {
    number == 0.0 || number.is_infinite() || (1e-18..1e18).contains(&number.abs())
}
