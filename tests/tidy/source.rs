//! Rust code without what only people read and without its unit tests. No more of the language is known here than where comments,
//! strings and blocks end.

/// A file without its comments, the contents of its strings, and its unit tests.
pub(crate) fn code(text: &str) -> String {
    without_tests(&bare(text))
}

/// A file without its comments and the contents of its strings and characters.
pub(crate) fn bare(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let named = kept.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let skipped = comment(rest)
            .or_else(|| raw_string(rest).filter(|_| !named))
            .or_else(|| string(rest))
            .or_else(|| character(rest));
        match skipped {
            Some(_) => kept.push_str(if rest.starts_with('/') { " " } else { "\"\"" }),
            None => kept.push(first),
        }
        rest = &rest[skipped.unwrap_or(first.len_utf8())..];
    }
    kept
}

/// The length of the comment at the start of `text`, if one is there. The others are alike.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let mut depth = 0;
    let mut at = 0;
    while at == 0 || depth > 0 {
        let rest = text.get(at..)?;
        let step = match rest {
            _ if rest.starts_with("/*") => 1,
            _ if rest.starts_with("*/") => -1,
            _ if depth == 0 => return None,
            _ => 0,
        };
        depth += step;
        at += if step == 0 {
            rest.chars().next()?.len_utf8()
        } else {
            2
        };
    }
    Some(at)
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?;
    let inside = hashes.trim_start_matches('#');
    let end = format!("\"{}", &hashes[..hashes.len() - inside.len()]);
    let inside = inside.strip_prefix('"')?;
    Some(text.len() - inside.len() + inside.find(&end)? + end.len())
}

fn string(text: &str) -> Option<usize> {
    let mut escaped = true;
    text.starts_with('"').then_some(())?;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        // The opening quote counts as escaped, so that it does not end the string.
        escaped = c == '\\' && !escaped;
        ends.then_some(at + 1)
    })
}

/// A character, which a lifetime is not.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let end = if first == '\\' {
        2 + inside.get(2..)?.find('\'')?
    } else {
        first.len_utf8()
    };
    inside.get(end..)?.starts_with('\'').then_some(end + 2)
}

/// Leaves out what is marked `#[cfg(test)]`, wherever it stands.
fn without_tests(text: &str) -> String {
    let mut parts = text.split("#[cfg(test)]");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |kept, part| kept + after_item(part))
}

/// What follows the item at the start of `text`: it ends with a semicolon or with a block.
fn after_item(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == ';' || c == '}') {
            return &text[at + 1..];
        }
    }
    ""
}

#[test]
fn comments_and_strings_are_no_code() {
    for (text, expected) in [
        ("a // b\nc", "a  \nc"),
        ("a /* b /* c */ d */ e", "a   e"),
        (r#"f("b // \" c") + d"#, r#"f("") + d"#),
        (r##"f(r#"b " c"#) + d"##, r#"f("") + d"#),
        ("f('\"', '\\'', 'x') + \"b\"", r#"f("", "", "") + """#),
        ("&'a str, 'b'", r#"&'a str, """#),
    ] {
        assert_eq!(bare(text), expected, "{text}");
    }
}

#[test]
fn code_after_a_test_is_still_code() {
    let text = "a;\n#[cfg(test)]\nuse b::{c, d};\ne;\n#[cfg(test)]\nmod tests { f! {} }\ng;";
    let left = code(text);
    assert!(left.contains("e;") && left.contains("g;"), "{left}");
    assert!(!left.contains("b::") && !left.contains("f!"), "{left}");
}
