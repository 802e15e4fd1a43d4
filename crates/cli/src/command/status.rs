//! `lentic status`
use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::cluster::copies;
use super::table::{Described, describe, list};
use crate::client::{Client, Connection, body};
use crate::failure::Failure;
use crate::key::part;
use crate::output::{Output, age, columns, grouped, size};

/// Show the node at a glance: tables, partitions, lag, restoring progress, memory
#[derive(Args, Debug)]
pub struct Status {
    /// A line per partition too
    #[arg(long, short)]
    partitions: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Status {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let mut tables = Vec::new();
        for table in list::tables(&client)? {
            match client.json(&format!("/v1/tables/{}", part(&table.text("name")))) {
                Ok(described) => tables.push(Described(described)),
                // Dropped since.
                Err(failure) if failure.code == "table_not_found" => {}
                Err(failure) => return Err(failure),
            }
        }
        let metrics = body(client.ask(client.request("GET", "/metrics"))?)?;
        let node = Node::of(&String::from_utf8_lossy(&metrics));
        let ready = match client.ask(client.request("GET", "/readyz")) {
            Ok(_) => "ready".to_owned(),
            Err(failure) if failure.code == "node_unreachable" => return Err(failure),
            Err(failure) => failure.message,
        };
        let cluster = client.json("/v1/cluster")?;
        if self.json || !out.terminal() {
            let tables: Vec<Value> = tables.into_iter().map(|table| table.0).collect();
            let status = json!({ "state": ready, "node": node.0, "tables": tables, "cluster": cluster });
            return out.line(&status.to_string());
        }
        out.line(&node.headline(&ready))?;
        if let Some(picture) = picture(&cluster) {
            out.line("")?;
            out.value(picture.as_bytes())?;
        }
        if tables.is_empty() {
            return out.line("no tables yet: lentic table create NAME --key string --value json");
        }
        out.line("")?;
        let rows: Vec<Vec<String>> = tables.iter().map(table_row).collect();
        out.value(
            columns(&["TABLE", "TOPIC", "PARTITIONS", "STATE", "LAG", "AGE", "ROWS", "SIZE"], &rows)
                .as_bytes(),
        )?;
        if self.partitions {
            for table in &tables {
                out.line(&format!("\n{}", table.text("name")))?;
                out.value(describe::partitions(table).as_bytes())?;
            }
        }
        out.flush()?;
        tables.iter().for_each(Described::warn);
        Ok(())
    }
}

/// The nodes of a cluster and where its shards are, a column each; `None`: there is but one node.
fn picture(cluster: &Value) -> Option<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (nodes, shards) = (list(&cluster["nodes"]), list(&cluster["shards"]));
    if nodes.len() < 2 {
        return None;
    }
    let row = |node: &Value| {
        let mark = |shard: &Value| {
            let held = list(&shard["nodes"]).into_iter().find(|held| held["node"] == node["node"]);
            match held {
                Some(_) if node["unreachable"].is_string() => '!',
                Some(held) if held["role"] == "active" && held["ready"] == true => '#',
                Some(held) if held["role"] == "active" => '+',
                Some(held) if held["ready"] == true => '=',
                Some(_) => '-',
                None => '.',
            }
        };
        let own = if node["node"] == cluster["node"] { "*" } else { "" };
        vec![
            format!("{}{own}", text(&node["node"])),
            text(&node["url"]),
            text(&node["rack"]),
            node["active"].to_string(),
            node["standby"].to_string(),
            node["lag"].to_string(),
            shards.iter().map(mark).collect(),
        ]
    };
    let rows: Vec<Vec<String>> = nodes.iter().map(row).collect();
    let mut picture = columns(&["NODE", "URL", "RACK", "ACTIVE", "STANDBY", "LAG", "SHARDS"], &rows);
    let standbys = cluster["num_standby_replicas"].as_u64().unwrap_or_default();
    let _ = writeln!(
        picture,
        "# active, = standby (+ and -: on their way, !: out of reach); {} of each shard",
        copies(standbys)
    );
    for (state, what) in [
        ("moving", "are moving: their owners catch up, standbys answer"),
        ("unreachable", "have an owner that can't be reached: standbys answer"),
        ("unowned", "have no owner"),
    ] {
        let count = shards.iter().filter(|shard| shard["state"] == state).count();
        if count > 0 {
            let _ = writeln!(picture, "{count} of {} shards {what}", shards.len());
        }
    }
    for node in &nodes {
        if let Some(why) = node["unreachable"].as_str() {
            let _ = writeln!(picture, "{} can't be reached: {why}", text(&node["node"]));
        }
    }
    Some(picture)
}

/// Numbers of the node from its metrics.
struct Node(BTreeMap<String, f64>);

impl Node {
    /// Samples without labels by name, those of `lentic_node_usage_bytes` by their kind.
    fn of(metrics: &str) -> Self {
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            let name = match name.split_once('{') {
                None => name,
                Some(("lentic_node_usage_bytes", labels)) => {
                    labels.strip_prefix("kind=\"")?.strip_suffix("\"}")?
                }
                Some(_) => return None,
            };
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(metrics.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect())
    }

