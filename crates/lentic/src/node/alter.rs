//! What is changed of the service while its nodes run.
use super::Node;
use super::statement::{Change, ClusterChange};
use crate::TableError;
use crate::config::MOST_STANDBYS;

impl Node {
    /// Changes how many copies of each shard other nodes keep beside its owner, for all nodes and from now on; what is configured
    /// was the initial value. Copies come and go by it, and the group notices nothing. Blocks.
    pub fn alter_cluster(&self, num_standby_replicas: usize) -> Result<(), TableError> {
        if num_standby_replicas > MOST_STANDBYS {
            return Err(TableError::Invalid(format!(
                "num_standby_replicas is {num_standby_replicas}: use 0 to {MOST_STANDBYS}"
            )));
        }
        let mut catalog = self.catalog();
        if self.shared.is_stopping() {
            return Err(TableError::Closed);
        }
        let num_standby_replicas = Some(num_standby_replicas);
        self.write_statement(&mut catalog, &Change::AlterCluster(ClusterChange { num_standby_replicas }))?;
        self.shared.cluster.alter(num_standby_replicas);
        Ok(())
    }
}
