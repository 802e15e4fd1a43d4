//! The flags of `serve` and `config`, from the node's table of settings, and their resolution.
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use lentic::config::{Kind, Resolved, SETTINGS, resolve};

use crate::failure::{Exit, Failure};
use crate::output::note;

/// What was typed: (setting, value) in the order of the table.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags {
    file: Option<PathBuf>,
    typed: Vec<(String, String)>,
}

impl SettingFlags {
    /// The effective configuration from file, variables and flags.
    pub fn resolve(self) -> Result<Resolved, Failure> {
        let file = match &self.file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Failure::new(Exit::Usage, "config_invalid", format!("{}: {error}", path.display()))
                })?;
                Some((path.display().to_string(), text))
            }
            None => None,
        };
        let file = file.as_ref().map(|(path, text)| (path.as_str(), text.as_str()));
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let resolved = resolve(file, variables, self.typed)
            .map_err(|error| Failure::new(Exit::Usage, "config_invalid", error.to_string()))?;
        for warning in &resolved.warnings {
            note(&format!("warning: {warning}"));
        }
        Ok(resolved)
    }
}

impl Args for SettingFlags {
    fn augment_args(mut command: Command) -> Command {
        command = command.arg(
            Arg::new("config")
                .long("config")
                .env("LENTIC_CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("TOML file with settings; flags and LENTIC_* variables beat it"),
        );
        for setting in SETTINGS {
            let mut arg = Arg::new(setting.name)
                .long(setting.flag())
                .value_name(setting.kind.placeholder())
                .help_heading(setting.group);
            let default = if setting.default.is_empty() {
                String::new()
            } else {
                format!(" [default: {}]", setting.default)
            };
            arg = arg.help(format!("{}{default}", setting.doc));
            arg = match setting.kind {
                Kind::Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
                Kind::List => arg.action(ArgAction::Append),
                Kind::Choice(names) => arg.value_parser(clap::builder::PossibleValuesParser::new(names)),
                Kind::Path => arg.value_hint(clap::ValueHint::AnyPath),
                _ => arg,
            };
            command = command.arg(arg);
        }
        command.arg(
            Arg::new("kafka")
                .long("kafka")
                .value_name("PROPERTY=VALUE")
                .action(ArgAction::Append)
                .help_heading("Kafka")
                .help("A property of librdkafka; secrets belong into the file or LENTIC_KAFKA_* variables"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = SETTINGS.iter().map(|setting| setting.name).chain(["kafka"]);
        let typed = names.flat_map(|name| {
            let values = matches.get_many::<String>(name).into_iter().flatten();
            values.map(|value| (name.to_owned(), value.clone())).collect::<Vec<_>>()
        });
        Ok(Self { file: matches.get_one::<PathBuf>("config").cloned(), typed: typed.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
