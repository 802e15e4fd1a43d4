//! Starting with what nodes know each other by: files that can't be used, and addresses that anybody reaches.
use std::fs;

use super::harness::certificates::{Authority, text};
use super::refused;

/// What stands in the files decides; the message names the setting and the file.
#[test]
fn files_that_cannot_be_used() {
    let authority = Authority::new();
    authority.sign("a");
    authority.sign("b");
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &str| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        text(&path)
    };
    let good = |name: &str| authority.text(name);
    let half = fs::read_to_string(authority.path("a.pem")).unwrap();
    let half = half.split("-----END").next().unwrap();
    let (certificate, key, ca) = (0, 1, 2);
    for (place, wrong, code, named) in [
        (certificate, good("absent.pem"), "peer_file_unreadable", "No such file"),
        (certificate, good("a.key"), "peer_file_unreadable", "there is no certificate in it"),
        (certificate, file("empty", ""), "peer_file_unreadable", "there is no certificate in it"),
        (certificate, file("half", half), "peer_file_unreadable", "it is no PEM"),
        (certificate, good("b.pem"), "peer_key_mismatch", "name a pair that was made together"),
        (key, good("absent.key"), "peer_file_unreadable", "No such file"),
        (key, good("a.pem"), "peer_file_unreadable", "there is no private key in it"),
        (key, good("b.key"), "peer_key_mismatch", "name a pair that was made together"),
        (ca, good("absent.pem"), "peer_file_unreadable", "No such file"),
        (ca, good("ca.key"), "peer_file_unreadable", "there is no certificate in it"),
        (
            ca,
            file("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "peer_certificate_invalid",
            "a certificate is no CA's",
        ),
    ] {
        let mut arguments = authority.arguments("a");
        let (setting, given) = (arguments[2 * place].clone(), wrong.clone());
        arguments[2 * place + 1] = wrong;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let data = tempfile::tempdir().unwrap();
        let (exit, said) = refused(data.path(), &arguments);
        assert_eq!(exit, 1, "{setting} {given}: {said}");
        assert!(
            said.contains(&format!("error: {code}: peer_"))
                || said.contains(&format!("error: {code}: the key")),
            "{said}"
        );
        assert!(said.contains(named), "{setting} {given}: {said}");
        assert!(!data.path().join("state").exists(), "{setting} {given}: the database was opened");
    }
}

/// Whoever can reach the address would be a peer.
#[test]
fn addresses_that_anybody_reaches() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = dir.path().join("tokens");
    fs::write(&tokens, "read-write writer\n").unwrap();
    let tokens = text(&tokens);
    let common = ["--brokers", "127.0.0.1:1", "--token-file", &tokens];
    for further in [
        &["--listen", "0.0.0.0:0"][..],
        &["--peer-listen", "0.0.0.0:0"],
        &["--peer-listen", "0.0.0.0:0", "--peer-mtls"],
        &["--peer-listen", "127.0.0.1:0", "--peer-ca-file", "ca.pem"],
    ] {
        let arguments = [&common, further].concat();
        let (exit, said) = refused(dir.path(), &arguments);
        assert_eq!(exit, 2, "{further:?}: {said}");
        assert!(said.contains("error: config_invalid: "), "{further:?}: {said}");
        let names = ["peer_secret_file", "peer_certificate_file"];
        assert!(names.iter().any(|name| said.contains(name)), "{further:?}: {said}");
    }
}
