//! Counts words as they come, and serves the counts.
//!
//! ```sh
//! cargo run --example word_count
//! curl -X PUT localhost:8088/v1/tables/lines/rows/1 -d 'to be or not to be'
//! curl localhost:8088/v1/tables/counts/rows/be
//! ```
use lentic::Node;
use lentic::config;
use lentic::topology::Topology;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topology = Topology::new("words");
    topology
        .stream::<String, String>("lines")
        .flat_map_values(|line| line.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>())
        .group_by(|_, word| word.clone())
        .count("counts");

    let config = config::resolve(None, std::env::vars(), [])?.config;
    let node = Node::open(config)?;
    node.run(&topology)?;
    node.create_table(serde_json::from_str(
        r#"{"name": "lines", "topic": "lines", "key": "string", "value": "string"}"#,
    )?)?;
    Ok(lentic_server::serve(node)?)
}
