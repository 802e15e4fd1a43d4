//! `lentic table guess`
use clap::Args;
use serde_json::Value;

use super::Described;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::key::part;
use crate::output::{Output, grouped, note};

/// Look at a topic's records and print the command that declares a table over it
#[derive(Args, Debug)]
pub struct Guess {
    /// The topic
    topic: String,
    /// What was found, as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Guess {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let client = Client::new(self.connection)?;
        let guess = Described(client.json(&format!("/v1/topics/{}/guess", part(&self.topic)))?);
        if self.json {
            return out.line(&guess.0.to_string());
        }
        let sampled = guess.number("sampled").unwrap_or_default();
        note(&format!(
            "{}: {} partitions, cleanup.policy={}, {} records sampled",
            self.topic,
            guess.text("partitions"),
            guess.text("cleanup_policy"),
            grouped(sampled)
        ));
        for side in ["key", "value"] {
            if let Some(share) = guess.0.pointer(&format!("/{side}/share")).and_then(Value::as_f64) {
                note(&format!(
                    "{side}s are {}: {:.1} % of the sample",
                    format_of(&guess, side),
                    share * 100.0
                ));
            }
        }
        note(&format!(
            "partitioner: {}",
            match guess.text("partitioner").as_str() {
                "-" => "none fits",
                found => found,
            }
        ));
        guess.warn();
        out.line(&command(&self.topic, &guess))
    }
}

fn command(topic: &str, guess: &Described) -> String {
    let (key, value) = (format_of(guess, "key"), format_of(guess, "value"));
    let mut command = format!("lentic table create {topic} --topic {topic} --key {key} --value {value}");
    if let Some(partitioner) = guess.0.get("partitioner").and_then(Value::as_str) {
        command += " --partitioner ";
        command += partitioner;
    }
    command
}

fn format_of(guess: &Described, side: &str) -> String {
    let found = guess.0.get(side).map(|found| found.get("format").unwrap_or(found));
    found.and_then(Value::as_str).unwrap_or("bytes").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commands() {
        let guess =
            json!({"key": {"format": "string", "share": 1.0}, "value": {"format": "json", "share": 0.9}});
        let create = "lentic table create t --topic t --key string --value json";
        assert_eq!(command("t", &Described(guess.clone())), create);
        let mut fits = guess;
        fits["partitioner"] = json!("crc32");
        assert_eq!(command("t", &Described(fits)), format!("{create} --partitioner crc32"));
    }
}
