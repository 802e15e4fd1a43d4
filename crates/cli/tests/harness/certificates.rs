//! Certificates of nodes, made by the commands that docs/cluster.md gives.
use std::path::{Path, PathBuf};
use std::process::Command;

/// A CA and what it signed, in a directory.
pub struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let authority = Self { dir: tempfile::tempdir().expect("a directory") };
        authority.run(&documented("openssl req -x509"));
        authority
    }

    /// Makes a certificate for a node on the loopback interface: NAME.pem and NAME.key.
    pub fn sign(&self, name: &str) {
        let commands = documented("openssl x509 -req");
        let (first, rest) = commands.split_once('\n').expect("lines");
        assert!(first.starts_with("node="), "{first}");
        self.run(&format!("node={name} names=IP:127.0.0.1\n{rest}"));
    }

    /// `ca.pem`, `a.pem`, `a.key`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub fn text(&self, file: &str) -> String {
        text(&self.path(file))
    }

    /// What a node with this certificate is started with.
    pub fn arguments(&self, name: &str) -> Vec<String> {
        ["--peer-certificate-file", &self.text(&format!("{name}.pem")), "--peer-key-file"]
            .into_iter()
            .chain([&*self.text(&format!("{name}.key")), "--peer-ca-file", &*self.text("ca.pem")])
            .map(str::to_owned)
            .collect()
    }

    fn run(&self, commands: &str) {
        let output =
            Command::new("bash").args(["-euc", commands]).current_dir(&self.dir).output().expect("bash");
        assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// The block of commands that has this one.
fn documented(command: &str) -> String {
    let page = include_str!("../../../../docs/cluster.md");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(command)).expect("the commands").to_owned()
}
