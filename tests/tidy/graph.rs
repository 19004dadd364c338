//! Which file uses which, read from the paths in the code; and that no file uses itself over others.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{read, rust_files};
use super::source::code;

/// The files of a crate, less their tests, by module path: `os::socket`, `os` for `os/mod.rs`, and nothing for the root. What
/// generated code names is a face of the whole, and left out.
pub(crate) type Modules = BTreeMap<String, String>;

/// The files of a crate by module path, each with those it uses. The root is a face too: nobody uses it, only what it hands on.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

type Path = Vec<String>;

pub(crate) fn modules(source: &str) -> Modules {
    let own = |file: &String| !file.contains("/snapshots/") && !file.contains("/tests/");
    let files = rust_files(source).into_iter().filter(own);
    files
        .map(|file| (module(&file, source), code(&read(&file))))
        .filter(|(module, _)| module != "__private")
        .collect()
}

fn module(file: &str, source: &str) -> String {
    let path = file.trim_start_matches(source).trim_start_matches('/');
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" {
        return String::new();
    }
    path.replace('/', "::")
}

pub(crate) fn graph(modules: &Modules) -> Graph {
    let files = modules.iter().filter(|(module, _)| !module.is_empty());
    files
        .map(|(module, text)| (module.clone(), used(module, text, modules)))
        .collect()
}

/// The files that one file uses. What a folder's face hands on, it does not use.
fn used(module: &str, text: &str, modules: &Modules) -> BTreeSet<String> {
    let imports = imports(module, text, modules);
    let mut found = BTreeSet::new();
    for (path, _) in paths(&without_hand_ons(module, text, modules)) {
        let path = absolute(module, &path, modules).or_else(|| {
            let start = imports.get(path.first()?)?;
            Some([start, &path[1..]].concat())
        });
        found.extend(path.and_then(|path| home(&path, modules)));
    }
    found.retain(|used| used != module && !used.is_empty());
    found
}

/// All paths in a text of more than one name, each with the name it gets: `os::{Socket as S, wait}` is two of them.
fn paths(text: &str) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_name) {
        let before = &rest[..at];
        let name = &rest[at..];
        let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
        let starts = !before.ends_with([':', '$']) && !before.ends_with("(in ");
        rest = if starts && name[end..].starts_with("::") {
            expand(name, Vec::new(), &mut found)
        } else {
            // The end of this name stays in sight, for what comes after a `:`.
            &name[end..]
        };
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Follows one path to its ends; returns what comes after it.
fn expand<'a>(text: &'a str, mut path: Path, found: &mut Vec<(Path, String)>) -> &'a str {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        return expand_group(group, &path, found);
    }
    let (name, after) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let itself = name == "self" && !path.is_empty();
    if !name.is_empty() && !itself {
        path.push(name.to_owned());
    }
    match after.strip_prefix("::") {
        Some(more) if !name.is_empty() => expand(more, path, found),
        _ => end(after, path, found),
    }
}

fn expand_group<'a>(text: &'a str, path: &Path, found: &mut Vec<(Path, String)>) -> &'a str {
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        let after = expand(rest, path.clone(), found).trim_start();
        // What is not a path, as `*`, is stepped over.
        let step = after.chars().next().filter(|c| *c != '}');
        rest = after[step.map_or(0, char::len_utf8)..].trim_start();
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

fn end<'a>(after: &'a str, path: Path, found: &mut Vec<(Path, String)>) -> &'a str {
    let own = path.last().cloned().unwrap_or_default();
    let Some(alias) = after.strip_prefix(" as ") else {
        found.push((path, own));
        return after;
    };
    let (alias, after) = alias.split_at(alias.find(|c| !is_name(c)).unwrap_or(alias.len()));
    found.push((path, alias.to_owned()));
    after
}

/// A path from the root, if it starts in this crate without the help of an import.
fn absolute(module: &str, path: &[String], modules: &Modules) -> Option<Path> {
    let mut here: Path = module.split("::").map(str::to_owned).collect();
    here.retain(|name| !name.is_empty());
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => return Some(rest.to_vec()),
        "self" => {}
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            here.truncate(here.len().checked_sub(ups)?);
            return Some([&here, &path[ups..]].concat());
        }
        _ if is_child(module, first, modules) => here.push(first.clone()),
        _ => return None,
    }
    Some([&here, rest].concat())
}

fn is_child(module: &str, name: &str, modules: &Modules) -> bool {
    let child = format!("{module}::{name}");
    modules.contains_key(child.trim_start_matches("::"))
}

/// What a file's `use`s bring in from this crate, by name.
fn imports(module: &str, text: &str, modules: &Modules) -> BTreeMap<String, Path> {
    let mut found = Vec::new();
    for (_, statement) in uses(text) {
        expand(statement, Vec::new(), &mut found);
    }
    let named = found
        .into_iter()
        .filter_map(|(path, name)| Some((name, absolute(module, &path, modules)?)));
    named.collect()
}

