//! What `#[task]` and `#[main]` reject.

use super::{assert_messages, assert_rejected, tokens, without_async};

fn task_rejects(options: &str, item: &str, expected: &[&str]) {
    assert_rejected(
        &crate::task::task(tokens(options), &tokens(item)),
        item,
        expected,
    );
}

fn main_rejects(options: &str, item: &str, expected: &[&str]) {
    assert_rejected(
        &crate::main_fn::main(tokens(options), tokens(item)),
        item,
        expected,
    );
}

#[test]
fn task_on_other_items() {
    task_rejects("", "struct Count;", &["`#[task]` goes on a function"]);
    task_rejects(
        "",
        "fn count(&self) {}",
        &["take a `Shared<T>` as an argument instead of `self`"],
    );
}

#[test]
fn task_with_bad_signature() {
    task_rejects(
        "",
        "async fn count(n: &mut u8) {}",
        &[
            without_async(&["make it a plain `fn`"]),
            &["return what changed"],
        ]
        .concat(),
    );
    task_rejects(
        "",
        "fn count<T>(n: T) -> impl Display {}",
        &["in place of `T`", "return the concrete type"],
    );
}

#[test]
fn task_options() {
    task_rejects(
        "itm = Count",
        "fn count() {}",
        &["did you mean `item`? `#[task(…)]` knows"],
    );
    task_rejects("item", "fn count() {}", &["write `item = CountTask`"]);
}

#[test]
fn main_on_other_functions() {
    main_rejects(
        "",
        "fn run() {}",
        &["call `shared_runtime::init()` first thing in `main`"],
    );
    main_rejects("", "fn main(n: u8) {}", &["`main` takes no arguments"]);
    main_rejects("", "struct Main;", &["goes on `fn main() { … }`"]);
    main_rejects(
        "",
        "fn run(n: u8) {}",
        &["first thing in `main`", "takes no arguments"],
    );
}

#[test]
fn main_that_nobody_runs() {
    main_rejects(
        "",
        "#[allow(unused)] async fn main() {}",
        &["add the attribute of an executor"],
    );
}

#[test]
fn main_options() {
    let expansion = crate::main_fn::main(tokens("crat = rt"), tokens("fn main() {}"));
    let expected = "unknown option `crat`; did you mean `crate`? `#[main(…)]` knows `crate = path::to::shared_runtime`";
    assert_messages(&expansion, &[expected]);
}
