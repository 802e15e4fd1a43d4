//! Statements of all nodes take effect in the order in which they stand in the log: a node that writes one applies first what
//! others wrote before it.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lentic_types::{Offset, PartitionId, TopicPartition};

use super::catalog::Catalog;
use super::statement::{self, Change, Statement};
use super::tables::missing;
use super::{Node, Shared, pause, vital_thread};
use crate::sql::SqlEntry;
use crate::{NodeError, TableError};

/// Between two looks at what others wrote.
const TICK: Duration = Duration::from_millis(200);

/// After a look that failed.
const RETRY: Duration = Duration::from_secs(1);

/// The thread that applies what other nodes write.
pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "statements", |shared| {
        let node = Node { shared: Arc::clone(shared) };
        while !shared.is_stopping() {
            match node.hear_statements() {
                Ok(()) => pause(TICK),
                Err(NodeError::Config(text)) => return shared.fail(text),
                Err(error) => {
                    tracing::debug!("the statements of other nodes are out of reach: {error}");
                    pause(RETRY);
                }
            }
        }
    })
}

impl Node {
    /// Writes a statement, applies what other nodes wrote before it, and returns its offset. What it says itself is the
    /// caller's to apply: under the lock that it holds.
    pub(super) fn write_statement(
        &self,
        catalog: &mut Catalog,
        change: &Change,
    ) -> Result<Offset, TableError> {
        let topic = catalog.topic.clone().ok_or(TableError::Closed)?;
        let map = self.shared.cluster.map();
        let version = change.version();
        if let Some((node, record)) = map.nodes().find(|(_, record)| record.statements < version) {
            return Err(TableError::OlderNode { node: node.to_string(), knows: record.statements, version });
        }
        let offset = statement::append(&*self.shared.log, &topic, change)?;
        self.apply_until(catalog, offset)?;
        catalog.position = offset.next();
        Ok(offset)
    }

    /// Applies what is new in the log.
    pub(super) fn hear_statements(&self) -> Result<(), NodeError> {
        let Some(topic) = self.catalog().topic.clone() else { return Ok(()) };
        let source = TopicPartition::new(topic.name, PartitionId(0));
        let end = self.shared.log.bounds_of(&source)?.end;
        let mut catalog = self.catalog();
        self.apply_until(&mut catalog, end).map_err(|error| match error {
            TableError::Log(error) => error.into(),
            error => NodeError::Config(error.to_string()),
        })
    }

    fn apply_until(&self, catalog: &mut Catalog, end: Offset) -> Result<(), TableError> {
        if catalog.position >= end {
            return Ok(());
        }
        let topic = catalog.topic.clone().ok_or(TableError::Closed)?;
        let statements = statement::read(&*self.shared.log, &topic, Some((catalog.position, end)));
        let statements = statements.map_err(|error| match error {
            NodeError::Log(error) => TableError::Log(error),
            error => TableError::Invalid(error.to_string()),
        })?;
        for (offset, statement) in statements {
            self.apply(catalog, offset, &statement)?;
            catalog.position = offset.next();
        }
        catalog.position = catalog.position.max(end);
        Ok(())
    }

    /// Applies the statement of another node.
    fn apply(&self, catalog: &mut Catalog, offset: Offset, statement: &Statement) -> Result<(), TableError> {
        match statement.change().map_err(TableError::Invalid)? {
            Change::CreateTable(spec) => {
                if self.shared.registry.table(spec.name.as_str()).is_none() {
                    let topic = self.shared.log.topic(&spec.topic)?;
                    self.install(catalog, spec.clone(), offset, topic.unwrap_or_else(|| missing(&spec)))?;
                }
            }
            Change::AlterTable(spec) => {
                if let Some(table) = self.table(spec.name.as_str()) {
                    table.declare(spec);
                    self.shared.registry.changed();
                }
            }
            Change::DropTable(name) => {
                if let Some(table) = self.table(&name) {
                    self.uninstall(catalog, &table)?;
                }
            }
            Change::RunQuery(query) => {
                let created = catalog.queries.get(&query.name).map_or(offset, |(_, created)| *created);
                catalog.queries.insert(query.name.clone(), (query, created));
            }
            Change::DropQuery(name) => {
                catalog.queries.remove(&name);
                self.shared.end_dropped_query(catalog, &name)?;
            }
            Change::AlterCluster(change) => self.shared.cluster.alter(change.num_standby_replicas),
            Change::Sql(statement, after) => {
                self.shared.apply_sql(catalog, &SqlEntry { offset, statement, after });
            }
        }
        Ok(())
    }
}
