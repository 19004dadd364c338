//! The options of the attributes: the macros' own tables, the behaviour tests, the guide's pages and the macros' docs name the same ones.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{expect_none, files, read};
use super::parity::has_test;
use super::source::bare;

/// The options of one place, as the macros know them.
#[derive(Debug, PartialEq)]
struct Place {
    /// Of the table in the macros.
    table: String,
    /// As messages name it, and as headings do.
    name: String,
    /// What each is called, and how it is written.
    options: Vec<(String, String)>,
}

/// The places of the macros' tables.
fn places(code: &str) -> Vec<Place> {
    let tables = code.split("static ").skip(1);
    let tables = tables.filter_map(|table| table.split_once(": Table = Table {"));
    tables
        .map(|(table, rest)| {
            let body = rest.split("\n};").next().unwrap_or_default();
            let texts = texts(body);
            let (name, options) = texts.split_first().expect("a table has a place");
            let pairs = options
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()));
            Place {
                table: table.to_owned(),
                name: name.clone(),
                options: pairs.collect(),
            }
        })
        .collect()
}

/// The string literals of a piece of code.
fn texts(code: &str) -> Vec<String> {
    let marked = code.replace("\\\"", "\0");
    let texts = marked.split('"').skip(1).step_by(2);
    texts.map(|text| text.replace('\0', "\"")).collect()
}

/// The first cells of the tables below the heading for a place. A table whose head is not `option` is about something else.
fn rows(page: &str, place: &str) -> Vec<String> {
    let mut lines = page
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != place);
    let below = lines
        .by_ref()
        .skip(1)
        .take_while(|line| !line.starts_with('#'));
    let table = below.skip_while(|line| !line.starts_with("| option |"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1))
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// How many tables of options a page has.
fn tables(page: &str) -> usize {
    let heads = page.lines().filter(|line| line.starts_with("| option |"));
    heads.count()
}

/// What is wrong with the tables of a page, whose first cells are made by `cell`.
fn table_faults(
    page: &str,
    file: &str,
    places: &[Place],
    cell: impl Fn(&str, &str) -> String,
) -> Vec<String> {
    let mut faults = Vec::new();
    if tables(page) != places.len() {
        faults.push(format!(
            "{file}: {} tables for {} places",
            tables(page),
            places.len()
        ));
    }
    for place in places {
        let expected = place.options.iter();
        let expected: Vec<String> = expected.map(|(name, usage)| cell(name, usage)).collect();
        let found = rows(page, &place.name);
        if found != expected {
            faults.push(format!(
                "{file}: {}: {found:?} and not {expected:?}",
                place.name
            ));
        }
    }
    faults
}

/// The docs of the macros, without what makes them comments.
fn docs(code: &str) -> String {
    let lines = code.lines().filter_map(|line| line.strip_prefix("///"));
    let lines: Vec<&str> = lines.map(str::trim).collect();
    lines.join("\n")
}

/// The options and the places in which each stands.
fn by_option(places: &[Place]) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for place in places {
        for (name, _) in &place.options {
            all.entry(name).or_default().push(&place.name);
        }
    }
    all
}

/// What is wrong with the pages, given by their names: one for each option, which begins with where it stands.
fn page_faults(pages: &BTreeMap<String, String>, places: &[Place]) -> Vec<String> {
    let options = by_option(places);
    let mut faults = Vec::new();
    for (name, places) in &options {
        let head = format!("# `{name}`\n\n{}\n", places.join(" · "));
        match pages.get(*name) {
            None => faults.push(format!("`{name}` has no page")),
            Some(page) if !page.starts_with(&head) => {
                faults.push(format!(
                    "the page of `{name}` begins with something else than {head:?}"
                ));
            }
            Some(page) if !page.contains("```rust\n") => {
                faults.push(format!("the page of `{name}` has no example"));
            }
            Some(_) => {}
        }
    }
    let gone = pages
        .keys()
        .filter(|page| !options.contains_key(page.as_str()));
    faults.extend(gone.map(|page| format!("there is no option `{page}`, which has a page")));
    faults
}

/// `crate` cannot be the name of a function.
fn test_of(option: &str) -> String {
    if option == "crate" {
        "crate_".to_owned()
    } else {
        option.to_owned()
    }
}

/// The names of a file's tests.
fn tests(text: &str) -> BTreeSet<String> {
    let text = bare(text);
    let heads = text.split("fn ").skip(1);
    let names = heads
        .filter_map(|head| head.split_once("()"))
        .map(|(name, _)| name.to_owned());
    names.filter(|name| has_test(&text, name)).collect()
}

/// What is wrong with a file of behaviour tests, each of which shows an option of these places.
fn test_faults(file: &str, text: &str, places: &[&Place]) -> Vec<String> {
    let options = places.iter().flat_map(|place| &place.options);
    let expected: BTreeSet<String> = options.map(|(name, _)| test_of(name)).collect();
    let found = tests(text);
    let missing = expected
        .difference(&found)
        .map(|name| format!("{file}: no test `{name}`"));
    let gone = found.difference(&expected);
    missing
        .chain(gone.map(|name| format!("{file}: there is no option for the test `{name}`")))
        .collect()
}

fn known() -> Vec<Place> {
    let places = places(&read("shared-derive/src/attributes/table.rs"));
    assert_eq!(places.len(), 7, "are the tables still read? {places:?}");
    places
}

