//! What is said of options that are unknown, malformed or contradict each other.

use super::rejects_marked;

#[test]
fn contradicting_marks() {
    rejects_marked(
        "",
        "#[shared(skip, export)] pub fn a(&self) {} pub fn b(&self) {}",
        &["`skip` and `export` contradict"],
    );
    rejects_marked(
        "",
        "#[shared(export)] pub fn a(&self) {}",
        &["every visible method is exported already"],
    );
    rejects_marked(
        "explicit",
        "#[shared(skip)] pub fn a(&self) {}",
        &["remove `skip`"],
    );
    rejects_marked(
        "",
        "#[shared(result, plain)] pub fn a(&self) -> Alias<u8> {}",
        &["`result` and `plain` contradict"],
    );
    rejects_marked(
        "",
        "#[shared(plain)] pub fn a() -> Result<Self, u8> {}",
        &["the `Result` of a constructor"],
    );
}

#[test]
fn marks_without_effect() {
    rejects_marked(
        "",
        "#[shared(rename = b)] fn a(&self) {} pub fn c(&self) {}",
        &["because it is private"],
    );
    rejects_marked(
        "",
        "#[shared(skip, rename = b)] pub fn a(&self) {} pub fn c(&self) {}",
        &["the method is skipped"],
    );
    rejects_marked(
        "",
        "#[shared(plain)] pub fn a(self) {} pub fn c(&self) {}",
        &["a handle cannot give the object away"],
    );
    rejects_marked(
        "explicit",
        "#[shared(rename = b)] pub fn a(&self) {}",
        &["the impl is `explicit`: add `export`"],
    );
    rejects_marked(
        "explicit",
        "#[shared(export)] pub fn a() -> u8 {}",
        &["neither takes `&self` nor returns `Self`"],
    );
    rejects_marked("", "#[shared(skip)] fn a(&self) {} pub fn c(&self) {}", &[]);
}

#[test]
fn result_on_what_is_none() {
    rejects_marked(
        "",
        "#[shared(result)] pub fn a(&self) {}",
        &["this is none, remove it"],
    );
    rejects_marked(
        "",
        "#[shared(result)] pub fn a(&self) -> (u8, u8) {}",
        &["this is none, remove it"],
    );
    rejects_marked("", "#[shared(result)] pub fn a(&self) -> Saved {}", &[]);
}

#[test]
fn unknown_options() {
    let method = "pub fn a(&self) {}";
    rejects_marked(
        "explict",
        method,
        &["unknown option `explict`; did you mean `explicit`? `#[shared(…)]` on an impl knows"],
    );
    rejects_marked(
        "zzzzzzzz",
        method,
        &["unknown option `zzzzzzzz`. `#[shared(…)]` on an impl knows `calls = TallyCalls`"],
    );
    rejects_marked(
        "",
        "#[shared(skp)] pub fn a(&self) {}",
        &["did you mean `skip`? `#[shared(…)]` on a method knows `export`"],
    );
    rejects_marked(
        "skip",
        method,
        &["`skip` belongs to `#[shared(…)]` on a method"],
    );
    rejects_marked(
        "",
        "#[shared(proxy = A)] pub fn a(&self) {}",
        &["`proxy` belongs to `#[shared(…)]` on an impl"],
    );
}

#[test]
fn malformed_options() {
    let method = "pub fn a(&self) {}";
    rejects_marked(
        "explicit, explicit",
        "#[shared(export)] pub fn a(&self) {}",
        &["given twice"],
    );
    rejects_marked("proxy", method, &["write `proxy = TallyProxy`"]);
    rejects_marked("proxy = 1", method, &["write `proxy = TallyProxy`"]);
    rejects_marked("proxy(A)", method, &["write `proxy = TallyProxy`"]);
    rejects_marked("vis =", method, &["write `vis = pub(crate)`"]);
    rejects_marked("\"x\"", method, &["an option begins with its name"]);
    rejects_marked(
        "",
        "#[shared(skip = true)] pub fn a(&self) {} pub fn b(&self) {}",
        &["`skip` takes no value"],
    );
    rejects_marked("", "#[shared] pub fn a(&self) {}", &["say what to do"]);
    rejects_marked(
        "",
        "#[shared(rename = \"b\")] pub fn a(&self) {}",
        &["write `rename = another_name`"],
    );
}
