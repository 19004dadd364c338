//! One test for each rule of `#[shared]`: what it says, and that the user's item is emitted all the
//! same.

use super::{
    assert_rejected, messages, rejects_marked, shared, tokens, without_async, without_spaces,
};

/// An impl of one method without marks.
fn rejects(method: &str, expected: &str) {
    rejects_all("", &format!("impl Tally {{ {method} }}"), &[expected]);
}

fn rejects_all(options: &str, item: &str, expected: &[&str]) {
    assert_rejected(
        &crate::shared::shared(tokens(options), &tokens(item)),
        item,
        expected,
    );
}

#[test]
fn generic_methods() {
    rejects(
        "pub fn add<T: Serialize>(&self, t: T) {}",
        "write the concrete type in place of `T`",
    );
    rejects(
        "pub fn add<const N: usize>(&self, t: [u8; N]) {}",
        "write the number in place of `N`",
    );
    rejects(
        "pub fn add<'a, 'b: 'a>(&'a self, t: &'b str) {}",
        "leave the lifetimes to elision",
    );
}

#[test]
fn where_clauses() {
    rejects(
        "pub fn add(&self) where Self: Sized {}",
        "remove it and use concrete types",
    );
    let empty = shared("", "impl Tally where { pub fn add(&self) where {} }");
    assert!(!empty.contains("compile_error"), "{empty}");
}

#[test]
fn half_typed_members_take_no_others_with_them() {
    for half in [
        "pub fn add(&self, n: ) {}",
        "pub fn add(&self) -> {}",
        "pub fn",
        "pub",
    ] {
        let item = format!("impl Tally {{ pub fn get(&self) -> u8 {{}} {half} }}");
        let expansion = crate::shared::shared(tokens(""), &tokens(&item));
        let emitted = without_spaces(&expansion);
        assert!(
            emitted.starts_with(&without_spaces(&tokens(&item))),
            "{emitted}"
        );
        assert_eq!(messages(&expansion).len(), 1, "{emitted}");
        assert!(emitted.contains("Method::new(\"get\""), "{emitted}");
    }
    let half =
        "#[shared(skip)] pub fn one(&self) {} #[shared(timeout = )] pub fn two(&self, n: ) {}";
    let expansion = crate::shared::shared(tokens(""), &tokens(&format!("impl Tally {{ {half} }}")));
    let item = "impl Tally { pub fn one(&self) {} pub fn two(&self, n: ) {} }";
    assert!(without_spaces(&expansion).starts_with(&without_spaces(&tokens(item))));
}

#[test]
fn a_method_that_is_rejected_leaves_its_trait_shared() {
    let item = "trait Store { fn get(&self, _: u8) -> Result<u8, Error>; fn len(&self) -> u8; }";
    let expansion = crate::shared::shared(tokens(""), &tokens(item));
    assert_rejected(&expansion, item, &["plain name", "a call can fail"]);
    let emitted = without_spaces(&expansion);
    assert!(emitted.contains("Shareablefordyn"), "{emitted}");
    for method in ["fnget(&self,_:u8)->Result<u8,Error>{", "fnlen(&self)->u8{"] {
        assert!(emitted.contains(method), "{emitted}");
    }
    let no_dyn = "trait Store { fn get<T>(&self, t: T) -> Result<u8, Error>; }";
    let expansion = crate::shared::shared(tokens(""), &tokens(no_dyn));
    assert!(!without_spaces(&expansion).contains("Shareable"));
}

#[test]
fn impl_trait() {
    rejects(
        "pub fn add(&self, n: impl Into<u64>) {}",
        "write the concrete type",
    );
    rejects(
        "pub fn add(&self, n: &impl Display) {}",
        "write the concrete type",
    );
    rejects(
        "pub fn all(&self) -> impl Iterator<Item = u64> {}",
        "return the concrete type, as `Vec<T>`",
    );
}

#[test]
fn mutable_references() {
    rejects(
        "pub fn add(&self, n: &mut u64) {}",
        "take `&T` or `T` and return what changed",
    );
    rejects(
        "pub fn add(&self, n: Option<&mut u64>) {}",
        "take `&T` or `T` and return what changed",
    );
    rejects(
        "pub fn add(&mut self) -> &mut u64 {}",
        "add a method that makes the change",
    );
}

#[test]
fn borrows_inside() {
    rejects(
        "pub fn add(&self, n: Vec<&str>) {}",
        "hold no borrow inside; write the owned type",
    );
    rejects(
        "pub fn add(&self, n: Cow<'_, str>) {}",
        "hold no borrow inside; write the owned type",
    );
    rejects("pub fn add(&self, n: &'static str) {}", "remove `'static`");
    rejects(
        "pub fn all(&self) -> Vec<&str> {}",
        "hold no borrow inside; return the owned type",
    );
    rejects(
        "pub fn all(&self) -> io::Result<&str> {}",
        "hold no borrow inside; return the owned type",
    );
    rejects(
        "pub fn open() -> Result<Self, &'static str> {}",
        "make it a concrete, owned type",
    );
}

#[test]
fn patterns() {
    rejects(
        "pub fn add(&self, (a, b): (u8, u8)) {}",
        "take it apart in the body with `let`",
    );
    rejects(
        "pub fn add(&self, _: u8) {}",
        "give the argument a plain name",
    );
    rejects(
        "pub fn add(&self, ref a: u8) {}",
        "give the argument a plain name",
    );
}