    fn headline(&self, ready: &str) -> String {
        let mut parts = vec![ready.to_owned()];
        if let Some(seconds) = self.0.get("lentic_uptime_seconds") {
            parts.push(format!("up {}", age((seconds * 1e3) as u64)));
        }
        if self.0.get("lentic_log_available") == Some(&0.0) {
            parts.push("the log can't be reached".to_owned());
        }
        if let Some(bytes) = self.0.get("process_resident_memory_bytes") {
            parts.push(format!("memory {}", size(*bytes as u64)));
        }
        let used =
            self.0.iter().filter(|(name, _)| !name.starts_with("lentic_") && !name.starts_with("process_"));
        let used: Vec<String> =
            used.map(|(kind, bytes)| format!("{} {}", kind.replace('_', " "), size(*bytes as u64))).collect();
        let used = if used.is_empty() { String::new() } else { format!(" ({})", used.join(", ")) };
        parts.join(", ") + &used
    }
}

fn table_row(table: &Described) -> Vec<String> {
    let partitions = table.partitions();
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
    let oldest =
        partitions.iter().map(|partition| partition.number("staleness_ms")).collect::<Option<Vec<_>>>();
    let rows = table.number("rows_estimate").or_else(|| table.sum("rows_estimate"));
    vec![
        table.text("name"),
        table.text("topic"),
        partitions.len().to_string(),
        state(&partitions),
        number(partitions.iter().map(describe::lag).sum()),
        oldest.and_then(|ages| ages.into_iter().max()).map_or_else(|| "-".to_owned(), age),
        number(rows),
        table.sum("bytes").map_or_else(|| "-".to_owned(), size),
    ]
}

/// `ready` when all partitions are, else the first that is not.
fn state(partitions: &[Described]) -> String {
    let waiting: Vec<&Described> =
        partitions.iter().filter(|partition| partition.text("state") != "ready").collect();
    match waiting.as_slice() {
        [] => "ready".to_owned(),
        [one] => describe::state(one),
        [first, ..] => {
            let done = waiting.iter().map(|partition| partition.share("done")).sum::<Option<f64>>();
            let others = partitions.len() - waiting.len();
            let done = done.map(|done| (done + others as f64) / partitions.len() as f64 * 100.0);
            done.map_or_else(|| describe::state(first), |done| format!("{} {done:.0} %", first.text("state")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines() {
        let metrics = "# HELP x y\nlentic_uptime_seconds 12.5\nlentic_node_usage_bytes{kind=\"block_cache\"} 1048576\n\
                       lentic_table_ready{table=\"t\",partition=\"0\"} 1\nprocess_resident_memory_bytes 2097152.0\n\
                       lentic_log_available 1\n";
        assert_eq!(
            Node::of(metrics).headline("ready"),
            "ready, up 12.5 s, memory 2.0 MiB (block cache 1.0 MiB)"
        );
    }

    #[test]
    fn pictures() {
        let node = |name: &str, active: u32, lag: u64, unreachable: Option<&str>| {
            json!({"node": name, "url": format!("http://{name}:1"), "rack": null, "active": active, "standby": 1, "lag": lag,
                   "unreachable": unreachable})
        };
        let held = |name: &str, role: &str, ready: bool| json!({"node": name, "role": role, "ready": ready, "lag": 0});
        let (active, standby) = ("active", "standby");
        let cluster = |why| {
            json!({
                "node": "a",
                "num_standby_replicas": 1,
                "nodes": [node("a", 2, 0, None), node("b", 1, 7, why)],
                "shards": [
                    {"state": "served", "nodes": [held("a", active, true), held("b", standby, false)]},
                    {"state": "moving", "nodes": [held("a", active, false), held("b", standby, true)]},
                    {"state": if why.is_some() { "unreachable" } else { "served" }, "nodes": [held("b", active, true)]},
                    {"state": "unowned", "nodes": []},
                ],
            })
        };
        assert_eq!(
            picture(&cluster(None)).as_deref(),
            Some(
                "NODE  URL         RACK  ACTIVE  STANDBY  LAG  SHARDS\n\
                 a*    http://a:1     -       2        1    0  #+..\n\
                 b     http://b:1     -       1        1    7  -=#.\n\
                 # active, = standby (+ and -: on their way, !: out of reach); 1 copy of each shard\n\
                 1 of 4 shards are moving: their owners catch up, standbys answer\n\
                 1 of 4 shards have no owner\n"
            )
        );
        let picture_of_one_down = picture(&cluster(Some("connection refused"))).unwrap();
        assert!(picture_of_one_down.contains("    7  !!!.\n"), "{picture_of_one_down}");
        assert!(
            picture_of_one_down.ends_with(
                "1 of 4 shards have an owner that can't be reached: standbys answer\n1 of 4 shards have no owner\n\
                 b can't be reached: connection refused\n"
            ),
            "{picture_of_one_down}"
        );
        assert_eq!(picture(&json!({"node": "a", "nodes": [node("a", 4, 0, None)], "shards": []})), None);
    }

    #[test]
    fn rows_of_tables() {
        let table = |states: [(&str, Value); 2]| {
            let partition = |(state, done): (&str, Value)| {
                json!({"state": state, "done": done, "position": 5, "end": 7, "staleness_ms": 12,
                       "rows_estimate": 5, "bytes": 1024})
            };
            Described(json!({"name": "t", "topic": "u", "partitions": states.map(partition)}))
        };
        let ready = table([("ready", Value::Null), ("ready", Value::Null)]);
        assert_eq!(table_row(&ready), ["t", "u", "2", "ready", "4", "12 ms", "10", "2.0 KiB"]);
        let half = table([("restoring", json!(0.5)), ("restoring", json!(0.25))]);
        assert_eq!(table_row(&half)[3], "restoring 38 %");
        let one = table([("ready", Value::Null), ("restoring", json!(0.25))]);
        assert_eq!(table_row(&one)[3], "restoring 25 %");
    }
}
