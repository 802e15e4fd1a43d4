//! Key bounds of a read as ranges of a store.
use std::ops::Bound;

use lentic_format::{KeyKind, KeyLayout};
use lentic_store::layout::RowPrefix;
use lentic_store::{KeyRange, Order};
use lentic_types::Timestamp;

use super::KeyBounds;

/// The range of store keys under `prefix` that `bounds` describes.
pub(crate) fn range(prefix: RowPrefix, layout: KeyLayout, bounds: &KeyBounds, order: Order) -> KeyRange {
    let store_key = |bytes: &[u8]| {
        let mut store_key = prefix.as_bytes().to_vec();
        if layout.kind == KeyKind::Version {
            // Before all versions of the key.
            layout.prefix(bytes, &mut store_key);
        } else {
            layout.to_store(bytes, Timestamp::NONE, &mut store_key);
        }
        store_key
    };
    let under = |append: &dyn Fn(&mut Vec<u8>)| {
        let mut store_key = prefix.as_bytes().to_vec();
        append(&mut store_key);
        store_key
    };
    let mut range = match (&bounds.windows_of, &bounds.prefix) {
        (Some(inner), _) => {
            let mut range = KeyRange::prefix(&under(&|out| layout.prefix(inner, out)));
            if let Some(from) = bounds.start_from {
                // No session ends before it starts.
                raise(&mut range.start, Bound::Included(under(&|out| layout.seek_key(inner, from, out))));
            }
            if let (Some(to), KeyKind::Window { .. }) = (bounds.start_to, layout.kind) {
                lower(&mut range.end, Bound::Excluded(under(&|out| layout.seek_key(inner, to, out))));
            }
            range
        }
        (None, Some(wanted)) => KeyRange::prefix(&under(&|out| layout.open_prefix(wanted, out))),
        (None, None) => prefix.range(),
    };
    if let Some(from) = &bounds.from {
        raise(&mut range.start, Bound::Included(store_key(from)));
    }
    if let Some(to) = &bounds.to {
        lower(&mut range.end, Bound::Excluded(store_key(to)));
    }
    if let Some(after) = &bounds.after {
        let passed = store_key(after);
        match order {
            Order::Ascending if layout.kind == KeyKind::Version => {
                // Behind all versions of the key.
                match KeyRange::prefix(&passed).end {
                    Bound::Excluded(end) => raise(&mut range.start, Bound::Included(end)),
                    end => range.start = end,
                }
            }
            Order::Ascending => raise(&mut range.start, Bound::Excluded(passed)),
            Order::Descending => lower(&mut range.end, Bound::Excluded(passed)),
        }
    }
    range
}

fn raise(start: &mut Bound<Vec<u8>>, to: Bound<Vec<u8>>) {
    let higher = match (&*start, &to) {
        (Bound::Unbounded, _) => true,
        (Bound::Included(old), Bound::Included(new)) => new > old,
        (Bound::Included(old) | Bound::Excluded(old), Bound::Included(new) | Bound::Excluded(new)) => {
            new >= old
        }
        (_, Bound::Unbounded) => false,
    };
    if higher {
        *start = to;
    }
}

fn lower(end: &mut Bound<Vec<u8>>, to: Bound<Vec<u8>>) {
    let lower = match (&*end, &to) {
        (Bound::Unbounded, _) => true,
        (Bound::Included(old) | Bound::Excluded(old), Bound::Included(new) | Bound::Excluded(new)) => {
            new <= old
        }
        (_, Bound::Unbounded) => false,
    };
    if lower {
        *end = to;
    }
}
