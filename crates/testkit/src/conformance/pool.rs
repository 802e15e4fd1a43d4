//! Runs cases next to each other, none of which can take the others down.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long one case may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Deeply nested expressions are walked recursively.
const STACK: usize = 32 << 20;

/// Runs `work` for every item, on as many threads as there are processors; the results in the order of the items. A panic and
/// a time limit that is passed give the text of an error.
pub fn run_all<T, R>(items: Vec<T>, work: fn(&T) -> R) -> Vec<Result<R, String>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let items: Arc<Vec<T>> = Arc::new(items);
    let next = Arc::new(Mutex::new(0..items.len()));
    let (send, receive) = channel();
    for _ in 0..threads {
        let (items, next, send) = (Arc::clone(&items), Arc::clone(&next), send.clone());
        thread::spawn(move || {
            let take = || next.lock().ok().and_then(|mut range| range.next());
            while let Some(index) = take() {
                let result = run_one(&items, index, work);
                if send.send((index, result)).is_err() {
                    break;
                }
            }
        });
    }
    drop(send);
    let mut results: Vec<_> = receive.iter().collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// On a thread of its own, which is left alone when it takes too long.
fn run_one<T, R>(items: &Arc<Vec<T>>, index: usize, work: fn(&T) -> R) -> Result<R, String>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let (send, receive) = channel();
    let items = Arc::clone(items);
    let spawned = thread::Builder::new().stack_size(STACK).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&items[index])));
        let result = result.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("panicked: {}", text.unwrap_or_default())
        });
        let _ = send.send(result);
    });
    if let Err(error) = spawned {
        return Err(format!("no thread: {error}"));
    }
    match receive.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(format!("took more than {} s", LIMIT.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err("its thread ended".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::run_all;

    #[test]
    fn a_panic_is_a_result() {
        let results = run_all(vec![1, 2, 3], |number| {
            assert!(*number != 2, "not {number}");
            number * 10
        });
        assert_eq!(results, [Ok(10), Err("panicked: not 2".to_owned()), Ok(30)]);
    }
}
