//! The words of ksqlDB's REST API, as bytes in and bytes out: requests, entities, errors and streams of rows.
//!
//! A server writes them, a shell reads them; neither HTTP nor SQL is here. Field names, their order and error codes are
//! ksqlDB's.
//!
//! ```
//! use lentic_ksql_api::{Column, Event, Header, ResultFormat, ResultReader, ResultWriter};
//!
//! let format = ResultFormat::of_query_stream(Some("application/json")).ok_or("not acceptable")?;
//! let columns = [Column::key("ID", "BIGINT"), Column::value("NAME", "STRING")];
//! let mut body = Vec::new();
//! let mut writer = ResultWriter::new(format);
//! writer.header(&Header::new("q_1", &columns), &mut body);
//! writer.row(br#"[7,"Ada"]"#, &mut body);
//! writer.end(&mut body);
//! assert_eq!(
//!     String::from_utf8_lossy(&body),
//!     r#"[{"queryId":"q_1","columnNames":["ID","NAME"],"columnTypes":["BIGINT","STRING"]},[7,"Ada"]]"#
//! );
//!
//! let mut reader = ResultReader::new(format);
//! reader.push(&body);
//! let mut rows = 0;
//! while let Some(event) = reader.next_event()? {
//!     rows += usize::from(matches!(event, Event::Row(_)));
//! }
//! assert_eq!(rows, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod cluster;
mod column;
pub mod entity;
mod error;
mod insert;
mod json;
mod media;
mod request;
mod result;
mod server;
pub mod websocket;

pub use cluster::{
    ActiveAndStandby, ClusterStatus, Heartbeat, HostStatus, HostStoreLags, LagReport, Partition,
    PartitionLag, PeerReply, StoreLags,
};
pub use column::{Column, columns_of};
pub use entity::{Body, Entity, Warning};
pub use error::{ErrorBody, ErrorCode, StatementError};
pub use insert::{AckWriter, InsertAck};
pub use media::{MediaType, ResultFormat};
pub use request::{
    CloseQuery, InsertsStreamArgs, KsqlRequest, Properties, QueryStreamArgs, Request, TerminateCluster,
    property_text,
};
pub use result::{Event, Header, ReadError, ResultHeader, ResultReader, ResultWriter, Values};
pub use server::{ClusterId, Health, HealthDetail, Info, Metadata, Scope, ServerInfo, Statuses};
