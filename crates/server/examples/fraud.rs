//! Cards that are used suspiciously often: payments by session, and an alert for each session with more than five payments
//! or more than a thousand spent.
//!
//! ```sh
//! cargo run --example fraud
//! for i in 1 2 3 4 5 6; do
//!   curl -X PUT localhost:8088/v1/tables/payments/rows/card-1 -d "{\"amount\": $i}"
//! done
//! curl localhost:8088/v1/tables/sessions/rows/card-1
//! ```
use std::time::Duration;

use lentic::Node;
use lentic::config;
use lentic::topology::{JsonData, SessionWindows, Topology};
use serde::{Deserialize, Serialize};

/// A payment, by the card's number.
#[derive(Clone, Serialize, Deserialize)]
struct Payment {
    amount: f64,
}

impl JsonData for Payment {}

/// What a card was used for without a longer pause.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Spree {
    payments: i64,
    spent: f64,
}

impl JsonData for Spree {}

impl Spree {
    fn with(self, payment: &Payment) -> Self {
        Self { payments: self.payments + 1, spent: self.spent + payment.amount }
    }

    fn and(self, other: &Self) -> Self {
        Self { payments: self.payments + other.payments, spent: self.spent + other.spent }
    }

    fn is_suspicious(&self) -> bool {
        self.payments > 5 || self.spent > 1_000.0
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topology = Topology::new("fraud");
    topology
        .stream::<String, Payment>("payments")
        .group_by_key()
        .windowed_by(SessionWindows::with_gap(Duration::from_mins(10)).grace(Duration::from_mins(1)))
        .aggregate(
            "sessions",
            Spree::default,
            |_, payment, spree| spree.with(payment),
            |_, one, other| one.and(&other),
        )
        .to_stream()
        .filter(|_, spree| spree.is_suspicious())
        .map(|session, spree| (session.key.clone(), spree.clone()))
        .to("alerts");

    let config = config::resolve(None, std::env::vars(), [])?.config;
    let node = Node::open(config)?;
    node.run(&topology)?;
    node.create_table(serde_json::from_str(
        r#"{"name": "payments", "topic": "payments", "key": "string", "value": "json"}"#,
    )?)?;
    Ok(lentic_server::serve(node)?)
}
