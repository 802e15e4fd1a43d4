//! TLS for clients: the node shows a certificate, and knows clients by their tokens.
use std::sync::Arc;

use lentic::config::Config;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::peers::certificates;
use crate::run::ServeError;

/// Reads the files that the configuration names; `None`: it names none, and clients speak plain HTTP.
pub(crate) fn of_clients(config: &Config) -> Result<Option<Arc<ServerConfig>>, ServeError> {
    let (Some(certificate), Some(key)) = (&config.certificate_file, &config.key_file) else {
        return Ok(None);
    };
    let chain = certificates("certificate_file", certificate)?;
    let refused = |what: String| {
        ServeError::Config(format!(
            "certificate_file {} and key_file {}: {what}",
            certificate.display(),
            key.display()
        ))
    };
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| refused(format!("no private key can be read: {error}")))?;
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions();
    let server = server.map_err(|error| refused(error.to_string()))?.with_no_client_auth();
    let mut server = server.with_single_cert(chain, key).map_err(|error| refused(error.to_string()))?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(server)))
}
