//! The manifest is the architecture: which crate may name which.
use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::finding::Finding;
use super::tree::Tree;

/// The cap on crates; one more needs a written reason and a change here.
const MAX_CRATES: usize = 18;

/// A crate of `crates/` and the workspace crates that its code may use. `types` is everybody's vocabulary.
struct Rule {
    folder: &'static str,
    pure: bool,
    uses: &'static [&'static str],
}

const fn pure(folder: &'static str, uses: &'static [&'static str]) -> Rule {
    Rule { folder, pure: true, uses }
}

const fn edge(folder: &'static str, uses: &'static [&'static str]) -> Rule {
    Rule { folder, pure: false, uses }
}

/// The direction of the workspace. Changing an edge here means changing ARCHITECTURE.md with the reason.
const RULES: [Rule; MAX_CRATES] = [
    pure("types", &[]),
    pure("format", &["types"]),
    pure("store", &["types"]),
    pure("topology", &["types", "format", "store"]),
    pure("engine", &["types", "format", "store", "topology"]),
    pure("cluster", &["types"]),
    pure("sql-syntax", &[]),
    pure("sql", &["types", "format", "store", "topology", "sql-syntax"]),
    pure("ksql-api", &[]),
    edge("store-rocksdb", &["types", "store"]),
    edge("log-kafka", &["types", "engine"]),
    edge("log-local", &["types", "store", "engine", "store-rocksdb"]),
    edge("server", &["types", "lentic", "sql-syntax", "sql", "cluster", "ksql-api"]),
    edge(
        "lentic",
        &[
            "types",
            "format",
            "store",
            "topology",
            "engine",
            "cluster",
            "sql-syntax",
            "sql",
            "store-rocksdb",
            "log-kafka",
            "log-local",
        ],
    ),
    edge("cli", &["types", "lentic", "server", "shell"]),
    edge("shell", &["sql-syntax", "ksql-api"]),
    edge("testkit", &["types", "format", "store", "topology", "engine", "cluster", "sql-syntax", "sql"]),
    edge("xtask", &[]),
];

/// What a pure crate's manifest must not name: clocks, randomness, I/O, threads, logging.
const IMPURE: [&str; 22] = [
    "async-std",
    "axum",
    "chrono",
    "crossbeam-channel",
    "fastrand",
    "fs4",
    "futures-util",
    "getrandom",
    "hyper",
    "libc",
    "log",
    "rand",
    "rand_core",
    "rdkafka",
    "rdkafka-sys",
    "reqwest",
    "rocksdb",
    "time",
    "tokio",
    "tracing",
    "ureq",
    "uuid",
];

/// Outside crates that belong to few: name (or the start of it, before `*`), owners, reason.
const OWNED: [(&str, &[&str], &str); 9] = [
    ("rocksdb", &["store-rocksdb"], "other crates know `lentic_store::Store`"),
    ("librocksdb-sys", &["store-rocksdb"], "other crates know `lentic_store::Store`"),
    ("rdkafka", &["log-kafka"], "other crates know `lentic_engine::log::Log`"),
    ("rdkafka-sys", &["log-kafka"], "other crates know `lentic_engine::log::Log`"),
    ("axum*", &["server"], "HTTP is the server's"),
    ("tower*", &["server"], "HTTP is the server's"),
    ("hyper*", &["server"], "HTTP is the server's"),
    ("utoipa*", &["server"], "HTTP is the server's"),
    ("tokio*", &["server", "cli"], "partition work is synchronous; the edges wait"),
];

/// Checks every manifest of `crates/`.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) -> Result<()> {
    let mut count = 0;
    for (path, text) in tree.ending(&["/Cargo.toml"]) {
        let Some(folder) = path.strip_prefix("crates/").and_then(|p| p.strip_suffix("/Cargo.toml")) else {
            continue;
        };
        count += 1;
        let manifest: Table = text.parse().with_context(|| path.to_owned())?;
        let Some(rule) = RULES.iter().find(|rule| rule.folder == folder) else {
            findings.push(Finding::new(
                path,
                1,
                "a crate that the architecture does not know",
                "give its reason in ARCHITECTURE.md and add it to RULES in crates/xtask/src/tidy/manifest.rs",
            ));
            continue;
        };
        furniture(path, text, folder, &manifest, findings);
        dependencies(path, text, rule, &manifest, findings);
    }
    if count > MAX_CRATES {
        findings.push(Finding::new(
            "Cargo.toml",
            1,
            format!("{count} crates, the cap is {MAX_CRATES}"),
            "merge two of them, or argue for the new one in ARCHITECTURE.md",
        ));
    }
    Ok(())
}

/// The name of the package in `folder`.
fn package_name(folder: &str) -> String {
    if folder == "lentic" { folder.to_owned() } else { format!("lentic-{folder}") }
}

/// Name, description, inherited fields and lints.
fn furniture(path: &str, text: &str, folder: &str, manifest: &Table, findings: &mut Vec<Finding>) {
    let package = manifest.get("package").and_then(Value::as_table);
    let field = |name: &str| package.and_then(|p| p.get(name));
    if field("name").and_then(Value::as_str) != Some(package_name(folder).as_str()) {
        let remedy = format!("name it {:?}: folders are without prefix", package_name(folder));
        findings.push(Finding::new(
            path,
            line_of(text, "name"),
            "the package's name does not fit its folder",
            remedy,
        ));
    }
    if field("description").and_then(Value::as_str).is_none_or(str::is_empty) {
        findings.push(Finding::new(path, 1, "no description", "say in one line what the crate is"));
    }
    for name in ["version", "edition", "license", "rust-version"] {
        if !inherits(field(name)) {
            let remedy = format!("write `{name}.workspace = true`");
            findings.push(Finding::new(
                path,
                line_of(text, name),
                format!("{name} is not the workspace's"),
                remedy,
            ));
        }
    }
    if !inherits(manifest.get("lints")) {
        let remedy = "add `[lints]` with `workspace = true`";
        findings.push(Finding::new(path, 1, "the workspace's lints are not switched on", remedy));
    }
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|v| v.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// Edges inside the workspace, and crates from outside.
fn dependencies(path: &str, text: &str, rule: &Rule, manifest: &Table, findings: &mut Vec<Finding>) {
    for (section, value) in sections(manifest) {
        let tests_only = section == "dev-dependencies";
        for (name, dependency) in value {
            let line = line_of(text, name);
            if !inherits(Some(dependency)) {
                let remedy = format!(
                    "move the version to [workspace.dependencies] and write `{name}.workspace = true`"
                );
                findings.push(Finding::new(path, line, format!("{name} is not the workspace's"), remedy));
            }
            if let Some(used) = workspace_folder(name) {
                // Tests may use the test kit, and what the crate's own dependencies are allowed to be.
                let allowed =
                    rule.uses.contains(&used) || tests_only && used == "testkit" || used == rule.folder;
                if !allowed {
                    let what = format!("`{}` must not use `{used}`", rule.folder);
                    let remedy = format!("its allowed edges are: {}", list(rule.uses));
                    findings.push(Finding::new(path, line, what, remedy));
                }
                continue;
            }
            if rule.pure && IMPURE.contains(&name.as_str()) {
                let what = format!("the pure crate `{}` names {name}", rule.folder);
                let remedy = "pass time, seeds and bytes in as arguments; do the work in an edge crate";
                findings.push(Finding::new(path, line, what, remedy));
            }
            for (owned, owners, reason) in OWNED {
                let hit = owned.strip_suffix('*').map_or(name == owned, |start| name.starts_with(start));
                // End-to-end tests write to Kafka as foreign programs do.
                let foreign = tests_only && (rule.folder, owned) == ("cli", "rdkafka");
                if hit && !foreign && !owners.contains(&rule.folder) {
                    let what = format!("`{}` names {name}, which belongs to {}", rule.folder, list(owners));
                    findings.push(Finding::new(path, line, what, reason));
                }
            }
        }
    }
}

/// All tables of dependencies of a manifest, those under `[target]` included.
fn sections(manifest: &Table) -> Vec<(&'static str, &Table)> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let per_target = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(per_target)
        .flat_map(|table| KINDS.map(|kind| table.get(kind).and_then(Value::as_table).map(|t| (kind, t))))
        .flatten()
        .collect()
}

/// The folder of a workspace crate, by the name under which it is depended on.
fn workspace_folder(package: &str) -> Option<&str> {
    if package == "lentic" { Some(package) } else { package.strip_prefix("lentic-") }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The first line that begins with `key`; the first line of all if there is none.
fn line_of(text: &str, key: &str) -> usize {
    let starts = |line: &str| {
        line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
            || line.ends_with(&format!(".{key}]"))
    };
    text.lines().position(starts).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[package]\nname = \"lentic-store\"\ndescription = \"d\"\nversion.workspace = true\n\
        edition.workspace = true\nlicense.workspace = true\nrust-version.workspace = true\n[lints]\nworkspace = true\n";

    fn findings(manifest: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check(&Tree::of(&[("crates/store/Cargo.toml", manifest)]), &mut findings).unwrap();
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn allowed() {
        let manifest = format!(
            "{HEAD}[dependencies]\nlentic-types.workspace = true\n[dev-dependencies]\nlentic-testkit.workspace = true\n"
        );
        assert_eq!(findings(&manifest), [""; 0]);
    }

    #[test]
    fn forbidden() {
        for (lines, expected) in [
            ("[dependencies]\nlentic-engine.workspace = true\n", "`store` must not use `engine`"),
            ("[dependencies]\nlentic-testkit.workspace = true\n", "`store` must not use `testkit`"),
            ("[dependencies]\nrocksdb.workspace = true\n", "belongs to store-rocksdb"),
            ("[dev-dependencies]\ntokio-stream.workspace = true\n", "belongs to server, cli"),
            (
                "[target.'cfg(unix)'.dependencies]\nlibc.workspace = true\n",
                "the pure crate `store` names libc",
            ),
            ("[dependencies]\nbytes = \"1\"\n", "bytes is not the workspace's"),
        ] {
            let found = findings(&format!("{HEAD}{lines}"));
            assert!(found.iter().any(|f| f.contains(expected)), "{lines}: {found:?}");
            assert!(found[0].starts_with("crates/store/Cargo.toml:11:"), "{found:?}");
        }
    }

    #[test]
    fn furniture_is_asked_for() {
        let found = findings("[package]\nname = \"store\"\n");
        assert_eq!(found.len(), 7, "{found:#?}");
    }

    #[test]
    fn unknown_crates_need_a_reason() {
        let mut findings = Vec::new();
        check(&Tree::of(&[("crates/new/Cargo.toml", "")]), &mut findings).unwrap();
        assert_eq!(findings.len(), 1);
    }
}
