//! What must never be: the invariants of absence in `ARCHITECTURE.md`.

use super::files::{code, read, rust_files};
use super::graph::{Graph, graph, modules};

/// Who must not know whom, by the first name of a module's path.
const NEVER: [(&str, &[&str]); 7] = [
    (
        "os",
        &[
            "message",
            "codec",
            "transport",
            "client",
            "object",
            "handle",
            "server",
            "call",
        ],
    ),
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

/// The only files with unsafe code: they map memory, call the kernel, find a descriptor by its number, or hold a value behind
/// the object lock.
const UNSAFE: [&str; 7] = [
    "shared-runtime/src/object/hosted.rs",
    "shared-runtime/src/os/fork.rs",
    "shared-runtime/src/process/bootstrap.rs",
    "shared-runtime/src/process/child.rs",
    "shared-runtime/src/process/spawn.rs",
    "shared-runtime/src/process/start.rs",
    "shared-runtime/src/transport/bridge.rs",
];

fn broken(graph: &Graph) -> Vec<String> {
    let first = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let uses = graph
        .iter()
        .flat_map(|(module, used)| used.iter().map(move |used| (module, used)));
    uses.filter(|(module, used)| {
        let (from, to) = (first(module), first(used));
        from != to
            && NEVER
                .iter()
                .any(|(who, whom)| (who.is_empty() || *who == from) && whom.contains(&to.as_str()))
    })
    .map(|(module, used)| format!("{module} uses {used}"))
    .collect()
}

#[test]
fn nobody_knows_what_they_must_not() {
    assert_eq!(
        broken(&graph(&modules("shared-runtime/src"))),
        Vec::<String>::new()
    );
}

#[test]
fn a_forbidden_use_is_found() {
    let files = [
        ("os::socket", "use crate::message::Hello;"),
        ("message", "pub struct Hello;"),
    ];
    let files = files
        .map(|(module, text)| (module.to_owned(), text.to_owned()))
        .into();
    assert_eq!(broken(&graph(&files)), ["os::socket uses message"]);
}

#[test]
fn unsafe_code_stays_where_it_is() {
    assert!(read("shared-derive/src/lib.rs").contains("#![forbid(unsafe_code)]"));
    for file in rust_files("shared-runtime/src") {
        let text = code(&read(&file));
        let forms = ["unsafe {", "unsafe impl", "unsafe fn"];
        let has = forms.iter().any(|form| text.contains(form));
        let may = UNSAFE.contains(&file.as_str());
        assert_eq!(
            has, may,
            "{file}: it has unsafe code and is not on the list here, or the other way round"
        );
    }
}
