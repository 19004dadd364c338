//! Blocks that one side makes and the other opens.

use shared_runtime::ErrorKind;
use shared_runtime::memory::SharedMemory;

use super::python::Python;

/// `SharedMemory` of a block that is left alone at the end, on every version.
pub const ATTACH: &str = "
import sys
from multiprocessing import resource_tracker, shared_memory
def attach(name):
    if sys.version_info >= (3, 13):
        return shared_memory.SharedMemory(name, track=False)
    block = shared_memory.SharedMemory(name)
    resource_tracker.unregister(block._name, 'shared_memory')
    return block
";

#[test]
fn a_block_made_here_is_read_and_written_there() {
    for python in Python::all() {
        let memory = SharedMemory::create(10).unwrap();
        memory.write_at(0, b"howdy").unwrap();
        let name = memory.name().unwrap();
        let script = format!(
            "{ATTACH}
block = attach('{name}')
print(block.name, block.size, bytes(block.buf[:5]))
block.buf[5:10] = b'there'
block.close()"
        );
        assert_eq!(python.run(&script), format!("{name} 10 b'howdy'"));
        let mut bytes = [0; 10];
        memory.read_at(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"howdythere");
    }
}

#[test]
fn a_block_made_there_is_read_and_written_here() {
    for python in Python::all() {
        let mut script = python.start(
            "
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=5000)
block.buf[4995:] = b'howdy'
print(block.name, flush=True)
input()
print(bytes(block.buf[:5]), flush=True)
block.close()
block.unlink()",
        );
        let name = script.hear();
        let memory = SharedMemory::open(&name).unwrap();
        assert_eq!(memory.size(), 5000);
        let mut bytes = [0; 5];
        memory.read_at(4995, &mut bytes).unwrap();
        assert_eq!(&bytes, b"howdy");
        memory.write_at(0, b"there").unwrap();
        script.say("");
        assert_eq!(script.hear(), "b'there'");
        script.end();
        let error = SharedMemory::open(&name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
