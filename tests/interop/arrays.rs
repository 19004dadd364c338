//! NumPy's arrays over the same memory.

use std::fmt::Debug;

use shared_runtime::ErrorKind;
use shared_runtime::memory::{Pod, SharedArray};

use super::blocks::ATTACH;
use super::python::Python;

fn with_numpy() -> Vec<Python> {
    let all = Python::all().into_iter();
    all.filter(|python| python.has("numpy")).collect()
}

/// The Python of the guide's page on arrays, in its order.
fn snippet(number: usize) -> &'static str {
    let page = include_str!("../../book/src/arrays.md");
    let block = page.split("\n```python\n").nth(number).unwrap();
    block.split("```").next().unwrap()
}

/// The example of Python's documentation, whose first shell is Python and the second here.
#[test]
fn an_array_of_numpy_is_changed_here() {
    for python in with_numpy() {
        let mut script = python.start(snippet(1));
        let name = script.hear();
        let array = SharedArray::<i64>::open_shaped(&name, 6).unwrap();
        assert_eq!(array.to_vec().unwrap(), [1, 1, 2, 3, 5, 8]);
        array.set(5, 888).unwrap();
        let error = SharedArray::<i64>::open_shaped(&name, 7).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        script.say("");
        assert_eq!(script.hear(), "[1, 1, 2, 3, 5, 888]");
        script.end();
    }
}

/// The same with the first shell here and the second Python.
#[test]
fn an_array_made_here_is_changed_by_numpy() {
    for python in with_numpy() {
        let array = SharedArray::<i64>::create(6).unwrap();
        array.write_from(0, &[1, 1, 2, 3, 5, 8]).unwrap();
        let name = array.name().unwrap();
        let mut script = python.start(snippet(2));
        script.say(name);
        assert_eq!(script.hear(), "[1, 1, 2, 3, 5, 8]");
        script.end();
        assert_eq!(array.to_vec().unwrap(), [1, 1, 2, 3, 5, 888]);
        assert_eq!(
            SharedArray::<i64>::open(name).unwrap().shape(),
            [6],
            "it still says what it is"
        );
    }
}

/// No change is lost: neither those of Python nor ours.
#[test]
fn the_lock_of_the_guide_s_snippet_is_ours() {
    for python in Python::all() {
        let array = SharedArray::<i64>::create(6).unwrap();
        let scripts: Vec<_> = (0..4)
            .map(|_| {
                let mut script = python.start(snippet(3));
                script.say(array.name().unwrap());
                script
            })
            .collect();
        for _ in 0..1000 {
            array.write().unwrap().iter_mut().for_each(|n| *n += 1);
        }
        scripts.into_iter().for_each(super::python::Script::end);
        assert_eq!(array.read().unwrap()[..], [1004; 6]);
    }
}

/// What Python does with one array, and what must be there then.
type Step = (String, Box<dyn Fn()>);

/// An array of three dimensions in which both sides set an element that the other reads.
fn step<T: Pod + PartialEq + From<u8> + Debug>(dtype: &str) -> Step {
    let array = SharedArray::<T>::create([2, 3, 4]).unwrap();
    array.set([1, 2, 3], 7.into()).unwrap();
    array.set([0, 1, 2], 5.into()).unwrap();
    let script = format!(
        "
shm = attach('{}')
a = np.ndarray((2, 3, 4), dtype=np.{dtype}, buffer=shm.buf)
assert a[1, 2, 3] == 7 and a[0, 1, 2] == 5 and a.sum() == 12
a[1, 0, 1] = 9
del a
shm.close()",
        array.name().unwrap()
    );
    (
        script,
        Box::new(move || assert_eq!(array.get([1, 0, 1]).unwrap(), 9.into())),
    )
}

#[test]
fn every_number_and_every_dimension_is_the_same_there() {
    for python in with_numpy() {
        let steps = [
            step::<u8>("uint8"),
            step::<i16>("int16"),
            step::<u16>("uint16"),
            step::<i32>("int32"),
            step::<u32>("uint32"),
            step::<i64>("int64"),
            step::<u64>("uint64"),
            step::<f32>("float32"),
            step::<f64>("float64"),
        ];
        let scripts: String = steps.iter().map(|(script, _)| script.as_str()).collect();
        python.run(&format!("{ATTACH}\nimport numpy as np\n{scripts}"));
        for (_, check) in steps {
            check();
        }
    }
}

/// Needs no NumPy: `fcntl.lockf` is Python's own.
#[test]
fn python_takes_part_in_the_lock() {
    for python in Python::all() {
        let array = SharedArray::<u64>::create(1000).unwrap();
        let other = SharedArray::<u64>::open(array.name().unwrap()).unwrap();
        let mut script = python.start(&format!(
            "{ATTACH}
import fcntl
shm = attach('{}')
numbers = shm.buf[:8000].cast('Q')
fcntl.lockf(shm._fd, fcntl.LOCK_EX)
numbers[0] = 1
print('locked', flush=True)
input()
for n in range(1000):
    numbers[n] = 2
fcntl.lockf(shm._fd, fcntl.LOCK_UN)
print('unlocked', flush=True)
input()
try:
    fcntl.lockf(shm._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print('not locked')
except BlockingIOError:
    print('locked', flush=True)
fcntl.lockf(shm._fd, fcntl.LOCK_SH)
print(numbers[0], numbers[999], flush=True)
numbers.release()
shm.close()",
            array.name().unwrap()
        ));
        assert_eq!(script.hear(), "locked");
        assert!(array.try_read().unwrap().is_none());
        assert!(array.try_write().unwrap().is_none());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| other.read().unwrap().into_vec());
            script.say("");
            assert_eq!(waits.join().unwrap(), [2; 1000], "all of it");
        });
        assert_eq!(script.hear(), "unlocked");
        let mut held = array.write().unwrap();
        held.fill(3);
        script.say("");
        assert_eq!(script.hear(), "locked");
        held.commit().unwrap();
        assert_eq!(script.hear(), "3 3");
        script.end();
    }
}