/// The `use`s of a file: what stands before each on its line, and what it names.
fn uses(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let places = text.match_indices("use ").map(|(at, word)| {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let rest = &text[at + word.len()..];
        let end = rest.find(';').unwrap_or(rest.len());
        (text[line..at].trim_start(), &rest[..end])
    });
    places.filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
}

fn without_hand_ons(module: &str, text: &str, modules: &Modules) -> String {
    let mut kept = text.to_owned();
    for (before, statement) in uses(text) {
        let first = statement.split("::").next().unwrap_or_default();
        if before.starts_with("pub") && is_child(module, first, modules) {
            kept = kept.replace(&format!("{before}use {statement};"), "");
        }
    }
    kept
}

/// The file in which the thing at the end of a path is written: a face hands most of its names on.
fn home(path: &[String], modules: &Modules) -> Option<String> {
    let depth = (0..=path.len())
        .rev()
        .find(|depth| modules.contains_key(&path[..*depth].join("::")))?;
    let module = path[..depth].join("::");
    let handed_on = path.get(depth).and_then(|name| {
        let end = imports(&module, &modules[&module], modules).remove(name)?;
        home(&end, modules)
    });
    Some(handed_on.unwrap_or(module))
}

/// A circle, as the files on it, if there is one.
fn circle(graph: &Graph) -> Option<Path> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut way = Vec::new();
        goes_round(start, graph, &mut way, &mut done).then_some(way)
    })
}

/// Whether a circle can be reached from a file; if so, `way` is that circle.
fn goes_round(at: &str, graph: &Graph, way: &mut Path, done: &mut BTreeSet<String>) -> bool {
    if let Some(start) = way.iter().position(|earlier| earlier == at) {
        way.drain(..start);
        return true;
    }
    if !done.insert(at.to_owned()) {
        return false;
    }
    way.push(at.to_owned());
    let mut next = graph.get(at).into_iter().flatten();
    if next.any(|next| goes_round(next, graph, way, done)) {
        return true;
    }
    way.pop();
    false
}

/// The graph of a crate that exists only here.
pub(crate) fn made_up(files: &[(&str, &str)]) -> Graph {
    let files = files.iter();
    graph(
        &files
            .map(|(module, text)| ((*module).to_owned(), code(text)))
            .collect(),
    )
}

#[test]
fn no_file_uses_itself_over_others() {
    for source in ["shared-runtime/src", "shared-derive/src", "benches/src"] {
        let graph = graph(&modules(source));
        let edges: usize = graph.values().map(BTreeSet::len).sum();
        assert!(
            edges > 20,
            "{source} has {edges} uses: are they still read?"
        );
        let circle = circle(&graph);
        assert!(
            circle.is_none(),
            "{source}: a circle of {circle:?}; move what two of them share to a file below both"
        );
    }
}

#[test]
fn a_circle_is_found_also_through_a_folders_face() {
    let face = ("a", "mod x;\npub(crate) use x::{X, Y as Z};");
    for (of_x, of_b, expected) in [
        ("use crate::b::B;", "pub struct B;", None),
        (
            "fn f(b: crate::b::B) {}",
            "use crate::a::Z;",
            Some(["a::x", "b"]),
        ),
        (
            "use crate::b;",
            "use crate::a;\nfn f() { a::X; }",
            Some(["a::x", "b"]),
        ),
        (
            "use crate::b;",
            "use crate::{a as c};\nfn f() { c::X; }",
            Some(["a::x", "b"]),
        ),
        ("use super::super::b::B;", "// crate::a::X", None),
        (
            "#[cfg(test)]\nuse std::io;\nuse crate::b::B;",
            "use crate::a::X;",
            Some(["a::x", "b"]),
        ),
    ] {
        let found = circle(&made_up(&[face, ("a::x", of_x), ("b", of_b)]));
        let expected = expected.map(|way| way.map(str::to_owned).to_vec());
        assert_eq!(found, expected, "{of_x} {of_b}");
    }
}

#[test]
fn a_circle_is_found_inside_a_folder() {
    let beside = made_up(&[
        ("a", ""),
        ("a::x", "use super::y::Y;"),
        ("a::y", "use super::{w, x::{X, Z}};"),
    ]);
    assert_eq!(circle(&beside).map(|way| way.len()), Some(2));
    let above = made_up(&[
        ("a", "mod x;\nfn f() { x::g(); }"),
        ("a::x", "fn g() { super::f(); }"),
    ]);
    assert_eq!(circle(&above).map(|way| way.len()), Some(2));
}

#[test]
fn the_root_hands_names_on_and_is_not_used() {
    let graph = made_up(&[
        ("", "mod a;\nmod b;\npub use b::B;"),
        ("a", "use crate::{B, c};"),
        ("b", ""),
    ]);
    assert_eq!(graph["a"], BTreeSet::from(["b".to_owned()]));
    assert!(!graph.contains_key(""));
}
