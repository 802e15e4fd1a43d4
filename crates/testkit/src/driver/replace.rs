//! A topology that goes on as another one.
use std::sync::Arc;

use lentic_store::MemoryDatabase;
use lentic_topology::{Plan, TopologyError};

use super::TestDriver;

impl TestDriver {
    /// Stops what runs and goes on with another topology, from the same positions: rows come back from the changelogs of the
    /// stores that have the same names in both. After an error nothing has changed.
    pub fn replace(&mut self, plan: Plan) -> Result<(), Vec<TopologyError>> {
        let wanted = self.options.partitions;
        let partitions = plan.partitions(&mut |_| Some(wanted))?;
        self.commit();
        self.tasks.clear();
        self.options.database = Arc::new(MemoryDatabase::default());
        self.globals = Arc::new(super::rows::GlobalRows::new(plan.globals().len()));
        (self.plan, self.partitions) = (plan, partitions);
        self.open();
        Ok(())
    }
}