#[test]
fn kinds_of_functions() {
    let asynchronous = "impl Tally { pub async fn add(&self) {} }";
    rejects_all("", asynchronous, without_async(&["make it a plain `fn`"]));
    rejects(
        "pub unsafe fn add(&self) {}",
        "write a safe `fn` that checks them",
    );
    rejects(
        r#"pub extern "C" fn add(&self) {}"#,
        "write a plain `fn` that calls it",
    );
    rejects("pub fn add(&self, ...) {}", "take a slice, as `&[T]`");
    rejects("pub fn stop(&self) -> ! {}", "return `()`");
}

#[test]
fn too_many_arguments() {
    let arguments = |n: usize| {
        (0..n)
            .map(|i| format!("a{i}: u8"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    rejects(
        &format!("pub fn add(&self, {}) {{}}", arguments(17)),
        "gather them in a struct",
    );
    rejects_marked(
        "",
        &format!("pub fn add(&self, {}) {{}}", arguments(16)),
        &[],
    );
}

#[test]
fn cfg_on_arguments() {
    rejects(
        "pub fn add(&self, #[cfg(unix)] a: u8) {}",
        "write the method twice",
    );
}

#[test]
fn names_of_handles() {
    rejects(
        "pub fn clone(&self) -> Self {}",
        "#[shared(rename = clone_object)]",
    );
    rejects_marked(
        "",
        "#[shared(rename = eq)] pub fn same(&self, other: u8) -> bool {}",
        &["`eq` means the handle itself"],
    );
    rejects_marked(
        "",
        "#[shared(rename = copy)] pub fn clone(&self) -> Self {}",
        &[],
    );
}

#[test]
fn equal_names() {
    let members = "pub fn get(&self) {} #[shared(rename = get)] pub fn read(&self) {}";
    rejects_marked(
        "",
        members,
        &["the proxy already has `get`, made from `get`"],
    );
    let members = "#[cfg(a)] pub fn get(&self) {} #[cfg(not(a))] pub fn get(&self) {}";
    rejects_marked("", members, &[]);
}

#[test]
fn taken_siblings() {
    rejects_all(
        "",
        "impl Tally { pub fn new() -> Self {} pub fn new_in(place: u8) -> u8 { place } }",
        &["this gains a sibling `new_in`, but there is one already"],
    );
    let members = "pub fn new() -> Self {} #[shared(rename = new)] pub fn open() -> Self {}";
    rejects_marked("", members, &["this gains a sibling `new_in`"]);
}

#[test]
fn nothing_exported() {
    rejects("fn add(&self) {}", "write `pub` before methods");
    rejects(
        "pub fn take(self) {} pub fn helper() -> u8 {}",
        "write `pub` before methods",
    );
    rejects_all(
        "explicit",
        "impl Tally { pub fn get(&self) {} }",
        &["mark them `#[shared(export)]`"],
    );
}

#[test]
fn hidden_marks() {
    rejects(
        "#[cfg_attr(test, shared(skip))] pub fn a(&self) {}",
        "under `#[cfg(…)]` with the mark",
    );
    rejects(
        "#[cfg_attr(test, shared(skip))] const A: u8 = 1; pub fn a(&self) {}",
        "under `#[cfg(…)]` with the mark",
    );
}

#[test]
fn marks_on_other_members() {
    rejects_marked(
        "",
        "#[shared(skip)] const A: u8 = 1; pub fn a(&self) {}",
        &["only functions can be shared"],
    );
}

#[test]
fn other_items() {
    rejects_all("", "impl !Store for Tally {}", &["has nothing to share"]);
    rejects_all(
        "",
        "struct Tally;",
        &["goes on the `impl` block that has the methods"],
    );
    rejects_all(
        "",
        "pub fn get(&self) {}",
        &["a mark inside of an `impl` block or a trait"],
    );
}

#[test]
fn generic_types() {
    rejects_all(
        "",
        "impl<'a> Stack<'a> { pub fn a(&self) {} }",
        &["a shared object can borrow nothing"],
    );
    rejects_all(
        "instances(Stack<u8>)",
        "impl Tally { pub fn a(&self) {} }",
        &["remove `instances(…)`"],
    );
    rejects_all(
        "name = \"Stack\"",
        "impl<T: Sync> Stack<T> { pub fn a(&self) {} }",
        &["needs a name of its own"],
    );
    rejects_all(
        "",
        "impl Stack<u8> where u8: Copy { pub fn a(&self) {} }",
        &["remove the `where` clause"],
    );
    rejects_all(
        "",
        "impl dyn Any { pub fn a(&self) {} }",
        &["needs a struct or an enum of this crate"],
    );
}

#[test]
fn all_errors_come_at_once_and_the_rest_is_expanded() {
    let item = "impl Tally { pub fn a(&self, n: &mut u8) -> impl Display {} pub async fn b<T>(&self) {} pub fn c(&self) {} }";
    let first = [
        "did you mean `explicit`?",
        "take `&T` or `T`",
        "return the concrete type",
    ];
    let asynchronous = without_async(&["enable the feature `async`"]);
    let expected = [&first, asynchronous, &["in place of `T`"]].concat();
    rejects_all("explict", item, &expected);
    let expansion = super::shared("", item);
    assert!(
        expansion.contains("pub fn c(&self) -> ::core::result::Result<(), __rt::Error>"),
        "{expansion}"
    );
    assert!(
        expansion.contains("impl __rt::Shareable for Tally"),
        "{expansion}"
    );
}

#[test]
fn bodies_are_not_read() {
    let item = "impl Tally { pub fn a(&self) { self. } }";
    rejects_all("", item, &[]);
}
