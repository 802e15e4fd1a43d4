//! `CREATE`, `ALTER` and `DROP` of streams and tables.
use std::sync::Arc;

use lentic_sql_syntax::ast::{AlterSource, CreateSource, DropSource, Name, SourceKind};

use super::prepare::preparing;
use super::replace;
use super::state::capital;
use super::{Action, Context, Effect, Executed, Session, State, Subject, TopicRequest};
use crate::Refusal;
use crate::catalog::{Catalog, Changed, Origin, Properties, Source, Use, kind_name};

impl State {
    pub(super) fn create_source(
        &mut self,
        context: &Context<'_>,
        session: &Session,
        text: &str,
        create: &CreateSource,
    ) -> Result<Executed, Refusal> {
        Properties::of(&create.properties, Use::Create).map_err(preparing)?;
        let known = self.catalog.source(&create.name.text).cloned();
        if let Some(known) = &known
            && create.if_not_exists
        {
            return Ok(Executed::Skipped(replace::already_there(create.kind, &create.name, known.kind)));
        }
        let source = Source::declared(create, text, &self.catalog, &session.settings.defaults())?;
        if let Some(known) = &known {
            replace::may_replace(known, create.or_replace, create.kind, &create.name)?;
            replace::source(known, &source)?;
        }
        let topic = topic_of(&source);
        if topic.partitions.is_none() && context.topics.partitions(&topic.name).is_none() {
            return Err(Refusal::new(format!(
                "Topic '{}' does not exist. If you want to create a new topic for the {} please re-run the statement \
                 providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For \
                 example: {capital} with (..., PARTITIONS=2);",
                topic.name,
                kind_name(create.kind),
                capital = written(create),
            ))
            .at(create.name.at.0));
        }
        let mut effects = vec![Effect::Topic(topic)];
        let source = self.put(source)?;
        let mut query_id = None;
        effects.extend(self.forget_rows(&source.name));
        if create.read_only && create.kind == SourceKind::Table {
            let plan = self.keep_rows(context, &source)?;
            query_id = Some(Arc::clone(&plan.id));
            effects.push(Effect::Materialize(plan));
        }
        let message = match &query_id {
            Some(id) => format!("Created query with ID {id}"),
            None => format!("{} created", capital(create.kind)),
        };
        Ok(Executed::changed(command(create.kind, &create.name, Action::Create), message, query_id, effects))
    }

    pub(super) fn alter_source(&mut self, alter: &AlterSource) -> Result<Executed, Refusal> {
        self.catalog.alter_source(alter)?;
        // Rows that were kept before do not have the new columns.
        let effects = self.forget_rows(&alter.name.text).into_iter().collect();
        let message = format!("{} altered", capital(alter.kind));
        Ok(Executed::changed(command(alter.kind, &alter.name, Action::Alter), message, None, effects))
    }

    pub(super) fn drop_source(&mut self, drop: &DropSource) -> Result<Executed, Refusal> {
        let name = drop.name.text.as_str();
        if self.catalog.source(name).is_none() {
            if drop.if_exists {
                return Ok(Executed::Skipped(format!("Source {} does not exist.", quoted(&drop.name))));
            }
            let text = format!("{} {name} does not exist.", capital(drop.kind));
            return Err(Refusal::new(text).at(drop.name.at.0).near(self.catalog.near_source(name)));
        }
        let writer = self.check_unused(name)?;
        let dropped = match self.catalog.drop_source(drop)? {
            Ok(dropped) => dropped,
            Err(Changed::Yes) => return Ok(Executed::Skipped(String::new())),
            Err(Changed::No(warning)) => return Ok(Executed::Skipped(warning)),
        };
        let mut effects = Vec::new();
        if let Some(writer) = writer {
            self.queries.remove(&writer);
            effects.push(Effect::Stop(writer));
        }
        effects.extend(self.forget_rows(name));
        let topic = dropped.properties.topic.clone().unwrap_or_default();
        let message = format!("Source {} (topic: {topic}) was dropped.", quoted(&drop.name));
        if drop.delete_topic {
            effects.push(Effect::DeleteTopic(topic));
        }
        Ok(Executed::changed(command(drop.kind, &drop.name, Action::Drop), message, None, effects))
    }

    /// Whether no query needs a source but the one that fills it, whose id is given.
    fn check_unused(&self, name: &str) -> Result<Option<Arc<str>>, Refusal> {
        let (mut sinks, mut readers, mut writers, mut own) = (Vec::new(), Vec::new(), Vec::new(), None);
        for query in self.queries.values() {
            if query.creates(name) {
                own = Some(Arc::clone(&query.id));
            } else if query.sink.as_deref() == Some(name) {
                writers.push(&*query.id);
            }
            if query.sources.contains(name) {
                readers.push(&*query.id);
                sinks.extend(query.created().map(|sink| &**sink));
            }
        }
        if !sinks.is_empty() {
            return Err(Refusal::new(format!(
                "Cannot drop {name}.\nThe following streams and/or tables read from this source: [{}].\n\
                 You need to drop them before dropping {name}.",
                sinks.join(", ")
            )));
        }
        if !readers.is_empty() || !writers.is_empty() {
            return Err(Refusal::new(format!(
                "Cannot drop {name}.\nThe following queries read from this source: [{}].\n\
                 The following queries write into this source: [{}].\n\
                 You need to terminate them before dropping {name}.",
                readers.join(", "),
                writers.join(", ")
            )));
        }
        Ok(own)
    }

    /// Takes in a source that may be there already.
    pub(super) fn put(&mut self, source: Source) -> Result<Arc<Source>, Refusal> {
        let name = Arc::clone(&source.name);
        self.catalog.add(source, true)?;
        let found = self.catalog.source(&name).cloned();
        found.ok_or_else(|| Refusal::new(format!("Source {name} does not exist.")))
    }
}

/// The topic that a source is over.
pub(super) fn topic_of(source: &Source) -> TopicRequest {
    let properties = &source.properties;
    TopicRequest {
        name: properties.topic.clone().unwrap_or_default(),
        partitions: properties.partitions,
        replicas: properties.replicas,
        retention_ms: properties.retention_ms,
        cleanup_policy: properties.cleanup_policy.clone(),
    }
}

/// A source's name as ksqlDB shows it to users: always between quotes.
pub(super) fn quoted(name: &Name) -> String {
    format!("`{}`", name.text.replace('`', "``"))
}

pub(super) fn command(kind: SourceKind, name: &Name, action: Action) -> (Subject, String, Action) {
    let subject = match kind {
        SourceKind::Stream => Subject::Stream,
        SourceKind::Table => Subject::Table,
    };
    (subject, quoted(name), action)
}

fn written(create: &CreateSource) -> String {
    format!("CREATE {} {}", kind_name(create.kind).to_uppercase(), create.name)
}

impl Source {
    /// Whether only others write it.
    pub fn is_read_only(&self) -> bool {
        self.origin == (Origin::Declared { read_only: true })
    }
}

/// The source of this name that a statement writes to or reads from.
pub(super) fn find<'a>(catalog: &'a Catalog, name: &Name) -> Result<&'a Arc<Source>, Refusal> {
    catalog.source(&name.text).ok_or_else(|| {
        let text = format!("{}: Source {} does not exist.", name.at, quoted(name));
        Refusal::new(text).at(name.at.0).near(catalog.near_source(&name.text))
    })
}
