//! A server with a certificate of an authority of one's own.
use std::path::Path;
use std::process::Command;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::server::Piece;
use super::*;

/// Makes `ca.pem`, and `server.pem` with `server.key` for the loopback interface.
fn certificates(folder: &Path) {
    let commands = "
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \\
            -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server \\
            -keyout server.key -out server.csr
        printf 'subjectAltName=IP:127.0.0.1\\n' > names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \\
            -out server.pem";
    let output = Command::new("bash").args(["-euc", commands]).current_dir(folder).output().expect("bash");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn secured(folder: &Path, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Arc<Server> {
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    Server::start(Some(config.into()), answer)
}

#[test]
fn a_server_is_trusted_if_its_authority_is() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let server = secured(folder.path(), |asked| match asked.line.as_str() {
        "POST /query" => Reply::Pieces(vec![
            Piece::Text(r#"[{"header":{"queryId":"q_1","schema":"`ID` BIGINT"}},"#),
            Piece::Text(r#"{"row":{"columns":[47]}},"#),
            Piece::UntilClosed,
        ]),
        _ => Reply::ok("[]"),
    });

    let mut stranger = Session::with(Arc::clone(&server), Options::default());
    let (outcome, shown) = stranger.execute("LIST STREAMS;");
    assert_eq!(outcome, Outcome::Unreachable);
    assert!(shown.contains("certificate"), "{shown}");

    let ca_file = Some(folder.path().join("ca.pem"));
    let mut friend = Session::with(server, Options { ca_file, ..Options::default() });
    assert_eq!(friend.execute("LIST STREAMS;"), (Outcome::Done, String::new()));
    // Ctrl-C is heard through TLS, too.
    let (shown, interrupt) = (friend.shown.clone(), friend.interrupt.clone());
    let presser = thread::spawn(move || {
        let row = shown.wait_for(" 47");
        interrupt.press();
        row
    });
    let (outcome, shown) = friend.execute("SELECT * FROM s EMIT CHANGES;");
    assert!(presser.join().unwrap());
    assert_eq!(outcome, Outcome::Interrupted, "{shown}");
    friend.server.wait_for("closed");
    friend.server.wait_for("POST /close-query");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    for (file, reason) in [(path, "it has none"), (folder.path().join("nowhere"), "No such file")] {
        let options = Options { ca_file: Some(file), ..Options::default() };
        let error =
            Shell::new(&options, Interrupt::default(), Output::captured().0).err().unwrap().to_string();
        assert!(error.starts_with("no certificates in ") && error.contains(reason), "{error}");
    }
}
