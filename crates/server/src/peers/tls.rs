//! TLS between nodes: each has a certificate, and knows those of the others by the CAs that signed them.
use std::path::Path;
use std::sync::Arc;

use lentic::config::Config;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, InconsistentKeys, RootCertStore, ServerConfig};

use crate::run::ServeError;

/// Both sides are of this program: there is nobody who would speak an older version.
const VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// What is spoken over it.
const HTTP2: &[u8] = b"h2";

/// How this node speaks to others, and they to it.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(super) client: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the files that the configuration names; `None`: it names none.
    pub(crate) fn read(config: &Config) -> Result<Option<Self>, ServeError> {
        let (Some(certificate), Some(key), Some(ca)) =
            (&config.peer_certificate_file, &config.peer_key_file, &config.peer_ca_file)
        else {
            return Ok(None);
        };
        let chain = certificates("peer_certificate_file", certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| unreadable("peer_key_file", key, "private key", &error))?;
        let mut roots = RootCertStore::empty();
        for root in certificates("peer_ca_file", ca)? {
            let no_ca =
                |error| unfit(format!("peer_ca_file {}: a certificate is no CA's: {error}", ca.display()));
            roots.add(root).map_err(no_ca)?;
        }
        let (roots, provider) = (Arc::new(roots), Arc::new(ring::default_provider()));
        let own = |error: rustls::Error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => ServeError::PeerTls {
                code: "peer_key_mismatch",
                text: format!(
                    "the key in peer_key_file is not the one of the certificate in peer_certificate_file {}, which stands first \
                     there: name a pair that was made together",
                    certificate.display()
                ),
            },
            error => {
                unfit(format!("peer_certificate_file {} and peer_key_file: {error}", certificate.display()))
            }
        };
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(VERSIONS)
            .map_err(own)?;
        let server = if config.peer_mtls {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
                    .build();
            let verifier =
                verifier.map_err(|error| unfit(format!("peer_ca_file {}: {error}", ca.display())))?;
            server.with_client_cert_verifier(verifier)
        } else {
            server.with_no_client_auth()
        };
        let mut server = server.with_single_cert(chain.clone(), key.clone_key()).map_err(own)?;
        let client = ClientConfig::builder_with_provider(provider).with_protocol_versions(VERSIONS);
        let client = client.map_err(own)?.with_root_certificates(roots);
        let mut client = client.with_client_auth_cert(chain, key).map_err(own)?;
        server.alpn_protocols = vec![HTTP2.to_vec()];
        client.alpn_protocols = vec![HTTP2.to_vec()];
        Ok(Some(Self { server: Arc::new(server), client: Arc::new(client) }))
    }
}

pub(crate) fn certificates(setting: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    let failed = |error| unreadable(setting, path, "certificate", &error);
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(failed)?.collect();
    let found = found.map_err(failed)?;
    if found.is_empty() {
        return Err(failed(pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn unreadable(setting: &str, path: &Path, what: &str, error: &pem::Error) -> ServeError {
    let why = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => {
            format!("there is no {what} in it: PEM has one between -----BEGIN and -----END")
        }
        error => format!("it is no PEM: {error}"),
    };
    ServeError::PeerTls { code: "peer_file_unreadable", text: format!("{setting} {}: {why}", path.display()) }
}

fn unfit(text: String) -> ServeError {
    ServeError::PeerTls { code: "peer_certificate_invalid", text }
}
