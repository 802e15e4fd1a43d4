//! Where other nodes reach this one.
use std::io;
use std::net::SocketAddr;

use lentic::{Addresses, Node};
use tokio::net::TcpListener;

use super::client::TLS_SCHEME;
use super::tls::Tls;
use crate::run::ServeError;
use crate::security::Guard;

/// The listener for other nodes, apart from that for clients.
pub(crate) struct PeerListener {
    pub(crate) listener: TcpListener,
    address: SocketAddr,
    /// By which nodes know each other.
    pub(crate) secret: Option<String>,
    pub(crate) tls: Option<Tls>,
}

impl PeerListener {
    /// Binds it, unless the node is the whole service. `clients`: the address that clients are served on.
    pub(crate) fn open(node: &Node, clients: SocketAddr) -> Result<Option<Self>, ServeError> {
        if node.is_alone() {
            return Ok(None);
        }
        let config = node.config();
        let wanted = config.peer_listen.unwrap_or(SocketAddr::new(clients.ip(), 0));
        let secret = match &config.peer_secret_file {
            None => None,
            Some(path) => Some(read_secret(path)?),
        };
        if let Some(problem) = config.unguarded_peers(wanted.ip()) {
            return Err(ServeError::Config(problem));
        }
        let tls = Tls::read(config)?;
        let io = |error: io::Error| ServeError::Io(format!("listening for other nodes on {wanted}"), error);
        let listener = std::net::TcpListener::bind(wanted).map_err(io)?;
        listener.set_nonblocking(true).map_err(io)?;
        let listener = TcpListener::from_std(listener).map_err(io)?;
        let address = listener.local_addr().map_err(io)?;
        Ok(Some(Self { listener, address, secret, tls }))
    }

    /// Other nodes may do what clients may: those were asked for their tokens where they came in.
    pub(crate) fn guard(&self) -> Result<Guard, ServeError> {
        let tokens = self.secret.as_ref().map(|secret| format!("read-write {secret}"));
        let guard = Guard::new(tokens.as_deref(), self.address, &[]);
        guard.map_err(|error| ServeError::Config(format!("peer_secret_file: {error}")))
    }

    /// What other nodes are told.
    pub(crate) fn addresses(&self, node: &Node, clients: SocketAddr) -> Result<Addresses, ServeError> {
        let host = |address: SocketAddr| match &node.config().advertise {
            Some(host) => Ok(format!("{host}:{}", address.port())),
            None if address.ip().is_unspecified() => Err(ServeError::Config(format!(
                "{address} is every address of this machine: say by which one other nodes reach it (advertise)"
            ))),
            None => Ok(address.to_string()),
        };
        let peer = host(self.address)?;
        let peer = if self.tls.is_some() { format!("{TLS_SCHEME}{peer}") } else { peer };
        let scheme = if node.config().certificate_file.is_some() { "https" } else { "http" };
        Ok(Addresses { endpoint: format!("{scheme}://{}", host(clients)?), peer })
    }
}

fn read_secret(path: &std::path::Path) -> Result<String, ServeError> {
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|error| ServeError::Io(format!("peer_secret_file {}", path.display()), error))?;
    let secret = text.trim();
    if secret.len() < 16 || secret.contains(char::is_whitespace) {
        return Err(ServeError::Config(format!(
            "peer_secret_file {} has to hold one word of at least 16 characters",
            path.display()
        )));
    }
    Ok(secret.to_owned())
}
