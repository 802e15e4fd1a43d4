//! The examples of the README and of the manual, run as they stand there.
use std::process::Command;

use super::harness::{Node, unique};
use super::{printed, repository};

/// A loopback address of this test's own: the manual's port without its neighbours.
pub fn address() -> String {
    let name = unique("address");
    let hash = name.bytes().fold(17u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("127.{}.{}.{}:8088", 1 + hash % 250, (hash >> 8) % 250, 1 + (hash >> 16) % 250)
}

/// The text of the ```sh blocks of a part of a page.
fn blocks(part: &str) -> Vec<String> {
    let blocks = part.split("\n```sh\n").skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

/// The part of a page under a heading, up to the next one of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let level = heading.split(' ').next().unwrap();
    let (_, part) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    part.split(&format!("\n{level} ")).next().unwrap()
}

/// Runs a script of `bash` in a directory, with this build's binary first in the path.
fn run(dir: &std::path::Path, script: &str, variables: &[(&str, &str)]) -> (bool, String, String) {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_lentic")).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        [dir.join("bin"), binary]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut bash = Command::new("bash");
    bash.args(["-euc", script]).current_dir(dir).env("PATH", path.unwrap()).envs(variables.iter().copied());
    let output = bash.stdin(std::process::Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The session, but for the building, at another address.
#[test]
fn session_of_the_readme() {
    let page = include_str!("../../../../README.md");
    let session = section(page, "## A session").split("\nThe same on Kafka").next().unwrap();
    let address = address();
    let script: String = blocks(session)
        .concat()
        .lines()
        .filter(|line| !line.starts_with("cargo build ") && !line.starts_with("export PATH="))
        .map(|line| {
            line.replace("127.0.0.1:8088", &address).replace(" demo/data/", " \"$REPOSITORY\"/demo/data/")
                + "\n"
        })
        .collect();
    assert!(script.lines().count() > 15, "{script}");
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{address}");
    // What the session leaves running ends with its shell.
    let script = format!("trap 'kill $(jobs -p) && wait' EXIT\n{script}");
    let repository = repository();
    let variables = [
        ("LENTIC_URL", url.as_str()),
        ("LENTIC_LISTEN", &address),
        ("REPOSITORY", repository.to_str().unwrap()),
    ];
    let (success, said, errors) = run(dir.path(), &script, &variables);
    assert!(success, "{said}\n{errors}");
    let mut at = 0;
    // In this order.
    for part in [
        "{\"status\":\"ready\"}",
        "\"name\":\"planes\"",
        "planes/",
        "{\"model\":\"Flyer\",\"seats\":1}",
        "\"written\":3322",
        "{\"key\":\"N14228\",",
        "{\"key\":\"N150",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 412 Precondition Failed",
        "{\"status\":\"ready\"}",
        "{\"seats\":2}",
    ] {
        let found =
            said[at..].find(part).unwrap_or_else(|| panic!("no {part} in its place:\n{said}\n{errors}"));
        at += found + part.len();
    }
    let change = "{\"event\":\"put\",\"key\":\"N1\",\"value\":{\"model\":\"Flyer II\",\"seats\":1}";
    assert!(said.contains(change), "the watch saw nothing: {said}");
}

/// Each `curl` of the manual, by its status. The examples of a block build on one another.
#[test]
fn calls_of_the_manual() {
    let page = include_str!("../../../../docs/http.md");
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(&dir.path().join("data"), &[]);
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let real = run(dir.path(), "command -v curl", &[]).1;
    // Watches go on for ever: here for a second.
    let wrapper = format!(
        "#!/bin/bash\nfor word; do if [ \"$word\" = -N ]; then set -- --max-time 1 \"$@\"; fi; done\n\
         {} --write-out '%{{stderr}}status %{{http_code}}\\n' \"$@\" || [ $? = 28 ]\n",
        real.trim()
    );
    std::fs::write(bin.join("curl"), wrapper).unwrap();
    run(dir.path(), "chmod +x bin/curl", &[]);
    let planes = repository().join("demo/data/planes.csv.gz");
    for (heading, statuses) in [
        ("## Tables", &[201, 200, 200, 200, 200, 404, 404][..]),
        ("## One row", &[200, 200, 200, 200, 200, 200, 200, 200]),
        ("## Many rows", &[200, 200, 200, 200, 200, 200, 200]),
        ("## Watching", &[200, 200]),
    ] {
        if heading != "## Tables" {
            node.create_table("planes", "string", "json", 6);
            printed(&node, &["load", "planes", planes.to_str().unwrap(), "--key", "tailnum", "--null", "NA"]);
        }
        let script = blocks(section(page, heading)).concat().replace("http://127.0.0.1:8088", &node.url);
        let (success, said, errors) = run(dir.path(), &script, &[]);
        assert!(success, "{script}\n{said}\n{errors}");
        let answered: Vec<u32> =
            errors.lines().filter_map(|line| line.strip_prefix("status ")?.parse().ok()).collect();
        assert_eq!(answered, statuses, "{heading}\n{said}\n{errors}");
    }
    assert_eq!(node.row("planes", "N1"), Some("{\"seats\":3}".to_owned()));
    assert_eq!(std::fs::read_to_string(dir.path().join("planes.ndjson")).unwrap().lines().count(), 3_323);
}

/// The calls of the other pages name flags that exist.
#[test]
fn commands_of_the_manual() {
    let pages = [include_str!("../../../../docs/tables.md"), include_str!("../../../../docs/operations.md")];
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    let script: String = blocks(pages[0]).concat();
    assert!(script.contains("lentic table create planes "), "{script}");
    let (success, said, errors) = run(dir.path(), &script, &[("LENTIC_URL", &node.url)]);
    assert!(success, "{said}\n{errors}");
    node.put_row("planes", "N1", "1");
    let other_dir = tempfile::tempdir().unwrap();
    let other = Node::ready(other_dir.path(), &[]);
    other.create_table("planes", "string", "json", 3);
    let script = blocks(section(pages[1], "## Backup, and moving to Kafka")).concat();
    let script =
        script.replace("http://127.0.0.1:8088", &node.url).replace("http://127.0.0.1:8089", &other.url);
    assert!(script.contains("lentic scan planes --all --url"), "{script}");
    let (success, said, errors) = run(dir.path(), &script, &[("LENTIC_URL", &node.url)]);
    assert!(success, "{said}\n{errors}");
    assert_eq!(
        (other.dump("planes"), node.dump("planes")),
        (node.dump("planes"), "{\"key\":\"N1\",\"value\":1}\n".to_owned())
    );
}
