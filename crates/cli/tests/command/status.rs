//! `status` in a pipe; what people see of it is in `terminal.rs`.
use serde_json::{Value, json};

use super::{node, printed};

#[test]
fn one_object() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 3);
    node.put_row("t", "a", "1");
    for arguments in [&["status"][..], &["status", "--json"], &["status", "--partitions"]] {
        let text = printed(&node, arguments);
        assert_eq!(text.lines().count(), 1, "{text}");
        let status: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status["state"], "ready");
        assert!(status["node"]["process_resident_memory_bytes"].as_f64().unwrap() > 1e6, "{text}");
        let table = &status["tables"][0];
        assert_eq!((&table["name"], table["partitions"].as_array().unwrap().len()), (&json!("t"), 3));
        assert_eq!(
            table["partitions"].as_array().unwrap().iter().map(|p| p["lag"].as_u64().unwrap()).sum::<u64>(),
            0
        );
    }
}
