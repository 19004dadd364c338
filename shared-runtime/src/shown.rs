//! How an error of ours is found inside of another that only passes its text on. Knows none of them.
//!
//! A report is made from any error, whatever its type: from a `CallError` of any `E`, from a user's enum that wraps one. Their
//! types cannot be asked what is inside, but all of them show it when they are asked for their text. So whoever wants to know
//! asks for the text, and what is ours and shows itself meanwhile leaves a copy.

use std::any::Any;
use std::cell::Cell;
use std::error::Error;

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static SHOWN: Cell<Option<Box<dyn Any>>> = const { Cell::new(None) };
}

/// The text of an error, and a copy of what has shown itself in it last. It may be a part of the text only.
pub(crate) fn text_of(error: &dyn Error) -> (String, Option<Box<dyn Any>>) {
    let asked = Asked {
        before: ASKED.replace(true),
    };
    let text = error.to_string();
    drop(asked);
    (text, SHOWN.try_with(Cell::take).ok().flatten())
}

/// Said by an error that shows itself.
pub(crate) fn show<T: Clone + 'static>(error: &T) {
    if ASKED.get() {
        // A thread whose thread-locals are gone already does without.
        let _ = SHOWN.try_with(|shown| shown.set(Some(Box::new(error.clone()))));
    }
}

/// Ends the asking, also where the text's own code panics.
struct Asked {
    before: bool,
}

impl Drop for Asked {
    fn drop(&mut self) {
        ASKED.set(self.before);
    }
}
