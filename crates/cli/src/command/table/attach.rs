//! `lentic table attach`
use clap::{Args, ValueEnum};
use lentic::types::{FormatName, TableName};
use serde_json::{Value, json};

use super::Described;
use super::window::WindowTimes;
use crate::client::{Client, Connection, body, decode};
use crate::command::demand::Bound;
use crate::failure::{Exit, Failure};
use crate::output::{Output, columns, note};

/// Declare read-only tables over the stores of a Kafka Streams or ksqlDB application
///
/// Each table is over the changelog of a store (ID-STORE-changelog), on the brokers that the node is connected to. Kind and
/// formats are guessed from the topic; with --store they can be said. The application goes on, and nothing of it is touched.
#[derive(Args, Debug)]
pub struct Attach {
    /// The application's application.id
    application: String,
    /// One store alone
    #[arg(long)]
    store: Option<String>,
    /// The table's name; left out: the store's
    #[arg(long, requires = "store")]
    name: Option<TableName>,
    /// Format of the keys, of windowed ones without their windows: bytes, string, int, bigint, double or json
    #[arg(long, value_name = "FORMAT", requires = "store")]
    key: Option<FormatName>,
    /// Format of the values
    #[arg(long, value_name = "FORMAT", requires = "store")]
    value: Option<FormatName>,
    /// How keys carry windows
    #[arg(long, value_enum, value_name = "KIND", requires = "store")]
    window: Option<Kind>,
    #[command(flatten)]
    times: WindowTimes,
    /// Wait until all rows are readable
    #[arg(long)]
    wait: bool,
    /// What became of each store, one per line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    bound: Bound,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// They don't: a key-value store
    None,
    /// By their start: a window store
    Time,
    /// By end and start: a session store
    Session,
}

impl Attach {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let window = self.window.map(|kind| match kind {
            Kind::None => "none",
            Kind::Time => "time",
            Kind::Session => "session",
        });
        let request = json!({
            "application_id": self.application,
            "store": self.store,
            "name": self.name,
            "key": self.key,
            "value": self.value,
            "window": window,
            "size_ms": self.times.size_ms()?,
            "retention_ms": self.times.retention_ms()?,
        });
        let path = if self.wait { "/v1/tables:attach?wait=ready" } else { "/v1/tables:attach" };
        let call = client.request("POST", path).header("content-type", "application/json");
        let answer = client.send(self.bound.put_on(call)?, request.to_string().into_bytes())?;
        let stores = Described(decode::<Value>(&body(answer)?)?).list("stores");
        let stores: Vec<_> = stores.into_iter().map(Described).collect();
        if self.json || !out.terminal() {
            stores.iter().try_for_each(|store| out.line(&store.0.to_string()))?;
        } else {
            let rows: Vec<_> = stores.iter().map(row).collect();
            out.value(columns(&["STORE", "TABLE", "KEY", "WINDOW", "VALUE", ""], &rows).as_bytes())?;
        }
        out.flush()?;
        let refused: Vec<_> =
            stores.iter().filter_map(|store| Some((store, store.0.get("error")?))).collect();
        for (store, error) in &refused {
            let text = |field| error.get(field).and_then(Value::as_str).unwrap_or_default();
            note(&format!("{}: {}. {}", store.text("store"), text("message"), text("hint")));
        }
        match refused.len() {
            0 => Ok(()),
            n => Err(Failure::new(Exit::Failed, "not_attached", format!("{n} stores could not be attached"))),
        }
    }
}

fn row(store: &Described) -> Vec<String> {
    let table = Described(store.0.get("table").cloned().unwrap_or_default());
    let window = table.0.pointer("/window/kind").and_then(Value::as_str).unwrap_or("-");
    let state = match (store.0.get("error"), store.0.get("created")) {
        (Some(_), _) => "refused",
        (None, Some(Value::Bool(true))) => "created",
        _ => "was there",
    };
    vec![
        store.text("store"),
        table.text("name"),
        table.text("key"),
        window.to_owned(),
        table.text("value"),
        state.to_owned(),
    ]
}
