//! Requests by endpoint and status, how long they took, and errors by code.
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Unit;

use crate::error::Code;
use crate::http::{LENTIC_ERROR, Response};
use crate::routes::Route;

/// Upper bounds of the buckets in microseconds.
const BOUNDS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000, 10_000_000];

/// The statuses that are counted by themselves; another one counts as 500.
const STATUSES: [u16; 24] = [
    200, 201, 204, 304, 307, 400, 401, 403, 404, 405, 406, 409, 412, 413, 417, 421, 422, 429, 500, 501, 502,
    503, 504, 505,
];

/// The place of 500.
const OTHER: usize = 18;

/// Counters of all endpoints.
pub(crate) struct Http {
    routes: Vec<Endpoint>,
    /// By their place in [`Code::ALL`].
    errors: Vec<AtomicU64>,
}

#[derive(Default)]
struct Endpoint {
    statuses: [AtomicU64; STATUSES.len()],
    /// The last one: above all bounds.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            routes: Route::ALL.iter().map(|_| Endpoint::default()).collect(),
            errors: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Http {
    /// Counts one answer.
    pub(crate) fn count(&self, route: Route, response: &Response, took: Duration) {
        if !response.status().is_success()
            && let Some(error) = response.headers().get(&LENTIC_ERROR)
            && let Some(place) = Code::ALL.iter().position(|code| error == code.as_str())
        {
            self.errors[place].fetch_add(1, Ordering::Relaxed);
        }
        let Some(endpoint) = self.routes.get(route as usize) else { return };
        let status = STATUSES.binary_search(&response.status().as_u16()).unwrap_or(OTHER);
        endpoint.statuses[status].fetch_add(1, Ordering::Relaxed);
        let us = took.as_micros() as u64;
        let bucket = BOUNDS_US.partition_point(|&bound| bound < us);
        endpoint.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        endpoint.sum_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family =
            encoder.encode_descriptor("lentic_http_requests", "Answers", None, MetricType::Counter)?;
        for (route, endpoint) in Route::ALL.iter().zip(&self.routes) {
            for (status, count) in STATUSES.iter().zip(&endpoint.statuses) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = [("method", route.method()), ("route", route.path())];
                    let labels = (labels, [("code", u32::from(*status))]);
                    ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        let mut family =
            encoder.encode_descriptor("lentic_http_errors", "Failing answers", None, MetricType::Counter)?;
        for (code, count) in Code::ALL.iter().zip(&self.errors) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let labels = [("error", code.as_str())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "lentic_http_request_duration",
            "Time from the request's head to the answer's head",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (route, endpoint) in Route::ALL.iter().zip(&self.routes) {
            let buckets: Vec<_> = endpoint.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
            let count = buckets.iter().sum();
            if count > 0 {
                let bounds = BOUNDS_US.iter().map(|&us| us as f64 / 1e6).chain([f64::INFINITY]);
                let buckets: Vec<_> = bounds.zip(buckets).collect();
                let sum = endpoint.sum_ns.load(Ordering::Relaxed) as f64 / 1e9;
                family
                    .encode_family(&[("method", route.method()), ("route", route.path())])?
                    .encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status() {
        assert!(STATUSES.is_sorted());
        assert_eq!(STATUSES[OTHER], 500);
        for code in Code::ALL {
            assert!(STATUSES.contains(&code.status()), "{code:?}");
        }
    }
}
