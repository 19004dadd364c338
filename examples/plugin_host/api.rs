//! What the host and its plugins agree on. Each of the two programs compiles this file; the names in `#[shared(name = …)]` are how
//! they know that they mean the same types.

use std::fmt;

use shared_runtime::{Shared, shared};

/// Turns a text into another. A plugin hosts it, with whatever it can do.
pub struct Filter {
    apply: Box<dyn Fn(&str) -> String + Send + Sync>,
}

#[shared(name = "plugin-api/Filter", explicit)]
impl Filter {
    /// One that does `apply`.
    #[allow(dead_code, reason = "the host makes none")]
    pub fn new(apply: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self {
            apply: Box::new(apply),
        }
    }

    /// The text as this filter would have it.
    #[shared(export)]
    pub fn apply(&self, text: &str) -> String {
        (self.apply)(text)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

/// What the host offers to plugins. It lives in the host.
#[derive(Debug, Default)]
pub struct Host {
    filters: Vec<(String, Shared<Filter>)>,
}

#[shared(name = "plugin-api/Host")]
impl Host {
    /// Adds a filter; returns how many there are.
    pub fn register(&mut self, name: &str, filter: Shared<Filter>) -> usize {
        self.filters.push((name.to_owned(), filter));
        self.filters.len()
    }

    /// The text after all filters. One whose plugin is gone is left out from now on.
    pub fn run(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        self.filters
            .retain(|(name, filter)| match filter.apply(&text) {
                Ok(changed) => {
                    text = changed;
                    true
                }
                Err(error) => {
                    println!("host: without {name} from now on ({:?})", error.kind());
                    false
                }
            });
        text
    }

    /// The names of the filters.
    pub fn filters(&self) -> Vec<String> {
        self.filters.iter().map(|(name, _)| name.clone()).collect()
    }
}
