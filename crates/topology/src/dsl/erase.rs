//! From typed functions to those of [`crate::spec`].
use std::sync::Arc;

use crate::Payload;
use crate::data::Data;
use crate::spec::{Aggregator, Joiner, Predicate};

/// A type that records can carry between operators.
pub(super) fn get<T: 'static>(part: Option<&Payload>) -> Option<&T> {
    part.map(Payload::get)
}

/// A table's value: what stands for null deletes the row, and is `None`.
pub(super) fn row<T: Data>(value: T) -> Option<Payload> {
    (!value.is_null()).then(|| Payload::new(value))
}

/// The same for what a function of tables made.
pub(super) fn rows<R: Data>(join: Joiner) -> Joiner {
    Arc::new(move |key, left, right| join(key, left, right).filter(|joined| !joined.get::<R>().is_null()))
}

/// Key and value; `None` if one of them is null and its type has nothing for it.
pub(super) fn both<'a, K: 'static, V: 'static>(
    key: Option<&'a Payload>,
    value: Option<&'a Payload>,
) -> Option<(&'a K, &'a V)> {
    Some((get(key)?, get(value)?))
}

/// Records that the function can't see (null without a type for it) are kept whatever it would say.
pub(super) fn predicate<K: 'static, V: 'static>(
    keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
) -> Predicate {
    Arc::new(move |key, value| both(key, value).is_none_or(|(key, value)| keep(key, value)))
}

pub(super) fn aggregator<K: 'static, V: 'static, A: Data, R: Into<Option<A>>>(
    init: impl Fn() -> A + Send + Sync + 'static,
    add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
) -> Aggregator {
    Arc::new(move |key, value, so_far| {
        let Some((key, value)) = both(key, value) else { return Ok(so_far) };
        let so_far = so_far.map_or_else(&init, Payload::take);
        Ok(add(key, value, so_far).into().and_then(row))
    })
}

pub(super) fn reducer<V: Data, R: Into<Option<V>>>(
    reduce: impl Fn(V, &V) -> R + Send + Sync + 'static,
) -> Aggregator {
    Arc::new(move |_, value, so_far| {
        Ok(match (so_far, value) {
            (Some(so_far), Some(value)) => reduce(so_far.take(), value.get()).into().and_then(row),
            (so_far, value) => so_far.or_else(|| value.filter(|value| !value.get::<V>().is_null()).cloned()),
        })
    })
}

/// Adds to a count.
pub(super) fn counter(by: i64) -> Aggregator {
    Arc::new(move |_, _, so_far| {
        let count = so_far.map_or(0, |count| *count.get::<i64>());
        Ok(Some(Payload::new(count + by)))
    })
}

/// A join of which both sides are there.
pub(super) fn inner<V: 'static, W: 'static, R: Send + Sync + 'static>(
    join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
) -> Joiner {
    Arc::new(move |_, left, right| {
        both(left.as_ref(), right.as_ref()).map(|(left, right)| Payload::new(join(left, right)))
    })
}

/// A join of which the left side is there.
pub(super) fn left<V: 'static, W: 'static, R: Send + Sync + 'static>(
    join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
) -> Joiner {
    Arc::new(move |_, left, right| {
        get(left.as_ref()).map(|left| Payload::new(join(left, get(right.as_ref()))))
    })
}

/// A join of which either side is there.
pub(super) fn outer<V: 'static, W: 'static, R: Send + Sync + 'static>(
    join: impl Fn(Option<&V>, Option<&W>) -> R + Send + Sync + 'static,
) -> Joiner {
    Arc::new(move |_, left, right| {
        (left.is_some() || right.is_some())
            .then(|| Payload::new(join(get(left.as_ref()), get(right.as_ref()))))
    })
}
