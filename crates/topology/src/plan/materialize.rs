//! Which tables need a store, and whose old values are needed: Kafka Streams' rules.
use lentic_types::TableName;

use crate::error::TopologyError;
use crate::graph::{Node, NodeId};
use crate::spec::{JoinKind, Spec, StoreIndex, StoreKind, StoreSpec};

pub(super) fn run(nodes: &mut [Node], stores: &mut Vec<StoreSpec>, errors: &mut Vec<TopologyError>) {
    let mut pass = Pass { nodes, stores, errors };
    for id in (0..pass.nodes.len()).map(NodeId) {
        match &pass.nodes[id.0].spec {
            Spec::TableJoin(join) => {
                // Whether a row that goes had a result is known by its value before, on the sides that don't need a partner.
                let kind = join.kind;
                for input in pass.nodes[id.0].inputs.clone() {
                    pass.make_readable(input.node);
                    if kind == JoinKind::Outer || (kind == JoinKind::Left && input.port == 0) {
                        pass.send_old(input.node);
                    }
                }
            }
            Spec::TableFilter { needs_old: true, .. } => {
                pass.inputs(id).into_iter().for_each(|input| pass.send_old(input));
                pass.nodes[id.0].sends_old = true;
            }
            // A filter of a table that is kept anyway deletes only what it let through before.
            Spec::TableFilter { needs_old: false, .. } => {
                let knows_old = pass.inputs(id).into_iter().all(|input| pass.try_send_old(input));
                pass.nodes[id.0].sends_old |= knows_old;
            }
            Spec::TableGroup { .. } => pass.inputs(id).into_iter().for_each(|input| pass.send_old(input)),
            Spec::ForeignKeySubscription(_) => {
                for input in pass.inputs(id) {
                    pass.make_readable(input);
                    pass.send_old(input);
                }
            }
            Spec::ForeignKeyJoin(_) => {
                let right =
                    pass.nodes[id.0].inputs.iter().find(|input| input.port == 1).map(|input| input.node);
                if let Some(right) = right {
                    pass.make_readable(right);
                    pass.send_old(right);
                }
            }
            _ => {}
        }
        let looked_up: Vec<_> = pass.nodes[id.0].looks_up.iter().map(|input| input.node).collect();
        for table in looked_up {
            pass.make_readable(table);
        }
    }
    // A filter or mapping with a store of its own knows the old values of its rows, and passes them on where asked.
    pass.check_versioned();
}

struct Pass<'a> {
    nodes: &'a mut [Node],
    stores: &'a mut Vec<StoreSpec>,
    errors: &'a mut Vec<TopologyError>,
}

impl Pass<'_> {
    fn inputs(&self, id: NodeId) -> Vec<NodeId> {
        self.nodes[id.0].inputs.iter().map(|input| input.node).collect()
    }

    /// Sees to it that the current row of any key can be looked up at this table.
    fn make_readable(&mut self, id: NodeId) {
        if self.nodes[id.0].spec.table_store().is_some() {
            return;
        }
        match &self.nodes[id.0].spec {
            Spec::Table { .. } => self.give_store(id),
            spec if spec.is_row_by_row() || matches!(spec, Spec::TableJoin(_)) => {
                self.inputs(id).into_iter().for_each(|input| self.make_readable(input));
            }
            Spec::ForeignKeyResponse(_) => self.errors.push(TopologyError::Invalid(format!(
                "the rows of {} are looked up by what follows, so they have to be kept: add `.materialize(\"...\")` to \
                 the join",
                self.nodes[id.0].name
            ))),
            _ => {}
        }
    }

    /// Sees to it that changes come with the value before where that needs no store more; whether they do.
    fn try_send_old(&mut self, id: NodeId) -> bool {
        let node = &self.nodes[id.0];
        let can = node.sends_old
            || node.spec.table_store().is_some()
            || match &node.spec {
                spec if spec.is_row_by_row() => {
                    self.inputs(id).into_iter().all(|input| self.try_send_old(input))
                }
                Spec::TableJoin(_) => true,
                _ => false,
            };
        if can {
            self.send_old(id);
        }
        can
    }

    /// Sees to it that changes come with the value before.
    fn send_old(&mut self, id: NodeId) {
        if std::mem::replace(&mut self.nodes[id.0].sends_old, true) {
            return;
        }
        if self.nodes[id.0].spec.table_store().is_some() {
            return;
        }
        match &self.nodes[id.0].spec {
            Spec::Table { .. } => self.give_store(id),
            spec if spec.is_row_by_row() || matches!(spec, Spec::TableJoin(_)) => {
                self.inputs(id).into_iter().for_each(|input| self.send_old(input));
            }
            Spec::ForeignKeyResponse(_) => self.errors.push(TopologyError::Invalid(format!(
                "what follows {} needs the values before, so its rows have to be kept: add `.materialize(\"...\")` to \
                 the join",
                self.nodes[id.0].name
            ))),
            _ => {}
        }
    }

    /// A store for a table of a topic or stream; its name comes from the source.
    fn give_store(&mut self, id: NodeId) {
        let node = &self.nodes[id.0];
        let name = match &node.store_name {
            Some(name) => name.to_string(),
            None => node.name.replace(".table", "-table").replace('+', "-"),
        };
        let Some((key, value)) = node.codecs.clone() else { return };
        let name = match TableName::new(&name) {
            Ok(name) => name,
            Err(error) => {
                let text = format!("{error}; give the table a name by `materialize`");
                return self.errors.push(TopologyError::InvalidName { what: "store", text });
            }
        };
        if self.stores.iter().any(|other| other.name == name) {
            self.errors.push(TopologyError::NameTaken { what: "store", name: name.to_string() });
        }
        self.stores.push(StoreSpec::new(name, StoreKind::KeyValue, key, value));
        let index = StoreIndex(self.stores.len() - 1);
        self.nodes[id.0].spec.set_table_store(index);
    }

    /// A join with grace looks a version up.
    fn check_versioned(&mut self) {
        for node in self.nodes.iter() {
            let Spec::StreamTableJoin(join) = &node.spec else { continue };
            if join.grace_ms.is_none() {
                continue;
            }
            for table in &node.looks_up {
                let store = self.nodes[table.node.0].spec.table_store();
                let kind = store.map(|store| self.stores[store.0].kind);
                if !matches!(kind, Some(StoreKind::Versioned { .. })) {
                    self.errors.push(TopologyError::Invalid(format!(
                        "{} waits for a table that keeps no versions: materialize the table with \
                         `Materialized::named(\"...\").versioned(...)`",
                        node.name
                    )));
                }
            }
        }
    }
}
