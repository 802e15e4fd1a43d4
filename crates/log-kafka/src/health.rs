//! Whether the brokers answer.
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::raw::{Client, Failure};

/// A broker that says nothing else for so long is asked.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// And has so long to answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// The last that is known of the brokers.
pub(crate) struct Health(Mutex<State>);

struct State {
    trouble: Option<String>,
    last_answer: Option<Instant>,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { trouble: Some("no broker has answered yet".to_owned()), last_answer: None }))
    }

    /// A broker has answered.
    pub(crate) fn answered(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.trouble.take().is_some() {
            tracing::info!("the brokers answer");
        }
        state.last_answer = Some(Instant::now());
    }

    /// None did.
    pub(crate) fn silent(&self, failure: &Failure) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.trouble.is_none() {
            tracing::warn!("the brokers don't answer: {}", failure.text);
        }
        state.trouble = Some(failure.text.clone());
    }

    pub(crate) fn now(&self) -> Result<(), String> {
        match &self.0.lock().unwrap_or_else(PoisonError::into_inner).trouble {
            Some(trouble) => Err(trouble.clone()),
            None => Ok(()),
        }
    }

    /// What is wrong with brokers that have answered before.
    pub(crate) fn lost(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last_answer.and(state.trouble.clone())
    }

    fn is_fresh(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.trouble.is_none() && state.last_answer.is_some_and(|at| at.elapsed() < PROBE_INTERVAL)
    }
}

/// The thread that asks.
pub(crate) struct Probe {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Probe {
    pub(crate) fn start(client: &Arc<Client>, health: Arc<Health>) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (client, stopped) = (Arc::downgrade(client), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("kafka-health".to_owned())
            .spawn(move || probe(&client, &health, &stopped))?;
        Ok(Self { stop, thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread. A probe under way is waited for until `deadline`; it ends by itself later.
    pub(crate) fn stop(&self, deadline: Instant) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("the thread that watches the brokers panicked");
        }
    }
}

fn probe(client: &Weak<Client>, health: &Health, stop: &(Mutex<bool>, Condvar)) {
    while let Some(client) = client.upgrade() {
        // The client's own errors gather until somebody looks.
        client.poll(Duration::ZERO);
        if !health.is_fresh() {
            match client.topic_names(true, PROBE_TIMEOUT) {
                Ok(_) => health.answered(),
                Err(failure) => {
                    client.poll(Duration::ZERO);
                    health.silent(&client.take_reported().unwrap_or(failure));
                }
            }
        }
        drop(client);
        let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = stop.1.wait_timeout_while(stopped, PROBE_INTERVAL, |stopped| !*stopped);
        if *waited.unwrap_or_else(PoisonError::into_inner).0 {
            return;
        }
    }
}
