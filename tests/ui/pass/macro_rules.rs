//! Inside a macro: names from the caller and names from the macro stay apart.
use shared_runtime::{Shared, shared, task};

macro_rules! counter {
    ($name:ident, $method:ident, $argument:ident, $task:ident) => {
        #[derive(Default)]
        pub struct $name(u64);

        #[shared]
        impl $name {
            pub fn new() -> Self {
                Self::default()
            }
            pub fn $method(&mut self, $argument: u64, arguments: &str, target: u64) -> u64 {
                self.0 += $argument + target + arguments.len() as u64;
                self.0
            }
        }

        #[task]
        fn $task(counter: Shared<$name>, object: u64) -> u64 {
            counter.$method(object, "", 0).unwrap()
        }
    };
}

macro_rules! measured {
    ($vis:vis $name:ident for $ty:ty { $method:ident($argument:ident: $of:ty) -> $answer:expr }) => {
        #[shared]
        $vis trait $name: Send {
            fn $method(&self, $argument: $of, __T: u8) -> Result<$of, shared_runtime::Error>;
        }

        #[shared]
        impl $name for $ty {
            fn $method(&self, $argument: $of, __T: u8) -> Result<$of, shared_runtime::Error> {
                let _ = ($argument, __T);
                Ok($answer)
            }
        }
    };
}

measured!(pub Measured for Counter { measure(number: u64) -> 7 });

counter!(Counter, add, object, count);
counter!(Other, call, server, run);

fn main() {
    let counter = Shared::new(Counter::new());
    assert_eq!(counter.add(1, "ab", 3).unwrap(), 6);
    assert_eq!(Shared::cast::<dyn Measured>(&counter).measure(1, 2).unwrap(), 7);
    assert_eq!(Shared::new(Other::new()).call(1, "", 0).unwrap(), 1);
    let _ = (count::call(counter.clone(), 1), run::call(Shared::new(Other::new()), 2));
    assert_eq!(count(counter, 1), 7);
}
