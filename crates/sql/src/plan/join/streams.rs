//! Joins whose left side is a stream.
use lentic_sql_syntax::ast::{JoinKind, Span, Within};
use lentic_topology::untyped::StreamJoinNames;
use lentic_topology::{JoinWindows, spec};

use super::rekey::{is_key, stream, table};
use super::{Step, either_way, words};
use crate::Refusal;
use crate::plan::flow::{Flow, Handle, KeyedBy};
use crate::plan::{Analysis, binary};

impl Analysis<'_> {
    pub(super) fn join_streams(&self, step: Step<'_>) -> Result<Flow, Refusal> {
        let Some(within) = step.join.within else {
            return Err(Refusal::new(
                "Stream-Stream joins must have a WITHIN clause specified. None was provided. Add one to the JOIN, such as \
                 WITHIN 10 SECONDS.",
            ));
        };
        let (Some(left), Some(right)) = (stream(&step.left), stream(&step.right)) else {
            return Err(Refusal::new("Only streams can be joined within a time."));
        };
        let format = self.join_key_format(&step);
        let name = format!("{}Join", step.prefix);
        let (columns, key, keyed_by) = step.columns();
        let Step { criterion, .. } = &step;
        let (left_key, right_key) = (&criterion.left, &criterion.right);
        let moves = !(is_key(&step.left, left_key) && is_key(&step.right, right_key));
        if !moves && step.left.key_format == step.right.key_format {
            self.check_partitions(&step)?;
        }
        let left = self.rekey_stream(&step.left, left, left_key, format, &format!("{name}-left"))?;
        let right = self.rekey_stream(&step.right, right, right_key, format, &format!("{name}-right"))?;
        let (kind, flipped) = either_way(step.join.kind);
        let joiner = step.joiner(kind, flipped, keyed_by == KeyedBy::SyntheticJoin);
        let windows = windows(within, flipped)?;
        let value = binary::rows(columns.len());
        let names = StreamJoinNames::of(&name);
        let joined = if flipped {
            right.join(&left, kind, windows, joiner, value, &names)
        } else {
            left.join(&right, kind, windows, joiner, value, &names)
        };
        Ok(step.joined(Handle::Stream(joined), (columns, key, keyed_by), format))
    }

    pub(super) fn join_stream_table(&self, step: Step<'_>) -> Result<Flow, Refusal> {
        if step.join.within.is_some() {
            return Err(Refusal::new(
                "A window definition was provided for a Stream-Table join. These joins are not windowed. Please drop the window \
                 definition (i.e. the WITHIN clause) and try to execute your join again.",
            ));
        }
        let kind = match step.join.kind {
            JoinKind::Inner => spec::JoinKind::Inner,
            JoinKind::Left => spec::JoinKind::Left,
            other => {
                let which = if other == JoinKind::Full { "full-outer" } else { "right-outer" };
                return Err(Refusal::new(format!(
                    "Invalid join type: {which} join not supported for stream-table join. Got {} {} {}.",
                    self.sources[0].alias,
                    words(other),
                    step.right.columns[0].source.as_ref().map_or("", |name| &name.text)
                )));
            }
        };
        if !is_key(&step.right, &step.criterion.right) {
            return Err(Refusal::new(format!(
                "Invalid join condition: stream-table joins require to join on the table's primary key. Got {}.",
                step.criterion.shown
            )));
        }
        let (Some(left), Some(right)) = (stream(&step.left), table(&step.right)) else {
            return Err(Refusal::new("A stream and a table were expected."));
        };
        let format = self.join_key_format(&step);
        let name = format!("{}Join", step.prefix);
        let (columns, key, keyed_by) = step.columns();
        let left_key = &step.criterion.left;
        if is_key(&step.left, left_key) && step.left.key_format == format {
            self.check_partitions(&step)?;
        }
        let left = self.rekey_stream(&step.left, left, left_key, format, &name)?;
        if step.right.key_format == format {
            let store = format!("{}KafkaTopic_Right-Reduce-changelog", step.prefix);
            self.add_topic(&store, format, &step.right, None);
        }
        let keyed = format!("{}RightSourceKeyed", step.prefix);
        let right = self.reformat_table(&step.right, right, &step.criterion.right, format, &keyed)?;
        let joiner = step.joiner(kind, false, keyed_by == KeyedBy::SyntheticJoin);
        let value = binary::rows(columns.len());
        let joined = left.join_table(&right, kind, None, joiner, value, &name, &name);
        Ok(step.joined(Handle::Stream(joined), (columns, key, keyed_by), format))
    }
}

/// Without a grace period a record that meets no other is told at once, as in ksqlDB; with one, when its time is over.
fn windows(within: Within, flipped: bool) -> Result<JoinWindows, Refusal> {
    let millis =
        |span: Span| span.millis().ok_or_else(|| Refusal::new("The time of the WITHIN clause is too long."));
    let before = millis(within.before)?;
    let after = within.after.map_or(Ok(before), millis)?;
    let (before_ms, after_ms) = if flipped { (after, before) } else { (before, after) };
    let windows = JoinWindows { before_ms, after_ms, ..JoinWindows::within(std::time::Duration::ZERO) };
    Ok(match within.grace {
        Some(grace) => JoinWindows { grace_ms: millis(grace)?, ..windows },
        None => windows.eager(),
    })
}
