//! Properties: which there are, what each is without further ado, and who may change it.
mod kafka;
mod known;
mod list;

use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql_syntax::ast::Setting;
use lentic_sql_syntax::nearest;

use super::service::{CLASSIFIERS, check_classifier};
use kafka::KAFKA;

pub(crate) use known::EXTENSIONS;
pub(crate) use list::{defaults, listed};

/// Properties of the whole service, or of the node: no statement changes them.
const FIXED: &[&str] = &[
    "ksql.extension.dir",
    "ksql.persistent.prefix",
    "ksql.query.error.max.queue.size",
    "ksql.query.pull.enable.standby.reads",
    "ksql.service.id",
    "ksql.schema.registry.url",
    "ksql.streams.application.id",
    "ksql.streams.bootstrap.servers",
    "ksql.streams.commit.interval.ms",
    "ksql.streams.num.standby.replicas",
    "ksql.streams.num.stream.threads",
    "ksql.streams.processing.guarantee",
    "ksql.streams.state.dir",
    "ksql.transient.prefix",
    "application.id",
    "bootstrap.servers",
    "num.stream.threads",
    "state.dir",
];

/// Fixed ones that requests may give all the same, as they may to ksqlDB: they decide nothing here.
const IGNORED: &[&str] = &[
    "ksql.query.pull.enable.standby.reads",
    "ksql.streams.commit.interval.ms",
    "ksql.streams.num.standby.replicas",
    "ksql.streams.processing.guarantee",
];

/// Whether there is such a property.
pub(crate) fn is_known(name: &str) -> bool {
    let kafka = |name: &str| {
        let name = ["consumer.", "producer.", "admin.", "topic.", "main.consumer.", "restore.consumer."]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        KAFKA.contains(&name)
    };
    if name == EXTENSIONS {
        return true;
    }
    match name.strip_prefix("ksql.") {
        Some(own) => {
            own.strip_prefix("streams.").is_none_or(|streams| kafka(streams) || streams.contains('.'))
        }
        None => kafka(name),
    }
}

/// Whether it is as it is for as long as the node runs.
fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// Whether a request may give a property.
pub(crate) fn check(name: &str) -> Result<(), ErrorBody> {
    let refused = |message: String| Err(ErrorBody::new(ErrorCode::BAD_REQUEST, message));
    if !is_known(name) {
        return refused(unknown(name));
    }
    if is_fixed(name) && !IGNORED.contains(&name) {
        return refused(format!("Cannot override property '{name}'"));
    }
    Ok(())
}

/// Whether `ALTER SYSTEM` may give a property this value, in ksqlDB's words.
pub(crate) fn check_system(setting: &Setting) -> Result<(), ErrorBody> {
    let Setting { name, value } = setting;
    let refused = |why: &str| {
        let message = format!("Failed to set {name} to {value}. Caused by: {why}");
        Err(ErrorBody::new(ErrorCode::BAD_STATEMENT, message))
    };
    // What decides nothing would be taken for something.
    let decides = known::find(name).is_some() || name.starts_with(CLASSIFIERS);
    if !decides || is_fixed(name) {
        let known =
            if is_fixed(name) { format!("{name} is of each node's configuration") } else { unknown(name) };
        return refused(&known);
    }
    let checked = match known::find(name) {
        _ if name.starts_with(CLASSIFIERS) => check_classifier(name, value),
        Some(known) => known.check(value),
        None => Ok(()),
    };
    checked.or_else(|why| refused(&why))
}

fn unknown(name: &str) -> String {
    let near = nearest(name, known::KNOWN.iter().map(|known| known.name).chain(KAFKA.iter().copied()));
    let near = near.map(|near| format!(". Did you mean '{near}'?")).unwrap_or_default();
    format!("Not recognizable as ksql, streams, consumer, or producer property: '{name}'{near}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known() {
        for (name, known, fixed) in [
            ("auto.offset.reset", true, false),
            ("ksql.streams.auto.offset.reset", true, false),
            ("ksql.streams.consumer.auto.offset.reset", true, false),
            ("ksql.query.pull.table.scan.enabled", true, false),
            ("ksql.service.id", true, true),
            ("lentic.sql.extensions", true, false),
            ("bootstrap.servers", true, true),
            ("colour", false, false),
            ("ksql.streams.colour", false, false),
        ] {
            assert_eq!((is_known(name), is_fixed(name)), (known, fixed), "{name}");
        }
    }

    #[test]
    fn what_requests_and_the_system_may_have() {
        let told = |name: &str| check(name).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(
            told("auto.ofset.reset"),
            "Not recognizable as ksql, streams, consumer, or producer property: 'auto.ofset.reset'. Did you mean \
             'auto.offset.reset'?"
        );
        assert_eq!(told("ksql.service.id"), "Cannot override property 'ksql.service.id'");
        assert_eq!(told("ksql.streams.processing.guarantee"), "");
        for (name, value, refused) in [
            ("ksql.query.pull.table.scan.enabled", "false", ""),
            ("auto.offset.reset", "earliest", ""),
            ("ksql.error.classifier.regex.gone", "USER .*gone.*", ""),
            ("ksql.query.pull.table.scan.enabled", "no", "Expected value to be either true or false"),
            ("auto.offset.reset", "first", "String must be one of: earliest, latest, none"),
            ("ksql.query.retry.backoff.max.ms", "soon", "Not a number"),
            ("ksql.error.classifier.regex.gone", "ME .*", "is none of USER, SYSTEM and UNKNOWN"),
            (
                "linger.ms",
                "3",
                "Not recognizable as ksql, streams, consumer, or producer property: 'linger.ms'",
            ),
            ("ksql.service.id", "x", "of each node's configuration"),
        ] {
            let setting = Setting { name: name.to_owned(), value: value.to_owned() };
            let message = check_system(&setting).err().map(|error| error.message).unwrap_or_default();
            assert!(
                message.contains(refused) && message.is_empty() == refused.is_empty(),
                "{name}: {message}"
            );
            let begin = format!("Failed to set {name} to {value}. Caused by: ");
            assert!(message.is_empty() || message.starts_with(&begin), "{message}");
        }
    }
}
