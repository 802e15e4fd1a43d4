//! The entries of a MAP, in the order that they have in Java.
use super::Value;

/// Keys to values. Their order is the one in which Java's `HashMap` iterates over such keys, because it shows wherever ksqlDB
/// turns a map into something that has an order: REDUCE, `MAP_VALUES`, CAST to STRING.
#[derive(Clone, Debug, Default)]
pub struct MapValue {
    /// By bucket, within a bucket as they came.
    entries: Box<[Entry]>,
}

#[derive(Clone, Debug)]
struct Entry {
    hash: u32,
    key: Value,
    value: Value,
}

impl MapValue {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        let hash = spread(java_hash(key));
        let mask = mask(self.entries.len());
        let start = self.entries.partition_point(|entry| entry.hash & mask < hash & mask);
        let bucket = self.entries[start..].iter().take_while(|entry| entry.hash & mask == hash & mask);
        bucket.into_iter().find(|entry| entry.hash == hash && entry.key == *key).map(|entry| &entry.value)
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// The values, in the order of the keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|entry| &entry.value)
    }
}

/// Of entries with the same key the last value counts, at the place of the first.
impl FromIterator<(Value, Value)> for MapValue {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Self {
        let mut all: Vec<(usize, Entry)> = Vec::new();
        for (index, (key, value)) in entries.into_iter().enumerate() {
            all.push((index, Entry { hash: spread(java_hash(&key)), key, value }));
        }
        // Equal keys come together, the oldest first; then each keeps its oldest place and its newest value.
        all.sort_by_key(|(index, entry)| (entry.hash, *index));
        let mut unique: Vec<(usize, Entry)> = Vec::with_capacity(all.len());
        for (index, entry) in all {
            let same = unique.iter_mut().rev().take_while(|(_, other)| other.hash == entry.hash);
            match same.into_iter().find(|(_, other)| other.key == entry.key) {
                Some((_, known)) => known.value = entry.value,
                None => unique.push((index, entry)),
            }
        }
        let mask = mask(unique.len());
        unique.sort_by_key(|(index, entry)| (entry.hash & mask, *index));
        Self { entries: unique.into_iter().map(|(_, entry)| entry).collect() }
    }
}

/// The bits that choose the bucket in the smallest table that `HashMap` takes for so many entries: at most three quarters of
/// it are used. ksqlDB's deserializers size their maps by what comes.
fn mask(entries: usize) -> u32 {
    let mut buckets: usize = 1;
    while entries * 4 > buckets * 3 {
        buckets *= 2;
    }
    buckets as u32 - 1
}

/// `HashMap` mixes the upper half in.
fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

/// `hashCode` of what stands for the value in Java. Nested values are no keys in practice; they share a bucket.
fn java_hash(key: &Value) -> u32 {
    let long = |bits: u64| (bits ^ (bits >> 32)) as u32;
    match key {
        Value::Boolean(truth) => {
            if *truth {
                1231
            } else {
                1237
            }
        }
        Value::Integer(number) => *number as u32,
        Value::Bigint(number) | Value::Timestamp(number) => long(*number as u64),
        Value::Double(number) => long(if number.is_nan() { 0x7ff8_0000_0000_0000 } else { number.to_bits() }),
        Value::String(text) => {
            text.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
        }
        Value::Date(number) | Value::Time(number) => *number as u32,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<String> {
        let map: MapValue = names.iter().map(|name| (Value::string(name), Value::Null)).collect();
        map.keys().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn the_order_is_that_of_java() {
        // The hashes modulo 4 are 1, 0 and 0.
        assert_eq!(keys(&["nope", "yes, thanks", "sure, yeah"]), ["yes, thanks", "sure, yeah", "nope"]);
        // Both have the same hash, so that only the order of arrival is left.
        assert_eq!(keys(&["BB", "Aa"]), ["BB", "Aa"]);
        assert_eq!(keys(&["Aa", "BB"]), ["Aa", "BB"]);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let entries = (0..1000).map(|n| (Value::Integer(n % 100), Value::Integer(n)));
        let map: MapValue = entries.collect();
        assert_eq!(map.len(), 100);
        for key in 0..100 {
            assert_eq!(map.get(&Value::Integer(key)), Some(&Value::Integer(900 + key)));
        }
        assert_eq!(map.get(&Value::Integer(100)), None);
        assert_eq!(MapValue::default().get(&Value::Null), None);
    }
}
