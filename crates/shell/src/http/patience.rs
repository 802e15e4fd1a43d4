//! Waiting for a server that may have nothing to say for hours, without being deaf to Ctrl-C.
use std::io;
use std::time::Duration;

use ureq::unversioned::transport::time::Duration as Wait;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use crate::interrupt::Interrupt;

/// So long Ctrl-C may take.
const TURN: Duration = Duration::from_millis(100);

/// Makes connections whose waits can be ended. It stands right above the one that opens sockets, so that TLS above it sees
/// nothing but a slow network.
#[derive(Debug)]
pub(super) struct PatientConnector(pub(super) Interrupt);

impl<In: Transport> Connector<In> for PatientConnector {
    type Out = Patient<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| Patient { inner, interrupt: self.0.clone() }))
    }
}

#[derive(Debug)]
pub(super) struct Patient<T> {
    inner: T,
    interrupt: Interrupt,
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let mut left = match timeout.for_read().after {
            Wait::Exact(left) => Some(left),
            Wait::NotHappening => None,
        };
        loop {
            if self.interrupt.reason().is_some() {
                // Any error but a timeout ends the request; why it ended is known to who asks `Interrupt::reason`.
                return Err(ureq::Error::Io(io::Error::other("the wait was ended")));
            }
            let turn = left.map_or(TURN, |left| left.min(TURN));
            match self.inner.await_input(NextTimeout { after: Wait::Exact(turn), ..timeout }) {
                Err(ureq::Error::Timeout(_)) if left.is_none_or(|left| left > turn) => {
                    left = left.map(|left| left.saturating_sub(turn));
                }
                other => return other,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
