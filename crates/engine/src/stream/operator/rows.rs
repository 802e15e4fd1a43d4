//! The rows of a table, in a store with or without versions.
use lentic_topology::spec::{StoreIndex, StoreKind};
use lentic_topology::{Codec, Payload, Plan};
use lentic_types::Timestamp;

use crate::stream::{Context, TaskError};

pub(super) struct Rows {
    store: StoreIndex,
    key: Codec,
    value: Codec,
    is_versioned: bool,
}

/// A row that was put.
pub(super) struct Kept {
    /// The value as it is kept.
    pub(super) value: Option<Payload>,
    pub(super) put: Put,
    /// Of the value.
    pub(super) bytes: usize,
}

/// What became of a row that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is the latest of its key.
    Latest,
    /// A version before the latest.
    Earlier,
    /// It is older than the store remembers, and was dropped.
    TooOld,
}

impl Rows {
    pub(super) fn new(plan: &Plan, store: StoreIndex) -> Self {
        let spec = plan.store(store);
        let is_versioned = matches!(spec.kind, StoreKind::Versioned { .. });
        Self { store, key: spec.key.clone(), value: spec.value.clone(), is_versioned }
    }

    /// The key's bytes; `None` for null.
    pub(super) fn key(
        &self,
        context: &Context<'_>,
        key: Option<&Payload>,
    ) -> Result<Option<Vec<u8>>, TaskError> {
        context.bytes(&self.key, key)
    }

    /// The latest row of a key.
    pub(super) fn get(
        &self,
        context: &mut Context<'_>,
        key: &[u8],
    ) -> Result<Option<(Payload, Timestamp)>, TaskError> {
        if !self.is_versioned {
            return context.row(self.store, key, &self.value);
        }
        let Some(latest) = context.state().latest_version(self.store, key)? else { return Ok(None) };
        let Some(bytes) = latest.value else { return Ok(None) };
        let value = self.value.decode(Some(&bytes)).map_err(TaskError::Undecodable)?;
        Ok(value.map(|value| (value, Timestamp(latest.valid_from))))
    }

    /// Sets the row of a key, or deletes it; also where the value's type stands for null.
    pub(super) fn put(
        &self,
        context: &mut Context<'_>,
        key: &[u8],
        value: Option<Payload>,
        timestamp: Timestamp,
    ) -> Result<Kept, TaskError> {
        let bytes = context.bytes(&self.value, value.as_ref())?;
        let put = if self.is_versioned {
            match context.state().put_version(self.store, key, bytes.as_deref(), timestamp.0)? {
                Some(true) => Put::Latest,
                Some(false) => Put::Earlier,
                None => Put::TooOld,
            }
        } else {
            context.state().put(self.store, key, bytes.as_deref(), timestamp)?;
            Put::Latest
        };
        let value = value.filter(|_| bytes.is_some());
        Ok(Kept { value, put, bytes: bytes.map_or(0, |bytes| bytes.len()) })
    }
}
