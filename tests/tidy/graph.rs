//! Which file uses which, read from the paths in the code; and that no file uses itself over others.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{code, read, rust_files};

/// The files of a crate by module path, each with those it uses.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// A crate's files by module path: `os::socket`, and `os` for `os/mod.rs`. The crate's root and what generated code names are
/// faces of the whole, and left out.
pub(crate) fn modules(source: &str) -> BTreeMap<String, String> {
    let module = |file: &String| {
        let path = file.strip_prefix(source).unwrap().trim_start_matches('/');
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.replace('/', "::")
    };
    let own = |file: &&String| !file.contains("/snapshots/") && !file.contains("/tests/");
    let files = rust_files(source);
    let modules = files
        .iter()
        .filter(own)
        .map(|file| (module(file), code(&read(file))));
    modules
        .filter(|(module, _)| module != "lib" && module != "__private")
        .collect()
}

pub(crate) fn graph(modules: &BTreeMap<String, String>) -> Graph {
    let uses = |module: &String, text: &String| -> BTreeSet<String> {
        let paths = paths(module, text);
        paths
            .iter()
            .filter_map(|path| home(path, modules))
            .filter(|used| used != module)
            .collect()
    };
    modules
        .iter()
        .map(|(module, text)| (module.clone(), uses(module, text)))
        .collect()
}

/// The absolute paths in a file: `crate::os::{Socket, wait}` is two of them.
fn paths(module: &str, text: &str) -> Vec<Vec<String>> {
    let parent: Vec<String> = match module.rsplit_once("::") {
        Some((parent, _)) => parent.split("::").map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let mut found = Vec::new();
    for (keyword, start) in [("crate::", Vec::new()), ("super::", parent)] {
        for (at, _) in text.match_indices(keyword) {
            let before = text[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$') {
                expand(&text[at + keyword.len()..], start.clone(), &mut found);
            }
        }
    }
    found
}

/// Follows one path to its ends; returns what comes after it.
fn expand<'a>(text: &'a str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.starts_with('}') && !rest.is_empty() {
                rest = expand(rest, path.clone(), found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            // Not a path after all: step over one character, so that the caller gets on.
            let mut characters = rest.chars();
            characters.next();
            found.push(path);
            return characters.as_str();
        }
        if name != "self" {
            path.push(name.to_owned());
        }
        let Some(more) = after.strip_prefix("::") else {
            found.push(path);
            return after;
        };
        rest = more;
    }
}

/// The file in which the thing at the end of a path is written: a folder's face hands most of its names on.
fn home(path: &[String], modules: &BTreeMap<String, String>) -> Option<String> {
    let known = (1..=path.len())
        .rev()
        .map(|length| path[..length].join("::"));
    let module = known
        .into_iter()
        .find(|module| modules.contains_key(module))?;
    let depth = module.split("::").count();
    let handed_on = path.get(depth).and_then(|name| {
        let text = &modules[&module];
        let uses = text
            .split("use ")
            .skip(1)
            .filter_map(|statement| statement.split(';').next());
        let mut ends = Vec::new();
        for statement in uses {
            expand(
                statement,
                module.split("::").map(str::to_owned).collect(),
                &mut ends,
            );
        }
        ends.into_iter()
            .find(|end| end.last() == Some(name) && end.len() > depth + 1)
    });
    match handed_on {
        Some(end) => home(&end, modules)
            .filter(|home| *home != module)
            .or(Some(module)),
        None => Some(module),
    }
}

/// A circle, as the files on it, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(at: &str, graph: &Graph, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(start) = way.iter().position(|earlier| earlier == at) {
            way.drain(..start);
            return true;
        }
        if done.contains(at) {
            return false;
        }
        way.push(at.to_owned());
        let next = graph.get(at).into_iter().flatten();
        if next.into_iter().any(|next| visit(next, graph, way, done)) {
            return true;
        }
        done.insert(at.to_owned());
        way.pop();
        false
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut way = Vec::new();
        visit(start, graph, &mut way, &mut done).then_some(way)
    })
}

fn made_up(files: &[(&str, &str)]) -> Graph {
    graph(
        &files
            .iter()
            .map(|(module, text)| ((*module).to_owned(), (*text).to_owned()))
            .collect(),
    )
}

#[test]
fn no_file_uses_itself_over_others() {
    for source in ["shared-runtime/src", "shared-derive/src"] {
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
    let face = ("a", "mod x;\npub(crate) use x::{X, Y};");
    let straight = made_up(&[face, ("a::x", "use crate::b::B;"), ("b", "pub struct B;")]);
    assert_eq!(circle(&straight), None);
    let round = made_up(&[
        face,
        ("a::x", "fn f(b: crate::b::B) {}"),
        ("b", "use crate::a::{Y};"),
    ]);
    assert_eq!(
        circle(&round),
        Some(vec!["a::x".to_owned(), "b".to_owned()])
    );
    let beside = made_up(&[
        ("a", ""),
        ("a::x", "use super::y::Y;"),
        ("a::y", "use super::{x::{X, Z}, w};"),
    ]);
    assert_eq!(circle(&beside).map(|way| way.len()), Some(2));
}
