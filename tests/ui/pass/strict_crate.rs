//! The strictest crate we know of, and everything the attributes do in it.
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub, missing_debug_implementations, rust_2018_idioms, unused)]
#![deny(clippy::pedantic)]

/// Shared types, as a library would have them.
pub mod store {
    use shared_runtime::{Error, Shared, shared, task};

    /// A store of names.
    #[derive(Debug, Default)]
    pub struct Store {
        names: Vec<String>,
    }

    #[shared]
    impl Store {
        /// An empty store.
        #[must_use]
        pub fn new() -> Self {
            Self::default()
        }

        /// Adds a name.
        pub fn add(&mut self, name: &str) {
            self.names.push(name.to_owned());
        }

        /// The names in order.
        #[must_use]
        pub fn names(&self) -> &[String] {
            &self.names
        }

        /// Another store.
        #[must_use]
        pub fn sibling(&self) -> Shared<Store> {
            Shared::new(Self::new())
        }

        #[cfg(any())]
        pub fn never(&self) -> NoSuchType {}

        #[cfg(all())]
        /// Only under a condition.
        ///
        /// # Errors
        ///
        /// Always.
        pub fn fails(&self, r#type: Option<&str>) -> Result<(), String> {
            Err(r#type.unwrap_or("no type").to_owned())
        }

        #[shared(skip)]
        #[allow(clippy::unused_self)]
        /// Not for others.
        pub fn skipped(&self, _: std::fs::File) {}

        #[shared(rename = copy)]
        #[allow(clippy::should_implement_trait)]
        #[must_use]
        /// Its own name is the handle's.
        pub fn clone(&self) -> Vec<String> {
            self.names.clone()
        }
    }

    /// What can be emptied.
    #[shared]
    pub trait Emptied: Send + Sync + 'static {
        /// Empties it, and says how much there was.
        ///
        /// # Errors
        ///
        /// Those of the call.
        fn empty(&mut self) -> Result<usize, Error>;

        /// Never there.
        ///
        /// # Errors
        ///
        /// None.
        #[cfg(any())]
        fn never(&self, never: NoSuchType) -> Result<(), Error>;

        /// Whether it is.
        ///
        /// # Errors
        ///
        /// Those of the call.
        #[deprecated = "ask for its names"]
        fn is_empty(&self) -> Result<bool, Error> {
            Ok(false)
        }
    }

    #[shared]
    impl Emptied for Store {
        fn empty(&mut self) -> Result<usize, Error> {
            Ok(std::mem::take(&mut self.names).len())
        }
    }

    /// Two of a kind.
    #[derive(Debug)]
    pub struct Pair<T>(T, T);

    #[shared(instances(Pair<u8>), debug, version = 2)]
    impl<T: std::fmt::Debug + Clone + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static> Pair<T> {
        /// Twice the same.
        pub fn new(one: T) -> Self {
            Self(one.clone(), one)
        }

        /// Both.
        pub fn both(&self) -> Vec<T> {
            vec![self.0.clone(), self.1.clone()]
        }
    }

    /// Counts.
    #[task]
    pub fn count(store: Shared<Store>) -> usize {
        store.names().map_or(0, |names| names.len())
    }
}

fn main() {
    let store = shared_runtime::Shared::new(store::Store::new());
    store.add("a").unwrap();
    assert_eq!(store.copy().unwrap(), ["a"]);
    assert!(store.fails(None).is_err());
    let mut emptied = shared_runtime::Shared::cast::<dyn store::Emptied>(&store);
    assert_eq!(store::Emptied::empty(&mut emptied).unwrap(), 1);
    let pair = shared_runtime::Shared::new(store::Pair::new(1u8));
    assert_eq!(pair.both().unwrap(), [1, 1]);
    assert_eq!(store.sibling().unwrap().names().unwrap(), Vec::<String>::new());
}