#[test]
fn every_option_has_a_test() {
    let places = known();
    let (of_traits, others): (Vec<&Place>, Vec<&Place>) = places
        .iter()
        .partition(|place| place.table.starts_with("TRAIT"));
    let mut faults = Vec::new();
    for (file, places) in [
        ("tests/behaviour/options.rs", others),
        ("tests/behaviour/options/traits.rs", of_traits),
    ] {
        faults.extend(test_faults(file, &read(file), &places));
    }
    expect_none(&faults, "a behaviour test for each option, of its name");
}

#[test]
fn every_option_has_a_page() {
    let pages = files("book/src/options").into_iter().map(|file| {
        let name = file
            .trim_start_matches("book/src/options/")
            .trim_end_matches(".md");
        (name.to_owned(), read(&file))
    });
    let faults = page_faults(&pages.collect(), &known());
    expect_none(&faults, "a page in book/src/options for each option");
}

#[test]
fn the_guide_and_the_docs_list_the_options_that_there_are() {
    let places = known();
    let linked = |name: &str, usage: &str| format!("[`{usage}`](options/{name}.md)");
    let (guide, code) = (
        read("book/src/attributes.md"),
        read("shared-derive/src/lib.rs"),
    );
    let mut faults = table_faults(&guide, "book/src/attributes.md", &places, linked);
    let written = |_: &str, usage: &str| format!("`{usage}`");
    faults.extend(table_faults(
        &docs(&code),
        "shared-derive/src/lib.rs",
        &places,
        written,
    ));
    expect_none(
        &faults,
        "a table for each of the macros' own, with the same rows",
    );
}

const TABLES: &str = "\
static TYPE: Table = Table {
    place: \"`#[a(…)]`\",
    options: &[
        (\"crate\", \"crate = path\"),
        (\"lock\", \"lock = \\\"mutex\\\"\"),
    ],
    others: &[],
};

static MAIN: Table = Table {
    place: \"`#[b(…)]`\",
    options: &[(\"crate\", \"crate = path\")],
    others: &[],
};
";

#[test]
fn an_option_without_a_test_is_found() {
    let places = places(TABLES);
    let names: Vec<&str> = places.iter().map(|place| &*place.name).collect();
    assert_eq!(names, ["`#[a(…)]`", "`#[b(…)]`"]);
    assert_eq!(
        places[0].options[1],
        ("lock".into(), "lock = \"mutex\"".into())
    );
    let faults = |text: &str| test_faults("a.rs", text, &[&places[0]]).len();
    assert_eq!(
        faults("#[test]\nfn lock() {}\n#[test]\nfn crate_() {}\nfn help() {}"),
        0
    );
    assert_eq!(
        faults("#[test]\nfn lock() {}\nfn crate_() {}"),
        1,
        "no test"
    );
    assert_eq!(
        faults("#[test]\nfn lock() {}\n// #[test]\n// fn crate_() {}"),
        1,
        "a comment"
    );
    let more = "#[test]\nfn lock() {}\n#[test]\nfn crate_() {}\n#[test]\nfn key() {}";
    assert_eq!(faults(more), 1, "no such option");
}

#[test]
fn an_option_without_a_page_is_found() {
    let places = places(TABLES);
    let (name, lock) = (
        "# `crate`\n\n`#[a(…)]` · `#[b(…)]`\n",
        "# `lock`\n\n`#[a(…)]`\n",
    );
    let faults = |pages: &[(&str, &str)]| {
        let pages = pages
            .iter()
            .map(|(name, text)| ((*name).to_owned(), format!("{text}```rust\n")));
        page_faults(&pages.collect(), &places).len()
    };
    assert_eq!(faults(&[("crate", name), ("lock", lock)]), 0);
    assert_eq!(faults(&[("crate", name)]), 1);
    assert_eq!(
        faults(&[("crate", name), ("lock", name)]),
        1,
        "another's head"
    );
    assert_eq!(
        faults(&[("crate", lock), ("lock", lock)]),
        1,
        "a place is missing"
    );
    assert_eq!(faults(&[("crate", name), ("lock", lock), ("key", "")]), 1);
}

#[test]
fn an_option_without_a_row_is_found() {
    let places = places(TABLES);
    let head = "| option | meaning |\n|---|---|\n";
    let (name, lock) = ("| `crate = path` | a |\n", "| `lock = \"mutex\"` | b |\n");
    let faults =
        |page: &str| table_faults(page, "a.md", &places, |_, usage| format!("`{usage}`")).len();
    let page = |first: &str, second: &str| {
        format!(
            "# Page\n\n## `#[a(…)]`\n\nText.\n\n{head}{first}\n## `#[b(…)]`\n\n{head}{second}\nText.\n"
        )
    };
    assert_eq!(faults(&page(&[name, lock].concat(), name)), 0);
    assert_eq!(faults(&page(name, name)), 1, "none for `lock`");
    assert_eq!(
        faults(&page(&[name, lock].concat(), &[name, lock].concat())),
        1,
        "no such option"
    );
    assert_eq!(
        faults(&page(&[lock, name].concat(), name)),
        1,
        "another order"
    );
    let more = format!(
        "{}## `#[c(…)]`\n\n{head}",
        page(&[name, lock].concat(), name)
    );
    assert_eq!(faults(&more), 1, "no such place");
    assert_eq!(docs("/// a\nb\n    /// c\n///\n/// | d |"), "a\n\n| d |");
}
