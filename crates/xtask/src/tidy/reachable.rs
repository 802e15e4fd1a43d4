//! Dead files: Rust sources that no `mod` leads to are compiled by nobody.
use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::{Tree, folder, normal};

/// Checks that every `.rs` file of a crate is a root of it or is declared by a file that is reached.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = tree
        .ending(&[".rs"])
        .filter(|(path, _)| is_root(tree, path))
        .map(|(path, _)| path.to_owned())
        .collect();
    while let Some(path) = open.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        if let Some(text) = tree.text(&path) {
            open.extend(declared(tree, &path, text));
        }
    }
    for (path, _) in tree.ending(&[".rs"]).filter(|(path, _)| !reached.contains(*path)) {
        let remedy = "declare it with `mod` in its parent, or delete it";
        findings.push(Finding::new(path, 1, "a file that nothing compiles", remedy));
    }
}

/// Files that cargo finds by itself or that a manifest names.
fn is_root(tree: &Tree, path: &str) -> bool {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (parent, last) = dir.rsplit_once('/').unwrap_or(("", dir));
    let in_package = |package: &str| tree.exists(&format!("{package}/Cargo.toml"));
    match last {
        "src" => matches!(name, "lib.rs" | "main.rs") && in_package(parent),
        "tests" | "examples" | "benches" | "fuzz_targets" => in_package(parent),
        "bin" => true,
        _ => {
            // `tests/name/main.rs` and the like, `build.rs`, and paths of a manifest.
            let kind = parent.rsplit('/').next().unwrap_or(parent);
            (name == "main.rs" && matches!(kind, "tests" | "examples" | "benches" | "bin"))
                || (name == "build.rs" && in_package(dir))
                || manifest_names(tree, path)
        }
    }
}

fn manifest_names(tree: &Tree, path: &str) -> bool {
    tree.ending(&["/Cargo.toml"]).any(|(manifest, text)| {
        path.strip_prefix(folder(manifest)).is_some_and(|rest| {
            let rest = rest.trim_start_matches('/');
            text.lines().any(|line| line.starts_with("path = ") && line.contains(&format!("\"{rest}\"")))
        })
    })
}

/// The files that the `mod`, `#[path]` and `include!` lines of `path` lead to.
fn declared(tree: &Tree, path: &str, text: &str) -> Vec<String> {
    let dir = folder(path);
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    // A crate's root and a `mod.rs` own their folder; any other file owns the folder of its name.
    let own = if stem == "mod" || is_root(tree, path) { dir.to_owned() } else { format!("{dir}/{stem}") };
    let mut files = Vec::new();
    let mut at = None;
    for line in text.lines().map(str::trim) {
        if let Some(quoted) = line.strip_prefix("#[path").and_then(in_quotes) {
            at = normal(&format!("{dir}/{quoted}"));
        } else if let Some(quoted) = line.split_once("include!(").and_then(|(_, rest)| in_quotes(rest)) {
            files.extend(normal(&format!("{dir}/{quoted}")));
        } else if let Some(name) = module(line) {
            let candidates =
                [Some(format!("{own}/{name}.rs")), Some(format!("{own}/{name}/mod.rs")), at.take()];
            files.extend(candidates.into_iter().flatten().filter(|file| tree.text(file).is_some()));
        }
    }
    files
}

fn in_quotes(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The name in `mod name;`, whatever its visibility.
fn module(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let (before, name) = line.rsplit_once("mod ")?;
    let visible = before.is_empty() || before.starts_with("pub") || before.starts_with("#[");
    (visible && !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let mut findings = Vec::new();
        let mut files = files.to_vec();
        files.push(("crates/a/Cargo.toml", ""));
        check(&Tree::of(&files), &mut findings);
        findings.iter().map(|f| f.to_string().split(':').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn declared_files_are_reached() {
        let files = [
            ("crates/a/src/lib.rs", "mod b;\npub(crate) mod d;\n"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod c;\n#[path = \"odd.rs\"]\nmod even;\n"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/src/odd.rs", ""),
            ("crates/a/src/d/mod.rs", "mod e;"),
            ("crates/a/src/d/e.rs", ""),
            ("crates/a/tests/t.rs", "mod support;"),
            ("crates/a/tests/support/mod.rs", ""),
            ("crates/a/examples/x/main.rs", ""),
            ("crates/a/build.rs", ""),
        ];
        assert_eq!(dead(&files), [""; 0]);
    }

    #[test]
    fn others_are_dead() {
        let files = [
            ("crates/a/src/lib.rs", "// mod b;\n"),
            ("crates/a/src/b.rs", "mod c;"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/tests/support/mod.rs", ""),
        ];
        assert_eq!(dead(&files).len(), 3);
    }
}
