//! Shell completions.
use std::process::Command;

use super::harness::lentic;
use super::stdout;

#[test]
fn scripts() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&lentic(&["completions", shell]).output().unwrap());
        for word in ["serve", "watch", "guess", "completions", "key-encoding", "data-dir"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(lentic(&["completions", "csh"]).output().unwrap().status.code(), Some(2));
}

/// The script for bash completes commands, flags and their values.
#[test]
fn in_bash() {
    let script = "source <(\"$LENTIC\" completions bash)
        complete_words() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _lentic lentic \"${@: -1}\" \"${@: -2:1}\"; echo \"${COMPREPLY[@]}\"; }
        complete_words lentic st
        complete_words lentic table gu
        complete_words lentic scan t --rev
        complete_words lentic scan t --order ''";
    let mut bash = Command::new("bash");
    let output = bash.args(["-c", script]).env("LENTIC", env!("CARGO_BIN_EXE_lentic")).output().unwrap();
    assert_eq!(stdout(&output), "status\nguess\n--reverse\nasc desc\n", "{output:?}");
}
