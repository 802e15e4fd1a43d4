//! What a server tells about itself: `/info`, `/healthcheck`, `/status`, `/v1/metadata`, ...
mod cluster;
mod end;
mod info;
mod peers;
mod status;

pub(crate) use cluster::cluster_status;
pub(crate) use end::terminate;
pub(crate) use info::{alive, health, info, is_valid_property, metadata, metadata_id, root};
pub(crate) use peers::{heartbeat, lag};
pub(crate) use status::{status, statuses};
