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
    let shown = taken();
    drop(asked);
    (text, shown)
}

/// Said by an error that shows itself.
pub(crate) fn show<T: Clone + 'static>(error: &T) {
    if ASKED.get() {
        let _ = SHOWN.try_with(|shown| shown.set(Some(Box::new(error.clone()))));
    }
}

/// Takes the copy. A thread whose thread-locals are gone already does without.
fn taken() -> Option<Box<dyn Any>> {
    SHOWN.try_with(Cell::take).ok().flatten()
}

/// Ends the asking, also where the text's own code panics.
struct Asked {
    before: bool,
}

impl Drop for Asked {
    fn drop(&mut self) {
        ASKED.set(self.before);
        taken();
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::panic::catch_unwind;

    use super::*;

    /// Shows itself; falls, if it is to.
    #[derive(Clone, Debug)]
    struct Shy {
        falls: bool,
    }

    impl fmt::Display for Shy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            show(self);
            assert!(!self.falls, "as asked");
            f.write_str("shy")
        }
    }

    impl Error for Shy {}

    #[test]
    fn only_who_is_asked_leaves_a_copy_and_only_for_who_asked() {
        let shy = Shy { falls: false };
        assert_eq!(shy.to_string(), "shy");
        assert!(taken().is_none(), "nobody asked");
        let (text, shown) = text_of(&shy);
        assert_eq!(text, "shy");
        assert!(shown.unwrap().is::<Shy>());
        assert!(text_of(&fmt::Error).1.is_none());
    }

    #[test]
    fn a_text_that_panics_leaves_nothing_behind() {
        catch_unwind(|| text_of(&Shy { falls: true })).unwrap_err();
        assert!(taken().is_none());
        assert!(!ASKED.get());
    }
}
