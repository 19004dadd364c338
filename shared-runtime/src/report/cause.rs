//! What an error was caused by, as texts that are errors themselves: each knows the next. Travels as a plain list.

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The causes of an error, from the nearest down to the deepest. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Causes(Option<Arc<Cause>>);

/// One of them. An error, so that those who ask with `source()` find all.
#[derive(Debug)]
struct Cause {
    text: String,
    causes: Causes,
}

impl Causes {
    /// These causes, and nearer than them `text`.
    pub(super) fn under(self, text: String) -> Self {
        Self(Some(Arc::new(Cause { text, causes: self })))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let all = successors(self.0.as_deref(), |cause| cause.causes.0.as_deref());
        all.map(|cause| cause.text.as_str())
    }

    /// The nearest.
    pub(super) fn as_source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|cause| cause as _)
    }
}

impl FromIterator<String> for Causes {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let texts: Vec<String> = texts.into_iter().collect();
        texts.into_iter().rev().fold(Self::default(), Self::under)
    }
}

impl PartialEq for Causes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Causes {}

/// One by one: a list that a peer made long would overflow the stack if each dropped the next.
impl Drop for Causes {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut cause) = next.and_then(Arc::into_inner) {
            next = cause.causes.0.take();
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.causes.as_source()
    }
}

impl Serialize for Causes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // With its length, which some formats want first.
        self.iter().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Causes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_dropped_compared_and_sent_without_a_deep_stack() {
        let long: Causes = (0..300_000).map(|n| n.to_string()).collect();
        let bytes = crate::codec::encode(&long).unwrap();
        let again: Causes = crate::codec::decode(&bytes).unwrap();
        assert!(again == long);
        assert_eq!(again.iter().last(), Some("299999"));
        let clone = long.clone();
        drop(long);
        assert_eq!(clone.iter().count(), 300_000, "shared, and still there");
    }
}
