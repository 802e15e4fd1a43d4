//! A table as a whole: its rows, its description, its numbers.
use serde_json::{Value, json};

use super::{Node, until};

impl Node {
    /// All rows as NDJSON, as `rows:load` takes them.
    #[track_caller]
    pub fn dump(&self, table: &str) -> String {
        let answer =
            self.get(&format!("/v1/tables/{table}/rows")).header("accept", "application/x-ndjson").send();
        answer.expect(200).text().to_owned()
    }

    /// All rows with timestamps and tokens, page by page.
    #[track_caller]
    pub fn pages(&self, table: &str, limit: usize) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/tables/{table}/rows?limit={limit}{cursor}");
            let mut page = self.get(&path).send().expect(200).json();
            rows.append(page["rows"].as_array_mut().expect("rows"));
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    #[track_caller]
    pub fn count(&self, table: &str) -> u64 {
        let answer = self.get(&format!("/v1/tables/{table}/rows:count")).send().expect(200).json();
        answer["count"].as_u64().expect("a number")
    }

    /// The body of a row, `None` where there is none.
    #[track_caller]
    pub fn row(&self, table: &str, key: &str) -> Option<String> {
        let answer = self.get(&format!("/v1/tables/{table}/rows/{key}")).send();
        if answer.status == 404 {
            assert_eq!(answer.error(), "row_not_found");
            return None;
        }
        Some(answer.expect(200).text().to_owned())
    }

    /// Puts a row and returns its token.
    #[track_caller]
    pub fn put_row(&self, table: &str, key: &str, value: &str) -> String {
        let answer = self.put(&format!("/v1/tables/{table}/rows/{key}"), value).send().expect(200);
        answer.header("lentic-token").expect("a token").to_owned()
    }

    #[track_caller]
    pub fn delete_row(&self, table: &str, key: &str) {
        self.delete(&format!("/v1/tables/{table}/rows/{key}")).send().expect(200);
    }

    /// Loads NDJSON and returns how many rows were written.
    #[track_caller]
    pub fn load(&self, table: &str, lines: impl Into<Vec<u8>>) -> u64 {
        let answer = self.post(&format!("/v1/tables/{table}/rows:load"), lines).send().expect(200);
        answer.json()["written"].as_u64().expect("a number")
    }

    #[track_caller]
    pub fn describe(&self, table: &str) -> Value {
        self.get(&format!("/v1/tables/{table}")).send().expect(200).json()
    }

    /// Waits until plain reads of the table are answered.
    #[track_caller]
    pub fn until_ready(&self, table: &str) {
        until(&format!("{table} to be ready: {}", self.describe(table)), || {
            (self.get(&format!("/readyz?table={table}")).send().status == 200).then_some(())
        });
    }

    /// The codes of the table's warnings.
    #[track_caller]
    pub fn warnings(&self, table: &str) -> Vec<String> {
        let description = self.describe(table);
        let warnings = description["warnings"].as_array().expect("warnings");
        warnings.iter().map(|warning| warning["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// The sum of a metric's samples whose labels contain `labels`.
    #[track_caller]
    pub fn metric(&self, name: &str, labels: &str) -> f64 {
        let text = self.get("/metrics").send().expect(200);
        let samples = text.text().lines().filter(|line| line.starts_with(name) && line.contains(labels));
        samples.map(|line| line.rsplit(' ').next().expect("a value").parse::<f64>().expect("a number")).sum()
    }
}

/// A declaration with what every table has.
pub fn table(name: &str, topic: &str, key: &str, value: &str) -> Value {
    json!({"name": name, "topic": topic, "key": key, "value": value})
}
