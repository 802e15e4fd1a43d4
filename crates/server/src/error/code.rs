//! The table of error codes: what every failing answer says, and what the documentation lists.

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $code:literal $status:literal $hint:literal;)*) => {
        /// A stable error code; the answer's `error.code` and its `Lentic-Error` header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All of them, by status.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What it means, one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)* }
            }

            /// What to do next.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

codes! {
    /// The request can't be read.
    BadRequest "bad_request" 400 "Compare the request with /docs.";
    /// The query has a parameter that this endpoint doesn't know, or one of them twice.
    UnknownParameter "unknown_parameter" 400 "Compare the parameters with /docs; names are case-sensitive.";
    /// A query parameter's value can't be read.
    BadParameter "bad_parameter" 400 "Compare the parameter with /docs.";
    /// The request has a Lentic-* header that no endpoint knows; ignoring it could be a silent stale read.
    UnknownHeader "unknown_header" 400
        "Requests may carry Lentic-At-Least, Lentic-Max-Staleness, Lentic-Consistency and Lentic-Timeout.";
    /// A header's value can't be read.
    BadHeader "bad_header" 400 "Compare the header with /docs.";
    /// A token can't be read, or is not one of this table's topic as it exists now.
    BadToken "bad_token" 400 "Send tokens as Lentic-Token or Lentic-Position gave them, to the table they came from.";
    /// A Last-Event-ID is not one of this table's.
    BadEventId "bad_event_id" 400 "Watch without Last-Event-ID to start with a snapshot.";
    /// A cursor can't be read, or belongs to a scan with other parameters.
    CursorMismatch "cursor_mismatch" 400
        "Send the cursor with the parameters of the page it came from, or start again without it.";
    /// A key is not of the table's key format.
    BadKey "bad_key" 400 "GET /v1/tables/{table} shows the key format; key-encoding=base64url addresses any stored key.";
    /// The keys of the table have windows, and the endpoint takes keys alone.
    WindowedKeys "windowed_keys" 400
        "GET /v1/tables/{table}/rows/{key} lists the windows of a key; its parameter window names one.";
    /// The table keeps no versions of its rows, so that nothing can be read as of a time.
    NotVersioned "not_versioned" 400
        "Tables that a topology materializes with versions are read as of a time: GET /v1/tables/{table} tells their history_ms.";
    /// A statement of SQL can't be read, or makes no sense here.
    BadStatement "bad_statement" 400 "Correct the statement as the message says; DESCRIBE and LIST tell what there is.";
    /// There is no bearer token, or an unknown one.
    Unauthorized "unauthorized" 401 "Send Authorization: Bearer TOKEN with a token of the node's token_file.";
    /// The token does not allow this.
    Forbidden "forbidden" 403 "Use a token that may: the node's token_file says what each may do, and for which names.";
    /// The request comes from a web page of another origin.
    ForeignOrigin "foreign_origin" 403 "Start the node with cors_origin naming the page's origin to allow it.";
    /// The request names a host that is not this machine, although the node listens on the loopback interface only.
    ForeignHost "foreign_host" 403
        "Call the node as localhost, 127.0.0.1 or [::1]; cors_origin allows the hosts of the origins it names.";
    /// The table refuses every write.
    ReadOnly "read_only" 403 "PATCH /v1/tables/{table} with {\"read_only\": false} to allow writes; windowed keys are never written.";
    /// No endpoint has this path.
    NotFound "not_found" 404 "GET /docs lists the endpoints.";
    /// No table has this name.
    TableNotFound "table_not_found" 404 "GET /v1/tables lists the tables; POST /v1/tables declares one.";
    /// The topic doesn't exist.
    TopicNotFound "topic_not_found" 404
        "Check the name; to create the topic on Kafka, declare the table with partitions.";
    /// No row has this key.
    RowNotFound "row_not_found" 404 "The table is there and has no such row at the position that the answer names.";
    /// The path has no such method.
    MethodNotAllowed "method_not_allowed" 405 "GET /docs lists the methods.";
    /// None of the media types that the request accepts can be answered.
    NotAcceptable "not_acceptable" 406 "Accept application/json, application/octet-stream or */*.";
    /// A table of this name is declared otherwise.
    TableDiffers "table_differs" 409
        "Use another name, send the declaration in force, or DELETE the table first (its topic stays).";
    /// The topic can't be deleted with the table: another table is over it.
    TopicInUse "topic_in_use" 409 "DELETE the other table first, or this one without delete-topic.";
    /// The topic's keys don't lie where one partitioner puts them, so that a write could double a key.
    MixedPartitioning "mixed_partitioning" 409
        "PATCH /v1/tables/{table} with the partitioner to write with, once the producers agree on it.";
    /// A node of the service can't run the statement: its program is older than this one's.
    OlderNode "older_node" 409 "Replace the program of the node that the message names, or stop it, and try again.";
    /// The condition of the write doesn't hold; ETag is the row's now.
    PreconditionFailed "precondition_failed" 412 "Read the row again and decide anew.";
    /// A key, a value, a line or a body is above its limit.
    TooLarge "too_large" 413 "Send less, or raise the limit that the message names in the node's configuration.";
    /// What ASSERT says does not hold.
    AssertionFailed "assertion_failed" 417 "Look at the topic or schema that the message names.";
    /// The row would be in a partition that this node does not keep.
    PartitionNotKept "partition_not_kept" 421 "Ask a node that keeps it, or change kept_partitions and restart this one.";
    /// A value is not of the table's value format.
    BadValue "bad_value" 422
        "GET /v1/tables/{table} shows the value format; PUT with Content-Type: application/octet-stream stores bytes unread.";
    /// A line of rows:load is not a put or delete of this table; the lines before it are written.
    BadLine "bad_line" 422 "Correct the line and load again from it on, or use on-error=skip.";
    /// The stored bytes are not of the table's value format.
    RowUndecodable "row_undecodable" 422 "GET with Accept: application/octet-stream returns the bytes.";
    /// The declaration can't be met.
    BadTable "bad_table" 422 "Change the declaration as the message says.";
    /// The node has more unacknowledged writes than write_queue_bytes.
    TooManyWrites "too_many_writes" 429 "Try again in a moment; nothing was written.";
    /// The node failed to answer; its log says why.
    Internal "internal" 500 "Report this with the node's log.";
    /// The log refused the operation.
    LogRefused "log_refused" 502 "The message is the log's own; check the broker's permissions and topic settings.";
    /// The table has not reached yet what its log held when the node started.
    CatchingUp "catching_up" 503
        "Try again later; a reader who accepts an older state sends Lentic-Max-Staleness.";
    /// No node that has the shard answers now, or none is proven to be its active one, which was asked for.
    NoActive "no_active" 503
        "Try again in a moment: a standby or the next owner takes over; GET /v1/cluster shows who has which shard.";
    /// The store is older than Lentic-Max-Staleness allows, or was never proven current.
    TooStale "too_stale" 503 "Try again, or allow more staleness; GET /v1/tables/{table} shows the staleness now.";
    /// The log can't be reached: reads go on with growing staleness, writes are refused; nothing was written.
    LogUnavailable "log_unavailable" 503 "Try again once the log is back; the node reconnects by itself.";
    /// A conditional write or a transaction was not decided in time; nothing was written.
    Undecided "undecided" 503 "Try again.";
    /// Reading the table's topic failed for good.
    TableFailed "table_failed" 503 "GET /v1/tables/{table} shows the reason; a restart tries again.";
    /// A limit on concurrent work is reached.
    Overloaded "overloaded" 503 "Try again in a moment, or raise the limit that the message names.";
    /// The node is stopping.
    Stopping "stopping" 503 "Try again once the node is back.";
    /// The node met a failure that it can't go on from.
    NodeFailed "node_failed" 503 "Restart the node; its log says why it failed.";
    /// The store has not reached the demanded tokens in time.
    NotReached "not_reached" 504 "Try again, or wait longer with Lentic-Timeout.";
    /// The request took longer than its timeout.
    Timeout "timeout" 504 "Ask for less, or allow more with Lentic-Timeout.";
    /// The write may have reached the log or not.
    WriteOutcomeUnknown "write_outcome_unknown" 504
        "Read the row before writing again; a put that is repeated as it was does no harm.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_ordered() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted_by_key(|code| code.status()));
        for code in Code::ALL {
            assert!(code.meaning().ends_with('.') || code.meaning().ends_with("now"), "{}", code.meaning());
            assert!(code.hint().ends_with('.'), "{}", code.hint());
        }
    }
}
