//! What a query goes by, from the properties that it was made with.
use std::time::Duration;

use lentic::QuerySettings;
use lentic::config::ErrorHandling;
use lentic_sql::settings::Settings;

/// The settings of a query; ksqlDB's defaults: records that don't decode are left out, results that can't be written stop it.
pub(crate) fn query_settings(settings: &Settings) -> QuerySettings {
    let number = |names: &[&str]| names.iter().find_map(|name| settings.get(name)?.parse::<i64>().ok());
    let policy = |fails| if fails { ErrorHandling::Fail } else { ErrorHandling::Continue };
    let millis = |name, default: Duration| {
        number(&[name]).map_or(default, |ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    };
    let standard = QuerySettings::default();
    QuerySettings {
        deserialization: Some(policy(settings.is_on("ksql.fail.on.deserialization.error", false))),
        processing: None,
        production: Some(policy(settings.is_on("ksql.fail.on.production.error", true))),
        max_task_idle_ms: number(&["ksql.streams.max.task.idle.ms", "max.task.idle.ms"]),
        retry_initial: millis("ksql.query.retry.backoff.initial.ms", standard.retry_initial),
        retry_max: millis("ksql.query.retry.backoff.max.ms", standard.retry_max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_understood() {
        let of = |given: &[(&str, &str)]| query_settings(&Settings::new(given.iter().copied()));
        let standard = of(&[]);
        assert_eq!(standard.deserialization, Some(ErrorHandling::Continue));
        assert_eq!(standard.production, Some(ErrorHandling::Fail));
        let other = of(&[
            ("ksql.fail.on.deserialization.error", "true"),
            ("ksql.fail.on.production.error", "false"),
            ("ksql.streams.max.task.idle.ms", "7"),
            ("ksql.query.retry.backoff.initial.ms", "100"),
        ]);
        assert_eq!(other.deserialization, Some(ErrorHandling::Fail));
        assert_eq!(other.production, Some(ErrorHandling::Continue));
        assert_eq!((other.max_task_idle_ms, other.retry_initial), (Some(7), Duration::from_millis(100)));
    }
}
