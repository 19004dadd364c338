//! What must never be: the invariants of absence in `ARCHITECTURE.md`.

use super::files::{expect_none, read, written};
use super::graph::{Graph, graph, made_up, modules};
use super::source::bare;

/// A group of files, by the first name of their paths, and others.
type Rule = (&'static str, &'static [&'static str]);

/// Who may know whom and nobody else.
const ONLY: [Rule; 2] = [
    ("os", &["error", "exit", "panic"]),
    ("mapped", &["error", "os"]),
];

/// Who must not know whom; the empty name is everybody.
const NEVER: [Rule; 6] = [
    (
        "transport",
        &["message", "client", "object", "handle", "server", "call"],
    ),
    (
        "client",
        &[
            "object",
            "handle",
            "interface",
            "dispatch",
            "call",
            "server",
        ],
    ),
    (
        "object",
        &[
            "message",
            "transport",
            "client",
            "handle",
            "interface",
            "dispatch",
            "call",
            "server",
        ],
    ),
    (
        "message",
        &["transport", "client", "object", "handle", "server"],
    ),
    ("server", &["client", "shared", "server_handle"]),
    ("", &["process"]),
];

/// The only files with unsafe code: they map memory, call the kernel, find a descriptor by its number, hold a value behind the object lock or a
/// seat, read what another thread or process writes, find the call that a thread runs, copy numbers as the bytes that they are, fork, or
/// make sockets.
const UNSAFE: [&str; 31] = [
    "benches/src/lines.rs",
    "shared-runtime/benches/memory/block.rs",
    "shared-runtime/src/client/pool.rs",
    "shared-runtime/src/codec/numbers.rs",
    "shared-runtime/src/codec/output.rs",
    "shared-runtime/src/context.rs",
    "shared-runtime/src/handle/carry.rs",
    "shared-runtime/src/mapped/frozen.rs",
    "shared-runtime/src/mapped/mapping.rs",
    "shared-runtime/src/mapped/racing.rs",
    "shared-runtime/src/memory/array/record.rs",
    "shared-runtime/src/memory/array/views.rs",
    "shared-runtime/src/memory/list/tests.rs",
    "shared-runtime/src/object/hosted.rs",
    "shared-runtime/src/object/record.rs",
    "shared-runtime/src/os/credentials.rs",
    "shared-runtime/src/os/fork.rs",
    "shared-runtime/src/os/leave.rs",
    "shared-runtime/src/process/bootstrap.rs",
    "shared-runtime/src/process/child.rs",
    "shared-runtime/src/process/command.rs",
    "shared-runtime/src/process/exit.rs",
    "shared-runtime/src/process/start.rs",
    "shared-runtime/src/server/scribble.rs",
    "shared-runtime/src/transport/bridge.rs",
    "shared-runtime/src/transport/ring/memory.rs",
    "shared-runtime/src/transport/ring/sync.rs",
    "shared-runtime/src/transport/ring/waiting.rs",
    "tests/programs/endings.rs",
    "tests/programs/fork.rs",
    "tests/programs/stranger.rs",
];

fn group(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// Who may know whom though nobody else may: a manager of shared memory is a process.
const EXCEPT: Rule = ("manager", &["process"]);

fn is_forbidden(from: &str, to: &str) -> bool {
    if from == EXCEPT.0 && EXCEPT.1.contains(&to) {
        return false;
    }
    let never = NEVER
        .iter()
        .any(|(who, whom)| (who.is_empty() || *who == from) && whom.contains(&to));
    let only = ONLY
        .iter()
        .any(|(who, whom)| *who == from && !whom.contains(&to));
    from != to && (never || only)
}

fn forbidden(graph: &Graph) -> Vec<String> {
    let uses = graph
        .iter()
        .flat_map(|(module, used)| used.iter().map(move |used| (module, used)));
    uses.filter(|(module, used)| is_forbidden(group(module), group(used)))
        .map(|(module, used)| format!("{module} uses {used}"))
        .collect()
}

/// Whether there is unsafe code of any form; the mere word, as in `Token![unsafe]`, is none.
fn is_unsafe(text: &str) -> bool {
    const FORMS: [&str; 6] = ["{", "impl", "fn", "extern", "trait", "("];
    let text = bare(text);
    text.match_indices("unsafe").any(|(at, word)| {
        let named = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let after = text[at + word.len()..].trim_start();
        !named && FORMS.iter().any(|form| after.starts_with(form))
    })
}

/// The files that have unsafe code and are not listed, and those that are listed for nothing.
fn mislisted(files: &[(String, String)], listed: &[&str]) -> Vec<String> {
    let wrong = |(file, text): &&(String, String)| is_unsafe(text) != listed.contains(&&**file);
    let there = files.iter().filter(wrong).map(|(file, _)| file.clone());
    let gone = listed
        .iter()
        .filter(|listed| files.iter().all(|(file, _)| file != *listed));
    there.chain(gone.map(|file| (*file).to_owned())).collect()
}

#[test]
fn nobody_knows_what_they_must_not() {
    let advice = "ARCHITECTURE.md says who does not know whom; move what is needed below both";
    expect_none(&forbidden(&graph(&modules("shared-runtime/src"))), advice);
}

#[test]
fn the_rules_name_groups_that_exist() {
    let modules = modules("shared-runtime/src");
    for (who, whom) in ONLY.iter().chain(&NEVER).chain([&EXCEPT]) {
        for name in whom.iter().chain([who]) {
            let exists = modules.contains_key(*name);
            assert!(
                exists,
                "there is no `{name}` any more: rename it in the rules"
            );
        }
    }
}

#[test]
fn a_forbidden_use_is_found() {
    let found = |module, text| {
        let others = ["message", "exit", "new", "server_handle", "process"];
        let mut files = others.map(|other| (other, "pub struct It;")).to_vec();
        files.extend([("", "mod process;\npub use process::It;"), (module, text)]);
        forbidden(&made_up(&files))
    };
    assert_eq!(
        found("os::socket", "use crate::message::It;"),
        ["os::socket uses message"]
    );
    assert_eq!(found("os", "use crate::new::It;"), ["os uses new"]);
    assert_eq!(found("call", "use crate::It;"), ["call uses process"]);
    assert!(found("manager", "use crate::It;").is_empty());
    assert_eq!(
        found("server", "fn f(_: crate::server_handle::It) {}").len(),
        1
    );
    assert!(found("os::socket", "use crate::exit::It;").is_empty());
    assert!(found("call", "use crate::message::It;").is_empty());
}

#[test]
fn unsafe_code_stays_where_it_is() {
    let advice =
        "has unsafe code and is not listed in tests/tidy/layers.rs, or the other way round";
    expect_none(&mislisted(&written(), &UNSAFE), advice);
    let macros = bare(&read("shared-derive/src/lib.rs"));
    assert!(macros.contains("#![forbid(unsafe_code)]"));
}

#[test]
fn unsafe_code_is_found() {
    for text in [
        "unsafe { f() }",
        "unsafe impl Sync for A {}",
        "unsafe extern \"C\" {}",
        "#[unsafe(no_mangle)]",
        "#[cfg(test)]\nmod a {}\nunsafe fn f() {}",
    ] {
        let files = [("a.rs".to_owned(), text.to_owned())];
        assert_eq!(mislisted(&files, &[]), ["a.rs"], "{text}");
        assert!(mislisted(&files, &["a.rs"]).is_empty(), "{text}");
    }
    let files = [(
        "a.rs".to_owned(),
        "is_unsafe(\"unsafe {\"); // unsafe fn".to_owned(),
    )];
    assert!(mislisted(&files, &[]).is_empty());
    assert_eq!(mislisted(&files, &["a.rs", "b.rs"]), ["a.rs", "b.rs"]);
}
