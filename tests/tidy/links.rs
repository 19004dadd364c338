//! Links within the guide lead to a page that there is, and to a heading of it.

use std::path::{Component, Path, PathBuf};

use super::files::{expect_none, files, read, root};

/// What a page says outside of its snippets.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The links of a page that stay in the guide.
fn links(prose: &str) -> Vec<&str> {
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://"))
        .collect()
}

/// How a heading is named in links.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let text: String = heading.trim().chars().filter(kept).collect();
    text.to_lowercase().replace(' ', "-")
}

fn anchors(prose: &str) -> Vec<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// Where `link` leads from the page at `from`, and to which heading.
fn target<'a>(from: &str, link: &'a str) -> (PathBuf, Option<&'a str>) {
    let (path, heading) = match link.split_once('#') {
        Some((path, heading)) => (path, Some(heading)),
        None => (link, None),
    };
    if path.is_empty() {
        return (from.into(), heading);
    }
    let mut place = PathBuf::new();
    for part in Path::new(from).with_file_name(path).components() {
        if part == Component::ParentDir {
            place.pop();
        } else {
            place.push(part);
        }
    }
    (place, heading)
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    let mut faults = Vec::new();
    for from in files("book/src") {
        for link in links(&prose(&read(&from))) {
            let (place, heading) = target(&from, link);
            let leads = root().join(&place).exists()
                && heading.is_none_or(|it| anchors(&prose(&read(&place))).contains(&it.to_owned()));
            if !leads {
                faults.push(format!("{from}: {link}"));
            }
        }
    }
    expect_none(&faults, "name a page, and a heading as it is written there");
}

#[test]
fn links_and_headings_are_found() {
    let page = "# A `b` c, d\n[x](y.md#z), [e](https://f)\n```\n# no [g](h)\n```\n## I\n";
    assert_eq!(links(&prose(page)), ["y.md#z"]);
    assert_eq!(anchors(&prose(page)), ["a-b-c-d", "i"]);
    let (place, heading) = target("book/src/a/b.md", "../c.md#d");
    assert_eq!(
        (place.to_str(), heading),
        (Some("book/src/c.md"), Some("d"))
    );
    assert_eq!(target("a.md", "#b"), ("a.md".into(), Some("b")));
}
